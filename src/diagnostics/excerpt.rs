//! The lines of a program that one problem is about, ready to be shown.
//!
//! A small text is made for each file: only the lines that are needed, control characters shown as
//! marks, very long lines cut around what is pointed at. Places in it know which place in the file
//! they stand for. So the size of a file, its escape sequences and its line ends do not matter to
//! the renderer that draws it.

use std::collections::BTreeSet;
use std::ops::Range;

use codespan_reporting::files::{Error, Files, Location};

use crate::collections::HashMap;
use crate::diagnostics::report::Report;
use crate::diagnostics::{Label, safe};
use crate::source::{LineColumn, SourceFile, SourceId};

/// A line longer than this, in characters, is cut.
const LONGEST: usize = 240;
/// What is shown of a cut line before the place, and in all, in characters.
const BEFORE: usize = 60;
const SHOWN: usize = 180;
/// Of a place with more lines, the first and the last ones are shown.
const FIRST_LINES: usize = 4;
const LAST_LINES: usize = 2;

/// The shown lines of every file that a problem mentions.
#[derive(Debug, Default)]
pub struct Excerpt {
    views: Vec<View>,
}

/// A label: its view, its range there, itself.
pub type Placed<'a> = (usize, Range<usize>, &'a Label);

#[derive(Debug)]
struct View {
    source: SourceId,
    name: String,
    text: String,
    lines: Vec<Line>,
    /// For each place of a label in `text`: where that is in the file.
    origins: HashMap<usize, LineColumn>,
}

#[derive(Debug)]
struct Line {
    /// The number in the file, from 1.
    number: usize,
    /// The first byte in the view's text.
    start: usize,
    /// `(byte in the file's line, byte in the view's line)`, ascending.
    map: Vec<(usize, usize)>,
}

impl Excerpt {
    /// The excerpt for some labels, and for each label that has a file: the view and its range.
    pub fn new<'a>(report: &Report, labels: &[&'a Label]) -> (Excerpt, Vec<Placed<'a>>) {
        let mut excerpt = Excerpt::default();
        let mut places = Vec::new();
        for label in labels {
            let source = label.span.source;
            let Some(file) = report.sources.get(source) else {
                continue;
            };
            let known = excerpt.views.iter().position(|view| view.source == source);
            let index = known.unwrap_or(excerpt.views.len());
            if known.is_none() {
                let own: Vec<&Label> = labels
                    .iter()
                    .copied()
                    .filter(|label| label.span.source == source)
                    .collect();
                let name = safe::line(report.shown(source)).into_owned();
                excerpt.views.push(View::new(source, name, file, &own));
            }
            let Some(view) = excerpt.views.get_mut(index) else {
                continue;
            };
            let (start, end) = ends(file, label);
            let start = view.place(file, start);
            let end = view.place(file, end).max(start);
            places.push((index, start..end, *label));
        }
        (excerpt, places)
    }

    /// The digits of the highest line number: how wide the margin is.
    pub fn margin(&self) -> usize {
        let numbers = self.views.iter().flat_map(|view| &view.lines);
        let highest = numbers.map(|line| line.number).max().unwrap_or(1);
        highest.checked_ilog10().unwrap_or(0) as usize + 1
    }

    fn view(&self, index: usize) -> Result<&View, Error> {
        self.views.get(index).ok_or(Error::FileMissing)
    }
}

/// The bytes where a label begins and ends, white space at its end not counted.
fn ends(file: &SourceFile, label: &Label) -> (u32, u32) {
    let Range { start, end } = label.span.range();
    let text = file.text.get(start..end).unwrap_or("").trim_end();
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    (label.span.start, label.span.start.saturating_add(length))
}

impl View {
    fn new(source: SourceId, name: String, file: &SourceFile, labels: &[&Label]) -> Self {
        let mut needed = BTreeSet::new();
        let mut focus: HashMap<usize, usize> = HashMap::default();
        for label in labels {
            let (start, end) = ends(file, label);
            let (start, end) = (file.line_column(start), file.line_column(end));
            let last = end.line.max(start.line);
            focus.entry(start.line).or_insert(start.column);
            if last - start.line < FIRST_LINES + LAST_LINES {
                needed.extend(start.line..=last);
            } else {
                needed.extend(start.line..start.line + FIRST_LINES);
                needed.extend(last + 1 - LAST_LINES..=last);
            }
        }
        let mut view = View {
            source,
            name,
            text: String::new(),
            lines: Vec::new(),
            origins: HashMap::default(),
        };
        let mut previous = None;
        for number in needed {
            match previous.map(|previous: usize| number - previous) {
                None | Some(1) => {}
                // One line between: show it. More: two lines that are never shown, which the
                // renderer takes for a gap.
                Some(2) => view.push(file, number - 1, 1),
                Some(_) => {
                    view.push_text(number - 1, "");
                    view.push_text(number - 1, "");
                }
            }
            view.push(file, number, focus.get(&number).copied().unwrap_or(1));
            previous = Some(number);
        }
        view
    }

    fn push_text(&mut self, number: usize, text: &str) {
        self.lines.push(Line {
            number,
            start: self.text.len(),
            map: Vec::new(),
        });
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// Adds a line of the file; `column` is what must be seen of it.
    fn push(&mut self, file: &SourceFile, number: usize, column: usize) {
        let line = file.line(number);
        let is_plain = |c: char| c == '\t' || safe::replacement(c).is_none();
        if line.len() <= LONGEST && line.chars().all(is_plain) {
            return self.push_text(number, line);
        }
        let long = line.chars().count() > LONGEST;
        let first = if long {
            column.saturating_sub(1 + BEFORE)
        } else {
            0
        };
        let shown = if long { SHOWN } else { LONGEST };

        let mut text = String::new();
        let mut map = vec![(0, 0)];
        if first > 0 {
            text.push('…');
        }
        for (byte, character) in line.char_indices().skip(first).take(shown) {
            map.push((byte, text.len()));
            match safe::replacement(character) {
                Some(mark) if character != '\t' => text.push_str(&mark),
                _ => text.push(character),
            }
        }
        let rest = line.char_indices().nth(first + shown);
        map.push((rest.map_or(line.len(), |(byte, _)| byte), text.len()));
        if rest.is_some() {
            text.push('…');
        }
        self.push_text(number, &text);
        if let Some(line) = self.lines.last_mut() {
            line.map = map;
        }
    }

    /// The place in this view's text of a byte of the file.
    fn place(&mut self, file: &SourceFile, byte: u32) -> usize {
        let at = file.line_column(byte);
        let whole = file.line(at.line);
        let before = whole.char_indices().nth(at.column - 1);
        let in_line = before.map_or(whole.len(), |(byte, _)| byte);
        let index = self.lines.partition_point(|line| line.number < at.line);
        // Where a gap was pushed the same number is never a real line of this view.
        let Some(line) = self.lines.get(index) else {
            return self.text.len().saturating_sub(1);
        };
        let shown = match line.map.partition_point(|(byte, _)| *byte <= in_line) {
            0 => in_line,
            count => line.map.get(count - 1).map_or(in_line, |(_, shown)| *shown),
        };
        let place = line.start + shown;
        self.origins.entry(place).or_insert(at);
        place
    }

    fn line_at(&self, byte: usize) -> usize {
        let count = self.lines.partition_point(|line| line.start <= byte);
        count.saturating_sub(1)
    }
}

impl<'a> Files<'a> for Excerpt {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.view(id)?.name)
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.view(id)?.text)
    }

    fn line_index(&'a self, id: usize, byte: usize) -> Result<usize, Error> {
        Ok(self.view(id)?.line_at(byte))
    }

    fn line_number(&'a self, id: usize, index: usize) -> Result<usize, Error> {
        let line = self.view(id)?.lines.get(index);
        Ok(line.map_or(index + 1, |line| line.number))
    }

    fn line_range(&'a self, id: usize, index: usize) -> Result<Range<usize>, Error> {
        let view = self.view(id)?;
        let line = view.lines.get(index).ok_or(Error::LineTooLarge {
            given: index,
            max: view.lines.len().saturating_sub(1),
        })?;
        let next = view.lines.get(index + 1);
        Ok(line.start..next.map_or(view.text.len(), |next| next.start))
    }

    fn location(&'a self, id: usize, byte: usize) -> Result<Location, Error> {
        let view = self.view(id)?;
        let at = view.origins.get(&byte).copied();
        let at = at.unwrap_or(LineColumn { line: 1, column: 1 });
        Ok(Location {
            line_number: at.line,
            column_number: at.column,
        })
    }
}
