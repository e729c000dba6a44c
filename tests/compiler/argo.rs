//! What Argo Workflows says of manifests: its own code, releases 3.7 and 3.6.

use std::path::PathBuf;
use std::process::Command;

use crate::support::cluster::Cluster;
use crate::support::compile::{self, EVENT};
use crate::support::judge::{self, Question, Try, judge};
use crate::support::tools;

const SHOP: &str = r#"
# a header
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: { name: shop }
spec:
  entrypoint: main
  arguments: { parameters: [{ name: commit }] }
  synchronization: { mutexes: [{ name: aphex-shop }] }
  templates:
    - name: main
      dag:
        tasks:
          - name: build
            template: run
            arguments: { parameters: [{ name: image, value: "node:22" }] }
    - name: run
      inputs: { parameters: [{ name: image }] }
      container:
        image: "{{inputs.parameters.image}}"
        command: [stage]
        env: [{ name: COMMIT, value: "{{workflow.parameters.commit}}" }]
"#;

fn errors(manifests: &str) -> String {
    let errors: Vec<String> = judge(manifests)
        .into_iter()
        .flat_map(|verdict| verdict.errors)
        .collect();
    errors.join("\n")
}

#[test]
fn the_judge_accepts_what_is_right() {
    if !judge::is_available("the_judge_accepts_what_is_right") {
        return;
    }
    judge::assert_accepted("shop", &Question::new(SHOP));
    judge::assert_accepted(
        "shop, submitted",
        &Question::new(SHOP).submitted("shop", [("commit", "abc")]),
    );
    let answer = judge::ask(&Question::new(SHOP).with_pods());
    assert_eq!(answer.verdicts.len(), 2, "one a release");
    assert_eq!(answer.pods.len(), 1);
    assert_eq!(answer.pods[0]["spec"]["containers"][0]["image"], "node:22");
}

#[test]
fn the_judge_refuses_what_is_wrong() {
    if !judge::is_available("the_judge_refuses_what_is_wrong") {
        return;
    }
    let wrong = [
        (
            "entrypoint: main",
            "entrypoint: man",
            "template name 'man' undefined",
        ),
        ("entrypoint: main", "entryPoint: main", "unknown field"),
        (
            "entrypoint: main",
            "entrypoint: main\n  entrypoint: main",
            "already set",
        ),
        ("name: shop }", "name: Shop }", "RFC 1123"),
        (
            "name: shop }",
            "name: a23456789012345678901234567890123456789012345678901234567890123 }",
            "58 are left",
        ),
        (
            "workflow.parameters.commit",
            "workflow.parameters.comit",
            "failed to resolve",
        ),
        (
            "mutexes: [{ name: aphex-shop }]",
            "mutex: { name: aphex-shop }",
            "removed in 4.0",
        ),
        ("template: run", "template: ran", "undefined"),
        ("command: [stage]", "", "command: missing"),
        ("name: COMMIT", "name: 1COMMIT", "environment variable"),
        (
            "name: run\n",
            "name: run\n      timeout: 3 days\n",
            "timeout",
        ),
        ("name: build", "name: build it", "invalid"),
    ];
    for (right, instead, expected) in wrong {
        let manifests = SHOP.replacen(right, instead, 1);
        assert_ne!(manifests, SHOP, "{right}");
        let errors = errors(&manifests);
        assert!(
            errors.contains(expected),
            "{instead}: expected `{expected}` among:\n{errors}"
        );
    }
    let surplus =
        judge::ask(&Question::new(SHOP).submitted("shop", [("commit", "abc"), ("branch", "main")]));
    assert_eq!(
        surplus.refusals().len(),
        2,
        "each release refuses an argument that is not declared"
    );
    let missing = judge::ask(&Question::new(SHOP).submitted("shop", []));
    assert_eq!(
        missing.refusals().len(),
        2,
        "each release refuses a missing argument"
    );
}

#[test]
fn the_definitions_of_argo_4_refuse_what_is_wrong() {
    let Some(cluster) = Cluster::find("the_definitions_of_argo_4_refuse_what_is_wrong") else {
        return;
    };
    cluster.dry_run(SHOP).expect("the API server accepts it");
    let wrong = [
        (
            "entrypoint: main",
            "entryPoint: main",
            "unknown field \"spec.entryPoint\"",
        ),
        (
            "mutexes: [{ name: aphex-shop }]",
            "mutex: { name: aphex-shop }",
            "unknown field",
        ),
        ("name: shop }", "name: Shop }", "RFC 1123"),
    ];
    for (right, instead, expected) in wrong {
        let refusal = cluster
            .dry_run(&SHOP.replacen(right, instead, 1))
            .expect_err(instead);
        assert!(
            refusal.contains(expected),
            "{instead}: expected `{expected}`:\n{refusal}"
        );
    }
}

#[test]
fn an_api_server_judges_the_pods_of_a_template() {
    let Some(cluster) = Cluster::find("an_api_server_judges_the_pods_of_a_template") else {
        return;
    };
    if !judge::is_available("an_api_server_judges_the_pods_of_a_template") {
        return;
    }
    let right = judge::ask(&Question::new(SHOP).with_pods());
    cluster
        .dry_run_pods(&right.pods)
        .expect("the API server accepts the pod");
    let wrong = SHOP.replacen(
        "command: [stage]",
        "command: [stage]\n        ports: [{ containerPort: 70000 }]",
        1,
    );
    let pods = judge::ask(&Question::new(wrong).with_pods()).pods;
    let refusal = cluster.dry_run_pods(&pods).expect_err("70000 is no port");
    assert!(refusal.contains("containerPort"), "{refusal}");
}

/// The programs of `examples/`, and the folder of the repository around each.
pub fn examples() -> Vec<(PathBuf, PathBuf)> {
    let mut found = Vec::new();
    for example in std::fs::read_dir(tools::root().join("examples")).expect("the examples") {
        let example = example.expect("an example").path();
        let mut open = vec![example.clone()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().is_dir() {
                    open.push(entry.path());
                } else if entry.file_name() == "pipeline.aphex" {
                    found.push((example.clone(), entry.path()));
                }
            }
        }
    }
    found.sort();
    assert!(found.len() >= 6, "{found:?}");
    found
}

/// What the start template is told by its pod's exit code, in Argo's own language of expressions: 1 ends it, all else is tried again.
#[test]
fn a_refusal_for_good_is_not_tried_again() {
    if !judge::is_available("a_refusal_for_good_is_not_tried_again") {
        return;
    }
    let mut aphex = Command::new(env!("CARGO_BIN_EXE_aphex"));
    aphex.args(["compile", "examples/shop/pipeline.aphex"]);
    aphex.current_dir(tools::root());
    let manifests = tools::output(&mut aphex).unwrap_or_else(|error| panic!("{error}"));
    let tries = [
        ("1", "Failed", false),
        // For now; killed; an error of Argo's executor; a pod that was lost, before or after it has said something.
        ("75", "Failed", true),
        ("137", "Failed", true),
        ("64", "Error", true),
        ("-1", "Failed", true),
        ("-1", "Error", true),
    ];
    let ends = tries.map(|(exit_code, status, _)| Try { exit_code, status });
    let argo = compile::of_kinds(&manifests, &["WorkflowTemplate"]);
    let answer = judge::ask(&Question::new(&*argo).with_tries(&ends));
    assert_eq!(answer.again.len(), 2, "one a release");
    for again in &answer.again {
        let expected = tries.map(|(_, _, again)| again);
        assert_eq!(again["shop-start/start"], expected, "{again:?}");
        // Others go by the policy alone.
        assert_eq!(again["shop/finish"][..2], [false, false], "{again:?}");
    }
    let wrong = argo.replace("lastRetry.exitCode != '1'", "lastTry.exitCode != '1'");
    assert_ne!(wrong, argo);
    assert!(errors(&wrong).contains("retryStrategy.expression"));
}

#[test]
fn argo_accepts_every_example_3_5() {
    let test = "argo_accepts_every_example_3_5";
    if !judge::is_available(test) {
        return;
    }
    let cluster = Cluster::find(test);
    for (root, program) in examples() {
        let mut aphex = Command::new(env!("CARGO_BIN_EXE_aphex"));
        aphex.arg("compile").arg(&program).arg("--root").arg(root);
        let manifests = tools::output(&mut aphex).unwrap_or_else(|error| panic!("{error}"));
        let name = program.display().to_string();
        let of_kinds = |kinds: &[&str]| {
            let wanted = manifests.split("\n---\n").filter(|document| {
                let kind = |line: &&str| line.starts_with("kind: ");
                let kind = document.lines().find(kind).expect("a kind");
                kinds.contains(&kind.trim_start_matches("kind: "))
            });
            wanted.collect::<Vec<_>>().join("\n---\n")
        };
        let argo = of_kinds(&["WorkflowTemplate", "CronWorkflow"]);
        let kubernetes = [
            "ServiceAccount",
            "Role",
            "RoleBinding",
            "Service",
            "Ingress",
            "WorkflowTemplate",
            "CronWorkflow",
        ];
        let mut question = Question::new(&*argo).with_pods();
        // What starts runs has parameters of its own.
        let runs = compile::object_names(&argo).filter(|name| !name.contains("-start"));
        for object in runs.filter(|name| !name.contains("-schedule")) {
            question = question.submitted(object, EVENT);
        }
        judge::assert_accepted(&name, &question);
        if let Some(cluster) = &cluster {
            let pods = judge::ask(&question).pods;
            assert!(!pods.is_empty(), "{name}");
            let accepted = cluster
                .dry_run(&of_kinds(&kubernetes))
                .and_then(|()| cluster.dry_run_pods(&pods));
            accepted.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        }
    }
}
