//! What a pipeline says otherwise than before.

use crate::eval::outline::{Difference, Outline};
use crate::eval::tests::{pipeline, run};

fn outline(environment: &str) -> Outline {
    let outcome = run(&pipeline("let image = \"node:22\"\n", environment));
    Outline::of(outcome.pipeline())
}

fn told(before: &str, after: &str) -> Vec<String> {
    let differences = outline(after).since(&outline(before)).into_iter();
    differences
        .map(|difference| match difference {
            Difference::Added(place, kind) => format!("+ {place} ({kind})"),
            Difference::Removed(place, kind) => format!("- {place} ({kind})"),
            Difference::Field(line) => line,
        })
        .collect()
}

#[test]
fn differences_are_told_as_a_program_would_write_them() {
    let before = "stack Api
    approval { approvers = [\"@ann\", \"@bob\"], timeout = 30m }
    test smoke { run = [\"one\", \"two\"], env = { A = \"1\", B = \"2\" } }";
    assert_eq!(told(before, before), Vec::<String>::new());
    let after = "stack Api
    approval { approvers = [\"@bob\", \"@eve\"], timeout = 90m }
    test smoke { run = [\"two\", \"one\"], env = { A = \"1\", B = \"3\" }, image = image }
    test load { run = [\"long\"] }";
    assert_eq!(
        told(before, after),
        [
            "~ environment dev, approval: timeout = 1h30m, was 30m",
            "+ environment dev, approval: approvers \"@eve\"",
            "- environment dev, approval: approvers \"@ann\"",
            "~ environment dev, test smoke: run in another order",
            "+ environment dev, test smoke: image = \"node:22\"",
            "~ environment dev, test smoke: env.B = \"3\", was \"2\"",
            "+ environment dev, test load (test)",
            "+ environment dev, test load: run \"long\"",
        ]
    );
    let step = |cpu: &str| {
        format!("stack Api\n test a {{ run = [\"a\"], resources = {{ cpu = {cpu} }} }}")
    };
    assert_eq!(
        told(&step("2"), &step("2.5")),
        ["~ environment dev, test a: resources.cpu = 2.5, was 2"]
    );
    assert_eq!(
        told(
            "stack Api\nstack Web { output Url }",
            "stack Api\nmax_parallel = 3"
        ),
        [
            "+ environment dev: max_parallel = 3",
            "- environment dev, stack Web (stack)"
        ]
    );
}

#[test]
fn another_order_of_blocks_and_lines_of_scripts_are_told() {
    let stacks = |names: [&str; 4]| names.map(|name| format!("stack {name}")).join("\n");
    let (before, after) = (["A", "B", "C", "D"], ["A", "C", "B", "D"]);
    assert_eq!(
        told(&stacks(before), &stacks(after)),
        ["~ environment dev: in another order: stack C, stack B"]
    );
    // What is new or gone moves nothing.
    assert_eq!(
        told("stack A\nstack B", "stack New\nstack B"),
        [
            "+ environment dev, stack New (stack)",
            "- environment dev, stack A (stack)"
        ]
    );
    let script = |line: &str| {
        format!(
            "stack A\n test a {{ run = [\"\"\"\n      first\n      {line}\n      last\n      \"\"\"] }}"
        )
    };
    assert_eq!(
        told(&script("one"), &script("other")),
        [
            "+ environment dev, test a: run \"other\"",
            "- environment dev, test a: run \"one\""
        ]
    );
}

#[test]
fn what_is_only_written_in_another_way_is_no_difference() {
    let before =
        "stack Api\n    test smoke { run = [\"one\"], image = \"node:22\", timeout = 60m }";
    let after = "stack Api\n    // the same\n    test smoke { timeout = 1h, image = image, run = [\"#{\"one\"}\"] }";
    assert_eq!(told(before, after), Vec::<String>::new());
}

#[test]
fn long_values_are_cut_and_still_told_apart_and_secrets_are_named() {
    let step = |end: &str| {
        format!(
            "stack Api\n    test smoke {{ run = [\"{}{end}\"], env = {{ T = secret(\"github\", key = \"token\") }} }}",
            "x".repeat(300)
        )
    };
    let lines = told(&step("a"), &step("b"));
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines.iter().all(|line| line.chars().count() < 260),
        "{lines:?}"
    );
    let gone = told(&step("a"), "stack Api\n    test smoke { run = [\"y\"] }");
    let secret = "- environment dev, test smoke: env.T = secret(\"github\", key = \"token\")";
    assert!(gone.iter().any(|line| line == secret), "{gone:?}");
}

#[test]
fn what_is_kept_is_read_again() {
    let one = outline(
        "stack Api\n    test smoke { run = [\"one\"] }\n    test other { run = [\"one\"] }",
    );
    let text = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<Outline>(&text).unwrap(), one);
}
