//! The requirements whose first half is in the manifests, a test each; their numbers are in the names. That stages run when
//! their words say so, for any steps and failures, is tested beside the compiler (`src/target/argo/semantics.rs`).

use aphex::analysis::analyse;
use aphex::graph::{self, StageKind};
use aphex::source::MemoryFiles;
use aphex::target::{self, Emit, Format, Options};
use serde_json::Value;

/// The objects of a pipeline with these lines in it, by name.
fn compiled(lines: &str) -> Vec<Value> {
    let text = format!(
        "use std.notify.{{github_status, slack}}\npipeline shop {{\n  cluster = \"company\"\n  repository = \"acme/shop\"\n  build {{ run = [\"make\"] }}\n{lines}\n}}\n"
    );
    let files = MemoryFiles::new().with("pipeline.aphex", text.as_str());
    let analysis = analyse("pipeline.aphex", &files);
    assert!(!analysis.has_errors(), "{:#?}", analysis.diagnostics);
    let hashed: Vec<_> = analysis
        .pipelines
        .iter()
        .zip(&analysis.objects)
        .map(|(model, data)| (model, target::spec_hash(data)))
        .collect();
    let options = Options {
        format: Format::Json,
        emit: vec![Emit::WorkflowTemplates],
        version: "0.1.0".to_owned(),
    };
    let compilation = target::compile(&hashed, &analysis.sources, &options).unwrap();
    compilation
        .manifests
        .iter()
        .map(|manifest| serde_json::from_str(&manifest.text).unwrap())
        .collect()
}

/// The tasks of a template: name and `depends`.
fn tasks(object: &Value, template: &str) -> Vec<(String, String)> {
    let templates = object["spec"]["templates"].as_array().unwrap();
    let template = templates
        .iter()
        .find(|one| one["name"] == template)
        .unwrap();
    let tasks = template["dag"]["tasks"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    tasks
        .iter()
        .map(|task| (text(&task["name"]), text(&task["depends"])))
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, depends)| ((*name).to_owned(), (*depends).to_owned()))
        .collect()
}

const DEV: &str =
    r#"environment dev { account = "111122223333", region = "us-east-1", stack Api }"#;
const PROD: &str =
    r#"environment prod { account = "444455556666", region = "eu-west-1", stack Api }"#;

#[test]
fn req_1_4_runs_queue_and_go_one_at_a_time() {
    let objects = compiled(&format!(
        "on push {{}}\n on tag {{ match = [\"v*\"], deploy = [prod] }}\n on pull_request {{}}\n{DEV}\n{PROD}"
    ));
    let lock = |object: &Value| object["spec"]["synchronization"]["mutexes"][0]["name"].clone();
    let names: Vec<Value> = objects.iter().map(lock).collect();
    assert_eq!(
        names,
        ["aphex-shop".into(), "aphex-shop".into(), Value::Null]
    );
    assert_eq!(objects[2]["metadata"]["name"], "shop-pull-request");
}

#[test]
fn req_2_1_a_run_begins_with_the_build() {
    let objects = compiled(DEV);
    let main = tasks(&objects[0], "main");
    let build = main.iter().find(|(name, _)| name == "build").unwrap();
    assert!(build.1.starts_with("preflight.Succeeded"));
    let after = main
        .iter()
        .find(|(_, depends)| depends == "build.Succeeded");
    assert_eq!(after.unwrap().0, "self-update");
}

#[test]
fn req_3_5_the_template_has_a_stage_for_each_environment() {
    let objects = compiled(&format!("{DEV}\n{PROD}"));
    let main = tasks(&objects[0], "main");
    for name in ["dev", "prod"] {
        assert!(main.iter().any(|(task, _)| task == name));
    }
    assert_eq!(objects[0]["kind"], "WorkflowTemplate");
}

#[test]
fn req_5_2_stacks_are_deployed_in_the_order_written() {
    let dev = r#"environment dev {
        account = "111122223333"
        region = "us-east-1"
        stack Network
        stack Api
        step web { run = ["make web"] }
        stack Web
    }"#;
    let expected = pairs(&[
        ("deploy-1", ""),
        ("web", "deploy-1.Succeeded"),
        ("deploy-2", "web.Succeeded"),
    ]);
    assert_eq!(tasks(&compiled(dev)[0], "environment"), expected);

    let text = format!(
        "pipeline shop {{\n cluster = \"c\"\n repository = \"acme/shop\"\n build {{ run = [\"make\"] }}\n{dev}\n}}"
    );
    let files = MemoryFiles::new().with("pipeline.aphex", text.as_str());
    let analysis = analyse("pipeline.aphex", &files);
    let graph = graph::build(&analysis.pipelines[0]);
    let groups: Vec<Vec<&str>> = graph.entries[0]
        .stages
        .iter()
        .filter(|stage| matches!(stage.kind, StageKind::Deploy { .. }))
        .map(|stage| {
            let stacks = stage.kind.stacks();
            stacks.map(|stack| stack.name.value.as_str()).collect()
        })
        .collect();
    assert_eq!(groups, [vec!["Network", "Api"], vec!["Web"]]);
}

#[test]
fn req_5_4_a_failed_deployment_halts_what_comes_after() {
    let objects = compiled(&format!("{DEV}\n{PROD}"));
    let main = tasks(&objects[0], "main");
    let prod = main.iter().find(|(name, _)| name == "prod").unwrap();
    assert_eq!(prod.1, "dev.Succeeded");
}

const TESTED: &str = r#"environment dev {
    account = "111122223333"
    region = "us-east-1"
    before migrate { run = ["make migrate"] }
    stack Api
    test smoke { run = ["make smoke"] }
    test e2e { run = ["make e2e"] }
}"#;

#[test]
fn req_6_1_and_6_4_tests_run_after_the_deployment() {
    let expected = pairs(&[
        ("migrate", ""),
        ("deploy", "migrate.Succeeded"),
        ("smoke", "deploy.Succeeded"),
        ("e2e", "smoke.Succeeded"),
    ]);
    assert_eq!(tasks(&compiled(TESTED)[0], "environment"), expected);
}

#[test]
fn req_6_2_a_failed_test_fails_the_environment_and_the_run() {
    let objects = compiled(&format!("{TESTED}\n{PROD}"));
    // Argo judges a DAG by its last tasks, and an omitted one by what is before it: no `target` says otherwise.
    let templates = objects[0]["spec"]["templates"].as_array().unwrap();
    assert!(templates.iter().all(|one| one["dag"]["target"].is_null()));
    let main = tasks(&objects[0], "main");
    assert_eq!(main.last().unwrap().1, "dev.Succeeded");
}

#[test]
fn req_12_4_a_run_goes_forward_stage_by_stage() {
    let main = tasks(&compiled(&format!("{DEV}\n{PROD}"))[0], "main");
    let order: Vec<&str> = main.iter().map(|(name, _)| name.as_str()).collect();
    let stages: Vec<&str> = order
        .into_iter()
        .filter(|name| !name.starts_with("tools"))
        .collect();
    assert_eq!(stages, ["preflight", "build", "self-update", "dev", "prod"]);
}

/// The Kubernetes Secrets that the pods of a stage have, by the beginning of its template's name.
fn secrets(object: &Value, word: &str) -> Vec<String> {
    let templates = object["spec"]["templates"].as_array().unwrap();
    let is_meant = |one: &&Value| one["container"]["args"][1] == word;
    let found = templates.iter().find(is_meant).unwrap();
    let volumes = found["volumes"].as_array().into_iter().flatten();
    volumes
        .filter_map(|volume| volume["secret"]["secretName"].as_str())
        .map(str::to_owned)
        .collect()
}

/// Who is a member of a team GitHub says, to whoever has a token: the pod that judges the answer has it, and no more than that.
#[test]
fn req_5_1_teams_that_approve_are_asked_for_with_the_pipeline_s_token() {
    let told = r#"
  checkout { credentials = secret("checkout") }
  notify team { on = ["failure"], to = slack(secret("slack", key = "url")) }
  notify status { on = ["failure"], to = github_status(secret("github", key = "token")) }
"#;
    for (approvers, wanted) in [
        ("\"@ada\", \"ada@example.com\"", &[][..]),
        ("\"@ada\", \"@acme/platform\"", &["github", "checkout"]),
    ] {
        let approval = format!("approval {{ approvers = [{approvers}] }} ");
        let dev = DEV.replace("stack Api", &format!("{approval}\n stack Api"));
        let wave = format!("wave europe {{ {approval}\n {PROD} }}");
        for environments in [dev, wave] {
            let shop = &compiled(&format!("{told}{environments}"))[0];
            assert_eq!(secrets(shop, "approval-decision"), wanted, "{environments}");
            assert_eq!(secrets(shop, "approval-request"), [""; 0], "{environments}");
        }
    }
}
