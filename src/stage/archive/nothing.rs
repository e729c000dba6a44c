//! What to say of a pattern that matches nothing.

use std::fs;
use std::path::Path;

use super::Pattern;
use crate::diagnostics::codes::run_store::PATTERN;
use crate::diagnostics::{Diagnostic, Label, did_you_mean, list_names};

/// The `A0933` of a pattern that matched nothing below `root`: what is there instead, and what was probably meant.
pub fn nothing_matched(root: &Path, pattern: &Pattern) -> Diagnostic {
    let glob = pattern.glob();
    let message = format!("`{glob}` matches no file");
    let mut diagnostic = Diagnostic::without_place(&PATTERN, message);
    diagnostic.primary = pattern.span.map(|span| Label {
        span,
        message: "there is nothing to pack".to_owned(),
    });
    if root.join(glob).is_dir() {
        return diagnostic.help(format!(
            "it is a folder, and a pattern names files: write `{}/**`",
            glob.trim_end_matches('/')
        ));
    }
    // The first part that is not there, or that has a wildcard, and the folder around it.
    let mut folder = root.to_owned();
    let parts: Vec<&str> = glob.split('/').collect();
    for (number, part) in parts.iter().enumerate() {
        let next = folder.join(part);
        if next.is_symlink() && number + 1 < parts.len() {
            let link = parts.get(..=number).unwrap_or_default().join("/");
            return diagnostic.note(format!("`{link}` is a link, and links are not followed"));
        }
        if next.is_dir() {
            folder = next;
            continue;
        }
        let names = names(&folder);
        let names = names.iter().map(String::as_str);
        let shown = match parts.get(..number).unwrap_or_default() {
            [] => "the repository".to_owned(),
            before => format!("`{}`", before.join("/")),
        };
        if part.contains(['*', '?', '[', '{']) {
            let held = list_names(names, 5);
            return diagnostic.note(match held.as_str() {
                "" => format!("{shown} is empty"),
                _ => format!("{shown} holds {held}"),
            });
        }
        diagnostic = diagnostic.note(format!("{shown} has no `{part}`"));
        if let Some(near) = did_you_mean(part, names) {
            let mut meant = parts.clone();
            if let Some(wrong) = meant.get_mut(number) {
                *wrong = near;
            }
            diagnostic = diagnostic.help(format!("did you mean `{}`?", meant.join("/")));
        }
        return diagnostic;
    }
    diagnostic
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}
