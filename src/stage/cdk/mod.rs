//! The AWS CDK: synthesise, look at what came out, deploy it.

mod assembly;
mod compare;
mod manifest;

pub use assembly::{Assembly, AssemblyStack, MissingContext, Parameter};
pub use compare::{Planned, compare};
