//! From a byte of a text's value back to the byte of the file that it was written at.

use std::ops::Range;

use crate::collections::HashMap;
use crate::model::Text;
use crate::resolve::{ModulePath, Program};
use crate::source::Span;
use crate::syntax::ast::{StringLiteral, StringPart, StringText};
use crate::syntax::walk::{self, Met};

/// The string literals of a program by the place they stand at.
#[derive(Default)]
pub struct Places<'a> {
    literals: HashMap<Span, &'a StringLiteral>,
}

impl<'a> Places<'a> {
    /// Those of every module but the standard ones.
    pub fn new(program: Option<&'a Program>) -> Self {
        let mut literals = HashMap::default();
        for module in program.iter().flat_map(|program| &program.modules) {
            if matches!(module.path, ModulePath::Std(_)) {
                continue;
            }
            walk::file(&module.file, &mut |met| {
                if let Met::String(literal) = met {
                    literals.insert(literal.span, literal);
                }
            });
        }
        Places { literals }
    }

    /// The place of a part of a text; the text's own place where the part cannot be found in the
    /// file (the text was computed). A part that was interpolated is the interpolation.
    pub fn of(&self, text: &Text, part: Range<usize>) -> Span {
        self.find(text, part).map_or(text.span, |(span, _)| span)
    }

    /// The place of a part that stands in the file letter for letter, so that it may be edited there.
    pub fn verbatim(&self, text: &Text, part: Range<usize>) -> Option<Span> {
        let length = part.len();
        self.find(text, part)
            .filter(|(span, exact)| *exact && (span.end - span.start) as usize == length)
            .map(|(span, _)| span)
    }

    fn find(&self, text: &Text, part: Range<usize>) -> Option<(Span, bool)> {
        let literal = self.literals.get(&text.span)?;
        let pieces = pieces(literal, &text.value)?;
        let start = locate(&pieces, part.start, literal, false)?;
        let last = part.end.max(part.start + 1) - 1;
        let end = locate(&pieces, last, literal, true).unwrap_or(start);
        Some((start.0.to(end.0), start.1 && end.1))
    }
}

/// A piece of a literal and the bytes of the value that it gave.
struct Piece<'a> {
    value: Range<usize>,
    part: &'a StringPart,
}

/// Which bytes of the value each part gave; `None` where the value is not that of the literal.
fn pieces<'a>(literal: &'a StringLiteral, value: &str) -> Option<Vec<Piece<'a>>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut parts = literal.parts.iter().peekable();
    while let Some(part) = parts.next() {
        let rest = value.get(at..)?;
        let length = match (part, parts.peek()) {
            (StringPart::Text(text), _) if rest.starts_with(text.text.as_str()) => text.text.len(),
            (StringPart::Text(_), _) => return None,
            (StringPart::Expr(_), None) => rest.len(),
            (StringPart::Expr(_), Some(StringPart::Text(next))) => {
                let last = parts.len() == 1;
                if last && rest.ends_with(next.text.as_str()) {
                    rest.len() - next.text.len()
                } else {
                    rest.find(next.text.as_str())?
                }
            }
            // Two interpolations beside each other: where one ends is not known.
            (StringPart::Expr(_), Some(StringPart::Expr(_))) => return None,
        };
        pieces.push(Piece {
            value: at..at + length,
            part,
        });
        at += length;
    }
    (at == value.len()).then_some(pieces)
}

/// The place of one byte of the value, and whether it is that of the very character.
fn locate(
    pieces: &[Piece<'_>],
    at: usize,
    literal: &StringLiteral,
    whole: bool,
) -> Option<(Span, bool)> {
    let source = literal.span.source;
    let Some(piece) = pieces.iter().find(|piece| piece.value.contains(&at)) else {
        // The end of the text: the closing quote.
        let end = match pieces.last().map(|piece| piece.part) {
            Some(StringPart::Text(text)) => byte_of(text, text.text.len()),
            _ => None,
        };
        let end = end.unwrap_or(literal.span.end.saturating_sub(1));
        return Some((Span::new(source, end, end), true));
    };
    match piece.part {
        StringPart::Expr(expr) => Some((expr.span, false)),
        StringPart::Text(text) => {
            let offset = at - piece.value.start;
            let start = byte_of(text, offset)?;
            let after = byte_of(text, offset + 1).unwrap_or(start + 1);
            let end = if whole { after.max(start + 1) } else { start };
            // An escape, or stripped indentation, gives another distance than one.
            Some((
                Span::new(source, start, end),
                !whole || after == start + 1 || at + 1 == piece.value.end,
            ))
        }
    }
}

/// The byte of the file that a byte of a text was written at.
fn byte_of(text: &StringText, offset: usize) -> Option<u32> {
    let offset = u32::try_from(offset).ok()?;
    let index = text.map.partition_point(|(start, _)| *start <= offset);
    let (start, byte) = text.map.get(index.checked_sub(1)?)?;
    Some(byte + (offset - start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Problems;
    use crate::source::{SourceId, Spanned};
    use crate::syntax::ast::{ExprKind, Item};

    /// The text of the file that a part of the value of `let x = …` was written at.
    fn written(source: &str, value: &str, part: &str) -> String {
        let mut problems = Problems::new();
        let file = crate::syntax::parse(SourceId(0), source, &mut problems);
        assert!(problems.is_empty(), "{source}");
        let mut places = Places::default();
        walk::file(&file, &mut |met| {
            if let Met::String(literal) = met {
                places.literals.insert(literal.span, literal);
            }
        });
        let Some(Item::Let(binding)) = file.items.first() else {
            panic!("no let: {source}");
        };
        assert!(matches!(binding.value.kind, ExprKind::String(_)));
        let text = Spanned::new(value.to_owned(), binding.value.span);
        let start = value.find(part).unwrap();
        let span = places.of(&text, start..start + part.len());
        source[span.range()].to_owned()
    }

    #[test]
    fn parts_are_found_in_every_form_of_string() {
        assert_eq!(written("let x = \"a bc d\"", "a bc d", "bc"), "bc");
        assert_eq!(
            written(r#"let x = "a \"bc\" \\ d""#, "a \"bc\" \\ d", "\"bc\""),
            r#"\"bc\""#
        );
        assert_eq!(
            written(r#"let x = "a \"bc\" \\ d""#, "a \"bc\" \\ d", "d"),
            "d"
        );
        assert_eq!(written("let x = r\"a\\b c\"", "a\\b c", "b c"), "b c");
        assert_eq!(
            written(
                "let x = \"\"\"\n  one\n    two é\n  three\n  \"\"\"",
                "one\n  two é\nthree",
                "three"
            ),
            "three"
        );
        assert_eq!(
            written(
                "let x = \"\"\"\n  one\n    two é\n  three\n  \"\"\"",
                "one\n  two é\nthree",
                "two é"
            ),
            "two é"
        );
    }

    #[test]
    fn what_was_interpolated_is_the_interpolation() {
        let source = "let x = \"npm run #{name} && tsc #{y}\"";
        let value = "npm run build && tsc --x";
        assert_eq!(written(source, value, "npm"), "npm");
        assert_eq!(written(source, value, "build"), "name");
        assert_eq!(written(source, value, "tsc"), "tsc");
        assert_eq!(written(source, value, "--x"), "y");
        assert_eq!(written(source, value, "build && tsc"), "name} && tsc");
    }
}
