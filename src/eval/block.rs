//! Blocks of a program: references that carry no value until somebody looks into them.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use smol_str::SmolStr;

use crate::eval::data::{self, BlockPath, Step};
use crate::eval::instance::{GivenBlock, Instance};
use crate::eval::schemas::SchemaInfo;
use crate::source::Span;
use crate::syntax::ast::Label;
use crate::types::Type;

/// Names a block in the instance that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CellKey {
    /// The kind.
    pub kind: SmolStr,
    /// The label.
    pub label: Option<SmolStr>,
    /// Which of several with the same kind and label, where that is allowed.
    pub ordinal: u32,
}

/// A block of the program.
#[derive(Debug)]
pub struct Cell<'a> {
    /// The instance that holds it; `None` for a block at the top of a file.
    pub parent: Option<&'a Instance<'a>>,
    /// Its name there.
    pub key: CellKey,
    /// What it is declared to be made of.
    pub makes: Makes<'a>,
    /// What was written for it, the first first; later ones lie over it.
    pub sources: RefCell<Vec<GivenBlock<'a>>>,
    /// How far it is.
    pub state: RefCell<CellState<'a>>,
    /// Where it stands, once somebody has asked.
    path: OnceCell<BlockPath>,
    /// What it is in the evaluated tree.
    pub frozen: OnceCell<Rc<data::Object>>,
}

/// What a block is declared to be made of.
#[derive(Clone, Copy, Debug)]
pub enum Makes<'a> {
    /// An instance of a schema.
    Schema(&'a SchemaInfo<'a>),
    /// A run-time value of that type.
    Output(&'a Type),
}

/// How far a block is.
#[derive(Clone, Copy, Debug)]
pub enum CellState<'a> {
    /// Nobody has asked.
    Todo,
    /// It is being found out.
    Busy,
    /// It is there; `None` where it has an error.
    Done(Option<&'a Instance<'a>>),
}

impl<'a> Cell<'a> {
    /// A block of which nothing was asked for yet.
    pub fn new(parent: Option<&'a Instance<'a>>, key: CellKey, makes: Makes<'a>) -> Self {
        Cell {
            parent,
            key,
            makes,
            sources: RefCell::new(Vec::new()),
            state: RefCell::new(CellState::Todo),
            path: OnceCell::new(),
            frozen: OnceCell::new(),
        }
    }

    /// Notes what was written for it. Most blocks are written once, so there is room for one more and no further.
    pub fn add_source(&self, given: GivenBlock<'a>) {
        let mut sources = self.sources.borrow_mut();
        sources.reserve_exact(1);
        sources.push(given);
    }

    /// Where it stands.
    pub fn path(&self) -> BlockPath {
        let path = self.path.get_or_init(|| {
            let mut steps: Vec<Step> = self.line().map(Cell::step).collect();
            steps.reverse();
            BlockPath(steps.into())
        });
        path.clone()
    }

    /// Whether it stands in a pipeline, however deep.
    pub fn is_rooted(&self) -> bool {
        let top = self.line().last();
        top.is_none_or(|top| top.parent.is_none())
    }

    /// The label, else the kind.
    pub fn name(&self) -> &str {
        self.key.label.as_deref().unwrap_or(&self.key.kind)
    }

    /// The place of its label, else of its kind; of one that is not written, of the block around it.
    pub fn name_span(&self) -> Span {
        let sources = self.sources.borrow();
        match sources.first() {
            Some(source) => match &source.block.label {
                Some(label) => Label::span(label),
                None => source.block.kind.span,
            },
            None => self.around().unwrap_or_else(nowhere),
        }
    }

    /// The block as a whole; of one that is not written, the name of the block around it.
    pub fn span(&self) -> Span {
        let sources = self.sources.borrow();
        match sources.first() {
            Some(source) => source.block.span,
            None => self.around().unwrap_or_else(nowhere),
        }
    }

    fn around(&self) -> Option<Span> {
        self.parent.map(Instance::name_span)
    }

    fn step(&self) -> Step {
        Step {
            kind: self.key.kind.clone(),
            label: self.key.label.clone(),
        }
    }

    /// This block, then those around it.
    fn line(&self) -> impl Iterator<Item = &Cell<'a>> {
        std::iter::successors(Some(self), |cell| {
            cell.parent.and_then(|parent| parent.cell)
        })
    }
}

/// A place for what stands nowhere.
fn nowhere() -> Span {
    Span::new(crate::source::SourceId(0), 0, 0)
}
