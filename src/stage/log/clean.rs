//! Bytes of a program → text that may be shown: no escape sequence but colours gets through.

use vte::{Params, Parser, Perform};

use crate::diagnostics::safe;
use crate::stage::log::style::Style;

/// A piece of what a program wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A character that can be shown; tab among them.
    Character(char),
    /// From here on text is drawn so.
    Style(Style),
    /// The line ends.
    Newline,
    /// Back to the line's first column: what follows is drawn over it, as progress bars do.
    Return,
}

/// Reads bytes and gives [`Piece`]s. Its memory does not grow with what it reads.
#[derive(Default)]
pub struct Cleaner {
    /// The beginning of a character whose end has not come.
    cut: Vec<u8>,
    parser: Parser,
    state: State,
}

#[derive(Default)]
struct State {
    style: Style,
    /// A carriage return was read, and it is not known yet whether a line feed follows.
    returned: bool,
    /// The parser has passed a line feed on.
    fed: bool,
}

impl Cleaner {
    /// Reads bytes; sequences and characters may be cut anywhere.
    pub fn read(&mut self, bytes: &[u8], mut each: impl FnMut(Piece)) {
        let mut cut = std::mem::take(&mut self.cut);
        let bytes = match cut.is_empty() {
            true => bytes,
            false => {
                cut.extend_from_slice(bytes);
                &cut
            }
        };
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.text(chunk.valid(), &mut each);
            let invalid = chunk.invalid();
            if chunks.peek().is_none() && is_cut(invalid) {
                self.cut = invalid.to_vec();
            } else if !invalid.is_empty() {
                self.text("\u{fffd}", &mut each);
            }
        }
    }

    /// The end: a character that was cut off is shown as replaced.
    pub fn end(&mut self, each: impl FnMut(Piece)) {
        if !std::mem::take(&mut self.cut).is_empty() {
            self.text("\u{fffd}", each);
        }
    }

    fn text(&mut self, text: &str, mut each: impl FnMut(Piece)) {
        for line in text.split_inclusive('\n') {
            self.state.fed = false;
            let mut performer = Performer {
                state: &mut self.state,
                each: &mut each,
            };
            self.parser.advance(&mut performer, line.as_bytes());
            if line.ends_with('\n') {
                if !performer.state.fed {
                    performer.push(Piece::Newline);
                }
                // A sequence that was never closed (a window's title, say) ends with its line.
                self.parser = Parser::new();
            }
        }
    }
}

/// Whether bytes are the beginning of a character.
fn is_cut(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

struct Performer<'a, F> {
    state: &'a mut State,
    each: F,
}

impl<F: FnMut(Piece)> Performer<'_, F> {
    fn push(&mut self, piece: Piece) {
        if std::mem::take(&mut self.state.returned) && piece != Piece::Newline {
            (self.each)(Piece::Return);
        }
        (self.each)(piece);
    }
}

impl<F: FnMut(Piece)> Perform for Performer<'_, F> {
    fn print(&mut self, character: char) {
        match character {
            '\u{7f}' => {}
            _ => match safe::replacement(character) {
                None => self.push(Piece::Character(character)),
                Some(mark) => mark
                    .chars()
                    .for_each(|shown| self.push(Piece::Character(shown))),
            },
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' => {
                self.state.fed = true;
                self.push(Piece::Newline);
            }
            b'\r' => self.state.returned = true,
            b'\t' => self.push(Piece::Character('\t')),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, marks: &[u8], ignore: bool, action: char) {
        if action == 'm' && marks.is_empty() && !ignore {
            let style = self.state.style.after(params);
            if style != self.state.style {
                self.state.style = style;
                // No `push`: it is no text that would be drawn over the line.
                (self.each)(Piece::Style(style));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown: styles as their sequences, a return as `⏎`.
    fn shown(chunks: &[&[u8]]) -> String {
        let mut text = String::new();
        let mut each = |piece: Piece| match piece {
            Piece::Character(character) => text.push(character),
            Piece::Style(style) => text.push_str(&style.to_string()),
            Piece::Newline => text.push('\n'),
            Piece::Return => text.push('⏎'),
        };
        let mut cleaner = Cleaner::default();
        for chunk in chunks {
            cleaner.read(chunk, &mut each);
        }
        cleaner.end(&mut each);
        text
    }

    #[test]
    fn colours_pass_in_one_notation() {
        assert_eq!(shown(&[b"\x1b[31mred\x1b[39m."]), "\x1b[0;31mred\x1b[0m.");
        assert_eq!(
            shown(&[b"\x1b[1;4m", b"x\x1b[22mx"]),
            "\x1b[0;1;4mx\x1b[0;4mx"
        );
        assert_eq!(
            shown(&[b"\x1b[38;5;200mx\x1b[m"]),
            "\x1b[0;38;5;200mx\x1b[0m"
        );
        assert_eq!(shown(&[b"\x1b[48:2::1:2:3mx"]), "\x1b[0;48;2;1;2;3mx");
        assert_eq!(shown(&[b"\x1b[95;106mx"]), "\x1b[0;95;106mx");
    }

    #[test]
    fn concealed_and_blinking_text_is_ordinary_text() {
        assert_eq!(shown(&[b"\x1b[8mhidden\x1b[5mblink"]), "hiddenblink");
    }

    #[test]
    fn every_other_sequence_is_dropped() {
        for sequence in [
            "\x1b[2J",
            "\x1b[1A",
            "\x1b[2K",
            "\x1b[?25l",
            "\x1b[>4;1m",
            "\x1b]0;title\x07",
            "\x1b]0;title\x1b\\",
            "\x1b]8;;https://example.com\x1b\\",
            "\x1bP1$r\x1b\\",
            "\x1b_apc\x1b\\",
            "\x1b^pm\x1b\\",
            "\x1bXsos\x1b\\",
            "\x1bc",
            "\x1b7",
            "\x1b(0",
            "\x07",
            "\x08",
            "\0",
            "\x7f",
            "\u{9b}",
            "\u{85}",
            "\x0e",
            "\x0b",
            "\x0c",
        ] {
            let text = format!("a{sequence}b");
            assert_eq!(shown(&[text.as_bytes()]), "ab", "{sequence:?}");
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            assert_eq!(shown(&bytes), "ab", "{sequence:?} byte by byte");
        }
    }

    #[test]
    fn an_open_sequence_swallows_no_more_than_its_line() {
        assert_eq!(shown(&[b"a\x1b]0;title\nb"]), "a\nb");
        assert_eq!(shown(&[b"a\x1bPdata\nb\n"]), "a\nb\n");
        assert_eq!(shown(&[b"a\x1b[3\nb"]), "a\nb");
    }

    #[test]
    fn invalid_bytes_are_shown_as_replaced() {
        assert_eq!(shown(&[b"a\xff\xfeb"]), "a\u{fffd}\u{fffd}b");
        assert_eq!(shown(&["gr\u{f6}".as_bytes(), b"\xc3"]), "gr\u{f6}\u{fffd}");
        assert_eq!(shown(&[b"\xe2\x82", b"\xac"]), "€");
        assert_eq!(shown(&[b"\xe2\x82\n"]), "\u{fffd}\n");
    }

    #[test]
    fn the_direction_of_writing_cannot_be_turned() {
        assert_eq!(shown(&["a\u{202e}b".as_bytes()]), "a<U+202E>b");
    }

    #[test]
    fn windows_line_ends_are_line_ends_and_lone_returns_are_kept() {
        assert_eq!(shown(&[b"a\r\nb\r", b"\nc"]), "a\nb\nc");
        assert_eq!(shown(&[b"10%\r20%\r\r\n"]), "10%⏎20%\n");
        assert_eq!(shown(&[b"at the end\r"]), "at the end");
    }
}
