//! Values with provenance, the interpreter, the built-ins; and [`data`], the plain tree that
//! evaluation ends in.
//!
//! | file | what it is |
//! | --- | --- |
//! | `value.rs`, `scope.rs`, `thunk.rs`, `instance.rs`, `block.rs` | what there is |
//! | `expressions.rs`, `operators.rs`, `names.rs`, `calls.rs` | expressions |
//! | `bodies.rs`, `blocks.rs`, `fields.rs` | blocks: lazily, each part once |
//! | `giving.rs`, `asserts.rs` | types, conditions, asserts, policies |
//! | `freeze.rs`, `json.rs`, `outline.rs` | the end: everything is asked for; forms of it |
//! | `builtins/`, `files/` | what `stdlib/builtins.aphex` declares; data files |
//! | `limits.rs`, `busy.rs`, `report.rs` | an end for every program; circles; what is wrong, once |
//!
//! A run-time value is [`value::Output`]: an operation that meets one gives another one, with all that
//! it needs. A stage that knows some of the values gives [`Bindings`] and evaluates the program
//! again: then these are plain values, and so is everything made of them.

mod asserts;
mod bindings;
mod block;
mod blocks;
mod bodies;
mod builtins;
mod busy;
mod calls;
mod comprehensions;
mod construct;
pub mod data;
mod expressions;
mod fields;
mod files;
mod fits;
mod freeze;
mod giving;
mod index;
mod instance;
mod interpreter;
pub mod json;
pub mod limits;
mod matching;
mod members;
mod names;
mod operands;
mod operators;
mod order;
pub mod outline;
mod report;
mod schemas;
mod scope;
mod text;
mod thunk;
mod value;

#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub use bindings::{Bindings, Known};

use crate::collections::{HashMap, HashSet};
use crate::diagnostics::Problems;
use crate::eval::interpreter::{Arena, Interpreter};
use crate::eval::value::Kind;
use crate::resolve::{ItemId, Program};
use crate::source::{FileSystem, SourceId, Sources};
use crate::syntax::ast::Item;
use crate::types::Checked;

/// Evaluates the pipelines of the root file.
///
/// What has an error that was reported, here or by the checker, is [`data::Data::Error`]. Where a limit
/// was reached there are no pipelines.
pub fn evaluate(
    program: &Program,
    checked: &Checked,
    files: &dyn FileSystem,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Vec<Rc<data::Object>> {
    evaluate_with(program, checked, &Bindings::new(), files, sources, problems)
}

/// Evaluates the pipelines of the root file where some run-time values are known.
pub fn evaluate_with(
    program: &Program,
    checked: &Checked,
    bindings: &Bindings,
    files: &dyn FileSystem,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Vec<Rc<data::Object>> {
    let arena = Arena::default();
    let interpreter = Interpreter::new(&arena, program, checked, bindings, files, sources);
    let pipelines = interpreter.pipelines();
    interpreter.reports.finish(problems);
    pipelines
}

impl<'a> Interpreter<'a> {
    fn new(
        arena: &'a Arena<'a>,
        program: &'a Program,
        checked: &'a Checked,
        bindings: &'a Bindings,
        files: &'a dyn FileSystem,
        sources: &'a mut Sources,
    ) -> Self {
        let standard: HashSet<SourceId> = program
            .modules
            .iter()
            .filter(|module| program.is_standard(module.id))
            .map(|module| module.source)
            .collect();
        let last = sources.iter().count();
        Interpreter {
            arena,
            program,
            types: &checked.types,
            checked,
            files,
            sources: RefCell::new(sources),
            first_data: SourceId(u32::try_from(last).unwrap_or(u32::MAX)),
            bindings,
            meter: limits::Meter::default(),
            reports: report::Reports::default(),
            standard,
            schemas: RefCell::default(),
            written_types: RefCell::default(),
            signatures: RefCell::default(),
            tops: RefCell::default(),
            bodies: RefCell::default(),
            busy: RefCell::default(),
            patterns: builtins::Patterns::default(),
            builtins: builtins::table(),
            named: RefCell::default(),
            tested: RefCell::default(),
            data_files: RefCell::new(HashMap::default()),
            data_bytes: Cell::new(0),
            values: RefCell::default(),
        }
    }

    /// Everything that the program holds is asked for.
    fn pipelines(&self) -> Vec<Rc<data::Object>> {
        let mut pipelines = Vec::new();
        for module in &self.program.modules {
            if self.program.is_standard(module.id) {
                continue;
            }
            for (index, item) in (0u32..).zip(&module.file.items) {
                let id = ItemId {
                    module: module.id,
                    index,
                };
                match item {
                    Item::Let(_) => {
                        self.force_top(id);
                    }
                    Item::Block(_) if module.id == self.program.root => {
                        if let Kind::Block(cell) = self.force_top(id).kind {
                            pipelines.push(cell);
                        }
                    }
                    _ => {}
                }
            }
        }
        let objects: Vec<Rc<data::Object>> = pipelines
            .iter()
            .map(|cell| self.freeze_block(cell))
            .collect();
        self.test_values();
        self.test_policies(&pipelines);
        match self.meter.reached() {
            Some(_) => Vec::new(),
            None => objects,
        }
    }
}
