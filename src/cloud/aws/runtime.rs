//! Where futures run.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::cloud::aws::Failure;

/// Two threads: parts of an upload are sent while the next ones are made.
static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("aphex-aws")
        .enable_all()
        .build()
});

/// Whether this process is told to end.
static ENDS: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));
/// So long a call may still take then: a pod has 30 seconds, and what came of its stage is to be written.
const LAST: Duration = Duration::from_secs(5);

/// From now on no call takes long: this process is told to end.
pub fn hurry() {
    ENDS.send_replace(true);
}

/// Waits for a future. Never called from within one.
pub fn wait<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    runtime()?.block_on(async {
        let (mut future, mut late) = (pin!(future), pin!(late()));
        poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => late.as_mut().poll(context).map(|()| Err(Failure::of_end())),
        })
        .await
    })
}

/// Comes to its end a while after this process is told to end.
async fn late() {
    // The sender is there as long as the process.
    let _ = ENDS.subscribe().wait_for(|ends| *ends).await;
    tokio::time::sleep(LAST).await;
}

/// The runtime, for what goes on in the background.
pub fn runtime() -> Result<&'static Runtime, Failure> {
    RUNTIME.as_ref().map_err(Failure::of_system)
}
