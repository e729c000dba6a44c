//! The text of a line that is not written yet.

use std::ops::Range;

use crate::stage::log::mask::{MASK, Masks, merge};
use crate::stage::log::style::Style;

/// More of a line than this, in bytes, is not held back, nor twice the longest secret.
const LONGEST: usize = 16 * 1024;
/// What is kept of a line in [`Written::plain`], in bytes.
pub const LONGEST_PLAIN: usize = 1024;

/// A line, or the part of a very long one that is not written yet.
#[derive(Debug, Default)]
pub struct Pending {
    text: String,
    /// From this byte on, text has this style; ascending.
    styles: Vec<(usize, Style)>,
    /// What is drawn where the text goes on.
    shown: Style,
    /// So many bytes at the front belong to a secret whose beginning has been written as hidden.
    covered: usize,
    /// The last byte written was of a secret.
    in_mask: bool,
}

/// What of a line has been written: as it was drawn, and its plain text (the first [`LONGEST_PLAIN`] bytes, then `…`).
#[derive(Debug, Default)]
pub struct Written {
    /// With sequences for its colours.
    pub drawn: String,
    /// Without.
    pub plain: String,
}

impl Pending {
    /// Adds a character.
    pub fn push(&mut self, character: char) {
        self.text.push(character);
    }

    /// Says how text is drawn from here on.
    pub fn style(&mut self, style: Style) {
        let at = self.text.len();
        match self.styles.last_mut() {
            Some(last) if last.0 == at => last.1 = style,
            _ => self.styles.push((at, style)),
        }
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether it is so long that a part of it should be written.
    pub fn is_long(&self, masks: &Masks) -> bool {
        self.text.len() >= LONGEST.max(2 * masks.longest())
    }

    /// Writes the rest of the line; ends with plain style, and the next line has the style of this one's end.
    pub fn end(&mut self, masks: &Masks, into: &mut Written) {
        let style = self.styles.last().map_or(self.shown, |(_, style)| *style);
        self.write(masks, self.text.len(), into);
        if self.shown != Style::PLAIN {
            into.drawn.push_str(&Style::PLAIN.to_string());
        }
        *self = Pending::default();
        self.style(style);
    }

    /// Writes as much as can be known not to be the beginning of a secret.
    pub fn part(&mut self, masks: &Masks, into: &mut Written) {
        let length = self.text.len();
        let safe = length.saturating_sub(masks.longest().saturating_sub(1));
        self.write(masks, self.text.floor_char_boundary(safe), into);
    }

    /// Writes the text up to `cut`. Every secret that begins before it has its end in the text.
    fn write(&mut self, masks: &Masks, cut: usize, into: &mut Written) {
        if cut == 0 {
            return;
        }
        let found = masks.find(&self.text);
        let hidden = merge(
            (self.covered > 0)
                .then_some(0..self.covered)
                .into_iter()
                .chain(found),
        );
        let mut at = 0;
        for Range { start, end } in hidden.into_iter().take_while(|range| range.start < cut) {
            self.draw(at..start, into);
            if start > 0 || !self.in_mask {
                self.style_at(start, into);
                into.drawn.push_str(MASK);
                keep(&mut into.plain, MASK);
            }
            at = end;
        }
        self.draw(at.min(cut)..cut, into);
        self.covered = at.saturating_sub(cut);
        self.in_mask = at >= cut;

        let (before, after): (Vec<_>, Vec<_>) =
            self.styles.drain(..).partition(|(at, _)| *at <= cut);
        let current = before.last().map(|(_, style)| (0, *style));
        let after = after.into_iter().map(|(at, style)| (at - cut, style));
        self.styles = current.into_iter().chain(after).collect();
        self.text.drain(..cut);
    }

    /// Writes a range of the text as it is.
    fn draw(&mut self, range: Range<usize>, into: &mut Written) {
        let mut at = range.start;
        let first = self.styles.partition_point(|(place, _)| *place <= at);
        let inside: Vec<usize> = self
            .styles
            .iter()
            .skip(first)
            .map(|(place, _)| *place)
            .take_while(|place| *place < range.end)
            .collect();
        for end in inside.into_iter().chain([range.end]) {
            let text = self.text.get(at..end).unwrap_or("").to_owned();
            if !text.is_empty() {
                self.style_at(at, into);
                into.drawn.push_str(&text);
                keep(&mut into.plain, &text);
            }
            at = end;
        }
    }

    /// Turns to the style that text at this byte has.
    fn style_at(&mut self, at: usize, into: &mut Written) {
        let count = self.styles.partition_point(|(place, _)| *place <= at);
        let style = self
            .styles
            .get(count.wrapping_sub(1))
            .map(|(_, style)| *style);
        if let Some(style) = style
            && style != self.shown
        {
            into.drawn.push_str(&style.to_string());
            self.shown = style;
        }
    }
}

/// Adds text, up to the limit.
fn keep(plain: &mut String, text: &str) {
    if plain.len() >= LONGEST_PLAIN && plain.ends_with('…') {
        return;
    }
    let room = LONGEST_PLAIN.saturating_sub(plain.len());
    if text.len() <= room {
        plain.push_str(text);
    } else {
        plain.push_str(text.get(..text.floor_char_boundary(room)).unwrap_or(""));
        plain.push('…');
    }
}
