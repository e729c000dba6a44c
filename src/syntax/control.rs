//! `if`, `for` and `match`: what all of their forms share, and those that give a value.

use crate::diagnostics::codes::syntax as codes;
use crate::diagnostics::{Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::ast::{Arm, Expr, ExprKind, ForBinding, Ident, Pattern};
use crate::syntax::parser::Parser;
use crate::syntax::parts::Subject;
use crate::syntax::recovery::Items;
use crate::syntax::token::TokenKind;

impl Parser<'_> {
    /// A condition after `if` or `assert`, where `=` compares nothing.
    pub fn condition(&mut self, what: &str) -> Expr {
        if self.kind().is_closer() || self.at_new_line() {
            return self.missing_condition(what);
        }
        let condition = self.expr();
        if !self.at_same_line(TokenKind::Equal) || self.failed {
            return condition;
        }
        self.single_equals();
        self.expr();
        self.error_expr(condition.span.start)
    }

    #[cold]
    fn missing_condition(&mut self, what: &str) -> Expr {
        let place = self.after();
        let problem = Diagnostic::error(&codes::MISSING, place, format!("{what} has no condition"))
            .label("a condition is missing here")
            .help("write what must hold, such as `region == \"eu-west-1\"`");
        self.fail(problem);
        self.error_expr(place.start)
    }

    #[cold]
    fn single_equals(&mut self) {
        let span = self.here();
        self.bump();
        let problem = Diagnostic::error(&codes::OTHER_NOTATION, span, "`=` compares nothing")
            .help("write `==`")
            .fix("write `==`", span, "==");
        self.report(problem);
    }

    /// What stands between `if`, `for … in`, `match` and the `{` after it. `missing` is said where there is nothing.
    pub fn header(&mut self, missing: &str, read: impl FnOnce(&mut Self) -> Expr) -> Expr {
        let outside = self.enter_header();
        let expr = if self.at(TokenKind::OpenBrace) {
            self.missing_header(missing)
        } else {
            read(self)
        };
        self.leave_header(&outside);
        expr
    }

    #[cold]
    fn missing_header(&mut self, missing: &str) -> Expr {
        let place = self.after();
        let problem = Diagnostic::error(&codes::MISSING, place, missing)
            .label("something is missing here")
            .help("write it; an object or an instance stands in parentheses here");
        self.report(problem);
        self.error_expr(place.start)
    }

    /// The header of an `if`.
    pub fn if_header(&mut self) -> Expr {
        self.header("`if` has no condition", |parser| parser.condition("`if`"))
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

    /// What a `for` without a body goes through.
    fn clause(&mut self) -> Expr {
        let outside = self.enter_header();
        if self.at(TokenKind::OpenBrace) {
            self.bare_object();
        }
        let expr = self.expr();
        self.leave_header(&outside);
        expr
    }

    /// An object where a body could follow.
    #[cold]
    fn bare_object(&mut self) {
        let (open, close) = (self.here(), self.span_of(self.partner()));
        let edit = |at, text: &str| Edit {
            span: Span::new(self.source, at, at),
            text: text.to_owned(),
        };
        let edits = vec![edit(open.start, "("), edit(close.end, ")")];
        let problem = Diagnostic::error(
            &codes::UNEXPECTED,
            open,
            "an object stands in parentheses here",
        )
        .help("write `({ … })`")
        .fix_all("put it in parentheses", edits);
        self.report(problem);
        self.instances = true;
    }

    /// `x in xs`, `k, v in map`, with a body after it or without.
    pub fn binding(&mut self, body: bool) -> Option<ForBinding> {
        let first = self.name("what `for` goes through")?;
        let second = if self.eat(TokenKind::Comma).is_some() {
            Some(self.name("the second thing that `for` gives")?)
        } else {
            None
        };
        if self.eat_here(TokenKind::In).is_none() && !self.other_in(&first) {
            return None;
        }
        let iterable = match body {
            true => self.header("`for` has nothing to go through", Parser::expr),
            false => self.clause(),
        };
        Some(ForBinding {
            first,
            second,
            iterable,
        })
    }

    /// What stands in the place of `in`. False where nothing does.
    #[cold]
    fn other_in(&mut self, first: &Ident) -> bool {
        let (place, found) = self.place_of_missing();
        let problem = Diagnostic::error(&codes::MISSING, place, "`in` is missing after `for`")
            .label(found)
            .help(format!("write `for {} in list`", first.name));
        let is_of = self.at(TokenKind::Word) && self.text_of(self.token(0)) == "of";
        if is_of || matches!(self.kind(), TokenKind::Equal | TokenKind::Colon) {
            let span = self.here();
            self.report(problem.fix("write `in`", span, "in"));
            self.bump();
            return true;
        }
        self.fail(problem);
        false
    }

    /// `if c { a } else if d { b } else { e }`
    pub fn if_expr(&mut self) -> ExprKind {
        let mut branches = Vec::new();
        let otherwise = loop {
            let start = self.start();
            self.bump();
            let condition = self.if_header();
            if !self.opens_brace(
                Subject::Other("the condition of `if`"),
                "if condition { a } else { b }",
            ) {
                break self.error_expr(start);
            }
            let then = self.branch();
            branches.push((start, condition, then));
            if self.failed || !self.link() {
                break self.error_expr(start);
            }
            if !self.at_else() {
                break self.missing_else();
            }
            if self.at(TokenKind::If) {
                continue;
            }
            if !self.opens_brace(Subject::Other("`else`"), "else { value }") {
                break self.error_expr(start);
            }
            break self.branch();
        };
        let mut result = otherwise;
        for (start, condition, then) in branches.into_iter().rev() {
            result = Expr {
                kind: ExprKind::If {
                    condition: Box::new(condition),
                    then: Box::new(then),
                    otherwise: Box::new(result),
                },
                span: self.span_from(start),
            };
        }
        result.kind
    }

    #[cold]
    fn missing_else(&mut self) -> Expr {
        let place = self.after();
        let problem = Diagnostic::error(
            &codes::MISSING,
            place,
            "an `if` that gives a value needs an `else`",
        )
        .label("`else { … }` is missing here")
        .help("write `else { value }`");
        self.fail(problem);
        self.error_expr(place.start)
    }

    /// `match x { pattern => value, … }`
    pub fn match_expr(&mut self) -> ExprKind {
        self.bump();
        let subject = self.header("`match` has nothing to look at", Parser::expr);
        if !self.opens_brace(
            Subject::Other("`match`"),
            "match value { pattern => result }",
        ) {
            return ExprKind::Error;
        }
        self.bump();
        let outside = self.enter(true);
        let arms = self.items(Items::Arms, Parser::arm);
        self.bump();
        self.leave(outside);
        let count = arms.len();
        let arms: Vec<Arm> = arms.into_iter().flatten().collect();
        if arms.len() < count {
            return ExprKind::Error;
        }
        ExprKind::Match {
            subject: Box::new(subject),
            arms,
        }
    }

    fn arm(&mut self) -> Option<Arm> {
        let mut patterns = vec![self.pattern()?];
        while self.eat(TokenKind::Pipe).is_some() {
            patterns.push(self.pattern()?);
        }
        if self.eat(TokenKind::FatArrow).is_none() && !self.other_arrow() {
            return None;
        }
        let value = if self.at(TokenKind::OpenBrace) {
            self.branch()
        } else {
            self.value(Subject::Other("this pattern"))
        };
        Some(Arm { patterns, value })
    }

    /// What stands in the place of `=>`. False where nothing does.
    #[cold]
    fn other_arrow(&mut self) -> bool {
        let span = self.here();
        if !matches!(
            self.kind(),
            TokenKind::Arrow | TokenKind::Equal | TokenKind::Colon
        ) {
            return self.expect(
                TokenKind::FatArrow,
                "=>",
                "a pattern has its value after it",
            );
        }
        self.bump();
        let problem = Diagnostic::error(
            &codes::OTHER_NOTATION,
            span,
            "`=>` stands between a pattern and its value",
        )
        .help("write `=>`")
        .fix("write `=>`", span, "=>");
        self.report(problem);
        true
    }

    fn pattern(&mut self) -> Option<Pattern> {
        if self.at(TokenKind::Word) {
            let token = self.bump();
            let ident = self.ident_of(token);
            if self.at(TokenKind::Colon) {
                self.bump();
                return Some(Pattern::Typed(ident, self.type_expr()));
            }
            if ident.name == "_" {
                return Some(Pattern::Any(ident.span));
            }
            return Some(Pattern::Name(ident));
        }
        let literal = matches!(
            self.kind(),
            TokenKind::Number
                | TokenKind::Minus
                | TokenKind::True
                | TokenKind::False
                | TokenKind::Null
        ) || self.kind().is_string();
        if literal {
            return self.literal().map(Pattern::Literal);
        }
        self.missing_pattern();
        None
    }

    #[cold]
    fn missing_pattern(&mut self) {
        let problem = if self.at(TokenKind::Else) {
            Diagnostic::error(
                &codes::OTHER_NOTATION,
                self.here(),
                "`else` is written `_` in a `match`",
            )
            .help("write `_`")
            .fix("write `_`", self.here(), "_")
        } else {
            let (place, found) = self.place_of_missing();
            Diagnostic::error(&codes::MISSING, place, "a pattern is missing")
                .label(found)
                .help("write a literal, `name: Type`, a name, or `_` for everything else")
        };
        self.fail(problem);
    }
}
