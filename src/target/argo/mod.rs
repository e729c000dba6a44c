//! Argo Workflows: a WorkflowTemplate for each way to start a pipeline.
//!
//! What the manifests are and why is in `docs/compile.md`.

mod dag;
mod depends;
mod entry;
mod leaf;
pub mod manifest;
mod names;
mod object;
mod plan;
mod pod;
mod share;

#[cfg(test)]
mod tests;

pub use object::{Compiled, Stamp, compile};
