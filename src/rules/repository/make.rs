//! Targets of a Makefile.

use std::collections::BTreeSet;
use std::path::Path;

use crate::diagnostics::codes::pipeline::{FILE_MISSING, TARGET_MISSING};
use crate::diagnostics::{Diagnostic, Problems, did_you_mean, list_names};
use crate::rules::Rules;
use crate::rules::commands::Place;
use crate::rules::repository::folder::join;
use crate::rules::shell::Call;

/// Reports `make` of targets that are not there.
pub fn check(
    rules: &Rules<'_>,
    call: &Call,
    folder: &Path,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    if call.name() != "make" || call.has_option(&["-v", "--version"]) {
        return;
    }
    let folder = match call.value_of("-C").or_else(|| call.value_of("--directory")) {
        Some(word) => word
            .text
            .as_deref()
            .and_then(|text| join(folder, text.trim_start_matches("--directory="))),
        None => Some(folder.to_path_buf()),
    };
    let Some(folder) = folder else { return };
    if !rules.repository.has_folder(&folder) {
        return;
    }
    let file = match call.value_of("-f").or_else(|| call.value_of("--file")) {
        Some(word) => word
            .text
            .as_deref()
            .and_then(|text| join(&folder, text.trim_start_matches("--file="))),
        None => ["GNUmakefile", "makefile", "Makefile"]
            .iter()
            .map(|name| folder.join(name))
            .find(|path| rules.repository.has_file(path)),
    };
    let named = file.clone().filter(|_| call.has_option(&["-f", "--file"]));
    let Some(text) = file.as_deref().and_then(|file| rules.repository.read(file)) else {
        if let Some(named) = named {
            let message = format!("there is no file `{}`", named.display());
            problems.push(
                Diagnostic::warning(&FILE_MISSING, place.of(&call.at), message)
                    .label("`make` stops here"),
            );
            return;
        }
        problems.push(
            Diagnostic::warning(
                &FILE_MISSING,
                place.of(&call.at),
                format!("there is no Makefile in `{}`", shown(&folder)),
            )
            .label("`make` stops with \"No targets specified and no makefile found\"")
            .help("set `dir` to the folder that has it"),
        );
        return;
    };
    let Some(file) = file else { return };
    let (targets, complete) = targets(&text);
    let mut skip = false;
    for word in call.arguments() {
        let valued = matches!(
            word.known(),
            "-C" | "-f" | "-I" | "-o" | "-W" | "--directory" | "--file"
        );
        if std::mem::replace(&mut skip, valued)
            || word.raw.starts_with('-')
            || word.prefix.contains('=')
        {
            continue;
        }
        let Some(name) = word
            .text
            .as_deref()
            .filter(|name| !name.is_empty() && !name.chars().all(|c| c.is_ascii_digit()))
        else {
            continue;
        };
        let near = did_you_mean(name, targets.iter().map(String::as_str));
        let is_file = join(&folder, name).is_some_and(|path| {
            rules.repository.has_file(&path) || rules.repository.has_folder(&path)
        });
        if targets.contains(name) || is_file || (!complete && near.is_none()) {
            continue;
        }
        let mut diagnostic = Diagnostic::warning(
            &TARGET_MISSING,
            place.of(&word.at),
            format!("`{}` has no target `{name}`", file.display()),
        )
        .label("`make` stops with \"No rule to make target\"");
        diagnostic = match near {
            Some(near) => {
                let diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                match place.verbatim(&word.at) {
                    Some(span) => diagnostic.meant(name, near, span, near),
                    None => diagnostic,
                }
            }
            None => diagnostic.help(format!(
                "it has {}",
                list_names(targets.iter().map(String::as_str), 8)
            )),
        };
        problems.push(diagnostic);
    }
}

fn shown(folder: &Path) -> String {
    if folder.as_os_str().is_empty() {
        ".".to_owned()
    } else {
        folder.display().to_string()
    }
}

/// The targets of a Makefile, and whether those are all: no pattern rules, computed names, includes.
fn targets(text: &str) -> (BTreeSet<String>, bool) {
    let mut found = BTreeSet::new();
    let mut complete = true;
    for line in text.replace("\\\n", " ").lines() {
        if line.starts_with(['\t', '#', ' ']) {
            continue;
        }
        if ["include ", "-include ", "sinclude ", "$("]
            .iter()
            .any(|start| line.starts_with(start))
        {
            complete = false;
        }
        let Some((names, rest)) = line.split_once(':') else {
            continue;
        };
        if names.contains('=') || rest.starts_with('=') || rest.starts_with(":=") {
            continue;
        }
        if names.contains(['%', '$']) {
            complete = false;
        }
        let listed = if names.trim() == ".PHONY" {
            rest
        } else {
            names
        };
        found.extend(
            listed
                .split_whitespace()
                .filter(|name| !name.starts_with('.') && !name.contains(['%', '$', ';']))
                .map(str::to_owned),
        );
    }
    (found, complete)
}

#[cfg(test)]
mod tests {
    use super::targets;

    #[test]
    fn targets_are_those_of_the_rules() {
        let (found, complete) = targets(
            "CC := gcc\nA ?= b\nall: build test\n\nbuild test: a.o \\\n  b.o\n\t@echo x: y\n.PHONY: clean\nx::\n",
        );
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            ["all", "build", "clean", "test", "x"]
        );
        assert!(complete);
        assert!(!targets("%.o: %.c\n").1);
        assert!(!targets("include common.mk\n").1);
    }
}
