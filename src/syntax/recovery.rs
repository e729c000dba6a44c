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
            if self.quotes_are_missing(items) {
                return self.recover(items, first);
            }
            if self.separator_is_missing(items, first) {
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

    /// `[npm ci]`, `["say "hi" twice"]`: a text that lacks its quotes, or has too many, rather than a list that
    /// lacks a comma. Which of the two, a person must say.
    fn quotes_are_missing(&mut self, items: Items) -> bool {
        let (before, here) = (self.kind_before(), self.kind());
        let is_list = matches!(items, Items::Elements | Items::Arguments);
        let words = before == Some(TokenKind::Word) && here == TokenKind::Word;
        let has_word = before == Some(TokenKind::Word) || here == TokenKind::Word;
        let has_string = before.is_some_and(TokenKind::is_string) || here.is_string();
        if !is_list || !(words || has_word && has_string) || self.token(0).reported {
            return false;
        }
        let place = self.after();
        let problem = Diagnostic::error(
            &codes::MISSING,
            place,
            match words {
                true => "quotes are missing around a text, or a `,` between two values",
                false => "a `,` is missing, or a `\\` before a quote that belongs to the text",
            },
        )
        .label("something else begins after this")
        .help(match words {
            true => {
                "a text stands between `\"`: `\"npm ci\"`; two values stand with a `,` between them"
            }
            false => {
                "within a text a quote is written `\\\"`; two values stand with a `,` between them"
            }
        });
        self.fail(problem);
        true
    }

    /// Two items on a line without a separator: says so, and goes on with the second.
    fn separator_is_missing(&mut self, items: Items, first: Token) -> bool {
        let entry = self.kind().is_word() && self.kind_at(1) == TokenKind::Equal;
        let typed = self.kind().is_word() && self.kind_at(1) == TokenKind::Colon;
        let begins = match items {
            Items::File => return self.line_is_missing(),
            Items::Body => entry || typed || self.block_begins() || self.next_blocks(first),
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
            .label("something else begins after this")
            .help(match items {
                Items::Body => "write `,` between the two, or begin a new line",
                _ => "write `,` between the two; text stands between `\"`",
            });
        // `stack prod eu`: three words may be a label of two.
        let sure = items != Items::Body
            || self.kind_before() != Some(TokenKind::Word)
            || self.text_of(first) == self.text_of(self.token(0));
        self.report(match sure {
            true => problem.fix("write `,`", place, ","),
            false => problem.likely_fix("write `,`", place, ","),
        });
        true
    }

    /// Whether blocks begin here that have nothing but a label, after the item that began with `first`: after a field
    /// whose value ends with a word they may be anything.
    fn next_blocks(&self, first: Token) -> bool {
        let rest = self.text.get(first.end as usize..).unwrap_or("");
        let is_field = rest.trim_start().starts_with('=');
        let after_word = self.kind_before() == Some(TokenKind::Word);
        self.next_block() && !(is_field && after_word)
    }

    /// `stack A stack B`: whether a kind and its label stand here on one line, and then no further word. Several of
    /// them may follow each other.
    pub fn next_block(&self) -> bool {
        let mut words = 0;
        loop {
            let token = self.token(words);
            if token.first || !(token.kind.is_word() || token.kind.is_string()) {
                return words > 0 && words % 2 == 0;
            }
            if words % 2 == 0 && !token.kind.is_word() {
                return false;
            }
            if self.kind_at(words + 1) == TokenKind::Equal {
                return words > 0 && words % 2 == 0;
            }
            words += 1;
        }
    }

    /// `stack A { … } stack B { … }`: whether a block begins here, after a value or another block.
    fn block_begins(&self) -> bool {
        let is_label = self.kind_at(1).is_word() || self.kind_at(1).is_string();
        let after = self.token(if is_label { 2 } else { 1 });
        let ends = after.kind.is_closer() || after.kind == TokenKind::Comma || after.first;
        let has_word = self.kind().is_word() && self.kind() != TokenKind::Else;
        let before = self.kind_before();
        let after_word = before == Some(TokenKind::Word);
        match self.kind() {
            TokenKind::Let | TokenKind::Assert | TokenKind::Block => return true,
            TokenKind::For | TokenKind::If => return before == Some(TokenKind::CloseBrace),
            _ => {}
        }
        has_word && !after_word && (after.kind == TokenKind::OpenBrace || is_label && ends)
    }

    /// `let a = 1 let b = 2`
    fn line_is_missing(&mut self) -> bool {
        let declares = matches!(
            self.kind(),
            TokenKind::Let
                | TokenKind::Fn
                | TokenKind::Type
                | TokenKind::Schema
                | TokenKind::Policy
                | TokenKind::Pipeline
                | TokenKind::Use
        );
        if !declares || !self.kind_at(1).is_word() && !self.kind_at(1).is_string() {
            return false;
        }
        let gap = crate::source::Span::new(self.source, self.after().end, self.start());
        let problem = Diagnostic::error(&codes::MISSING, self.here(), "a new line is missing")
            .label("another declaration begins here")
            .help("begin a new line")
            .fix("begin a new line", gap, "\n");
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
