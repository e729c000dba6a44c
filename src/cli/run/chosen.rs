//! The way through a pipeline that a run takes.

use crate::diagnostics::codes::run::NO_SUCH_ENVIRONMENT;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::graph::{Entry, EntryKind, Graph, StageKind};
use crate::stage::path_of;

/// An environment or a wave of an entry, and what it is called.
struct Choice<'e> {
    name: &'e str,
    /// As it is printed: `regions/a`.
    path: String,
    /// Itself, or those of the wave.
    environments: Vec<&'e str>,
}

/// The first entry that deploys all of these environments, and their names; the default one where none is named. A wave means its environments.
pub fn entry<'g, 'p>(
    graph: &'g Graph<'p>,
    only: &[String],
) -> Result<Option<(&'g Entry<'p>, Vec<String>)>, Diagnostic> {
    let entries = || {
        graph
            .entries
            .iter()
            .filter(|entry| entry.kind != EntryKind::Validate)
    };
    let found = entries().find_map(|entry| Some((entry, meant(entry, only)?)));
    if found.is_some() {
        return Ok(found);
    }
    let is_known = |wanted: &String| {
        let one = std::slice::from_ref(wanted);
        entries().any(|entry| meant(entry, one).is_some())
    };
    match only.iter().find(|wanted| !is_known(wanted)) {
        Some(wrong) => Err(unknown(wrong, entries().flat_map(choices).collect())),
        None => Err(apart(only)),
    }
}

/// The names of the environments that are meant, each once; `None` where an entry does not have all of them.
fn meant(entry: &Entry<'_>, only: &[String]) -> Option<Vec<String>> {
    let choices: Vec<Choice<'_>> = choices(entry).collect();
    let mut names: Vec<String> = Vec::new();
    for wanted in only {
        let mut fitting = choices
            .iter()
            .filter(|choice| choice.name == wanted || choice.path == *wanted);
        for name in &fitting.next()?.environments {
            if !names.iter().any(|known| known == name) {
                names.push((*name).to_owned());
            }
        }
    }
    Some(names)
}

/// What can be chosen: environments first, for one may be called as a wave is.
fn choices<'e>(entry: &'e Entry<'_>) -> impl Iterator<Item = Choice<'e>> {
    let environments = entry.stages.iter().filter_map(|stage| match stage.kind {
        StageKind::Environment(_) => Some(Choice {
            name: &stage.name,
            path: path_of(entry, stage.id),
            environments: vec![&stage.name],
        }),
        _ => None,
    });
    let waves = entry.stages.iter().filter_map(|stage| match stage.kind {
        StageKind::Wave(_) => Some(Choice {
            name: &stage.name,
            path: path_of(entry, stage.id),
            environments: entry
                .children(Some(stage.id))
                .filter(|child| matches!(child.kind, StageKind::Environment(_)))
                .map(|child| child.name.as_str())
                .collect(),
        }),
        _ => None,
    });
    environments.chain(waves)
}

fn unknown(wrong: &str, choices: Vec<Choice<'_>>) -> Diagnostic {
    let mut names: Vec<&str> = Vec::new();
    for choice in &choices {
        if !names.contains(&choice.name) {
            names.push(choice.name);
        }
    }
    let paths = choices.iter().map(|choice| choice.path.as_str());
    let names = names.into_iter();
    let is_wave = |choice: &Choice<'_>| choice.environments != [choice.name];
    let kinds = match choices.iter().any(is_wave) {
        true => "environment or wave",
        false => "environment",
    };
    let message = format!("there is no {kinds} `{wrong}`");
    let problem = Diagnostic::without_place(&NO_SUCH_ENVIRONMENT, message);
    let problem = match names.len() {
        0 => problem.note("the pipeline has none"),
        _ => problem.note(format!("there are {}", list_names(names.clone(), 12))),
    };
    match did_you_mean(wrong, names.chain(paths)) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem,
    }
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
