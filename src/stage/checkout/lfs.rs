//! Files of Git LFS.

use std::path::Path;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_checkout::LFS;
use crate::stage::checkout::session::Session;

/// What `git lfs install` would write into somebody's configuration. Without it `git lfs pull` does nothing, and calls that a
/// success.
const FILTER: &[(&str, &str)] = &[
    ("filter.lfs.clean", "git-lfs clean -- %f"),
    ("filter.lfs.smudge", "git-lfs smudge -- %f"),
    ("filter.lfs.process", "git-lfs filter-process"),
    ("filter.lfs.required", "true"),
];

/// Puts the files in the place of what points at them.
pub fn pull(session: &Session, into: &Path) -> Result<(), Diagnostic> {
    if !session.git.ask(into, ["lfs", "version"])?.good {
        return Err(Diagnostic::without_place(&LFS, "there is no `git-lfs`")
            .note("`checkout` says `lfs = true`")
            .help("install Git LFS where the checkout runs; the images of Aphex have it"));
    }
    let args = ["lfs", "pull", "origin"].map(Into::into);
    let session = session.with(|git| {
        let filters = FILTER.iter();
        filters.fold(git, |git, (name, value)| git.with_config(*name, *value))
    });
    match session.over_network(into, &args)? {
        Ok(()) => Ok(()),
        Err(failed) => Err(
            Diagnostic::without_place(&LFS, "the files of Git LFS cannot be fetched")
                .note(failed.said)
                .help("see that the files were pushed (`git lfs push origin --all`), and that the credentials may read them"),
        ),
    }
}
