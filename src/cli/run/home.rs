//! `.aphex` in a project: where runs on this machine keep what they keep. Version control does not see it.

use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::cli::input::Finder;
use crate::cli::run::sweep::{self, Alive, Beginning};
use crate::cli::run::turn::{Turn, turn};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::input::NOT_WRITTEN;
use crate::stage::checkout::{self, Git, Snapshot, Wish};
use crate::stage::log::Log;
use crate::stage::process::Stop;
use crate::stage::record::keys;
use crate::stage::store::{self, Address, Key, Store};

/// `.aphex` of a project, and the store of its runs.
#[derive(Debug)]
pub struct Home {
    project: PathBuf,
    root: PathBuf,
    address: Address,
}

impl Home {
    /// That of a project; made where it is not there. Runs are kept in it, unless another store is named.
    pub fn open(project: &Path, store: Option<&str>) -> Result<Self, Diagnostic> {
        let root = project.join(".aphex");
        let address = match store {
            Some(address) => Address::parse(address)?,
            None => Address::folder(&root.join("store"))?,
        };
        let home = Home {
            project: project.to_owned(),
            root,
            address,
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
    pub fn store(&self) -> Result<Box<dyn Store>, Diagnostic> {
        store::open(&self.address)
    }

    /// Its address.
    pub fn store_url(&self) -> String {
        self.address.to_string()
    }

    /// What a run works on: a commit that is named, or a snapshot of the working tree.
    pub fn commit(&self, wish: Wish<'_>, stop: &Stop) -> Result<Snapshot, Diagnostic> {
        let git = Git::find(&Log::new(Vec::new()), stop)?;
        // Git refuses two that make one repository. Who is told to stop hears it from there.
        let _turn = turn(&self.root.join("snapshot"), stop, || {})
            .map_err(|error| unwritten(&self.root, &error))?;
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

    /// Waits until no other run of this repository deploys: two at once would change the same stacks. See [`turn`].
    pub fn deploying(&self, stop: &Stop, tell: impl FnMut()) -> Result<Option<Turn>, Diagnostic> {
        let turn = turn(&self.root.join("deploying"), stop, tell);
        turn.map_err(|error| unwritten(&self.root, &error))
    }

    /// Makes a run's folder under a name that no other has: `shop-20300131-050000`. In a store that others write to as well the name
    /// goes on, since theirs may begin in the same second: `shop-20300131-050000-3fa9`.
    ///
    /// An `A0930` where the store cannot be read.
    pub fn new_run(&self, pipeline: &str, store: &dyn Store) -> Result<String, Diagnostic> {
        let time = Timestamp::now().strftime("%Y%m%d-%H%M%S");
        let first = match self.address {
            Address::Folder(_) => format!("{pipeline}-{time}"),
            Address::Bucket { .. } => {
                let random = RandomState::new().build_hasher().finish() & 0xffff;
                format!("{pipeline}-{time}-{random:04x}")
            }
        };
        for number in 1.. {
            let name = match number {
                1 => first.clone(),
                _ => format!("{first}-{number}"),
            };
            // The folder of one that succeeded within this second is gone already; what it has left is not.
            if store.get(&Key::new(keys::record(&name))?)?.is_some() {
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

    /// Where an object of the store is, for people: a path, or an address.
    pub fn shown(&self, key: &str) -> String {
        match &self.address {
            Address::Folder(folder) => from_here(&folder.join(key)),
            Address::Bucket { .. } => format!("{}/{key}", self.address),
        }
    }

    /// What commands that look at its runs need to be told from where the user is: nothing where the store is that of the project around.
    pub fn arguments(&self) -> String {
        let own = Address::folder(&self.root.join("store"));
        if own.is_ok_and(|own| own != self.address) {
            return format!(" --store {}", self.address);
        }
        let around = Finder::new(None).map(|finder| finder.project().root().to_owned());
        match around.is_ok_and(|around| around == self.project) {
            true => String::new(),
            false => format!(" --root {}", from_here(&self.project)),
        }
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

/// A file or folder that cannot be written.
pub fn unwritten(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::without_place(
        &NOT_WRITTEN,
        format!("`{}` cannot be written", path.display()),
    )
    .note(error.to_string())
}
