//! What happens in a run: the same code in a pod and on one machine.
//!
//! Its folders, lowest first, each using those before it alone, are the modules below. Everything here
//! is synchronous: a stage waits for one thing at a time, and threads do for the rest. A failure is a
//! [`Diagnostic`](crate::diagnostics::Diagnostic), with its place in the pipeline where it has one.

pub mod accounts;
pub mod apply;
pub mod archive;
pub mod cdk;
pub mod checkout;
pub mod container;
pub mod identity;
pub mod log;
#[cfg(feature = "cloud")]
pub mod notify;
pub mod process;
pub mod record;
pub mod reports;
pub mod store;
pub mod work;

mod folders;
#[cfg(feature = "cloud")]
pub mod launch;
#[cfg(feature = "cloud")]
pub mod nodes;
mod part;
mod run_info;
pub mod schedule;
#[cfg(feature = "cloud")]
mod seers;
pub mod submit;
mod summary;
mod task;

pub use folders::Folders;
pub use run_info::{From, RunInfo, address, github, is_commit, is_name};
#[cfg(feature = "cloud")]
pub use seers::Seers;
pub use summary::{Standing, run_record};
pub use task::{Task, path_of};
