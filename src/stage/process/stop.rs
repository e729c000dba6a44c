//! Being told to stop.

use std::fmt::{self, Debug, Formatter};
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::diagnostics::Diagnostic;
use crate::stage::process::wait::poll_until;
use crate::stage::process::{signal_name, system};

/// Whether somebody wants this process to stop. Set once, by a signal or by hand, and never taken back; clones are the same.
#[derive(Clone)]
pub struct Stop {
    shared: Arc<Shared>,
}

struct Shared {
    why: Mutex<Option<String>>,
    /// Hangs up once the writer is gone: whoever polls it wakes up.
    hangs_up: PipeReader,
    writer: Mutex<Option<PipeWriter>>,
}

impl Stop {
    /// One that is set by hand alone.
    pub fn new() -> Result<Self, Diagnostic> {
        let (hangs_up, writer) = io::pipe().map_err(|error| system("a pipe", &error))?;
        Ok(Stop {
            shared: Arc::new(Shared {
                why: Mutex::new(None),
                hangs_up,
                writer: Mutex::new(Some(writer)),
            }),
        })
    }

    /// One that SIGTERM, SIGINT (Ctrl-C) and SIGHUP set. From now on these signals do not end this process.
    pub fn on_signals() -> Result<Self, Diagnostic> {
        let stop = Stop::new()?;
        let mut signals =
            Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(|error| system("signals", &error))?;
        let set = stop.clone();
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    set.set(signal_name(signal));
                    #[cfg(feature = "cloud")]
                    crate::cloud::aws::hurry();
                }
            })
            .map_err(|error| system("a thread", &error))?;
        Ok(stop)
    }

    /// Sets it; the first reason stays.
    pub fn set(&self, why: impl Into<String>) {
        lock(&self.shared.why).get_or_insert_with(|| why.into());
        lock(&self.shared.writer).take();
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        lock(&self.shared.why).is_some()
    }

    /// Why, where it is set: `SIGTERM`.
    pub fn why(&self) -> Option<String> {
        lock(&self.shared.why).clone()
    }

    /// Waits until it is set, at most so long; says whether it is.
    pub fn wait(&self, at_most: Duration) -> bool {
        let until = Instant::now().checked_add(at_most);
        while !self.is_set() && until.is_none_or(|until| Instant::now() < until) {
            if poll_until(&[self.as_fd()], until).is_err() {
                // Cannot happen with a pipe of our own. Waiting is the point, not its precision.
                thread::sleep(Duration::from_millis(10));
            }
        }
        self.is_set()
    }
}

impl AsFd for Stop {
    /// What hangs up (`POLLHUP`) once it is set.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.hangs_up.as_fd()
    }
}

impl Debug for Stop {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Stop({:?})", self.why())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_set_once_and_wakes_who_waits() {
        let stop = Stop::new().unwrap();
        assert!(!stop.wait(Duration::from_millis(1)) && !stop.is_set());
        let waits = stop.clone();
        let waiter = thread::spawn(move || waits.wait(Duration::MAX));
        stop.set("first");
        stop.set("second");
        assert!(waiter.join().unwrap());
        assert!(stop.wait(Duration::ZERO));
        assert_eq!(stop.why().as_deref(), Some("first"));
    }
}
