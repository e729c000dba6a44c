//! `--fix`: applies corrections to files on disk.

use std::path::{Path, PathBuf};

use crate::cli::input::Input;
use crate::cli::write::replace;
use crate::collections::HashSet;
use crate::diagnostics::codes::input::NOT_WRITTEN;
use crate::diagnostics::{Diagnostic, Report, plural};
use crate::project::disk::{self, BYTE_ORDER_MARK};
use crate::source::SourceId;
use crate::syntax::MAX_FILE_SIZE;
use crate::tools::fix::{Rewrite, rewrite};

/// A correction may bring another one about; after so many rounds the rest is left.
const ROUNDS: usize = 10;
/// So many corrections of a file are told one by one.
const MOST: usize = 100;

/// What `--fix` did.
#[derive(Debug)]
pub struct Fixed {
    /// What is wrong afterwards.
    pub reports: Vec<Report>,
    /// What was done, for people; empty where nothing was.
    pub done: String,
    /// What could not be done.
    pub failed: Vec<Diagnostic>,
}

/// Applies corrections until none is left, and looks again after each round.
pub fn apply(inputs: &[Input], look: impl Fn(&[Input]) -> Vec<Report>) -> Fixed {
    let mut done = String::new();
    let mut failed = Vec::new();
    let mut reports = look(inputs);
    for _ in 0..ROUNDS {
        let mut written: HashSet<PathBuf> = HashSet::default();
        for (input, report) in inputs.iter().zip(&reports) {
            let path = |id: SourceId| path_of(input, report, id);
            let fresh = |id: SourceId| path(id).is_some_and(|path| !written.contains(&path));
            let files = rewrite(&report.diagnostics, &report.sources, fresh);
            for (id, file) in files {
                let Some(path) = path(id) else { continue };
                match save(&path, report, id, &file) {
                    Ok(()) => done.push_str(&describe(report, id, &file)),
                    Err(why) => failed.push(not_written(report.shown(id), &why)),
                }
                written.insert(path);
            }
        }
        if written.is_empty() {
            break;
        }
        reports = look(inputs);
        if !failed.is_empty() {
            break;
        }
    }
    Fixed {
        reports,
        done,
        failed,
    }
}

/// Where a source is on disk; `None` for the standard library.
fn path_of(input: &Input, report: &Report, id: SourceId) -> Option<PathBuf> {
    let name = &report.sources.get(id)?.name;
    let path = input.project.root().join(disk::normalise(name.as_ref())?);
    std::fs::canonicalize(path).ok()
}

/// Writes the new text with the file's own byte order mark, unless the file has changed since.
fn save(path: &Path, report: &Report, id: SourceId, file: &Rewrite) -> Result<(), String> {
    let bytes =
        disk::read_bytes(path, MAX_FILE_SIZE).map_err(|_| "the file cannot be read any more")?;
    let looked_at = report.sources.get(id).map(|source| source.text.as_bytes());
    let (mark, text) = match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(text) => (BYTE_ORDER_MARK, text),
        None => ([].as_slice(), bytes.as_slice()),
    };
    if looked_at != Some(text) {
        return Err("the file has changed since it was checked".to_owned());
    }
    replace(path, &[mark, file.text.as_bytes()].concat())
}

fn describe(report: &Report, id: SourceId, file: &Rewrite) -> String {
    let count = plural(file.applied.len(), "problem");
    let mut text = format!("corrected {count} in {}\n", report.shown(id));
    for applied in file.applied.iter().take(MOST) {
        let line = report
            .range(applied.span)
            .map_or(1, |(_, start, _)| start.line);
        text.push_str(&format!(
            "  line {line}: {} ({})\n",
            applied.message, applied.code
        ));
    }
    if let Some(more) = file
        .applied
        .len()
        .checked_sub(MOST)
        .filter(|more| *more > 0)
    {
        text.push_str(&format!("  and {more} more\n"));
    }
    text
}

fn not_written(shown: &str, why: &str) -> Diagnostic {
    Diagnostic::without_place(&NOT_WRITTEN, format!("`{shown}` was not changed")).note(why)
}
