//! What stands between the braces of blocks and instances.

use smol_str::SmolStr;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::syntax::ast::{
    Assert, Block, BlockValue, Body, BodyItem, Expr, Field, For, ForBinding, If, Label,
};
use crate::syntax::parser::Parser;
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

    /// `name = value`
    fn field(&mut self, docs: Option<SmolStr>) -> Option<Field> {
        let start = self.start();
        let name = self.word()?;
        let what = format!("`{}`", name.name);
        if !self.equals(&what) {
            return None;
        }
        let value = self.value(&what);
        Some(Field {
            docs,
            name,
            value,
            span: self.span_from(start),
        })
    }

    fn field_or_block(&mut self, docs: Option<SmolStr>) -> Option<BodyItem> {
        let word = self.text_of(self.token(0));
        let next = self.token(1);
        let same_line = !next.first;
        match next.kind {
            TokenKind::Colon | TokenKind::EqualEqual | TokenKind::FatArrow | TokenKind::Arrow
                if same_line =>
            {
                self.field(docs).map(BodyItem::Field)
            }
            kind if same_line && (kind.is_word() || kind.is_string()) => {
                self.block(docs).map(BodyItem::Block)
            }
            TokenKind::OpenBrace => self.block(docs).map(BodyItem::Block),
            _ => {
                let span = self.here();
                self.bump();
                let problem = match next.kind {
                    TokenKind::OpenParen if same_line => {
                        Diagnostic::error(&codes::UNEXPECTED, span, "a call does nothing here")
                            .help(format!(
                                "give its result to a field or a name: `let x = {word}(…)`"
                            ))
                    }
                    TokenKind::Dot | TokenKind::OpenBracket if same_line => Diagnostic::error(
                        &codes::UNEXPECTED,
                        span,
                        "a field is set in the block that it belongs to",
                    )
                    .help(format!(
                        "write `{word} {{ … }}`; a block that exists is changed by `with {{ … }}`"
                    )),
                    TokenKind::Plus | TokenKind::Question if same_line => Diagnostic::error(
                        &codes::UNEXPECTED,
                        span,
                        format!("`{word}` is given its value by `=` alone"),
                    )
                    .help(format!("write `{word} = …`")),
                    _ => Diagnostic::error(&codes::MISSING, span, format!("`{word}` stands alone"))
                        .label("a field without a value, or a block without a body")
                        .help(format!(
                            "write `{word} = value` for a field, `{word} {{ … }}` for a block"
                        )),
                };
                self.fail(problem);
                None
            }
        }
    }

    /// `kind label? { … }`, `kind label = value`, `kind label`
    pub fn block(&mut self, docs: Option<SmolStr>) -> Option<Block> {
        let start = self.start();
        let kind = self.word()?;
        let what = format!("`{}`", kind.name);
        let label = self.label();
        if label.is_some() {
            self.second_label(&what);
        } else if !self.at(TokenKind::OpenBrace) {
            let (place, found) = self.place_of_missing();
            let problem = Diagnostic::error(
                &codes::MISSING,
                place,
                format!("{what} has neither a label nor a body"),
            )
            .label(found)
            .help(format!("write `{} NAME {{ … }}`", kind.name));
            self.fail(problem);
            return None;
        }
        let value = if self.at(TokenKind::OpenBrace) {
            self.opens_brace(&what, &format!("{} NAME {{ … }}", kind.name));
            BlockValue::Body(self.body())
        } else if self.at(TokenKind::Equal)
            || (self.at(TokenKind::EqualEqual) && label.is_some())
            || (self.at_same_line(TokenKind::Colon) && label.is_some())
        {
            self.equals(&what);
            BlockValue::Value(self.value(&what))
        } else {
            BlockValue::None
        };
        Some(Block {
            docs,
            kind,
            label,
            value,
            span: self.span_from(start),
        })
    }

    fn label(&mut self) -> Option<Label> {
        if self.token(0).first {
            return None;
        }
        if self.kind().is_string() {
            return Some(Label::String(self.string_literal()));
        }
        self.word().map(Label::Name)
    }

    fn second_label(&mut self, what: &str) {
        let first = self.here();
        let mut last = None;
        while !self.token(0).first && (self.kind().is_word() || self.kind().is_string()) {
            if self.kind_at(1) == TokenKind::Equal {
                let problem = Diagnostic::error(
                    &codes::UNEXPECTED,
                    self.here(),
                    format!("the fields of {what} stand between braces"),
                )
                .help("write `{` before the first and `}` after the last");
                self.fail(problem);
                break;
            }
            let label = self.label();
            last = label.map(|label| label.span());
        }
        if let Some(last) = last {
            let problem = Diagnostic::error(
                &codes::UNEXPECTED,
                first.to(last),
                format!("{what} has one label"),
            )
            .label("this is too much")
            .help("leave it out, or make one string of the words: `\"prod eu\"`");
            self.report(problem);
        }
    }

    /// `assert condition, "message", "help"`
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
            let place = self.after();
            let problem =
                Diagnostic::error(&codes::MISSING, place, "an `assert` says what is wrong")
                    .label("`, \"message\"` is missing here")
                    .help("write `,` and a message: `assert len(stack) > 0, \"no stack\"`");
            self.fail(problem);
            (self.error_expr(place.start), None)
        };
        Some(Assert {
            condition,
            message,
            help,
            span: self.span_from(start),
        })
    }

    /// A condition after `if` or `assert`, where `=` compares nothing.
    pub fn condition(&mut self, what: &str) -> Expr {
        let start = self.start();
        if self.kind().is_closer() || self.at_new_line() {
            let place = self.after();
            let problem =
                Diagnostic::error(&codes::MISSING, place, format!("{what} has no condition"))
                    .label("a condition is missing here")
                    .help("write what must hold, such as `region == \"eu-west-1\"`");
            self.fail(problem);
            return self.error_expr(place.start);
        }
        let condition = self.expr();
        if !self.at_same_line(TokenKind::Equal) || self.failed {
            return condition;
        }
        let span = self.here();
        self.bump();
        let problem = Diagnostic::error(&codes::OTHER_NOTATION, span, "`=` compares nothing")
            .help("write `==`")
            .fix("write `==`", span, "==");
        self.report(problem);
        self.expr();
        self.error_expr(start)
    }

    /// What stands between `if`, `for … in`, `match` and the `{` after it.
    /// `missing`: what is said where there is nothing.
    pub fn header(&mut self, missing: &str, read: impl FnOnce(&mut Self) -> Expr) -> Expr {
        let outside = self.enter_header();
        let expr = if self.at(TokenKind::OpenBrace) {
            let place = self.after();
            let problem = Diagnostic::error(&codes::MISSING, place, missing)
                .label("something is missing here")
                .help("write it; an object or an instance stands in parentheses here");
            self.report(problem);
            self.error_expr(place.start)
        } else {
            read(self)
        };
        self.leave_header(&outside);
        expr
    }

    /// `x in xs`, `k, v in map`
    pub fn binding(&mut self) -> Option<ForBinding> {
        let first = self.name("what `for` goes through")?;
        let second = if self.eat(TokenKind::Comma).is_some() {
            Some(self.name("the second thing that `for` gives")?)
        } else {
            None
        };
        if self.eat_here(TokenKind::In).is_none() {
            let (place, found) = self.place_of_missing();
            let mut problem =
                Diagnostic::error(&codes::MISSING, place, "`in` is missing after `for`")
                    .label(found)
                    .help(format!("write `for {} in list`", first.name));
            if matches!(self.kind(), TokenKind::Equal | TokenKind::Colon)
                || (self.at(TokenKind::Word) && self.text_of(self.token(0)) == "of")
            {
                let span = self.here();
                problem = problem.fix("write `in`", span, "in");
                self.report(problem);
                self.bump();
            } else {
                self.fail(problem);
                return None;
            }
        }
        let iterable = self.header("`for` has nothing to go through", Parser::expr);
        Some(ForBinding {
            first,
            second,
            iterable,
        })
    }

    fn for_item(&mut self) -> Option<For> {
        let start = self.start();
        self.bump();
        let binding = self.binding()?;
        if !self.opens_brace("`for`", "for x in xs { … }") {
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
            let condition = self.header("`if` has no condition", |parser| parser.condition("`if`"));
            if !self.opens_brace("the condition of `if`", "if condition { … }") {
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
            if self.opens_brace("`else`", "else { … }") {
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

    /// Takes an `else`, or what other languages have for `else if`: then the current token counts as its `if`.
    pub fn at_else(&mut self) -> bool {
        if self.eat_here(TokenKind::Else).is_some() {
            return true;
        }
        let token = self.token(0);
        let word = self.text_of(token);
        if token.kind != TokenKind::Word || !matches!(word, "elif" | "elseif" | "elsif") {
            return false;
        }
        if self.kind_at(1) == TokenKind::Equal || self.kind_at(1) == TokenKind::OpenBrace {
            return false;
        }
        let span = self.here();
        let problem = Diagnostic::error(
            &codes::OTHER_NOTATION,
            span,
            format!("`{word}` is written `else if`"),
        )
        .help("write `else if`")
        .fix("write `else if`", span, "else if");
        self.report(problem);
        self.read_as(TokenKind::If);
        true
    }

    fn not_in_body(&mut self) -> Option<BodyItem> {
        let span = self.here();
        let word = self.text_of(self.token(0));
        let kind = self.kind();
        match kind {
            TokenKind::Use
            | TokenKind::Fn
            | TokenKind::Type
            | TokenKind::Schema
            | TokenKind::Policy
            | TokenKind::Pipeline => {
                let problem = Diagnostic::error(
                    &codes::MISPLACED,
                    span,
                    format!("`{word}` cannot stand in a block"),
                )
                .label("declarations stand at the top of a file")
                .help("move it out of the block");
                self.report(problem);
                self.failed = true;
                self.item();
                return None;
            }
            _ => {}
        }
        let next = self.kind_at(1);
        let problem = if kind.is_string() && matches!(next, TokenKind::Equal | TokenKind::Colon) {
            let problem = Diagnostic::error(
                &codes::UNEXPECTED,
                span,
                "the name of a field stands without quotes",
            )
            .help("write the name alone; keys of any kind stand in an object: `env = { \"any key\" = value }`");
            match word.trim_matches('"') {
                name if kind == TokenKind::String && is_name(name) => {
                    problem.fix(format!("write `{name}`"), span, name)
                }
                _ => problem,
            }
        } else if kind == TokenKind::Minus {
            Diagnostic::error(
                &codes::OTHER_NOTATION,
                span,
                "`-` makes no element of a list",
            )
            .help("a list stands between brackets: `name = [a, b]`")
        } else if kind == TokenKind::Else {
            Diagnostic::error(&codes::UNEXPECTED, span, "`else` has no `if` before it")
                .help("write `if condition { … } else { … }`")
        } else if kind == TokenKind::Block {
            Diagnostic::error(&codes::MISPLACED, span, "`block` stands in a `schema`")
                .help("a block begins with its kind: `stack Api { … }`")
        } else if kind == TokenKind::OpenBrace {
            Diagnostic::error(
                &codes::UNEXPECTED,
                span,
                "`{` has nothing before it to belong to",
            )
            .help("`{` stands on the line of the name that it belongs to: `environment dev {`")
        } else if kind.is_reserved() {
            Diagnostic::error(
                &codes::RESERVED_WORD,
                span,
                format!("`{word}` is a reserved word"),
            )
            .label("a field or a block begins here")
            .help("write `name = value` or `kind label { … }`")
        } else {
            Diagnostic::error(
                &codes::UNEXPECTED,
                span,
                format!("no field and no block begins with {}", self.found()),
            )
            .help("write `name = value` for a field, `kind label { … }` for a block")
        };
        self.fail(problem);
        None
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
