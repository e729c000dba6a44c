//! How much a program may ask for. Generous for people, an end for everything else.

use std::cell::Cell;

/// Steps of one evaluation: an expression, an element, a field is a step. They take one to two seconds on a machine of today.
pub const STEPS: u64 = 20_000_000;
/// How deep expressions, calls and blocks that need one another may nest while they are evaluated.
pub const DEPTH: u32 = 6_000;
/// How deep lists and objects may nest in one another.
pub const VALUE_DEPTH: u32 = 200;
/// Bytes of one text.
pub const TEXT: usize = 4 << 20;
/// Elements of one list or entries of one map.
pub const ELEMENTS: usize = 1_000_000;
/// Bytes of all values made by one evaluation, those that are gone included.
pub const MEMORY: u64 = 256 << 20;
/// Values in the evaluated program.
pub const NODES: u64 = 3_000_000;
/// Local names that are in scope at one place.
pub const NAMES: u32 = 4_000;
/// Bytes of a file that is read as data.
pub const DATA_FILE: u64 = 16 << 20;
/// Bytes of all files that one evaluation reads as data.
pub const DATA_FILES: u64 = 64 << 20;
/// How deep data in a file may nest.
pub const DATA_DEPTH: u32 = 128;
/// Values that a YAML file's aliases may stand for, all together.
pub const ALIASES: u64 = 100_000;
/// Bytes of a regular expression once it is compiled.
pub const PATTERN: usize = 1 << 20;
/// Brackets of a regular expression in each other.
pub const PATTERN_NESTING: u32 = 100;
/// Blocks of a program.
pub const BLOCKS: u64 = 200_000;

/// The steps that so many bytes of text take, where they are gone through or compared.
pub fn bytes(count: usize) -> usize {
    count / 64
}

/// The steps that it takes to build what a regular expression or pattern of that length finds things with.
pub fn pattern(length: usize) -> u64 {
    (length as u64).saturating_mul(100).saturating_add(10_000)
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`STEPS`]
    Steps,
    /// [`DEPTH`]
    Depth,
    /// [`MEMORY`]
    Memory,
    /// [`NODES`]
    Nodes,
    /// [`BLOCKS`]
    Blocks,
}

/// Counts what an evaluation uses.
#[derive(Debug, Default)]
pub struct Meter {
    steps: Cell<u64>,
    memory: Cell<u64>,
    nodes: Cell<u64>,
    blocks: Cell<u64>,
    depth: Cell<u32>,
    reached: Cell<Option<Limit>>,
}

impl Meter {
    /// The limit that was reached; everything ends then.
    pub fn reached(&self) -> Option<Limit> {
        self.reached.get()
    }

    /// Counts steps; false where the evaluation is to end.
    pub fn step(&self, count: u64) -> bool {
        self.count(&self.steps, count, STEPS, Limit::Steps)
    }

    /// Counts bytes of values; false where the evaluation is to end.
    pub fn allocate(&self, bytes: usize) -> bool {
        self.count(&self.memory, bytes as u64, MEMORY, Limit::Memory)
    }

    /// Counts values of the evaluated program; false where the evaluation is to end.
    pub fn node(&self) -> bool {
        self.count(&self.nodes, 1, NODES, Limit::Nodes)
    }

    /// Counts a block; false where the evaluation is to end.
    pub fn block(&self) -> bool {
        self.count(&self.blocks, 1, BLOCKS, Limit::Blocks)
    }

    /// Goes one level deeper; false where the evaluation is to end.
    pub fn enter(&self) -> bool {
        let depth = self.depth.get() + 1;
        self.depth.set(depth);
        if depth > DEPTH {
            self.reach(Limit::Depth);
        }
        self.reached.get().is_none()
    }

    /// Comes back up.
    pub fn leave(&self) {
        self.depth.set(self.depth.get().saturating_sub(1));
    }

    /// How many steps were made.
    pub fn steps(&self) -> u64 {
        self.steps.get()
    }

    fn count(&self, counter: &Cell<u64>, more: u64, most: u64, limit: Limit) -> bool {
        let total = counter.get().saturating_add(more);
        counter.set(total);
        if total > most {
            self.reach(limit);
        }
        self.reached.get().is_none()
    }

    fn reach(&self, limit: Limit) {
        if self.reached.get().is_none() {
            self.reached.set(Some(limit));
        }
    }
}
