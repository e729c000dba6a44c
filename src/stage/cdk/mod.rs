//! The AWS CDK: synthesise, look at what came out, deploy it.

mod aftermath;
mod assembly;
mod chain;
mod compare;
mod deploy;
mod diff;
mod manifest;
mod synth;
mod told;

pub use aftermath::Aftermath;
pub use assembly::{Assembly, AssemblyStack, MissingContext, Parameter};
pub use compare::{Planned, compare};
pub use deploy::{Deploy, Deployed, NotDeployed, Wanted, deploy};
pub use diff::{Diff, diff, new};
use synth::without_identity;
pub use synth::{Given, Synth, cli, given, place, synth};
