//! A picture as one HTML page: no script, nothing from elsewhere, readable without a mouse and without the picture.

use crate::tools::picture::xml::escape;
use crate::tools::picture::{Node, Picture, Shade, State, instant, svg};

/// The page. Hovering over a stage says more of it; selecting it leads to its row in the table.
pub fn page(pictures: &[Picture]) -> String {
    let titles: Vec<&str> = pictures
        .iter()
        .map(|picture| picture.title.as_str())
        .collect();
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n\
         <title>{}</title>\n<style>{}{}</style>\n</head>\n<body>\n<main>\n",
        escape(&titles.join(", ")),
        include_str!("page.css"),
        svg::STYLE
    );
    for picture in pictures {
        section(picture, &mut text);
    }
    text.push_str("</main>\n</body>\n</html>\n");
    text
}

fn section(picture: &Picture, text: &mut String) {
    text.push_str(&format!("<h1>{}</h1>\n", escape(&picture.title)));
    match &picture.run {
        None => text.push_str(&format!("<p>{}</p>\n", escape(&picture.subtitle))),
        Some(facts) => {
            text.push_str("<dl>\n");
            for (name, value) in facts {
                text.push_str(&format!(
                    "<div><dt>{name}</dt><dd>{}</dd></div>\n",
                    escape(value)
                ));
            }
            text.push_str("</dl>\n");
            failures(picture, text);
        }
    }
    text.push_str(&format!(
        "<div class=\"figure\" tabindex=\"0\" role=\"region\" aria-label=\"Picture of {}\">\n{}</div>\n",
        escape(&picture.title),
        svg::figure(picture)
    ));
    text.push_str("<h2>Stages</h2>\n");
    table(picture, text);
}

/// What failed, before everything else: first what must not fail.
fn failures(picture: &Picture, text: &mut String) {
    let nodes = picture.nodes.iter().enumerate();
    let mut failed: Vec<(usize, &Node, &State)> = nodes
        .filter(|(_, node)| !node.is_group())
        .filter_map(|(index, node)| Some((index, node, node.state.as_ref()?)))
        .collect();
    failed.sort_by_key(|(_, node, _)| !node.required);
    for (index, node, state) in failed {
        let Some((first, rest)) = state.error.split_first() else {
            continue;
        };
        let id = picture.id(index);
        let optional = if node.required { "" } else { ", and may fail" };
        let log = state.log.iter().map(|log| format!("log: {log}"));
        let rest: Vec<String> = rest.iter().cloned().chain(log).collect();
        text.push_str(&format!(
            "<div class=\"failure\" id=\"e{id}\"><p><a href=\"#{id}\">{}</a> {}{optional}</p>\n<p class=\"message\">{}</p>\n{}</div>\n",
            escape(&node.path),
            escape(&state.sentence()),
            escape(first),
            block(&rest)
        ));
    }
}

fn block(lines: &[String]) -> String {
    match lines.is_empty() {
        true => String::new(),
        false => format!("<pre>{}</pre>\n", escape(&lines.join("\n"))),
    }
}

fn table(picture: &Picture, text: &mut String) {
    let heads: &[&str] = match picture.run {
        Some(_) => &["Stage", "Outcome", "Began (UTC)", "Waits for"],
        None => &["Stage", "What it is", "Waits for"],
    };
    text.push_str("<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Table of stages\">\n<table>\n<thead><tr>");
    for head in heads {
        text.push_str(&format!("<th scope=\"col\">{head}</th>"));
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    rows(picture, None, 0, text);
    text.push_str("</tbody>\n</table>\n</div>\n");
}

/// A row a stage, what it holds below it. Groups are not nested deeply: see [`Picture`].
fn rows(picture: &Picture, parent: Option<usize>, depth: usize, text: &mut String) {
    for index in picture.children(parent) {
        let Some(node) = picture.node(*index) else {
            continue;
        };
        row(picture, *index, node, depth, text);
        rows(picture, Some(*index), depth + 1, text);
    }
}

fn row(picture: &Picture, index: usize, node: &Node, depth: usize, text: &mut String) {
    let id = picture.id(index);
    let shade = match node.shade() {
        None => "",
        Some(Shade::Good) => "good",
        Some(Shade::Bad) => "bad",
        Some(Shade::Ended) => "ended",
        Some(Shade::Left) => "left",
    };
    text.push_str(&format!(
        "<tr id=\"r{id}\" class=\"{shade}\"><th scope=\"row\" class=\"d{depth}\"><a href=\"#{id}\">{}</a></th>",
        escape(&node.label)
    ));
    let waits = node.after.iter().filter_map(|link| picture.node(link.from));
    let waits: Vec<&str> = waits.map(|node| node.label.as_str()).collect();
    let waits = escape(&shortened(&waits));
    match &node.state {
        None => text.push_str(&format!(
            "<td>{}</td><td>{waits}</td></tr>\n",
            escape(&node.facts.join(" · "))
        )),
        Some(state) => {
            let why = match state.error.is_empty() || node.is_group() {
                true => String::new(),
                false => format!(", <a href=\"#e{id}\">why</a>"),
            };
            text.push_str(&format!(
                "<td>{}{why}</td><td class=\"time\">{}</td><td>{waits}</td></tr>\n",
                escape(
                    &std::iter::once(state.sentence())
                        .chain(node.facts.iter().cloned())
                        .collect::<Vec<_>>()
                        .join(" · ")
                ),
                state.started_at.map(instant).unwrap_or_default()
            ));
        }
    }
}

/// Names in a list; of very many the first.
fn shortened(names: &[&str]) -> String {
    const MOST: usize = 8;
    match names.get(..MOST) {
        Some(first) if names.len() > MOST + 1 => {
            format!("{} and {} more", first.join(", "), names.len() - MOST)
        }
        _ => names.join(", "),
    }
}
