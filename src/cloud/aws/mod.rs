//! AWS: one file a service.

mod access;
pub mod cloudformation;
pub mod cloudwatch;
mod failure;
pub(super) mod runtime;
pub mod s3;
pub mod secrets;
pub mod sns;
pub mod sts;

pub use access::{Access, Aws, Profile};
pub use failure::{Cause, Failure};
pub use runtime::hurry;
