//! What is said of a file that cannot be read.

use std::fs;
use std::io;
use std::path::Path;

use crate::diagnostics::codes::input as codes;
use crate::diagnostics::{Diagnostic, Report, did_you_mean};
use crate::project::disk;
use crate::source::{ReadError, Sources, Span};

/// Of a path that leads nowhere.
pub fn missing(path: &Path, error: &io::Error) -> Report {
    let shown = path.display().to_string();
    let error = disk::read_error(error);
    let problem = problem(&shown, &error);
    let problem = match sibling(path) {
        Some(sibling) if error == ReadError::NotFound => {
            problem.help(format!("did you mean `{sibling}`?"))
        }
        _ => problem,
    };
    Report::without_sources(vec![problem])
}

/// Of a file that is there; `bytes` is what could be read of it.
pub fn unreadable(shown: &str, error: &ReadError, bytes: &[u8]) -> Report {
    match error {
        ReadError::NotUtf8 { offset } => not_utf8(shown, *offset, bytes),
        _ => Report::without_sources(vec![problem(shown, error)]),
    }
}

/// The path beside this one that was probably meant.
fn sibling(path: &Path) -> Option<String> {
    let wrong = path.file_name()?.to_str()?;
    let parent = path.parent()?;
    let directory = match parent.as_os_str().is_empty() {
        true => Path::new("."),
        false => parent,
    };
    let mut names: Vec<String> = fs::read_dir(directory)
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    let meant = did_you_mean(wrong, names.iter().map(String::as_str))?;
    Some(parent.join(meant).display().to_string())
}

fn problem(shown: &str, error: &ReadError) -> Diagnostic {
    match error {
        ReadError::NotFound => {
            Diagnostic::without_place(&codes::NO_SUCH_FILE, format!("`{shown}` does not exist"))
        }
        ReadError::OutsideProject => Diagnostic::without_place(
            &codes::UNREADABLE,
            format!("`{shown}` is outside the project"),
        ),
        ReadError::TooLarge { size, limit } => Diagnostic::without_place(
            &codes::FILE_TOO_LARGE,
            format!("`{shown}` is too large for a pipeline file"),
        )
        .note(match size.saturating_sub(*limit) {
            // Of a stream only that much is read.
            1 => format!("it has more than {limit} bytes, which is the limit"),
            _ => format!("it has {size} bytes, and the limit is {limit}"),
        })
        .help("tables of data stand in a file of their own: see `read_json`"),
        ReadError::NotUtf8 { offset } => {
            Diagnostic::without_place(&codes::NOT_UTF8, format!("`{shown}` is not UTF-8 text"))
                .note(format!("the first wrong byte is at offset {offset}"))
        }
        ReadError::Other(why) => {
            Diagnostic::without_place(&codes::UNREADABLE, format!("`{shown}` cannot be read"))
                .note(why.clone())
        }
    }
}

/// Points at the first wrong byte, in the text with every wrong byte replaced.
fn not_utf8(shown: &str, offset: usize, bytes: &[u8]) -> Report {
    let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let Some(wrong) = bytes.get(offset).filter(|_| !utf16) else {
        let message = format!("`{shown}` is not UTF-8 text");
        let problem = Diagnostic::without_place(&codes::NOT_UTF8, message);
        let problem = match utf16 {
            true => problem
                .note("it begins as UTF-16 does")
                .help("save it as UTF-8: `iconv -f UTF-16 -t UTF-8`"),
            false => problem.note(format!("the first wrong byte is at offset {offset}")),
        };
        return Report::without_sources(vec![problem]);
    };
    let mark = match bytes.starts_with(disk::BYTE_ORDER_MARK) {
        true => disk::BYTE_ORDER_MARK.len(),
        false => 0,
    };
    let text = String::from_utf8_lossy(bytes.get(mark..).unwrap_or_default());
    let start = u32::try_from(offset - mark).unwrap_or(0);
    let mut sources = Sources::new();
    let source = sources.add(shown, text);
    let replaced = u32::try_from(char::REPLACEMENT_CHARACTER.len_utf8()).unwrap_or(1);
    let span = Span::new(source, start, start + replaced);
    let problem = Diagnostic::error(
        &codes::NOT_UTF8,
        span,
        format!("`{shown}` is not UTF-8 text"),
    )
    .label(format!(
        "byte 0x{wrong:02X}, at offset {offset} of the file"
    ))
    .help("save it as UTF-8; where it was Latin-1: `iconv -f ISO-8859-1 -t UTF-8`");
    Report::new(sources, vec![problem])
}
