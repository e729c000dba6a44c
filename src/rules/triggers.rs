//! Triggers: two that fire for one event, and filters that let nothing through.

use crate::diagnostics::codes::pipeline::{FILTER_MATCHES_NOTHING, TRIGGERS_OVERLAP};
use crate::diagnostics::{Diagnostic, Problems};
use crate::model::{Event, Pipeline, Text, Trigger, filter};

/// Reports both.
pub fn check(pipeline: &Pipeline, problems: &mut Problems) {
    for (index, trigger) in pipeline.triggers.iter().enumerate() {
        for other in pipeline.triggers.iter().take(index) {
            if let Some(diagnostic) = both_fire(other, trigger) {
                problems.push(diagnostic);
                break;
            }
        }
        match &trigger.event {
            Event::Push {
                branches, paths, ..
            }
            | Event::PullRequest {
                branches, paths, ..
            } => {
                possible(branches, "branch", problems);
                excluded(branches, "branches", problems);
                excluded(paths, "paths", problems);
            }
            Event::Tag { matches } => {
                possible(matches, "tag", problems);
                excluded(matches, "match", problems);
            }
            _ => {}
        }
    }
}

/// Two triggers that one event starts twice.
fn both_fire(first: &Trigger, second: &Trigger) -> Option<Diagnostic> {
    let (what, note) = match (&first.event, &second.event) {
        (
            Event::Push {
                branches: a,
                paths: p,
                ..
            },
            Event::Push {
                branches: b,
                paths: q,
                ..
            },
        ) => {
            let branch = common(a, b)?;
            let apart = !p.is_empty() && !q.is_empty() && common_paths(p, q).is_none();
            (!apart).then_some(())?;
            (format!("a push to `{branch}` starts two runs"), branch)
        }
        (
            Event::PullRequest {
                branches: a,
                paths: p,
                ..
            },
            Event::PullRequest {
                branches: b,
                paths: q,
                ..
            },
        ) => {
            let branch = common(a, b)?;
            let apart = !p.is_empty() && !q.is_empty() && common_paths(p, q).is_none();
            (!apart).then_some(())?;
            (
                format!("a pull request into `{branch}` starts two runs"),
                branch,
            )
        }
        (Event::Tag { matches: a }, Event::Tag { matches: b }) => {
            let tag = common(a, b)?;
            (format!("the tag `{tag}` starts two runs"), tag)
        }
        (Event::Release { .. }, Event::Release { .. }) => {
            ("a release starts two runs".to_owned(), String::new())
        }
        (
            Event::Schedule {
                cron: a,
                timezone: x,
            },
            Event::Schedule {
                cron: b,
                timezone: y,
            },
        ) if a.value.split_whitespace().eq(b.value.split_whitespace()) && x.value == y.value => {
            ("two schedules fire at one time".to_owned(), String::new())
        }
        _ => return None,
    };
    let _ = note;
    Some(
        Diagnostic::error(&TRIGGERS_OVERLAP, second.name.span, what)
            .label("fires for it")
            .also(first.name.span, "and so does this one")
            .help("make one trigger of them, or let their filters exclude each other"),
    )
}

/// A name that two lists of patterns both let through. No patterns let everything through.
fn common(a: &[Text], b: &[Text]) -> Option<String> {
    let example = |list: &[Text], other: &[Text]| {
        list.iter()
            .filter(|pattern| !pattern.value.starts_with('!'))
            .find_map(|pattern| {
                let name = instance(&pattern.value);
                (passes(list, &name) && passes(other, &name)).then_some(name)
            })
    };
    match (a, b) {
        ([], []) => Some("main".to_owned()),
        _ => example(a, b).or_else(|| example(b, a)),
    }
}

/// Paths are told apart only where both lists are plain prefixes of different folders.
fn common_paths(a: &[Text], b: &[Text]) -> Option<String> {
    let only_excludes = |list: &[Text]| list.iter().all(|pattern| pattern.value.starts_with('!'));
    if only_excludes(a) || only_excludes(b) {
        return Some(String::new());
    }
    common(a, b)
}

/// A name that a pattern matches.
fn instance(pattern: &str) -> String {
    let mut name = String::new();
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' => {
                while rest.peek() == Some(&'*') {
                    rest.next();
                }
                name.push('x');
            }
            '?' => name.push('x'),
            '{' => {
                let inner: String = rest.by_ref().take_while(|c| *c != '}').collect();
                name.push_str(inner.split(',').next().unwrap_or(""));
            }
            '[' => {
                let inner: String = rest.by_ref().take_while(|c| *c != ']').collect();
                name.push(
                    inner
                        .chars()
                        .find(|c| !matches!(c, '!' | '^'))
                        .unwrap_or('x'),
                );
            }
            '\\' => name.extend(rest.next()),
            c => name.push(c),
        }
    }
    name
}

/// Whether a name passes a list.
fn passes(list: &[Text], name: &str) -> bool {
    filter::passes(list.iter().map(|pattern| &*pattern.value), name)
}

/// Patterns that no name of a branch or tag can match: see `git check-ref-format`.
fn possible(patterns: &[Text], what: &str, problems: &mut Problems) {
    for pattern in patterns {
        let text = pattern.value.strip_prefix('!').unwrap_or(&pattern.value);
        let (prefix, plain) = match text
            .strip_prefix("refs/heads/")
            .or_else(|| text.strip_prefix("refs/tags/"))
        {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let why = if prefix {
            format!("write the {what}'s own name: `{plain}`")
        } else if let Some(rest) = text.strip_prefix("origin/") {
            format!("`origin/` is the name of a remote: write `{rest}`")
        } else if text.contains([' ', '~', '^', ':', '\\'])
            || text.contains("..")
            || text.contains("@{")
        {
            "git allows no blank, `~`, `^`, `:`, `\\`, `..` and `@{` in a name".to_owned()
        } else if text.starts_with('/') || text.ends_with('/') || text.contains("//") {
            "no name begins or ends with `/`".to_owned()
        } else if text.ends_with(".lock") || text.ends_with('.') {
            "no name ends with `.lock` or `.`".to_owned()
        } else {
            continue;
        };
        let mut diagnostic = Diagnostic::warning(
            &FILTER_MATCHES_NOTHING,
            pattern.span,
            format!("no {what} can match `{}`", pattern.value),
        )
        .label("matches nothing");
        diagnostic = diagnostic.help(why);
        problems.push(diagnostic);
    }
}

/// Lists in which a later `!` takes away all that was let through before.
fn excluded(patterns: &[Text], field: &str, problems: &mut Problems) {
    let includes: Vec<&Text> = patterns
        .iter()
        .filter(|pattern| !pattern.value.starts_with('!'))
        .collect();
    if includes.is_empty() {
        if let Some(pattern) = patterns
            .iter()
            .find(|pattern| matches!(pattern.value.as_str(), "!**" | "!*" | "!**/*"))
        {
            problems.push(nothing_passes(pattern, field));
        }
        return;
    }
    let passing = includes.iter().any(|include| {
        let name = instance(&include.value);
        // `src/**` and `!src/docs/**`: another instance may pass, so try a second one.
        passes(patterns, &name) || passes(patterns, &name.replace('x', "aphex-q"))
    });
    if passing {
        return;
    }
    if let Some(pattern) = patterns
        .iter()
        .rfind(|pattern| pattern.value.starts_with('!'))
    {
        problems.push(nothing_passes(pattern, field));
    }
}

fn nothing_passes(pattern: &Text, field: &str) -> Diagnostic {
    Diagnostic::warning(
        &FILTER_MATCHES_NOTHING,
        pattern.span,
        format!("nothing passes `{field}`"),
    )
    .label("takes away all that the patterns before it let through")
    .help("the last pattern that matches decides: write what is let through after what is excluded")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    fn list(patterns: &[&str]) -> Vec<Text> {
        let span = Span::new(SourceId(0), 0, 0);
        patterns
            .iter()
            .map(|pattern| Text::new((*pattern).to_owned(), span))
            .collect()
    }

    #[test]
    fn branches_overlap() {
        let both = |a: &[&str], b: &[&str]| common(&list(a), &list(b)).is_some();
        assert!(both(&["main"], &["main"]));
        assert!(both(&["main"], &["*"]));
        assert!(both(&["release/*"], &["release/x", "main"]));
        assert!(both(&[], &["main"]));
        assert!(both(&["**"], &["feature/*"]));
        assert!(!both(&["main"], &["develop"]));
        assert!(!both(&["main"], &["release/*"]));
        assert!(!both(&["main"], &["*", "!main"]));
    }

    #[test]
    fn some_lists_let_nothing_through() {
        let nothing = |patterns: &[&str]| {
            let mut problems = Problems::new();
            excluded(&list(patterns), "paths", &mut problems);
            !problems.is_empty()
        };
        assert!(nothing(&["src/**", "!src/**"]));
        assert!(nothing(&["docs/**", "!**"]));
        assert!(nothing(&["!**"]));
        assert!(!nothing(&["**", "!docs/**"]));
        assert!(!nothing(&["!docs/**"]));
        assert!(!nothing(&["src/**", "!src/x/**"]));
        assert!(!nothing(&["!**", "src/**"]));
        assert!(!nothing(&[]));
    }
}
