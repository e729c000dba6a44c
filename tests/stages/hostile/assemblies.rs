//! Assemblies of the CDK.

use std::fs;
use std::time::Instant;

use super::{Canary, LONGEST, assert_harmless, begin};
use crate::support::project::{Project, text};
use serde_json::{Value, json};

fn stack(template: &str) -> Value {
    json!({ "type": "aws:cloudformation:stack", "environment": "aws://111122223333/us-east-1", "displayName": "Site", "properties": { "templateFile": template } })
}

fn manifest(artifacts: &Value) -> String {
    json!({ "version": "48.0.0", "artifacts": artifacts }).to_string()
}

/// What a manifest says, what the template beside it says, and what is wrong with them.
fn assemblies(canary: &Canary) -> Vec<(String, String, String)> {
    let good = manifest(&json!({ "Site": stack("t.json") }));
    let of = |artifacts: Value| manifest(&artifacts);
    let with = |name: &str, value: Value| {
        let mut stack = stack("t.json");
        stack[name] = value;
        manifest(&json!({ "Site": stack }))
    };
    let deep = |open: &str, close: &str| open.repeat(200_000) + "1" + &close.repeat(200_000);
    let many: serde_json::Map<String, Value> = (0..1_500)
        .map(|number| {
            let mut stack = stack("t.json");
            stack["displayName"] = json!(format!("S{number}"));
            stack["dependencies"] = json!([format!("S{}", (number + 1) % 1_500), "Site"]);
            (format!("S{number}"), stack)
        })
        .collect();
    let manifests = [
        String::new(),
        "null".into(),
        "[]".into(),
        "7".into(),
        "\"x\"".into(),
        "{".into(),
        "{}".into(),
        "\u{feff}{}".into(),
        deep("[", "]"),
        deep("{\"artifacts\":", "}"),
        format!("{{\"artifacts\": {}}}", deep("[", "]")),
        of(json!([])),
        of(json!(null)),
        of(json!({ "Site": null })),
        of(json!({ "Site": [] })),
        of(json!({ "Site": { "type": 7 } })),
        of(json!({ "Site": { "type": "aws:cloudformation:stack" } })),
        of(json!({ "Site": stack("") })),
        of(json!({ "Site": stack("../t.json") })),
        of(json!({ "Site": stack("/etc/passwd") })),
        of(json!({ "Site": stack("nothing.json") })),
        of(json!({ "Site": stack(".") })),
        of(json!({ "Site": stack("a\0b") })),
        of(json!({ "Site": stack("link.json") })),
        of(json!({ "Site": stack("pipe.json") })),
        of(json!({ "Site": stack("zero.json") })),
        of(
            json!({ "A": { "type": "cdk:cloud-assembly", "properties": { "directoryName": "loop" } } }),
        ),
        of(
            json!({ "A": { "type": "cdk:cloud-assembly", "properties": { "directoryName": ".." } } }),
        ),
        of(json!({ "A": { "type": "cdk:cloud-assembly", "properties": { "directoryName": 7 } } })),
        with("dependencies", json!("Site")),
        with("dependencies", json!(["Site", "Site", "nope"])),
        with("dependencies", json!([7])),
        with("environment", json!("aws://")),
        with("environment", json!("aws://\u{1b}[2J/\u{202e}")),
        with("environment", json!(7)),
        with("displayName", json!("\u{1b}[2J")),
        with("displayName", json!(format!("$({})", canary.touch()))),
        with("displayName", json!("--all")),
        with("displayName", json!("x".repeat(1_000_000))),
        with("displayName", json!({})),
        with(
            "properties",
            json!({ "templateFile": "t.json", "requiresBootstrapStackVersion": 1e300 }),
        ),
        with(
            "properties",
            json!({ "templateFile": "t.json", "requiresBootstrapStackVersion": "6" }),
        ),
        with(
            "properties",
            json!({ "templateFile": "t.json", "stackName": "-x\u{1b}[2J" }),
        ),
        with(
            "properties",
            json!({ "templateFile": "t.json", "assumeRoleArn": format!("`{}`", canary.touch()) }),
        ),
        of(Value::Object(many)),
        format!(
            "{{\"artifacts\": {{}}, \"missing\": [{}]}}",
            vec!["{\"key\": \"\u{202e}\\u001b[2J\", \"provider\": \"x\"}"; 2_000].join(",")
        ),
        format!("{{\"artifacts\": {{}}, \"missing\": {}}}", "1e99999"),
    ];
    let templates = [
        String::new(),
        "null".into(),
        "[]".into(),
        "7".into(),
        "{".into(),
        deep("{\"a\":", "}"),
        deep("[", "]"),
        "{\"Outputs\": []}".into(),
        "{\"Outputs\": {\"\\u001b[2J\": 1}}".into(),
        "{\"Parameters\": 7}".into(),
        "{\"Parameters\": {\"\\u202eX\": {}}}".into(),
        "{\"Parameters\": {\"A\": null}}".into(),
        "{\"Parameters\": {\"A\": {\"Default\": null, \"NoEcho\": {\"a\": []}}}}".into(),
        format!(
            "{{\"Outputs\": {{{}}}}}",
            (0..50_000)
                .map(|n| format!("\"O{n}\": {{}}"))
                .collect::<Vec<_>>()
                .join(",")
        ),
        format!("{{\"Description\": \"{}\"}}", "x".repeat(8_000_000)),
        "{\"Outputs\": {}, \"Outputs\": {}}".into(),
        "{\"a\": \"\\ud800\"}".into(),
        "{\"a\": 1e999}".into(),
    ];
    let of_manifests = manifests.into_iter().enumerate();
    let mut all: Vec<(String, String, String)> = of_manifests
        .map(|(number, text)| (format!("manifest {number}"), text, "{}".to_owned()))
        .collect();
    all.extend(
        templates
            .into_iter()
            .enumerate()
            .map(|(number, text)| (format!("template {number}"), good.clone(), text)),
    );
    all
}

#[test]
fn an_assembly_is_read_or_refused() {
    let canary = Canary::new();
    let project = Project::new("build { run = [\"true\"] }", "stack Site");
    let all = assemblies(&canary);
    assert!(all.len() > 60, "{}", all.len());
    for (what, manifest, template) in all {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        fs::write(file("manifest.json"), &manifest).unwrap();
        fs::write(file("t.json"), &template).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", file("link.json")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", file("zero.json")).unwrap();
        std::os::unix::fs::symlink(".", file("loop")).unwrap();
        assert!(
            std::process::Command::new("mkfifo")
                .arg(file("pipe.json"))
                .status()
                .unwrap()
                .success()
        );
        let began = Instant::now();
        // 2 GiB of memory, half a minute.
        let output = std::process::Command::new("timeout")
            .args([
                "--signal=KILL",
                "30",
                "prlimit",
                "--as=4294967296",
                env!("CARGO_BIN_EXE_aphex"),
                "check",
                "--assembly",
            ])
            .arg(folder.path())
            .current_dir(project.path())
            .output()
            .unwrap();
        let what = format!("{what}: {}", begin(&manifest));
        assert_harmless(&output, &canary, &what);
        let said = text(&output);
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{what}: {} {}",
            output.status,
            begin(&said)
        );
        assert!(!said.contains("root:"), "{what}: {}", begin(&said));
        assert!(began.elapsed() < LONGEST, "{what}: {:?}", began.elapsed());
    }
}
