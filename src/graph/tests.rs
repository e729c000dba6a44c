use std::fmt::Write;

use crate::graph::{Condition, Entry, Reason, StageId, build};
use crate::model::fixture::*;
use crate::model::{Deployment, Start, StepKind, Target, When};

/// The stages of an entry as indented text: name, `?` for optional, what it waits for.
fn picture(entry: &Entry<'_>) -> String {
    fn level(entry: &Entry<'_>, parent: Option<StageId>, depth: usize, text: &mut String) {
        for stage in entry.children(parent) {
            let indent = "  ".repeat(depth);
            let _ = write!(text, "{indent}{}", stage.name);
            if !stage.required {
                text.push('?');
            }
            match stage.condition {
                Condition::Success => {}
                Condition::Failure => text.push_str(" on failure"),
                Condition::Always => text.push_str(" always"),
            }
            for edge in &stage.after {
                let arrow = match edge.reason {
                    Reason::Order => "<-",
                    Reason::Needs(_) => "<=",
                    Reason::Gate => "<|",
                };
                let _ = write!(text, " {arrow} {}", entry.stage(edge.from).unwrap().name);
            }
            text.push('\n');
            level(entry, Some(stage.id), depth + 1, text);
        }
    }
    let mut text = String::new();
    level(entry, None, 0, &mut text);
    text
}

#[test]
fn a_linear_progression_12_4() {
    let pipeline = pipeline(vec![
        target(environment("", "dev")),
        target(environment("", "prod")),
    ]);
    let graph = build(&pipeline);
    insta::assert_snapshot!(picture(&graph.entries[0]), @r"
    preflight
    build <- preflight
    self-update <- build
    dev <- self-update
      deploy
    prod <- dev
      deploy
    finish always
    ");
    assert_eq!(graph.entries.len(), 1);
}

#[test]
fn an_environment_in_full_6_4() {
    let own = "environment dev";
    let mut dev = environment("", "dev");
    dev.approval = Some(approval());
    dev.before = vec![step(StepKind::Before, own, "migrate")];
    dev.body = vec![
        Deployment::Stack(Box::new(stack(own, "Network"))),
        Deployment::Stack(Box::new(stack(own, "Api"))),
        Deployment::Step(Box::new(step(StepKind::Step, own, "web"))),
        Deployment::Stack(Box::new(stack(own, "Web"))),
    ];
    let mut purge = step(StepKind::After, own, "migrate");
    purge.when = at(When::Always);
    dev.after = vec![purge];
    let mut flaky = step(StepKind::Test, own, "e2e");
    flaky.required = false;
    dev.tests = vec![flaky, step(StepKind::Test, own, "smoke")];
    let pipeline = pipeline(vec![target(dev)]);
    insta::assert_snapshot!(picture(&build(&pipeline).entries[0]), @r"
    preflight
    build <- preflight
    self-update <- build
    dev <- self-update
      approval
      before-migrate <- approval
      deploy-1 <- before-migrate
      web <- deploy-1
      deploy-2 <- web
      after-migrate always <- deploy-2 <| approval
      e2e? <- after-migrate
      smoke <- e2e
    finish always
    ");
}

#[test]
fn side_by_side_within_an_environment() {
    let own = "environment dev";
    let mut dev = environment("", "dev");
    dev.max_parallel = at(3);
    let mut last = step(StepKind::Test, own, "c");
    last.needs = vec![needs("environment dev test a")];
    dev.tests = vec![
        step(StepKind::Test, own, "a"),
        step(StepKind::Test, own, "b"),
        last,
    ];
    let pipeline = pipeline(vec![target(dev)]);
    insta::assert_snapshot!(picture(&build(&pipeline).entries[0]), @r"
    preflight
    build <- preflight
    self-update <- build
    dev <- self-update
      deploy
      a <- deploy
      b <- deploy
      c <- deploy <= a
    finish always
    ");
}

#[test]
fn waves_needs_and_picks() {
    let members = |names: [&str; 2]| names.map(|name| environment("wave europe", name)).to_vec();
    let mut audit = environment("", "audit");
    audit.needs = Some(vec![needs("environment dev")]);
    let mut sandbox = environment("", "sandbox");
    sandbox.start = Start::Manual;
    let mut europe = wave("europe", members(["north", "south"]));
    europe.environments[1].needs = Some(vec![needs("wave europe environment north")]);
    europe.tests = vec![step(StepKind::Test, "wave europe", "all")];
    let mut pipeline = pipeline(vec![
        target(environment("", "dev")),
        target(environment("", "qa")),
        target(audit),
        target(sandbox),
        Target::Wave(europe),
    ]);
    let mut tag = push();
    tag.deploy = Some(vec![
        needs("environment dev"),
        needs("wave europe environment south"),
    ]);
    pipeline.triggers = vec![push(), tag, pull_request()];
    let graph = build(&pipeline);
    let all: Vec<String> = graph
        .entries
        .iter()
        .map(|entry| format!("[{}] {:?}\n{}", entry.name, entry.triggers, picture(entry)))
        .collect();
    insta::assert_snapshot!(all.join("\n"), @r"
    [] [0]
    preflight
    build <- preflight
    self-update <- build
    dev <- self-update
      deploy
    qa <- dev
      deploy
    audit <= dev
      deploy
    europe <- qa <- audit
      north
        deploy
      south <= north
        deploy
      all <- north <- south
    finish always

    [dev-south] [1]
    preflight
    build <- preflight
    self-update <- build
    dev <- self-update
      deploy
    europe <- dev
      south
        deploy
    finish always

    [sandbox] []
    preflight
    build <- preflight
    self-update <- build
    sandbox <- self-update
      deploy
    finish always

    [pull-request] [2]
    preflight
    build <- preflight
    diff <- build
      dev
      qa
      audit
      sandbox
      north
      south
    finish always
    ");
    let entry = &graph.entries[0];
    let find = |words: &str| entry.by_path[&path(words)];
    let api = |name: &str| find(&format!("wave europe environment {name} stack Api"));
    assert!(entry.waits_for(api("south"), api("north")));
    assert!(entry.waits_for(api("north"), find("environment dev stack Api")));
    assert!(!entry.waits_for(
        find("environment audit stack Api"),
        find("environment qa stack Api")
    ));
    assert!(entry.cycle().is_none());
}

#[test]
fn a_circle_is_found() {
    let mut a = environment("", "a");
    a.needs = Some(vec![needs("environment b")]);
    let pipeline = pipeline(vec![target(a), target(environment("", "b"))]);
    let graph = build(&pipeline);
    let entry = &graph.entries[0];
    let circle = entry.cycle().unwrap();
    let names: Vec<&str> = circle
        .iter()
        .map(|id| &*entry.stage(*id).unwrap().name)
        .collect();
    assert_eq!(names, ["a", "b"]);
}
