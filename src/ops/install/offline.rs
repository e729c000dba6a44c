//! What would change between two states of a pipeline, without a cluster.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cloud::kubernetes::kinds;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::input::UNREADABLE;
use crate::stage::apply::{Applied, Wanted, between};
use crate::target::names::PIPELINE;

/// A folder that `aphex compile -o` has written, as far as it is one pipeline's.
#[derive(Debug, Default)]
pub struct Compiled {
    /// Its objects.
    pub objects: Vec<Wanted>,
    /// The template of its stack.
    pub template: Option<String>,
}

/// Reads such a folder. What is not the pipeline's in it is nobody's concern.
pub fn compiled(folder: &Path, pipeline: &str, stack: &str) -> Result<Compiled, Diagnostic> {
    let problem = |path: &Path, why: String| {
        let message = format!("`{}` cannot be read as manifests", path.display());
        Diagnostic::without_place(&UNREADABLE, message).note(why)
    };
    let mut names = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| problem(folder, error.to_string()))?;
    for entry in entries {
        names.push(
            entry
                .map_err(|error| problem(folder, error.to_string()))?
                .path(),
        );
    }
    names.sort();
    let mut found = Compiled::default();
    for path in names {
        let extension = path.extension().and_then(|extension| extension.to_str());
        if !matches!(extension, Some("yaml" | "yml" | "json")) || !path.is_file() {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(|error| problem(&path, error.to_string()))?;
        let documents = match extension {
            Some("json") => serde_json::from_str(&text)
                .map(|one| vec![one])
                .map_err(|error| error.to_string()),
            _ => serde_saphyr::from_multiple::<Value>(&text).map_err(|error| error.to_string()),
        };
        let documents = documents.map_err(|why| problem(&path, why))?;
        found.objects.extend(
            documents
                .into_iter()
                .filter_map(|object| wanted(object, pipeline)),
        );
    }
    let template = folder
        .join(format!("{pipeline}.stack"))
        .join(format!("{stack}.template.json"));
    found.template = fs::read_to_string(template).ok();
    if found.objects.is_empty() && found.template.is_none() {
        let message = format!(
            "`{}` holds nothing of the pipeline `{pipeline}`",
            folder.display()
        );
        return Err(Diagnostic::without_place(&UNREADABLE, message).help(
            "name a folder that `aphex compile -o` has written, or a commit, branch or tag",
        ));
    }
    Ok(found)
}

fn wanted(object: Value, pipeline: &str) -> Option<Wanted> {
    let metadata = object.get("metadata")?;
    let owner = metadata.get("labels")?.get(PIPELINE)?.as_str()?;
    let kind = kinds::of(object.get("kind")?.as_str()?)?;
    let name = metadata.get("name")?.as_str()?.to_owned();
    (owner == pipeline).then_some(Wanted {
        kind: kind.kind,
        name,
        object,
        topology: None,
        outline: None,
    })
}

/// What is different, in the order in which it would be applied.
pub fn compare(before: &[Wanted], after: &[Wanted]) -> Vec<Applied> {
    let namespace = |one: &Wanted| one.object.pointer("/metadata/namespace").cloned();
    let is_same = |one: &Wanted, other: &Wanted| {
        one.kind == other.kind && one.name == other.name && namespace(one) == namespace(other)
    };
    let written = after.iter().filter_map(|new| {
        let old = before.iter().find(|old| is_same(old, new));
        between(old, Some(new))
    });
    let is_gone = |old: &&Wanted| !after.iter().any(|new| is_same(old, new));
    let removed = before
        .iter()
        .rev()
        .filter(is_gone)
        .filter_map(|old| between(Some(old), None));
    written.chain(removed).collect()
}
