//! The settings of triggers: forks, drafts, authors, messages, pre-releases, patterns.

use serde_json::{Value, json};

use super::{examples, pull_request, pushed};
use crate::support::payloads::{Payload, first};
use crate::support::starts::{Compiled, SECRET};

/// From a fork.
fn forked(payload: Payload) -> Payload {
    payload
        .with("/pull_request/head/repo/full_name", json!("mallory/shop"))
        .with("/pull_request/head/repo/fork", json!(true))
}

/// A review of a pull request into `main`.
fn review(examples: &[Payload], state: &str, association: &str) -> Payload {
    first(examples, "pull_request_review", "submitted")
        .of_repository("acme/shop")
        .with("/pull_request/base/ref", json!("main"))
        .with("/review/state", json!(state))
        .with("/review/author_association", json!(association))
}

#[test]
fn pull_requests_of_forks_start_nothing_by_themselves_1_2() {
    let Some(examples) = examples("pull_requests_of_forks_start_nothing_by_themselves_1_2") else {
        return;
    };
    let never = Compiled::with("  on pull_request {}\n");
    let approved = Compiled::with("  on pull_request { forks = \"approved\" }\n");
    for action in ["opened", "reopened", "synchronize"] {
        let theirs = forked(pull_request(examples, action));
        assert!(never.starts(&theirs).is_empty(), "{action}");
        assert!(approved.starts(&theirs).is_empty(), "{action}");
        let gone = pull_request(examples, action).with("/pull_request/head/repo", Value::Null);
        assert!(approved.starts(&gone).is_empty(), "{action}");
        assert_eq!(approved.starts(&pull_request(examples, action)).len(), 1);
    }
    for (state, association, starts) in [
        ("approved", "MEMBER", true),
        ("approved", "OWNER", true),
        ("approved", "CONTRIBUTOR", false),
        ("approved", "FIRST_TIME_CONTRIBUTOR", false),
        ("approved", "NONE", false),
        ("commented", "MEMBER", false),
        ("changes_requested", "OWNER", false),
    ] {
        let theirs = forked(review(examples, state, association));
        let found = approved.starts(&theirs);
        assert_eq!(!found.is_empty(), starts, "{state} {association}");
        if let [start] = &found[..] {
            // What was reviewed, not what has been pushed since.
            assert_eq!(start.argument("commit"), theirs.text("/review/commit_id"));
            assert_eq!(start.decoded("ref"), "refs/pull/2/head");
            assert_eq!(start.argument("pull-request"), "2");
            assert_eq!(start.entry(), "shop-pull-request");
        }
        assert!(never.starts(&theirs).is_empty());
        // A branch of our own has been run already.
        let ours = review(examples, state, association);
        assert!(approved.starts(&ours).is_empty(), "{state} {association}");
    }
    let later = forked(review(examples, "approved", "MEMBER")).with("/action", json!("edited"));
    assert!(approved.starts(&later).is_empty());
}

/// Who changes the branch that a pull request is for wants to know whether it fits there; a title is nothing to build.
#[test]
fn a_pull_request_for_another_branch_is_run_1_2() {
    let Some(examples) = examples("a_pull_request_for_another_branch_is_run_1_2") else {
        return;
    };
    let base = json!({ "base": { "ref": { "from": "next" }, "sha": { "from": "0".repeat(40) } } });
    let mut moved = pull_request(examples, "opened").with("/action", json!("edited"));
    moved.body["changes"] = base;
    let shop = Compiled::with("  on pull_request { paths = [\"src/**\"], forks = \"approved\" }\n");
    let starts = shop.starts(&moved);
    assert_eq!(starts.len(), 1, "{starts:#?}");
    assert_eq!(starts[0].entry(), "shop-pull-request");
    assert_eq!(
        starts[0].argument("commit"),
        moved.text("/pull_request/head/sha")
    );
    assert_eq!(
        starts[0].argument("base"),
        moved.text("/pull_request/base/sha")
    );
    for changes in [
        json!({ "title": { "from": "base" } }),
        json!({ "body": { "from": "base" } }),
        json!({}),
    ] {
        let edited = moved.clone().with("/changes", changes);
        assert!(
            shop.starts(&edited).is_empty(),
            "{}",
            edited.body["changes"]
        );
    }
    let elsewhere = moved.clone().with("/pull_request/base/ref", json!("next"));
    assert!(shop.starts(&elsewhere).is_empty());
    assert!(shop.starts(&forked(moved)).is_empty());
}

#[test]
fn the_settings_of_triggers_hold() {
    let Some(examples) = examples("the_settings_of_triggers_hold") else {
        return;
    };
    let counts = |triggers: &str, payload: &Payload| Compiled::with(triggers).starts(payload).len();
    let opened = pull_request(examples, "opened");
    let draft = opened.clone().with("/pull_request/draft", json!(true));
    let ready = pull_request(examples, "ready_for_review");
    let by = |login: &str| {
        opened
            .clone()
            .with("/pull_request/user/login", json!(login))
    };
    let message = |text: &str| pushed(examples, "main").with("/head_commit/message", json!(text));
    let release = |action: &str, pre: bool| {
        first(examples, "release", action)
            .of_repository("acme/shop")
            .with("/release/prerelease", json!(pre))
    };
    let bots = "  on pull_request { skip_authors = [\"dependabot[bot]\", \"renovate\"] }\n";
    let skip = "  on push { skip_message = \"[skip ci]\" }\n";
    let no_drafts = "  on pull_request { drafts = false }\n";
    let full = "  on release { deploy = [qa] }\n";
    let early = "  on release { prereleases = true, deploy = [qa] }\n";
    for (triggers, payload, expected) in [
        ("  on pull_request {}\n", &draft, 1),
        ("  on pull_request {}\n", &ready, 0),
        (no_drafts, &draft, 0),
        (no_drafts, &opened, 1),
        (no_drafts, &ready, 1),
        (bots, &by("dependabot[bot]"), 0),
        (bots, &by("Renovate"), 0),
        (bots, &by("dependabot"), 1),
        (bots, &by("xrenovate"), 1),
        (skip, &message("Fix"), 1),
        (skip, &message("Fix\n\n[skip ci]\n"), 0),
        (skip, &message("[skip xci]"), 1),
        (full, &release("released", false), 1),
        (full, &release("published", false), 0),
        (full, &release("published", true), 0),
        (full, &release("prereleased", true), 0),
        (full, &release("created", false), 0),
        (full, &release("deleted", false), 0),
        (early, &release("published", true), 1),
        (early, &release("published", false), 1),
        (early, &release("released", false), 0),
        (early, &release("prereleased", true), 0),
    ] {
        let what = format!("{triggers}{}", payload.body["action"]);
        assert_eq!(counts(triggers, payload), expected, "{what}");
    }
    // What changed files decide, the start template finds out.
    let paths = Compiled::with(
        "  on push { paths = [\"services/**\"] }\n  on pull_request { paths = [\"services/**\"] }\n",
    );
    let starts = paths.starts(&pushed(examples, "main"));
    assert_eq!(
        (&*starts[0].template, starts[0].entry()),
        ("shop-start", "shop")
    );
    assert_eq!(starts[0].argument("base"), "0".repeat(40));
    assert!(starts[0].decoded("paths").contains("services/**"));
    let starts = paths.starts(&opened);
    assert_eq!(
        starts[0].argument("base"),
        opened.text("/pull_request/base/sha")
    );
}

#[test]
fn branches_are_picked_as_the_patterns_say() {
    let Some(examples) = examples("branches_are_picked_as_the_patterns_say") else {
        return;
    };
    let names = [
        "main",
        "mainx",
        "xmain",
        "release/1",
        "release/1/2",
        "release",
        "v1.2",
        "v1x2",
        "a+b",
        "it's",
        "größe",
        "größe-1",
        "feature/x",
        "feature/old/x",
        "a",
        "b",
        "ab",
        "c",
    ];
    let lists: [&[&str]; 10] = [
        &["main"],
        &["**"],
        &["*"],
        &["release/*"],
        &["release/**"],
        &["v1.2"],
        &["v?.2", "a+b"],
        &["[ab]"],
        &["{a,b}*"],
        &["größe*"],
    ];
    for list in lists {
        let written: Vec<String> = list.iter().map(|one| format!("{one:?}")).collect();
        let shop = Compiled::with(&format!(
            "  on push {{ branches = [{}] }}\n",
            written.join(", ")
        ));
        for name in names {
            let starts = shop.starts(&pushed(examples, name));
            assert_eq!(!starts.is_empty(), picks(list, name), "{list:?}: {name}");
        }
    }
}

/// Whether a pattern matches the name.
fn picks(list: &[&str], name: &str) -> bool {
    list.iter().any(|glob| {
        let glob = globset::GlobBuilder::new(glob)
            .literal_separator(true)
            .build();
        glob.expect("a pattern").compile_matcher().is_match(name)
    })
}

#[test]
fn what_github_has_not_signed_is_refused() {
    let Some(examples) = examples("what_github_has_not_signed_is_refused") else {
        return;
    };
    let shop = Compiled::with("  on push {}\n");
    let payload = pushed(examples, "main");
    let mut unsigned = payload.sent(SECRET);
    unsigned.headers.remove("X-Hub-Signature-256");
    for request in [payload.sent("another"), payload.sent(""), unsigned] {
        let outcome = shop.of_request(&request);
        assert_eq!(outcome.receipts[0].status, 400, "{outcome:#?}");
        assert!(outcome.receipts[0].published.is_none());
        assert!(outcome.fired().is_empty());
    }
    assert_eq!(shop.starts(&payload).len(), 1, "the same as it should be");
    // GitHub sends up to 25 MB.
    let large = payload.with("/compare", json!("x".repeat(20 << 20)));
    assert_eq!(shop.starts(&large).len(), 1);
}
