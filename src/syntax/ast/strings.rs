//! Strings, with the way back from a character of the text to its place in the file.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::source::Span;
use crate::syntax::ast::Expr;

/// A string as written: text and `#{…}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StringLiteral {
    /// The pieces, in order; no two texts beside each other.
    pub parts: Vec<StringPart>,
    /// With the quotes.
    pub span: Span,
}

impl StringLiteral {
    /// The text where nothing is interpolated.
    pub fn fixed(&self) -> Option<SmolStr> {
        match self.parts.as_slice() {
            [] => Some(SmolStr::default()),
            [StringPart::Text(text)] => Some(text.text.clone()),
            _ => None,
        }
    }
}

/// A piece of a string.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StringPart {
    /// Text, escapes resolved and indentation stripped.
    Text(StringText),
    /// `#{…}`
    Expr(Expr),
}

/// Text of a string, and where each of its bytes was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StringText {
    /// The text that is meant.
    pub text: SmolStr,
    /// `(offset in text, byte in the file)`: from this offset on, bytes of the text and of the file
    /// go side by side, up to the next entry. The first entry has offset 0; further ones stand after
    /// an escape and after stripped indentation.
    pub map: Vec<(u32, u32)>,
}
