//! What starts a run whose event does not tell all that a run must know: the commit of a schedule or a release, the files that a push has changed. And what starts one
//! that the Sensor could not start.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::model::Pipeline;
use crate::target::argo;
use crate::target::events::rules::Paths;
use crate::target::names::{Stamp, object_name};
use crate::target::object::Object;

/// Its parameters, the variable of each in the pod, and what each is.
pub const PARAMETERS: &[(&str, &str, &str)] = &[
    (
        "name",
        "APHEX_RUN",
        "the name of the run that is wanted; empty: one is made of this Workflow's",
    ),
    ("entry", "APHEX_ENTRY", "the WorkflowTemplate of the run"),
    (
        "event",
        "APHEX_EVENT",
        "push, pull_request, tag, release, schedule",
    ),
    (
        "commit",
        "APHEX_COMMIT",
        "the commit; empty: that of the reference",
    ),
    (
        "ref",
        "APHEX_REF_BASE64",
        "the Git reference (base64); empty: the default branch",
    ),
    (
        "actor",
        "APHEX_ACTOR_BASE64",
        "who caused the event (base64)",
    ),
    (
        "pull-request",
        "APHEX_PULL_REQUEST",
        "the number of the pull request",
    ),
    (
        "base",
        "APHEX_BASE",
        "the commit that the changed files are counted from",
    ),
    (
        "paths",
        "APHEX_PATHS_BASE64",
        "which changed files matter (base64 of JSON); empty: all",
    ),
];

/// Its name.
pub fn start_name(pipeline: &str) -> String {
    object_name(pipeline, "start")
}

/// The template; in words why it could not be made.
pub fn start_template(pipeline: &Pipeline, stamp: &Stamp) -> Result<Object, String> {
    let name = start_name(&pipeline.name.value);
    argo::as_object(pipeline, &argo::start(pipeline, stamp, name, PARAMETERS))
}

/// Which files matter, as a parameter.
pub fn packed(paths: &Paths) -> String {
    let json = json!({ "patterns": paths.patterns, "from_fork_point": paths.from_fork_point });
    STANDARD.encode(json.to_string())
}
