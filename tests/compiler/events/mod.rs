//! What starts a pipeline: what Argo Events' own code says of event sources and sensors, and does with what GitHub sends.

mod judge_fires;
mod judge_validates;
mod settings;
mod triggers;

use crate::support::judge_events;
use crate::support::payloads::{self, Payload, push};
use crate::support::starts::Start;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// An EventSource and a Sensor, written by hand.
const SHOP: &str = include_str!("shop.yaml");

/// [`SHOP`] with something else in one place.
#[track_caller]
fn with(right: &str, instead: &str) -> String {
    let changed = SHOP.replacen(right, instead, 1);
    assert_ne!(changed, SHOP, "{right}");
    changed
}

/// The examples of GitHub's payloads, where they and Argo's code are there.
fn examples(test: &str) -> Option<&'static [Payload]> {
    judge_events::is_available(test)
        .then(|| payloads::all(test))
        .flatten()
}

/// A push to a branch of the pipeline's repository.
fn pushed(examples: &[Payload], branch: &str) -> Payload {
    push(examples, branch, COMMIT).of_repository("acme/shop")
}

/// A pull request of the pipeline's repository, into `main`.
fn pull_request(examples: &[Payload], action: &str) -> Payload {
    payloads::pull_request(examples, action, "acme/shop")
}

/// The WorkflowTemplates of runs.
fn entries(starts: &[Start]) -> Vec<&str> {
    starts.iter().map(Start::entry).collect()
}
