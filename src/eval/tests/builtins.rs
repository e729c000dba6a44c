//! What the standard library's own source says of the built-in functions.

use super::run;
use crate::eval::builtins::table;
use crate::stdlib;
use crate::syntax::ast::Item;

fn externs() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for module in stdlib::MODULES {
        let mut problems = crate::diagnostics::Problems::new();
        let file = crate::syntax::parse(crate::source::SourceId(0), module.text, &mut problems);
        for item in &file.items {
            if let Item::Function(function) = item
                && function.body.is_none()
            {
                let docs = function.docs.clone().unwrap_or_default();
                found.push((function.name.name.to_string(), docs.to_string()));
            }
        }
    }
    found
}

#[test]
fn every_extern_is_built_in_and_the_other_way_round() {
    let mut declared: Vec<String> = externs().into_iter().map(|(name, _)| name).collect();
    let mut built: Vec<String> = table().into_keys().map(str::to_owned).collect();
    declared.sort();
    built.sort();
    assert_eq!(declared, built);
}

#[test]
fn every_example_holds() {
    let mut program = String::new();
    let mut examples = Vec::new();
    for (_, docs) in externs() {
        for line in docs.lines() {
            let example = line.trim().strip_prefix("Example: `");
            if let Some(example) = example.and_then(|text| text.strip_suffix('`')) {
                examples.push(example.to_owned());
            }
        }
    }
    assert!(examples.len() > 60);
    for (index, example) in examples.iter().enumerate() {
        program.push_str(&format!("let example_{index} = {example}\n"));
    }
    program.push_str("policy examples(p: Pipeline) {\n");
    for (index, example) in examples.iter().enumerate() {
        program.push_str(&format!("  assert example_{index}, r###\"{example}\"###\n"));
    }
    program.push_str("}\n");
    let outcome = run(&super::pipeline(&program, "stack A"));
    outcome.pipeline();
}
