//! Graph and model in, manifests out; pure.
//!
//! [`argo`] makes the WorkflowTemplates. Two more targets have their place beside it, with the same arrows: `events` (how
//! GitHub starts a pipeline: EventSource, Sensor, Service, CronWorkflow) and `stack` (the pipeline's own
//! CloudFormation stack as a cloud assembly: bucket, roles). They are not here yet, and nothing pretends that they are.

pub mod argo;
mod compiled;
mod hash;
pub mod names;
mod source_map;
mod text;

pub use compiled::{Compilation, Emit, Manifest, Options, check, compile, object_names};
pub use hash::spec_hash;
pub use source_map::{ManifestMap, Piece, Place, SourceMap};
pub use text::{Format, write};
