//! What a name means where it stands: a chain of small frames, innermost first.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::eval::instance::Instance;
use crate::eval::thunk::Thunk;
use crate::eval::value::Value;
use crate::resolve::ModuleId;
use crate::source::Span;

/// The names that an expression sees. Cheap to copy.
#[derive(Clone, Debug)]
pub struct Scope<'a>(Rc<Frame<'a>>);

/// One link of the chain.
#[derive(Debug)]
pub struct Frame<'a> {
    /// What it adds.
    pub names: Names<'a>,
    /// What lies around it; `None` for a module.
    pub parent: Option<Scope<'a>>,
    depth: u32,
    module: ModuleId,
}

/// What a frame adds.
#[derive(Debug)]
pub enum Names<'a> {
    /// The names of a file, and the prelude's.
    Module,
    /// A `let`, a parameter, a name bound by `for` or `match`, `self`.
    Local(&'a SmolStr, Slot<'a>),
    /// The labels of one layer of an instance's body, and its single blocks.
    Body(&'a Instance<'a>, usize),
    /// Within a schema: its fields, blocks and computed members.
    Schema(&'a Instance<'a>),
    /// No name: from here on a function's body, called there.
    Call(Span),
}

/// The value of a local name.
#[derive(Clone, Debug)]
pub enum Slot<'a> {
    /// It is there.
    Value(Value<'a>),
    /// It is found when somebody asks.
    Lazy(Rc<Thunk<'a>>),
}

impl<'a> Scope<'a> {
    /// The names of a module.
    pub fn module(module: ModuleId) -> Self {
        Scope(Rc::new(Frame {
            names: Names::Module,
            parent: None,
            depth: 0,
            module,
        }))
    }

    /// One more frame.
    #[must_use]
    pub fn with(&self, names: Names<'a>) -> Self {
        Scope(Rc::new(Frame {
            names,
            parent: Some(self.clone()),
            depth: self.0.depth + 1,
            module: self.0.module,
        }))
    }

    /// One more name whose value is there.
    #[must_use]
    pub fn bind(&self, name: &'a SmolStr, value: Value<'a>) -> Self {
        if name == "_" {
            return self.clone();
        }
        self.with(Names::Local(name, Slot::Value(value)))
    }

    /// One more name whose value is found when somebody asks.
    #[must_use]
    pub fn bind_lazy(&self, name: &'a SmolStr, thunk: Rc<Thunk<'a>>) -> Self {
        self.with(Names::Local(name, Slot::Lazy(thunk)))
    }

    /// The frames, innermost first.
    pub fn frames(&self) -> impl Iterator<Item = &Frame<'a>> {
        std::iter::successors(Some(&*self.0), |frame| {
            frame.parent.as_ref().map(|parent| &*parent.0)
        })
    }

    /// How many frames there are.
    pub fn depth(&self) -> u32 {
        self.0.depth
    }

    /// The module whose text it is.
    pub fn module_id(&self) -> ModuleId {
        self.0.module
    }

    /// Where the functions were called whose bodies this is in, innermost first.
    pub fn calls(&self) -> impl Iterator<Item = Span> {
        self.frames().filter_map(|frame| match frame.names {
            Names::Call(span) => Some(span),
            _ => None,
        })
    }
}
