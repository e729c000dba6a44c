//! What people do with pipelines: run them on this machine.

pub mod history;
pub mod run;
