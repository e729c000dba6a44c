//! What one program writes into a log.

use std::io::{self, Write};

use crate::stage::log::Log;
use crate::stage::log::clean::{Cleaner, Piece};
use crate::stage::log::mask::Masks;
use crate::stage::log::pending::{Pending, Written};
use crate::stage::log::tail::Tail;

/// One source of text: a child's pipe, say. Whole lines are written at once; what is drawn over again by a
/// carriage return counts as a line; what is left at the end is written when the stream is dropped.
///
/// Writing never fails: a log that cannot be written must not fail a stage.
pub struct Stream {
    log: Log,
    number: u64,
    cleaner: Cleaner,
    line: Line,
    tail: Tail,
}

#[derive(Default)]
struct Line {
    pending: Pending,
    /// What was written of this line before.
    plain: String,
    /// The last thing drawn over by a carriage return.
    overdrawn: String,
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
        }
    }

    /// The last lines of this stream, oldest first, as plain text without secrets.
    pub fn tail(&self, count: usize) -> Vec<String> {
        self.tail.last(count)
    }

    /// Writes what is left of a line that has no end.
    pub fn end(&mut self) {
        self.take(&[], true);
    }

    fn take(&mut self, bytes: &[u8], end: bool) {
        let Stream {
            log,
            number,
            cleaner,
            line,
            tail,
        } = self;
        let mut shared = log.shared();
        let mut drawn = String::new();
        let mut lines = Vec::new();
        let mut each = |piece: Piece| line.take(piece, &shared.masks, &mut drawn, &mut lines);
        cleaner.read(bytes, &mut each);
        if end {
            cleaner.end(&mut each);
            if !line.pending.is_empty() || line.begun {
                line.take(Piece::Newline, &shared.masks, &mut drawn, &mut lines);
            }
        }
        for line in lines {
            tail.push(line.clone());
            shared.tail.push(line);
        }
        shared.write(*number, &drawn, line.begun);
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
            Piece::Return => {
                self.write(drawn, |pending, written| pending.end(masks, written));
                drawn.push('\r');
                self.begun = true;
                let plain = std::mem::take(&mut self.plain);
                if !plain.is_empty() {
                    self.overdrawn = plain;
                }
            }
            Piece::Newline => {
                self.write(drawn, |pending, written| pending.end(masks, written));
                drawn.push('\n');
                let plain = std::mem::take(&mut self.plain);
                let overdrawn = std::mem::take(&mut self.overdrawn);
                lines.push(if plain.is_empty() { overdrawn } else { plain });
                self.begun = false;
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
