//! Graph and model in, manifests out; pure.
//!
//! [`argo`] makes the WorkflowTemplates, [`events`] what starts them (EventSource, Sensor, Service, CronWorkflow), [`kubernetes`] the service
//! accounts and their rights, [`stack`] the pipeline's own CloudFormation stack as a cloud assembly: bucket, roles.

pub mod argo;
pub mod bootstrap;
mod compiled;
pub mod events;
mod hash;
pub mod kubernetes;
pub mod names;
pub mod object;
mod source_map;
pub mod stack;
mod text;

pub use compiled::{Compilation, Emit, Manifest, Options, check, compile, object_names, objects};
pub use hash::spec_hash;
pub use source_map::{ManifestMap, Piece, Place, SourceMap};
pub use text::{Format, write};
