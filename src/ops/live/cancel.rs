//! Ending a run, as `argo stop` and `argo terminate` do it (`patchShutdownStrategy` in Argo's `workflow/util/util.go`).

use serde_json::json;

use crate::cloud::kubernetes::Cause;
use crate::cloud::kubernetes::kinds::WORKFLOW;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::cluster::CONFLICT;
use crate::ops::live::Runs;

/// How often it is tried again where the controller has written meanwhile.
const TRIES: usize = 20;

/// How a run is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// What runs is told to end, then `finish` runs. In the queue it keeps its place, and ends when it is its turn.
    Stop,
    /// At once, and nothing runs any more.
    Terminate,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// Argo is told.
    Told,
    /// It was told so before.
    Before,
    /// It had ended already.
    Ended,
}

/// Tells Argo to end a run.
pub fn cancel(runs: &Runs<'_>, run: &str, how: Shutdown) -> Result<Cancelled, Diagnostic> {
    let word = match how {
        Shutdown::Stop => "Stop",
        Shutdown::Terminate => "Terminate",
    };
    for _ in 0..TRIES {
        let workflow = runs.own(run)?;
        if workflow.has_ended() {
            return Ok(Cancelled::Ended);
        }
        match workflow.spec.shutdown.as_deref() {
            Some("Terminate") => return Ok(Cancelled::Before),
            Some(now) if now == word => return Ok(Cancelled::Before),
            _ => {}
        }
        let change = json!({
            "metadata": { "resourceVersion": workflow.version },
            "spec": { "shutdown": word },
        });
        let namespace = &runs.pipeline.namespace.value;
        match runs.cluster.merge(&WORKFLOW, namespace, run, &change) {
            Ok(_) => return Ok(Cancelled::Told),
            Err(failure) if matches!(failure.cause, Cause::Conflict(_)) => {}
            Err(failure) => return Err(failure.into_diagnostic()),
        }
    }
    let message = format!("`{run}` is being changed all the time");
    Err(Diagnostic::without_place(&CONFLICT, message).help("run it again"))
}
