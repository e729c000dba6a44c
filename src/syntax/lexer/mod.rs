//! From text to tokens. Never fails: what is no token becomes a [`TokenKind::Bad`] one.

mod characters;
mod strings;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::source::{SourceId, Span};
use crate::syntax::token::{Token, TokenKind};
use strings::OpenString;

/// A comment as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawComment {
    /// Which form.
    pub kind: CommentKind,
    /// Whether nothing but blanks stands before it on its line.
    pub first: bool,
    /// The first byte.
    pub start: u32,
    /// The byte after the last; a line break is not part of it.
    pub end: u32,
}

/// The forms of comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommentKind {
    /// `//`
    Line,
    /// `/* */`
    Block,
    /// `///`
    Doc,
    /// `//!`
    FileDoc,
}

/// What the lexer makes of a file.
pub(super) struct Lexed {
    /// The tokens; the last is [`TokenKind::End`].
    pub tokens: Vec<Token>,
    /// The comments.
    pub comments: Vec<RawComment>,
    /// What is wrong in any case.
    pub problems: Vec<Diagnostic>,
    /// What is wrong with [`TokenKind::Bad`] tokens, by their first byte, in order: to be reported
    /// where nothing else is wrong around them.
    pub deferred: Vec<(u32, Diagnostic)>,
}

/// Cuts a text, of at most `u32::MAX` bytes, into tokens.
pub(super) fn lex(source: SourceId, text: &str) -> Lexed {
    let mut lexer = Lexer {
        source,
        text,
        bytes: text.as_bytes(),
        position: 0,
        first: true,
        strings: Vec::new(),
        rewinds: 0,
        lexed: Lexed {
            tokens: Vec::with_capacity(text.len() / 5 + 16),
            comments: Vec::new(),
            problems: Vec::new(),
            deferred: Vec::new(),
        },
    };
    lexer.run();
    lexer.lexed
}

struct Lexer<'a> {
    source: SourceId,
    text: &'a str,
    bytes: &'a [u8],
    position: usize,
    /// Whether the next token is the first on its line.
    first: bool,
    /// The strings in whose `#{` the lexer is, outermost first.
    strings: Vec<OpenString>,
    /// How often the lexer went back to read an unclosed `#{` as text.
    rewinds: u32,
    lexed: Lexed,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) {
        loop {
            let Some(byte) = self.byte(0) else {
                if self.strings.is_empty() {
                    break;
                }
                self.unclosed_interpolation(0);
                continue;
            };
            match byte {
                b' ' | b'\t' => self.position += 1,
                b'\r' if matches!(self.byte(1), Some(b'\n')) => self.position += 1,
                b'\n' => self.line_break(),
                b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
                b'0'..=b'9' => self.number(),
                b'"' => self.string(),
                b'/' if matches!(self.byte(1), Some(b'/')) => self.line_comment(),
                b'/' if matches!(self.byte(1), Some(b'*')) => self.block_comment(),
                _ => self.punctuation(byte),
            }
        }
        self.push(TokenKind::End, self.position, self.position);
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.position + ahead).copied()
    }

    /// The text of a range of bytes.
    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or("")
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, offset(start), offset(end))
    }

    fn push(&mut self, kind: TokenKind, start: usize, end: usize) {
        self.lexed.tokens.push(Token {
            kind,
            first: self.first,
            reported: false,
            start: offset(start),
            end: offset(end),
        });
        self.first = false;
    }

    /// A token of `length` bytes from here.
    fn take(&mut self, kind: TokenKind, length: usize) {
        let start = self.position;
        self.position += length;
        self.push(kind, start, self.position);
    }

    fn line_break(&mut self) {
        if let Some(index) = self.strings.iter().position(|open| !open.multiline) {
            self.unclosed_interpolation(index);
            return;
        }
        self.position += 1;
        self.first = true;
    }

    fn word(&mut self) {
        let start = self.position;
        if self.byte(0) == Some(b'r') && self.raw_string() {
            return;
        }
        loop {
            match self.byte(0) {
                Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'0'..=b'9') => self.position += 1,
                Some(b'-')
                    if matches!(
                        self.byte(1),
                        Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'0'..=b'9')
                    ) =>
                {
                    self.position += 2;
                }
                Some(128..) if self.foreign_word(start) => return,
                _ => break,
            }
        }
        let kind = TokenKind::of_word(self.slice(start, self.position));
        self.push(kind, start, self.position);
    }

    fn number(&mut self) {
        let start = self.position;
        loop {
            match self.byte(0) {
                Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'0'..=b'9') => self.position += 1,
                Some(b'.') if matches!(self.byte(1), Some(b'0'..=b'9')) => self.position += 1,
                _ => break,
            }
        }
        self.push(TokenKind::Number, start, self.position);
    }

    fn line_comment(&mut self) {
        let start = self.position;
        let length = self
            .bytes
            .get(start..)
            .and_then(|rest| rest.iter().position(|byte| *byte == b'\n'))
            .unwrap_or(self.bytes.len() - start);
        self.position = start + length;
        let text = self.slice(start, self.position);
        let kind = if text.starts_with("//!") {
            CommentKind::FileDoc
        } else if text.starts_with("///") && !text.starts_with("////") {
            CommentKind::Doc
        } else {
            CommentKind::Line
        };
        let line_break = self.position < self.bytes.len();
        let carriage = line_break && text.ends_with('\r');
        let end = self.position - usize::from(carriage);
        self.comment(kind, start, end);
    }

    fn block_comment(&mut self) {
        let start = self.position;
        self.position += 2;
        let mut depth = 1u32;
        while depth > 0 {
            match (self.byte(0), self.byte(1)) {
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    self.position += 2;
                }
                (Some(b'/'), Some(b'*')) => {
                    depth += 1;
                    self.position += 2;
                }
                (Some(_), _) => self.position += 1,
                (None, _) => {
                    let problem = Diagnostic::error(
                        &codes::COMMENT_NOT_CLOSED,
                        self.span(start, start + 2),
                        "this comment is never closed",
                    )
                    .label("the comment begins here")
                    .help("write `*/` where it ends; a comment within it needs a `*/` of its own");
                    self.lexed.problems.push(problem);
                    break;
                }
            }
        }
        self.comment(CommentKind::Block, start, self.position);
    }

    fn comment(&mut self, kind: CommentKind, start: usize, end: usize) {
        self.check_characters(start, end, None);
        self.lexed.comments.push(RawComment {
            kind,
            first: self.first,
            start: offset(start),
            end: offset(end),
        });
    }

    fn punctuation(&mut self, byte: u8) {
        use TokenKind as T;
        let next = self.byte(1);
        let (kind, length) = match (byte, next) {
            (b'(', _) => (T::OpenParen, 1),
            (b')', _) => (T::CloseParen, 1),
            (b'[', _) => (T::OpenBracket, 1),
            (b']', _) => (T::CloseBracket, 1),
            (b'{', _) => {
                if let Some(open) = self.strings.last_mut() {
                    open.braces += 1;
                }
                (T::OpenBrace, 1)
            }
            (b'}', _) => match self.strings.last_mut() {
                Some(open) if open.braces == 0 => return self.end_interpolation(),
                Some(open) => {
                    open.braces -= 1;
                    (T::CloseBrace, 1)
                }
                None => (T::CloseBrace, 1),
            },
            (b',', _) => (T::Comma, 1),
            (b';', _) => (T::Semicolon, 1),
            (b':', _) => (T::Colon, 1),
            (b'.', Some(b'.')) => (T::DotDot, 2),
            (b'.', _) => (T::Dot, 1),
            (b'?', Some(b'.')) if self.byte(2) != Some(b'.') => (T::QuestionDot, 2),
            (b'?', Some(b'?')) => (T::Coalesce, 2),
            (b'?', _) => (T::Question, 1),
            (b'=', Some(b'=')) => (T::EqualEqual, 2),
            (b'=', Some(b'>')) => (T::FatArrow, 2),
            (b'=', _) => (T::Equal, 1),
            (b'!', Some(b'=')) => (T::BangEqual, 2),
            (b'!', _) => (T::Bang, 1),
            (b'<', Some(b'=')) => (T::LessEqual, 2),
            (b'<', _) => (T::Less, 1),
            (b'>', Some(b'=')) => (T::GreaterEqual, 2),
            (b'>', _) => (T::Greater, 1),
            (b'+', _) => (T::Plus, 1),
            (b'-', Some(b'>')) => (T::Arrow, 2),
            (b'-', _) => (T::Minus, 1),
            (b'*', _) => (T::Star, 1),
            (b'/', _) => (T::Slash, 1),
            (b'%', _) => (T::Percent, 1),
            (b'&', Some(b'&')) => (T::AndAnd, 2),
            (b'|', Some(b'|')) => (T::OrOr, 2),
            (b'|', _) => (T::Pipe, 1),
            _ => return self.unknown(byte),
        };
        self.take(kind, length);
    }
}

/// A position as spans hold it; the parser refuses larger files before it comes to this.
pub(super) fn offset(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// A piece of source for a message: short.
pub(super) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
