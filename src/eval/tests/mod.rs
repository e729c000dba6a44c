//! Tests of evaluation: whole programs in, evaluated pipelines and messages out.

mod builtins;
mod outlines;
mod outputs;
mod programs;

use std::rc::Rc;

use crate::diagnostics::{Diagnostic, Problems};
use crate::eval::data::{Block, Data, Node, Object};
use crate::eval::{Bindings, evaluate_with};
use crate::resolve;
use crate::source::{MemoryFiles, Sources};
use crate::types;

/// What came of a program.
pub(super) struct Outcome {
    pub pipelines: Vec<Rc<Object>>,
    pub diagnostics: Vec<Diagnostic>,
    pub sources: Sources,
}

impl Outcome {
    /// The messages as `code line: message`, for comparing.
    pub fn messages(&self) -> Vec<String> {
        let lines = self.diagnostics.iter().map(|diagnostic| {
            let line = diagnostic.span().and_then(|span| {
                let file = self.sources.get(span.source)?;
                Some(format!(
                    "{}:{}",
                    file.name,
                    file.line_column(span.start).line
                ))
            });
            let line = line.unwrap_or_default();
            format!("{} {line} {}", diagnostic.code.id, diagnostic.message)
        });
        lines.collect()
    }

    /// The only pipeline of a program without errors.
    pub fn pipeline(&self) -> &Object {
        assert_eq!(self.messages(), Vec::<String>::new());
        &self.pipelines[0]
    }
}

/// Evaluates files, of which `pipeline.aphex` is the root.
pub(super) fn run_files(files: &MemoryFiles, bindings: &Bindings) -> Outcome {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let program = resolve::load("pipeline.aphex", files, &mut sources, &mut problems).unwrap();
    let checked = types::check(&program, &sources, &mut problems);
    let pipelines = evaluate_with(
        &program,
        &checked,
        bindings,
        files,
        &mut sources,
        &mut problems,
    );
    Outcome {
        pipelines,
        diagnostics: problems.into_sorted(),
        sources,
    }
}

/// Evaluates one file.
pub(super) fn run(text: &str) -> Outcome {
    run_files(
        &MemoryFiles::new().with("pipeline.aphex", text),
        &Bindings::new(),
    )
}

/// A pipeline around the items of one environment, and declarations before it.
pub(super) fn pipeline(before: &str, environment: &str) -> String {
    format!(
        "{before}
pipeline shop {{
  cluster = \"main\"
  repository = \"acme/shop\"
  build {{ run = [\"make\"] }}
  environment dev {{
    account = \"111122223333\"
    region = \"us-east-1\"
    {environment}
  }}
}}
"
    )
}

/// The block of that kind and label.
pub(super) fn block<'o>(object: &'o Object, kind: &str, label: &str) -> &'o Object {
    let is_it =
        |block: &&Block| block.kind == kind && block.label.as_deref().unwrap_or("") == label;
    &object.blocks.iter().find(is_it).unwrap().object
}

/// The value of a field.
pub(super) fn field<'o>(object: &'o Object, name: &str) -> &'o Data {
    &object.fields.get(name).unwrap().node.data
}

/// The value of a variable in `env`.
pub(super) fn env<'o>(object: &'o Object, name: &str) -> &'o Node {
    let Data::Map(map) = field(object, "env") else {
        panic!("no map");
    };
    map.get(name).unwrap()
}
