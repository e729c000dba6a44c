//! What people do with pipelines: run them on this machine, have them in a cluster, look at past runs.

pub mod history;
#[cfg(feature = "cloud")]
pub mod install;
#[cfg(feature = "cloud")]
pub mod live;
pub mod run;
