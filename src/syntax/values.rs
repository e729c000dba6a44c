//! Values that stand by themselves: literals, names, lists, objects, parentheses, `if`, `match`.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::syntax::ast::{Arm, Clause, Expr, ExprKind, Label, Let, ObjectEntry, Pattern};
use crate::syntax::parser::Parser;
use crate::syntax::recovery::{Items, begins_value};
use crate::syntax::token::TokenKind;
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
        let kind = result.unwrap_or_else(|bad| {
            let span = self.here();
            let mut problem = Diagnostic::error(&codes::NUMBER, span, bad.message).help(bad.help);
            if let Some(meant) = bad.meant {
                problem = problem.fix(format!("write `{meant}`"), span, meant);
            }
            self.report(problem);
            ExprKind::Error
        });
        self.bump();
        kind
    }

    /// Says that a value is missing here.
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
            .help("where the text is meant, write it between `\"`")
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
        self.error_expr(place.start)
    }

    /// `[a, b]`, `[f(x) for x in xs if c]`
    fn list(&mut self) -> ExprKind {
        self.bump();
        let outside = self.enter(true);
        let mut clauses = Vec::new();
        let mut count = 0;
        let mut elements = self.items(Items::Elements, |parser| {
            count += 1;
            let element = parser.expr();
            if parser.at(TokenKind::For) && !parser.failed {
                if count > 1 {
                    parser.refuse_for();
                }
                clauses = parser.clauses();
            }
            element
        });
        self.bump();
        self.leave(outside);
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
                self.binding().map(Clause::For)
            } else if self.eat(TokenKind::If).is_some() {
                Some(Clause::If(self.header("`if` has no condition", |parser| {
                    parser.condition("`if`")
                })))
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
            let problem = Diagnostic::error(
                &codes::UNEXPECTED,
                self.here(),
                format!("{} does not belong to this `for`", self.found()),
            )
            .label("after `for x in xs` comes another `for`, an `if`, or the end")
            .help("a list made by `for` has nothing else in it; put two lists together by `+`");
            self.fail(problem);
        }
        if clauses.is_empty() {
            // Not a list after all, but one with an error in it.
            clauses.push(Clause::If(self.error_expr(self.start())));
        }
        clauses
    }

    /// `{ key = value }`, `{ k = v for k, v in m }`
    pub fn object(&mut self) -> ExprKind {
        self.bump();
        let outside = self.enter(true);
        let mut clauses = Vec::new();
        let mut count = 0;
        let mut entries = self.items(Items::Entries, |parser| {
            let entry = parser.entry();
            count += 1;
            if parser.at(TokenKind::For) && !parser.failed {
                if count > 1 {
                    parser.refuse_for();
                }
                if let Some((Key::Label(Label::Name(name)), _)) = &entry
                    && TokenKind::of_word(&name.name).is_reserved()
                {
                    let problem = Diagnostic::error(
                        &codes::RESERVED_WORD,
                        name.span,
                        format!("`{}` is a reserved word", name.name),
                    )
                    .label("before `for` the key is an expression")
                    .help("where the text is meant, write it between `\"`");
                    parser.report(problem);
                }
                clauses = parser.clauses();
            } else if let Some((Key::Computed(key), _)) = &entry {
                let problem =
                    Diagnostic::error(&codes::UNEXPECTED, key.span, "a key is a name or a string")
                        .help("a computed key stands in a string: `\"#{…}\" = value`");
                parser.report(problem);
            }
            entry
        });
        self.bump();
        self.leave(outside);
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
        let count = entries.len();
        let entries: Vec<ObjectEntry> = entries
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| match key {
                Key::Label(key) => Some(ObjectEntry { key, value }),
                Key::Computed(_) => None,
            })
            .collect();
        if entries.len() < count {
            // An entry is missing: nobody shall say that it was never written.
            return ExprKind::Error;
        }
        ExprKind::Object(entries)
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
            Key::Computed(expr)
        };
        let what = match &key {
            Key::Label(label) => match label.fixed() {
                Some(name) => format!("`{name}`"),
                None => "the key".to_owned(),
            },
            Key::Computed(_) => "the key".to_owned(),
        };
        if !self.equals(&what) {
            return None;
        }
        let value = self.value(&what);
        Some((key, value))
    }

    /// Whether nothing that could go on with a value follows the string here.
    fn ends_after_string(&self) -> bool {
        let next = self.kind_after(0);
        next.is_closer()
            || begins_value(next)
            || matches!(next, TokenKind::Comma | TokenKind::Semicolon)
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
            if separated {
                continue;
            }
            let place = self.after();
            let problem = Diagnostic::error(&codes::MISSING, place, "`;` is missing after a `let`")
                .label("`;` belongs here")
                .help("write `;` and the value: `(let a = 1; a + 1)`");
            self.fail(problem);
            self.recover(Items::Entries, first);
            while matches!(self.kind(), TokenKind::Comma | TokenKind::Semicolon) {
                self.bump();
            }
        }
        lets
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

    /// `if c { a } else if d { b } else { e }`
    fn if_expr(&mut self) -> ExprKind {
        let mut branches = Vec::new();
        let otherwise = loop {
            let start = self.start();
            self.bump();
            let condition = self.header("`if` has no condition", |parser| parser.condition("`if`"));
            if !self.opens_brace("the condition of `if`", "if condition { a } else { b }") {
                break self.error_expr(start);
            }
            let then = self.branch();
            branches.push((start, condition, then));
            if self.failed || !self.link() {
                break self.error_expr(start);
            }
            if !self.at_else() {
                let place = self.after();
                let problem = Diagnostic::error(
                    &codes::MISSING,
                    place,
                    "an `if` that gives a value needs an `else`",
                )
                .label("`else { … }` is missing here")
                .help("write `else { value }`");
                self.fail(problem);
                break self.error_expr(place.start);
            }
            if self.at(TokenKind::If) {
                continue;
            }
            if !self.opens_brace("`else`", "else { value }") {
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

    /// `match x { pattern => value, … }`
    fn match_expr(&mut self) -> ExprKind {
        self.bump();
        let subject = self.header("`match` has nothing to look at", Parser::expr);
        if !self.opens_brace("`match`", "match value { pattern => result }") {
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
        let span = self.here();
        match self.kind() {
            TokenKind::FatArrow => {
                self.bump();
            }
            TokenKind::Arrow | TokenKind::Equal | TokenKind::Colon => {
                self.bump();
                let problem = Diagnostic::error(
                    &codes::OTHER_NOTATION,
                    span,
                    "`=>` stands between a pattern and its value",
                )
                .help("write `=>`")
                .fix("write `=>`", span, "=>");
                self.report(problem);
            }
            _ => {
                self.expect(
                    TokenKind::FatArrow,
                    "=>",
                    "a pattern has its value after it",
                );
                return None;
            }
        }
        let value = if self.at(TokenKind::OpenBrace) {
            self.branch()
        } else {
            self.value("this pattern")
        };
        Some(Arm { patterns, value })
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
        None
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
