//! Lists, objects, and those that are made by `for`.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::source::Span;
use crate::syntax::ast::{Clause, Expr, ExprKind, Ident, Label, ObjectEntry};
use crate::syntax::parser::Parser;
use crate::syntax::parts::Subject;
use crate::syntax::recovery::{Items, begins_value};
use crate::syntax::token::TokenKind;

impl Parser<'_> {
    /// `[a, b]`, `[f(x) for x in xs if c]`
    pub fn list(&mut self) -> ExprKind {
        self.bump();
        let outside = self.enter(true);
        let mut clauses = Vec::new();
        let mut count = 0;
        let mut named = false;
        let mut elements = self.items(Items::Elements, |parser| {
            count += 1;
            let element = parser.expr();
            if parser.at(TokenKind::For) && !parser.failed {
                if count > 1 {
                    parser.refuse_for();
                }
                clauses = parser.clauses();
            }
            named |= matches!(parser.kind(), TokenKind::Equal | TokenKind::Colon);
            element
        });
        self.bump();
        self.leave(outside);
        if named {
            // An object in the wrong brackets, which is reported: it is no list.
            return ExprKind::Error;
        }
        if clauses.is_empty() {
            return ExprKind::List(elements);
        }
        match (elements.pop(), elements.is_empty()) {
            (Some(element), true) => ExprKind::ListFor {
                element: Box::new(element),
                clauses,
            },
            _ => ExprKind::Error,
        }
    }

    /// A `for` after the second element or entry.
    #[cold]
    fn refuse_for(&mut self) {
        let problem = Diagnostic::error(
            &codes::UNEXPECTED,
            self.here(),
            "a list or map made by `for` has nothing else in it",
        )
        .label("this `for` is not after the first element")
        .help("make two of them, and put them together by `+`");
        self.report(problem);
    }

    /// The `for`s and `if`s of a comprehension; to its end.
    fn clauses(&mut self) -> Vec<Clause> {
        let mut clauses = Vec::new();
        loop {
            let clause = if self.eat(TokenKind::For).is_some() {
                self.binding(false).map(Clause::For)
            } else if self.eat(TokenKind::If).is_some() {
                Some(Clause::If(self.if_header()))
            } else {
                break;
            };
            match clause {
                Some(clause) if !self.failed => clauses.push(clause),
                _ => break,
            }
        }
        if matches!(self.kind(), TokenKind::Comma | TokenKind::Semicolon) {
            self.bump();
        }
        if !self.kind().is_closer() {
            self.rest_of_for();
        }
        if clauses.is_empty() {
            // Not a list after all, but one with an error in it.
            clauses.push(Clause::If(self.error_expr(self.start())));
        }
        clauses
    }

    #[cold]
    fn rest_of_for(&mut self) {
        let problem = Diagnostic::error(
            &codes::UNEXPECTED,
            self.here(),
            format!("{} does not belong to this `for`", self.found()),
        )
        .label("after `for x in xs` comes another `for`, an `if`, or the end")
        .help("a list made by `for` has nothing else in it; put two lists together by `+`");
        self.fail(problem);
    }

    /// `{ key = value }`, `{ k = v for k, v in m }`
    pub fn object(&mut self) -> ExprKind {
        self.bump();
        let outside = self.enter(true);
        let mut clauses = Vec::new();
        let mut count = 0;
        let entries = self.items(Items::Entries, |parser| {
            let entry = parser.entry();
            count += 1;
            let is_for = parser.at(TokenKind::For) && !parser.failed;
            if is_for && count > 1 {
                parser.refuse_for();
            }
            if let Some((key, _)) = &entry {
                parser.check_key(key, is_for);
            }
            if is_for {
                clauses = parser.clauses();
            }
            entry
        });
        self.bump();
        self.leave(outside);
        object_of(entries, clauses)
    }

    /// A computed key stands before `for` alone, a reserved word does not stand there.
    fn check_key(&mut self, key: &Key, is_for: bool) {
        match key {
            Key::Computed(key) if !is_for => self.refuse_key(key.span),
            Key::Label(Label::Name(name))
                if is_for && TokenKind::of_word(&name.name).is_reserved() =>
            {
                self.reserved_key(name);
            }
            _ => {}
        }
    }

    #[cold]
    fn refuse_key(&mut self, span: Span) {
        let problem = Diagnostic::error(&codes::UNEXPECTED, span, "a key is a name or a string")
            .help("a computed key stands in a string: `\"#{…}\" = value`");
        self.report(problem);
    }

    #[cold]
    fn reserved_key(&mut self, name: &Ident) {
        let problem = Diagnostic::error(
            &codes::RESERVED_WORD,
            name.span,
            format!("`{}` is a reserved word", name.name),
        )
        .label("before `for` the key is an expression")
        .help("where the text is meant, write it between `\"`");
        self.report(problem);
    }

    fn entry(&mut self) -> Option<(Key, Expr)> {
        let assigns = |kind| {
            matches!(
                kind,
                TokenKind::Equal
                    | TokenKind::Colon
                    | TokenKind::EqualEqual
                    | TokenKind::FatArrow
                    | TokenKind::Arrow
            )
        };
        let key = if self.kind().is_word() && assigns(self.kind_at(1)) {
            Key::Label(Label::Name(self.word()?))
        } else if self.kind().is_string()
            && (assigns(self.kind_after(0)) || self.ends_after_string())
        {
            Key::Label(Label::String(self.string_literal()))
        } else {
            let expr = self.expr();
            if self.failed {
                return None;
            }
            match expr.kind {
                ExprKind::Name(name) => Key::Label(Label::Name(Ident {
                    name,
                    span: expr.span,
                })),
                _ => Key::Computed(expr),
            }
        };
        let what = match &key {
            Key::Label(Label::Name(name)) => self.subject(name),
            _ => Subject::Other("the key"),
        };
        if !self.equals(what) {
            return None;
        }
        let value = self.value(what);
        Some((key, value))
    }

    /// Whether nothing that could go on with a value follows the string here.
    fn ends_after_string(&self) -> bool {
        let next = self.kind_after(0);
        next.is_closer()
            || begins_value(next)
            || matches!(next, TokenKind::Comma | TokenKind::Semicolon)
    }
}

/// The key of an entry: a name or string, or what only a `for` may have there.
enum Key {
    Label(Label),
    Computed(Expr),
}

impl Key {
    fn into_expr(self) -> Expr {
        match self {
            Key::Label(Label::Name(ident)) => Expr {
                kind: ExprKind::Name(ident.name),
                span: ident.span,
            },
            Key::Label(Label::String(literal)) => Expr {
                span: literal.span,
                kind: ExprKind::String(literal),
            },
            Key::Computed(expr) => expr,
        }
    }
}

/// What the entries and the clauses after them make.
fn object_of(mut entries: Vec<Option<(Key, Expr)>>, clauses: Vec<Clause>) -> ExprKind {
    if !clauses.is_empty() {
        return match (entries.pop(), entries.is_empty()) {
            (Some(Some((key, value))), true) => ExprKind::MapFor {
                key: Box::new(key.into_expr()),
                value: Box::new(value),
                clauses,
            },
            _ => ExprKind::Error,
        };
    }
    let known: Option<Vec<ObjectEntry>> = entries
        .into_iter()
        .map(|entry| match entry? {
            (Key::Label(key), value) => Some(ObjectEntry { key, value }),
            (Key::Computed(_), _) => None,
        })
        .collect();
    // Where an entry is missing nobody shall say that it was never written.
    known.map_or(ExprKind::Error, ExprKind::Object)
}
