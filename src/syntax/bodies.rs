//! What stands between the braces of blocks and instances.

use smol_str::SmolStr;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::syntax::ast::{Assert, Block, BlockValue, Body, BodyItem, Expr, Field, For, If, Label};
use crate::syntax::parser::Parser;
use crate::syntax::parts::Subject;
use crate::syntax::recovery::Items;
use crate::syntax::token::TokenKind;

impl Parser<'_> {
    /// From `{` to `}`.
    pub fn body(&mut self) -> Body {
        let start = self.start();
        let items = self.nested(|parser| {
            parser.bump();
            let outside = parser.enter(true);
            let items = parser.items(Items::Body, Parser::body_item);
            parser.bump();
            parser.leave(outside);
            items
        });
        let span = self.span_from(start);
        Body {
            items: items.unwrap_or_else(|| vec![BodyItem::Error(span)]),
            span,
        }
    }

    fn body_item(&mut self) -> BodyItem {
        let start = self.start();
        let docs = self.docs();
        let item = if self.kind().is_word() && self.kind_at(1) == TokenKind::Equal {
            self.field(docs).map(BodyItem::Field)
        } else {
            match self.kind() {
                TokenKind::Let => self.let_item(docs).map(BodyItem::Let),
                TokenKind::For => self.for_item().map(BodyItem::For),
                TokenKind::If => self.chain(Parser::if_item).map(BodyItem::If),
                TokenKind::Assert => self.assert_item().map(BodyItem::Assert),
                TokenKind::Word => self.field_or_block(docs),
                _ => self.not_in_body(),
            }
        };
        item.unwrap_or_else(|| BodyItem::Error(self.span_from(start)))
    }

    fn field(&mut self, docs: Option<SmolStr>) -> Option<Field> {
        let start = self.start();
        let name = self.word()?;
        let what = self.subject(&name);
        if !self.equals(what) {
            return None;
        }
        let value = self.value(what);
        Some(Field {
            docs,
            name,
            value,
            span: self.span_from(start),
        })
    }

    fn field_or_block(&mut self, docs: Option<SmolStr>) -> Option<BodyItem> {
        let next = self.token(1);
        match next.kind {
            TokenKind::OpenBrace => self.block(docs).map(BodyItem::Block),
            _ if next.first => self.lonely_word(next),
            TokenKind::Colon | TokenKind::EqualEqual | TokenKind::FatArrow | TokenKind::Arrow => {
                self.field(docs).map(BodyItem::Field)
            }
            kind if kind.is_word() || kind.is_string() => self.block(docs).map(BodyItem::Block),
            _ => self.lonely_word(next),
        }
    }

    pub fn block(&mut self, docs: Option<SmolStr>) -> Option<Block> {
        let start = self.start();
        let kind = self.word()?;
        let what = self.subject(&kind);
        let label = self.label();
        if label.is_some() {
            self.second_label(what);
        } else if !self.at(TokenKind::OpenBrace) {
            self.missing_label(what);
            return None;
        }
        let value = self.block_value(what, label.is_some());
        Some(Block {
            docs,
            kind,
            label,
            value,
            span: self.span_from(start),
        })
    }

    fn block_value(&mut self, what: Subject<'_>, labelled: bool) -> BlockValue {
        match self.kind() {
            TokenKind::OpenBrace => {
                self.opens_brace(what, "KIND NAME { … }");
                BlockValue::Body(self.body())
            }
            TokenKind::Equal | TokenKind::EqualEqual | TokenKind::Colon
                if self.kind_at(1) == TokenKind::OpenBrace && !self.token(0).first =>
            {
                self.assigned_body(what);
                BlockValue::Body(self.body())
            }
            TokenKind::Equal => {
                self.bump();
                BlockValue::Value(self.value(what))
            }
            TokenKind::EqualEqual | TokenKind::Colon if labelled && !self.token(0).first => {
                self.equals(what);
                BlockValue::Value(self.value(what))
            }
            _ => BlockValue::None,
        }
    }

    /// The label of a block, on the line of its kind.
    pub fn label(&mut self) -> Option<Label> {
        if self.token(0).first {
            return None;
        }
        if self.kind().is_string() {
            return Some(Label::String(self.string_literal()));
        }
        self.word().map(Label::Name)
    }

    pub fn assert_item(&mut self) -> Option<Assert> {
        let start = self.start();
        self.bump();
        let condition = self.condition("`assert`");
        if self.failed {
            return None;
        }
        let (message, help) = if self.at(TokenKind::Comma) && !self.kind_at(1).is_closer() {
            self.bump();
            let message = self.expr();
            (message, self.help(false))
        } else {
            (self.missing_message(), None)
        };
        Some(Assert {
            condition,
            message,
            help,
            span: self.span_from(start),
        })
    }

    #[cold]
    fn missing_message(&mut self) -> Expr {
        let place = self.after();
        let problem = Diagnostic::error(&codes::MISSING, place, "an `assert` says what is wrong")
            .label("`, \"message\"` is missing here")
            .help("write `,` and a message: `assert len(stack) > 0, \"no stack\"`");
        self.fail(problem);
        self.error_expr(place.start)
    }

    fn for_item(&mut self) -> Option<For> {
        let start = self.start();
        self.bump();
        let binding = self.binding(true)?;
        if !self.opens_brace(Subject::Other("`for`"), "for x in xs { … }") {
            return None;
        }
        let body = self.body();
        Some(For {
            binding,
            body,
            span: self.span_from(start),
        })
    }

    /// `if c { … } else if d { … } else { … }`
    fn if_item(&mut self) -> Option<If> {
        let mut branches = Vec::new();
        let mut otherwise = None;
        loop {
            let start = self.start();
            self.bump();
            let condition = self.if_header();
            if !self.opens_brace(
                Subject::Other("the condition of `if`"),
                "if condition { … }",
            ) {
                break;
            }
            branches.push((start, condition, self.body()));
            if !self.link() {
                break;
            }
            if !self.at_else() {
                break;
            }
            if self.at(TokenKind::If) {
                continue;
            }
            if self.opens_brace(Subject::Other("`else`"), "else { … }") {
                otherwise = Some(self.body());
            }
            break;
        }
        let mut result: Option<If> = None;
        for (start, condition, then) in branches.into_iter().rev() {
            if let Some(inner) = result.take() {
                let span = inner.span;
                otherwise = Some(Body {
                    items: vec![BodyItem::If(inner)],
                    span,
                });
            }
            result = Some(If {
                condition,
                then,
                otherwise: otherwise.take(),
                span: self.span_from(start),
            });
        }
        result
    }
}
