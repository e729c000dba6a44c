//! Expressions: operators, and what stands after a value.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::syntax::ast::{Argument, BinaryOp, Expr, ExprKind, Ident, UnaryOp};
use crate::syntax::parser::Parser;
use crate::syntax::parts::Subject;
use crate::syntax::recovery::{Items, begins_value};
use crate::syntax::token::{Token, TokenKind};

/// How strongly comparisons bind; see [`operator`].
const COMPARISON: u8 = 4;

impl Parser<'_> {
    /// An expression.
    pub fn expr(&mut self) -> Expr {
        let start = self.start();
        let expr = self.nested(|parser| parser.binary(1));
        expr.unwrap_or_else(|| self.error_expr(start))
    }

    /// Operators that bind at least as strongly as `weakest`, and their operands.
    fn binary(&mut self, weakest: u8) -> Expr {
        let start = self.start();
        let mut left = self.cast();
        while let Some((op, strength, op_token)) = self.operator() {
            if strength < weakest || self.failed || !self.link() {
                break;
            }
            self.bump();
            let right = if self.at_next_item() {
                self.no_value()
            } else {
                self.binary(strength + 1)
            };
            left = Expr {
                span: self.span_from(start),
                kind: ExprKind::Binary {
                    op,
                    op_span: self.span_of(op_token),
                    left: Box::new(left),
                    right: Box::new(right),
                },
            };
            if strength == COMPARISON {
                self.refuse_chain(&left);
            }
        }
        left
    }

    /// `a < b < c`
    fn refuse_chain(&mut self, left: &Expr) {
        let Some((_, COMPARISON, _)) = self.operator() else {
            return;
        };
        let ExprKind::Binary { op_span, right, .. } = &left.kind else {
            return;
        };
        let middle = self.text.get(right.span.range()).unwrap_or("b");
        let middle = crate::syntax::lexer::shown(middle);
        let problem = Diagnostic::error(
            &codes::COMPARISON_CHAIN,
            self.here(),
            "comparisons do not chain",
        )
        .label("a second comparison")
        .also(*op_span, "the first comparison")
        .help(format!(
            "compare twice: `… {} {middle} && {middle} {} …`",
            self.text.get(op_span.range()).unwrap_or("<"),
            self.text_of(self.token(0)),
        ));
        self.fail(problem);
    }

    /// The operator at the current token, how strongly it binds, and the token.
    fn operator(&mut self) -> Option<(BinaryOp, u8, Token)> {
        let token = self.token(0);
        if self.at_new_line() {
            return None;
        }
        let (op, strength) = match operator(token.kind) {
            Some(found) => found,
            None => self.other_operator(token)?,
        };
        Some((op, strength, token))
    }

    /// Operators of other languages, which are reported once and read as those of this one.
    fn other_operator(&mut self, token: Token) -> Option<(BinaryOp, u8)> {
        let (op, right) = match (token.kind, self.text_of(token)) {
            (TokenKind::Word, "and") => (TokenKind::AndAnd, "&&"),
            (TokenKind::Word, "or") => (TokenKind::OrOr, "||"),
            (TokenKind::Word, "is") => (TokenKind::EqualEqual, "=="),
            (TokenKind::Pipe, _) if !token.first => (TokenKind::OrOr, "||"),
            _ => return None,
        };
        if !begins_value(self.kind_at(1)) {
            return None;
        }
        let span = self.here();
        let written = self.text_of(token);
        let problem = Diagnostic::error(
            &codes::OTHER_NOTATION,
            span,
            format!("`{written}` is no operator"),
        )
        .help(format!("write `{right}`"))
        .fix(format!("write `{right}`"), span, right);
        self.report(problem);
        self.read_as(op);
        operator(op)
    }

    /// `value as Type`
    fn cast(&mut self) -> Expr {
        let start = self.start();
        let mut expr = self.unary();
        while self.at(TokenKind::As) && !self.at_new_line() && !self.failed && self.link() {
            self.bump();
            let ty = if self.at_next_item() {
                self.missing_type()
            } else {
                self.type_expr()
            };
            expr = Expr {
                span: self.span_from(start),
                kind: ExprKind::As(Box::new(expr), Box::new(ty)),
            };
        }
        expr
    }

    /// `!a`, `-a`
    fn unary(&mut self) -> Expr {
        let mut operators = Vec::new();
        loop {
            let token = self.token(0);
            let op = match token.kind {
                TokenKind::Bang => UnaryOp::Not,
                TokenKind::Minus => UnaryOp::Negate,
                TokenKind::Word if self.is_not(token) => UnaryOp::Not,
                _ => break,
            };
            if !self.link() {
                break;
            }
            self.bump();
            operators.push((op, token));
        }
        let mut expr = if !operators.is_empty() && self.at_next_item() {
            self.no_value()
        } else {
            self.postfix()
        };
        for (op, token) in operators.into_iter().rev() {
            expr = Expr {
                span: self.span_from(token.start),
                kind: ExprKind::Unary(op, Box::new(expr)),
            };
        }
        expr
    }

    /// `not x`, which is reported.
    fn is_not(&mut self, token: Token) -> bool {
        let next = self.token(1);
        let is_not = self.text_of(token) == "not"
            && !next.first
            && matches!(
                next.kind,
                TokenKind::Word | TokenKind::True | TokenKind::False | TokenKind::OpenParen
            )
            && next.start > token.end;
        if is_not {
            let span = self.here();
            let until = crate::source::Span::new(self.source, token.start, next.start);
            let problem = Diagnostic::error(&codes::OTHER_NOTATION, span, "`not` is no operator")
                .help("write `!`")
                .fix("write `!`", until, "!");
            self.report(problem);
        }
        is_not
    }

    /// A value, and the members, indices, calls and bodies after it.
    fn postfix(&mut self) -> Expr {
        let start = self.start();
        // Whether it is a name, or members of one: what an instance may begin with.
        let mut dotted = self.at(TokenKind::Word);
        let mut expr = self.primary();
        loop {
            let token = self.token(0);
            let next = match token.kind {
                TokenKind::Dot | TokenKind::QuestionDot => Parser::member,
                TokenKind::With if !self.at_new_line() => Parser::with,
                TokenKind::OpenParen if !self.at_new_line() => Parser::call,
                TokenKind::OpenBracket if !self.at_new_line() => Parser::index,
                TokenKind::OpenBrace if dotted && self.instances && !token.first => {
                    Parser::instance
                }
                _ => return expr,
            };
            if self.failed || !self.link() {
                return expr;
            }
            dotted &= token.kind == TokenKind::Dot;
            expr = next(self, expr, start);
        }
    }

    /// `.name`, `?.name`
    fn member(&mut self, base: Expr, start: u32) -> Expr {
        let dot = self.bump();
        let word = if self.at_new_line() {
            None
        } else {
            self.word()
        };
        let Some(name) = word else {
            return self.missing_member(dot, start);
        };
        Expr {
            span: self.span_from(start),
            kind: ExprKind::Member {
                base: Box::new(base),
                name,
                safe: dot.kind == TokenKind::QuestionDot,
            },
        }
    }

    #[cold]
    fn missing_member(&mut self, dot: Token, start: u32) -> Expr {
        let (place, found) = self.place_of_missing();
        let problem = if self.at(TokenKind::Number) {
            Diagnostic::error(
                &codes::OTHER_NOTATION,
                place,
                "an element of a list is reached by `[…]`",
            )
            .help(format!("write `[{}]`", self.text_of(self.token(0))))
        } else {
            Diagnostic::error(
                &codes::MISSING,
                place,
                format!("a name is missing after `{}`", self.text_of(dot)),
            )
            .label(found)
            .help("write the name of a member; for a computed one write `[…]`")
        };
        self.fail(problem);
        self.error_expr(start)
    }

    /// ` with { … }`
    fn with(&mut self, base: Expr, start: u32) -> Expr {
        self.bump();
        if !self.opens_brace(Subject::Other("`with`"), "with { field = value }") {
            return self.error_expr(start);
        }
        let body = self.body();
        Expr {
            span: self.span_from(start),
            kind: ExprKind::With(Box::new(base), body),
        }
    }

    /// `Schema { … }`
    fn instance(&mut self, schema: Expr, start: u32) -> Expr {
        let mut path = Vec::new();
        let mut part = schema;
        loop {
            match part.kind {
                ExprKind::Name(name) => {
                    path.push(Ident {
                        name,
                        span: part.span,
                    });
                    break;
                }
                ExprKind::Member { base, name, .. } => {
                    path.push(name);
                    part = *base;
                }
                _ => break,
            }
        }
        path.reverse();
        let body = self.body();
        Expr {
            span: self.span_from(start),
            kind: ExprKind::Instance { schema: path, body },
        }
    }

    /// `(a, name = b)`
    fn call(&mut self, function: Expr, start: u32) -> Expr {
        self.bump();
        let outside = self.enter(false);
        let arguments = self.items(Items::Arguments, Parser::argument);
        self.bump();
        self.leave(outside);
        Expr {
            span: self.span_from(start),
            kind: ExprKind::Call {
                function: Box::new(function),
                arguments,
            },
        }
    }

    fn argument(&mut self) -> Argument {
        let named = self.kind().is_word()
            && (self.kind_at(1) == TokenKind::Equal
                || (self.kind_at(1) == TokenKind::Colon && self.at(TokenKind::Word)));
        let name = if named { self.word() } else { None };
        let value = match &name {
            None => self.expr(),
            Some(name) => {
                let what = self.subject(name);
                self.equals(what);
                self.value(what)
            }
        };
        Argument { name, value }
    }

    /// `[i]`, `[a..b]`
    fn index(&mut self, base: Expr, start: u32) -> Expr {
        self.bump();
        let outside = self.enter(true);
        let first = (!self.at(TokenKind::DotDot) && !self.kind().is_closer()).then(|| self.expr());
        let slice = !self.failed && self.eat(TokenKind::DotDot).is_some();
        let end = (slice && !self.kind().is_closer()).then(|| self.expr());
        if self.kind_at(1).is_closer() {
            self.eat(TokenKind::Comma);
        }
        if !self.kind().is_closer() || (first.is_none() && !slice) {
            self.rest_of_index();
        }
        while !self.kind().is_closer() && !self.at(TokenKind::End) {
            self.skip();
        }
        self.bump();
        self.leave(outside);
        let span = self.span_from(start);
        let base = Box::new(base);
        let kind = match (first, slice) {
            (start, true) => ExprKind::Slice {
                base,
                start: start.map(Box::new),
                end: end.map(Box::new),
            },
            (Some(index), false) => ExprKind::Index(base, Box::new(index)),
            (None, false) => ExprKind::Error,
        };
        Expr { kind, span }
    }

    #[cold]
    fn rest_of_index(&mut self) {
        if !self.kind().is_closer() {
            let problem = Diagnostic::error(
                &codes::UNEXPECTED,
                self.here(),
                format!("{} does not belong to this index", self.found()),
            )
            .help("write one index `[i]`, or a part `[from..to]`");
            self.fail(problem);
        } else {
            let problem = Diagnostic::error(&codes::MISSING, self.after(), "an index is missing")
                .label("it should stand here")
                .help("write `[i]`, or a part `[from..to]`");
            self.fail(problem);
        }
    }
}

/// An operator, and how strongly it binds.
fn operator(kind: TokenKind) -> Option<(BinaryOp, u8)> {
    Some(match kind {
        TokenKind::Coalesce => (BinaryOp::Coalesce, 1),
        TokenKind::OrOr => (BinaryOp::Or, 2),
        TokenKind::AndAnd => (BinaryOp::And, 3),
        TokenKind::EqualEqual => (BinaryOp::Equal, COMPARISON),
        TokenKind::BangEqual => (BinaryOp::NotEqual, COMPARISON),
        TokenKind::Less => (BinaryOp::Less, COMPARISON),
        TokenKind::LessEqual => (BinaryOp::LessEqual, COMPARISON),
        TokenKind::Greater => (BinaryOp::Greater, COMPARISON),
        TokenKind::GreaterEqual => (BinaryOp::GreaterEqual, COMPARISON),
        TokenKind::In => (BinaryOp::In, COMPARISON),
        TokenKind::Plus => (BinaryOp::Add, 5),
        TokenKind::Minus => (BinaryOp::Subtract, 5),
        TokenKind::Star => (BinaryOp::Multiply, 6),
        TokenKind::Slash => (BinaryOp::Divide, 6),
        TokenKind::Percent => (BinaryOp::Remainder, 6),
        _ => return None,
    })
}
