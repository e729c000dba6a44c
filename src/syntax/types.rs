//! Types.

use std::rc::Rc;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::source::Span;
use crate::syntax::ast::{Condition, Expr, ExprKind, Ident, ObjectTypeField, TypeExpr, TypeKind};
use crate::syntax::parser::Parser;
use crate::syntax::recovery::Items;
use crate::syntax::token::TokenKind;

impl Parser<'_> {
    /// A type with conditions of its own: `String where … else "…"`.
    pub fn refined_type(&mut self) -> TypeExpr {
        self.chain(Parser::conditions)
    }

    fn conditions(&mut self) -> TypeExpr {
        let start = self.start();
        let mut ty = self.type_expr();
        while self.at(TokenKind::Where) && !self.at_new_line() && !self.failed && self.link() {
            self.bump();
            let condition = self.type_condition();
            ty = TypeExpr {
                span: self.span_from(start),
                kind: TypeKind::Refined(Box::new(ty), Rc::new(condition)),
            };
        }
        ty
    }

    fn type_condition(&mut self) -> Condition {
        let outside = self.enter_header();
        let condition = self.operand();
        let (mut message, mut help) = (None, None);
        if self.eat_here(TokenKind::Else).is_some() {
            message = Some(self.operand());
            help = self.help(true);
        }
        self.leave_header(&outside);
        Condition {
            condition,
            message,
            help,
        }
    }

    fn operand(&mut self) -> Expr {
        if self.at_next_item() {
            self.no_value()
        } else {
            self.expr()
        }
    }

    /// `, "help"`: what stands after a message. It begins with a string, a parenthesis, a `match`, a call or a
    /// member, which no item does, so that the next item is not taken for one; and, after `where`, with an `if`.
    pub fn help(&mut self, or_if: bool) -> Option<Expr> {
        let begins = match self.kind_at(1) {
            TokenKind::OpenParen | TokenKind::Match => true,
            TokenKind::If => or_if,
            TokenKind::Word => matches!(self.kind_at(2), TokenKind::OpenParen | TokenKind::Dot),
            kind => kind.is_string(),
        };
        (self.at(TokenKind::Comma) && begins).then(|| {
            self.bump();
            self.expr()
        })
    }

    /// A type without a condition.
    pub fn type_expr(&mut self) -> TypeExpr {
        let start = self.start();
        let ty = self.nested(Parser::union);
        ty.unwrap_or_else(|| self.error_type(start))
    }

    fn error_type(&self, start: u32) -> TypeExpr {
        TypeExpr {
            kind: TypeKind::Error,
            span: self.span_from(start),
        }
    }

    fn union(&mut self) -> TypeExpr {
        self.eat(TokenKind::Pipe);
        let start = self.start();
        let first = self.optional();
        if !self.at(TokenKind::Pipe) {
            return first;
        }
        let mut members = vec![first];
        while self.eat(TokenKind::Pipe).is_some() {
            members.push(self.optional());
        }
        TypeExpr {
            kind: TypeKind::Union(members),
            span: self.span_from(start),
        }
    }

    /// A type and its `?`s.
    fn optional(&mut self) -> TypeExpr {
        let start = self.start();
        let mut ty = self.primary_type();
        while self.at_same_line(TokenKind::Question) && self.link() {
            self.bump();
            ty = TypeExpr {
                kind: TypeKind::Optional(Box::new(ty)),
                span: self.span_from(start),
            };
        }
        if self.at_same_line(TokenKind::OpenBracket) && self.kind_at(1) == TokenKind::CloseBracket {
            self.list_suffix(start, ty.span);
            ty = TypeExpr {
                kind: TypeKind::List(Box::new(ty)),
                span: self.span_from(start),
            };
        }
        ty
    }

    /// `T[]`
    #[cold]
    fn list_suffix(&mut self, start: u32, element: Span) {
        let open = self.bump();
        let close = self.bump();
        let span = self.span_of(open).to(self.span_of(close));
        let name = self.text.get(element.range()).unwrap_or("T");
        let (before, at) = (Span::new(self.source, start, start), span);
        let problem = Diagnostic::error(
            &codes::OTHER_NOTATION,
            span,
            format!("the type of a list is written `[{name}]`"),
        )
        .help(format!("write `[{name}]`"))
        .fix_all(
            format!("write `[{name}]`"),
            vec![
                crate::diagnostics::Edit {
                    span: before,
                    text: "[".to_owned(),
                },
                crate::diagnostics::Edit {
                    span: at,
                    text: "]".to_owned(),
                },
            ],
        );
        self.report(problem);
    }

    /// A type without `|` and `?`.
    pub fn primary_type(&mut self) -> TypeExpr {
        let start = self.start();
        if self.at_new_line() && self.kind_at(1) == TokenKind::Colon {
            return self.missing_type();
        }
        let kind = match self.kind() {
            TokenKind::Word => self.named_type(),
            TokenKind::OpenBracket => {
                self.bump();
                let outside = self.enter(true);
                let element = self.refined_type();
                self.close_type(TokenKind::CloseBracket);
                self.leave(outside);
                TypeKind::List(Box::new(element))
            }
            TokenKind::OpenParen => {
                self.bump();
                let outside = self.enter(false);
                let inner = self.refined_type();
                self.close_type(TokenKind::CloseParen);
                self.leave(outside);
                return inner;
            }
            TokenKind::OpenBrace => TypeKind::Object(self.object_type()),
            TokenKind::String
            | TokenKind::BadString
            | TokenKind::StringStart
            | TokenKind::Number
            | TokenKind::Minus
            | TokenKind::True
            | TokenKind::False
            | TokenKind::Null => match self.literal() {
                Some(literal) => TypeKind::Literal(Box::new(literal)),
                None => TypeKind::Error,
            },
            _ => return self.missing_type(),
        };
        TypeExpr {
            kind,
            span: self.span_from(start),
        }
    }

    /// Says that a type is missing here.
    pub fn missing_type(&mut self) -> TypeExpr {
        let (place, found) = self.place_of_missing();
        let problem = if self.kind().is_reserved() && !self.at_new_line() {
            let word = self.text_of(self.token(0));
            Diagnostic::error(
                &codes::RESERVED_WORD,
                place,
                format!("`{word}` is a reserved word"),
            )
            .label("a type is needed here")
            .help("write the name of a type")
        } else {
            Diagnostic::error(&codes::MISSING, place, "a type is missing")
                .label(found)
                .help("write a type, such as `String`, `[String]` or `{ name: String }`")
        };
        self.fail(problem);
        self.error_type(self.after().start)
    }

    /// At the closing bracket of a type; what else stands there is reported and skipped.
    fn close_type(&mut self, closer: TokenKind) {
        self.eat(TokenKind::Comma);
        if !self.at(closer) {
            let problem = Diagnostic::error(
                &codes::UNEXPECTED,
                self.here(),
                format!("{} does not belong to this type", self.found()),
            )
            .help("one type stands between the brackets; alternatives are separated by `|`");
            self.fail(problem);
        }
        while !self.kind().is_closer() && !self.at(TokenKind::End) {
            self.skip();
        }
        self.eat(closer);
    }

    fn named_type(&mut self) -> TypeKind {
        let first = self.bump();
        let mut path = vec![self.ident_of(first)];
        while self.at(TokenKind::Dot) && self.word_follows() {
            self.bump();
            let part = self.bump();
            path.push(self.ident_of(part));
        }
        let mut arguments = Vec::new();
        // Right after the name, so that `x as Int < 3` is a comparison.
        let less = self.token(0);
        if less.kind == TokenKind::Less && less.start == self.after().start {
            self.bump();
            loop {
                arguments.push(self.type_expr());
                if self.eat(TokenKind::Comma).is_none() || self.at(TokenKind::Greater) {
                    break;
                }
            }
            if !self.eat_greater() {
                self.expect(
                    TokenKind::Greater,
                    ">",
                    "what stands after `<` ends with `>`",
                );
            }
        }
        TypeKind::Name { path, arguments }
    }

    fn object_type(&mut self) -> Vec<ObjectTypeField> {
        self.bump();
        let outside = self.enter(true);
        let fields = self.items(Items::Body, Parser::object_type_field);
        self.bump();
        self.leave(outside);
        fields.into_iter().flatten().collect()
    }

    fn object_type_field(&mut self) -> Option<ObjectTypeField> {
        let docs = self.docs();
        let name: Option<Ident> = self.word();
        let Some(name) = name else {
            let problem = Diagnostic::error(
                &codes::UNEXPECTED,
                self.here(),
                "the fields of an object type stand here",
            )
            .help("write `name: Type`, or `name?: Type` for one that may be left out");
            self.fail(problem);
            return None;
        };
        let optional = self.eat(TokenKind::Question).is_some();
        if !self.expect(TokenKind::Colon, ":", "a field has a type after its name") {
            return None;
        }
        let ty = self.refined_type();
        Some(ObjectTypeField {
            docs,
            name,
            optional,
            ty,
        })
    }

    /// A literal where a type or a pattern stands: no interpolation.
    pub fn literal(&mut self) -> Option<Expr> {
        let start = self.start();
        let kind = match self.kind() {
            TokenKind::Minus => {
                self.bump();
                match (self.kind(), self.number_literal()) {
                    (TokenKind::Number, ExprKind::Int(value)) => ExprKind::Int(-value),
                    (TokenKind::Number, ExprKind::Float(value)) => ExprKind::Float(-value),
                    (TokenKind::Number, ExprKind::Error) => ExprKind::Error,
                    _ => {
                        let problem = Diagnostic::error(
                            &codes::UNEXPECTED,
                            self.span_from(start),
                            "`-` stands before an integer or a float alone here",
                        )
                        .help("write a number after `-`");
                        self.fail(problem);
                        return None;
                    }
                }
            }
            TokenKind::Number => self.number_literal(),
            TokenKind::True | TokenKind::False => {
                let value = self.bump().kind == TokenKind::True;
                ExprKind::Bool(value)
            }
            TokenKind::Null => {
                self.bump();
                ExprKind::Null
            }
            _ => {
                let literal = self.string_literal();
                if literal.fixed().is_none() && !self.failed {
                    let problem = Diagnostic::error(
                        &codes::UNEXPECTED,
                        literal.span,
                        "a string cannot be computed here",
                    )
                    .help("write the text as it is, without `#{…}`");
                    self.report(problem);
                    self.failed = true;
                    return None;
                }
                ExprKind::String(literal)
            }
        };
        Some(Expr {
            kind,
            span: self.span_from(start),
        })
    }
}
