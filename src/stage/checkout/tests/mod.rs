mod hostile;
mod private;
mod server;
mod snapshots;
mod trees;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::diagnostics::Diagnostic;
use crate::stage::log::Log;
use crate::stage::process::{Environment, Stop};

/// A place for repositories, and a log that can be read.
pub struct Room {
    pub folder: tempfile::TempDir,
    log: Arc<Mutex<Vec<u8>>>,
}

struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Room {
    pub fn new() -> Room {
        Room {
            folder: tempfile::tempdir().unwrap(),
            log: Arc::default(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn said(&self) -> String {
        String::from_utf8(self.log.lock().unwrap().clone()).unwrap()
    }

    /// Git as a checkout has it, but in a hurry.
    pub fn git(&self) -> Git {
        self.git_with(&std::env::var("PATH").unwrap())
    }

    pub fn git_with(&self, path: &str) -> Git {
        let mut git = self.find(path).unwrap();
        git.pause = Duration::from_millis(1);
        git
    }

    pub fn find(&self, path: &str) -> Result<Git, Diagnostic> {
        let log = Log::new(vec![Box::new(Sink(Arc::clone(&self.log)))]);
        let mut base = Environment::new();
        base.insert("PATH".into(), path.into());
        let git = Git::find_with(base, &log, &Stop::new().unwrap());
        git.map(|mut git| {
            git.private = self.folder.path().to_owned();
            git
        })
    }

    /// A program that is found before others.
    pub fn program(&self, name: &str, script: &str) -> String {
        let folder = self.path("bin");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
    }

    pub fn repository(&self, name: &str) -> Repository {
        Repository::new(&self.path(name))
    }
}

/// A repository as somebody works in it.
pub struct Repository(pub PathBuf);

impl Repository {
    pub fn new(path: &Path) -> Repository {
        fs::create_dir_all(path).unwrap();
        let repository = Repository(path.to_owned());
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// Runs Git as a user; gives what it writes.
    pub fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(args)
            .current_dir(&self.0)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "a")
            .env("GIT_AUTHOR_EMAIL", "a@example.com")
            .env("GIT_COMMITTER_NAME", "a")
            .env("GIT_COMMITTER_EMAIL", "a@example.com")
            .env("GIT_ALLOW_PROTOCOL", "file:ext")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {said}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    pub fn write(&self, path: &str, content: &str) -> &Repository {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Commits everything; gives the commit.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn remote(&self) -> Remote {
        Remote::parse(&format!("file://{}", self.0.display())).unwrap()
    }
}

/// Wants a commit and nothing else.
pub fn wanted<'a>(remote: &'a Remote, sha: &'a str) -> Wanted<'a> {
    Wanted {
        remote,
        revision: Revision::Commit {
            sha,
            reference: "refs/heads/main",
        },
        depth: 1,
        submodules: false,
        lfs: false,
        partial: false,
    }
}

pub fn told(diagnostic: &Diagnostic) -> String {
    let mut told = vec![diagnostic.message.clone()];
    told.extend(diagnostic.notes.iter().cloned());
    told.extend(diagnostic.help.clone());
    told.join("\n")
}
