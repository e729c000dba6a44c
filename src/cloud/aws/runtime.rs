//! Where futures run.

use std::future::Future;
use std::io;
use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

use crate::cloud::aws::Failure;

/// Two threads: parts of an upload are sent while the next ones are made.
static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("aphex-aws")
        .enable_all()
        .build()
});

/// Waits for a future. Never called from within one.
pub fn wait<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    runtime()?.block_on(future)
}

/// The runtime, for what goes on in the background.
pub fn runtime() -> Result<&'static Runtime, Failure> {
    RUNTIME.as_ref().map_err(Failure::of_system)
}
