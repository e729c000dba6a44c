//! What one program writes into a log.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::stage::log::Log;
use crate::stage::log::clean::{Cleaner, Piece};
use crate::stage::log::mask::Masks;
use crate::stage::log::pending::{Pending, Written};
use crate::stage::log::tail::Tail;

/// Of a line that is drawn over again and again, states in between are written this far apart.
const BETWEEN_STATES: Duration = Duration::from_secs(15);

/// One source of text: a child's pipe, say. Whole lines are written at once; of a line that is drawn over again and again, as progress
/// bars do, the last state is written, and one in between now and then; what is left at the end is written when the stream is dropped.
///
/// Writing never fails: a log that cannot be written must not fail a stage.
pub struct Stream {
    log: Log,
    number: u64,
    cleaner: Cleaner,
    line: Line,
    tail: Tail,
    /// Nothing of it is written.
    aside: bool,
}

#[derive(Default)]
struct Line {
    pending: Pending,
    /// What was written of this line before.
    plain: String,
    /// What it was when a carriage return came: what follows is drawn over it.
    overdrawn: Option<Written>,
    /// When a state of it was written last, or it was drawn over first.
    shown: Option<Instant>,
    /// A part of this line has been written.
    begun: bool,
}

impl Stream {
    pub(super) fn new(log: Log, number: u64) -> Self {
        Stream {
            log,
            number,
            cleaner: Cleaner::default(),
            line: Line::default(),
            tail: Tail::default(),
            aside: false,
        }
    }

    /// A source of which the log gets nothing: [`Stream::lines`] gives its lines.
    pub(super) fn aside(log: Log) -> Self {
        let mut stream = Stream::new(log, 0);
        stream.aside = true;
        stream
    }

    /// Takes bytes, and gives the lines that end in them: plain text without secrets, each cut after 1 KiB.
    pub fn lines(&mut self, bytes: &[u8]) -> Vec<String> {
        self.take(bytes, false)
    }

    /// The line that has no end, where there is one.
    pub fn last_lines(&mut self) -> Vec<String> {
        self.take(&[], true)
    }

    /// The last lines of this stream, oldest first, as plain text without secrets.
    pub fn tail(&self, count: usize) -> Vec<String> {
        self.tail.last(count)
    }

    /// Writes what is left of a line that has no end.
    pub fn end(&mut self) {
        self.take(&[], true);
    }

    fn take(&mut self, bytes: &[u8], end: bool) -> Vec<String> {
        let Stream {
            log,
            number,
            cleaner,
            line,
            tail,
            aside,
        } = self;
        let mut shared = log.shared();
        let mut drawn = String::new();
        let mut lines = Vec::new();
        let mut each = |piece: Piece| line.take(piece, &shared.masks, &mut drawn, &mut lines);
        cleaner.read(bytes, &mut each);
        if end {
            cleaner.end(&mut each);
            if !line.pending.is_empty() || line.begun || line.overdrawn.is_some() {
                line.take(Piece::Newline, &shared.masks, &mut drawn, &mut lines);
            }
        }
        for line in &lines {
            tail.push(line.clone());
        }
        if !*aside {
            for line in &lines {
                shared.tail.push(line.clone());
            }
            shared.write(*number, &drawn, line.begun);
        }
        lines
    }
}

impl Line {
    fn take(&mut self, piece: Piece, masks: &Masks, drawn: &mut String, lines: &mut Vec<String>) {
        match piece {
            Piece::Style(style) => self.pending.style(style),
            Piece::Character(character) => {
                self.pending.push(character);
                if self.pending.is_long(masks) {
                    self.write(drawn, |pending, written| pending.part(masks, written));
                    self.begun = true;
                }
            }
            // A part of it is written already: it ends there.
            Piece::Return if self.begun => self.take(Piece::Newline, masks, drawn, lines),
            Piece::Return => {
                let mut state = Written::default();
                self.pending.end(masks, &mut state);
                if !state.plain.is_empty() {
                    self.overdrawn = Some(state);
                }
                let shown = self.shown.get_or_insert_with(Instant::now);
                if shown.elapsed() >= BETWEEN_STATES {
                    self.shown = Some(Instant::now());
                    if let Some(state) = self.overdrawn.take() {
                        finish(state, drawn, lines);
                    }
                }
            }
            Piece::Newline => {
                let overdrawn = self.overdrawn.take();
                let mut state = Written {
                    drawn: String::new(),
                    plain: std::mem::take(&mut self.plain),
                };
                self.pending.end(masks, &mut state);
                match overdrawn {
                    Some(before) if state.plain.is_empty() => finish(before, drawn, lines),
                    _ => finish(state, drawn, lines),
                }
                self.begun = false;
                self.shown = None;
            }
        }
    }

    fn write(&mut self, drawn: &mut String, write: impl FnOnce(&mut Pending, &mut Written)) {
        let mut written = Written {
            drawn: std::mem::take(drawn),
            plain: std::mem::take(&mut self.plain),
        };
        write(&mut self.pending, &mut written);
        *drawn = written.drawn;
        self.plain = written.plain;
    }
}

/// Writes the end of a line.
fn finish(state: Written, drawn: &mut String, lines: &mut Vec<String>) {
    drawn.push_str(&state.drawn);
    drawn.push('\n');
    lines.push(state.plain);
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes, false);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.end();
    }
}
