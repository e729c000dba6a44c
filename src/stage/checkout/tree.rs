//! The working tree of a commit.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::diagnostics::codes::run_checkout::{COMMIT_GONE, GIT, NOT_CHECKED_OUT};
use crate::diagnostics::{Diagnostic, safe};
use crate::stage::checkout::failure::{Failure, SPACE, telling};
use crate::stage::checkout::session::Session;
use crate::stage::checkout::{Credentials, Git, Remote, lfs, reference, submodules};
use crate::stage::{is_commit, store};

/// What is to be checked out.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// From where.
    pub remote: &'a Remote,
    /// What.
    pub revision: Revision<'a>,
    /// How many commits of history; 0 is all of it, with branches and tags.
    pub depth: u32,
    /// Whether submodules are checked out.
    pub submodules: bool,
    /// Whether the files of Git LFS are fetched.
    pub lfs: bool,
    /// Whether older versions of files are left at the remote (`--filter=blob:none`). For a long history of large files; a
    /// command that looks at an older version has to fetch it, which needs the credentials.
    pub partial: bool,
}

/// What of a repository.
#[derive(Clone, Copy, Debug)]
pub enum Revision<'a> {
    /// A commit, exactly (forty hexadecimal digits).
    Commit {
        /// It.
        sha: &'a str,
        /// The reference that it was on, in full: `refs/heads/main`. Empty where none is known.
        reference: &'a str,
    },
    /// What a branch or a tag points at now.
    Name(&'a str),
}

/// Checks out into `into`, which is not there yet, or empty. Gives the commit.
pub fn checkout(
    git: &Git,
    wanted: &Wanted<'_>,
    credentials: &Credentials,
    into: &Path,
) -> Result<String, Diagnostic> {
    let session = Session::open(git, wanted.remote, credentials)?;
    prepare(&session, into)?;
    let commit = match wanted.revision {
        Revision::Commit { sha, reference } => {
            if !is_commit(sha) {
                return Err(refused(format!("`{}` is no commit", safe::line(sha)))
                    .note("a commit has forty hexadecimal digits"));
            }
            fetch(&session, wanted, into, sha, reference)?;
            sha.to_owned()
        }
        Revision::Name(name) => {
            let (full, commit) = reference::resolve(&session, into, name)?;
            fetch(
                &session,
                wanted,
                into,
                &commit,
                full.as_deref().unwrap_or_default(),
            )?;
            commit
        }
    };
    switch(&session, into, &commit)?;
    add(&session, wanted, into)?;
    Ok(commit)
}

/// Adds to a commit that is checked out with a history of one what more is wanted: what that is may stand in the tree itself.
pub fn complete(
    git: &Git,
    wanted: &Wanted<'_>,
    credentials: &Credentials,
    into: &Path,
) -> Result<(), Diagnostic> {
    let session = Session::open(git, wanted.remote, credentials)?;
    if let Revision::Commit { sha, reference } = wanted.revision
        && wanted.depth != 1
    {
        fetch(&session, wanted, into, sha, reference)?;
    }
    add(&session, wanted, into)
}

/// What is no part of the commit's own tree.
fn add(session: &Session, wanted: &Wanted<'_>, into: &Path) -> Result<(), Diagnostic> {
    if wanted.submodules {
        submodules::update(session, into, wanted.depth)?;
    }
    if wanted.lfs {
        lfs::pull(session, into)?;
    }
    Ok(())
}

pub(super) fn prepare(session: &Session, into: &Path) -> Result<(), Diagnostic> {
    fs::create_dir_all(into).map_err(|error| {
        let message = format!("`{}` cannot be made", into.display());
        store::explain(refused(message), &error)
    })?;
    if fs::read_dir(into).is_ok_and(|mut entries| entries.next().is_some()) {
        let message = format!("`{}` is not empty", into.display());
        return Err(refused(message).help("a checkout needs a folder of its own"));
    }
    local(session, into, &["init", "--quiet", "--template="])?;
    let url = session.remote.to_string();
    local(session, into, &["remote", "add", "origin", &url])
}

/// A step that needs no network.
fn local(session: &Session, into: &Path, args: &[&str]) -> Result<(), Diagnostic> {
    let answer = session.git.ask(into, args)?;
    match answer.good {
        true => Ok(()),
        false => {
            let word = args.first().copied().unwrap_or_default();
            Err(refused(format!("`git {word}` has failed")).note(answer.said))
        }
    }
}

/// Brings the commit here.
fn fetch(
    session: &Session,
    wanted: &Wanted<'_>,
    into: &Path,
    sha: &str,
    reference: &str,
) -> Result<(), Diagnostic> {
    if let Some(folder) = session.remote.folder().filter(|_| wanted.depth <= 1) {
        borrow(folder, into, wanted.depth, sha)?;
        return match has(session, into, sha)? {
            true => Ok(()),
            false => Err(gone(session, into, sha, reference)),
        };
    }
    let heads = "+refs/heads/*:refs/remotes/origin/*";
    let all = [heads, "+refs/tags/*:refs/tags/*"];
    let refs = match wanted.depth {
        0 => [&[sha][..], &all].concat(),
        _ => vec![sha],
    };
    let failed = match session.fetch(into, wanted.depth, wanted.partial, &refs)? {
        Ok(()) => return Ok(()),
        Err(failed) => failed,
    };
    match failed.failure {
        Failure::NotThere => Err(gone(session, into, sha, reference)),
        Failure::NotAllowed => {
            // An old server gives out branches alone: all of them, with their history, until it is there.
            session
                .git
                .log
                .line("the server gives out no single commit: fetching its branches");
            let mut refs = vec![heads];
            let full = reference.starts_with("refs/") && reference::check(reference).is_ok();
            if full && !reference.starts_with("refs/heads/") {
                refs.push(reference);
            }
            match session.fetch(into, 0, wanted.partial, &refs)? {
                Err(failed) if failed.failure == Failure::NoReference => {
                    Err(gone(session, into, sha, reference))
                }
                Err(failed) => Err(session.explain(&failed)),
                Ok(()) if has(session, into, sha)? => Ok(()),
                Ok(()) => Err(gone(session, into, sha, reference)),
            }
        }
        _ => Err(session.explain(&failed)),
    }
}

/// Uses the objects of a repository on this machine where they are. With a depth of 1 the history ends at the commit, as it
/// does when it is fetched.
fn borrow(folder: &Path, into: &Path, depth: u32, sha: &str) -> Result<(), Diagnostic> {
    let objects = match folder.join(".git").is_dir() {
        true => folder.join(".git"),
        false => folder.to_owned(),
    };
    let own = into.join(".git");
    let borrowed = || -> std::io::Result<()> {
        let path = objects
            .join("objects")
            .into_os_string()
            .into_encoded_bytes();
        let mut alternates = fs::File::create(own.join("objects/info/alternates"))?;
        alternates.write_all(&path)?;
        alternates.write_all(b"\n")?;
        match fs::read(objects.join("shallow")) {
            _ if depth == 1 => fs::write(own.join("shallow"), format!("{sha}\n")),
            Ok(shallow) => fs::write(own.join("shallow"), shallow),
            Err(_) => match fs::remove_file(own.join("shallow")) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        }
    };
    borrowed().map_err(|error| {
        let message = format!("`{}` cannot be prepared", into.display());
        store::explain(refused(message), &error)
    })
}

fn has(session: &Session, into: &Path, sha: &str) -> Result<bool, Diagnostic> {
    let commit = format!("{sha}^{{commit}}");
    Ok(session.git.ask(into, ["cat-file", "-e", &commit])?.good)
}

/// That a commit is not there, and what has become of the reference that it was of.
pub(super) fn gone(session: &Session, into: &Path, sha: &str, reference: &str) -> Diagnostic {
    let name = session.remote.name();
    let diagnostic = Diagnostic::without_place(
        &COMMIT_GONE,
        format!("`{name}` does not have the commit `{sha}` any more"),
    )
    .help("the branch was rewritten (a force push) or deleted: start a run for the commit that is there now");
    if reference::check(reference).is_err() || !reference.starts_with("refs/") {
        return diagnostic;
    }
    let short = reference.strip_prefix("refs/heads/").unwrap_or(reference);
    match session.references(into, &[reference]).as_deref() {
        Ok([(_, now), ..]) => diagnostic.note(format!("`{short}` is at `{now}` now")),
        Ok([]) => diagnostic.note(format!("`{short}` is gone, too")),
        Err(_) => diagnostic,
    }
}

/// Writes the tree, and makes sure that it is the one of the commit.
fn switch(session: &Session, into: &Path, commit: &str) -> Result<(), Diagnostic> {
    let args = ["checkout", "--quiet", "--force", "--detach", commit];
    // Of a partial clone, this fetches the files.
    let args = args.map(Into::into);
    if let Err(failed) = session.over_network(into, &args)? {
        return Err(match failed.failure {
            Failure::Other | Failure::NoSpace => {
                let message = format!("the tree of `{commit}` cannot be written");
                let problem = refused(message).note(failed.said);
                match failed.failure {
                    Failure::NoSpace => problem.help(SPACE),
                    _ => problem,
                }
            }
            _ => session.explain(&failed),
        });
    }
    let head = session.git.ask(into, ["rev-parse", "HEAD"])?;
    match head.text() == commit {
        true => Ok(()),
        false => Err(refused(format!("the tree is not the one of `{commit}`"))
            .note(format!("it is of `{}`", head.text()))
            .note(telling(&[head.said]))),
    }
}

pub(super) fn refused(message: impl Into<String>) -> Diagnostic {
    Diagnostic::without_place(&NOT_CHECKED_OUT, message)
}

/// When a commit of a working tree was made, in seconds since 1970.
pub fn committed_at(git: &Git, tree: &Path, commit: &str) -> Result<i64, Diagnostic> {
    let answer = git.ask(tree, ["show", "--no-patch", "--format=%ct", commit, "--"])?;
    let said = answer.said.clone();
    answer.text().parse().map_err(|_| {
        let message = format!("Git does not tell when commit {commit} was made");
        Diagnostic::without_place(&GIT, message).note(crate::diagnostics::safe::line(&said))
    })
}
