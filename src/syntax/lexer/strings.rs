//! The extent of string literals. What is in them is read by [`crate::syntax::strings`].

use super::Lexer;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::syntax::token::TokenKind;

/// A string in whose `#{` the lexer is.
pub(super) struct OpenString {
    /// Whether it began with `"""`.
    pub multiline: bool,
    /// Open `{` within the `#{`.
    pub braces: u32,
    /// The byte of its opening quotes.
    open: usize,
    /// Whether it is the first token on its line.
    first: bool,
    /// The byte of the `#{` itself.
    interpolation: usize,
    /// How much there was of everything before it, to go back to.
    tokens: usize,
    comments: usize,
    problems: usize,
    deferred: usize,
}

/// Why the text of a string stopped.
enum Stop {
    Quotes,
    Interpolation,
    Unclosed,
}

/// So many lines are looked at for the end of a string that began on another one.
const MOST_LINES: usize = 20;

/// An unclosed `#{` is read again as text so often in a file; after that its line is given up.
const MAX_REWINDS: u32 = 32;

impl Lexer<'_> {
    /// From the opening `"` or `"""`.
    pub(super) fn string(&mut self) {
        let open = self.position;
        let multiline = self
            .bytes
            .get(open..)
            .is_some_and(|rest| rest.starts_with(b"\"\"\""));
        self.string_from(open, multiline, true);
    }

    /// Without `interpolate`, `#{` is text, because one was found to be unclosed.
    fn string_from(&mut self, open: usize, multiline: bool, interpolate: bool) {
        let quotes = if multiline { 3 } else { 1 };
        self.position = open + quotes;
        match self.string_text(multiline, interpolate) {
            Stop::Quotes => {
                self.position += quotes;
                let kind = if interpolate {
                    TokenKind::String
                } else {
                    TokenKind::BadString
                };
                self.push(kind, open, self.position);
            }
            Stop::Interpolation => {
                let state = OpenString {
                    multiline,
                    braces: 0,
                    open,
                    first: self.first,
                    interpolation: self.position,
                    tokens: self.lexed.tokens.len(),
                    comments: self.lexed.comments.len(),
                    problems: self.lexed.problems.len(),
                    deferred: self.lexed.deferred.len(),
                };
                self.strings.push(state);
                self.push(TokenKind::StringStart, open, open + quotes);
                self.begin_interpolation(open + quotes);
            }
            Stop::Unclosed if interpolate => self.unclosed_string(open, multiline),
            Stop::Unclosed => self.push(TokenKind::BadString, open, self.position),
        }
    }

    /// At a `#{`: the text before it, and itself.
    fn begin_interpolation(&mut self, text: usize) {
        if text < self.position {
            self.push(TokenKind::StringText, text, self.position);
        }
        self.take(TokenKind::InterpolationStart, 2);
    }

    /// At the `}` of a `#{`: itself, and the string up to its end or the next `#{`.
    pub(super) fn end_interpolation(&mut self) {
        self.take(TokenKind::InterpolationEnd, 1);
        let Some(multiline) = self.strings.last().map(|open| open.multiline) else {
            return;
        };
        let text = self.position;
        match self.string_text(multiline, true) {
            Stop::Quotes => {
                if text < self.position {
                    self.push(TokenKind::StringText, text, self.position);
                }
                self.take(TokenKind::StringEnd, if multiline { 3 } else { 1 });
                self.strings.pop();
            }
            Stop::Interpolation => {
                let position = self.position;
                if let Some(open) = self.strings.last_mut() {
                    open.interpolation = position;
                }
                self.begin_interpolation(text);
            }
            Stop::Unclosed => {
                if let Some(state) = self.strings.pop() {
                    self.go_back(&state);
                    self.unclosed_string(state.open, multiline);
                }
            }
        }
    }

    /// Moves to the end of the text of a string. `Unclosed` leaves the position at the end of the line
    /// or, in a multi-line string, of the file.
    fn string_text(&mut self, multiline: bool, interpolate: bool) -> Stop {
        let start = self.position;
        let stop = loop {
            match self.byte(0) {
                None => break Stop::Unclosed,
                Some(b'"') if !multiline => break Stop::Quotes,
                Some(b'"') if self.byte(1) == Some(b'"') && self.byte(2) == Some(b'"') => {
                    break Stop::Quotes;
                }
                Some(b'\n') if !multiline => break Stop::Unclosed,
                Some(b'#') if interpolate && self.byte(1) == Some(b'{') => {
                    break Stop::Interpolation;
                }
                Some(b'\\') if matches!(self.byte(1), Some(b'"' | b'\\' | b'#')) => {
                    self.position += 2;
                }
                Some(_) => self.position += 1,
            }
        };
        self.check_characters(start, self.position, Some(multiline));
        stop
    }

    /// A string without its end: the line it begins on, or as far as the lines are indented more.
    fn unclosed_string(&mut self, open: usize, multiline: bool) {
        if let Some(index) = self
            .strings
            .iter()
            .position(|open| !open.multiline || multiline)
        {
            // A quote that is one too many within `#{…}` is as likely the end of the string around it.
            return self.unclosed_interpolation(index);
        }
        if let Some(end) = self.end_on_a_later_line(open).filter(|_| !multiline) {
            let line = self.end_of_line(open);
            let problem = Diagnostic::error(
                &codes::STRING_NOT_CLOSED,
                self.span(open, line),
                "a line break stands in this string",
            )
            .label("a text between `\"` ends on its line")
            .help("text of several lines stands between `\"\"\"`, each on a line of its own");
            self.lexed.problems.push(problem);
            self.push(TokenKind::BadString, open, end);
            self.position = end;
            return;
        }
        let (what, end) = if multiline {
            ("`\"\"\"`", self.end_of_indented(open))
        } else {
            ("`\"`", self.end_of_line(open))
        };
        let problem = Diagnostic::error(
            &codes::STRING_NOT_CLOSED,
            self.span(open, end),
            "this string is never closed",
        )
        .label(format!("{what} opens a string that has no end"));
        let problem = if multiline {
            problem.help("write `\"\"\"` alone on the line after its last one")
        } else {
            problem.help("write `\"` where it ends; text of several lines stands between `\"\"\"`")
        };
        self.lexed.problems.push(problem);
        self.push(TokenKind::BadString, open, end);
        self.position = end;
    }

    /// The `#{` of `self.strings[index]` has no `}`: its string is read again with `#{` as text.
    pub(super) fn unclosed_interpolation(&mut self, index: usize) {
        let Some(state) = self.strings.drain(index..).next() else {
            return;
        };
        let stopped = self.position;
        self.go_back(&state);
        let problem = Diagnostic::error(
            &codes::STRING_NOT_CLOSED,
            self.span(state.interpolation, state.interpolation + 2),
            "`#{` has no `}`",
        )
        .label("the expression in the string begins here")
        .help("write `}` after the expression, on the same line; where the text `#{` itself is meant, write `\\#{`");
        self.lexed.problems.push(problem);
        self.rewinds += 1;
        if self.rewinds <= MAX_REWINDS {
            self.string_from(state.open, state.multiline, false);
        } else {
            self.push(TokenKind::BadString, state.open, stopped);
            self.position = stopped;
        }
    }

    fn go_back(&mut self, state: &OpenString) {
        self.lexed.tokens.truncate(state.tokens);
        self.lexed.comments.truncate(state.comments);
        self.lexed.problems.truncate(state.problems);
        self.lexed.deferred.truncate(state.deferred);
        self.first = state.first;
    }

    /// `r"…"` on one line, `r#"…"#` on any number of lines. False where no raw string begins here.
    pub(super) fn raw_string(&mut self) -> bool {
        let open = self.position;
        let Some(rest) = self.bytes.get(open + 1..) else {
            return false;
        };
        let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
        if rest.get(hashes) != Some(&b'"') {
            return false;
        }
        let start = open + hashes + 2;
        let text = self.bytes.get(start..).unwrap_or_default();
        let length = if hashes == 0 {
            text.iter()
                .position(|byte| matches!(byte, b'"' | b'\n'))
                .filter(|length| text.get(*length) == Some(&b'"'))
        } else {
            end_of_raw(text, hashes)
        };
        if let Some(length) = length {
            self.position = start + length + 1 + hashes;
            self.check_characters(start, start + length, Some(hashes > 0));
            if let Some(index) = self.strings.iter().position(|open| !open.multiline)
                && self.slice(start, self.position).contains('\n')
            {
                self.unclosed_interpolation(index);
                return true;
            }
            self.push(TokenKind::String, open, self.position);
            return true;
        }
        if !self.strings.is_empty() {
            self.unclosed_interpolation(0);
            return true;
        }
        let marks = "#".repeat(hashes.min(16));
        let end = if hashes == 0 {
            self.end_of_line(open)
        } else {
            self.end_of_indented(open)
        };
        let problem = Diagnostic::error(
            &codes::STRING_NOT_CLOSED,
            self.span(open, end),
            "this string is never closed",
        )
        .label(format!("`r{marks}\"` opens a raw string that has no end"))
        .help(if hashes == 0 {
            "write `\"` where it ends; a raw string of several lines, or with a `\"` in it, stands between `r#\"` and `\"#`".to_owned()
        } else {
            format!("write `\"{marks}` where it ends")
        });
        self.lexed.problems.push(problem);
        self.push(TokenKind::BadString, open, end);
        self.position = end;
        true
    }

    fn end_of_line(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(rest.len());
        let length = self.slice(from, from + length).trim_end().len();
        from + length.max(1)
    }

    /// The byte after the `"` that ends a string on a later line: one that would open a string without end there, and
    /// stands where none is opened.
    fn end_on_a_later_line(&self, open: usize) -> Option<usize> {
        let mut start = open + self.slice(open, self.bytes.len()).find('\n')? + 1;
        let rest = self.slice(start, self.bytes.len());
        for line in rest.split_inclusive('\n').take(MOST_LINES) {
            let mut escaped = false;
            let quotes = line.char_indices().filter(|(_, c)| {
                let quote = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                quote
            });
            let quotes: Vec<usize> = quotes.map(|(at, _)| at).collect();
            if let Some(first) = quotes.first() {
                let before = line.get(..*first).unwrap_or("");
                let after = line.get(first + 1..).unwrap_or("").trim_start();
                let opens = before.is_empty()
                    || before.ends_with([' ', '\t', '(', '[', '{', ',', '=', ':', '+', '#']);
                let closes =
                    after.is_empty() || after.starts_with([',', ';', ')', ']', '}', '.', '/']);
                let ends = !opens || before.trim().is_empty() && closes;
                return (quotes.len() % 2 == 1 && ends).then_some(start + first + 1);
            }
            start += line.len();
        }
        None
    }

    /// The end of the last line that is indented more than the line of byte `from`.
    fn end_of_indented(&self, from: usize) -> usize {
        let line = self.slice(0, from).rfind('\n').map_or(0, |at| at + 1);
        let indentation = blanks(self.slice(line, self.bytes.len()));
        let mut end = self.end_of_line(from);
        let mut start = from;
        for line in self.slice(from, self.bytes.len()).split_inclusive('\n') {
            let blank = line.trim().is_empty();
            if start > from && !blank && blanks(line) <= indentation {
                break;
            }
            if start > from && !blank {
                end = start + line.trim_end().len();
            }
            start += line.len();
        }
        end
    }
}

/// How many blanks a line begins with.
fn blanks(line: &str) -> usize {
    line.bytes()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count()
}

/// Where `"` and that many `#` begin.
fn end_of_raw(text: &[u8], hashes: usize) -> Option<usize> {
    let mut from = 0;
    loop {
        let quote = from + text.get(from..)?.iter().position(|byte| *byte == b'"')?;
        let after = text.get(quote + 1..)?;
        let found = after
            .iter()
            .take(hashes)
            .take_while(|byte| **byte == b'#')
            .count();
        if found == hashes {
            return Some(quote);
        }
        from = quote + 1 + found;
    }
}
