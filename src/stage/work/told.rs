//! What the engine knows of a run that its stages could not tell.

use crate::collections::HashMap;
use crate::graph::Entry;
use crate::stage::task::Task;
use crate::stage::work::Context;

/// Nothing, where nobody can be asked.
#[derive(Default)]
pub struct Told {
    /// Whether somebody has told the run to end (`aphex cancel`, `argo stop`).
    pub is_cancelled: bool,
    /// What failed, with the engine's words for why: `OOMKilled (exit code 137)`.
    failed: Vec<(Task, String)>,
}

impl Told {
    /// The reasons, by the paths of stages.
    pub fn reasons(&self, entry: &Entry<'_>) -> HashMap<String, &str> {
        let failed = self.failed.iter();
        failed
            .map(|(task, why)| {
                let found = task.find(entry);
                let path = found.map(|id| crate::stage::path_of(entry, id));
                (path.unwrap_or_else(|| task.likely_path()), why.as_str())
            })
            .collect()
    }

    /// Asks Argo, in a pod of a run.
    #[cfg(feature = "cloud")]
    pub fn of(context: &Context) -> Told {
        use crate::cloud::kubernetes::{Cause, Cluster};
        use crate::stage::nodes::task_of;
        use crate::stage::record::Engine;

        if context.run.engine != Engine::Argo {
            return Told::default();
        }
        let found = Cluster::find().and_then(|cluster| cluster.own_workflow(&context.run.run));
        match found {
            Ok(None) => Told::default(),
            Ok(Some(workflow)) => {
                let mut nodes: Vec<_> = workflow.nodes.values().collect();
                // Of several tries the last one counts.
                nodes.sort_by_key(|node| node.finished_at);
                let has_failed = |phase: &str| matches!(phase, "Failed" | "Error");
                let failed = nodes.iter().filter(|node| {
                    node.kind == "Pod" && has_failed(&node.phase) && !node.message.is_empty()
                });
                Told {
                    is_cancelled: workflow.is_told_to_end(),
                    failed: failed
                        .filter_map(|node| Some((task_of(&workflow, node)?, node.message.clone())))
                        .collect(),
                }
            }
            // No pod of a cluster.
            Err(failure) if failure.cause == Cause::NoCluster => Told::default(),
            Err(failure) => {
                let problem = failure.into_diagnostic();
                context.log.line(&format!(
                    "warning: whether the run was cancelled is not known: {}",
                    problem.message
                ));
                Told::default()
            }
        }
    }

    /// There is nobody to be asked.
    #[cfg(not(feature = "cloud"))]
    pub fn of(_: &Context) -> Told {
        Told::default()
    }
}
