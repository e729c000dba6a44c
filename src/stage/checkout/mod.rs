//! Working trees: a commit, exactly, through the real `git`; and a commit of a working tree as it is.
//!
//! What a repository holds is not trusted. No configuration but our own is read, no hook and no filter runs, only the
//! protocols that a remote needs are spoken, and a name never stands where Git would take it for an option. Credentials are
//! files that Git reads through a helper, for the one host that they are for: they are in no argument, no configuration, no
//! environment and no error.

mod app;
mod at;
mod changes;
mod credentials;
mod failure;
mod fetch;
mod git;
mod lfs;
mod lookup;
mod reference;
mod remote;
mod session;
mod snapshot;
mod submodules;
mod tree;

pub use app::App;
pub use at::files_at;
pub use credentials::Credentials;
pub use git::Git;
pub use lookup::{Changed, Lookup};
pub use remote::Remote;
pub use snapshot::{Snapshot, Wish, snapshot};
pub use tree::{Revision, Wanted, checkout, committed_at, complete};

#[cfg(test)]
mod tests;
