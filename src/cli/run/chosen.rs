//! The way through a pipeline that a run takes.

use crate::diagnostics::codes::run::NO_SUCH_ENVIRONMENT;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::graph::{Entry, EntryKind, Graph, StageKind};

/// The first entry that deploys all of these environments; the default one where none is named.
pub fn entry<'g, 'p>(
    graph: &'g Graph<'p>,
    only: &[String],
) -> Result<Option<&'g Entry<'p>>, Diagnostic> {
    let entries = || {
        graph
            .entries
            .iter()
            .filter(|entry| entry.kind != EntryKind::Validate)
    };
    let has = |entry: &Entry<'_>, wanted: &str| environments(entry).any(|name| name == wanted);
    let all = |entry: &&Entry<'_>| only.iter().all(|wanted| has(entry, wanted));
    if let Some(found) = entries().find(all) {
        return Ok(Some(found));
    }
    let Some(wrong) = only
        .iter()
        .find(|wanted| !entries().any(|entry| has(entry, wanted)))
    else {
        return Err(apart(only));
    };
    let mut names: Vec<&str> = Vec::new();
    for name in entries().flat_map(environments) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let names = names.into_iter();
    let problem = Diagnostic::without_place(
        &NO_SUCH_ENVIRONMENT,
        format!("there is no environment `{wrong}`"),
    );
    let problem = match names.len() {
        0 => problem.note("the pipeline has none"),
        _ => problem.note(format!("there are {}", list_names(names.clone(), 12))),
    };
    Err(match did_you_mean(wrong, names) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem,
    })
}

/// They are there, and no run has all of them.
fn apart(only: &[String]) -> Diagnostic {
    let names = only.iter().map(String::as_str);
    let list = list_names(names.clone(), 12);
    let each: Vec<String> = names
        .map(|name| format!("`aphex run --only {name}`"))
        .collect();
    Diagnostic::without_place(&NO_SUCH_ENVIRONMENT, format!("no run deploys {list} together"))
        .note("an environment with `start = \"manual\"` has runs of its own; `aphex graph` shows the ways to start the pipeline")
        .help(format!("run one after the other: {}", each.join(", then ")))
}

/// The names of an entry's environments.
fn environments<'e>(entry: &'e Entry<'_>) -> impl Iterator<Item = &'e str> {
    let stages = entry.stages.iter();
    stages
        .filter(|stage| matches!(stage.kind, StageKind::Environment(_)))
        .map(|stage| stage.name.as_str())
}
