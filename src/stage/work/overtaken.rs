//! `queue = "latest"`: a run that comes to an environment ends there where a newer one waits for the same.
//!
//! The lock of the environment is held by then, so whatever waits for it came later or waits behind. What the first stage in the environment finds is
//! written down for the others: none of them stops in the middle of what another one has begun.

use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::cloud::kubernetes::{Cluster, Workflow};
use crate::diagnostics::codes::cluster_ready::OVERTAKEN;
use crate::diagnostics::{Diagnostic, safe};
use crate::model::{Environment, Pipeline, Queue};
use crate::stage::apply::selector;
use crate::stage::record::{Engine, keys};
use crate::stage::store::Key;
use crate::stage::work::Context;

/// What is written down has at most so many bytes.
const LARGEST: u64 = 4096;

/// What was found when the run came to an environment.
#[derive(Serialize, Deserialize)]
struct Found {
    /// The newer run; none: this one goes on.
    newer: Option<String>,
}

/// Why a stage in an environment does not begin: a newer run waits.
pub fn overtaken(
    context: &Context,
    pipeline: &Pipeline,
    environment: &Environment,
) -> Result<(), Diagnostic> {
    if pipeline.queue != Queue::Latest || context.run.engine != Engine::Argo {
        return Ok(());
    }
    let name = &environment.name.value;
    let note = Key::new(keys::told(&context.run.run, &format!("latest-{name}")))?;
    let found = match read(context, &note)? {
        Some(found) => found,
        None => {
            let found = Found {
                newer: newer(context, pipeline, name),
            };
            let text = serde_json::to_string(&found).unwrap_or_default();
            match context.store.put_new(&note, text.as_bytes())? {
                true => found,
                // Another stage of the environment was first.
                false => read(context, &note)?.unwrap_or(found),
            }
        }
    };
    let Some(newer) = found.newer else {
        return Ok(());
    };
    let message = format!(
        "the newer run `{}` waits for `{name}`, and goes first",
        safe::line(&newer)
    );
    Err(Diagnostic::without_place(&OVERTAKEN, message)
        .note(format!(
            "`queue = \"latest\"`: `{}` ends here",
            context.run.run
        ))
        .help("look at the newer run: it was started later"))
}

fn read(context: &Context, note: &Key) -> Result<Option<Found>, Diagnostic> {
    let Some(content) = context.store.get(note)? else {
        return Ok(None);
    };
    let mut text = String::new();
    let is_read = content.take(LARGEST).read_to_string(&mut text).is_ok();
    Ok(is_read.then(|| serde_json::from_str(&text).ok()).flatten())
}

/// The newest run that waits for the lock of an environment. Where nobody can be asked, the run goes on, as in any other queue.
fn newer(context: &Context, pipeline: &Pipeline, environment: &str) -> Option<String> {
    let name = &pipeline.name.value;
    let found = Cluster::find()
        .and_then(|cluster| cluster.workflows(&pipeline.namespace.value, &selector(name)));
    let mut runs = match found {
        Ok(runs) => runs,
        Err(failure) => {
            let problem = failure.into_diagnostic();
            context.log.line(&format!(
                "warning: whether a newer run waits is not known: {}",
                problem.message
            ));
            return None;
        }
    };
    let own = runs.iter().find(|run| run.name == context.run.run)?.created;
    let lock = format!("/aphex-{name}-{environment}");
    runs.retain(|run| run.created > own && waits(run, &lock));
    runs.sort_by_key(|run| run.created);
    runs.pop().map(|run| run.name)
}

fn waits(run: &Workflow, lock: &str) -> bool {
    let mut nodes = run.nodes.values().filter(|node| !node.has_ended());
    !run.is_told_to_end() && nodes.any(|node| node.synchronization_status.waiting.ends_with(lock))
}
