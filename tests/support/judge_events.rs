//! Argo Events' own code as a judge of event sources and sensors: see `tests/judge-events`.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use super::go::is_available;
use super::go::{Program, Server};
use super::judge::Verdict;

const PROGRAM: Program = Program {
    name: "judge-events",
    what: "Argo Events 1.9",
    source: "judge-events",
    // Without what a debugger reads: 50 MB less.
    flags: &["-ldflags=-s -w"],
};

/// What GitHub sends.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Request {
    /// Where to; empty for the endpoint of every hook that hears of such an event.
    pub path: String,
    /// The headers.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

/// The values of Secrets, by name and key.
pub type Secrets = BTreeMap<String, BTreeMap<String, String>>;

/// What becomes of a request.
#[derive(Clone, Debug, Deserialize)]
pub struct Outcome {
    /// What each hook answered.
    #[serde(default)]
    pub receipts: Vec<Receipt>,
    /// What each dependency on a published event said of it.
    #[serde(default)]
    pub dependencies: Vec<Dependency>,
    /// Every trigger, and what it does.
    #[serde(default)]
    pub triggers: Vec<Trigger>,
    argo: String,
    verdicts: Option<Vec<Verdict>>,
}

/// What a hook made of a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The EventSource.
    pub event_source: String,
    /// The event in it.
    pub event_name: String,
    /// Whether GitHub sends it such an event.
    pub sent: bool,
    /// The HTTP status of the answer; 0 where there is none.
    pub status: u16,
    /// The answer.
    pub answer: String,
    /// The data of the event on the bus; none where it was refused or filtered.
    pub published: Option<Value>,
    /// What went wrong while it was handled.
    #[serde(default)]
    pub error: String,
}

/// What a dependency said of an event.
#[derive(Clone, Debug, Deserialize)]
pub struct Dependency {
    /// The Sensor.
    pub sensor: String,
    /// The dependency.
    pub name: String,
    /// Whether its filters let the event through.
    pub passes: bool,
    /// Why its filters could not tell.
    #[serde(default)]
    pub error: String,
}

/// What a trigger does.
#[derive(Clone, Debug, Deserialize)]
pub struct Trigger {
    /// The Sensor.
    pub sensor: String,
    /// The trigger.
    pub name: String,
    /// Its conditions in terms of dependencies.
    pub conditions: String,
    /// Why nothing ever meets its conditions.
    #[serde(default)]
    pub error: String,
    /// Each time that it fires.
    pub fired: Vec<Firing>,
}

/// One time that a trigger fires.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Firing {
    /// The dependencies that met the conditions.
    pub by: Vec<String>,
    /// Why nothing was sent.
    #[serde(default)]
    pub error: String,
    /// Values that Argo could not get and replaced by a default.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What is sent.
    #[serde(default)]
    pub sent: Vec<Sent>,
    /// What its dead-letter trigger would send.
    pub dead_letter: Option<Box<Firing>>,
}

/// What is sent to the API server, or elsewhere.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    /// `create`, `get`, …; `run` for the command line of Argo; the method of an HTTP request; `log`.
    pub verb: String,
    /// The API group.
    pub group: String,
    /// The plural name of the kind.
    pub resource: String,
    /// The namespace.
    pub namespace: String,
    /// The object, or the body of an HTTP request.
    pub object: Value,
    /// The command line without the name of its file, or the URL.
    pub command: Vec<String>,
}

impl Outcome {
    /// The triggers that fire, and how.
    pub fn fired(&self) -> Vec<(&str, &Firing)> {
        let each = self.triggers.iter();
        each.flat_map(|trigger| {
            let name = trigger.name.as_str();
            trigger.fired.iter().map(move |firing| (name, firing))
        })
        .collect()
    }

    /// What is created by the triggers that fire, all of which work and take no value from a default.
    #[track_caller]
    pub fn created(&self) -> Vec<(&str, &Value)> {
        let mut all = Vec::new();
        for (name, firing) in self.fired() {
            assert!(
                firing.error.is_empty() && firing.notes.is_empty(),
                "{name}: {firing:#?}"
            );
            for sent in &firing.sent {
                assert_eq!(sent.verb, "create", "{name}: {firing:#?}");
                all.push((name, &sent.object));
            }
        }
        all
    }
}

impl Sent {
    /// The value of each argument of a Workflow.
    pub fn arguments(&self) -> BTreeMap<String, String> {
        arguments(&self.object)
    }
}

/// The value of each argument of a Workflow.
#[track_caller]
pub fn arguments(workflow: &Value) -> BTreeMap<String, String> {
    let given = workflow["spec"]["arguments"]["parameters"].as_array();
    given
        .into_iter()
        .flatten()
        .map(|parameter| {
            let text = |key: &str| parameter[key].as_str().map(str::to_owned);
            text("name")
                .zip(text("value"))
                .unwrap_or_else(|| panic!("{parameter}"))
        })
        .collect()
}

#[derive(Default, Serialize)]
struct Question<'a> {
    ask: &'a str,
    manifests: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a Request>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets: Option<&'a Secrets>,
}

/// What Argo Events says of these manifests (YAML of any number of documents, or JSON).
pub fn judge(manifests: &str) -> Vec<Verdict> {
    verdicts(&ask(&Question {
        ask: "validate",
        manifests,
        ..Question::default()
    }))
}

/// Fails unless every document is accepted, of which there is at least one.
#[track_caller]
pub fn assert_accepted(what: &str, manifests: &str) {
    accepted(what, manifests, &judge(manifests));
}

/// What becomes of a request, where these manifests are applied and these secrets there. The manifests must be accepted.
#[track_caller]
pub fn fire(manifests: &str, request: &Request, secrets: &Secrets) -> Outcome {
    let outcome = ask(&Question {
        ask: "fire",
        manifests,
        request: Some(request),
        secrets: Some(secrets),
    });
    accepted("fire", manifests, &verdicts(&outcome));
    outcome
}

fn ask(question: &Question) -> Outcome {
    static JUDGE: OnceLock<Mutex<Server>> = OnceLock::new();
    let judge = JUDGE.get_or_init(|| Mutex::new(Server::start(&PROGRAM)));
    // Another test that failed while it asked leaves the judge usable: it has read its answer or is broken itself.
    let mut judge = judge.lock().unwrap_or_else(PoisonError::into_inner);
    judge.ask(question)
}

fn verdicts(outcome: &Outcome) -> Vec<Verdict> {
    let each = outcome.verdicts.iter().flatten();
    each.map(|verdict| Verdict {
        argo: format!("Argo Events {}", outcome.argo),
        ..verdict.clone()
    })
    .collect()
}

#[track_caller]
fn accepted(what: &str, manifests: &str, verdicts: &[Verdict]) {
    assert!(!verdicts.is_empty(), "{what}: no manifests");
    let refusals: Vec<String> = verdicts
        .iter()
        .filter(|verdict| !verdict.errors.is_empty())
        .map(ToString::to_string)
        .collect();
    assert!(
        refusals.is_empty(),
        "{what}: refused\n{}\n{manifests}",
        refusals.join("\n")
    );
}
