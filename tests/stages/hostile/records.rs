//! What a store holds: records, manifests of artifacts.

use std::fs;
use std::time::Instant;

use super::{Canary, LONGEST, SECRET, assert_harmless, begin, names};
use crate::finish::Pods;
use crate::support::project::{Project, text};
use serde_json::json;

/// What is no JSON object of its kind, and half of one that is.
fn spoilt(whole: &str) -> [String; 6] {
    [
        String::new(),
        "null".into(),
        "[]".into(),
        "{}".into(),
        "[".repeat(500_000),
        whole[..whole.len() / 2].to_owned(),
    ]
}

/// A store to which somebody else writes, too.
#[test]
fn a_record_is_shown_without_harm() {
    let canary = Canary::new();
    let project = Project::new(
        "build { run = [\"echo hello\", \"exit 3\"] }",
        "step copy { run = [\"true\"] }",
    );
    let (_, record) = project.run(&[]);
    let run = record["run"].as_str().unwrap();
    let path = project
        .path()
        .join(format!(".aphex/store/runs/{run}/record.json"));
    let whole = fs::read_to_string(&path).unwrap();
    let mut texts: Vec<String> = names(&canary)
        .into_iter()
        .map(|name| {
            let mut record = record.clone();
            for field in ["pipeline", "commit", "repository"] {
                record[field] = json!(name);
            }
            record["trigger"] = json!({ "event": name, "ref": name, "actor": name, "inputs": { &name: name } });
            for stage in record["stages"].as_array_mut().unwrap() {
                stage["kind"] = json!(name);
                if let Some(error) = stage.pointer_mut("/tries/0/error") {
                    *error = json!({ "code": name, "message": name, "place": name, "notes": [name], "help": name });
                }
            }
            record.to_string()
        })
        .collect();
    texts.extend(spoilt(&whole));
    texts.extend([
        whole.replacen("\"version\": 1", "\"version\": 99999999999", 1),
        whole.replacen("\"seconds\": ", "\"seconds\": 1e308", 1),
        whole.replacen("\"outcome\"", "\"\\u001b[2J\"", 1),
        whole.replacen("\"stages\": [", "\"stages\": [null,", 1),
    ]);
    for written in texts {
        fs::write(&path, &written).unwrap();
        for arguments in [
            &["history"][..],
            &["history", run],
            &["graph", "--run", run],
            &["run", "--from", "dev"],
        ] {
            let began = Instant::now();
            let output = project.aphex(arguments).output().unwrap();
            assert_harmless(
                &output,
                &canary,
                &format!("{arguments:?} of {}", begin(&written)),
            );
            assert!(
                began.elapsed() < LONGEST,
                "{arguments:?} of {}",
                begin(&written)
            );
        }
    }
}

/// Beside the archive lies what it is said to hold: whoever can write to the store can forge both.
#[test]
fn a_manifest_of_an_artifact_is_read_or_refused() {
    let canary = Canary::new();
    let pods = Pods::new(Project::new(
        "build { run = [\"echo x > out.txt\"], artifacts = [\"out.txt\"] }",
        "step copy { run = [\"true\"] }",
    ));
    assert!(pods.pod("build", &["build"]).status.success());
    let key = pods.read("runs/shop-7/stages/build/0.json")["artifact"]["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = pods.store().join(format!("{key}.json"));
    let whole = fs::read_to_string(&path).unwrap();
    let entry = |path: &str| whole.replacen("out.txt", path, 1);
    let texts = [
        entry("../canary"),
        entry("/tmp/canary"),
        entry(".git/hooks/post-checkout"),
        entry("a/../../x"),
        entry("\\u0000"),
        entry("\\u001b[2J"),
        entry("pipeline.aphex/x"),
        entry(&"x/".repeat(5_000)),
        whole.replace("\"bytes\":2", "\"bytes\":18446744073709551615"),
        whole.replace("\"bytes\":2", "\"bytes\":-1"),
        whole.replace("\"mode\":\"", "\"mode\":\"7"),
        whole.replace("\"sha256\":\"", "\"sha256\":\"\u{1b}[2J"),
        whole.replace("\"version\":1", "\"version\":2"),
        whole.replace("\"commit\":\"", "\"commit\":\"\u{202e}"),
        whole.replace(
            "\"entries\":[",
            &format!("\"entries\":[{}", "{},".repeat(100_000)),
        ),
    ];
    for (number, written) in spoilt(&whole).into_iter().chain(texts).enumerate() {
        let what = format!("{number}: {}", begin(&written));
        assert_ne!(written, whole, "{number}");
        fs::write(&path, written).unwrap();
        let pod = format!("copy-{number}");
        let output = pods
            .init(&pod, &["step", "--environment", "dev", "--name", "copy"])
            .env("TOKEN", SECRET)
            .output()
            .unwrap();
        assert_harmless(&output, &canary, &what);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{what}: {}",
            begin(&text(&output))
        );
        assert!(!pods.root(&pod).join("run.json").exists(), "{what}");
        let source = crate::faults::files(&pods.root(&pod).join("source"));
        assert!(
            source
                .iter()
                .all(|path| !path.ends_with("canary") && !path.ends_with("out.txt")),
            "{what}: {source:?}"
        );
    }
}
