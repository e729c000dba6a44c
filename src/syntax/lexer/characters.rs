//! Characters that no program has, and what was probably meant by them.

use super::{Lexer, offset, shown};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::syntax::token::TokenKind;

impl Lexer<'_> {
    /// A word with letters that names cannot have, where one goes on here. It began at `start`.
    pub(super) fn foreign_word(&mut self, start: usize) -> bool {
        let rest = self.slice(self.position, self.bytes.len());
        let length: usize = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '-')
            .map(char::len_utf8)
            .sum();
        if length == 0 {
            return false;
        }
        self.position += length;
        let word = shown(self.slice(start, self.position));
        let problem = Diagnostic::error(
            &codes::CHARACTER,
            self.span(start, self.position),
            format!("`{word}` cannot be a name"),
        )
        .label("a name has the letters `a` to `z` and `A` to `Z`, digits, `_` and `-`")
        .help("use another name; where the text itself is needed, write it as a string in `\"`");
        self.bad(start, problem);
        true
    }

    /// At a character that begins no token.
    pub(super) fn unknown(&mut self, byte: u8) {
        let start = self.position;
        match byte {
            b'#' if self.byte(1) != Some(b'{') => return self.hash_comment(),
            128.. if self.foreign_word(start) => return,
            _ => {}
        }
        let Some(character) = self.slice(start, self.bytes.len()).chars().next() else {
            self.position += 1;
            return;
        };
        if self.other_quotes(character) {
            return;
        }
        self.position += character.len_utf8();
        let span = self.span(start, self.position);
        // A `-` within a name is a part of it.
        let before = self.slice(0, start).chars().next_back();
        let in_name = before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let problem = |message: String| Diagnostic::error(&codes::CHARACTER, span, message);
        let problem = match character {
            '&' => Diagnostic::error(&codes::OTHER_NOTATION, span, "`&` is no operator")
                .help("write `&&` for \"and\"")
                .fix("write `&&`", span, "&&"),
            '#' => Diagnostic::error(
                &codes::OTHER_NOTATION,
                span,
                "`#{…}` stands in strings alone",
            )
            .help("leave out `#{` and `}`: outside a string the expression stands as it is"),
            '$' => Diagnostic::error(
                &codes::OTHER_NOTATION,
                span,
                "`$` begins nothing outside a string",
            )
            .help("a name stands as it is: `name`; in a string write `#{name}`"),
            '\u{2013}' | '\u{2014}' | '\u{2212}' => {
                problem(format!("`{character}` is not the minus sign"))
                    .help("write `-`")
                    .fix("write `-`", span, if in_name { " - " } else { "-" })
            }
            '\u{2026}' => problem("`…` stands for nothing here".to_owned())
                .help("write what is to stand here"),
            '\r' => problem("a CR without LF cannot stand here".to_owned())
                .help("take it out, or end the line here"),
            c if c.is_whitespace() => problem(format!("U+{:04X} cannot stand here", u32::from(c)))
                .label("a character that looks like a blank")
                .help("write a blank")
                .fix("write a blank", span, " "),
            c if is_invisible(c) => problem(format!("U+{:04X} cannot stand here", u32::from(c)))
                .label("a character that looks like nothing")
                .help("take it out")
                .likely_fix("take it out", span, ""),
            c if c.is_control() => problem(format!(
                "the control character U+{:04X} cannot stand here",
                u32::from(c)
            ))
            .help("take it out")
            .likely_fix("take it out", span, ""),
            c => problem(format!("`{c}` has no meaning here"))
                .help("if it belongs to a text, put the text between `\"`"),
        };
        self.bad(start, problem);
    }

    /// `# …`: the comment of other languages. It is one here too, once it has been said.
    fn hash_comment(&mut self) {
        let start = self.position;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(rest.len());
        let marks = rest.iter().take_while(|byte| **byte == b'#').count();
        let span = self.span(start, start + marks);
        if let Some(index) = self.strings.iter().position(|open| !open.multiline) {
            return self.unclosed_interpolation(index);
        }
        self.position = start + length;
        let problem =
            Diagnostic::error(&codes::OTHER_NOTATION, span, "`#` does not begin a comment")
                .help("a comment begins with `//`")
                .fix("write `//`", span, "//");
        self.lexed.problems.push(problem);
    }

    /// `'…'`, `` `…` `` and typographic quotation marks: one token up to the end of the line at most.
    fn other_quotes(&mut self, open: char) -> bool {
        let closers: &[char] = match open {
            '\'' => &['\''],
            '`' => &['`'],
            '\u{201c}' | '\u{201d}' | '\u{201e}' => &['\u{201c}', '\u{201d}', '"'],
            '\u{2018}' | '\u{2019}' | '\u{201a}' => &['\u{2018}', '\u{2019}', '\''],
            '\u{ab}' | '\u{bb}' => &['\u{ab}', '\u{bb}'],
            _ => return false,
        };
        let start = self.position;
        let inner = start + open.len_utf8();
        let rest = self.slice(inner, self.bytes.len());
        let line = rest.split('\n').next().unwrap_or("");
        let closed = line.find(closers);
        let text = closed.and_then(|end| line.get(..end));
        let close = closed.and_then(|end| line.get(end..)?.chars().next());
        self.position = inner + text.map_or(0, str::len) + close.map_or(0, char::len_utf8);
        let span = self.span(start, self.position);
        let name = match open {
            '`' => "a back-quote".to_owned(),
            open => format!("`{open}`"),
        };
        let mut problem = Diagnostic::error(
            &codes::OTHER_NOTATION,
            span,
            format!("{name} does not open a string"),
        )
        .label("text stands between `\"`")
        .help("write `\"`");
        if let Some(text) = text
            && !text.contains(['"', '\\'])
            && !text.contains("#{")
        {
            let fixed = format!("\"{text}\"");
            problem = problem.fix(format!("write `{}`", shown(&fixed)), span, fixed);
        }
        self.bad(start, problem);
        true
    }

    /// A bad token from `start` to here, and what is wrong with it.
    fn bad(&mut self, start: usize, problem: Diagnostic) {
        self.push(TokenKind::Bad, start, self.position);
        self.lexed.deferred.push((offset(start), problem));
    }

    /// Reports control and invisible characters in a comment (`string` is `None`) or a string (whether it
    /// may hold line breaks): they would make a text look like another one.
    pub(super) fn check_characters(&mut self, start: usize, end: usize, string: Option<bool>) {
        let bytes = self.bytes.get(start..end).unwrap_or_default();
        if !bytes.iter().any(|byte| {
            (*byte < 0x20 && *byte != b'\t' && *byte != b'\n') || *byte == 0x7f || *byte == 0xe2
        }) {
            return;
        }
        let text = self.slice(start, end);
        let mut reported = 0;
        for (at, c) in text.char_indices() {
            let carriage = c == '\r' && self.bytes.get(start + at + 1) == Some(&b'\n');
            let fine = matches!(c, '\t' | '\n') || carriage;
            if fine || !(c.is_control() || is_direction(c)) {
                continue;
            }
            reported += 1;
            if reported > 3 {
                break;
            }
            let span = self.span(start + at, start + at + c.len_utf8());
            let number = u32::from(c);
            let what = if c.is_control() {
                "control character"
            } else {
                "invisible character"
            };
            let problem = Diagnostic::error(
                &codes::CHARACTER,
                span,
                format!("the {what} U+{number:04X} cannot stand here"),
            );
            let problem = if string.is_some() {
                problem.help(format!(
                    "write it as `\\u{{{number:x}}}`, so that it can be seen"
                ))
            } else if c == '\r' {
                // Somewhere the line ends here.
                problem.help("take it out, or end the line here")
            } else {
                problem.help("take it out").fix("take it out", span, "")
            };
            self.lexed.problems.push(problem);
        }
    }
}

/// Characters that change the direction of the text after them.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_invisible(c: char) -> bool {
    is_direction(c)
        || matches!(
            c,
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
        )
}
