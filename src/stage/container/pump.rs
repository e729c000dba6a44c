//! What is written in a container, from its standard output to the log.

use std::io::{self, PipeReader, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::stage::log::{Log, Stream};

/// How long the end of a command's output is waited for.
const LAST_OUTPUT: Duration = Duration::from_secs(2);
/// How many of the last lines are handed on.
const TAIL: usize = 50;

/// Reads on a thread of its own, as long as the container lives. Commands share one pipe, so that what one leaves running can
/// go on writing; a mark in it says where one has ended.
#[derive(Clone)]
pub struct Pump {
    shared: Arc<(Mutex<State>, Condvar)>,
    mark: Arc<str>,
}

struct State {
    stream: Stream,
    log: Log,
    /// The last lines of a command that has ended.
    ended: Option<Vec<String>>,
    closed: bool,
}

impl Pump {
    /// Reads this pipe. `mark` is what no command writes.
    pub fn start(pipe: PipeReader, log: &Log, mark: &str) -> io::Result<Pump> {
        let state = State {
            stream: log.stream(),
            log: log.clone(),
            ended: None,
            closed: false,
        };
        let pump = Pump {
            shared: Arc::new((Mutex::new(state), Condvar::new())),
            mark: mark.into(),
        };
        let own = pump.clone();
        thread::Builder::new()
            .name("container".to_owned())
            .spawn(move || own.read(pipe))?;
        Ok(pump)
    }

    fn read(&self, mut pipe: PipeReader) {
        let mut chunk = vec![0; 64 * 1024];
        let mut held: Vec<u8> = Vec::new();
        loop {
            let count = match pipe.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) | Ok(0) => break,
                Ok(count) => count,
            };
            held.extend_from_slice(chunk.get(..count).unwrap_or_default());
            held = self.pass(&held);
        }
        let mut state = self.state();
        // Never fails, see `Stream`.
        let _ = state.stream.write_all(&held);
        state.stream.end();
        state.closed = true;
        self.shared.1.notify_all();
    }

    /// Passes on what is there; gives back what may be the beginning of a mark.
    fn pass(&self, bytes: &[u8]) -> Vec<u8> {
        let mark = self.mark.as_bytes();
        let mut state = self.state();
        let mut rest = bytes;
        while let Some(at) = rest.windows(mark.len()).position(|part| part == mark) {
            let (before, after) = rest.split_at(at);
            let _ = state.stream.write_all(before);
            state.stream.end();
            state.ended = Some(state.stream.tail(TAIL));
            state.stream = state.log.stream();
            self.shared.1.notify_all();
            rest = after.get(mark.len()..).unwrap_or_default();
        }
        let longest = rest.len().min(mark.len().saturating_sub(1));
        let held = (0..=longest)
            .rev()
            .find(|length| rest.ends_with(mark.get(..*length).unwrap_or_default()))
            .unwrap_or(0);
        let (now, later) = rest.split_at(rest.len() - held);
        let _ = state.stream.write_all(now);
        later.to_vec()
    }

    /// Waits until something was written, at most so long; `false` where the container has ended before.
    pub fn wait_for_first_mark(&self, is_over: impl Fn() -> bool) -> bool {
        loop {
            let state = self.state();
            let waited =
                self.shared
                    .1
                    .wait_timeout_while(state, Duration::from_millis(50), |state| {
                        state.ended.is_none() && !state.closed
                    });
            let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if state.ended.is_some() {
                return true;
            }
            if state.closed || is_over() {
                return false;
            }
        }
    }

    /// What is written from now on is another command's.
    pub fn begin(&self) {
        let mut state = self.state();
        state.ended = None;
        state.stream = state.log.stream();
    }

    /// Waits for the mark of a command that has ended, and gives its last lines.
    pub fn end(&self) -> Vec<String> {
        let state = self.state();
        let waited = self
            .shared
            .1
            .wait_timeout_while(state, LAST_OUTPUT, |state| {
                state.ended.is_none() && !state.closed
            });
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if let Some(tail) = state.ended.take() {
            return tail;
        }
        state.stream.end();
        state.stream.tail(TAIL)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Pump {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pump")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::log::Memory;

    #[test]
    fn marks_are_found_wherever_they_are_cut_and_never_shown() {
        for size in 1..12 {
            let (log, text) = Memory::log();
            let (reader, mut writer) = io::pipe().unwrap();
            let pump = Pump::start(reader, &log, "<<END>>").unwrap();
            pump.begin();
            for piece in b"one <<E\ntwo<<END>>".chunks(size) {
                writer.write_all(piece).unwrap();
                thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(pump.end(), ["one <<E", "two"], "{size}");
            pump.begin();
            writer.write_all(b"<<END><<END>>late\n").unwrap();
            assert_eq!(pump.end(), ["<<END>"], "{size}");
            drop(writer);
            while !pump.state().closed {
                thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(text.text(), "one <<E\ntwo\n<<END>\nlate\n", "{size}");
        }
    }
}
