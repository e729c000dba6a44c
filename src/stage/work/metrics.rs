//! Metrics of a run (8.3): the namespace `Aphex`, by pipeline, and by pipeline and environment.

use std::time::Duration;

use crate::cloud::aws::cloudwatch::{Metric, put};
use crate::cloud::aws::{Access, Aws};
use crate::stage::record::{Outcome, RunRecord};
use crate::stage::work::Context;

const NAMESPACE: &str = "Aphex";
/// Nobody waits longer for a pod that has only metrics to write.
const LIMIT: Duration = Duration::from_secs(45);

/// Writes them. What goes wrong is in the log.
pub fn write(context: &Context, record: &RunRecord) {
    // A run for a pull request deploys nothing, and has no right to write.
    if record.trigger.event == "pull_request" {
        return;
    }
    let metrics = of(record);
    let second = jiff::Timestamp::now().as_second();
    let access = Access {
        limit: Some(LIMIT),
        ..Access::default()
    };
    let written = Aws::new(&access).and_then(|aws| put(&aws, NAMESPACE, second, &metrics));
    match written {
        Ok(()) => context.log.line("metrics: written"),
        Err(failure) => context
            .log
            .line(&format!("warning: metrics: not written: {failure}")),
    }
}

/// Of the run, and of each environment that was begun: 0 or 1 that it succeeded, that it failed, and how long it took.
fn of(record: &RunRecord) -> Vec<Metric> {
    let pipeline = ("Pipeline", record.pipeline.clone());
    let mut metrics = Vec::new();
    add(
        &mut metrics,
        vec![pipeline.clone()],
        record.outcome,
        Some(record.seconds),
    );
    let environments = record.stages.iter();
    for stage in environments.filter(|stage| stage.kind == "environment") {
        let Some(outcome) = stage.outcome else {
            continue;
        };
        let name = stage.path.rsplit('/').next().unwrap_or_default();
        let dimensions = vec![pipeline.clone(), ("Environment", name.to_owned())];
        add(&mut metrics, dimensions, outcome, stage.seconds);
    }
    metrics
}

fn add(
    metrics: &mut Vec<Metric>,
    dimensions: Vec<(&'static str, String)>,
    outcome: Outcome,
    seconds: Option<f64>,
) {
    let one = |is_so: bool| if is_so { 1.0 } else { 0.0 };
    let mut metric = |name, is_time, value| {
        metrics.push(Metric {
            name,
            dimensions: dimensions.clone(),
            is_time,
            value,
        });
    };
    metric("Succeeded", false, one(outcome.is_good()));
    metric("Failed", false, one(!outcome.is_good()));
    if let Some(seconds) = seconds {
        metric("Duration", true, seconds);
    }
}
