//! Where a stage finds things: `/aphex` in a pod, a folder of the run on one machine.

use std::path::{Path, PathBuf};

/// The folders of one stage. See `docs/compile.md`, "What a stage is given".
#[derive(Clone, Debug)]
pub struct Folders {
    root: PathBuf,
}

impl Folders {
    /// Those below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Folders { root: root.into() }
    }

    /// All of them stand in this one.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The binary, for the containers of a pod that have not got it in their image.
    pub fn binary(&self) -> PathBuf {
        self.root.join("bin/aphex")
    }

    /// The working tree.
    pub fn source(&self) -> PathBuf {
        self.root.join("source")
    }

    /// The home directory of commands in a container.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The log of a side-car.
    pub fn service_log(&self, service: &str) -> PathBuf {
        self.root.join(format!("{service}.log.txt"))
    }

    /// For temporary files.
    pub fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// What becomes output parameters.
    pub fn out(&self) -> PathBuf {
        self.root.join("out")
    }

    /// The credentials of the repository, which the checkout alone sees.
    pub fn credentials(&self) -> PathBuf {
        match self.root == Path::new("/aphex") {
            true => PathBuf::from("/run/aphex/git"),
            false => self.root.join("git"),
        }
    }

    /// Kubernetes Secrets that the stage's own step or app names.
    pub fn secrets(&self) -> PathBuf {
        match self.root == Path::new("/aphex") {
            true => PathBuf::from("/run/aphex/secrets"),
            false => self.root.join("secrets"),
        }
    }

    /// Where Kubernetes takes the reason from that Argo shows of a pod.
    pub fn termination_log(&self) -> PathBuf {
        match self.root == Path::new("/aphex") {
            true => PathBuf::from("/dev/termination-log"),
            false => self.root.join("termination-log"),
        }
    }

    /// The log of the stage.
    pub fn log(&self) -> PathBuf {
        self.root.join("log.txt")
    }

    /// What is known of the run; see [`RunInfo`](crate::stage::RunInfo).
    pub fn run_info(&self) -> PathBuf {
        self.root.join("run.json")
    }
}
