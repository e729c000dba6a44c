//! The files of a commit, in a folder.

use std::path::{Path, PathBuf};

use crate::diagnostics::codes::run_checkout::NO_REFERENCE;
use crate::diagnostics::codes::run_checkout::NOT_CHECKED_OUT;
use crate::diagnostics::{Diagnostic, safe};
use crate::stage::checkout::Git;

/// Writes the files of a commit, by any name that Git knows it by, to an empty folder. The repository is as it was: its index is not used.
/// Gives where in that folder `tree` is, which is a folder of the repository.
pub fn files_at(git: &Git, tree: &Path, name: &str, into: &Path) -> Result<PathBuf, Diagnostic> {
    let commit = format!("{name}^{{commit}}");
    let found = git.ask(
        tree,
        [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &commit,
        ],
    )?;
    if !found.good {
        let name = safe::line(name);
        let message = format!("there is neither a folder nor a commit `{name}`");
        return Err(Diagnostic::without_place(&NO_REFERENCE, message)
            .help("name a folder that `aphex compile -o` wrote, or a branch, a tag or a commit of this repository: `--against origin/main`"));
    }
    let below = git.ask(tree, ["rev-parse", "--show-prefix"])?.text();
    let top = git.ask(tree, ["rev-parse", "--show-toplevel"])?.text();
    let own = git.clone().with_env("GIT_INDEX_FILE", into.join("index"));
    let files = into.join("files");
    let prefix = format!("--prefix={}/", files.display());
    let commit = found.text();
    for args in [
        vec!["read-tree", &commit],
        vec!["checkout-index", "--all", "--force", &prefix],
    ] {
        let answer = own.ask(Path::new(&top), &args)?;
        if !answer.good {
            let message = "the files of that commit cannot be written";
            return Err(Diagnostic::without_place(&NOT_CHECKED_OUT, message).note(answer.said));
        }
    }
    Ok(files.join(below))
}
