//! What string literals say: escapes, stripped indentation, interpolation, and where each byte was written.

use smol_str::SmolStr;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, StringLiteral, StringPart, StringText};
use crate::syntax::parser::{Parser, offset};
use crate::syntax::token::{Token, TokenKind};

impl StringText {
    /// The byte of the file where byte `offset` of the text was written; `None` past its end. A byte that
    /// comes from an escape lies within that escape. The end of the text is the byte after the last one.
    pub fn source_byte(&self, offset: u32) -> Option<u32> {
        if offset as usize > self.text.len() {
            return None;
        }
        let next = self.map.partition_point(|(start, _)| *start <= offset);
        let (start, byte) = self.map.get(next.checked_sub(1)?)?;
        Some(byte + (offset - start))
    }
}

impl StringLiteral {
    /// The byte of the file where byte `offset` of the text was written, in a string without interpolation.
    pub fn source_byte(&self, offset: u32) -> Option<u32> {
        match self.parts.as_slice() {
            [StringPart::Text(text)] => text.source_byte(offset),
            _ => None,
        }
    }

    /// The place of a range of bytes of the text, in a string without interpolation.
    pub fn source_span(&self, start: u32, end: u32) -> Option<Span> {
        let first = self.source_byte(start)?;
        let last = self.source_byte(end)?.max(first);
        Some(Span::new(self.span.source, first, last))
    }
}

/// How the text of a literal is to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `"…"`
    Line,
    /// `"""…"""`
    Lines,
    /// `r"…"`, `r#"…"#`
    Raw,
}

impl<'a> Parser<'a> {
    /// A string literal of any form. One with a problem has an error among its parts.
    pub fn string_literal(&mut self) -> StringLiteral {
        let token = self.token(0);
        let span = self.here();
        match token.kind {
            TokenKind::String => {
                self.bump();
                self.whole_string(token)
            }
            TokenKind::StringStart => self.interpolated(),
            _ => {
                if token.kind == TokenKind::BadString {
                    self.bump();
                }
                StringLiteral {
                    parts: vec![error_part(span)],
                    span,
                }
            }
        }
    }

    fn whole_string(&mut self, token: Token) -> StringLiteral {
        let written = self.text_of(token);
        let (form, open, close) = if let Some(rest) = written.strip_prefix('r') {
            let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
            (Form::Raw, hashes + 2, hashes + 1)
        } else if written.len() >= 6 && written.starts_with("\"\"\"") {
            (Form::Lines, 3, 3)
        } else {
            (Form::Line, 1, 1)
        };
        let start = token.start + offset(open);
        let end = token.end.saturating_sub(offset(close)).max(start);
        let mut reader = Reader::new(self, form, end);
        reader.read(start, end, true, true);
        let parts = reader.finish();
        StringLiteral {
            parts,
            span: self.span_of(token),
        }
    }

    fn interpolated(&mut self) -> StringLiteral {
        let first = self.token(0);
        let form = match first.end - first.start {
            3 => Form::Lines,
            _ => Form::Line,
        };
        // The closing quotes say how far the lines are indented.
        let close = self.partner();
        let mut parts = Vec::new();
        self.bump();
        let mut is_first = true;
        loop {
            let token = self.token(0);
            match token.kind {
                TokenKind::StringText => {
                    self.bump();
                    let is_last = self.at(TokenKind::StringEnd);
                    let mut reader = Reader::new(self, form, close.start);
                    reader.read(token.start, token.end, is_first, is_last);
                    parts.extend(reader.finish());
                }
                TokenKind::InterpolationStart => parts.push(self.interpolation()),
                _ => break,
            }
            is_first = false;
        }
        self.eat(TokenKind::StringEnd);
        StringLiteral {
            parts,
            span: self.span_from(first.start),
        }
    }

    /// `#{expr}`
    fn interpolation(&mut self) -> StringPart {
        let start = self.start();
        self.bump();
        let outside = self.enter(false);
        let expr = if self.at(TokenKind::InterpolationEnd) {
            self.empty_interpolation(start);
            self.error_expr(start)
        } else {
            self.expr()
        };
        if !self.at(TokenKind::InterpolationEnd) {
            self.rest_of_interpolation();
        }
        while !matches!(self.kind(), TokenKind::InterpolationEnd | TokenKind::End) {
            self.skip();
        }
        self.bump();
        self.leave(outside);
        StringPart::Expr(expr)
    }

    #[cold]
    fn empty_interpolation(&mut self, start: u32) {
        let span = self.span_from(start).to(self.here());
        let problem = Diagnostic::error(&codes::MISSING, span, "`#{}` has nothing in it").help(
            "write an expression between the braces; where the text itself is meant, write `\\#{}`",
        );
        self.report(problem);
    }

    #[cold]
    fn rest_of_interpolation(&mut self) {
        let problem = Diagnostic::error(
            &codes::UNEXPECTED,
            self.here(),
            format!("{} does not belong to the value before it", self.found()),
        )
        .help("one expression stands in `#{…}`; where the text `#{` itself is meant, write `\\#{`");
        self.fail(problem);
    }
}

fn error_part(span: Span) -> StringPart {
    StringPart::Expr(Expr {
        kind: ExprKind::Error,
        span,
    })
}

/// Reads the text between quotes and interpolations.
struct Reader<'p, 'a> {
    parser: &'p mut Parser<'a>,
    form: Form,
    /// What every line of a multi-line string begins with, taken from the line of its closing quotes.
    indentation: &'a str,
    text: String,
    map: Vec<(u32, u32)>,
    parts: Vec<StringPart>,
}

impl<'p, 'a> Reader<'p, 'a> {
    /// `close`: the byte of the closing quotes.
    fn new(parser: &'p mut Parser<'a>, form: Form, close: u32) -> Self {
        let text: &'a str = parser.text;
        let indentation = if form == Form::Lines {
            let before = text.get(..close as usize).unwrap_or("");
            let line = before.rfind('\n').map_or(0, |at| at + 1);
            let line = text.get(line..close as usize).unwrap_or("");
            line.get(..blanks(line)).unwrap_or("")
        } else {
            ""
        };
        Reader {
            parser,
            form,
            indentation,
            text: String::new(),
            map: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// The bytes `start..end` of the file; the first piece of its literal, the last one, both or none.
    fn read(&mut self, start: u32, end: u32, is_first: bool, is_last: bool) {
        let file: &'a str = self.parser.text;
        let mut written = file.get(start as usize..end as usize).unwrap_or("");
        if self.form != Form::Lines {
            return self.append(start, written);
        }
        let mut at = start;
        // Whether `written` begins a line.
        let mut new_line = false;
        if is_first
            && let Some((line, rest)) = written.split_once('\n')
            && line.trim().is_empty()
        {
            at += offset(line.len() + 1);
            written = rest;
            new_line = true;
        }
        if is_last {
            let (before, line) = match written.rsplit_once('\n') {
                Some((before, line)) => (Some(before), line),
                None => (new_line.then_some(""), written),
            };
            if let Some(before) = before
                && line.trim().is_empty()
            {
                written = before.strip_suffix('\r').unwrap_or(before);
            }
        }
        for line in written.split_inclusive('\n') {
            let whole = line.ends_with('\n') || is_last;
            let stripped = if !new_line {
                0
            } else if line.starts_with(self.indentation) {
                self.indentation.len()
            } else if whole && line.trim().is_empty() {
                blanks(line)
            } else {
                self.indented_less(at, line);
                blanks(line)
            };
            let rest = line.get(stripped..).unwrap_or("");
            self.append(at + offset(stripped), rest);
            at += offset(line.len());
            new_line = true;
        }
        let interpolated = new_line && !is_last && (written.is_empty() || written.ends_with('\n'));
        if interpolated && !self.indentation.is_empty() {
            self.indented_less(at, "");
        }
    }

    fn indented_less(&mut self, at: u32, line: &str) {
        let here = blanks(line);
        let span = Span::new(
            self.parser.source,
            at,
            at + offset(here.max(line.len().min(1))),
        );
        let mixed = here > 0 && here >= self.indentation.len();
        let problem = Diagnostic::error(
            &codes::INDENTATION,
            span,
            "this line is indented less than the `\"\"\"` that ends its string",
        )
        .label(if mixed {
            "tabs and blanks differ from those of the last line".to_owned()
        } else {
            format!("{here} blanks here, {} before the closing `\"\"\"`", self.indentation.len())
        })
        .help("indent the line further, or the closing `\"\"\"` less: what stands before it is taken off every line");
        self.parser.report(problem);
        self.error(span);
    }

    /// Text as it stands in the file from byte `at` on: escapes become what they mean, CRLF a line break.
    fn append(&mut self, mut at: u32, written: &str) {
        let raw = self.form == Form::Raw;
        let mut rest = written;
        while !rest.is_empty() {
            let plain = rest
                .find(|c| c == '\r' || (c == '\\' && !raw))
                .unwrap_or(rest.len());
            let (text, special) = rest.split_at_checked(plain).unwrap_or((rest, ""));
            self.push(at, text);
            at += offset(text.len());
            let length = match special.as_bytes().first() {
                None => return,
                Some(b'\r') if special.starts_with("\r\n") => {
                    self.push(at, "\n");
                    2
                }
                Some(b'\r') => {
                    self.push(at, "\r");
                    1
                }
                Some(_) => self.escape(at, special),
            };
            at += offset(length);
            rest = special.get(length..).unwrap_or("");
        }
    }

    /// Text that was written from byte `at` on.
    fn push(&mut self, at: u32, text: &str) {
        if text.is_empty() {
            return;
        }
        let here = offset(self.text.len());
        let goes_on = self
            .map
            .last()
            .is_some_and(|(start, byte)| byte + (here - start) == at);
        if !goes_on {
            self.map.push((here, at));
        }
        self.text.push_str(text);
    }

    /// The escape at the beginning of `rest`; its length in the file.
    fn escape(&mut self, at: u32, rest: &str) -> usize {
        let simple = match rest.as_bytes().get(1) {
            Some(b'n') => Some("\n"),
            Some(b't') => Some("\t"),
            Some(b'\\') => Some("\\"),
            Some(b'"') => Some("\""),
            _ => None,
        };
        if let Some(text) = simple {
            self.push(at, text);
            return 2;
        }
        if rest.starts_with("\\#{") {
            self.push(at, "#{");
            return 3;
        }
        if let Some((c, length)) = unicode(rest) {
            self.push(at, c.encode_utf8(&mut [0; 4]));
            return length;
        }
        self.bad_escape(at, rest)
    }

    fn bad_escape(&mut self, at: u32, rest: &str) -> usize {
        let after = rest.get(1..).unwrap_or("");
        let digits = |text: &str, most: usize| {
            let count = text
                .bytes()
                .take(most)
                .take_while(u8::is_ascii_hexdigit)
                .count();
            text.get(..count).unwrap_or("").to_owned()
        };
        let c = after.chars().next().unwrap_or(' ');
        let hex = match c {
            'u' => digits(after.get(1..).unwrap_or(""), 4),
            'x' => digits(after.get(1..).unwrap_or(""), 2),
            _ => String::new(),
        };
        let braced = after.starts_with("u{");
        let length = match c {
            'u' if braced => after
                .find('}')
                .filter(|end| *end < 16)
                .map_or(3, |end| end + 2),
            'u' if hex.len() == 4 => 6,
            'x' if hex.len() == 2 => 4,
            _ => 1 + c.len_utf8().min(after.len()),
        };
        let span = Span::new(self.parser.source, at, at + offset(length));
        let shown = rest.get(..length).unwrap_or("\\").trim_end();
        let problem =
            Diagnostic::error(&codes::ESCAPE, span, format!("`{shown}` is not an escape"))
                .note("the escapes are `\\n`, `\\t`, `\\\\`, `\\\"`, `\\#{` and `\\u{…}`");
        let fixed = |text: String| (format!("write `{text}`"), Some(text));
        let (help, fix) = match c {
            'u' if braced => (
                "between the braces stand one to six hexadecimal digits, of a character that exists: `\\u{e9}`".to_owned(),
                None,
            ),
            'u' if hex.len() == 4 => fixed(format!("\\u{{{hex}}}")),
            'x' if hex.len() == 2 => fixed(format!("\\u{{{hex}}}")),
            'r' => fixed("\\u{d}".to_owned()),
            '0' => fixed("\\u{0}".to_owned()),
            '#' => fixed("#".to_owned()),
            '\n' | '\r' => (
                "a line cannot be continued; leave out the `\\`, or write `\\\\` for the character itself".to_owned(),
                None,
            ),
            c => (
                format!("write `\\\\{c}` for a backslash and `{c}`, or `{c}` alone; in a raw string `r\"…\"` a backslash stands for itself"),
                None,
            ),
        };
        let mut problem = problem.help(help);
        if let Some(text) = fix {
            problem = problem.fix(format!("write `{text}`"), span, text);
        }
        self.parser.report(problem);
        self.error(span);
        length
    }

    /// Stands for text that could not be read.
    fn error(&mut self, span: Span) {
        self.flush();
        self.parts.push(error_part(span));
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(StringPart::Text(StringText {
                text: SmolStr::new(&self.text),
                map: std::mem::take(&mut self.map),
            }));
            self.text.clear();
        }
    }

    fn finish(mut self) -> Vec<StringPart> {
        self.flush();
        self.parts
    }
}

/// How many bytes of blanks and tabs a text begins with.
fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

/// `\u{…}` at the beginning: the character, and the length of the escape.
fn unicode(rest: &str) -> Option<(char, usize)> {
    let inner = rest.strip_prefix("\\u{")?;
    let digits = inner.bytes().take_while(u8::is_ascii_hexdigit).count();
    if !(1..=6).contains(&digits) || inner.as_bytes().get(digits) != Some(&b'}') {
        return None;
    }
    let number = u32::from_str_radix(inner.get(..digits)?, 16).ok()?;
    Some((char::from_u32(number)?, digits + 4))
}
