//! Reads shell text with `brush-parser` and flattens its tree into a [`Script`].

use brush_parser::ParserOptions;

use crate::rules::shell::script::{Place, Script};
use crate::rules::shell::syntax::SyntaxError;
use crate::rules::shell::text::Origin;
use crate::rules::shell::tree::Reader;

/// The longest text that is read, in bytes; a longer one is taken as it is.
const MAX_BYTES: usize = 128 * 1024;
/// How many brackets and keywords a text may have to be read on the caller's stack.
const SMALL: usize = 48;
/// How many it may have at all.
const MAX_OPENERS: usize = 4_000;
/// The stack for texts with many of them, in bytes; touched only as far as it is needed.
const STACK: usize = 256 * 1024 * 1024;

/// Reads a text. Text too long or too deeply nested to be a person's gives an empty, opaque script.
pub fn read(text: &str) -> Result<Script, SyntaxError> {
    let openers = openers(text);
    if text.len() > MAX_BYTES || openers > MAX_OPENERS {
        return Ok(opaque());
    }
    if openers <= SMALL {
        return read_here(text);
    }
    let owned = text.to_owned();
    std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || read_here(&owned))
        .ok()
        .and_then(|thread| thread.join().ok())
        .unwrap_or_else(|| Ok(opaque()))
}

fn opaque() -> Script {
    Script {
        opaque: true,
        ..Script::default()
    }
}

/// Counts whatever can begin a nested construct, quoted or not.
fn openers(text: &str) -> usize {
    let brackets = text
        .bytes()
        .filter(|byte| matches!(byte, b'(' | b'{' | b'`' | b'!'))
        .count();
    let keywords = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| {
            matches!(
                *word,
                "if" | "elif"
                    | "while"
                    | "until"
                    | "for"
                    | "case"
                    | "select"
                    | "function"
                    | "coproc"
            )
        })
        .count();
    brackets + keywords
}

/// The options of the parser: always all of bash, whose superset of POSIX tells what was meant.
pub fn options() -> ParserOptions {
    ParserOptions::default()
}

fn read_here(text: &str) -> Result<Script, SyntaxError> {
    let mut reader = Reader::default();
    reader.text(text, &Origin::Offset(0), &Place::default())?;
    reader.script.calls.sort_by_key(|call| call.at.start);
    reader.script.reads.sort_by_key(|read| read.at.start);
    reader.script.bash.sort_by_key(|bash| bash.at.start);
    reader.script.bash.dedup();
    Ok(reader.script)
}
