//! Stages, edges, waves: what every target and the local runner share.
//!
//! A [`Graph`] has an [`Entry`] for every way in which a pipeline can be started: the default one, one for
//! each distinct pick of environments, one for pull requests. An entry is a tree of [`Stage`]s; edges
//! join siblings only, so that every level of the tree is a graph of its own that a target can nest.
//! The order of everything is that of the program.

mod build;
mod environment;
mod line;
mod names;
mod order;
mod query;
mod stage;
mod synth;
mod verdict;

pub use build::build;
pub use stage::{Condition, Edge, Entry, EntryKind, Graph, Reason, Stage, StageId, StageKind};
pub use synth::synth_groups;
pub use verdict::Ending;

#[cfg(test)]
mod tests;
