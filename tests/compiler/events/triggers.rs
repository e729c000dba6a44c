//! What the triggers of a file start: compiled, and run on what GitHub sends.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::json;

use super::{COMMIT, entries, examples, pull_request, pushed};
use crate::argo;
use crate::support::judge::{self, Question};
use crate::support::judge_events::{self, Request};
use crate::support::payloads::{DELIVERY, Payload, first};
use crate::support::starts::{Compiled, SECRET, Start};
use crate::support::tools;

/// Each kind of trigger, for the branches and tags of the examples.
const EVERY: &str = r#"
  on push         { branches = ["master"] }
  on pull_request { branches = ["master"] }
  on tag          { match = ["simple-*"], deploy = [prod] }
  on release      { deploy = [qa] }
  on schedule     { cron = "0 5 * * 1-5", deploy = [dev] }
"#;

#[test]
fn what_each_example_of_github_starts_1_1_1_2() {
    let Some(examples) = examples("what_each_example_of_github_starts_1_1_1_2") else {
        return;
    };
    let shop = Compiled::with(EVERY);
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for payload in examples {
        let ours = payload.clone().of_repository("acme/shop");
        let of = |key: &str| ours.body[key].as_str().unwrap_or_default();
        let is_deleted = ours.body["deleted"] == json!(true);
        let into = ours.body.pointer("/pull_request/base/ref");
        let expected: &[&str] = match (&*ours.event, of("action"), of("ref")) {
            ("push", _, "refs/heads/master") if !is_deleted => &["shop"],
            ("push", _, "refs/tags/simple-tag") if !is_deleted => &["shop-deploy-prod"],
            ("pull_request", "opened" | "reopened" | "synchronize", _)
                if into == Some(&json!("master")) =>
            {
                &["shop-pull-request"]
            }
            ("release", "released", _) => &["shop-deploy-qa"],
            _ => &[],
        };
        // To the endpoint, as a hook of the organisation would send whatever there is.
        let request = Request {
            path: "/shop".to_owned(),
            ..ours.sent(SECRET)
        };
        let outcome = shop.of_request(&request);
        let what = format!("{} {}", ours.event, of("action"));
        assert_eq!(outcome.receipts[0].status, 200, "{what}: {outcome:#?}");
        assert_eq!(entries(&shop.starts_of(&outcome)), expected, "{what}");
        for entry in expected {
            *counted.entry(entry).or_default() += 1;
            // The hook of the pipeline hears of it.
            assert_eq!(entries(&shop.starts(&ours)), expected, "{what}");
        }
        // The same from another repository.
        let theirs = payload.clone().of_repository("acme/shop-2");
        assert!(shop.starts(&theirs).is_empty(), "{what}");
    }
    let expected = [
        ("shop", 2),
        ("shop-deploy-prod", 1),
        ("shop-deploy-qa", 1),
        ("shop-pull-request", 7),
    ];
    assert_eq!(counted, BTreeMap::from(expected));
}

#[test]
fn a_run_is_told_commit_branch_and_actor_1_3() {
    let Some(examples) = examples("a_run_is_told_commit_branch_and_actor_1_3") else {
        return;
    };
    let shop = Compiled::with(
        "  on push { branches = [\"main\", \"release/*\"] }\n  on pull_request {}\n  on tag { deploy = [prod] }\n  on release { deploy = [qa] }\n",
    );
    let one = |payload: &Payload| {
        let mut starts = shop.starts(payload);
        assert_eq!(starts.len(), 1, "{starts:#?}");
        starts.remove(0)
    };
    let told = |start: &Start| {
        let name = |name: &str| start.argument(name).to_owned();
        let decoded = |name: &str| start.decoded(name);
        [
            name("event"),
            name("commit"),
            decoded("ref"),
            decoded("actor"),
            name("pull-request"),
        ]
    };
    for branch in ["main", "release/1.0"] {
        let start = one(&pushed(examples, branch));
        let expected = [
            "push",
            COMMIT,
            &format!("refs/heads/{branch}"),
            "Codertocat",
            "",
        ];
        assert_eq!(told(&start), expected);
        assert_eq!(start.template, "shop");
    }
    let opened = pull_request(examples, "opened").with("/pull_request/number", json!(1_000_000));
    let start = one(&opened);
    let head = opened.text("/pull_request/head/sha");
    let expected = [
        "pull_request",
        head,
        "refs/heads/changes",
        "Codertocat",
        "1000000",
    ];
    assert_eq!(told(&start), expected);
    assert_eq!(start.template, "shop-pull-request");
    // An annotated tag has an object of its own, which is no commit.
    let tag = pushed(examples, "main")
        .with("/ref", json!("refs/tags/v1.2"))
        .with("/after", json!("f".repeat(40)));
    let start = one(&tag);
    assert_eq!(
        told(&start),
        ["tag", COMMIT, "refs/tags/v1.2", "Codertocat", ""]
    );
    assert_eq!(start.template, "shop-deploy-prod");
    // The commit of a release is found out by the start template.
    let start = one(&first(examples, "release", "released").of_repository("acme/shop"));
    assert_eq!(
        told(&start),
        ["release", "", "refs/tags/0.0.1", "Codertocat", ""]
    );
    assert_eq!(start.template, "shop-start");
    assert_eq!(start.entry(), "shop-deploy-qa");
}

#[test]
fn what_a_stranger_has_chosen_is_data_1_3() {
    let Some(examples) = examples("what_a_stranger_has_chosen_is_data_1_3") else {
        return;
    };
    let shop = Compiled::with(
        "  on push { branches = [\"**\"] }\n  on pull_request { branches = [\"**\"] }\n  on tag { match = [\"**\"], deploy = [prod] }\n  on release { deploy = [qa] }\n",
    );
    let long = "x".repeat(5000);
    let hostile = [
        "main';rm${IFS}-rf${IFS}/;'",
        "\"quoted\"",
        "$(touch${IFS}/tmp/x)`id`$HOME",
        "{{=sprig.env('HOME')}}{{workflow.name}}",
        "{{.Input.body.after}}",
        "--upload-pack=sh",
        "größe-\u{1F680}-\u{202E}",
        long.as_str(),
    ];
    for name in hostile {
        let branch = pushed(examples, name).with("/sender/login", json!(name));
        let tag = branch
            .clone()
            .with("/ref", json!(format!("refs/tags/{name}")));
        let opened = pull_request(examples, "opened")
            .with("/pull_request/head/ref", json!(name))
            .with("/pull_request/title", json!(name))
            .with("/sender/login", json!(name));
        let release = first(examples, "release", "released")
            .of_repository("acme/shop")
            .with("/release/tag_name", json!(name))
            .with("/sender/login", json!(name));
        for (payload, reference, entry) in [
            (branch, format!("refs/heads/{name}"), "shop"),
            (tag, format!("refs/tags/{name}"), "shop-deploy-prod"),
            (opened, format!("refs/heads/{name}"), "shop-pull-request"),
            (release, format!("refs/tags/{name}"), "shop-deploy-qa"),
        ] {
            let starts = shop.starts(&payload);
            assert_eq!(entries(&starts), [entry], "{name:?}");
            assert_eq!(starts[0].decoded("ref"), reference);
            assert_eq!(starts[0].decoded("actor"), name);
        }
    }
    // And none of it is a branch that others are for.
    let main = Compiled::with("  on push {}\n  on pull_request {}\n  on tag { deploy = [prod] }\n");
    for name in hostile {
        assert!(main.starts(&pushed(examples, name)).is_empty(), "{name:?}");
    }
    for name in [
        "main\nx", "x\nmain", "xmain", "mainx", "main/x", "x/main", "Main", "",
    ] {
        assert!(main.starts(&pushed(examples, name)).is_empty(), "{name:?}");
    }
}

#[test]
fn what_is_deleted_starts_nothing() {
    let Some(examples) = examples("what_is_deleted_starts_nothing") else {
        return;
    };
    let shop = Compiled::with(
        "  on push { branches = [\"**\"] }\n  on tag { match = [\"**\"], deploy = [prod] }\n",
    );
    for reference in ["refs/heads/main", "refs/tags/v1"] {
        let there = pushed(examples, "main").with("/ref", json!(reference));
        assert_eq!(shop.starts(&there).len(), 1, "{reference}");
        let gone = there
            .with("/deleted", json!(true))
            .with("/after", json!("0".repeat(40)))
            .with("/head_commit", json!(null));
        assert!(shop.starts(&gone).is_empty(), "{reference}");
        // Nor would a reference that is neither branch nor tag.
        let notes = pushed(examples, "main").with("/ref", json!("refs/notes/main"));
        assert!(shop.starts(&notes).is_empty());
    }
}

#[test]
fn a_delivery_starts_a_run_once() {
    let Some(examples) = examples("a_delivery_starts_a_run_once") else {
        return;
    };
    let shop = Compiled::with(
        "  on push { branches = [\"v1\"] }\n  on push { paths = [\"a/**\"], deploy = [dev] }\n  on push { paths = [\"b/**\"], deploy = [qa] }\n",
    );
    let sent = |branch: &str, delivery: &str| {
        let mut request = pushed(examples, branch).sent(SECRET);
        let header = ("X-GitHub-Delivery".to_owned(), delivery.to_owned());
        request.headers.extend([header]);
        shop.starts_of(&shop.of_request(&request))
    };
    let other = "11111111-cc78-11e3-81ab-4c9367dc0958";
    for (branch, started) in [
        ("v1", &["shop"][..]),
        ("main", &["shop-deploy-dev", "shop-deploy-qa"]),
    ] {
        let starts = sent(branch, DELIVERY);
        assert_eq!(entries(&starts), started);
        // GitHub repeats a delivery under its old name. The same Workflows are refused as being there.
        assert_eq!(starts, sent(branch, DELIVERY));
        // Of one delivery each trigger makes a Workflow of its own, or the second would be refused, too.
        let others = sent(branch, other);
        let all = starts.iter().chain(&others);
        let names: BTreeSet<&str> = all.map(|start| start.name.as_str()).collect();
        assert_eq!(names.len(), 2 * started.len(), "{names:?}");
    }
}

#[test]
fn a_schedule_starts_what_it_picks() {
    if !judge::is_available("a_schedule_starts_what_it_picks") {
        return;
    }
    let shop = Compiled::with(EVERY);
    let cron = &shop.schedules;
    for piece in [
        "\n  - 0 5 * * 1-5\n",
        "\n  timezone: UTC\n",
        "\n      name: shop-start\n",
        "\n      - name: entry\n        value: shop-deploy-dev\n",
        "\n      - name: event\n        value: schedule",
    ] {
        assert!(cron.contains(piece), "{piece}\n{cron}");
    }
    let question = Question::new(format!("{cron}\n---\n{}\n", shop.template("shop-start")));
    let given = [("entry", "shop-deploy-dev"), ("event", "schedule")];
    judge::assert_accepted("schedule", &question.submitted("shop-start", given));
    shop.template("shop-deploy-dev");
}

#[test]
fn argo_events_accepts_what_leads_to_the_webhook() {
    let Some(examples) = examples("argo_events_accepts_what_leads_to_the_webhook") else {
        return;
    };
    for (expose, kind) in [
        (
            "ingress { host = \"hooks.acme.io\", class = \"nginx\", tls = \"hooks\", token = secret(\"github\", key = \"hooks\") }",
            "Ingress",
        ),
        (
            "gateway { host = \"hooks.acme.io\", gateway = \"edge/public\" }",
            "HTTPRoute",
        ),
    ] {
        let shop = Compiled::with(&format!("  on push {{}}\n  expose {expose}\n"));
        assert!(
            shop.route.contains(&format!("kind: {kind}\n")),
            "{}",
            shop.route
        );
        assert!(shop.route.contains("hooks.acme.io"), "{}", shop.route);
        assert_eq!(shop.starts(&pushed(examples, "main")).len(), 1, "{kind}");
    }
}

#[test]
fn argo_events_accepts_every_example_1_1() {
    let test = "argo_events_accepts_every_example_1_1";
    let Some(examples) = examples(test) else {
        return;
    };
    for (root, program) in argo::examples() {
        let mut aphex = Command::new(env!("CARGO_BIN_EXE_aphex"));
        aphex.args(["compile", "--emit", "workflow-templates,events"]);
        aphex.arg(&program).arg("--root").arg(root);
        let manifests = tools::output(&mut aphex).unwrap_or_else(|error| panic!("{error}"));
        judge_events::assert_accepted(&program.display().to_string(), &manifests);
        let text = std::fs::read_to_string(&program).expect("the program");
        let after = |word: &str| {
            let found = text.lines().find_map(|line| line.trim().strip_prefix(word));
            let found = found.unwrap_or_else(|| panic!("{}: no {word}", program.display()));
            found.trim_matches([' ', '=', '"', '{']).to_owned()
        };
        let (name, repository) = (after("pipeline "), after("repository"));
        let compiled = Compiled::from(&name, &manifests);
        let starts = |payload: Payload| {
            let starts = compiled.starts(&payload.of_repository(&repository));
            entries(&starts).join(" ")
        };
        assert_eq!(starts(pushed(examples, "main")), name);
        assert_eq!(starts(pushed(examples, "other")), "", "{name}");
        let checked = if text.contains("on pull_request") {
            format!("{name}-pull-request")
        } else {
            String::new()
        };
        assert_eq!(starts(pull_request(examples, "opened")), checked, "{name}");
    }
}
