//! Why a folder could not be written.

use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostics::codes::input::NOT_WRITTEN;
use crate::diagnostics::{Diagnostic, list_names};

/// Why a folder could not be written. Nothing in it has changed.
#[derive(Debug)]
pub enum FolderError {
    /// It is not a folder, or is the working directory.
    NotUsable(PathBuf, &'static str),
    /// It holds files that we did not write: the first few.
    Foreign(Vec<String>),
    /// The system refused; what was tried, on which path.
    Io(&'static str, PathBuf, io::Error),
}

impl FolderError {
    /// What to tell of the folder that was to be written.
    pub fn diagnostic(&self, folder: &Path) -> Diagnostic {
        let message = format!("`{}` was not written", folder.display());
        let told = Diagnostic::without_place(&NOT_WRITTEN, message);
        match self {
            FolderError::NotUsable(folder, why) => {
                told.note(format!("`{}` {why}", folder.display()))
            }
            FolderError::Foreign(files) => {
                let names = list_names(files.iter().map(String::as_str), 3);
                told.note(format!(
                    "it holds what `aphex compile` did not write: {names}"
                ))
                .help("name a directory that is new, or that an earlier `aphex compile -o` wrote")
            }
            FolderError::Io(what, path, error) => {
                told.note(format!("could not {what} `{}`: {error}", path.display()))
            }
        }
    }
}

/// An error of the system: what was tried, on which path.
pub(super) fn at(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    move |error| FolderError::Io(what, path.to_owned(), error)
}
