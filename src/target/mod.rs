//! Graph and model in, manifests out; pure.
//!
//! [`argo`] makes the WorkflowTemplates. Two more targets have their place beside it, with the same arrows: `events` (how
//! GitHub starts a pipeline: EventSource, Sensor, Service, CronWorkflow) and `stack` (the pipeline's own
//! CloudFormation stack as a cloud assembly: bucket, roles). They are not here yet, and nothing pretends that they are.

pub mod argo;
mod text;

pub use text::{Format, write};
