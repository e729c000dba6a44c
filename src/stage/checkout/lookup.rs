//! What a repository tells without a working tree: what a reference points at, and which files differ between two commits.

use std::path::Path;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_checkout::NO_REFERENCE;
use crate::stage::checkout::failure::Failure;
use crate::stage::checkout::session::Session;
use crate::stage::checkout::{Credentials, Git, Remote, reference, tree};
use crate::stage::is_commit;

/// A repository that is asked things, through an empty one of our own.
pub struct Lookup<'a> {
    session: Session,
    dir: &'a Path,
}

/// The files that differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// These, by their paths.
    Files(Vec<String>),
    /// It cannot be said, for this reason.
    Unknown(&'static str),
}

impl<'a> Lookup<'a> {
    /// Prepares one in a folder that is not there yet, or empty.
    pub fn open(
        git: &Git,
        remote: &Remote,
        credentials: &Credentials,
        dir: &'a Path,
    ) -> Result<Lookup<'a>, Diagnostic> {
        let session = Session::open(git, remote, credentials)?;
        tree::prepare(&session, dir)?;
        Ok(Lookup { session, dir })
    }

    /// The full name of a reference and the commit that it points at now. Empty is the default branch.
    pub fn resolve(&self, name: &str) -> Result<(String, String), Diagnostic> {
        if name.is_empty() {
            return self.default_branch();
        }
        let (full, commit) = reference::resolve(&self.session, self.dir, name)?;
        Ok((full.unwrap_or_default(), commit))
    }

    fn default_branch(&self) -> Result<(String, String), Diagnostic> {
        let found = self.session.references(self.dir, &["HEAD"])?;
        let of = |wanted: fn(&str) -> bool| {
            let mut values = found.iter().map(|(_, value)| value);
            values.find(|value| wanted(value)).cloned()
        };
        let name = of(|value| value.starts_with("ref: "));
        match (name, of(is_commit)) {
            (Some(name), Some(commit)) => {
                Ok((name.trim_start_matches("ref: ").trim().to_owned(), commit))
            }
            (None, Some(commit)) => Ok((String::new(), commit)),
            _ => {
                let repository = self.session.remote.name();
                let message = format!("`{repository}` has no default branch");
                Err(Diagnostic::without_place(&NO_REFERENCE, message)
                    .help("push a first commit, or choose a default branch at its host"))
            }
        }
    }

    /// The files that differ between two commits, or, for a pull request, since the two have parted.
    pub fn changed(
        &self,
        base: &str,
        commit: &str,
        from_fork_point: bool,
    ) -> Result<Changed, Diagnostic> {
        if !is_commit(base) || base.bytes().all(|byte| byte == b'0') {
            return Ok(Changed::Unknown("the branch is new"));
        }
        let depth = if from_fork_point { 0 } else { 1 };
        // Trees are enough; files stay where they are.
        match self.session.fetch(self.dir, depth, true, &[commit])? {
            Ok(()) => {}
            Err(failed) if failed.failure == Failure::NotThere => {
                return Err(tree::gone(&self.session, self.dir, commit, ""));
            }
            Err(failed) => return Err(self.session.explain(&failed)),
        }
        match self.session.fetch(self.dir, depth, true, &[base])? {
            Ok(()) => {}
            Err(failed) if matches!(failed.failure, Failure::NotThere | Failure::NotAllowed) => {
                return Ok(Changed::Unknown("the commit before is not there any more"));
            }
            Err(failed) => return Err(self.session.explain(&failed)),
        }
        let git = &self.session.git;
        let from = match from_fork_point {
            false => base.to_owned(),
            true => {
                let answer = git.ask(self.dir, ["merge-base", base, commit])?;
                match answer.good {
                    true => answer.text(),
                    false => return Ok(Changed::Unknown("the two have no commit in common")),
                }
            }
        };
        let args = [
            "diff",
            "--name-only",
            "--no-renames",
            "--no-ext-diff",
            "-z",
            &from,
            commit,
            "--",
        ];
        let answer = git.ask(self.dir, args)?;
        if !answer.good {
            return Err(tree::refused("the changed files cannot be listed").note(answer.said));
        }
        let names = answer.out.split(|byte| *byte == 0);
        let names = names.filter(|name| !name.is_empty());
        Ok(Changed::Files(
            names
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect(),
        ))
    }
}
