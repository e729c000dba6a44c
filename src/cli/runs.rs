//! The runs of this machine's store, for the commands that show them.

use std::path::PathBuf;

use crate::cli::input::Finder;
use crate::diagnostics::{Diagnostic, Report};
use crate::ops::history::{self, History};
use crate::project::relative;
use crate::stage::record::RunRecord;
use crate::stage::store::LocalStore;

/// Where `aphex run` keeps what runs leave.
pub struct Runs {
    folder: PathBuf,
    here: PathBuf,
    store: Option<LocalStore>,
}

impl Runs {
    /// The store of the project that is looked at. There is none before the first run, and none is made.
    pub fn open(finder: &Finder) -> Result<Runs, Report> {
        let folder = finder.project().store();
        let store = match folder.is_dir() {
            true => Some(LocalStore::open(&folder).map_err(alone)?),
            false => None,
        };
        Ok(Runs {
            here: finder.here().to_owned(),
            folder,
            store,
        })
    }

    /// Every run.
    pub fn all(&self) -> Result<History, Report> {
        match &self.store {
            Some(store) => History::read(store).map_err(alone),
            None => Ok(History::default()),
        }
    }

    /// One of them; see [`history::find`].
    pub fn one(&self, name: &str) -> Result<RunRecord, Report> {
        match &self.store {
            Some(store) => history::find(store, name).map_err(alone),
            None => Err(alone(history::missing(name, &[]))),
        }
    }

    /// The path of a file in the store, from where the user is.
    pub fn shown(&self, key: &str) -> String {
        relative(&self.folder.join(key), &self.here)
    }
}

fn alone(problem: Diagnostic) -> Report {
    Report::without_sources(vec![problem])
}
