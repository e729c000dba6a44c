//! Small pieces that many forms share: names, `=`, and what must follow.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::syntax::ast::{Expr, Ident};
use crate::syntax::parser::Parser;
use crate::syntax::recovery::begins_value;
use crate::syntax::token::TokenKind;

/// What a message is about.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    /// "`region`"
    Name(&'a str),
    /// "this pattern"
    Other(&'static str),
}

impl std::fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Subject::Name(name) => write!(f, "`{name}`"),
            Subject::Other(text) => f.write_str(text),
        }
    }
}

impl<'a> Parser<'a> {
    /// A name, as what a message is about.
    pub fn subject(&self, name: &Ident) -> Subject<'a> {
        Subject::Name(self.text.get(name.span.range()).unwrap_or("…"))
    }

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
        self.missing_name(what);
        None
    }

    #[cold]
    fn missing_name(&mut self, what: &str) {
        let (place, found) = self.place_of_missing();
        let mut problem = Diagnostic::error(
            &codes::MISSING,
            place,
            format!("the name of {what} is missing"),
        )
        .label(found)
        .help("a name has letters, digits, `_` and `-`, and begins with a letter or `_`");
        if self.kind().is_string() {
            problem = Diagnostic::error(
                &codes::UNEXPECTED,
                place,
                format!("the name of {what} stands without quotes"),
            )
            .help("write the name alone");
        }
        self.fail(problem);
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
    pub fn equals(&mut self, what: Subject<'_>) -> bool {
        if self.eat(TokenKind::Equal).is_some() {
            return true;
        }
        self.other_equals(what)
    }

    #[cold]
    fn other_equals(&mut self, what: Subject<'_>) -> bool {
        let token = self.token(0);
        match token.kind {
            TokenKind::Colon | TokenKind::EqualEqual | TokenKind::FatArrow | TokenKind::Arrow => {
                self.bump();
                if token.kind == TokenKind::Colon && self.at_new_line() {
                    let problem = Diagnostic::error(
                        &codes::OTHER_NOTATION,
                        self.span_of(token),
                        format!("`:` does not open what is in {what}"),
                    )
                    .label("indentation alone means nothing")
                    .help("write `= value` for a field, `{ … }` around what is in a block");
                    self.fail(problem);
                    return false;
                }
                // `:=`
                let equal = self.token(0);
                let joined = token.kind == TokenKind::Colon
                    && equal.kind == TokenKind::Equal
                    && equal.start == token.end;
                if joined {
                    self.bump();
                }
                let span = self.span_from(token.start);
                let written = self.text.get(span.range()).unwrap_or(":");
                let spaced = token.start != self.end_before(token.start);
                let problem = Diagnostic::error(
                    &codes::OTHER_NOTATION,
                    span,
                    format!("{what} is given its value by `=`, not by `{written}`"),
                )
                .label("`=` belongs here")
                .help("write `=`")
                .fix("write `=`", span, if spaced { "=" } else { " =" });
                self.report(problem);
                true
            }
            _ if begins_value(token.kind) && !self.at_new_line() => {
                let place = self.after();
                let problem = Diagnostic::error(
                    &codes::MISSING,
                    place,
                    format!("`=` is missing before the value of {what}"),
                )
                .label("`=` belongs here")
                .help("write `=`");
                // Two words may be the kind and the label of a block.
                self.report(match token.kind {
                    TokenKind::Word => problem.likely_fix("write `=`", place, " ="),
                    _ => problem.fix("write `=`", place, " ="),
                });
                true
            }
            _ => {
                let place = self.after();
                let problem =
                    Diagnostic::error(&codes::MISSING, place, format!("{what} has no value"))
                        .label("`= value` is missing here")
                        .help("write `=` and the value");
                self.fail(problem);
                false
            }
        }
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
    pub fn value(&mut self, what: Subject<'_>) -> Expr {
        let kind = self.kind();
        let ends = matches!(
            kind,
            TokenKind::Comma | TokenKind::Semicolon | TokenKind::End
        ) || kind.is_closer();
        if ends || self.at_next_item() {
            return self.missing_value(what);
        }
        if kind == TokenKind::Equal {
            self.second_equals();
        }
        let value = self.expr();
        if self.at(TokenKind::Equal) && !self.at_new_line() && !self.failed {
            return self.equals_after(value.span);
        }
        value
    }

    /// `when = a = b`: the value is taken for broken, so that nothing else is said of it.
    #[cold]
    pub fn equals_after(&mut self, value: crate::source::Span) -> Expr {
        let span = self.here();
        let problem = Diagnostic::error(&codes::UNEXPECTED, span, "`=` compares nothing")
            .label("a second `=`")
            .help("two values are compared with `==`; a further name begins on a line of its own, or after `,`")
            .likely_fix("write `==`", span, "==");
        self.fail(problem);
        self.error_expr(value.start)
    }

    #[cold]
    fn missing_value(&mut self, what: Subject<'_>) -> Expr {
        let place = self.after();
        let problem = Diagnostic::error(&codes::MISSING, place, format!("{what} has no value"))
            .label("a value is missing here")
            .help("write a value after `=`");
        self.fail(problem);
        self.error_expr(place.start)
    }

    #[cold]
    fn second_equals(&mut self) {
        let span = self.here();
        self.bump();
        let problem = Diagnostic::error(&codes::UNEXPECTED, span, "`=` stands here twice")
            .help("leave one of them out")
            .fix("leave it out", span, "");
        self.report(problem);
    }

    /// Takes the token where it is of this kind, or reports that it is missing.
    pub fn expect(&mut self, kind: TokenKind, written: &str, what: &str) -> bool {
        if self.at(kind) && !self.at_new_line() {
            self.bump();
            return true;
        }
        self.missing_token(written, what);
        false
    }

    #[cold]
    fn missing_token(&mut self, written: &str, what: &str) {
        let (place, found) = self.place_of_missing();
        let problem = Diagnostic::error(&codes::MISSING, place, format!("`{written}` is missing"))
            .label(found)
            .help(format!("{what}: write `{written}`"));
        self.fail(problem);
    }

    /// Whether a `{` follows on the line; where not, reports that `what` needs one.
    pub fn opens_brace(&mut self, what: Subject<'_>, example: &str) -> bool {
        self.at_same_line(TokenKind::OpenBrace) || self.missing_brace(what, example)
    }

    #[cold]
    fn missing_brace(&mut self, what: Subject<'_>, example: &str) -> bool {
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
