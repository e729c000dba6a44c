//! Starting a run by hand: the same Workflow that the Sensor makes (1.5), with the event `manual`.

use std::path::Path;

use jiff::Timestamp;

use crate::cloud::kubernetes::kinds::{WORKFLOW, WORKFLOW_TEMPLATE};
use crate::collections::IndexMap;
use crate::diagnostics::codes::cluster_ready::NOT_APPLIED;
use crate::diagnostics::codes::run::{MALFORMED, NO_SUCH_ENVIRONMENT};
use crate::diagnostics::{Diagnostic, did_you_mean, list_names, safe};
use crate::graph::{Entry, EntryKind, StageKind};
use crate::ops::live::{Runs, remote};
use crate::stage::apply::Owner;
use crate::stage::submit::{Submission, run_name};
use crate::stage::{github, is_commit};
use crate::target::argo::entry_object_name;

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The environments; none: all that start by themselves.
    pub only: &'a [String],
    /// The commit.
    pub commit: Option<&'a str>,
    /// Else where that branch is now; without either, the repository's default branch.
    pub branch: Option<&'a str>,
    /// What the pipeline's inputs are given, with the defaults of the others.
    pub inputs: &'a IndexMap<String, String>,
    /// Who wants it.
    pub actor: &'a str,
    /// The checkout of whoever wants it.
    pub folder: &'a Path,
}

/// A run that was started.
#[derive(Clone, Debug)]
pub struct Started {
    /// Its name.
    pub name: String,
    /// The commit.
    pub commit: String,
    /// `refs/heads/main`; empty where a commit was named.
    pub reference: String,
    /// The environments that it may deploy to.
    pub environments: Vec<String>,
}

/// Starts a run.
pub fn trigger(runs: &Runs<'_>, wish: &Wish<'_>) -> Result<Started, Diagnostic> {
    let pipeline = runs.pipeline;
    let entry = entry(runs, wish.only)?;
    let (reference, commit) = match wish.commit {
        Some(commit) if is_commit(commit) => (String::new(), commit.to_owned()),
        Some(commit) => {
            let message = format!("`{}` is no commit", safe::line(commit));
            return Err(Diagnostic::without_place(&MALFORMED, message)
                .help("give all its forty digits: `git rev-parse HEAD` prints them"));
        }
        None => {
            let repository = &pipeline.repository.value;
            let host = std::env::var("APHEX_GITHUB").unwrap_or_else(|_| github());
            let address = crate::stage::address(&host, repository);
            remote::tip(wish.folder, repository, &address, wish.branch)?
        }
    };
    let object = entry_object_name(pipeline, entry);
    check(runs, &object)?;
    let now = Timestamp::now().as_nanosecond();
    let cause = format!("manual {} {now} {}", wish.actor, std::process::id());
    let name = run_name(&object, &cause);
    let namespace = &pipeline.namespace.value;
    let workflow = Submission {
        name: &name,
        namespace,
        pipeline: &pipeline.name.value,
        entry: &object,
        commit: &commit,
        event: "manual",
        reference: &reference,
        actor: wish.actor,
        pull_request: None,
        inputs: wish.inputs,
        annotations: IndexMap::default(),
    }
    .workflow();
    // Of a name that nobody else can have made: where it is there, an earlier try of this very call has made it.
    let made = runs.cluster.create(&WORKFLOW, namespace, &workflow);
    made.map_err(|failure| failure.into_diagnostic().note("no run was started"))?;
    Ok(Started {
        name,
        commit,
        reference,
        environments: environments(entry).map(str::to_owned).collect(),
    })
}

/// The entry of exactly these environments: what else an entry deploys to was not asked for.
fn entry<'r>(runs: &'r Runs<'_>, only: &[String]) -> Result<&'r Entry<'r>, Diagnostic> {
    let entries = &runs.graph.entries;
    let deploying = || {
        entries
            .iter()
            .filter(|entry| entry.kind != EntryKind::Validate)
    };
    let default = entries
        .iter()
        .find(|entry| entry.kind == EntryKind::Default);
    let is_exact = |entry: &&Entry<'_>| {
        environments(entry).count() == only.len()
            && environments(entry).all(|name| only.iter().any(|wanted| wanted == name))
    };
    if only.is_empty() {
        return default.ok_or_else(|| {
            let message = format!("`{}` has nothing to run", runs.pipeline.name.value);
            Diagnostic::without_place(&NO_SUCH_ENVIRONMENT, message)
        });
    }
    if let Some(entry) = deploying().find(is_exact) {
        return Ok(entry);
    }
    let known: Vec<&str> = deploying().flat_map(environments).collect();
    if let Some(wrong) = only.iter().find(|wanted| !known.contains(&wanted.as_str())) {
        let message = format!("there is no environment `{}`", safe::line(wrong));
        let problem = Diagnostic::without_place(&NO_SUCH_ENVIRONMENT, message);
        return Err(match did_you_mean(wrong, known.iter().copied()) {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None => problem.note(format!("there are {}", list_names(known, 12))),
        });
    }
    let choices: Vec<String> = deploying()
        .map(|entry| environments(entry).collect::<Vec<_>>().join(","))
        .collect();
    let message = "no way to start the pipeline deploys to these environments alone";
    Err(Diagnostic::without_place(&NO_SUCH_ENVIRONMENT, message)
        .note(format!(
            "`--only` can be {}",
            list_names(choices.iter().map(String::as_str), 12)
        ))
        .help(
            "a trigger with `deploy = […]`, or an environment with `start = \"manual\"`, adds one",
        ))
}

fn environments<'e>(entry: &'e Entry<'_>) -> impl Iterator<Item = &'e str> {
    entry.stages.iter().filter_map(|stage| match stage.kind {
        StageKind::Environment(_) => Some(stage.name.as_str()),
        _ => None,
    })
}

/// Argo takes a Workflow of a template that is not there, and has it fail.
fn check(runs: &Runs<'_>, object: &str) -> Result<(), Diagnostic> {
    let namespace = &runs.pipeline.namespace.value;
    let found = runs.cluster.get(&WORKFLOW_TEMPLATE, namespace, object);
    match found.map_err(|failure| failure.into_diagnostic())? {
        Some(found) => {
            let owner = Owner::of(runs.pipeline);
            let checked = owner.check(&found, WORKFLOW_TEMPLATE.kind, namespace);
            checked.map_err(|problem| *problem)
        }
        None => {
            let message =
                format!("there is no WorkflowTemplate `{object}` in the namespace `{namespace}`");
            Err(Diagnostic::without_place(&NOT_APPLIED, message)
                .note("no run was started")
                .help("`aphex apply` puts the pipeline there"))
        }
    }
}
