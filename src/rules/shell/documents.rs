//! Takes here-documents out of a text before the parser sees it, which loops or stops at odd ones.
//!
//! Every byte keeps its place: what is taken out becomes blanks.

use std::ops::Range;

use crate::rules::shell::syntax::SyntaxError;

/// A here-document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its lines, without the one that ends it.
    pub body: Range<usize>,
    /// Whether variables are expanded in it.
    pub expands: bool,
}

/// A text without its here-documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stripped {
    /// The text, as long as before.
    pub text: String,
    /// What was taken out, in order.
    pub documents: Vec<Document>,
}

/// What is open around a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// `$(`, `(`
    Commands,
    /// `"`
    Quotes,
    /// `${`
    Braces,
    /// `$((`
    Arithmetic,
    /// `` ` ``
    Backquotes,
}

/// A `<<E` whose lines are still to come.
struct Pending {
    operator: Range<usize>,
    tag: String,
    tabs: bool,
    expands: bool,
}

/// Takes the here-documents out; `None` where the text is too odd to be sure where they are.
pub fn strip(text: &str) -> Result<Option<Stripped>, SyntaxError> {
    if !text.contains("<<") && !text.contains("<\\\n") {
        return Ok(Some(Stripped {
            text: text.to_owned(),
            documents: Vec::new(),
        }));
    }
    if text.contains("<\\\n") {
        return Ok(None);
    }
    Scanner {
        text,
        bytes: text.as_bytes(),
        index: 0,
        open: Vec::new(),
        pending: Vec::new(),
        blanks: Vec::new(),
        documents: Vec::new(),
    }
    .run()
}

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    index: usize,
    open: Vec<Open>,
    pending: Vec<Pending>,
    blanks: Vec<Range<usize>>,
    documents: Vec<Document>,
}

impl Scanner<'_> {
    fn run(mut self) -> Result<Option<Stripped>, SyntaxError> {
        while let Some(byte) = self.bytes.get(self.index).copied() {
            if !self.step(byte)? {
                return Ok(None);
            }
        }
        if let Some(pending) = self.pending.first() {
            return Err(endless(pending));
        }
        let mut bytes = self.text.as_bytes().to_vec();
        for blank in &self.blanks {
            for byte in bytes
                .get_mut(blank.clone())
                .into_iter()
                .flatten()
                .filter(|byte| **byte != b'\n')
            {
                *byte = b' ';
            }
        }
        // What is left stands in quotes, comments and arithmetic; the parser need not tell them apart.
        let mut index = 0;
        while index + 1 < bytes.len() {
            let here = |offset: usize| bytes.get(index + offset) == Some(&b'<');
            if here(0) && here(1) && here(2) {
                index += 3;
            } else if here(0) && here(1) {
                for byte in bytes.get_mut(index..index + 2).into_iter().flatten() {
                    *byte = b'*';
                }
                index += 2;
            } else {
                index += 1;
            }
        }
        let Ok(text) = String::from_utf8(bytes) else {
            return Ok(None);
        };
        Ok(Some(Stripped {
            text,
            documents: self.documents,
        }))
    }

    fn rest(&self) -> &str {
        self.text.get(self.index..).unwrap_or("")
    }

    /// Reads on from a byte; false where the text is too odd.
    fn step(&mut self, byte: u8) -> Result<bool, SyntaxError> {
        let top = self.open.last().copied();
        let commands = matches!(top, None | Some(Open::Commands));
        let mut length = 1;
        match byte {
            b'\\' => length = 2,
            b'\'' if commands || top == Some(Open::Backquotes) => {
                let Some(end) = self.rest().get(1..).and_then(|rest| rest.find('\'')) else {
                    // The parser says that it is never closed.
                    self.index = self.bytes.len();
                    return Ok(true);
                };
                if self.pending_breaks(end + 1) {
                    return Ok(false);
                }
                length = end + 2;
            }
            b'"' if top == Some(Open::Quotes) => {
                self.open.pop();
            }
            b'"' if top != Some(Open::Arithmetic) => self.open.push(Open::Quotes),
            b'`' if top == Some(Open::Backquotes) => {
                self.open.pop();
            }
            b'`' => self.open.push(Open::Backquotes),
            b'$' if self.rest().starts_with("$((") => {
                self.open.push(Open::Arithmetic);
                length = 3;
            }
            b'$' if self.rest().starts_with("$(") => {
                self.open.push(Open::Commands);
                length = 2;
            }
            b'$' if self.rest().starts_with("${") => {
                self.open.push(Open::Braces);
                length = 2;
            }
            b'(' if top == Some(Open::Commands) => self.open.push(Open::Commands),
            b')' if top == Some(Open::Arithmetic) && self.rest().starts_with("))") => {
                self.open.pop();
                length = 2;
            }
            b')' if top == Some(Open::Commands) => {
                self.open.pop();
            }
            b'}' if top == Some(Open::Braces) => {
                self.open.pop();
            }
            b'#' if commands && self.begins_word() => {
                length = self.rest().find('\n').unwrap_or(self.rest().len());
            }
            b'<' if commands && self.rest().starts_with("<<<") => length = 3,
            b'<' if commands && self.rest().starts_with("<<") => return Ok(self.operator()),
            b'<' if self.rest().starts_with("<<")
                && matches!(top, Some(Open::Braces | Open::Backquotes)) =>
            {
                return Ok(false);
            }
            b'\n' if !self.pending.is_empty() => {
                if !commands {
                    return Ok(false);
                }
                return self.bodies();
            }
            _ => {}
        }
        self.index += length;
        Ok(true)
    }

    /// Whether one of the next bytes is a line break while a here-document waits for its lines.
    fn pending_breaks(&self, length: usize) -> bool {
        !self.pending.is_empty()
            && self
                .rest()
                .get(..length)
                .is_some_and(|text| text.contains('\n'))
    }

    fn begins_word(&self) -> bool {
        let before = self
            .index
            .checked_sub(1)
            .and_then(|before| self.bytes.get(before));
        before.is_none_or(|byte| {
            byte.is_ascii_whitespace() || matches!(byte, b';' | b'&' | b'|' | b'(')
        })
    }

    /// `<<-'E'`; false where the tag is more than a word.
    fn operator(&mut self) -> bool {
        let start = self.index;
        let rest = self.rest();
        let mut at = 2;
        let tabs = rest.get(at..).is_some_and(|rest| rest.starts_with('-'));
        at += usize::from(tabs);
        at += rest.get(at..).map_or(0, |rest| {
            rest.len() - rest.trim_start_matches([' ', '\t']).len()
        });
        let word = rest.get(at..).unwrap_or("");
        let end = word
            .find(|c: char| {
                c.is_whitespace() || matches!(c, ';' | '&' | '|' | '<' | '>' | ')' | '(')
            })
            .unwrap_or(word.len());
        let raw = word.get(..end).unwrap_or("");
        let quote = ['\'', '"']
            .into_iter()
            .find(|quote| raw.starts_with(*quote));
        let tag = match quote {
            Some(quote) => raw
                .strip_prefix(quote)
                .and_then(|rest| rest.strip_suffix(quote)),
            None => Some(raw.strip_prefix('\\').unwrap_or(raw)),
        };
        let Some(tag) = tag.filter(|tag| {
            !tag.is_empty()
                && tag
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
        }) else {
            return false;
        };
        self.pending.push(Pending {
            operator: start..start + at + end,
            tag: tag.to_owned(),
            tabs,
            expands: quote.is_none() && !raw.starts_with('\\'),
        });
        self.index += at + end;
        true
    }

    /// The lines of every here-document that waits, after the line break here.
    fn bodies(&mut self) -> Result<bool, SyntaxError> {
        self.index += 1;
        for pending in std::mem::take(&mut self.pending) {
            let start = self.index;
            let mut end = None;
            while end.is_none() && self.index < self.bytes.len() {
                let line_start = self.index;
                let line = self.rest().split('\n').next().unwrap_or("").to_owned();
                self.index = (line_start + line.len() + 1).min(self.bytes.len());
                let plain = line.trim_end_matches('\r');
                let plain = if pending.tabs {
                    plain.trim_start_matches('\t')
                } else {
                    plain
                };
                if plain == pending.tag {
                    end = Some(line_start);
                }
            }
            let Some(end) = end else {
                return Err(endless(&pending));
            };
            // `<<-E` becomes `<  E`: a redirect all the same.
            let dash = usize::from(pending.tabs);
            self.blanks
                .push(pending.operator.start + 1..pending.operator.start + 2 + dash);
            self.blanks.push(start..self.index);
            self.documents.push(Document {
                body: start..end,
                expands: pending.expands,
            });
        }
        Ok(true)
    }
}

fn endless(pending: &Pending) -> SyntaxError {
    SyntaxError {
        at: pending.operator.clone(),
        message: format!("the here-document never ends: no line is `{}`", pending.tag),
        label: "begins here".to_owned(),
        help: Some("put the end word on a line of its own, without spaces before it".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(text: &str) -> (String, Vec<(String, bool)>) {
        let result = strip(text).unwrap().unwrap();
        assert_eq!(result.text.len(), text.len());
        let documents = result
            .documents
            .iter()
            .map(|document| (text[document.body.clone()].to_owned(), document.expands));
        (result.text, documents.collect())
    }

    #[test]
    fn documents_become_blanks() {
        let (text, documents) = stripped("cat <<EOF > f\na $B\nEOF\nls");
        assert_eq!(text, "cat < EOF > f\n    \n   \nls");
        assert_eq!(documents, [("a $B\n".to_owned(), true)]);
        assert_eq!(
            stripped("x=$(cat <<-'E'\n\ta)\n\tE\n)").1,
            [("\ta)\n".to_owned(), false)]
        );
        assert_eq!(stripped("a <<A <<B\n1\nA\n2\nB\n").1.len(), 2);
        assert_eq!(
            stripped("echo $((1 << 2)) 'a << b' # <<E\ncat <<< x")
                .1
                .len(),
            0
        );
        assert_eq!(stripped("cat <<< x").0, "cat <<< x");
    }

    #[test]
    fn what_never_ends_is_an_error() {
        assert_eq!(strip("cat <<EOF\nx").unwrap_err().at, 4..9);
        assert_eq!(strip("cat <<EOF").unwrap_err().at, 4..9);
    }

    #[test]
    fn odd_text_is_left_alone() {
        for text in [
            "cat <<$((1\n))\n",
            "${A:-<<E\n}\nE\n",
            "cat <\\\n<E\nE\n",
            "a <<E 'x\ny'\nE\n",
            "`cat <<E\nE\n`",
        ] {
            assert_eq!(strip(text).unwrap(), None, "{text}");
        }
    }
}
