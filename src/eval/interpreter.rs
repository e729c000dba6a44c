//! The state of one evaluation: what is known, what was asked for, what was reported.

use std::cell::{Cell as Flag, RefCell};
use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::{HashMap, HashSet};
use crate::eval::bindings::Bindings;
use crate::eval::block::Cell;
use crate::eval::bodies::BodyInfo;
use crate::eval::builtins::{Builtin, Patterns};
use crate::eval::busy::Busy;
use crate::eval::instance::Instance;
use crate::eval::limits::Meter;
use crate::eval::report::Reports;
use crate::eval::schemas::SchemaInfo;
use crate::eval::thunk::Thunk;
use crate::eval::value::Value;
use crate::resolve::{ItemId, Program};
use crate::source::{FileSystem, SourceId, Sources, Span};
use crate::syntax::ast::{Body, TypeExpr};
use crate::types::{Checked, Type, Types};

/// Where everything lives that values refer to. It goes as a whole, when the evaluation ends.
#[derive(Default)]
pub struct Arena<'a> {
    pub(super) instances: typed_arena::Arena<Instance<'a>>,
    pub(super) cells: typed_arena::Arena<Cell<'a>>,
    pub(super) schemas: typed_arena::Arena<SchemaInfo<'a>>,
    pub(super) types: typed_arena::Arena<Type>,
    pub(super) signatures: typed_arena::Arena<Signature<'a>>,
}

/// The interpreter of one program.
pub struct Interpreter<'a> {
    pub(super) arena: &'a Arena<'a>,
    pub(super) program: &'a Program,
    pub(super) types: &'a Types,
    pub(super) checked: &'a Checked,
    pub(super) files: &'a dyn FileSystem,
    pub(super) sources: RefCell<&'a mut Sources>,
    pub(super) first_data: SourceId,
    pub(super) bindings: &'a Bindings,
    pub(super) meter: Meter,
    pub(super) reports: Reports,
    pub(super) standard: HashSet<SourceId>,
    pub(super) schemas: RefCell<HashMap<ItemId, &'a SchemaInfo<'a>>>,
    pub(super) written_types: RefCell<HashMap<Span, &'a Type>>,
    pub(super) signatures: RefCell<HashMap<ItemId, &'a Signature<'a>>>,
    pub(super) tops: RefCell<HashMap<ItemId, Top<'a>>>,
    pub(super) bodies: RefCell<HashMap<*const Body, Rc<BodyInfo>>>,
    pub(super) busy: RefCell<Vec<Busy<'a>>>,
    pub(super) patterns: Patterns,
    pub(super) builtins: HashMap<&'static str, Builtin>,
    pub(super) named: RefCell<NamedTable>,
    pub(super) tested: RefCell<HashSet<(usize, SmolStr)>>,
    pub(super) data_files:
        RefCell<HashMap<(String, crate::eval::files::Format), Option<Value<'a>>>>,
    pub(super) data_bytes: Flag<u64>,
    /// The values of the program's own schemas, as they were made.
    pub(super) values: RefCell<Vec<&'a Instance<'a>>>,
}

/// Something at the top of a file that was asked for.
#[derive(Clone)]
pub enum Top<'a> {
    /// A `let`.
    Let(Rc<Thunk<'a>>),
    /// A `pipeline` block; `None` where it has no schema.
    Block(Option<&'a Cell<'a>>),
}

/// A function's parameters and result.
#[derive(Debug)]
pub struct Signature<'a> {
    /// The types of the parameters.
    pub parameters: Vec<&'a Type>,
    /// The type of the result.
    pub result: &'a Type,
}

/// Named types that have computed members, by the key that values carry.
#[derive(Debug, Default)]
pub struct NamedTable {
    /// The declarations, by key minus one: the type itself, then the named types that it is made of.
    pub chains: Vec<Vec<ItemId>>,
    /// The key of each; `None` where a type has no computed members.
    pub keys: HashMap<ItemId, Option<crate::eval::value::NamedKey>>,
}

impl<'a> Interpreter<'a> {
    /// What a written type means in a module.
    pub(super) fn written_type(
        &self,
        module: crate::resolve::ModuleId,
        written: &'a TypeExpr,
    ) -> &'a Type {
        if let Some(known) = self.written_types.borrow().get(&written.span) {
            return known;
        }
        let ty = self.types.resolve(self.program, module, written);
        let ty: &'a Type = self.arena.types.alloc(ty);
        self.written_types.borrow_mut().insert(written.span, ty);
        ty
    }

    /// The parameters and the result of a function.
    pub(super) fn signature(&self, id: ItemId) -> Option<&'a Signature<'a>> {
        if let Some(known) = self.signatures.borrow().get(&id) {
            return Some(known);
        }
        let signature = self.types.signature(self.program, id)?;
        let parameters = signature.parameters.iter();
        let signature: &'a Signature<'a> = self.arena.signatures.alloc(Signature {
            parameters: parameters
                .map(|parameter| &*self.arena.types.alloc(parameter.ty.clone()))
                .collect(),
            result: self.arena.types.alloc(signature.result.clone()),
        });
        self.signatures.borrow_mut().insert(id, signature);
        Some(signature)
    }

    /// Whether a place is in the standard library.
    pub(super) fn is_standard(&self, span: Span) -> bool {
        self.standard.contains(&span.source)
    }

    /// Whether a place is in a file that was read as data.
    pub(super) fn is_data(&self, span: Span) -> bool {
        span.source >= self.first_data
    }

    /// The text of a place on one line, shortened.
    pub(super) fn text_of(&self, span: Span) -> String {
        let sources = self.sources.borrow();
        one_line(sources.text(span))
    }
}

/// Text with every run of white space as one space.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}
