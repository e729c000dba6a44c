//! A picture in characters: a line a stage, top to bottom; what a bracket joins runs side by side.

use indexmap::map::Entry;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::collections::IndexMap;
use crate::diagnostics::{Paint, Role};
use crate::tools::picture::layers::{layers, waits};
use crate::tools::picture::{Look, Node, Picture, Shade};

/// Of more groups side by side than this, those that look like another are counted.
const MOST_GROUPS: usize = 4;
/// The same for stages that hold nothing.
const MOST_STAGES: usize = 12;
/// In columns: how far out what is said of a stage may begin.
const WIDEST_LABEL: usize = 44;
/// What is said of all stages together.
const LEGEND: &str = "from top to bottom; what a bracket joins runs side by side";

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// In columns.
    pub width: usize,
    /// With colours or without.
    pub paint: Paint,
}

/// The pictures, each line with its line break.
pub fn draw(pictures: &[Picture], terminal: Terminal) -> String {
    let mut texts = Vec::new();
    let mut has_bracket = false;
    for picture in pictures {
        let mut drawing = Drawing {
            picture,
            lines: Vec::new(),
            has_bracket: false,
        };
        drawing.below(None, "  ");
        texts.push(drawing.text(terminal));
        has_bracket |= drawing.has_bracket;
    }
    if has_bracket {
        let legend = cut(LEGEND, terminal.width);
        texts.push(terminal.paint.paint(Role::Faint, &legend) + "\n");
    }
    texts.join("\n")
}

/// A line in the making.
struct Line {
    /// What leads to the stage: spaces and brackets.
    rail: String,
    mark: &'static str,
    label: String,
    detail: String,
    role: Option<Role>,
    is_group: bool,
}

impl Line {
    fn width(&self) -> usize {
        self.rail.width() + self.mark.width() + 1 + self.label.width()
    }

    fn paint(&self, column: usize, terminal: Terminal) -> String {
        let Terminal { width, paint } = terminal;
        let before = self.rail.width() + self.mark.width() + 1;
        let label = cut(&self.label, width.saturating_sub(before).max(8));
        let end = before + label.width();
        let space = match column.checked_sub(end) {
            Some(space) if space >= 2 => space,
            _ => 2,
        };
        let room = width.saturating_sub(end + space);
        let detail = match room < 4 {
            true => String::new(),
            false => cut(&self.detail, room),
        };
        let rail = paint.paint(Role::Faint, &self.rail);
        let rail = if self.rail.trim().is_empty() {
            self.rail.clone()
        } else {
            rail
        };
        let mark = self
            .role
            .map_or_else(|| self.mark.to_owned(), |role| paint.paint(role, self.mark));
        let label = match (self.is_group, self.role) {
            (true, _) => paint.paint(Role::Strong, &label),
            (false, Some(Role::Faint)) => paint.paint(Role::Faint, &label),
            (false, _) => label,
        };
        if detail.is_empty() {
            return format!("{rail}{mark} {label}").trim_end().to_owned();
        }
        let role = self.role.filter(|role| *role != Role::Added);
        let detail = paint.paint(role.unwrap_or(Role::Faint), &detail);
        format!("{rail}{mark} {label}{}{detail}", " ".repeat(space))
    }
}

struct Drawing<'a> {
    picture: &'a Picture,
    lines: Vec<Line>,
    has_bracket: bool,
}

impl Drawing<'_> {
    /// The title, then every line, what is said of the stages in a column.
    fn text(&self, terminal: Terminal) -> String {
        let labels = self.lines.iter().map(Line::width);
        let column = labels.filter(|width| *width <= WIDEST_LABEL).max();
        let column = column.unwrap_or(0) + 2;
        let title = cut(&self.picture.title, terminal.width);
        let mut text = terminal.paint.paint(Role::Strong, &title);
        if !self.picture.subtitle.is_empty() {
            text.push_str(&format!(": {}", self.picture.subtitle));
        }
        text.push_str("\n\n");
        for line in &self.lines {
            text.push_str(&line.paint(column, terminal));
            text.push('\n');
        }
        text
    }

    /// Draws what stands in `parent`. Groups are not nested deeply: see [`Picture`].
    fn below(&mut self, parent: Option<usize>, rail: &str) {
        let layers = layers(self.picture, parent);
        let waits = waits(self.picture, &layers);
        for layer in &layers {
            let bundles = self.bundles(layer);
            let count = bundles.len();
            let hidden: usize = bundles.iter().map(|bundle| bundle.alike.len()).sum();
            let is_joined = count + hidden > 1;
            self.has_bracket |= is_joined;
            let mut left = count
                + bundles
                    .iter()
                    .filter(|bundle| !bundle.alike.is_empty())
                    .count();
            let last = left;
            for bundle in &bundles {
                let is_first = left == last;
                left -= 1;
                let (own, under) = match (is_joined, is_first, left == 0) {
                    (false, ..) => ("  ", "  "),
                    (true, true, _) => ("┌─", "│ "),
                    (true, false, false) => ("├─", "│ "),
                    (true, false, true) => ("└─", "  "),
                };
                let waits = waits.get(&bundle.shown).filter(|waits| !waits.for_all);
                let waits = waits.map(|waits| waits.direct.as_slice());
                self.stage(bundle.shown, &format!("{rail}{own}"), waits);
                let has_children = !self.picture.children(Some(bundle.shown)).is_empty();
                if has_children {
                    self.below(Some(bundle.shown), &format!("{rail}{under}  "));
                }
                if !bundle.alike.is_empty() {
                    left -= 1;
                    let own = if left == 0 { "└─" } else { "├─" };
                    self.more(bundle, &format!("{rail}{own}"));
                }
            }
        }
    }

    fn stage(&mut self, index: usize, rail: &str, waits: Option<&[usize]>) {
        let Some(node) = self.picture.node(index) else {
            return;
        };
        let mut detail: Vec<String> = Vec::new();
        if let Some(state) = &node.state {
            let sentence = state.sentence();
            detail.push(match sentence.strip_prefix("succeeded in ") {
                Some(time) => time.to_owned(),
                None => sentence,
            });
        }
        detail.extend(node.facts.iter().cloned());
        if let Some(state) = node.state.as_ref().filter(|_| !node.is_group()) {
            detail.extend(state.error.first().cloned());
        }
        if let Some(waits) = waits {
            let names = waits.iter().filter_map(|from| self.picture.node(*from));
            let names: Vec<&str> = names.map(|node| node.label.as_str()).collect();
            detail.push(format!("after {}", names.join(", ")));
        }
        let (mark, role) = mark(node);
        self.lines.push(Line {
            rail: rail.to_owned(),
            mark,
            label: node.label.clone(),
            detail: detail.join(" · "),
            role,
            is_group: node.is_group(),
        });
    }

    /// Those that look like the one above.
    fn more(&mut self, bundle: &Bundle, rail: &str) {
        let names = bundle
            .alike
            .iter()
            .filter_map(|index| self.picture.node(*index));
        let names: Vec<&str> = names.take(50).map(|node| node.label.as_str()).collect();
        self.lines.push(Line {
            rail: rail.to_owned(),
            mark: "…",
            label: format!("{} more like it", bundle.alike.len()),
            detail: names.join(", "),
            role: Some(Role::Faint),
            is_group: false,
        });
    }

    /// A layer in bundles: one each, or, where they are many, one for all that look the same. What they deploy is looked at
    /// as long as that leaves few.
    fn bundles(&self, layer: &[usize]) -> Vec<Bundle> {
        let is_group = |index: &&usize| !self.picture.children(Some(**index)).is_empty();
        let groups = layer.iter().filter(is_group).count();
        let one = |index: &usize| Bundle {
            shown: *index,
            alike: Vec::new(),
        };
        if groups <= MOST_GROUPS && layer.len() <= MOST_STAGES {
            return layer.iter().map(one).collect();
        }
        let exact = self.bundled(layer, true);
        match exact.len() > MOST_STAGES {
            true => self.bundled(layer, false),
            false => exact,
        }
    }

    fn bundled(&self, layer: &[usize], exact: bool) -> Vec<Bundle> {
        let mut bundles: IndexMap<String, Bundle> = IndexMap::default();
        for index in layer {
            match bundles.entry(self.shape(*index, exact)) {
                Entry::Occupied(bundle) => bundle.into_mut().alike.push(*index),
                Entry::Vacant(place) => {
                    place.insert(Bundle {
                        shown: *index,
                        alike: Vec::new(),
                    });
                }
            }
        }
        bundles.into_values().collect()
    }

    /// What a group holds (where `exact`, what that deploys), and how that ended; of a stage alone only how it ended.
    fn shape(&self, index: usize, exact: bool) -> String {
        let mut shape = String::new();
        let mut open = vec![index];
        while let Some(next) = open.pop() {
            let Some(node) = self.picture.node(next) else {
                continue;
            };
            if next != index {
                shape.push_str(&format!("{}\n{:?}\n", node.label, node.look));
                if exact && node.look == Look::Deploy {
                    shape.push_str(&node.facts.concat());
                }
            }
            shape.push_str(&format!("{:?} {}\n", node.shade(), node.children.len()));
            open.extend(&node.children);
        }
        shape
    }
}

/// A stage that is drawn, and those that are only counted because they look the same.
struct Bundle {
    shown: usize,
    alike: Vec<usize>,
}

fn mark(node: &Node) -> (&'static str, Option<Role>) {
    match node.shade() {
        None => ("○", None),
        Some(Shade::Good) => ("✓", Some(Role::Added)),
        Some(Shade::Bad) => ("✗", Some(Role::Error)),
        Some(Shade::Ended) => ("■", Some(Role::Warning)),
        Some(Shade::Left) => ("–", Some(Role::Faint)),
    }
}

/// As much of a text as has room, in columns.
pub fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > room {
            break;
        }
        shown.push(character);
    }
    shown.truncate(shown.trim_end_matches([' ', ',']).len());
    shown.push('…');
    shown
}
