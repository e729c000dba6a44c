//! A commit of a working tree as it is.
//!
//! It is made in a bare repository of ours, which borrows the objects of the user's. Theirs is read and never written: no
//! index, no reference, no object; not even the time of a file in it changes (Git would freshen an object that it finds
//! borrowed, so new ones are made where nothing is borrowed).
//!
//! What has not changed is taken from the commit that the tree is based on; what Git's own status says has changed, and what
//! a filter has made of a file (LFS), is read from the tree.

mod maker;
mod user;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_checkout::{COMMIT_GONE, NO_SNAPSHOT};
use crate::stage::checkout::git::Answer;
use crate::stage::checkout::{Git, Remote};
use crate::stage::store;

use maker::{Found, Maker};
pub(super) use user::User;

/// What a snapshot is to be of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    /// A commit (or a name of one) in place of the tree as it is.
    pub revision: Option<&'a str>,
    /// Whether what is in submodules becomes part of it, as plain files. Without it they are empty folders.
    pub submodules: bool,
    /// Whether files of Git LFS become part of it with their content. Without it they are what points at it, where they have not changed.
    pub lfs: bool,
}

/// A commit that can be checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// It.
    pub commit: String,
    /// Where it is.
    pub remote: Remote,
    /// The user's own commit that it is based on; `None` where there is none.
    pub base: Option<String>,
    /// The branch that is checked out, in full; empty where none is.
    pub reference: String,
    /// Whether it holds something that `base` does not.
    pub local_changes: bool,
    /// Other repositories in the tree, which belong to no commit and are left out.
    pub left_out: Vec<PathBuf>,
}

/// Makes a commit of the working tree at `project`, in the bare repository `repository`, which is made where it is not there.
/// `project` may be a part of a repository: then it is the root of the commit. It may be in no repository at all.
pub fn snapshot(
    git: &Git,
    project: &Path,
    repository: &Path,
    wish: Wish<'_>,
) -> Result<Snapshot, Diagnostic> {
    let project = fs::canonicalize(project).map_err(|error| failed_io(project, &error))?;
    let maker = Maker::open(git, repository)?;
    let user = User::find(git, &project)?;
    maker.borrow(user.as_ref())?;
    let mut left_out = Vec::new();
    let Some(user) = user else {
        if let Some(revision) = wish.revision {
            return Err(no_commit(revision).note("the project is in no Git repository"));
        }
        let tree = maker.tree_of_folder(&project)?;
        let commit = maker.commit(&tree, None)?;
        return Ok(Snapshot {
            commit,
            remote: maker.remote()?,
            base: None,
            reference: String::new(),
            local_changes: true,
            left_out,
        });
    };
    let base = match wish.revision {
        Some(revision) => Some(user.commit(revision)?),
        None => user.head()?,
    };
    let base_tree = match &base {
        Some(base) => user.tree(base)?,
        None => None,
    };
    let mut local_changes = false;
    let tree = match (wish.revision, &base_tree) {
        (Some(revision), None) => {
            return Err(no_commit(revision).note("the project's folder is not in it"));
        }
        (Some(_), Some(tree)) => tree.clone(),
        (None, tree) => {
            let mut found = Found::default();
            let made = maker.tree(&user, tree.as_deref(), wish, 0, &mut found)?;
            local_changes = found.changes;
            left_out = found.left_out;
            made
        }
    };
    let commit = match &base {
        Some(base) if Some(&tree) == base_tree.as_ref() && user.prefix.is_empty() => {
            maker.keep(base)?
        }
        // A part of a repository has a history of its own, which nobody has written.
        base => maker.commit(
            &tree,
            base.as_ref()
                .filter(|_| user.prefix.is_empty())
                .map(|base| (base, &user)),
        )?,
    };
    Ok(Snapshot {
        commit,
        remote: maker.remote()?,
        base,
        reference: match wish.revision {
            None => user.branch()?,
            Some(_) => String::new(),
        },
        local_changes,
        left_out,
    })
}

fn good(answer: Answer) -> Result<Vec<u8>, Diagnostic> {
    let mut out = good_bytes(answer)?;
    if out.last() == Some(&b'\n') {
        out.pop();
    }
    Ok(out)
}

pub(super) fn good_bytes(answer: Answer) -> Result<Vec<u8>, Diagnostic> {
    match answer.good {
        true => Ok(answer.out),
        false => Err(failed("the working tree cannot be read").note(answer.said)),
    }
}

fn failed(message: impl Into<String>) -> Diagnostic {
    Diagnostic::without_place(&NO_SNAPSHOT, message)
}

fn failed_io(path: &Path, error: &io::Error) -> Diagnostic {
    store::explain(
        failed(format!("`{}` cannot be used", path.display())),
        error,
    )
}

fn no_commit(revision: &str) -> Diagnostic {
    Diagnostic::without_place(
        &COMMIT_GONE,
        format!("there is no commit `{revision}` here"),
    )
}
