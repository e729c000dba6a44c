//! Where the output of a child goes.

use std::io::{self, PipeReader, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::stage::log::Stream;
use crate::stage::process::wait::poll_until;

/// How much is read at once.
const CHUNK: usize = 64 * 1024;
/// How much is read after a command has ended: at most what fits into a pipe (its limit on Linux is 1 MiB by default), so that somebody
/// who goes on writing does not hold us.
const DRAIN: usize = 1024 * 1024;
/// How many of the last lines are handed on.
const TAIL: usize = 50;
/// A line that is handed over is cut here.
const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// Takes what a child writes.
pub enum Taker<'a> {
    /// A log.
    Log(Box<Stream>),
    /// Somebody who wants whole lines, without their ends.
    Lines(Lines<'a>),
    /// Somebody who wants whole lines, plain and without secrets.
    Told(Told<'a>),
}

/// Hands over lines, each cut after 1 KiB.
pub struct Told<'a> {
    /// One that is not written.
    stream: Box<Stream>,
    each: &'a mut dyn FnMut(&str) -> Option<Duration>,
    /// When the command's time is over now.
    renewed: Option<Instant>,
}

impl<'a> Told<'a> {
    /// Hands each line of a stream that is not written to this function, which may give the command so much time from then on.
    pub fn new(stream: Stream, each: &'a mut dyn FnMut(&str) -> Option<Duration>) -> Self {
        Told {
            stream: Box::new(stream),
            each,
            renewed: None,
        }
    }

    fn tell(&mut self, lines: &[String]) {
        for line in lines {
            if let Some(time) = (self.each)(line) {
                self.renewed = Instant::now().checked_add(time);
            }
        }
    }
}

/// Cuts bytes into lines.
pub struct Lines<'a> {
    each: &'a mut dyn FnMut(&str),
    line: Vec<u8>,
}

impl<'a> Lines<'a> {
    /// Hands each line to this function.
    pub fn new(each: &'a mut dyn FnMut(&str)) -> Self {
        Lines {
            each,
            line: Vec::new(),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            let room = LONGEST_LINE.saturating_sub(self.line.len());
            self.line.extend(text.iter().take(room));
            if ends {
                self.end();
            }
        }
    }

    fn end(&mut self) {
        let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        (self.each)(&String::from_utf8_lossy(line));
        self.line.clear();
    }
}

impl Taker<'_> {
    fn take(&mut self, bytes: &[u8]) {
        match self {
            // Never fails, see `Stream`.
            Taker::Log(stream) => drop(stream.write_all(bytes)),
            Taker::Lines(lines) => lines.take(bytes),
            Taker::Told(told) => {
                let lines = told.stream.lines(bytes);
                told.tell(&lines);
            }
        }
    }

    /// When the command's time is over, where who takes its lines has given it more.
    pub fn renewed(&mut self) -> Option<Instant> {
        match self {
            Taker::Told(told) => told.renewed.take(),
            Taker::Log(_) | Taker::Lines(_) => None,
        }
    }

    /// Nothing more comes.
    pub fn end(&mut self) {
        match self {
            Taker::Log(stream) => stream.end(),
            Taker::Lines(lines) if !lines.line.is_empty() => lines.end(),
            Taker::Lines(_) => {}
            Taker::Told(told) => {
                let lines = told.stream.last_lines();
                told.tell(&lines);
            }
        }
    }
}

/// The reading end of a child's pipe, and who takes what comes.
pub struct Output<'a> {
    pipe: PipeReader,
    /// Who takes it.
    pub taker: Taker<'a>,
    /// Everybody has closed the other end.
    pub closed: bool,
    buffer: Vec<u8>,
}

impl<'a> Output<'a> {
    /// What comes out of this pipe goes to this taker.
    pub fn new(pipe: PipeReader, taker: Taker<'a>) -> Self {
        Output {
            pipe,
            taker,
            closed: false,
            buffer: vec![0; CHUNK],
        }
    }

    /// Reads once; waits where there is nothing to read. Gives the number of bytes.
    pub fn read(&mut self) -> usize {
        let count = match self.pipe.read(&mut self.buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return 0,
            Err(_) => 0,
            Ok(count) => count,
        };
        self.closed = count == 0;
        self.taker.take(self.buffer.get(..count).unwrap_or(&[]));
        count
    }

    /// Reads what is there already.
    pub fn drain(&mut self) {
        let mut drained = 0;
        while !self.closed && drained < DRAIN && self.is_ready() {
            drained += self.read();
        }
    }

    fn is_ready(&self) -> bool {
        poll_until(&[self.as_fd()], Some(Instant::now())).is_ok_and(|ready| ready == [true])
    }
}

impl Output<'_> {
    /// The last lines of a log, and the rest of it if it goes on; `None` where lines are handed over.
    pub fn into_log(self) -> Option<(Vec<String>, Option<Rest>)> {
        let stream = match self.taker {
            Taker::Log(stream) => stream,
            Taker::Told(told) => return Some((told.stream.tail(TAIL), None)),
            Taker::Lines(_) => return None,
        };
        let tail = stream.tail(TAIL);
        let pipe = self.pipe;
        Some((tail, (!self.closed).then_some(Rest { pipe, stream })))
    }
}

/// The output of what a command has left running.
pub struct Rest {
    pipe: PipeReader,
    stream: Box<Stream>,
}

impl Rest {
    /// Takes it to the log on a thread of its own; what is given back hangs up at the end.
    pub fn read_on(mut self) -> io::Result<Receiver<()>> {
        let (done, end) = channel();
        thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || {
                // Neither fails: what cannot be read has ended, and a log always takes what it is given.
                let _ = io::copy(&mut self.pipe, &mut self.stream);
                drop(self.stream);
                drop(done);
            })?;
        Ok(end)
    }
}

impl AsFd for Output<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_wherever_they_were_cut() {
        let mut found = Vec::new();
        let mut each = |line: &str| found.push(line.to_owned());
        let mut taker = Taker::Lines(Lines::new(&mut each));
        for bytes in [&b"one\ntw"[..], b"o\r\n\nthr", b"\xffee"] {
            taker.take(bytes);
        }
        taker.end();
        assert_eq!(found, ["one", "two", "", "thr\u{fffd}ee"]);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let mut length = 0;
        let mut each = |line: &str| length = line.len();
        let mut taker = Taker::Lines(Lines::new(&mut each));
        for _ in 0..300 {
            taker.take(&[b'x'; CHUNK]);
        }
        taker.end();
        assert_eq!(length, LONGEST_LINE);
    }
}
