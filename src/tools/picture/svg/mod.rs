//! A picture as SVG: boxes in boxes, no script, nothing from elsewhere.

mod layout;
mod text;

use layout::{Arrow, Block, FACT, Flow, LABEL, MARK, Member, PAD, Rect, lay_out};

use crate::tools::picture::xml::escape;
use crate::tools::picture::{Look, Node, Picture, Shade, State, Why};

/// Around everything.
const MARGIN: i32 = 16;
/// The height of a picture's title.
const TITLE: i32 = 36;

/// A document of its own.
pub fn document(pictures: &[Picture]) -> String {
    let mut parts = String::new();
    let (mut width, mut at) = (0, MARGIN);
    let mut names = Vec::new();
    for picture in pictures {
        let block = lay_out(picture);
        let title = [picture.title.as_str(), picture.subtitle.as_str()];
        let name = title.iter().filter(|part| !part.is_empty());
        let name = name.copied().collect::<Vec<_>>().join(": ");
        parts.push_str(&format!(
            "<g transform=\"translate({MARGIN} {at})\">\n<text class=\"a-title\" y=\"16\">{}</text>\n<g transform=\"translate(0 {TITLE})\">\n",
            escape(&name)
        ));
        inside(picture, &block, false, &mut parts);
        parts.push_str("</g>\n</g>\n");
        width = width.max(block.width).max(text::width(&name, 16));
        at += TITLE + block.height + MARGIN;
        names.push(name);
    }
    let width = width + 2 * MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{at}\" viewBox=\"0 0 {width} {at}\" role=\"img\" aria-labelledby=\"a-name\">\n\
         <title id=\"a-name\">{}</title>\n<style>{STYLE}</style>\n<rect class=\"a-paper\" width=\"{width}\" height=\"{at}\"/>\n{parts}</svg>\n",
        escape(&names.join("; "))
    )
}

/// A figure within a page that has [`STYLE`]; each stage leads to its row in the page.
pub fn figure(picture: &Picture) -> String {
    let block = lay_out(picture);
    let (width, height) = (block.width + 2, block.height + 2);
    let mut text = format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"-1 -1 {width} {height}\" role=\"group\" aria-label=\"{}\">\n",
        escape(&format!("The stages of {}", picture.title))
    );
    inside(picture, &block, true, &mut text);
    text.push_str("</svg>\n");
    text
}

/// Siblings: what lies behind them, arrows, then they themselves. Blocks are nested as groups are, which is not deeply.
fn inside(picture: &Picture, block: &Block, links: bool, text: &mut String) {
    for frame in &block.frames {
        text.push_str(&rect("a-frame", *frame, 8));
    }
    for one in &block.arrows {
        text.push_str(&arrow(picture, one));
    }
    for member in &block.members {
        stage(picture, member, links, text);
    }
}

fn stage(picture: &Picture, member: &Member, links: bool, text: &mut String) {
    let Some(node) = picture.node(member.node) else {
        return;
    };
    let id = picture.id(member.node);
    let after = node.after.iter().map(|link| picture.id(link.from));
    text.push_str(&format!(
        "<g class=\"{}\" id=\"{id}\" data-path=\"{}\" data-after=\"{}\">\n<title>{}</title>\n",
        class(node),
        escape(&node.path),
        after.collect::<Vec<_>>().join(" "),
        escape(&tooltip(node))
    ));
    if links {
        text.push_str(&format!("<a href=\"#r{id}\">"));
    }
    face(node, member, text);
    if links {
        text.push_str("</a>\n");
    }
    if let Some(((x, y), inner)) = &member.inner {
        text.push_str(&format!("<g transform=\"translate({x} {y})\">\n"));
        inside(picture, inner, links, text);
        text.push_str("</g>\n");
    }
    text.push_str("</g>\n");
}

fn class(node: &Node) -> String {
    let look = match node.look {
        _ if node.is_group() => "a-group",
        Look::Deploy => "a-deploy",
        Look::Gate => "a-gate",
        Look::Test => "a-test",
        Look::Work | Look::Environment | Look::Group => "a-work",
    };
    let shade = match node.shade() {
        None => "",
        Some(Shade::Good) => " a-good",
        Some(Shade::Bad) => " a-bad",
        Some(Shade::Ended) => " a-ended",
        Some(Shade::Left) => " a-left",
    };
    let optional = if node.required { "" } else { " a-optional" };
    format!("a-stage {look}{shade}{optional}")
}

/// The box of a stage, its label, what is known of it.
fn face(node: &Node, member: &Member, text: &mut String) {
    let Rect { x, y, w, h } = member.rect;
    text.push_str(&rect("a-box", member.rect, 6));
    if !node.is_group() && node.state.is_none() {
        let (top, bottom) = (y + 9, y + h - 9);
        text.push_str(&format!(
            "<path class=\"a-kind\" d=\"M{} {top}V{bottom}\"/>\n",
            x + 4
        ));
    }
    let fact = layout::fact(node);
    let room = w - 2 * PAD;
    let is_single = fact.is_empty();
    let first = match (node.is_group(), is_single) {
        (true, _) => y + 20,
        (false, true) => y + h / 2 + 5,
        (false, false) => y + 19,
    };
    let mut left = x + PAD;
    if let Some(shade) = node.shade() {
        text.push_str(&mark(shade, left, first - 11));
        left += MARK;
    }
    let label = text::cut(&node.label, LABEL, room - (left - x - PAD));
    text.push_str(&format!(
        "<text class=\"a-label\" x=\"{left}\" y=\"{first}\">{}</text>\n",
        escape(&label)
    ));
    if !is_single {
        let fact = text::cut(&fact, FACT, room);
        text.push_str(&format!(
            "<text class=\"a-fact\" x=\"{}\" y=\"{}\">{}</text>\n",
            x + PAD,
            first + 15,
            escape(&fact)
        ));
    }
}

/// A sign for how a stage ended, 12 by 12 pixels: not by its colour alone.
fn mark(shade: Shade, x: i32, y: i32) -> String {
    let lines = match shade {
        Shade::Good => "m3.2 6.3 2 2 3.8-4.2",
        Shade::Bad => "m3.8 3.8 4.4 4.4m0-4.4-4.4 4.4",
        Shade::Ended => "m4.2 4.2h3.6v3.6h-3.6z",
        Shade::Left => "m3.5 6h5",
    };
    format!(
        "<g class=\"a-mark\" transform=\"translate({x} {y})\"><circle cx=\"6\" cy=\"6\" r=\"6\"/><path d=\"M0 0{lines}\"/></g>\n"
    )
}

fn rect(class: &str, rect: Rect, round: i32) -> String {
    let Rect { x, y, w, h } = rect;
    format!(
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"{round}\"/>\n"
    )
}

fn arrow(picture: &Picture, arrow: &Arrow) -> String {
    let (Some(first), Some(last)) = (arrow.points.first(), arrow.points.last()) else {
        return String::new();
    };
    let before = arrow.points.iter().rev().nth(1).unwrap_or(first);
    let is_flat = match arrow.swing {
        Some(flow) => flow == Flow::Right,
        None => before.1 == last.1,
    };
    // The line ends where the head begins.
    let (end, head) = match is_flat {
        true => ((last.0 - 5, last.1), "l-7 -3.5v7z"),
        false => ((last.0, last.1 - 5), "l-3.5 -7h7z"),
    };
    let line = match arrow.swing {
        Some(_) if is_flat => {
            let middle = (first.0 + end.0) / 2;
            format!(
                "C{middle} {} {middle} {} {} {}",
                first.1, end.1, end.0, end.1
            )
        }
        Some(_) => {
            let middle = (first.1 + end.1) / 2;
            format!(
                "C{} {middle} {} {middle} {} {}",
                first.0, end.0, end.0, end.1
            )
        }
        None => {
            let corners = arrow.points.iter().skip(1).rev().skip(1).rev();
            let mut line: String = corners.map(|(x, y)| format!("L{x} {y}")).collect();
            line.push_str(&format!("L{} {}", end.0, end.1));
            line
        }
    };
    let links = arrow.links.iter();
    let links = links.map(|(from, to)| format!("{}-{}", picture.id(*from), picture.id(*to)));
    let links: Vec<String> = links.collect();
    let class = match arrow.why {
        Why::Order => "a-edge",
        Why::Gate | Why::End => "a-edge a-soft",
    };
    format!(
        "<path class=\"{class}\" data-links=\"{}\" d=\"M{} {}{line}\"/>\n<path class=\"a-head\" d=\"M{} {}{head}\"/>\n",
        links.join(" "),
        first.0,
        first.1,
        last.0,
        last.1
    )
}

/// All that is known of a stage, in lines.
fn tooltip(node: &Node) -> String {
    let mut lines = vec![node.label.clone()];
    if node.path != node.label {
        lines.push(node.path.clone());
    }
    lines.extend(node.facts.iter().cloned());
    if let Some(state) = &node.state {
        lines.push(state.sentence());
        lines.extend(started(state));
        lines.extend(state.error.iter().cloned());
    }
    lines.join("\n")
}

fn started(state: &State) -> Option<String> {
    let at = state.started_at?;
    Some(format!("began at {} UTC", super::instant(at)))
}

/// Colours and fonts, for light and for dark.
pub const STYLE: &str = include_str!("style.css");
