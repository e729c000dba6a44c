//! Where an item ends, and how to go on after one that could not be read.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::syntax::parser::Parser;
use crate::syntax::token::{Token, TokenKind};

/// What separates the items of a group, and how an item begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Items {
    /// Declarations of a file.
    File,
    /// Lines of a block or a schema.
    Body,
    /// Entries of an object.
    Entries,
    /// Arms of a `match`.
    Arms,
    /// Elements of a list.
    Elements,
    /// What stands between `(` and `)`: only commas separate.
    Arguments,
}

impl Items {
    /// Whether this token may begin such an item.
    fn begins(self, kind: TokenKind) -> bool {
        match self {
            Items::File | Items::Body => kind.is_word(),
            Items::Entries => kind.is_word() || kind.is_string(),
            Items::Arms | Items::Elements | Items::Arguments => begins_value(kind),
        }
    }
}

impl Parser<'_> {
    /// Reads items up to a closing bracket or the end, each with a reader that takes at least its first
    /// token or reports a problem. Every item is left at its end, also a broken one.
    pub fn items<T>(&mut self, items: Items, mut read: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut list = Vec::new();
        loop {
            self.separators(items, list.is_empty());
            self.failed = false;
            if self.kind().is_closer() || self.at(TokenKind::End) {
                return list;
            }
            let first = self.token(0);
            list.push(read(self));
            self.end_item(items, first);
            if self.token(0).start == first.start
                && !self.at(TokenKind::End)
                && !self.kind().is_closer()
            {
                self.skip();
            }
        }
    }

    /// What stands between two items: at most one `,` or `;`.
    fn separators(&mut self, items: Items, first: bool) {
        let mut allowed = !first;
        loop {
            let kind = self.kind();
            let separates = kind == TokenKind::Comma
                || (kind == TokenKind::Semicolon && items != Items::Arguments);
            if !separates {
                return;
            }
            if !allowed {
                let written = self.text_of(self.token(0));
                let problem = Diagnostic::error(
                    &codes::UNEXPECTED,
                    self.here(),
                    format!("nothing stands before this `{written}`"),
                )
                .help(format!(
                    "leave out the `{written}`, or write what is missing before it"
                ));
                self.fail(problem);
            }
            allowed = false;
            self.bump();
        }
    }

    /// After an item that began with `first`: its end, or a problem with what follows it.
    pub fn end_item(&mut self, items: Items, first: Token) {
        if !self.failed && (self.at_end_of_item(items)) {
            return;
        }
        if !self.failed {
            if self.separator_is_missing(items) {
                return;
            }
            self.report_rest(items);
        }
        self.recover(items, first);
    }

    fn at_end_of_item(&self, items: Items) -> bool {
        let kind = self.kind();
        kind.is_closer()
            || matches!(kind, TokenKind::Comma | TokenKind::End)
            || (kind == TokenKind::Semicolon && items != Items::Arguments)
            || self.at_new_line()
    }

    /// Two items on a line without a separator: says so, and goes on with the second.
    fn separator_is_missing(&mut self, items: Items) -> bool {
        let entry = self.kind().is_word() && self.kind_at(1) == TokenKind::Equal;
        let block = self.kind().is_word()
            && (self.kind_at(1) == TokenKind::OpenBrace
                || ((self.kind_at(1).is_word() || self.kind_at(1).is_string())
                    && self.kind_at(2) == TokenKind::OpenBrace));
        let begins = match items {
            Items::File => false,
            Items::Body => entry || block,
            Items::Entries => entry,
            Items::Arms => false,
            Items::Elements | Items::Arguments => {
                begins_value(self.kind())
                    && !matches!(self.kind(), TokenKind::Minus | TokenKind::OpenBrace)
            }
        };
        if !begins || self.token(0).reported {
            return false;
        }
        let place = self.after();
        let problem = Diagnostic::error(&codes::MISSING, place, "a `,` is missing")
            .label("something else begins after this");
        // `[npm ci]` is more probably a text without its quotes than two names.
        let is_text =
            self.kind_before().is_some_and(TokenKind::is_word) && self.kind().is_word() && !entry;
        let problem = match is_text {
            true => problem.help("put text between `\"`, or write `,` between two values"),
            false => problem
                .help("write `,` between the two")
                .fix("write `,`", place, ","),
        };
        self.report(problem);
        true
    }

    fn report_rest(&mut self, items: Items) {
        let found = self.found();
        let problem = match self.kind() {
            TokenKind::Question => Diagnostic::error(
                &codes::OTHER_NOTATION,
                self.here(),
                "`?` does not choose between two values",
            )
            .help("write `if condition { a } else { b }`"),
            TokenKind::FatArrow => Diagnostic::error(
                &codes::OTHER_NOTATION,
                self.here(),
                "`=>` makes no function",
            )
            .help(
                "declare the function at the top of the file: `fn name(x: String) -> String = …`",
            ),
            TokenKind::Equal | TokenKind::Colon if items == Items::Elements => Diagnostic::error(
                &codes::UNEXPECTED,
                self.here(),
                "a list has elements without names",
            )
            .label("this would give a name")
            .help("an object, with names, stands between `{` and `}`"),
            TokenKind::Semicolon => Diagnostic::error(
                &codes::UNEXPECTED,
                self.here(),
                "`;` does not separate what stands between `(` and `)`",
            )
            .help("write `,`")
            .fix("write `,`", self.here(), ","),
            TokenKind::OpenBrace => Diagnostic::error(
                &codes::UNEXPECTED,
                self.here(),
                "`{` has nothing before it to belong to",
            )
            .help("`{` stands on the line of the name that it belongs to: `environment dev {`"),
            _ => Diagnostic::error(
                &codes::UNEXPECTED,
                self.here(),
                format!("{found} does not belong to what stands before it"),
            )
            .label("this is left over")
            .help(match items {
                Items::Arguments => "write `,` between arguments; text stands between `\"`",
                _ => "begin a new line, or write `,` before it; text stands between `\"`",
            }),
        };
        self.fail(problem);
    }

    /// Goes to the end of a broken item: the next separator at this level, or the next line that is not
    /// indented more than the item.
    pub fn recover(&mut self, items: Items, first: Token) {
        let column = first.first.then(|| self.column(first));
        loop {
            let token = self.token(0);
            if token.kind.is_closer() || token.kind == TokenKind::End {
                return;
            }
            let separates = match token.kind {
                TokenKind::Comma => items != Items::File && items.begins(self.kind_at(1)),
                TokenKind::Semicolon => items != Items::Arguments,
                _ => false,
            };
            let closes = self.kind_at(1).is_closer() && token.kind == TokenKind::Comma;
            if (separates || closes) && token.start > first.start {
                return;
            }
            if token.start > first.start && self.at_new_line() {
                let outer = column.is_none_or(|column| self.column(token) <= column);
                if outer {
                    return;
                }
            }
            self.skip();
        }
    }

    /// How far from the beginning of its line a token stands, in bytes.
    pub fn column(&self, token: Token) -> usize {
        let before = self.text.get(..token.start as usize).unwrap_or("");
        before.len() - before.rfind('\n').map_or(0, |at| at + 1)
    }

    /// What stands here, for a message.
    pub fn found(&self) -> String {
        self.describe(self.token(0))
    }

    /// A token, for a message.
    pub fn describe(&self, token: Token) -> String {
        match token.kind {
            TokenKind::End => "the end of the file".to_owned(),
            TokenKind::String | TokenKind::BadString | TokenKind::StringStart => {
                "this string".to_owned()
            }
            _ => format!("`{}`", crate::syntax::lexer::shown(self.text_of(token))),
        }
    }
}

/// Whether a value may begin with this token.
pub(super) fn begins_value(kind: TokenKind) -> bool {
    kind.is_string()
        || matches!(
            kind,
            TokenKind::Word
                | TokenKind::True
                | TokenKind::False
                | TokenKind::Null
                | TokenKind::Number
                | TokenKind::OpenBracket
                | TokenKind::OpenBrace
                | TokenKind::OpenParen
                | TokenKind::Bang
                | TokenKind::Minus
                | TokenKind::If
                | TokenKind::Match
        )
}
