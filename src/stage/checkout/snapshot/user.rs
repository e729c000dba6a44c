//! The user's repository, which is only read.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostics::Diagnostic;
use crate::stage::checkout::changes::{self};
use crate::stage::checkout::git::{self, Answer};
use crate::stage::checkout::snapshot::{failed, good, no_commit};
use crate::stage::checkout::{Git, reference};
use crate::stage::process::Environment;

/// The user's repository, which is only read. Their own configuration applies: what they have told Git to ignore is ignored.
pub(in crate::stage::checkout) struct User {
    environment: Environment,
    /// The folder of which a commit is made.
    pub(in crate::stage::checkout) root: PathBuf,
    /// Where it is in the repository: empty, or `part/of/it/`.
    pub(in crate::stage::checkout) prefix: Vec<u8>,
    pub(super) objects: PathBuf,
    pub(super) shallow: Option<Vec<u8>>,
}

impl User {
    /// The repository that a folder is part of; `None` where it is in none, or where the repository ignores it.
    pub(in crate::stage::checkout) fn find(
        git: &Git,
        root: &Path,
    ) -> Result<Option<User>, Diagnostic> {
        let mut environment = git.environment();
        let own =
            std::env::vars_os().filter(|(name, _)| !name.to_string_lossy().starts_with("GIT_"));
        environment.retain(|name, _| !name.to_string_lossy().starts_with("GIT_"));
        environment.extend(own);
        for (name, value) in [
            ("LC_ALL", "C"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_TERMINAL_PROMPT", "0"),
        ] {
            environment.insert(name.into(), value.into());
        }
        let mut user = User {
            environment,
            root: root.to_owned(),
            prefix: Vec::new(),
            objects: PathBuf::new(),
            shallow: None,
        };
        let inside = user.ask(["rev-parse", "--is-inside-work-tree"])?;
        if inside.text() != "true" {
            // Git refuses the repository of another user; that is no reason to run what is not in it.
            return match inside.said.contains("dubious ownership") {
                true => Err(
                    failed("the repository of the project belongs to somebody else")
                        .note(inside.said),
                ),
                false => Ok(None),
            };
        }
        user.prefix = user.told(["rev-parse", "--show-prefix"])?;
        let objects = user.told([
            "rev-parse",
            "--path-format=absolute",
            "--git-path",
            "objects",
        ])?;
        let shallow = user.told([
            "rev-parse",
            "--path-format=absolute",
            "--git-path",
            "shallow",
        ])?;
        user.objects = changes::path(&objects);
        user.shallow = fs::read(changes::path(&shallow)).ok();
        if !user.prefix.is_empty() {
            let ignored = user.ask(["check-ignore", "--quiet", "."])?.good;
            if ignored && user.told(["ls-files", "--", "."])?.is_empty() {
                return Ok(None);
            }
        }
        Ok(Some(user))
    }

    pub(in crate::stage::checkout) fn ask<S: AsRef<std::ffi::OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Result<Answer, Diagnostic> {
        self.ask_with(args, b"")
    }

    pub(in crate::stage::checkout) fn ask_with<S: AsRef<std::ffi::OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
        input: &[u8],
    ) -> Result<Answer, Diagnostic> {
        // The user's own monitor would be started, and would write.
        let always = [
            "-c",
            "core.fsmonitor=false",
            "-c",
            "log.showSignature=false",
        ]
        .map(OsString::from);
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
        git::ask(
            &self.environment,
            &self.root,
            always.into_iter().chain(args),
            input,
        )
    }

    /// An answer that must be there, without its line end.
    pub(super) fn told<S: AsRef<std::ffi::OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Result<Vec<u8>, Diagnostic> {
        good(self.ask(args)?)
    }

    pub(super) fn head(&self) -> Result<Option<String>, Diagnostic> {
        let answer = self.ask(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?;
        Ok(answer.good.then(|| answer.text()))
    }

    pub(super) fn branch(&self) -> Result<String, Diagnostic> {
        let answer = self.ask(["symbolic-ref", "--quiet", "HEAD"])?;
        Ok(if answer.good {
            answer.text()
        } else {
            String::new()
        })
    }

    pub(super) fn commit(&self, revision: &str) -> Result<String, Diagnostic> {
        reference::check(revision)?;
        let wanted = format!("{revision}^{{commit}}");
        let answer = self.ask([
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &wanted,
        ])?;
        match answer.good {
            true => Ok(answer.text()),
            false => Err(no_commit(revision)
                .help("fetch it, or leave it out: then the working tree is run as it is")),
        }
    }

    /// The tree of the folder in a commit; `None` where the commit does not have the folder.
    pub(super) fn tree(&self, commit: &str) -> Result<Option<String>, Diagnostic> {
        let mut wanted = OsString::from(format!("{commit}:"));
        wanted.push(changes::path(
            self.prefix.strip_suffix(b"/").unwrap_or(&self.prefix),
        ));
        let answer = self.ask([
            &OsString::from("rev-parse"),
            &"--verify".into(),
            &"--quiet".into(),
            &wanted,
        ])?;
        Ok(answer.good.then(|| answer.text()))
    }
}
