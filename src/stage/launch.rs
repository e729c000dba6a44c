//! Starts a run whose event does not tell all that a run must know: looks up the commit of a schedule or a release, and whether files have changed that matter. And a run
//! that the Sensor could not start.
//!
//! It may be done twice: the name of the run follows from what it is started for.

use std::io;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::cloud::kubernetes::Cluster;
use crate::cloud::kubernetes::kinds::WORKFLOW;
use crate::collections::IndexMap;
use crate::diagnostics::codes::{run as codes, run_checkout};
use crate::diagnostics::{Code, Diagnostic, plural};
use crate::model::filter;
use crate::stage::checkout::{Changed, Credentials, Git, Lookup, Remote};
use crate::stage::log::Log;
use crate::stage::process::Stop;
use crate::stage::run_info::{address, decoded, is_name, malformed, pull_request};
use crate::stage::submit::{Submission, run_name};
use crate::stage::{Folders, github, is_commit};

/// What is wanted, as the variables of the pod say it; see [`crate::target::events::PARAMETERS`].
struct Wanted {
    pipeline: String,
    namespace: String,
    remote: String,
    /// The Workflow that this is.
    start: String,
    /// The name of the run.
    name: String,
    entry: String,
    event: String,
    /// Empty: to be looked up.
    commit: String,
    reference: String,
    actor: String,
    pull_request: Option<u64>,
    base: String,
    paths: Option<Paths>,
}

/// Which files matter.
#[derive(Deserialize)]
struct Paths {
    patterns: Vec<String>,
    from_fork_point: bool,
}

/// Why no run was started.
#[derive(Debug)]
pub struct NotStarted {
    /// What is told.
    pub problem: Diagnostic,
    /// Whether a further try may do better.
    pub may_pass: bool,
}

/// What stays as it is, however often it is tried. What is not known may pass: a run that is never started is worse than some pods in vain.
const FOR_GOOD: &[&Code] = &[
    &codes::NOT_IN_A_RUN,
    &codes::MALFORMED,
    &run_checkout::GIT,
    &run_checkout::REFUSED,
    &run_checkout::COMMIT_GONE,
    &run_checkout::NO_REFERENCE,
    &run_checkout::CREDENTIALS,
];

impl From<Diagnostic> for NotStarted {
    fn from(problem: Diagnostic) -> NotStarted {
        NotStarted {
            may_pass: !FOR_GOOD.contains(&problem.code),
            problem,
        }
    }
}

/// Starts the run, or says in the log why none is wanted.
pub fn launch(root: PathBuf, variable: impl Fn(&str) -> Option<String>) -> Result<(), NotStarted> {
    let folders = Folders::new(root);
    let log = Log::new(vec![Box::new(io::stdout())]);
    let wanted = Wanted::read(variable).map_err(NotStarted::from);
    let done = wanted.and_then(|wanted| start(&folders, &log, wanted));
    if let Err(NotStarted { problem, .. }) = &done {
        // Argo shows it at the pod.
        let text = log.mask(&format!("{}: {}", problem.code.id, problem.message));
        let _ = std::fs::write(folders.termination_log(), text);
    }
    done
}

fn start(folders: &Folders, log: &Log, mut wanted: Wanted) -> Result<(), NotStarted> {
    let stop = Stop::on_signals()?;
    let must_ask = wanted.commit.is_empty() || wanted.paths.is_some();
    if must_ask {
        for folder in [folders.home(), folders.tmp()] {
            std::fs::create_dir_all(&folder).map_err(|error| unprepared(&folder, &error))?;
        }
        let git = Git::find(log, &stop)?;
        let remote = Remote::parse(&wanted.remote)?;
        let credentials = Credentials::read(&folders.credentials())?;
        let dir = folders.source();
        let lookup = Lookup::open(&git, &remote, &credentials, &dir)?;
        if wanted.commit.is_empty() {
            let (reference, commit) = lookup.resolve(&wanted.reference)?;
            wanted.reference = reference;
            wanted.commit = commit;
            let at = match wanted.reference.is_empty() {
                true => "the repository",
                false => &wanted.reference,
            };
            log.line(&format!("{at} is at {}", wanted.commit));
        }
        if let Some(paths) = &wanted.paths
            && !matter(&lookup, paths, &wanted, log)?
        {
            return Ok(());
        }
    }
    let inputs = IndexMap::default();
    let workflow = Submission {
        name: &wanted.name,
        namespace: &wanted.namespace,
        pipeline: &wanted.pipeline,
        entry: &wanted.entry,
        commit: &wanted.commit,
        event: &wanted.event,
        reference: &wanted.reference,
        actor: &wanted.actor,
        pull_request: wanted.pull_request,
        inputs: &inputs,
        annotations: IndexMap::from_iter([("aphex.dev/started-by", wanted.start.clone())]),
    }
    .workflow();
    let create = |cluster: Cluster| cluster.create(&WORKFLOW, &wanted.namespace, &workflow);
    let made = Cluster::find().and_then(create);
    let made = made.map_err(|failure| NotStarted {
        may_pass: failure.may_pass(),
        problem: failure
            .into_diagnostic()
            .note(format!("the run `{}` was not started", wanted.name)),
    })?;
    log.line(&match made {
        true => format!("started {}", wanted.name),
        false => format!("{} was started already: nothing to do", wanted.name),
    });
    Ok(())
}

/// Whether a file has changed that matters. What cannot be told counts as yes: a run too many is better than one too few.
fn matter(
    lookup: &Lookup<'_>,
    paths: &Paths,
    wanted: &Wanted,
    log: &Log,
) -> Result<bool, Diagnostic> {
    let changed = lookup.changed(&wanted.base, &wanted.commit, paths.from_fork_point)?;
    let files = match changed {
        Changed::Files(files) => files,
        Changed::Unknown(why) => {
            log.line(&format!("which files have changed is not known: {why}"));
            return Ok(true);
        }
    };
    let patterns = || paths.patterns.iter().map(String::as_str);
    let matters = files.iter().find(|file| filter::passes(patterns(), file));
    log.line(&match matters {
        Some(file) => format!("`{}` has changed", crate::diagnostics::safe::line(file)),
        None => format!(
            "no run: of {} changed none is one that `paths` lets through",
            plural(files.len(), "file")
        ),
    });
    Ok(matters.is_some())
}

impl Wanted {
    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Wanted, Diagnostic> {
        let needed = |name: &str| {
            variable(name).filter(|value| !value.is_empty()).ok_or_else(|| {
                Diagnostic::without_place(&codes::NOT_IN_A_RUN, format!("`{name}` is not set"))
                    .note("`aphex stage start` runs in a pod of the pipeline's start template, with what that gives it")
                    .help("to run a pipeline on this machine, use `aphex run`")
            })
        };
        let optional = |name: &str| variable(name).unwrap_or_default();
        let text = |name: &str| decoded(name, &optional(name));
        let start = needed("APHEX_START")?;
        let entry = needed("APHEX_ENTRY")?;
        let name = match optional("APHEX_RUN") {
            name if name.is_empty() => run_name(&entry, &format!("start {start}")),
            name => name,
        };
        for (variable, value) in [("APHEX_RUN", &name), ("APHEX_ENTRY", &entry)] {
            if !is_name(value) {
                return Err(malformed(variable, value, "a DNS name"));
            }
        }
        let commit = optional("APHEX_COMMIT");
        if !commit.is_empty() && !is_commit(&commit) {
            let wanted = "forty hexadecimal digits";
            return Err(malformed("APHEX_COMMIT", &commit, wanted));
        }
        let pull_request = pull_request(&optional("APHEX_PULL_REQUEST"))?;
        let packed = optional("APHEX_PATHS_BASE64");
        let paths = match packed.is_empty() {
            true => None,
            false => {
                let json = STANDARD.decode(&packed).ok();
                let paths = json.and_then(|json| serde_json::from_slice(&json).ok());
                let wanted = "base64 of JSON";
                Some(paths.ok_or_else(|| malformed("APHEX_PATHS_BASE64", &packed, wanted))?)
            }
        };
        let host = variable("APHEX_GITHUB").unwrap_or_else(github);
        let repository = needed("APHEX_REPOSITORY")?;
        Ok(Wanted {
            pipeline: needed("APHEX_PIPELINE")?,
            namespace: needed("APHEX_NAMESPACE")?,
            remote: variable("APHEX_REMOTE").unwrap_or_else(|| address(&host, &repository)),
            start,
            name,
            entry,
            event: needed("APHEX_EVENT")?,
            commit,
            reference: text("APHEX_REF_BASE64")?,
            actor: text("APHEX_ACTOR_BASE64")?,
            pull_request,
            base: optional("APHEX_BASE"),
            paths,
        })
    }
}

/// A matter of the node, mostly.
fn unprepared(path: &std::path::Path, error: &io::Error) -> NotStarted {
    let message = format!("`{}` cannot be made", path.display());
    NotStarted {
        problem: Diagnostic::without_place(&codes::MALFORMED, message).note(error.to_string()),
        may_pass: true,
    }
}
