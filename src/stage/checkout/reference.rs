//! Names of branches, tags and commits.

use std::path::Path;

use crate::diagnostics::codes::run_checkout::NO_REFERENCE;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names, safe};
use crate::stage::checkout::session::Session;
use crate::stage::is_commit;

/// Refuses what `git check-ref-format` refuses, and all that Git could take for something else than a name.
pub fn check(name: &str) -> Result<(), Diagnostic> {
    let bad = name.is_empty()
        || name.starts_with(['-', '/', '.'])
        || name.ends_with(['/', '.'])
        || name.ends_with(".lock")
        || name.contains("..")
        || name.contains("//")
        || name.contains("@{")
        || name.contains("/.")
        || name.contains(|c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c));
    match bad {
        false => Ok(()),
        true => Err(Diagnostic::without_place(
            &NO_REFERENCE,
            format!(
                "`{}` is no name of a branch, a tag or a commit",
                safe::line(name)
            ),
        )),
    }
}

/// The full name of what `name` means at the remote, and its commit: a commit itself, a full name, a branch, a tag.
pub fn resolve(
    session: &Session,
    dir: &Path,
    name: &str,
) -> Result<(Option<String>, String), Diagnostic> {
    check(name)?;
    if is_commit(name) {
        return Ok((None, name.to_owned()));
    }
    let full = match name.starts_with("refs/") {
        true => vec![name.to_owned()],
        false => vec![format!("refs/heads/{name}"), format!("refs/tags/{name}")],
    };
    let mut patterns: Vec<String> = full.clone();
    patterns.extend(full.iter().map(|name| format!("{name}^{{}}")));
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    let found = session.references(dir, &patterns)?;
    for name in &full {
        let of = |wanted: &str| {
            let entry = found.iter().find(|(found, _)| found == wanted);
            entry.map(|(_, commit)| commit.clone())
        };
        if let Some(commit) = of(&format!("{name}^{{}}")).or_else(|| of(name)) {
            return Ok((Some(name.clone()), commit));
        }
    }
    Err(missing(session, dir, name))
}

fn missing(session: &Session, dir: &Path, name: &str) -> Diagnostic {
    let repository = session.remote.name();
    let message = format!("`{repository}` has no branch or tag `{name}`");
    let diagnostic = Diagnostic::without_place(&NO_REFERENCE, message);
    let Ok(all) = session.references(dir, &["refs/heads/*", "refs/tags/*"]) else {
        return diagnostic;
    };
    let mut names: Vec<&str> = all
        .iter()
        .filter_map(|(name, _)| {
            let short = name
                .strip_prefix("refs/heads/")
                .or_else(|| name.strip_prefix("refs/tags/"))?;
            (!short.ends_with("^{}")).then_some(short)
        })
        .collect();
    names.dedup();
    match did_you_mean(name, names.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None if names.is_empty() => diagnostic.note("it has none at all"),
        None => diagnostic.note(format!("it has {}", list_names(names, 5))),
    }
}
