//! `.aphex` in a project: where runs on this machine keep what they keep. Version control does not see it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::cli::run::sweep::{self, Alive, Beginning};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::input::NOT_WRITTEN;
use crate::model::Checkout;
use crate::stage::checkout::{self, Git, Snapshot, Wish};
use crate::stage::log::Log;
use crate::stage::process::Stop;
use crate::stage::store::{Address, LocalStore};

/// `.aphex` of a project.
#[derive(Debug)]
pub struct Home {
    project: PathBuf,
    root: PathBuf,
}

impl Home {
    /// That of a project; made where it is not there.
    pub fn open(project: &Path) -> Result<Self, Diagnostic> {
        let home = Home {
            project: project.to_owned(),
            root: project.join(".aphex"),
        };
        for folder in [home.root.clone(), home.runs()] {
            fs::create_dir_all(&folder).map_err(|error| unwritten(&folder, &error))?;
        }
        let ignore = home.root.join(".gitignore");
        // One that a full disk has left empty hides nothing.
        let is_whole = fs::metadata(&ignore).is_ok_and(|ignore| ignore.len() > 0);
        if !is_whole {
            fs::write(&ignore, "*\n").map_err(|error| unwritten(&ignore, &error))?;
        }
        Ok(home)
    }

    fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// The store of artifacts and records.
    pub fn store(&self) -> Result<LocalStore, Diagnostic> {
        LocalStore::open(&self.root.join("store"))
    }

    /// Its address.
    pub fn store_url(&self) -> Result<String, Diagnostic> {
        Ok(Address::folder(&self.root.join("store"))?.to_string())
    }

    /// What a run works on: a commit that is named, or a snapshot of the working tree.
    pub fn commit(
        &self,
        sha: Option<&str>,
        settings: &Checkout,
        log: &Log,
        stop: &Stop,
    ) -> Result<Snapshot, Diagnostic> {
        let git = Git::find(log, stop)?;
        let wish = Wish {
            revision: sha,
            submodules: settings.submodules,
            lfs: settings.lfs,
        };
        checkout::snapshot(&git, &self.project, &self.root.join("repository"), wish)
    }

    /// Removes what old runs have left; see [`sweep::sweep`].
    pub fn sweep(&self) -> Result<Beginning, Diagnostic> {
        sweep::sweep(&self.root).map_err(|error| unwritten(&self.root, &error))
    }

    /// Says that a run lives, as long as what is given does.
    pub fn alive(&self, run: &str) -> Result<Alive, Diagnostic> {
        let folder = self.folder_of(run);
        sweep::alive(&folder).map_err(|error| unwritten(&folder, &error))
    }

    /// Makes a run's folder under a name that no other has: `shop-20300131-050000`.
    pub fn new_run(&self, pipeline: &str) -> Result<String, Diagnostic> {
        let time = Timestamp::now().strftime("%Y%m%d-%H%M%S");
        let first = format!("{pipeline}-{time}");
        for number in 1.. {
            let name = match number {
                1 => first.clone(),
                _ => format!("{first}-{number}"),
            };
            // The folder of one that succeeded within this second is gone already; what it has left is not.
            if self.root.join("store/runs").join(&name).exists() {
                continue;
            }
            let folder = self.folder_of(&name);
            match fs::create_dir(&folder) {
                Ok(()) => return Ok(name),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unwritten(&folder, &error)),
            }
        }
        Ok(first)
    }

    /// The folder of a run's working trees.
    pub fn folder_of(&self, run: &str) -> PathBuf {
        self.runs().join(run)
    }

    /// Removes the working trees of a run that needs no looking into. Its record, logs and artifacts stay in the store.
    pub fn tidy(&self, run: &str) {
        let _ = fs::remove_dir_all(self.folder_of(run));
    }

    /// The path of an object of the store, for people.
    pub fn shown(&self, key: &str) -> String {
        from_here(&self.root.join("store").join(key))
    }

    /// The path of a run's working trees, for people.
    pub fn shown_folder(&self, run: &str) -> String {
        from_here(&self.folder_of(run))
    }
}

fn from_here(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    crate::project::relative(path, &here)
}

fn unwritten(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::without_place(
        &NOT_WRITTEN,
        format!("`{}` cannot be written", path.display()),
    )
    .note(error.to_string())
}
