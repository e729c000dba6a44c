//! What holds of every manifest that the command writes.

use std::path::{Path, PathBuf};
use std::process::Command;

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
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
    }
}

/// Every pointer of the source map leads somewhere, and every place is one of the file's.
#[test]
fn the_source_map_points_into_manifests_and_source() {
    let schema = std::fs::read_to_string(root().join("schemas/source-map.v1.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&schema).unwrap();
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
