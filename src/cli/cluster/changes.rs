//! Changes of objects, for people and for programs.

use serde_json::{Map, Value, json};

use crate::diagnostics::{Paint, Role, plural};
use crate::stage::apply::{Applied, Change};

/// How a change is marked, in which colour, and what is said of many.
fn mark(change: Change) -> (&'static str, Role, &'static str) {
    match change {
        Change::Made => ("+", Role::Added, "made"),
        Change::Updated => ("~", Role::Warning, "updated"),
        Change::Replaced => ("±", Role::Error, "replaced"),
        Change::Restored => ("~", Role::Warning, "restored"),
        Change::Removed => ("-", Role::Error, "removed"),
        Change::Marked => ("·", Role::Faint, "marked"),
    }
}

/// Changes, one after another. What is marked alone is one line together.
pub fn all(changes: &[Applied], paint: Paint) -> String {
    let is_marked = |applied: &&Applied| applied.change == Change::Marked;
    let others = changes.iter().filter(|applied| !is_marked(applied));
    let mut text: String = others.map(|applied| lines(applied, paint)).collect();
    let marked = changes.iter().filter(is_marked);
    let names: Vec<String> = marked
        .map(|applied| format!("{} {}", applied.kind, applied.name))
        .collect();
    if !names.is_empty() {
        let (sign, role, _) = mark(Change::Marked);
        let line = format!(
            "{sign} made of another file, else the same: {}",
            names.join(", ")
        );
        text.push_str(&format!("  {}\n", paint.paint(role, &line)));
    }
    text
}

/// One change: a line, and one for each thing that is different inside.
fn lines(applied: &Applied, paint: Paint) -> String {
    let (sign, role, _) = mark(applied.change);
    let note = match applied.change {
        Change::Restored => ": was changed by hand since it was applied",
        Change::Replaced => ": a new one comes in its place",
        _ => "",
    };
    let head = format!("{sign} {} {}", applied.kind, applied.name);
    let mut text = format!("  {}{note}\n", paint.paint(role, &head));
    for line in &applied.lines {
        let role = match line.chars().next() {
            Some('+') => Role::Added,
            Some('-') => Role::Error,
            _ => Role::Warning,
        };
        text.push_str(&format!("      {}\n", paint.paint(role, line)));
    }
    text
}

/// `3 made, 1 updated`, in the words of what would be (`to be made`) or was done.
pub fn total(changes: &[Applied], before: &str) -> String {
    format!(
        "{}: {}",
        plural(changes.len(), "object"),
        sums(changes, before)
    )
}

/// The same, without what it is counted of.
pub fn sums(changes: &[Applied], before: &str) -> String {
    let all = [
        Change::Made,
        Change::Updated,
        Change::Replaced,
        Change::Restored,
        Change::Removed,
        Change::Marked,
    ];
    let parts = all.into_iter().filter_map(|change| {
        let count = changes.iter().filter(|one| one.change == change).count();
        let (.., word) = mark(change);
        (count > 0).then(|| format!("{count} {before}{word}"))
    });
    let parts: Vec<String> = parts.collect();
    parts.join(", ")
}

/// For programs: `schemas/plan.v1.json`.
pub fn as_json(changes: &[Applied]) -> Value {
    let one = |applied: &Applied| {
        let (.., word) = mark(applied.change);
        let mut value = Map::new();
        value.insert("kind".to_owned(), json!(applied.kind));
        value.insert("name".to_owned(), json!(applied.name));
        value.insert("change".to_owned(), json!(word));
        if !applied.lines.is_empty() {
            value.insert("lines".to_owned(), json!(applied.lines));
        }
        if let Some(inner) = &applied.difference {
            let inner = json!({
                "added": inner.added,
                "removed": inner.removed,
                "moved": inner.moved,
            });
            value.insert("inside".to_owned(), inner);
        }
        Value::Object(value)
    };
    changes.iter().map(one).collect()
}

/// For a comment at a pull request.
pub fn as_markdown(changes: &[Applied]) -> String {
    let mut text = String::new();
    let is_marked = |applied: &&Applied| applied.change == Change::Marked;
    for applied in changes.iter().filter(|applied| !is_marked(applied)) {
        if text.is_empty() {
            text.push_str("| | kind | name | what is different |\n| --- | --- | --- | --- |\n");
        }
        let (sign, _, word) = mark(applied.change);
        let inner: Vec<String> = applied.lines.iter().map(|line| code(line)).collect();
        let what = match inner.is_empty() {
            true => word.to_owned(),
            false => inner.join("<br>"),
        };
        text.push_str(&format!(
            "| {sign} | {} | `{}` | {what} |\n",
            applied.kind, applied.name
        ));
    }
    let marked = changes.iter().filter(is_marked);
    let names: Vec<String> = marked
        .map(|applied| format!("{} `{}`", applied.kind, applied.name))
        .collect();
    if !names.is_empty() {
        text.push_str(&format!(
            "\nMade of another file, else the same: {}.\n",
            names.join(", ")
        ));
    }
    text.push_str(&format!("\n{}.\n", sums(changes, "to be ")));
    text
}

/// As code in a cell: between more backticks than it has itself, and without what would end the cell.
fn code(line: &str) -> String {
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{}{space}{fence}", line.replace('|', "\\|"))
}
