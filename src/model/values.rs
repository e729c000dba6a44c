//! Small values that the parts of a pipeline are made of.

use std::fmt;
use std::rc::Rc;

use crate::collections::IndexMap;
use crate::eval::data;
use crate::source::{Span, Spanned};

/// Text with its place.
pub type Text = Spanned<String>;

/// A length of time in seconds, with its place.
pub type Seconds = Spanned<u64>;

/// What a name in `env`, `context` or `parameters` is set to.
#[derive(Clone, Debug, PartialEq)]
pub enum EnvValue {
    /// Known when compiling.
    Text(String),
    /// Known in a run.
    Output(Rc<data::Output>),
    /// Handed over by the stage, never shown.
    Secret(Rc<data::Secret>),
}

/// Text that may be known only in a run: messages, parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Known when compiling.
    Text(String),
    /// Known in a run.
    Output(Rc<data::Output>),
}

/// Names and what they are set to, in the order written.
pub type Env = IndexMap<String, Spanned<EnvValue>>;

/// A condition of a step: `when`.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// What comes before has succeeded (the default).
    Success,
    /// Something before has failed.
    Failure,
    /// In any case.
    Always,
    /// A condition known in a run: an `Output<Bool>`.
    Output(Rc<data::Output>),
    /// The same once its values are known: only a stage meets this.
    Known(bool),
}

/// Names a stage-making thing of the pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ref {
    /// Where it stands.
    pub path: data::BlockPath,
    /// Where the reference was written.
    pub span: Span,
}

impl fmt::Display for Ref {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(formatter)
    }
}
