//! The accounts that a run deploys to: who may deploy there, and whether they are ready for the CDK (9.3).

#[cfg(feature = "cloud")]
mod ask;

pub use crate::target::bootstrap::{DEFAULT_QUALIFIER, Target, targets};
#[cfg(feature = "cloud")]
pub use ask::{Asker, caller, check};
