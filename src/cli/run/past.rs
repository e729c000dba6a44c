//! A pipeline's file as it is at a commit, whatever it is in the working tree.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::cli::input::{Finder, Input, only};
use crate::cli::run::home::{Home, unwritten};
use crate::diagnostics::codes::input::NO_PIPELINE_FILE;
use crate::diagnostics::{Diagnostic, Report};
use crate::project::{PIPELINE_FILE, disk};
use crate::stage::checkout::{Credentials, Git, Revision, Snapshot, Wanted, Wish, checkout};
use crate::stage::log::Log;
use crate::stage::process::Stop;

/// The file at a commit. What it brings in is read as long as this is there.
pub struct Past {
    /// The file, called as if it were in the working tree.
    pub input: Input,
    /// The commit.
    pub commit: Snapshot,
    _folder: TempDir,
}

/// Finds it: `path` as the user names it, else the only pipeline file of the commit.
pub fn at(
    sha: &str,
    root: Option<&Path>,
    path: Option<&Path>,
    store: Option<&str>,
) -> Result<Past, Vec<Report>> {
    let finder = Finder::new(root).map_err(|report| vec![report])?;
    let project = finder.project_of_path(path);
    let (commit, folder) = checked_out(sha, project.root(), store).map_err(alone)?;
    let name = match path {
        Some(path) => project.name_of(&finder.absolute(path)),
        None => None,
    };
    let there: Vec<PathBuf> = name.iter().map(|name| folder.path().join(name)).collect();
    let is_there = match there.first() {
        Some(file) => file.is_file(),
        None => disk::try_walk(folder.path()).any(|found| {
            found.is_ok_and(|found| found.file_name().is_some_and(|name| name == PIPELINE_FILE))
        }),
    };
    if !is_there || (path.is_some() && name.is_none()) {
        let name = path.map_or(PIPELINE_FILE.into(), Path::to_string_lossy);
        let message = format!("the commit `{sha}` has no `{name}`");
        let problem = Diagnostic::without_place(&NO_PIPELINE_FILE, message).note(
            "with `--sha` the pipeline is that of the commit, and not that of the working tree",
        );
        return Err(alone(problem));
    }
    let (mut inputs, problems) = Finder::new(Some(folder.path()))
        .map_err(|report| vec![report])?
        .all(&there);
    if !problems.is_empty() {
        return Err(problems);
    }
    for input in &mut inputs {
        input.path = Some(project.root().join(&input.name));
        input.project = project.clone();
    }
    Ok(Past {
        input: only(inputs)?,
        commit,
        _folder: folder,
    })
}

/// The commit, and the files of it.
fn checked_out(
    sha: &str,
    project: &Path,
    store: Option<&str>,
) -> Result<(Snapshot, TempDir), Diagnostic> {
    let stop = Stop::new()?;
    let wish = Wish {
        revision: Some(sha),
        ..Wish::default()
    };
    let commit = Home::open(project, store)?.commit(wish, &stop)?;
    let folder = tempfile::tempdir().map_err(|error| unwritten(&std::env::temp_dir(), &error))?;
    let wanted = Wanted {
        remote: &commit.remote,
        revision: Revision::Commit {
            sha: &commit.commit,
            reference: "",
        },
        depth: 1,
        submodules: false,
        lfs: false,
        partial: false,
    };
    let git = Git::find(&Log::new(Vec::new()), &stop)?;
    checkout(&git, &wanted, &Credentials::None, folder.path())?;
    Ok((commit, folder))
}

fn alone(problem: Diagnostic) -> Vec<Report> {
    vec![Report::without_sources(vec![problem])]
}
