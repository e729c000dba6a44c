//! Values that stand by themselves: literals, names, parentheses; and braces that hold a value.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::syntax::ast::{Expr, ExprKind, Let};
use crate::syntax::numbers::BadNumber;
use crate::syntax::parser::Parser;
use crate::syntax::recovery::Items;
use crate::syntax::token::{Token, TokenKind};
use smol_str::SmolStr;

impl Parser<'_> {
    /// A value without operators and without what may stand after it.
    pub fn primary(&mut self) -> Expr {
        let start = self.start();
        let kind = match self.kind() {
            TokenKind::Word => {
                let token = self.bump();
                ExprKind::Name(SmolStr::new(self.text_of(token)))
            }
            TokenKind::True | TokenKind::False => {
                ExprKind::Bool(self.bump().kind == TokenKind::True)
            }
            TokenKind::Null => {
                self.bump();
                ExprKind::Null
            }
            TokenKind::Number => self.number_literal(),
            kind if kind.is_string() => ExprKind::String(self.string_literal()),
            TokenKind::OpenBracket => self.list(),
            TokenKind::OpenBrace if self.instances => self.object(),
            TokenKind::OpenParen => return self.parentheses(),
            TokenKind::If => self.if_expr(),
            TokenKind::Match => self.match_expr(),
            _ => return self.no_value(),
        };
        Expr {
            kind,
            span: self.span_from(start),
        }
    }

    /// A number, duration or size.
    pub fn number_literal(&mut self) -> ExprKind {
        let token = self.token(0);
        if token.kind != TokenKind::Number {
            return ExprKind::Error;
        }
        let result = crate::syntax::numbers::read(self.text_of(token));
        let kind = result.unwrap_or_else(|bad| self.bad_number(bad));
        self.bump();
        kind
    }

    #[cold]
    fn bad_number(&mut self, bad: BadNumber) -> ExprKind {
        let span = self.here();
        let mut problem = Diagnostic::error(&codes::NUMBER, span, bad.message).help(bad.help);
        if let Some(meant) = bad.meant {
            problem = problem.fix(format!("write `{meant}`"), span, meant);
        }
        self.report(problem);
        ExprKind::Error
    }

    /// Says that a value is missing here.
    #[cold]
    pub fn no_value(&mut self) -> Expr {
        let (place, found) = self.place_of_missing();
        let token = self.token(0);
        let word = self.text_of(token);
        let problem = if token.kind.is_reserved() && !self.at_new_line() {
            Diagnostic::error(
                &codes::RESERVED_WORD,
                place,
                format!("`{word}` is a reserved word"),
            )
            .label("a value is needed here")
            .help(format!(
                "where the text is meant, write it between `\"`; a block of this label is reached by its kind: `step[\"{word}\"]`"
            ))
        } else if token.kind == TokenKind::OpenBrace {
            Diagnostic::error(
                &codes::UNEXPECTED,
                place,
                "an object stands in parentheses here",
            )
            .help("write `({ … })`")
        } else {
            Diagnostic::error(&codes::MISSING, place, "a value is missing")
                .label(found)
                .help("write a value: a name, a number, text between `\"`, a list `[…]`, an object `{…}`")
        };
        self.fail(problem);
        self.error_expr(self.after().start)
    }

    /// `(a + b)`, `(let a = 1; a + 1)`
    fn parentheses(&mut self) -> Expr {
        let start = self.start();
        self.bump();
        let outside = self.enter(false);
        let lets = self.lets();
        let value = self.expr();
        self.end_of_value(TokenKind::CloseParen);
        self.leave(outside);
        self.with_lets(start, lets, value)
    }

    /// `let`s before a value, each with its separator.
    fn lets(&mut self) -> Vec<Let> {
        let mut lets = Vec::new();
        while self.at(TokenKind::Let) {
            let docs = self.docs();
            let first = self.token(0);
            lets.extend(self.let_item(docs));
            let mut separated = self.lines && self.at_new_line();
            if matches!(self.kind(), TokenKind::Comma | TokenKind::Semicolon) {
                self.bump();
                separated = true;
            }
            if !separated {
                self.missing_separator(first);
            }
        }
        lets
    }

    /// A `let` that ends in the middle of a line.
    #[cold]
    fn missing_separator(&mut self, first: Token) {
        let place = self.after();
        let (message, label) = match self.kind().is_closer() {
            true => ("a `let` alone gives no value", "a value is missing here"),
            false => ("`;` is missing after a `let`", "`;` belongs here"),
        };
        let problem = Diagnostic::error(&codes::MISSING, place, message)
            .label(label)
            .help("write `;` and the value: `(let a = 1; a + 1)`");
        self.fail(problem);
        self.recover(Items::Entries, first);
        while matches!(self.kind(), TokenKind::Comma | TokenKind::Semicolon) {
            self.bump();
        }
    }

    fn with_lets(&mut self, start: u32, lets: Vec<Let>, value: Expr) -> Expr {
        if lets.is_empty() {
            return value;
        }
        Expr {
            kind: ExprKind::Let {
                lets,
                value: Box::new(value),
            },
            span: self.span_from(start),
        }
    }

    /// At the closing bracket after a value; what else stands there is reported and skipped.
    fn end_of_value(&mut self, closer: TokenKind) {
        if matches!(self.kind(), TokenKind::Comma | TokenKind::Semicolon)
            && self.kind_at(1) == closer
        {
            self.bump();
        }
        if !self.kind().is_closer() {
            let found = self.found();
            let problem = if self.at(TokenKind::Comma) {
                Diagnostic::error(
                    &codes::UNEXPECTED,
                    self.here(),
                    "one value stands between parentheses",
                )
                .help("a list stands between `[` and `]`")
            } else {
                Diagnostic::error(
                    &codes::UNEXPECTED,
                    self.here(),
                    format!("{found} does not belong to the value before it"),
                )
                .help(match closer {
                    TokenKind::CloseBrace => {
                        "one value stands here, after any number of `let`s; text stands between `\"`"
                    }
                    _ => "write an operator between two values; text stands between `\"`",
                })
            };
            self.fail(problem);
        }
        while !self.kind().is_closer() && !self.at(TokenKind::End) {
            self.skip();
        }
        self.eat(closer);
    }

    /// `{ let a = 1; a + 1 }` where a value belongs to braces: a branch, an arm, the body of a function. Entries of an
    /// object there are an object.
    pub fn branch(&mut self) -> Expr {
        let start = self.start();
        let is_object = match self.kind_at(1) {
            TokenKind::CloseBrace => true,
            kind => (kind.is_word() || kind.is_string()) && self.kind_after(1) == TokenKind::Equal,
        };
        if is_object {
            return self.nested_object(start);
        }
        let value = self.nested(|parser| {
            parser.bump();
            let outside = parser.enter(true);
            let lets = parser.lets();
            let value = parser.expr();
            parser.end_of_value(TokenKind::CloseBrace);
            parser.leave(outside);
            parser.with_lets(start, lets, value)
        });
        value.unwrap_or_else(|| self.error_expr(start))
    }

    fn nested_object(&mut self, start: u32) -> Expr {
        let kind = self.nested(Parser::object);
        Expr {
            kind: kind.unwrap_or(ExprKind::Error),
            span: self.span_from(start),
        }
    }
}
