//! Which commit a branch is at, asked with the Git of whoever asks, and his own credentials.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::diagnostics::codes::run_checkout::{GIT, NO_REFERENCE, UNREACHABLE};
use crate::diagnostics::{Diagnostic, safe};
use crate::stage::is_commit;

/// The full name of a branch and the commit that it is at now; without a name, of the repository's default branch.
pub fn tip(
    folder: &Path,
    repository: &str,
    address: &str,
    branch: Option<&str>,
) -> Result<(String, String), Diagnostic> {
    let wanted = match branch {
        Some(branch) => format!("refs/heads/{branch}"),
        None => "HEAD".to_owned(),
    };
    let remote = match origin(folder) {
        // Somebody may reach the repository by SSH alone, and his checkout says so.
        Some(url) if is_of(&url, repository) => url,
        _ => address.to_owned(),
    };
    let output = git(folder)
        .args(["ls-remote", "--symref", "--", &remote, &wanted])
        .output();
    let output = output.map_err(|error| unusable(&error))?;
    if !output.status.success() {
        let message = format!("`{repository}` does not say where its branches are");
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Diagnostic::without_place(&UNREACHABLE, message)
            .note(safe::lines(said.trim()).into_owned())
            .help("where `git fetch` works here, this does; or name the commit: `--commit SHA`"));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let of = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('\t'));
        lines.find(|(value, found)| *found == name && is_commit(value))
    };
    let default = || {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix("ref: ")?.strip_suffix("\tHEAD"))
    };
    let reference = match branch {
        Some(_) => wanted.as_str(),
        None => default().unwrap_or_default(),
    };
    match of(&wanted) {
        Some((commit, _)) => Ok((reference.to_owned(), commit.to_owned())),
        None => {
            let what = branch.unwrap_or("default branch");
            let message = format!("`{repository}` has no branch `{}`", safe::line(what));
            Err(Diagnostic::without_place(&NO_REFERENCE, message)
                .help("push it first, or name a commit: `--commit SHA`"))
        }
    }
}

fn origin(folder: &Path) -> Option<String> {
    let output = git(folder)
        .args(["remote", "get-url", "origin"])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let url = text.trim();
    (output.status.success() && !url.is_empty() && !url.starts_with('-')).then(|| url.to_owned())
}

/// Whether an address ends with `owner/name`.
fn is_of(url: &str, repository: &str) -> bool {
    let path = url.trim_end_matches('/').trim_end_matches(".git");
    path.strip_suffix(repository)
        .is_some_and(|before| before.ends_with(['/', ':']))
}

fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).stdin(Stdio::null());
    git.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    git
}

fn unusable(error: &io::Error) -> Diagnostic {
    Diagnostic::without_place(&GIT, "`git` cannot be started")
        .note(error.to_string())
        .help("install Git, or name the commit: `--commit SHA`")
}
