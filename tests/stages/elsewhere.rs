//! Runs whose store is not of this machine: a bucket, and that of a pipeline in its cluster.
//!
//! A test whose name begins with `req_` proves the criterion of that number.
#![cfg(feature = "cloud")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use aphex::diagnostics::codes::run::NO_SUCH_RUN;
use aphex::diagnostics::codes::run_store::{STORE_FAILED, STORE_NAME};
use serde_json::Value;

use crate::support::cluster::Cluster;
use crate::support::ministack::Ministack;
use crate::support::project::{Project, text};

const ACCOUNT: &str = "111122223333";
const BUCKET: &str = "acme-artifacts";
const STORE: &str = "s3://acme-artifacts/shop";
const BUILD: &str =
    "build { run = [\"mkdir dist\", \"echo hello > dist/page\"], artifacts = [\"dist/**\"] }";
const STEP: &str = "step copy { run = [\"grep hello dist/page\"] }";

fn ministack(test: &str) -> Option<Ministack> {
    let aws = Ministack::start(test)?;
    let made = aws.ask(ACCOUNT, "s3", "PUT", &format!("/{BUCKET}"));
    assert_eq!(made.0, 200, "{}", made.1);
    Some(aws)
}

fn aphex(folder: &Path, aws: &Ministack, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aphex"));
    command
        .args(arguments)
        .envs(aws.environment(ACCOUNT, "us-east-1"))
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

fn done(folder: &Path, aws: &Ministack, arguments: &[&str]) -> Output {
    aphex(folder, aws, arguments).output().unwrap()
}

fn good(folder: &Path, aws: &Ministack, arguments: &[&str]) -> String {
    let output = done(folder, aws, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    text(&output)
}

/// 2.4, 8.2: artifacts and records are in the bucket, nothing of them on this machine, and both commands that show runs read them there.
#[test]
fn req_2_4_8_2_a_run_keeps_what_it_leaves_in_a_bucket() {
    let Some(aws) = ministack("req_2_4_8_2_a_run_keeps_what_it_leaves_in_a_bucket") else {
        return;
    };
    let project = Project::new(BUILD, STEP);
    let folder = project.path();
    let said = good(folder, &aws, &["run", "--deploy", "--store", STORE]);
    assert!(said.contains("restored the artifacts of build"), "{said}");
    assert!(!folder.join(".aphex/store").exists());
    let json = good(
        folder,
        &aws,
        &["history", "--store", STORE, "--format", "json"],
    );
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["runs"].as_array().unwrap().len(), 1);
    let run = json["runs"][0]["run"].as_str().unwrap();
    for line in [
        format!("\n  {STORE}/runs/{run}/record.json\n"),
        format!("\n  aphex history {run} --store {STORE}\n"),
        format!("\n  aphex graph --run {run} --store {STORE}\n"),
    ] {
        assert!(said.contains(&line), "{line}: {said}");
    }
    let (status, record) = aws.ask(
        ACCOUNT,
        "s3",
        "GET",
        &format!("/{BUCKET}/shop/runs/{run}/record.json"),
    );
    assert_eq!(status, 200, "{record}");
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["outcome"], "succeeded");
    let build = crate::support::project::stage(&record, "build");
    let artifact = build["tries"][0]["artifact"]["key"].as_str().unwrap();
    let packed = format!("/{BUCKET}/shop/{artifact}.tar.zst");
    assert_eq!(aws.ask(ACCOUNT, "s3", "HEAD", &packed).0, 200);

    let full = good(folder, &aws, &["history", run, "--store", STORE]);
    let place = format!("logs and results of its stages: {STORE}/runs/{run}/stages\n");
    assert!(full.ends_with(&place), "{full}");
    let drawn = good(folder, &aws, &["graph", "--run", "last", "--store", STORE]);
    assert!(
        drawn.contains("copy") && drawn.contains("succeeded"),
        "{drawn}"
    );
    // What this machine keeps is another history.
    let own = good(folder, &aws, &["history"]);
    assert!(own.contains("no run is recorded here"), "{own}");
    // A later run goes on with what is in the bucket.
    let rest = ["run", "--deploy", "--from", "dev/copy", "--store", STORE];
    let said = good(folder, &aws, &rest);
    assert!(
        said.contains(&format!("with what `{run}` has left")),
        "{said}"
    );
    assert!(said.contains("restored the artifacts of build"), "{said}");
}

/// A store that cannot be used is said before anything runs, and leaves no run.
#[test]
fn a_store_that_cannot_be_used_is_said_first() {
    let Some(aws) = ministack("a_store_that_cannot_be_used_is_said_first") else {
        return;
    };
    let project = Project::new(BUILD, STEP);
    for (store, code, exit) in [
        ("s3://nobodys-bucket", &STORE_FAILED, 1),
        ("acme-artifacts", &STORE_NAME, 64),
        ("s3://../x", &STORE_NAME, 64),
    ] {
        for command in ["run", "history"] {
            let output = done(project.path(), &aws, &[command, "--store", store]);
            assert_eq!(output.status.code(), Some(exit), "{}", text(&output));
            assert!(text(&output).contains(code.id), "{}", text(&output));
            assert_eq!(
                text(&output).matches("error[").count(),
                1,
                "{}",
                text(&output)
            );
        }
    }
    let left = fs::read_dir(project.path().join(".aphex/runs")).unwrap();
    assert_eq!(left.count(), 0);
    let output = done(project.path(), &aws, &["graph", "--store", STORE]);
    assert_eq!(output.status.code(), Some(64), "{}", text(&output));
}

/// 8.2: of a long history the newest runs are shown, whatever they are called.
#[test]
fn req_8_2_the_newest_of_many_runs_are_shown() {
    let Some(aws) = ministack("req_8_2_the_newest_of_many_runs_are_shown") else {
        return;
    };
    let project = Project::new(BUILD, STEP);
    good(project.path(), &aws, &["run"]);
    let mut record = project.last_record();
    let many = project.path().join("many");
    let name = |number: usize| format!("shop-{:04x}", (number * 40503) & 0xffff);
    for number in 0..60 {
        record["run"] = name(number).into();
        record["started_at"] = format!("2030-01-31T05:{number:02}:00Z").into();
        let folder = many.join("runs").join(name(number));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("record.json"), record.to_string()).unwrap();
    }
    let store = format!("file://{}", many.display());
    let arguments = ["history", "--store", &store, "--limit", "3"];
    let output = done(project.path(), &aws, &arguments);
    assert!(output.status.success(), "{}", text(&output));
    let out = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<&str> = out.lines().skip(1).collect();
    assert_eq!(rows.len(), 3, "{out}");
    for (row, number) in rows.iter().zip([59, 58, 57]) {
        assert!(row.contains(&name(number)), "{row}");
    }
    let remark = String::from_utf8(output.stderr).unwrap();
    assert_eq!(remark, "57 older runs: `--limit 60` shows all\n");
    let last = good(
        project.path(),
        &aws,
        &["history", "last", "--store", &store],
    );
    assert!(last.contains(&name(59)), "{last}");
    // Looking makes nothing.
    let nowhere = format!("file://{}", many.join("nowhere").display());
    let output = done(project.path(), &aws, &["history", "x", "--store", &nowhere]);
    assert!(text(&output).contains(NO_SUCH_RUN.id), "{}", text(&output));
    assert!(!many.join("nowhere").exists());
}

/// Nothing is asked where nobody says in which region, and what to do about it is told.
#[test]
fn a_bucket_without_a_region_is_said() {
    let project = Project::new(BUILD, STEP);
    let mut command = project.aphex(&["history", "--store", "s3://acme-artifacts"]);
    for variable in ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"] {
        command.env_remove(variable);
    }
    let output = command
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in ["A0930", "no AWS region is known", "AWS_REGION="] {
        assert!(said.contains(words), "no `{words}` in:\n{said}");
    }
}

/// 8.2: the cluster says where its pipeline's runs are.
#[test]
fn req_8_2_the_history_of_a_pipeline_in_its_cluster() {
    let test = "req_8_2_the_history_of_a_pipeline_in_its_cluster";
    let Some(cluster) = Cluster::find(test) else {
        return;
    };
    let Some(aws) = ministack(test) else {
        return;
    };
    let namespace = cluster.namespace();
    let project = Project::new(BUILD, STEP);
    let file = fs::read_to_string(project.path().join("pipeline.aphex")).unwrap();
    let place = format!(
        "repository = \"acme/shop\"\n  namespace = \"{}\"",
        namespace.name
    );
    let file = file.replace("repository = \"acme/shop\"", &place);
    project.write("pipeline.aphex", &file);
    let there = |arguments: &[&str]| {
        let mut command = aphex(project.path(), &aws, arguments);
        command.env("KUBECONFIG", cluster.kubeconfig());
        command.output().unwrap()
    };
    let output = there(&["history", "--cluster"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let said = text(&output);
    assert!(
        said.contains("there is no `shop-settings` with a store in the namespace"),
        "{said}"
    );

    let output = there(&["apply", "--objects-only", "--store", STORE]);
    assert!(output.status.success(), "{}", text(&output));
    let output = there(&["history", "--cluster"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).contains(&format!("no run is recorded in {STORE}")),
        "{}",
        text(&output)
    );

    good(project.path(), &aws, &["run", "--store", STORE]);
    let output = there(&["history", "--cluster"]);
    assert!(text(&output).contains("succeeded in"), "{}", text(&output));
    let output = there(&["history", "last", "--cluster"]);
    assert!(
        text(&output).contains(&format!("{STORE}/runs/shop-")),
        "{}",
        text(&output)
    );
    let output = there(&["graph", "--run", "last", "--cluster", "--format", "mermaid"]);
    assert!(text(&output).contains("flowchart TB"), "{}", text(&output));

    // A second pipeline in the file: which one must be said.
    let second = file
        .replace("pipeline shop", "pipeline bank")
        .replace("acme/shop", "acme/bank");
    project.write("pipeline.aphex", &format!("{file}\n{second}"));
    let output = there(&["history", "--cluster"]);
    assert!(
        text(&output).contains("`--pipeline`: `shop` and `bank`"),
        "{}",
        text(&output)
    );
    let output = there(&["history", "--cluster", "--pipeline", "shop"]);
    assert!(text(&output).contains("succeeded in"), "{}", text(&output));
}
