//! What holds of every manifest that the command writes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn compile(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_aphex"))
        .arg("compile")
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {problems}");
    String::from_utf8(output.stdout).unwrap()
}

/// Every `pipeline.aphex` below `examples/`.
pub fn examples() -> Vec<PathBuf> {
    fn look(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path, found);
            } else if path.ends_with("pipeline.aphex") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    look(&root().join("examples"), &mut found);
    found.sort();
    assert!(found.len() >= 6);
    found
}

#[test]
fn no_shell_text_and_the_same_bytes_every_time() {
    for example in examples() {
        let path = example.display().to_string();
        let manifests = compile(&[&path]);
        assert_eq!(manifests, compile(&[&path]), "{path}");
        assert!(manifests.starts_with("# Compiled by aphex "), "{path}");
        for word in ["npm ", "sh -c", "pg_isready", "echo "] {
            assert!(!manifests.contains(word), "{path} holds `{word}`");
        }
        let json = compile(&["--format", "json", &path]);
        serde_json::from_str::<Value>(&json).unwrap();
    }
}

/// What containers are told is what the binary takes: it gets as far as their environment, which is not there.
#[test]
fn the_binary_takes_the_flags_of_every_container() {
    fn words(value: &Value, found: &mut BTreeSet<Vec<String>>) {
        if let Some(args) = value["args"].as_array() {
            let args: Option<Vec<&str>> = args.iter().map(Value::as_str).collect();
            let args = args.unwrap_or_default();
            if args.first() == Some(&"stage") {
                // What parameters hold are names and numbers.
                let given = |word: &str| {
                    if word.starts_with("{{") {
                        "1".to_owned()
                    } else {
                        word.to_owned()
                    }
                };
                found.insert(args.into_iter().map(given).collect());
            }
        }
        let inner = value
            .as_object()
            .into_iter()
            .flat_map(|fields| fields.values());
        for value in inner.chain(value.as_array().into_iter().flatten()) {
            words(value, found);
        }
    }
    let mut found = BTreeSet::new();
    for example in examples() {
        let json = compile(&["--format", "json", &example.display().to_string()]);
        words(&serde_json::from_str(&json).unwrap(), &mut found);
    }
    assert!(found.len() > 15, "{found:#?}");
    for arguments in found {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aphex"));
        let output = command.args(&arguments).env_clear().output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains("APHEX_") || said.contains("/aphex"),
            "{arguments:?}: {said}"
        );
    }
}

/// Every pointer of the source map leads somewhere, and every place is one of the file's.
#[test]
fn the_source_map_points_into_manifests_and_source() {
    let schema = std::fs::read_to_string(root().join("schemas/source-map.v1.json")).unwrap();
    serde_json::from_str::<Value>(&schema).unwrap();
    for example in examples() {
        let path = example.display().to_string();
        let json = compile(&["--format", "json", &path]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let objects = match json.get("items") {
            Some(items) => items.as_array().unwrap().clone(),
            None => vec![json],
        };
        let map: serde_json::Value =
            serde_json::from_str(&compile(&["--source-map", &path])).unwrap();
        let manifests = map["manifests"].as_array().unwrap();
        assert_eq!(manifests.len(), objects.len());
        for (manifest, object) in manifests.iter().zip(&objects) {
            assert_eq!(manifest["name"], object["metadata"]["name"]);
            let pieces = manifest["pieces"].as_array().unwrap();
            let name = manifest["name"].as_str().unwrap();
            let is_run = manifest["kind"] == "WorkflowTemplate" && !name.ends_with("-start");
            let least = if is_run { 11 } else { 1 };
            assert!(pieces.len() >= least, "{path}: {manifest}");
            for piece in pieces {
                let pointer = piece["pointer"].as_str().unwrap();
                assert!(object.pointer(pointer).is_some(), "{path}: {pointer}");
                assert!(piece["start"]["line"].as_u64() >= Some(1));
                assert!(piece["start"]["byte"].as_u64() <= piece["end"]["byte"].as_u64());
            }
        }
    }
}
