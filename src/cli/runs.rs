//! The runs of a store, for the commands that show them: this machine's, that of a bucket, that of a pipeline in its cluster.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::cli::Exit;
use crate::cli::console::Console;
use crate::cli::input::Finder;
use crate::cli::run::is_alive;
use crate::collections::HashSet;
use crate::diagnostics::codes::run::NO_SUCH_RUN;
use crate::diagnostics::{Diagnostic, Report, human};
use crate::ops::history::{self, History};
use crate::project::relative;
use crate::stage::record::RunRecord;
use crate::stage::store::{self, Address, Store};

/// Whose runs are shown.
#[derive(Args, Debug)]
pub struct Whose {
    /// The runs of this store, such as `s3://BUCKET/PREFIX` [default: those on this machine]
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// The pipeline's runs in its cluster: those of the store that the cluster of your kubeconfig names
    #[cfg(feature = "cloud")]
    #[arg(long, conflicts_with = "store")]
    cluster: bool,
    /// The pipeline, where the file has several
    #[cfg(feature = "cloud")]
    #[arg(long, value_name = "NAME", requires = "cluster")]
    pipeline: Option<String>,
}

impl Whose {
    /// Whether other runs are wanted than those on this machine.
    pub fn is_elsewhere(&self) -> bool {
        #[cfg(feature = "cloud")]
        let in_cluster = self.cluster;
        #[cfg(not(feature = "cloud"))]
        let in_cluster = false;
        self.store.is_some() || in_cluster
    }

    /// Opens their store; says what is wrong.
    pub fn open(&self, root: Option<&PathBuf>, console: &mut Console) -> Result<Runs, Exit> {
        #[cfg(feature = "cloud")]
        if self.cluster {
            let address = in_cluster(root, self.pipeline.as_deref(), console)?;
            let runs = Address::parse(&address).map_err(alone).and_then(Runs::of);
            return runs.map_err(|report| told(report, console));
        }
        let runs = match &self.store {
            Some(address) => {
                let address = Address::parse(address);
                let address = address.map_err(|problem| {
                    told(alone(problem), console);
                    Exit::Usage
                })?;
                Runs::of(address)
            }
            None => Finder::new(root.map(PathBuf::as_path)).and_then(|finder| Runs::here(&finder)),
        };
        runs.map_err(|report| told(report, console))
    }
}

/// The address of the store of the repository's pipeline, as its cluster has it.
#[cfg(feature = "cloud")]
fn in_cluster(
    root: Option<&PathBuf>,
    name: Option<&str>,
    console: &mut Console,
) -> Result<String, Exit> {
    use crate::cli::{input, output, pick};
    use crate::cloud::kubernetes::Cluster;
    use crate::target::names::settings_name;
    let input = input::one(root.map(PathBuf::as_path), None, console).ok_or(Exit::Errors)?;
    let mut analysis = output::look(&input);
    let pipelines = std::mem::take(&mut analysis.pipelines);
    if analysis.has_errors() {
        return Err(told(output::report(&input, analysis), console));
    }
    let pipeline = pick::one(&pipelines, name, console)?;
    let (name, namespace) = (&pipeline.name.value, &pipeline.namespace.value);
    let address = Cluster::find()
        .map_err(|failure| Box::new(failure.into_diagnostic()))
        .and_then(|cluster| history::store_in_cluster(&cluster, pipeline));
    let address = address.map_err(|problem| told(alone(*problem), console))?;
    address.ok_or_else(|| {
        let message = format!(
            "the cluster does not say where `{name}` keeps its runs: there is no `{}` with a store in the namespace `{namespace}`",
            settings_name(name)
        );
        console.fail(&message, Some("`aphex apply` puts a pipeline into the cluster of your kubeconfig; `--store` names a store by itself"));
        Exit::Errors
    })
}

fn told(report: Report, console: &mut Console) -> Exit {
    console.remark(&human::render(&[report], console.err));
    Exit::Errors
}

/// A store with runs.
pub struct Runs {
    /// `None` where there is none yet.
    store: Option<Box<dyn Store>>,
    place: Place,
}

/// Where a store is, for people.
enum Place {
    /// This machine's, and where the user is.
    Here { folder: PathBuf, here: PathBuf },
    /// The one of an address.
    At(Address),
}

impl Runs {
    /// The store of the project that is looked at. There is none before the first run, and none is made.
    fn here(finder: &Finder) -> Result<Runs, Report> {
        let folder = finder.project().store();
        let address = Address::folder(&folder).map_err(alone)?;
        Ok(Runs {
            store: opened(&address)?,
            place: Place::Here {
                here: finder.here().to_owned(),
                folder,
            },
        })
    }

    fn of(address: Address) -> Result<Runs, Report> {
        Ok(Runs {
            store: opened(&address)?,
            place: Place::At(address),
        })
    }

    /// The newest ones.
    pub fn newest(&self, most: usize) -> Result<History, Report> {
        let Some(store) = &self.store else {
            return Ok(History::default());
        };
        // A run that ends meanwhile lived before, and has a record after.
        let lived = self.alive();
        let mut history = History::newest(store.as_ref(), most).map_err(alone)?;
        if let Some(lived) = lived {
            let lives = |run: &str| lived.contains(run) || self.is_alive(run);
            history.bury(most, lives);
        }
        Ok(history)
    }

    /// The folders of the runs on this machine; `None` for those of another store.
    fn folders(&self) -> Option<PathBuf> {
        match &self.place {
            Place::Here { folder, .. } => Some(folder.parent()?.join("runs")),
            Place::At(_) => None,
        }
    }

    /// The runs that go on, on this machine.
    fn alive(&self) -> Option<HashSet<String>> {
        let folders = fs::read_dir(self.folders()?).into_iter().flatten();
        let names = folders.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Some(names.filter(|name| self.is_alive(name)).collect())
    }

    fn is_alive(&self, run: &str) -> bool {
        let folders = self.folders();
        folders.is_some_and(|folders| is_alive(&folders.join(run)))
    }

    /// One of them; see [`history::find`].
    pub fn one(&self, name: &str) -> Result<RunRecord, Report> {
        let lives = self.folders().map(|_| self.is_alive(name));
        let found = match &self.store {
            Some(store) => history::find(store.as_ref(), name, lives),
            None => Err(history::missing(name, &[])),
        };
        found.map_err(|problem| match (&self.place, problem.code == &NO_SUCH_RUN) {
            (Place::At(address), true) => alone(problem.note(format!(
                "looked at was {address}: a run in a cluster is recorded when it ends, and one that was terminated is not"
            )).help("`aphex status --all` shows what the cluster has of it")),
            _ => alone(problem),
        })
    }

    /// Where something is in the store: a path from where the user is, or an address.
    pub fn shown(&self, key: &str) -> String {
        match &self.place {
            Place::Here { folder, here } => relative(&folder.join(key), here),
            Place::At(address) => format!("{address}/{key}"),
        }
    }

    /// The address of another store than this machine's.
    pub fn address(&self) -> Option<String> {
        match &self.place {
            Place::Here { .. } => None,
            Place::At(address) => Some(address.to_string()),
        }
    }
}

/// Looking makes no folder.
fn opened(address: &Address) -> Result<Option<Box<dyn Store>>, Report> {
    match address {
        Address::Folder(folder) if !folder.is_dir() => Ok(None),
        _ => store::open(address).map(Some).map_err(alone),
    }
}

fn alone(problem: Diagnostic) -> Report {
    Report::without_sources(vec![problem])
}
