//! Reads shell text with `brush-parser` and flattens its tree into a [`Script`].

use brush_parser::ParserOptions;

use crate::rules::shell::guard::{self, Reading};
use crate::rules::shell::script::{Place, Script};
use crate::rules::shell::syntax::SyntaxError;
use crate::rules::shell::text::Origin;
use crate::rules::shell::tree::Reader;

/// The stack for texts with many brackets, in bytes; touched only as far as it is needed.
const STACK: usize = 256 * 1024 * 1024;

/// Reads a text. Text too long, too deeply nested or too odd to be a person's gives an empty, opaque script.
pub fn read(text: &str) -> Result<Script, SyntaxError> {
    match guard::judge(text) {
        Reading::Never => Ok(opaque()),
        Reading::Here => read_here(text),
        Reading::Apart => {
            let owned = text.to_owned();
            std::thread::Builder::new()
                .stack_size(STACK)
                .spawn(move || read_here(&owned))
                .ok()
                .and_then(|thread| thread.join().ok())
                .unwrap_or_else(|| Ok(opaque()))
        }
    }
}

fn opaque() -> Script {
    Script {
        opaque: true,
        ..Script::default()
    }
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
