//! The order of several stacks in one call of the CLI.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::diagnostics::Diagnostic;
use crate::stage::cdk::AssemblyStack;
use crate::stage::cdk::assembly::{read, unreadable};

/// Lets each of these stacks, which stand in one manifest, depend on the one before it, and on no other stack. The CLI orders the stacks of a call by
/// their dependencies (`WorkGraphBuilder` in `@aws-cdk/toolkit-lib`) and never begins one before those that it depends on are deployed, so it keeps
/// the order that is given here.
///
/// What they depended on before does not matter: those of the call have an order now, and with `--exclusively` the CLI leaves out all others.
pub fn chain(stacks: &[&AssemblyStack]) -> Result<(), Diagnostic> {
    let Some(first) = stacks.first() else {
        return Ok(());
    };
    let path = &first.manifest;
    let mut manifest: Value = read(path)?;
    let mut before: Option<&AssemblyStack> = None;
    for stack in stacks {
        let own = dependencies(&manifest, stack).ok_or_else(|| gone(path, stack))?;
        let own = own
            .into_iter()
            .chain(before.map(|before| before.id.clone()));
        let own = own.map(Value::String).collect();
        let artifact = manifest
            .get_mut("artifacts")
            .and_then(|all| all.get_mut(&stack.id))
            .and_then(Value::as_object_mut);
        let artifact = artifact.ok_or_else(|| gone(path, stack))?;
        artifact.insert("dependencies".to_owned(), Value::Array(own));
        before = Some(stack);
    }
    let text = manifest.to_string();
    let aside = path.with_extension("json.new");
    let written = fs::write(&aside, text).and_then(|()| fs::rename(&aside, path));
    written.map_err(|error| unreadable(path, &format!("it cannot be written: {error}")))
}

/// What a stack depends on, other stacks left out: its assets.
fn dependencies(manifest: &Value, stack: &AssemblyStack) -> Option<Vec<String>> {
    let artifacts = manifest.get("artifacts")?;
    let is_stack = |id: &str| {
        let kind = artifacts.get(id).and_then(|artifact| artifact.get("type"));
        kind.is_some_and(|kind| kind == "aws:cloudformation:stack")
    };
    let own = artifacts.get(&stack.id)?.get("dependencies");
    let own = own.and_then(Value::as_array).into_iter().flatten();
    let ids = own.filter_map(Value::as_str).filter(|id| !is_stack(id));
    Some(ids.map(str::to_owned).collect())
}

fn gone(path: &Path, stack: &AssemblyStack) -> Diagnostic {
    unreadable(path, &format!("it has no artifact `{}` any more", stack.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::cdk::Assembly;

    /// Written order against that of the app: `Web` needs `Api`, and comes first.
    #[test]
    fn stacks_wait_for_each_other_in_the_order_given() {
        let folder = tempfile::tempdir().unwrap();
        let stack = |needs: &[&str], name: &str| {
            serde_json::json!({
                "type": "aws:cloudformation:stack",
                "environment": "aws://111122223333/us-east-1",
                "dependencies": needs,
                "properties": { "templateFile": "t.json", "stackName": name },
                "metadata": { "/kept": [] },
            })
        };
        let manifest = serde_json::json!({
            "version": "53.0.0",
            "artifacts": {
                "Api": stack(&["Other", "Api.assets"], "Api"),
                "Api.assets": { "type": "cdk:asset-manifest", "properties": { "file": "assets.json" } },
                "Other": stack(&["Web"], "Other"),
                "Web": stack(&["Api"], "shop-web"),
            }
        });
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("manifest.json", &manifest.to_string());
        write("t.json", "{}");
        write("assets.json", "{}");
        let assembly = Assembly::read(folder.path()).unwrap();
        let by = |path: &str| assembly.stacks.iter().find(|stack| stack.id == path);
        chain(&[by("Web").unwrap(), by("Api").unwrap()]).unwrap();

        let text = fs::read_to_string(folder.path().join("manifest.json")).unwrap();
        let after: Value = serde_json::from_str(&text).unwrap();
        let of = |id: &str| &after["artifacts"][id]["dependencies"];
        assert_eq!(*of("Web"), serde_json::json!([]));
        assert_eq!(*of("Api"), serde_json::json!(["Api.assets", "Web"]));
        assert_eq!(*of("Other"), serde_json::json!(["Web"]));
        assert_eq!(after["version"], "53.0.0");
        assert!(after["artifacts"]["Web"]["metadata"]["/kept"].is_array());
        let again = Assembly::read(folder.path()).unwrap();
        assert_eq!(again.stacks.len(), 3);
    }
}
