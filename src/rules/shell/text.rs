//! Pieces of shell text, and where they stand in the whole.

use std::ops::Range;

use brush_parser::{SourceSpan, ast};

/// Where nested text stands in the whole.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Its first byte; the others follow.
    Offset(usize),
    /// Somewhere in here: it was unescaped, so its bytes cannot be told apart.
    Within(Range<usize>),
}

impl Origin {
    /// The place of a range of the nested text.
    pub fn place(&self, range: Range<usize>) -> Range<usize> {
        match self {
            Origin::Offset(offset) => range.start + offset..range.end + offset,
            Origin::Within(whole) => whole.clone(),
        }
    }
}

/// Character positions of the parser as bytes of the text.
pub struct Bytes {
    starts: Option<Vec<usize>>,
    length: usize,
}

impl Bytes {
    /// Reads the text once.
    pub fn new(text: &str) -> Self {
        let starts =
            (!text.is_ascii()).then(|| text.char_indices().map(|(byte, _)| byte).collect());
        Bytes {
            starts,
            length: text.len(),
        }
    }

    /// The byte that the character of this number begins at; the end of the text after the last.
    pub fn byte(&self, index: usize) -> usize {
        let byte = match &self.starts {
            None => index,
            Some(starts) => starts.get(index).copied().unwrap_or(self.length),
        };
        byte.min(self.length)
    }

    fn range(&self, span: &SourceSpan) -> Range<usize> {
        let start = self.byte(span.start.index);
        start..self.byte(span.end.index).max(start)
    }
}

/// One text: the outermost, or that of a substitution.
pub struct Text<'t> {
    /// What is read.
    pub text: &'t str,
    bytes: Bytes,
    origin: Origin,
}

impl<'t> Text<'t> {
    /// A text that stands somewhere in the whole.
    pub fn new(text: &'t str, origin: Origin) -> Self {
        Text {
            text,
            bytes: Bytes::new(text),
            origin,
        }
    }

    /// The place of a word in the whole, and whether its bytes are those of the file.
    pub fn word(&self, word: &ast::Word) -> (Range<usize>, bool) {
        let Some(span) = &word.loc else {
            return (self.origin.place(0..self.text.len()), false);
        };
        let range = self.bytes.range(span);
        // The place of a here-document goes on to the line after it.
        let rest = self.text.get(range.start..).unwrap_or("");
        let exact = rest.starts_with(word.value.as_str());
        let range = if exact {
            range.start..range.start + word.value.len()
        } else {
            range
        };
        (
            self.origin.place(range),
            exact && matches!(self.origin, Origin::Offset(_)),
        )
    }

    /// The place of a part in the whole; all of the text where it has none.
    pub fn span(&self, span: Option<SourceSpan>) -> Range<usize> {
        let range = span.map_or(0..self.text.len(), |span| self.bytes.range(&span));
        self.origin.place(range)
    }

    /// A part as written.
    pub fn raw(&self, span: Option<SourceSpan>) -> &str {
        span.and_then(|span| self.text.get(self.bytes.range(&span)))
            .unwrap_or("")
    }
}
