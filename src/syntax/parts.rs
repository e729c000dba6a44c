//! Small pieces that many forms share: names, `=`, and what must follow.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::syntax::ast::{Expr, Ident};
use crate::syntax::parser::Parser;
use crate::syntax::recovery::begins_value;
use crate::syntax::token::TokenKind;

impl Parser<'_> {
    /// A name that is declared or used here: a word that is not reserved. `what` is said of the place where it is
    /// missing: "a parameter".
    pub fn name(&mut self, what: &str) -> Option<Ident> {
        let token = self.token(0);
        if token.kind == TokenKind::Word && !self.at_new_line() {
            self.bump();
            return Some(self.ident_of(token));
        }
        if token.kind.is_reserved() && token.kind != TokenKind::In && !self.at_new_line() {
            self.report_reserved();
            self.bump();
            return Some(self.ident_of(token));
        }
        let (place, found) = self.place_of_missing();
        let mut problem = Diagnostic::error(
            &codes::MISSING,
            place,
            format!("the name of {what} is missing"),
        )
        .label(found)
        .help("a name has letters, digits, `_` and `-`, and begins with a letter or `_`");
        if token.kind.is_string() {
            problem = Diagnostic::error(
                &codes::UNEXPECTED,
                place,
                format!("the name of {what} stands without quotes"),
            )
            .help("write the name alone");
        }
        self.fail(problem);
        None
    }

    /// Says that the current token is a reserved word.
    pub fn report_reserved(&mut self) {
        let word = self.text_of(self.token(0));
        let problem = Diagnostic::error(
            &codes::RESERVED_WORD,
            self.here(),
            format!("`{word}` is a reserved word"),
        )
        .label("a name is needed here")
        .help(format!(
            "use another name, such as `{word}_` or one that says more"
        ));
        self.report(problem);
    }

    /// A word where nothing else can stand, reserved or not: a key, a field, a member, a label.
    pub fn word(&mut self) -> Option<Ident> {
        let token = self.token(0);
        token.kind.is_word().then(|| {
            self.bump();
            self.ident_of(token)
        })
    }

    /// Where something is missing: the current token; or right after the last one, where the line ends.
    /// And what stands there.
    pub fn place_of_missing(&self) -> (crate::source::Span, String) {
        let token = self.token(0);
        if self.at_new_line() || token.kind == TokenKind::End || token.reported {
            (self.after(), "it should stand here".to_owned())
        } else {
            (self.here(), format!("{} stands in its place", self.found()))
        }
    }

    /// `=`, or what people write in its place, which is reported. False where there is none of it.
    pub fn equals(&mut self, what: &str) -> bool {
        let token = self.token(0);
        let span = self.here();
        match token.kind {
            TokenKind::Equal => {
                self.bump();
                return true;
            }
            TokenKind::Colon | TokenKind::EqualEqual | TokenKind::FatArrow | TokenKind::Arrow => {
                let mut span = span;
                let mut written = self.text_of(token).to_owned();
                let problem_at = self.token(1);
                self.bump();
                if token.kind == TokenKind::Colon && self.at_new_line() {
                    let problem = Diagnostic::error(
                        &codes::OTHER_NOTATION,
                        span,
                        format!("`:` does not open what is in {what}"),
                    )
                    .label("indentation alone means nothing")
                    .help("write `= value` for a field, `{ … }` around what is in a block");
                    self.fail(problem);
                    return false;
                }
                if token.kind == TokenKind::Colon
                    && problem_at.kind == TokenKind::Equal
                    && problem_at.start == token.end
                {
                    self.bump();
                    span = span.to(self.span_of(problem_at));
                    written.push('=');
                }
                let blank = if token.start == self.end_before(token.start) {
                    " ="
                } else {
                    "="
                };
                let problem = Diagnostic::error(
                    &codes::OTHER_NOTATION,
                    span,
                    format!("{what} is given its value by `=`, not by `{written}`"),
                )
                .label("`=` belongs here")
                .help("write `=`")
                .fix("write `=`", span, blank);
                self.report(problem);
                return true;
            }
            _ => {}
        }
        let place = self.after();
        if begins_value(token.kind) && !self.at_new_line() {
            let problem = Diagnostic::error(
                &codes::MISSING,
                place,
                format!("`=` is missing before the value of {what}"),
            )
            .label("`=` belongs here")
            .help("write `=`")
            .fix("write `=`", place, " =");
            self.report(problem);
            return true;
        }
        let problem = Diagnostic::error(&codes::MISSING, place, format!("{what} has no value"))
            .label("`= value` is missing here")
            .help("write `=` and the value");
        self.fail(problem);
        false
    }

    /// The end of the last character before this byte that is no blank.
    fn end_before(&self, byte: u32) -> u32 {
        let before = self.text.get(..byte as usize).unwrap_or("");
        crate::syntax::parser::offset(before.trim_end_matches([' ', '\t']).len())
    }

    /// Whether the next item begins here, so that nothing more belongs to the one before.
    pub fn at_next_item(&self) -> bool {
        let kind = self.kind();
        let names = matches!(self.kind_at(1), TokenKind::Equal | TokenKind::Colon);
        self.at_new_line() && (!begins_value(kind) || (kind == TokenKind::Word && names))
    }

    /// The value after a `=`, of what is called `what`.
    pub fn value(&mut self, what: &str) -> Expr {
        let token = self.token(0);
        let next_item = self.at_next_item();
        let ends = matches!(
            token.kind,
            TokenKind::Comma | TokenKind::Semicolon | TokenKind::End
        ) || token.kind.is_closer();
        if next_item || ends {
            let place = self.after();
            let problem = Diagnostic::error(&codes::MISSING, place, format!("{what} has no value"))
                .label("a value is missing here")
                .help("write a value after `=`");
            self.fail(problem);
            return Expr {
                kind: crate::syntax::ast::ExprKind::Error,
                span: place,
            };
        }
        if token.kind == TokenKind::Equal {
            let span = self.here();
            self.bump();
            let problem = Diagnostic::error(&codes::UNEXPECTED, span, "`=` stands here twice")
                .help("leave one of them out")
                .fix("leave it out", span, "");
            self.report(problem);
        }
        self.expr()
    }

    /// Takes the token where it is of this kind, or reports that it is missing.
    pub fn expect(&mut self, kind: TokenKind, written: &str, what: &str) -> bool {
        if self.at(kind) && !self.at_new_line() {
            self.bump();
            return true;
        }
        let (place, found) = self.place_of_missing();
        let problem = Diagnostic::error(&codes::MISSING, place, format!("`{written}` is missing"))
            .label(found)
            .help(format!("{what}: write `{written}`"));
        self.fail(problem);
        false
    }

    /// Whether a `{` follows on the line; where not, reports that `what` needs one.
    pub fn opens_brace(&mut self, what: &str, example: &str) -> bool {
        if self.at_same_line(TokenKind::OpenBrace) {
            return true;
        }
        let (place, found) = self.place_of_missing();
        if self.at(TokenKind::OpenBrace) {
            let here = self.here();
            let between = crate::source::Span::new(self.source, place.start, here.start);
            let blank = self.text.get(between.range());
            let mut problem = Diagnostic::error(
                &codes::UNEXPECTED,
                here,
                format!("`{{` stands on the line of {what}"),
            )
            .help(format!("write `{example}`"));
            if blank.is_some_and(|text| text.trim().is_empty()) {
                problem = problem.fix("join the two lines", between, " ");
            }
            self.report(problem);
            return true;
        }
        let problem = Diagnostic::error(
            &codes::MISSING,
            place,
            format!("`{{` is missing after {what}"),
        )
        .label(found)
        .help(format!("write `{example}`"));
        self.fail(problem);
        false
    }
}
