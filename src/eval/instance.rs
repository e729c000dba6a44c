//! Instances of schemas: what was given, layer by layer, and what was found out so far.

use std::cell::{Cell as StdCell, OnceCell, RefCell};
use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::eval::block::{Cell, CellKey};
use crate::eval::data;
use crate::eval::order::Order;
use crate::eval::schemas::SchemaInfo;
use crate::eval::scope::Scope;
use crate::eval::value::{Map, Value};
use crate::source::Span;
use crate::syntax::ast::{Assert, Block, Body, Expr};

/// An instance of a schema. Nothing in it is evaluated before somebody asks.
#[derive(Debug)]
pub struct Instance<'a> {
    /// Of what.
    pub schema: &'a SchemaInfo<'a>,
    /// The block that it is the content of; `None` for a value that is no block.
    pub cell: Option<&'a Cell<'a>>,
    /// What was given, the first first; later ones lie over it.
    pub layers: Vec<Layer<'a>>,
    /// The block or expression as a whole.
    pub span: Span,
    /// Fields that were asked for and are not the same everywhere, by their index in the schema.
    pub fields: Asked<'a>,
    /// Computed members that were asked for, by their index in the schema.
    pub members: Asked<'a>,
    /// Its blocks by key, as far as somebody asked for them.
    pub cells: RefCell<IndexMap<CellKey, &'a Cell<'a>>>,
    /// Its blocks in order, once all are known.
    pub order: OnceCell<Order<'a>>,
    /// What it is in the evaluated tree, for a value that is no block.
    pub frozen: OnceCell<Rc<data::Object>>,
    /// Whether another instance was made of it: then that one is looked at as a whole, and this one may lack what that has.
    pub base: StdCell<bool>,
}

/// Members that somebody asked for, by index.
pub type Asked<'a> = RefCell<Vec<(usize, Found<'a>)>>;

/// How far a field or computed member is that somebody asked for.
#[derive(Clone, Debug)]
pub enum Found<'a> {
    /// It is being found out.
    Busy,
    /// It is there, and whether the program gave it.
    Done(Value<'a>, bool),
}

impl<'a> Found<'a> {
    /// How far a member is; `None` where nobody has asked.
    pub fn of(asked: &Asked<'a>, index: usize) -> Option<Self> {
        let asked = asked.borrow();
        let mut found = asked.iter();
        let (_, found) = found.find(|(other, _)| *other == index)?;
        Some(found.clone())
    }

    /// Notes how far a member is.
    pub fn note(asked: &Asked<'a>, index: usize, found: Self) {
        let mut asked = asked.borrow_mut();
        match asked.iter_mut().find(|(other, _)| *other == index) {
            Some((_, slot)) => *slot = found,
            None => asked.push((index, found)),
        }
    }
}

/// What was given at one place: a body, or data that was read.
#[derive(Clone, Debug)]
pub struct Layer<'a> {
    /// What was given.
    pub given: Given<'a>,
    /// What the body holds once `for` and `if` are unrolled.
    pub content: OnceCell<Rc<Content<'a>>>,
    /// What the body holds outside of `for` and `if`.
    pub direct: OnceCell<Rc<Content<'a>>>,
}

/// What a layer is made of.
#[derive(Clone, Debug)]
pub enum Given<'a> {
    /// A body, and the names around it.
    Body(&'a Body, Scope<'a>),
    /// An object, for `as`.
    Data(Rc<Map<'a>>),
}

/// The items of a body, each with the names that it sees.
#[derive(Debug, Default)]
pub struct Content<'a> {
    /// Its fields: name, place of the name, value.
    pub fields: Vec<GivenField<'a>>,
    /// Its blocks, in order.
    pub blocks: Vec<GivenBlock<'a>>,
    /// The kinds of blocks without a label, each once.
    pub unlabelled: Vec<&'a SmolStr>,
    /// Its asserts.
    pub asserts: Vec<(&'a Assert, Scope<'a>)>,
    /// Its `let`s, to be asked for in the end.
    pub lets: Vec<Rc<crate::eval::thunk::Thunk<'a>>>,
    /// Whether a part of it could not be read or had an error.
    pub partial: bool,
}

/// A field that a body gives.
#[derive(Clone, Debug)]
pub struct GivenField<'a> {
    /// Its name.
    pub name: &'a SmolStr,
    /// Where the name is.
    pub span: Span,
    /// Where the whole of it is.
    pub item: Span,
    /// Its value.
    pub value: &'a Expr,
    /// The names that the value sees.
    pub scope: Scope<'a>,
}

/// A block that a body gives.
#[derive(Clone, Debug)]
pub struct GivenBlock<'a> {
    /// The block.
    pub block: &'a Block,
    /// Its label, computed; `None` where it has none.
    pub label: Option<SmolStr>,
    /// The names that it sees.
    pub scope: Scope<'a>,
}

impl<'a> Layer<'a> {
    /// A layer of which nothing is known yet.
    pub fn new(given: Given<'a>) -> Self {
        Layer {
            given,
            content: OnceCell::new(),
            direct: OnceCell::new(),
        }
    }
}

impl<'a> Instance<'a> {
    /// An instance of which nothing was asked for yet.
    pub fn new(
        schema: &'a SchemaInfo<'a>,
        cell: Option<&'a Cell<'a>>,
        given: Vec<Given<'a>>,
        span: Span,
    ) -> Self {
        Instance {
            schema,
            cell,
            layers: given.into_iter().map(Layer::new).collect(),
            span,
            fields: Asked::default(),
            members: Asked::default(),
            cells: RefCell::new(IndexMap::default()),
            order: OnceCell::new(),
            frozen: OnceCell::new(),
            base: StdCell::new(false),
        }
    }

    /// What was given, to make another instance of it.
    pub fn given(&self) -> Vec<Given<'a>> {
        self.base.set(true);
        self.layers
            .iter()
            .map(|layer| layer.given.clone())
            .collect()
    }

    /// How it is called in a message: the block's path, else the schema's name.
    pub fn title(&self) -> String {
        match self.cell {
            Some(cell) => cell.path().to_string(),
            None => self.schema.name.to_string(),
        }
    }

    /// Where somebody would look for it: the label or kind of the block, else the expression.
    pub fn name_span(&self) -> Span {
        self.cell.map_or(self.span, |cell| cell.name_span())
    }
}
