//! The judge itself: what becomes of what GitHub sends, with an event source and a sensor written by hand.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{COMMIT, SHOP, examples, pushed, with};
use crate::support::judge_events::{self, Outcome, Request, Secrets, arguments};
use crate::support::payloads::{DELIVERY, Payload, first, push};
use crate::support::starts::SECRET;

fn secrets() -> Secrets {
    let key = BTreeMap::from([("secret".to_owned(), SECRET.to_owned())]);
    BTreeMap::from([("shop-webhook".to_owned(), key)])
}

#[track_caller]
fn fire(payload: &Payload) -> Outcome {
    judge_events::fire(SHOP, &payload.sent(SECRET), &secrets())
}

#[test]
fn a_push_fires_what_the_sensor_says_1_1_1_3() {
    let Some(examples) = examples("a_push_fires_what_the_sensor_says_1_1_1_3") else {
        return;
    };
    for branch in ["main", "release/1.0"] {
        let pushed = push(examples, branch, COMMIT).of_repository("acme/shop");
        let outcome = fire(&pushed);
        assert_eq!(outcome.receipts[0].status, 200, "{outcome:#?}");
        assert_eq!(outcome.receipts[0].answer, "success");
        let created = outcome.created();
        let [("shop", workflow)] = created[..] else {
            panic!("{outcome:#?}");
        };
        let expected = BTreeMap::from([
            ("commit".to_owned(), COMMIT.to_owned()),
            (
                "ref".to_owned(),
                STANDARD.encode(format!("refs/heads/{branch}")),
            ),
            (
                "actor".to_owned(),
                STANDARD.encode(pushed.text("/sender/login")),
            ),
            ("delivery".to_owned(), DELIVERY.to_owned()),
        ]);
        assert_eq!(arguments(workflow), expected);
        assert_eq!(workflow["metadata"]["namespace"], "ci");
        assert_eq!(workflow["metadata"]["generateName"], "shop-");
        assert_eq!(
            workflow["metadata"]["labels"]["events.argoproj.io/trigger"],
            "shop"
        );
        let sent = &outcome.triggers[0].fired[0].sent[0];
        assert_eq!(
            (&*sent.group, &*sent.resource),
            ("argoproj.io", "workflows")
        );
        let lost = outcome.triggers[0].fired[0]
            .dead_letter
            .as_ref()
            .expect("a dead-letter trigger");
        assert_eq!(lost.sent[0].verb, "log");
    }
    // GitHub may send it as a form, too.
    let form = push(examples, "main", COMMIT)
        .of_repository("acme/shop")
        .sent_as_form(SECRET);
    assert_eq!(
        judge_events::fire(SHOP, &form, &secrets()).created().len(),
        1
    );
}

#[test]
fn what_is_no_push_to_a_branch_of_the_sensor_fires_nothing() {
    let Some(examples) = examples("what_is_no_push_to_a_branch_of_the_sensor_fires_nothing") else {
        return;
    };
    let on_main = pushed(examples, "main");
    let tag = on_main.clone().with("/ref", json!("refs/tags/main"));
    let gone = on_main
        .clone()
        .with("/deleted", json!(true))
        .with("/after", json!("0".repeat(40)));
    let cases = [
        (
            "another branch",
            push(examples, "main-2", COMMIT).of_repository("acme/shop"),
        ),
        (
            "a branch below",
            push(examples, "x/main", COMMIT).of_repository("acme/shop"),
        ),
        ("another repository", push(examples, "main", COMMIT)),
        ("a tag of its name", tag),
        ("its deletion", gone),
        (
            "a ping",
            first(examples, "ping", "").of_repository("acme/shop"),
        ),
    ];
    for (what, payload) in cases {
        let outcome = fire(&payload);
        assert_eq!(outcome.receipts[0].status, 200, "{what}: {outcome:#?}");
        assert_eq!(outcome.dependencies.len(), 1, "{what}: {outcome:#?}");
        assert!(!outcome.dependencies[0].passes, "{what}: {outcome:#?}");
        assert!(outcome.fired().is_empty(), "{what}: {outcome:#?}");
    }
    // A ping has no `ref`: the filter before refuses it, and nothing is logged as an error.
    let ping = fire(&first(examples, "ping", "").of_repository("acme/shop"));
    assert!(ping.dependencies[0].error.is_empty(), "{ping:#?}");
    // And what is not in `events` GitHub does not send.
    for event in ["pull_request", "release", "create", "delete"] {
        let outcome = fire(&first(examples, event, ""));
        assert!(!outcome.receipts[0].sent, "{event}: {outcome:#?}");
        assert!(outcome.fired().is_empty(), "{event}");
    }
}

#[test]
fn a_request_that_is_not_githubs_is_refused() {
    let Some(examples) = examples("a_request_that_is_not_githubs_is_refused") else {
        return;
    };
    let right = push(examples, "main", COMMIT)
        .of_repository("acme/shop")
        .sent(SECRET);
    let without = |name: &str| {
        let mut request = right.clone();
        request.headers.remove(name).expect("a header");
        request
    };
    let mut changed = right.clone();
    changed.body.push(' ');
    let mut old = without("X-Hub-Signature-256");
    old.headers
        .insert("X-Hub-Signature".to_owned(), "sha1=00".to_owned());
    let mut elsewhere = right.clone();
    elsewhere.path = "/other".to_owned();
    let other = push(examples, "main", COMMIT).sent("another secret");
    let refused: [(&str, &Request, u16); 6] = [
        ("no signature", &without("X-Hub-Signature-256"), 400),
        ("no content type", &without("Content-Type"), 400),
        ("another secret", &other, 400),
        ("another body", &changed, 400),
        ("an old signature", &old, 400),
        ("another path", &elsewhere, 404),
    ];
    for (what, request, status) in refused {
        let outcome = judge_events::fire(SHOP, request, &secrets());
        let receipt = &outcome.receipts[0];
        assert_eq!(receipt.status, status, "{what}: {outcome:#?}");
        assert!(receipt.published.is_none(), "{what}: {outcome:#?}");
        assert!(outcome.fired().is_empty(), "{what}: {outcome:#?}");
    }
    let outcome = judge_events::fire(SHOP, &right, &secrets());
    assert_eq!(outcome.created().len(), 1, "the same as it should be");
    // Without the Secret the event source does not start.
    let outcome = judge_events::fire(SHOP, &right, &Secrets::new());
    assert!(
        outcome.receipts[0]
            .error
            .contains("no Secret \"shop-webhook\"")
    );
    assert!(outcome.fired().is_empty());
}

#[test]
fn hostile_names_come_through_as_data() {
    let Some(examples) = examples("hostile_names_come_through_as_data") else {
        return;
    };
    let long = "x".repeat(5000);
    let hostile = [
        "main'; rm -rf / #",
        "\"quoted\" \\ back",
        "two\nlines\r\n",
        "$(touch /tmp/x)`id`${IFS}",
        "{{=sprig.env('HOME')}}{{workflow.name}}",
        "{{ .Input.body.after }}",
        "\u{1F680}\u{202E}é\u{0}\u{7}",
        long.as_str(),
    ];
    let any = with("(main|release/[^/]*)", "(?s:.*)");
    for name in hostile {
        let mut pushed = push(examples, name, COMMIT).of_repository("acme/shop");
        let sender = pushed.text("/sender/login").to_owned();
        pushed.replace(&sender, name);
        let outcome = judge_events::fire(&any, &pushed.sent(SECRET), &secrets());
        let created = outcome.created();
        assert_eq!(created.len(), 1, "{name:?}: {outcome:#?}");
        let given = arguments(created[0].1);
        let ref_name = STANDARD.decode(&given["ref"]).expect("base64");
        assert_eq!(
            ref_name,
            format!("refs/heads/{name}").as_bytes(),
            "{name:?}"
        );
        assert_eq!(
            STANDARD.decode(&given["actor"]).expect("base64"),
            name.as_bytes()
        );
        assert_eq!(given["commit"], COMMIT);
        // None of them is a branch that the sensor is for.
        assert!(fire(&pushed).fired().is_empty(), "{name:?}");
    }
}

#[test]
fn the_judge_tells_which_values_are_replaced_and_what_fails() {
    let Some(examples) = examples("the_judge_tells_which_values_are_replaced_and_what_fails")
    else {
        return;
    };
    let request = push(examples, "main", COMMIT)
        .of_repository("acme/shop")
        .sent(SECRET);
    let replaced = with(
        "dataKey: body.after",
        "dataKey: body.before_it, value: none",
    );
    let outcome = judge_events::fire(&replaced, &request, &secrets());
    let firing = &outcome.triggers[0].fired[0];
    assert!(firing.notes[0].contains("body.before_it"), "{firing:#?}");
    assert_eq!(firing.sent[0].arguments()["commit"], "none");

    let failing = with("dataKey: body.after", "dataKey: body.before_it");
    let outcome = judge_events::fire(&failing, &request, &secrets());
    let firing = &outcome.triggers[0].fired[0];
    assert!(firing.error.contains("unable to resolve"), "{firing:#?}");
    assert!(firing.sent.is_empty());
}

#[test]
fn conditions_of_two_dependencies_are_weighed_as_the_bus_does() {
    let Some(examples) = examples("conditions_of_two_dependencies_are_weighed_as_the_bus_does")
    else {
        return;
    };
    let second = "    - { name: again, eventSourceName: shop, eventName: github }\n  triggers:\n";
    let request = push(examples, "main", COMMIT)
        .of_repository("acme/shop")
        .sent(SECRET);
    let other = push(examples, "other", COMMIT).sent(SECRET);
    for (conditions, of_both, of_one) in [
        ("push && again", 1, 0),
        ("push || again", 2, 1),
        ("push", 1, 0),
    ] {
        let both = with("  triggers:\n", second).replacen(
            "conditions: push",
            &format!("conditions: {conditions}"),
            1,
        );
        let fired =
            |request: &Request| judge_events::fire(&both, request, &secrets()).fired().len();
        assert_eq!(fired(&request), of_both, "{conditions}");
        assert_eq!(fired(&other), of_one, "{conditions}");
    }
}

#[test]
fn what_a_trigger_sends_elsewhere_is_told_and_not_sent() {
    let Some(examples) = examples("what_a_trigger_sends_elsewhere_is_told_and_not_sent") else {
        return;
    };
    let request = push(examples, "main", COMMIT)
        .of_repository("acme/shop")
        .sent(SECRET);
    let submit = with(
        "k8s:\n          operation: create",
        "argoWorkflow:\n          operation: submit\n          args: [--priority, \"5\"]",
    );
    let outcome = judge_events::fire(&submit, &request, &secrets());
    let sent = &outcome.triggers[0].fired[0].sent;
    assert_eq!(sent[0].verb, "run", "{outcome:#?}");
    assert_eq!(
        sent[0].command,
        ["argo", "-n", "ci", "submit", "--priority", "5"]
    );
    assert_eq!(sent[0].arguments()["commit"], COMMIT);
    assert_eq!((&*sent[1].verb, &*sent[1].resource), ("list", "workflows"));

    let http = with(
        "name: shop-lost\n          log: {}",
        "name: shop-lost\n          http:\n            url: http://lost.example\n            payload: [{ src: { dependencyName: push, dataKey: body.after }, dest: commit }]",
    );
    let outcome = judge_events::fire(&http, &request, &secrets());
    let lost = outcome.triggers[0].fired[0]
        .dead_letter
        .as_ref()
        .expect("a dead-letter trigger");
    assert_eq!(lost.sent[0].verb, "POST", "{outcome:#?}");
    assert_eq!(lost.sent[0].object, json!({ "commit": COMMIT }));
}
