//! Reads the words of a command: what they are worth, and what is expanded in them.

use std::ops::Range;

use brush_parser::ast;
use brush_parser::word::{self, Parameter, ParameterExpr, WordPiece, WordPieceWithSource};

use crate::rules::shell::bash;
use crate::rules::shell::guard;
use crate::rules::shell::read::options;
use crate::rules::shell::script::{Place, Read, Word};
use crate::rules::shell::substitution;
use crate::rules::shell::syntax::{self, SyntaxError};
use crate::rules::shell::text::{Origin, Text};
use crate::rules::shell::tree::Reader;

/// Reads one word; what it expands goes into the script.
pub fn read(
    reader: &mut Reader,
    word: &ast::Word,
    text: &Text<'_>,
    place: &Place,
) -> Result<Word, SyntaxError> {
    let (at, exact) = text.word(word);
    let mut result = Word {
        raw: word.value.clone(),
        text: Some(String::new()),
        prefix: String::new(),
        variables: Vec::new(),
        glob: false,
        at: at.clone(),
    };
    let origin = if exact {
        Origin::Offset(at.start)
    } else {
        Origin::Within(at)
    };
    let Some(pieces) = pieces(reader, &word.value, &origin)? else {
        result.text = None;
        return Ok(result);
    };
    for piece in &pieces {
        read_piece(reader, piece, false, &origin, &mut result, place)?;
    }
    Ok(result)
}

/// What a word is made of; `None` where that cannot be read.
fn pieces(
    reader: &mut Reader,
    word: &str,
    origin: &Origin,
) -> Result<Option<Vec<WordPieceWithSource>>, SyntaxError> {
    if !guard::is_plain(word) {
        reader.script.opaque = true;
        return Ok(None);
    }
    // The parser takes what no shell expands for plain text.
    match substitution::bad(word, origin) {
        Some(error) => Err(error),
        None => Ok(word::parse(word, &options()).ok()),
    }
}

/// Reads the body of a here-document whose variables are expanded.
pub fn here_document(
    reader: &mut Reader,
    text: &str,
    body: &Range<usize>,
    origin: &Origin,
    place: &Place,
) -> Result<(), SyntaxError> {
    let at = origin.place(body.clone());
    let origin = match origin {
        Origin::Offset(_) => Origin::Offset(at.start),
        Origin::Within(whole) => Origin::Within(whole.clone()),
    };
    let mut ignored = Word {
        raw: String::new(),
        text: None,
        prefix: String::new(),
        variables: Vec::new(),
        glob: false,
        at,
    };
    let text = text.get(body.clone()).unwrap_or("");
    if !guard::is_plain(text) {
        reader.script.opaque = true;
        return Ok(());
    }
    let Ok(pieces) = word::parse_heredoc(text, &options()) else {
        return Ok(());
    };
    for piece in &pieces {
        read_piece(reader, piece, true, &origin, &mut ignored, place)?;
    }
    Ok(())
}

fn append(word: &mut Word, text: &str) {
    if let Some(known) = &mut word.text {
        known.push_str(text);
        word.prefix.push_str(text);
    }
}

fn read_piece(
    reader: &mut Reader,
    piece: &WordPieceWithSource,
    quoted: bool,
    origin: &Origin,
    word: &mut Word,
    place: &Place,
) -> Result<(), SyntaxError> {
    let local = piece.start_index..piece.end_index;
    let at = origin.place(local.clone());
    match &piece.piece {
        WordPiece::Text(text) => {
            if !quoted {
                word.glob |= text.contains(['*', '?'])
                    || (text.contains('[') && text.contains(']') && text.len() > 2);
            }
            append(word, text);
        }
        WordPiece::SingleQuotedText(text) => append(word, text),
        WordPiece::EscapeSequence(text) => append(word, text.strip_prefix('\\').unwrap_or(text)),
        WordPiece::AnsiCQuotedText(_) => {
            bash::ansi_quote(at, &mut reader.script.bash);
            word.text = None;
        }
        WordPiece::DoubleQuotedSequence(pieces) => {
            for piece in pieces {
                read_piece(reader, piece, true, origin, word, place)?;
            }
        }
        WordPiece::GettextDoubleQuotedSequence(pieces) => {
            bash::translated(at, &mut reader.script.bash);
            for piece in pieces {
                read_piece(reader, piece, true, origin, word, place)?;
            }
        }
        WordPiece::TildeExpansion(_) | WordPiece::ArithmeticExpression(_) => word.text = None,
        WordPiece::ParameterExpansion(expansion) => {
            word.text = None;
            parameter(reader, expansion, at, word, place)?;
        }
        WordPiece::CommandSubstitution(command) => {
            word.text = None;
            // `$(` is two bytes.
            let inner = match origin {
                Origin::Offset(_) => Origin::Offset(at.start + 2),
                Origin::Within(whole) => Origin::Within(whole.clone()),
            };
            in_substitution(reader, command, &inner, place)?;
        }
        WordPiece::BackquotedCommandSubstitution(command) => {
            word.text = None;
            let inner = match origin {
                Origin::Offset(_)
                    if !command.contains('\\') && command.len() + 2 == local.len() =>
                {
                    Origin::Offset(at.start + 1)
                }
                _ => Origin::Within(at),
            };
            in_substitution(reader, command, &inner, place)?;
        }
    }
    Ok(())
}

fn in_substitution(
    reader: &mut Reader,
    command: &str,
    origin: &Origin,
    place: &Place,
) -> Result<(), SyntaxError> {
    let inner = reader.substitution(place);
    reader.text(command, origin, &inner)
}

/// The parameter of an expansion, whether it is guarded against being unset, and the text that
/// stands in for it.
fn parts(expansion: &ParameterExpr) -> Option<(&Parameter, bool, Option<&String>)> {
    match expansion {
        ParameterExpr::Parameter { parameter, .. }
        | ParameterExpr::ParameterLength { parameter, .. }
        | ParameterExpr::RemoveSmallestSuffixPattern { parameter, .. }
        | ParameterExpr::RemoveLargestSuffixPattern { parameter, .. }
        | ParameterExpr::RemoveSmallestPrefixPattern { parameter, .. }
        | ParameterExpr::RemoveLargestPrefixPattern { parameter, .. }
        | ParameterExpr::Substring { parameter, .. }
        | ParameterExpr::Transform { parameter, .. }
        | ParameterExpr::UppercaseFirstChar { parameter, .. }
        | ParameterExpr::UppercasePattern { parameter, .. }
        | ParameterExpr::LowercaseFirstChar { parameter, .. }
        | ParameterExpr::LowercasePattern { parameter, .. }
        | ParameterExpr::ReplaceSubstring { parameter, .. } => Some((parameter, false, None)),
        ParameterExpr::UseDefaultValues {
            parameter,
            default_value,
            ..
        }
        | ParameterExpr::AssignDefaultValues {
            parameter,
            default_value,
            ..
        } => Some((parameter, true, default_value.as_ref())),
        ParameterExpr::UseAlternativeValue {
            parameter,
            alternative_value,
            ..
        } => Some((parameter, true, alternative_value.as_ref())),
        ParameterExpr::IndicateErrorIfNullOrUnset { parameter, .. } => {
            Some((parameter, true, None))
        }
        ParameterExpr::VariableNames { .. } | ParameterExpr::MemberKeys { .. } => None,
    }
}

fn parameter(
    reader: &mut Reader,
    expansion: &ParameterExpr,
    at: Range<usize>,
    word: &mut Word,
    place: &Place,
) -> Result<(), SyntaxError> {
    if let ParameterExpr::Substring { offset, .. } = expansion
        && offset.value.trim().is_empty()
    {
        return Err(syntax::no_offset(at));
    }
    let before = reader.script.bash.len();
    bash::expansion(expansion, at.clone(), &mut reader.script.bash);
    let bash = reader.script.bash.len() > before;
    let Some((parameter, guarded, stand_in)) = parts(expansion) else {
        return Ok(());
    };
    if let (Parameter::Positional(1..), false) = (parameter, guarded) {
        reader.script.arguments.push(at.clone());
    }
    if let Parameter::Named(name)
    | Parameter::NamedWithIndex { name, .. }
    | Parameter::NamedWithAllIndices { name, .. } = parameter
    {
        word.variables.push(name.clone());
        reader.script.reads.push(Read {
            name: name.clone(),
            guarded,
            bash,
            at: at.clone(),
        });
        if matches!(expansion, ParameterExpr::AssignDefaultValues { .. }) {
            reader.script.assigned.push(name.clone());
        }
    }
    // `${A:-$B}` and `${A:-$(cmd)}` expand their own text.
    let Some(stand_in) = stand_in else {
        return Ok(());
    };
    if place.depth > 16 {
        return Ok(());
    }
    let inner = Place {
        depth: place.depth + 1,
        ..place.clone()
    };
    let before = reader.script.reads.len();
    let origin = Origin::Within(at.clone());
    let Some(pieces) = pieces(reader, stand_in, &origin)? else {
        return Ok(());
    };
    for piece in &pieces {
        read_piece(reader, piece, true, &origin, word, &inner)?;
    }
    // In `${A:+$A}` the inner one is read only where it is set.
    if let (ParameterExpr::UseAlternativeValue { .. }, Parameter::Named(name)) =
        (expansion, parameter)
    {
        for read in reader
            .script
            .reads
            .iter_mut()
            .skip(before)
            .filter(|read| read.name == *name)
        {
            read.guarded = true;
        }
    }
    Ok(())
}
