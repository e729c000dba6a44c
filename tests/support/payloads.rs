//! What GitHub sends: the examples of `@octokit/webhooks-examples`, adapted to a repository and a commit.

use std::collections::BTreeMap;
use std::fs;
use std::sync::OnceLock;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;
use serde::Deserialize;
use serde_json::{Value, json};

use super::judge_events::Request;
use super::{npm, tools};

/// The payload of one event.
#[derive(Clone, Debug)]
pub struct Payload {
    /// What `X-GitHub-Event` says: `pull_request`.
    pub event: String,
    /// The payload.
    pub body: Value,
}

/// The examples, of which there are several for most events.
pub fn all(test: &str) -> Option<&'static [Payload]> {
    static ALL: OnceLock<Vec<Payload>> = OnceLock::new();
    let modules = npm::installed(test, &tools::root().join("tests/payloads"), "payloads")?;
    let read = || {
        #[derive(Deserialize)]
        struct Event {
            name: String,
            examples: Vec<Value>,
        }
        let file = modules.join("@octokit/webhooks-examples/api.github.com/index.json");
        let text = fs::read_to_string(&file).expect("the examples");
        let events: Vec<Event> = serde_json::from_str(&text).expect("events with examples");
        let mut all = Vec::new();
        for event in events {
            all.extend(event.examples.into_iter().map(|body| Payload {
                event: event.name.clone(),
                body,
            }));
        }
        assert!(all.len() > 200, "{} examples", all.len());
        all
    };
    Some(ALL.get_or_init(read))
}

/// The first example of an event, of the action if there is one.
#[track_caller]
pub fn first(payloads: &[Payload], event: &str, action: &str) -> Payload {
    let found = payloads.iter().find(|payload| {
        payload.event == event && (action.is_empty() || payload.action() == Some(action))
    });
    found
        .unwrap_or_else(|| panic!("no example of {event} {action}"))
        .clone()
}

/// The example of a push to a branch.
pub fn push(payloads: &[Payload], branch: &str, commit: &str) -> Payload {
    let example = payloads
        .iter()
        .find(|payload| payload.event == "push" && payload.text("/ref").starts_with("refs/heads/"));
    let example = example.expect("an example of a push to a branch").clone();
    let old = example.text("/after").to_owned();
    let mut pushed = example
        .with("/ref", json!(format!("refs/heads/{branch}")))
        .with("/created", json!(false));
    pushed.replace(&old, commit);
    pushed
}

/// The example of a pull request of a repository, into `main`.
pub fn pull_request(payloads: &[Payload], action: &str, repository: &str) -> Payload {
    first(payloads, "pull_request", action)
        .of_repository(repository)
        .with("/pull_request/base/ref", json!("main"))
}

impl Payload {
    /// Its action.
    pub fn action(&self) -> Option<&str> {
        self.body["action"].as_str()
    }

    /// The text at a JSON pointer.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> &str {
        let value = self.body.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_else(|| panic!("{}: no text at {pointer}", self.event))
    }

    /// With another value at a JSON pointer, which is there.
    #[track_caller]
    pub fn with(mut self, pointer: &str, value: Value) -> Payload {
        let place = self.body.pointer_mut(pointer);
        *place.unwrap_or_else(|| panic!("{}: nothing at {pointer}", self.event)) = value;
        self
    }

    /// With another text in place of one, wherever it is a whole value.
    pub fn replace(&mut self, old: &str, new: &str) {
        replace(&mut self.body, old, new);
    }

    /// As if it came from this repository: `owner/name`.
    pub fn of_repository(mut self, full_name: &str) -> Payload {
        let Some(old) = self.body.pointer("/repository/full_name").cloned() else {
            return self;
        };
        let old = old.as_str().expect("a name").to_owned();
        self.replace(&old, full_name);
        let (owner, name) = full_name.split_once('/').expect("owner/name");
        let mut renamed = self.with("/repository/name", json!(name));
        if let Some(login) = renamed.body.pointer_mut("/repository/owner/login") {
            *login = json!(owner);
        }
        renamed
    }

    /// As it is sent to a hook, as `application/json`.
    pub fn sent(&self, secret: &str) -> Request {
        self.signed(
            "application/json",
            serde_json::to_string(&self.body).unwrap(),
            secret,
        )
    }

    /// As it is sent to a hook, as `application/x-www-form-urlencoded`.
    pub fn sent_as_form(&self, secret: &str) -> Request {
        let text = serde_json::to_string(&self.body).unwrap();
        let body = format!("payload={}", utf8_percent_encode(&text, NON_ALPHANUMERIC));
        self.signed("application/x-www-form-urlencoded", body, secret)
    }

    fn signed(&self, content_type: &str, body: String, secret: &str) -> Request {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, body.as_bytes());
        let digits: String = tag
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let headers = [
            ("Content-Type", content_type.to_owned()),
            ("User-Agent", "GitHub-Hookshot/044aadd".to_owned()),
            ("X-GitHub-Delivery", DELIVERY.to_owned()),
            ("X-GitHub-Event", self.event.clone()),
            ("X-Hub-Signature-256", format!("sha256={digits}")),
        ];
        Request {
            path: String::new(),
            headers: BTreeMap::from(headers.map(|(name, value)| (name.to_owned(), value))),
            body,
        }
    }
}

/// The identifier of each delivery.
pub const DELIVERY: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";

fn replace(value: &mut Value, old: &str, new: &str) {
    match value {
        Value::String(text) if text == old => new.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, old, new)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| replace(field, old, new)),
        _ => {}
    }
}
