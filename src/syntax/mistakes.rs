//! What people write where an item should stand, and what they mean by it.

use smol_str::SmolStr;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::source::Span;
use crate::syntax::ast::{BodyItem, Item};
use crate::syntax::parser::Parser;
use crate::syntax::parts::Subject;
use crate::syntax::token::{Token, TokenKind};

impl Parser<'_> {
    /// Something that is no declaration.
    #[cold]
    pub fn other_item(&mut self, docs: Option<SmolStr>) -> Option<Item> {
        let token = self.token(0);
        let word = self.text_of(token);
        let span = self.here();
        let next = self.kind_at(1);
        if token.kind == TokenKind::Word
            && next.is_word()
            && let Some(right) = right_word(word)
        {
            let problem = Diagnostic::error(
                &codes::OTHER_NOTATION,
                span,
                format!("`{word}` declares nothing"),
            )
            .help(format!("write `{right}`"))
            .fix(format!("write `{right}`"), span, right);
            self.report(problem);
            self.failed = true;
            return match right {
                "let" => self.let_item(docs).map(Item::Let),
                "fn" => self.function(docs).map(Item::Function),
                "schema" => self.schema(docs).map(Item::Schema),
                _ => None,
            };
        }
        if matches!(word, "import" | "include" | "require" | "from")
            && token.kind == TokenKind::Word
        {
            let problem = Diagnostic::error(
                &codes::OTHER_NOTATION,
                span,
                format!("`{word}` is not how modules are used"),
            )
            .help("write `use \"./fleet.aphex\".{accounts}` or `use std.notify.{slack}`");
            self.fail(problem);
            return None;
        }
        if token.kind.is_word() && matches!(next, TokenKind::Equal | TokenKind::Colon) {
            let problem = Diagnostic::error(
                &codes::MISPLACED,
                span,
                format!("`{word}` stands outside of every block"),
            )
            .label("only declarations stand here")
            .help(format!("move it into `pipeline NAME {{ … }}`; a value for use in this file is declared as `let {word} = …`"));
            self.fail(problem);
            return None;
        }
        let in_body = matches!(
            token.kind,
            TokenKind::Word | TokenKind::For | TokenKind::If | TokenKind::Assert | TokenKind::Block
        );
        if in_body && (next.is_word() || next.is_string() || matches!(next, TokenKind::OpenBrace)) {
            let problem = Diagnostic::error(
                &codes::MISPLACED,
                span,
                format!("`{word}` stands outside of every block"),
            )
            .label("only declarations stand here")
            .help(match token.kind {
                TokenKind::Block => "`block` stands in a `schema`",
                _ => "move it into `pipeline NAME { … }`",
            });
            self.report(problem);
            self.failed = true;
            if token.kind == TokenKind::Word {
                // What is in it is still looked at.
                self.block(docs);
            }
            return None;
        }
        let problem = Diagnostic::error(
            &codes::UNEXPECTED,
            span,
            format!("no declaration begins with {}", self.found()),
        )
        .help(
            "a file has `use`, `let`, `fn`, `type`, `schema`, `policy` and `pipeline` declarations",
        );
        self.fail(problem);
        None
    }

    /// Something that no field and no block begins with.
    #[cold]
    pub fn not_in_body(&mut self) -> Option<BodyItem> {
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

    /// A word that begins neither a field nor a block, because of the token after it.
    #[cold]
    pub fn lonely_word(&mut self, next: Token) -> Option<BodyItem> {
        let word = self.text_of(self.token(0));
        let span = self.here();
        self.bump();
        let kind = if next.first {
            TokenKind::End
        } else {
            next.kind
        };
        let unexpected = |message: String| Diagnostic::error(&codes::UNEXPECTED, span, message);
        let problem = match kind {
            TokenKind::OpenParen => unexpected("a call does nothing here".to_owned()).help(
                format!("give its result to a field or a name: `let x = {word}(…)`"),
            ),
            TokenKind::Dot | TokenKind::OpenBracket => unexpected(
                "a field is set in the block that it belongs to".to_owned(),
            )
            .help(format!(
                "write `{word} {{ … }}`; a block that exists is changed by `with {{ … }}`"
            )),
            TokenKind::Plus | TokenKind::Question => {
                unexpected(format!("`{word}` is given its value by `=` alone"))
                    .help(format!("write `{word} = …`"))
            }
            _ => Diagnostic::error(&codes::MISSING, span, format!("`{word}` stands alone"))
                .label("a field without a value, or a block without a body")
                .help(format!(
                    "write `{word} = value` for a field, `{word} {{ … }}` for a block"
                )),
        };
        self.fail(problem);
        None
    }

    /// A kind of block with nothing after it.
    #[cold]
    pub fn missing_label(&mut self, what: Subject<'_>) {
        let (place, found) = self.place_of_missing();
        let problem = Diagnostic::error(
            &codes::MISSING,
            place,
            format!("{what} has neither a label nor a body"),
        )
        .label(found)
        .help("write `KIND NAME { … }`");
        self.fail(problem);
    }

    /// `environment dev = { … }`: braces alone hold no value that a block could be.
    #[cold]
    pub fn assigned_body(&mut self, what: Subject<'_>) {
        let start = self.after();
        let token = self.bump();
        let written = self.text_of(token);
        let gap = Span::new(self.source, start.end, self.start());
        let problem = Diagnostic::error(
            &codes::OTHER_NOTATION,
            self.span_of(token),
            format!("what is in {what} stands between braces, without `{written}`"),
        )
        .label("this is too much")
        .help(format!(
            "leave out the `{written}`; a block is given a value as in `environment dev = regional(\"eu-west-1\")`"
        ));
        // A comment between the two is not to be lost.
        let alone = self
            .text
            .get(gap.range())
            .is_some_and(|text| text.trim() == written);
        self.report(match alone {
            true => problem.fix(format!("leave out the `{written}`"), gap, " "),
            false => problem,
        });
    }

    /// Whatever stands after a label and is neither `{` nor `=`.
    pub fn second_label(&mut self, what: Subject<'_>) {
        if self.next_block() {
            return;
        }
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
}

/// The word of this language for one of another.
fn right_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "const" | "var" | "val" | "local" | "locals" => "let",
        "def" | "function" | "func" | "fun" => "fn",
        "struct" | "class" | "interface" | "record" => "schema",
        _ => return None,
    })
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
