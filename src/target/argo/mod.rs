//! Argo Workflows: a WorkflowTemplate for each way to start a pipeline.
//!
//! What the manifests are and why is in `docs/compile.md`.

mod dag;
mod depends;
mod entry;
mod leaf;
mod limits;
pub mod manifest;
mod names;
mod object;
mod origin;
mod plan;
mod pod;
mod share;
mod start;

#[cfg(test)]
mod semantics;
#[cfg(test)]
mod tests;

pub use leaf::steps;
pub use limits::check;
pub use object::{Compiled, as_object, compile, entry_object_name};
pub use start::start;
