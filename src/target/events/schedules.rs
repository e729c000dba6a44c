//! The clock: a CronWorkflow a schedule. It starts the start template, for nobody knows a commit beforehand.

use serde_json::json;

use crate::graph::Graph;
use crate::model::{Event, Pipeline};
use crate::target::argo::entry_object_name;
use crate::target::events::start;
use crate::target::names::{self, OBJECT_NAME_LIMIT, Stamp, Taken};
use crate::target::object::Object;

/// A name of a CronWorkflow is at most 52 characters, for its Workflows have eleven more (`validateCronWorkflow` in `workflow/validate/validate.go`).
const LONGEST: usize = 52;
const _: () = assert!(LONGEST < OBJECT_NAME_LIMIT);

/// Those of a pipeline.
pub fn all(pipeline: &Pipeline, graph: &Graph<'_>, stamp: &Stamp) -> Vec<Object> {
    let mut taken = Taken::default();
    let mut objects = Vec::new();
    for (index, trigger) in pipeline.triggers.iter().enumerate() {
        let Event::Schedule { cron, timezone } = &trigger.event else {
            continue;
        };
        let Some(entry) = graph.entry_of_trigger(index) else {
            continue;
        };
        let values = [
            ("entry", entry_object_name(pipeline, entry)),
            ("event", "schedule".to_owned()),
        ];
        let parameters: Vec<_> = values
            .into_iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let rest = json!({
            "spec": {
                "schedules": [cron.value],
                "timezone": timezone.value,
                // What the controller missed while it was away is made up for within this time.
                "startingDeadlineSeconds": 600,
                "concurrencyPolicy": "Allow",
                "successfulJobsHistoryLimit": 3,
                "failedJobsHistoryLimit": 10,
                "workflowMetadata": { "labels": names::labels(&pipeline.name.value) },
                "workflowSpec": {
                    "workflowTemplateRef": { "name": start::start_name(&pipeline.name.value) },
                    "arguments": { "parameters": parameters },
                },
            },
        });
        let name = taken.take(&format!("{}-schedule", pipeline.name.value));
        let name = names::shortened(&name, LONGEST);
        let api = "argoproj.io/v1alpha1";
        let object = Object::new(pipeline, stamp, api, "CronWorkflow", name, rest);
        objects.push(
            object
                .with_origin("/spec/schedules/0", cron.span)
                .with_origin("/spec/timezone", timezone.span),
        );
    }
    objects
}
