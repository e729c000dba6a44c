//! What is said of a run that has ended, and of one that waits.

use serde::{Deserialize, Serialize};

use crate::diagnostics::codes::cluster::SUPERSEDED;
use crate::model::{NotifyOn, Pipeline};
use crate::stage::notify::News;
use crate::stage::record::{Engine, Outcome, RunRecord, keys};
use crate::stage::store::{self, Key};
use crate::stage::work::{Commit, Context, leave, markdown, tell};

/// A stage's last words are shown of so many stages.
const MOST: usize = 10;
/// The note of how the last run ended has at most so many bytes.
const LARGEST: u64 = 64 * 1024;

/// How the last run of an entry ended.
#[derive(Debug, Serialize, Deserialize)]
struct Last {
    run: String,
    outcome: Outcome,
    started_at: jiff::Timestamp,
}

/// Tells what became of a run.
pub fn ended(context: &Context, commit: Option<&Commit>, record: &RunRecord) {
    // What goes on as another run has not ended; that one is told of.
    let codes = record.stages.iter().flat_map(|stage| &stage.tries);
    let mut codes = codes.filter_map(|tried| Some(&tried.error.as_ref()?.code));
    if codes.any(|code| code == SUPERSEDED.id) {
        context
            .log
            .line("nobody is told: the run goes on as another one");
        return;
    }
    let before = last(context, record);
    let Some(commit) = commit else {
        context
            .log
            .line("warning: nobody is told: the commit has no pipeline that can be read");
        return;
    };
    let happened: &[NotifyOn] = match (record.outcome.is_good(), before) {
        (true, Some(before)) if !before.is_good() => &[NotifyOn::Recovered, NotifyOn::Success],
        (true, _) => &[NotifyOn::Success],
        (false, _) => &[NotifyOn::Failure],
    };
    tell::tell(context, &commit.pipeline, happened, "end", |on| News {
        title: title(record, on),
        lines: lines(record),
        outcome: Some(record.outcome),
        ..about(context, &commit.pipeline, on)
    });
    tell::comment(
        context,
        &commit.pipeline,
        markdown::of(
            record,
            &lines(record),
            link(context, &commit.pipeline).as_deref(),
        ),
    );
}

/// What all news of a run have.
pub fn about(context: &Context, pipeline: &Pipeline, on: NotifyOn) -> News {
    let run = &context.run;
    News {
        on,
        outcome: None,
        pipeline: run.pipeline.clone(),
        repository: run.repository.clone(),
        commit: run.commit.clone(),
        run: run.run.clone(),
        title: String::new(),
        lines: Vec::new(),
        link: link(context, pipeline),
        at: jiff::Timestamp::now().as_second(),
    }
}

/// Where Argo shows the run, if the file says where Argo's pages are: `/workflows/NAMESPACE/NAME` there, for archived ones too
/// (Argo Workflows, `ui/src/workflows`).
fn link(context: &Context, pipeline: &Pipeline) -> Option<String> {
    let base = pipeline.argo_ui.as_ref()?.value.trim_end_matches('/');
    let run = &context.run;
    (run.engine == Engine::Argo)
        .then(|| format!("{base}/workflows/{}/{}", pipeline.namespace.value, run.run))
}

/// How the run before this one ended, and remembers this one. Of two that end at once the later one counts.
fn last(context: &Context, record: &RunRecord) -> Option<Outcome> {
    let run = &context.run;
    let entry = match run.entry.is_empty() {
        true => run.pipeline.clone(),
        false => run.entry.clone(),
    };
    let entry = match run.pull_request {
        Some(number) => format!("{entry}-{number}"),
        None => entry,
    };
    let key = Key::new(keys::last(&entry)).ok()?;
    let bytes = store::read(context.store.as_ref(), &key, LARGEST).ok()?;
    let before: Option<Last> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let is_newest = before
        .as_ref()
        .is_none_or(|before| before.started_at <= record.started_at);
    if is_newest {
        let own = Last {
            run: record.run.clone(),
            outcome: record.outcome,
            started_at: record.started_at,
        };
        let _ = context
            .store
            .put(&key, &serde_json::to_vec(&own).unwrap_or_default());
    }
    // A second try of this stage must not take its own run for the one before.
    before
        .filter(|before| is_newest && before.run != record.run)
        .map(|before| before.outcome)
}

fn title(record: &RunRecord, on: NotifyOn) -> String {
    let name = &record.pipeline;
    match (on, record.culprit()) {
        (NotifyOn::Recovered, _) => format!("{name}: succeeded again"),
        (NotifyOn::Failure, Some(stage)) => {
            let word = stage.outcome.map_or("failed", Outcome::word);
            format!("{name}: {} {word}", stage.path)
        }
        _ => format!("{name}: {}", record.outcome.word()),
    }
}

/// What failed and why, each on a line.
fn lines(record: &RunRecord) -> Vec<String> {
    let mut lines = vec![record.cause()];
    let bad = record.stages.iter().filter(|stage| {
        let last = stage.tries.last();
        stage.outcome.is_some_and(|outcome| !outcome.is_good())
            && (last.is_some_and(|last| last.error.is_some()) || stage.reason.is_some())
    });
    for stage in bad.take(MOST) {
        let error = stage.tries.last().and_then(|last| last.error.as_ref());
        let why = match (error, &stage.reason) {
            (Some(error), _) => leave::reason(error),
            (None, Some(reason)) => reason.clone(),
            (None, None) => continue,
        };
        lines.push(format!("{}: {why}", stage.path));
    }
    lines
}
