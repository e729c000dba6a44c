//! Values while a program is evaluated. Each knows where it was written.

use std::num::NonZeroU32;
use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::eval::block::Cell;
use crate::eval::data::{RuntimeRef, Secret};
use crate::eval::instance::Instance;
use crate::resolve::ModuleId;
use crate::source::Span;

/// A value and the place where it was written.
#[derive(Clone, Debug)]
pub struct Value<'a> {
    /// The value.
    pub kind: Kind<'a>,
    /// Where it was written; for one that an operation made, the operation.
    pub span: Span,
    /// The named type with computed members that it was given, as a key of the interpreter's table.
    pub named: Option<NamedKey>,
}

/// A key of the interpreter's table of named types that have computed members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedKey(pub NonZeroU32);

/// The kinds of values. Cheap to copy: whatever is large stands behind a reference.
#[derive(Clone, Debug)]
pub enum Kind<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer
    Int(i64),
    /// A number; always finite
    Float(f64),
    /// Text
    String(SmolStr),
    /// Seconds
    Duration(i64),
    /// Bytes
    Size(i64),
    /// `[a, b]`
    List(Rc<List<'a>>),
    /// An object or map
    Map(Rc<Map<'a>>),
    /// An instance of a schema that is no block (yet)
    Instance(&'a Instance<'a>),
    /// A block of the program, by reference: what it holds is looked at when somebody asks
    Block(&'a Cell<'a>),
    /// Known only while the pipeline runs
    Output(Rc<Output>),
    /// A secret: where it is kept
    Secret(Rc<Secret>),
    /// A module as a whole
    Module(ModuleId),
    /// Something whose error has been reported; silent wherever it goes
    Error,
}

/// A list, and how deep values nest in it.
#[derive(Clone, Debug, Default)]
pub struct List<'a> {
    /// The elements.
    pub items: Vec<Value<'a>>,
    /// 1 for a list of plain values.
    pub depth: u32,
}

/// An object or map, in the order written, and how deep values nest in it.
#[derive(Clone, Debug, Default)]
pub struct Map<'a> {
    /// The entries.
    pub entries: IndexMap<SmolStr, Value<'a>>,
    /// 1 for a map of plain values.
    pub depth: u32,
    /// Whether it is a map, of which nobody knows the keys; else it is an object, which may leave
    /// optional fields out.
    pub is_map: bool,
}

/// A run-time value: the values of a run that it is made of, and the place of the expression.
#[derive(Clone, Debug)]
pub struct Output {
    /// What it is made of, in the order first met, each once. Never empty.
    pub needs: Needs,
    /// The expression.
    pub expression: Span,
}

/// Run-time values, in the order first met, each source once.
pub type Needs = Vec<Rc<RuntimeRef>>;

/// Adds to `needs` what is not there yet.
pub fn merge_needs(needs: &mut Needs, more: &[Rc<RuntimeRef>]) {
    for need in more {
        if !needs.iter().any(|known| known.source == need.source) {
            needs.push(Rc::clone(need));
        }
    }
}

impl<'a> Value<'a> {
    /// Puts a value and its place together.
    pub fn new(kind: Kind<'a>, span: Span) -> Self {
        Value {
            kind,
            span,
            named: None,
        }
    }

    /// The silent value of something whose error has been reported.
    pub fn error(span: Span) -> Self {
        Value::new(Kind::Error, span)
    }

    /// The same value at another place.
    #[must_use]
    pub fn at(self, span: Span) -> Self {
        Value { span, ..self }
    }

    /// How deep values nest in it: 0 for a plain value.
    pub fn depth(&self) -> u32 {
        match &self.kind {
            Kind::List(list) => list.depth,
            Kind::Map(map) => map.depth,
            _ => 0,
        }
    }

    /// What kind of value it is, for a sentence: "a list".
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "`null`",
            Kind::Bool(_) => "a truth value",
            Kind::Int(_) => "an integer",
            Kind::Float(_) => "a number",
            Kind::String(_) => "text",
            Kind::Duration(_) => "a duration",
            Kind::Size(_) => "a size",
            Kind::List(_) => "a list",
            Kind::Map(_) => "an object",
            Kind::Instance(_) => "an instance",
            Kind::Block(_) => "a block",
            Kind::Output(_) => "a run-time value",
            Kind::Secret(_) => "a secret",
            Kind::Module(_) => "a module",
            Kind::Error => "an error",
        }
    }
}
