//! The judge itself: what it accepts and refuses.

use super::{SHOP, with};
use crate::support::judge_events;

#[test]
fn the_judge_on_events_accepts_what_is_right() {
    if !judge_events::is_available("the_judge_on_events_accepts_what_is_right") {
        return;
    }
    judge_events::assert_accepted("shop", SHOP);
    let bus = "kind: EventBus\napiVersion: argoproj.io/v1alpha1\nmetadata: { name: default }\nspec: { jetstream: { version: latest } }\n";
    judge_events::assert_accepted("a bus", &format!("{bus}---\n{SHOP}"));
    for (right, instead) in [
        ("^acme/shop$", "^acme/shop$|^acme/store$"),
        ("^acme/shop$", "^(?i:acme/shop)$"),
        ("{ generateName: shop- }", "{ name: \"\" }"),
    ] {
        let named = "parameters:\n            - { src: { dependencyName: push, dataKey: body.after }, dest: metadata.name }\n";
        let also = with(right, instead).replacen(
            "parameters:\n            - src",
            &format!("{named}            - src"),
            1,
        );
        judge_events::assert_accepted(instead, &also);
    }
    let verdicts = judge_events::judge(SHOP);
    assert_eq!(verdicts.len(), 4, "{verdicts:?}");
    assert_eq!(verdicts[1].kind, "Sensor");
}

#[test]
fn the_judge_on_events_refuses_what_is_wrong() {
    if !judge_events::is_available("the_judge_on_events_refuses_what_is_wrong") {
        return;
    }
    // NATS streaming, the bus of old, takes an event once a Sensor.
    let streaming = "kind: EventBus\napiVersion: argoproj.io/v1alpha1\nmetadata: { name: default }\nspec: { nats: { native: {} } }\n";
    let twice = with(
        "  triggers:\n",
        "    - { name: again, eventSourceName: shop, eventName: github }\n  triggers:\n",
    );
    judge_events::assert_accepted("twice", &twice);
    let verdicts = judge_events::judge(&format!("{streaming}---\n{twice}"));
    assert!(verdicts[0].errors.is_empty(), "{verdicts:?}");
    let refused = verdicts[2].errors.join("\n");
    assert!(refused.contains("more than one dependency"), "{refused}");
    let wrong = [
        // What Argo's own validation refuses.
        ("endpoint: /shop, ", "", "endpoint can't be empty"),
        (
            "repositories: [{ owner: acme, names: [shop] }]",
            "",
            "repositories or organizations",
        ),
        (
            "contentType: json",
            "contentType: xml",
            "content type must be",
        ),
        (
            "operation: create",
            "operation: make",
            "unknown operation type",
        ),
        (
            "dest: spec.arguments.parameters.0.value",
            "operation: append",
            "destination can't be empty",
        ),
        (
            "    - atLeastOnce: true\n",
            "    - atLeastOnce: false\n",
            "atLeastOnce must be set to true",
        ),
        (
            "type: bool, value: [\"false\"]",
            "type: bool",
            "value must be not empty",
        ),
        // What strict decoding refuses.
        ("webhookSecret:", "webhooksecret:", "unknown field"),
        (
            "conditions: push",
            "conditions: push\n        conditions: push",
            "already set",
        ),
        // What is left to be found out when an event comes.
        (
            "webhookSecret: { name: shop-webhook, key: secret }",
            "",
            "anybody may send events",
        ),
        (
            "endpoint: /shop",
            "endpoint: shop",
            "does not begin with a slash",
        ),
        ("port: \"12000\"", "port: \"120000\"", "port"),
        (
            "events: [push]",
            "events: [pushed]",
            "GitHub has no event \"pushed\"",
        ),
        (
            "active: true",
            "active: true\n      filter: { expression: \"body.ref ==\" }",
            "filter.expression",
        ),
        (
            "eventSourceName: shop",
            "eventSourceName: store",
            "no EventSource \"store\"",
        ),
        (
            "eventName: github",
            "eventName: gitlab",
            "has no event \"gitlab\"",
        ),
        (
            "- name: push",
            "- name: 1push",
            "cannot stand in an expression",
        ),
        ("^acme/shop$", "^acme/(shop$", "missing closing )"),
        ("^acme/shop$", "acme/shop", "is not anchored"),
        ("^acme/shop$", "^acme/shop$|^acme/store", "is not anchored"),
        (
            "type: bool, value: [\"false\"]",
            "type: bool, value: [\"no\"]",
            "invalid syntax",
        ),
        (
            "type: bool, value: [\"false\"]",
            "type: boolean, value: [\"false\"]",
            "is no type",
        ),
        (
            "filters:\n",
            "filters:\n        script: \"return (\"\n",
            "script",
        ),
        (
            "filters:\n",
            "filters:\n        exprs: [{ expr: \"a == b\", fields: [{ name: a, path: body.ref }] }]\n",
            "\"b\" is no field",
        ),
        ("conditions: push", "conditions: pull", "never met"),
        ("conditions: push", "conditions: push &&", "never met"),
        (
            "dependencyName: push, dataKey: body.after",
            "dependencyName: pull, dataKey: body.after",
            "no dependency of this trigger",
        ),
        (
            "dataKey: body.after",
            "useRawData: false",
            "the whole event",
        ),
        (
            "ref | b64enc",
            "ref | b64encode",
            "function \"b64encode\" not defined",
        ),
        ("parameters.3.value", "parameters.4.value", "is not there"),
        (
            "      retryStrategy: { steps: 3, duration: 1s }",
            "      retryStrategy: { steps: 3, duration: 1 day }",
            "retryStrategy",
        ),
        (
            "generateName: shop-",
            "labels: {}",
            "neither name nor generateName",
        ),
        (
            "name: shop\n        conditions",
            "name: the shop\n        conditions",
            "becomes a label",
        ),
        (
            "name: shop-lost\n          log: {}",
            "name: shop-lost",
            "one of k8s",
        ),
        (
            "targetPort: 12000",
            "targetPort: 12001",
            "no hook on port 12001",
        ),
        (
            "eventsource-name: shop",
            "eventsource-name: store",
            "no EventSource \"store\"",
        ),
        (
            "service: { name: shop-hook",
            "service: { name: shop",
            "no Service \"shop\"",
        ),
        ("number: 80", "number: 8080", "no port 8080"),
    ];
    for (right, instead, expected) in wrong {
        let errors: Vec<String> = judge_events::judge(&with(right, instead))
            .into_iter()
            .flat_map(|verdict| verdict.errors)
            .collect();
        let errors = errors.join("\n");
        assert!(
            errors.contains(expected),
            "{instead}: expected `{expected}` among:\n{errors}"
        );
    }
}
