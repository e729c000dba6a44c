//! Run-time values that are known: what a stage gives when it evaluates a program again.

use smol_str::SmolStr;

use crate::collections::HashMap;
use crate::eval::data::RuntimeSource;

/// A run-time value, as a run knows it.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// Text
    String(SmolStr),
    /// An integer
    Int(i64),
    /// A truth value
    Bool(bool),
}

/// The run-time values that are known, by who makes them. What is not here stays an output.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    known: HashMap<RuntimeSource, Known>,
}

impl Bindings {
    /// Nothing is known, as when compiling.
    pub fn new() -> Self {
        Bindings::default()
    }

    /// Adds a value; returns itself, to be chained.
    #[must_use]
    pub fn with(mut self, source: RuntimeSource, value: Known) -> Self {
        self.known.insert(source, value);
        self
    }

    /// The value, where it is known.
    pub fn get(&self, source: &RuntimeSource) -> Option<&Known> {
        self.known.get(source)
    }
}
