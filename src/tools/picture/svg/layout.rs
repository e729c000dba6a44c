//! Where everything stands: boxes in boxes, layer after layer.
//!
//! Pipelines are nests of "one after another" and "side by side". So each group is laid out on its own: its stages in layers
//! (see [`layers`]), the layers one after another along an axis, the members of a layer along the other, in rows where they are
//! many. Where every stage of a layer waits for all of the one before, one arrow says so. Edges that follow from others are
//! not drawn. What waits for a stage further back is led around the boxes, in a lane beside them.

use crate::collections::{HashMap, HashSet};
use crate::tools::picture::layers::{Waits, layers, waits};
use crate::tools::picture::svg::text;
use crate::tools::picture::{Look, Node, Picture, Why};

/// Sizes of fonts, in pixels.
pub const LABEL: i32 = 13;
/// The same for what stands below a label.
pub const FACT: i32 = 11;
/// Between a box and its text.
pub const PAD: i32 = 10;
/// The mark of a stage's outcome, with its space.
pub const MARK: i32 = 18;
/// The height of what stands above the members of a group: its label, and what is known of it.
const HEADER: i32 = 46;
/// The same where nothing more is known.
const LOW_HEADER: i32 = 32;
const LEAF_HEIGHT: i32 = 44;
const NARROWEST: i32 = 72;
const WIDEST: i32 = 232;
/// Members of a layer are laid in rows of this width at most.
const ROW: i32 = 1060;
/// Between layers; an arrow has room there.
const STEP: i32 = 30;
/// Between members of a layer.
const GAP: i32 = 12;
/// Around the members of a layer of several.
const RIM: i32 = 8;
const LANE: i32 = 9;

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// Its left side.
    pub x: i32,
    /// Its top.
    pub y: i32,
    /// Its width.
    pub w: i32,
    /// Its height.
    pub h: i32,
}

/// An arrow.
#[derive(Clone, Debug)]
pub struct Arrow {
    /// Its corners.
    pub points: Vec<(i32, i32)>,
    /// Whether it swings from its first point to its last, along this axis at both.
    pub swing: Option<Flow>,
    /// The edges that it stands for: from, to.
    pub links: Vec<(usize, usize)>,
    /// Why the last stage waits for the first.
    pub why: Why,
}

/// The direction in which layers follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// From top to bottom.
    Down,
    /// From left to right.
    Right,
}

/// Where some siblings stand, and all that is in them. The origin is the upper left corner.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// In pixels.
    pub width: i32,
    /// In pixels.
    pub height: i32,
    /// The siblings.
    pub members: Vec<Member>,
    /// Behind the members of each layer that has several.
    pub frames: Vec<Rect>,
    /// Every arrow.
    pub arrows: Vec<Arrow>,
}

/// A stage in its place.
#[derive(Clone, Debug)]
pub struct Member {
    /// Which.
    pub node: usize,
    /// Its box.
    pub rect: Rect,
    /// What it holds, and where that begins.
    pub inner: Option<((i32, i32), Block)>,
}

/// The whole picture.
pub fn lay_out(picture: &Picture) -> Block {
    arrange(picture, None, Flow::Down)
}

/// What stands in a group.
fn group(picture: &Picture, index: usize) -> Block {
    let is_row = picture
        .node(index)
        .is_some_and(|node| node.look == Look::Environment);
    // What holds groups that hold groups is no environment of ours, and needs no second try.
    let children = picture.children(Some(index)).iter();
    let mut grandchildren = children.flat_map(|child| picture.children(Some(*child)));
    let is_shallow = grandchildren.all(|child| picture.children(Some(*child)).is_empty());
    if is_row && is_shallow {
        let row = arrange(picture, Some(index), Flow::Right);
        if row.width <= ROW {
            return row;
        }
    }
    arrange(picture, Some(index), Flow::Down)
}

/// A member of a layer.
struct Item {
    node: usize,
    /// Along the flow, and across it.
    size: (i32, i32),
    inner: Option<Block>,
}

/// Lays out siblings. The calls nest as deep as groups do, which is not deep: see [`Picture`].
fn arrange(picture: &Picture, parent: Option<usize>, flow: Flow) -> Block {
    let layers = layers(picture, parent);
    let mut rows: Vec<Rows> = layers
        .iter()
        .map(|layer| {
            Rows::new(
                layer
                    .iter()
                    .map(|index| item(picture, *index, flow))
                    .collect(),
                flow,
            )
        })
        .collect();
    let across = rows.iter().map(|rows| rows.size.1).max().unwrap_or(0);
    let mut at = 0;
    for rows in &mut rows {
        rows.at = (at, (across - rows.size.1) / 2);
        at += rows.size.0 + STEP;
    }
    let along = (at - STEP).max(0);
    let mut placed = Placed {
        flow,
        across,
        lanes: 0,
        spots: HashMap::default(),
        arrows: Vec::new(),
    };
    for (layer, rows) in rows.iter().enumerate() {
        placed.spots.extend(rows.spots(layer));
    }
    placed.connect(picture, &layers, &waits(picture, &layers), &rows);
    let lanes = match placed.lanes {
        0 => 0,
        lanes => GAP + lanes * LANE,
    };
    let (width, height) = flow.turn((along, across + lanes));
    let mut block = Block {
        width,
        height,
        arrows: placed.arrows,
        ..Block::default()
    };
    for rows in rows {
        if rows.items.len() > 1 {
            block.frames.push(flow.rect(rows.at, rows.size));
        }
        for item in rows.items {
            let Some(spot) = placed.spots.get(&item.node) else {
                continue;
            };
            let rect = flow.rect(spot.at, spot.size);
            let inner = item.inner.map(|inner| {
                let beside = (rect.w - inner.width) / 2;
                (
                    (rect.x + beside, rect.y + header(picture, item.node)),
                    inner,
                )
            });
            let node = item.node;
            block.members.push(Member { node, rect, inner });
        }
    }
    block
}

fn item(picture: &Picture, index: usize, flow: Flow) -> Item {
    let Some(node) = picture.node(index) else {
        return Item {
            node: index,
            size: (0, 0),
            inner: None,
        };
    };
    if !node.is_group() {
        return Item {
            node: index,
            size: flow.turn((leaf_width(node), LEAF_HEIGHT)),
            inner: None,
        };
    }
    let inner = group(picture, index);
    let least = header_width(node);
    let size = (
        (inner.width + 2 * PAD).max(least),
        inner.height + header(picture, index) + PAD,
    );
    Item {
        node: index,
        size: flow.turn(size),
        inner: Some(inner),
    }
}

/// What stands below a stage's label.
pub fn fact(node: &Node) -> String {
    match &node.state {
        Some(state) => state.brief(),
        None => node.facts.join(" · "),
    }
}

fn header(picture: &Picture, index: usize) -> i32 {
    let is_low = picture.node(index).is_none_or(|node| fact(node).is_empty());
    if is_low { LOW_HEADER } else { HEADER }
}

fn texts_width(node: &Node) -> i32 {
    let mark = if node.state.is_some() { MARK } else { 0 };
    let label = text::width(&node.label, LABEL) + mark;
    label.max(text::width(&fact(node), FACT)) + 2 * PAD
}

fn leaf_width(node: &Node) -> i32 {
    texts_width(node).clamp(NARROWEST, WIDEST)
}

fn header_width(node: &Node) -> i32 {
    texts_width(node).min(WIDEST + 120)
}

/// The members of a layer, in rows.
struct Rows {
    items: Vec<Item>,
    columns: usize,
    /// Across the flow, of each member.
    cell: i32,
    /// Along the flow, of each row.
    heights: Vec<i32>,
    size: (i32, i32),
    at: (i32, i32),
}

impl Rows {
    fn new(items: Vec<Item>, flow: Flow) -> Self {
        let cell = items.iter().map(|item| item.size.1).max().unwrap_or(0);
        let most = match flow {
            Flow::Down => usize::try_from((ROW + GAP) / (cell + GAP).max(1)).unwrap_or(1),
            Flow::Right => usize::MAX,
        };
        let most = most.clamp(1, items.len().max(1));
        // As many rows as are needed, and those as even as may be.
        let columns = items
            .len()
            .div_ceil(items.len().div_ceil(most).max(1))
            .max(1);
        let heights: Vec<i32> = items
            .chunks(columns)
            .map(|row| row.iter().map(|item| item.size.0).max().unwrap_or(0))
            .collect();
        let rim = if items.len() > 1 { 2 * RIM } else { 0 };
        let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        let along = heights.iter().sum::<i32>() + GAP * (count(heights.len()) - 1).max(0);
        let across = count(columns) * (cell + GAP) - GAP;
        Rows {
            size: (along + rim, across + rim),
            at: (0, 0),
            items,
            columns,
            cell,
            heights,
        }
    }

    fn rim(&self) -> i32 {
        if self.items.len() > 1 { RIM } else { 0 }
    }

    fn spots(&self, layer: usize) -> Vec<(usize, Spot)> {
        let mut spots = Vec::with_capacity(self.items.len());
        let mut along = self.at.0 + self.rim();
        for (row, height) in self.items.chunks(self.columns).zip(&self.heights) {
            let mut across = self.at.1 + self.rim();
            for item in row {
                // In several columns the boxes are as wide as each other.
                let own = if self.columns > 1 {
                    self.cell
                } else {
                    item.size.1
                };
                let spot = Spot {
                    at: (along, across + (self.cell - own) / 2),
                    size: (*height, own),
                    layer,
                };
                spots.push((item.node, spot));
                across += self.cell + GAP;
            }
            along += height + GAP;
        }
        spots
    }
}

/// Where a stage stands: positions and sizes are along the flow, then across it.
struct Spot {
    at: (i32, i32),
    size: (i32, i32),
    layer: usize,
}

struct Placed {
    flow: Flow,
    across: i32,
    lanes: i32,
    spots: HashMap<usize, Spot>,
    arrows: Vec<Arrow>,
}

impl Placed {
    /// Draws the edges of the siblings that do not follow from others.
    fn connect(
        &mut self,
        picture: &Picture,
        layers: &[Vec<usize>],
        waits: &HashMap<usize, Waits>,
        rows: &[Rows],
    ) {
        let mut bundled: HashSet<(usize, usize)> = HashSet::default();
        for (pair, frames) in layers.windows(2).zip(rows.windows(2)) {
            if let ([before, after], [from, to]) = (pair, frames)
                && let Some(links) = bundle(picture, before, after)
            {
                bundled.extend(&links);
                let middle = self.across / 2;
                let ends = [(from.at.0 + from.size.0, middle), (to.at.0, middle)];
                let why = match links.as_slice() {
                    [(from, to)] => why(picture, *from, *to),
                    _ => weakest(picture, &links),
                };
                self.arrow(ends.to_vec(), None, links, why);
            }
        }
        for index in layers.iter().flatten() {
            let direct = waits.get(index).map_or(&[][..], |waits| &waits.direct);
            for from in direct {
                if !bundled.contains(&(*from, *index)) {
                    self.edge(*from, *index, why(picture, *from, *index), rows);
                }
            }
        }
    }

    fn arrow(
        &mut self,
        points: Vec<(i32, i32)>,
        swing: Option<Flow>,
        links: Vec<(usize, usize)>,
        why: Why,
    ) {
        let flow = self.flow;
        self.arrows.push(Arrow {
            points: points.into_iter().map(|point| flow.turn(point)).collect(),
            swing,
            links,
            why,
        });
    }

    fn edge(&mut self, from: usize, to: usize, why: Why, rows: &[Rows]) {
        let (Some(start), Some(end)) = (self.spots.get(&from), self.spots.get(&to)) else {
            return;
        };
        let first = (start.at.0 + start.size.0, start.at.1 + start.size.1 / 2);
        let last = (end.at.0, end.at.1 + end.size.1 / 2);
        let is_one_row = |layer: usize| rows.get(layer).is_some_and(|rows| rows.heights.len() == 1);
        let is_next = start.layer + 1 == end.layer;
        if is_next && is_one_row(start.layer) && is_one_row(end.layer) {
            let swing = Some(self.flow);
            self.arrow(vec![first, last], swing, vec![(from, to)], why);
            return;
        }
        self.lanes += 1;
        let lane = self.across + GAP / 2 + (self.lanes - 1) * LANE + LANE / 2;
        // Lines that turn in the same space do so beside each other, as far as there is room.
        let turn = GAP / 2 - 2 + 2 * (self.lanes % 3);
        let points = vec![
            first,
            (first.0 + turn, first.1),
            (first.0 + turn, lane),
            (last.0 - turn - 4, lane),
            (last.0 - turn - 4, last.1),
            last,
        ];
        self.arrow(points, None, vec![(from, to)], why);
    }
}

/// The edges between two layers where everything in the second waits for everything in the first.
fn bundle(picture: &Picture, before: &[usize], after: &[usize]) -> Option<Vec<(usize, usize)>> {
    let first: HashSet<usize> = before.iter().copied().collect();
    let mut links = Vec::new();
    for index in after {
        let own = picture.node(*index)?.after.iter();
        let own: HashSet<usize> = own
            .map(|link| link.from)
            .filter(|from| first.contains(from))
            .collect();
        if own.len() < first.len() {
            return None;
        }
        links.extend(before.iter().map(|from| (*from, *index)));
    }
    Some(links)
}

fn why(picture: &Picture, from: usize, to: usize) -> Why {
    let links = picture.node(to).map_or(&[][..], |node| &node.after);
    let link = links.iter().find(|link| link.from == from);
    link.map_or(Why::Order, |link| link.why)
}

fn weakest(picture: &Picture, links: &[(usize, usize)]) -> Why {
    let first = links.first().map(|(from, to)| why(picture, *from, *to));
    let all_same = links
        .iter()
        .all(|(from, to)| Some(why(picture, *from, *to)) == first);
    first.filter(|_| all_same).unwrap_or(Why::Order)
}

impl Flow {
    /// From "along, across" to "x, y", and back.
    fn turn(self, (along, across): (i32, i32)) -> (i32, i32) {
        match self {
            Flow::Down => (across, along),
            Flow::Right => (along, across),
        }
    }

    fn rect(self, at: (i32, i32), size: (i32, i32)) -> Rect {
        let ((x, y), (w, h)) = (self.turn(at), self.turn(size));
        Rect { x, y, w, h }
    }
}
