//! Where a stage's text goes: what Aphex says, and what the programs write that it runs.
//!
//! Text gets safe on the way, in this order:
//!
//! 1. escape sequences other than colours, and control characters, are dropped; invalid UTF-8 is replaced;
//! 2. secrets are hidden, wherever they were cut into writes and whatever colours stand within them;
//! 3. whole lines of one source are written at once, so that those of several do not mix.
//!
//! Memory does not grow with what is written, nor with the length of a line.

mod clean;
mod forms;
mod mask;
mod pending;
mod stream;
mod style;
mod tail;
#[cfg(test)]
mod tests;

use std::fmt::{self, Debug, Formatter};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::stage::log::mask::Masks;
use crate::stage::log::tail::Tail;

pub use forms::SHORTEST as SHORTEST_SECRET;
pub use stream::Stream;

/// A log. Clones are the same log.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    sinks: Vec<Box<dyn Write + Send>>,
    masks: Masks,
    tail: Tail,
    streams: u64,
    /// The stream that has written the beginning of a line and not its end.
    open: Option<u64>,
    /// Why sinks were given up.
    lost: Vec<io::Error>,
}

impl Log {
    /// A log that writes the same to all of these.
    pub fn new(sinks: Vec<Box<dyn Write + Send>>) -> Self {
        let shared = Shared {
            sinks,
            masks: Masks::default(),
            tail: Tail::default(),
            streams: 0,
            open: None,
            lost: Vec::new(),
        };
        Log {
            shared: Arc::new(Mutex::new(shared)),
        }
    }

    /// Writes a line of Aphex's own, or several.
    pub fn line(&self, text: &str) {
        let mut stream = self.stream();
        // Never fails, see `Stream`.
        let _ = stream.write_all(text.as_bytes());
        let _ = stream.write_all(b"\n");
    }

    /// A new source of text.
    pub fn stream(&self) -> Stream {
        let mut shared = self.shared();
        shared.streams += 1;
        let number = shared.streams;
        drop(shared);
        Stream::new(self.clone(), number)
    }

    /// A new source of text of which nothing is written: whoever reads its lines says what the log has of them.
    pub fn aside(&self) -> Stream {
        Stream::aside(self.clone())
    }

    /// From now on this text is written as `***`, and so are each line of it, its base64 (also within other text), its URL-encoded form, and as a
    /// string of JSON. `false` where no line of it has [`SHORTEST_SECRET`] characters: hiding every `1` would leave nothing to read.
    #[must_use = "a secret that is too short to be hidden should be reported"]
    pub fn hide(&self, secret: &str) -> bool {
        self.shared().masks.hide(secret)
    }

    /// The text with every secret hidden: for what goes elsewhere, an error or a record.
    pub fn mask(&self, text: &str) -> String {
        self.shared().masks.mask(text)
    }

    /// The last lines, oldest first (100 are kept), as plain text; each cut after 1 KiB.
    pub fn tail(&self, count: usize) -> Vec<String> {
        self.shared().tail.last(count)
    }

    /// Why some of the sinks are no longer written to. A broken log does not fail what it is about.
    pub fn lost(&self) -> Vec<String> {
        self.shared()
            .lost
            .iter()
            .map(io::Error::to_string)
            .collect()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        // A thread that panicked while it wrote leaves the state whole.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Writes text of a stream; `open` says that its last line goes on.
    fn write(&mut self, stream: u64, text: &str, open: bool) {
        if text.is_empty() {
            return;
        }
        let interrupts = self.open.is_some_and(|other| other != stream);
        let parts: &[&[u8]] = match interrupts {
            true => &[b"\n", text.as_bytes()],
            false => &[text.as_bytes()],
        };
        let lost = &mut self.lost;
        self.sinks.retain_mut(|sink| {
            let written = parts.iter().try_for_each(|part| sink.write_all(part));
            match written.and_then(|()| sink.flush()) {
                Ok(()) => true,
                // Who no longer reads misses nothing.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => false,
                Err(error) => {
                    lost.push(error);
                    false
                }
            }
        });
        self.open = open.then_some(stream);
    }
}

impl Debug for Log {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}

/// A sink that keeps what is written; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Memory {
    /// A log that is kept in memory, and its text.
    pub fn log() -> (Log, Memory) {
        let memory = Memory::default();
        (Log::new(vec![Box::new(memory.clone())]), memory)
    }

    /// What has been written.
    pub fn text(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
