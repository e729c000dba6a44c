//! What a stage leaves in its pod: values for later pods, and the reason that Argo shows of a failure.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::diagnostics::safe;
use crate::stage::record::{ErrorRecord, StageResult};
use crate::stage::work::Context;

/// Kubernetes takes 4 KiB; more than a few lines is not read where it is shown.
const REASON: usize = 500;
/// A parameter of a run may have so many bytes; what is larger later stages read from the store.
const PARAMETER: usize = 64 * 1024;

/// Leaves both. A pod in which they cannot be written has done its work nevertheless: the store has the result.
pub fn leave(context: &Context, result: &StageResult) {
    if let Some(error) = &result.error {
        let text = context.log.mask(&reason(error));
        let _ = fs::write(context.folders.termination_log(), text);
    }
    let short = json!({
        "outcome": result.outcome,
        "reason": result.reason,
        "artifact": result.artifact.as_ref().map(|artifact| &artifact.key),
    });
    parameter(context, "result", &short);
    if !result.outputs.is_empty() {
        parameter(context, "outputs", &json!(result.outputs));
    }
}

fn parameter(context: &Context, name: &str, value: &serde_json::Value) {
    let text = STANDARD.encode(context.log.mask(&value.to_string()));
    if text.len() <= PARAMETER {
        let _ = fs::write(context.folders.out().join(name), text);
    }
}

/// `A0911: \`npm test\` failed (pipeline.aphex:7:11): 3 tests failed`, in a few hundred bytes.
pub fn reason(error: &ErrorRecord) -> String {
    let mut text = format!("{}: {}", error.code, error.message);
    if let Some(place) = &error.place {
        text.push_str(&format!(" ({place})"));
    }
    for note in &error.notes {
        text.push_str("; ");
        text.push_str(note);
    }
    let text = safe::line(&text).into_owned();
    if text.len() <= REASON {
        return text;
    }
    let end = text.floor_char_boundary(REASON);
    format!("{}…", text.get(..end).unwrap_or_default())
}
