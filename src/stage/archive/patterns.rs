//! Which files a list of patterns means.

use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};

use super::Name;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_store::PATTERN;
use crate::source::Span;

/// One pattern: `dist/**`, or `!dist/**/*.map`, which excludes.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it is written.
    pub text: String,
    /// Where, in `pipeline.aphex`.
    pub span: Option<Span>,
    matcher: GlobMatcher,
    /// The folders before its first wildcard: nothing elsewhere can match.
    base: Name,
}

impl Pattern {
    /// Whether it takes away from what others match.
    pub fn excludes(&self) -> bool {
        self.text.starts_with('!')
    }

    /// The pattern without a `!` or `./` at its beginning.
    pub fn glob(&self) -> &str {
        glob_of(&self.text)
    }

    /// Whether it matches a path.
    pub fn matches(&self, path: &Name) -> bool {
        self.matcher.is_match(Path::new(path.os()))
    }
}

/// Patterns as in `artifacts`: relative to the root of the repository, `*` within a folder, `**` through folders, `?`, `[abc]`,
/// `{a,b}`. A path is meant when a pattern matches it and none with `!` does, in whatever order they stand.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    all: Vec<Pattern>,
}

impl Patterns {
    /// Those of these texts, with their places where they have one; an `A0933` where one is no pattern.
    pub fn new<'a>(
        texts: impl IntoIterator<Item = (&'a str, Option<Span>)>,
    ) -> Result<Patterns, Diagnostic> {
        let all = texts
            .into_iter()
            .map(|(text, span)| read(text, span))
            .collect::<Result<_, _>>()?;
        Ok(Patterns { all })
    }

    /// All of them, as written.
    pub fn iter(&self) -> impl Iterator<Item = &Pattern> {
        self.all.iter()
    }

    /// Whether a path is meant. Notes in `used` (as long as there are patterns) which patterns say so.
    pub(super) fn matches(&self, path: &Name, used: &mut [bool]) -> bool {
        if self.excluded(path) {
            return false;
        }
        let mut any = false;
        for (pattern, used) in self.all.iter().zip(used) {
            if !pattern.excludes() && pattern.matches(path) {
                *used = true;
                any = true;
            }
        }
        any
    }

    /// Whether a pattern takes a path away.
    pub(super) fn excluded(&self, path: &Name) -> bool {
        let mut excluding = self.all.iter().filter(|pattern| pattern.excludes());
        excluding.any(|pattern| pattern.matches(path))
    }

    /// Whether a path in this folder, at any depth, may be meant.
    pub(super) fn may_hold(&self, folder: &Name) -> bool {
        let including = self.all.iter().filter(|pattern| !pattern.excludes());
        let mut bases = including.map(|pattern| &pattern.base);
        bases.any(|base| within(folder, base) || within(base, folder))
    }
}

fn glob_of(text: &str) -> &str {
    let glob = text.strip_prefix('!').unwrap_or(text);
    glob.strip_prefix("./").unwrap_or(glob)
}

/// Whether `inner` is `outer` or in it.
fn within(inner: &Name, outer: &Name) -> bool {
    let rest = inner.bytes().strip_prefix(outer.bytes());
    outer.bytes().is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

fn read(text: &str, span: Option<Span>) -> Result<Pattern, Diagnostic> {
    let glob = glob_of(text);
    let leads_out = glob.starts_with('/') || glob.split('/').any(|part| part == "..");
    let built = GlobBuilder::new(glob).literal_separator(true).build();
    let matcher = match built {
        Ok(built) if !leads_out && !glob.is_empty() => built.compile_matcher(),
        other => {
            let mut diagnostic = Diagnostic::without_place(
                &PATTERN,
                format!("`{text}` is no pattern of files in the repository"),
            );
            diagnostic.primary = span.map(|span| crate::diagnostics::Label {
                span,
                message: String::new(),
            });
            return Err(match other {
                Err(error) => diagnostic.note(error.kind().to_string()),
                Ok(_) => {
                    diagnostic.help("patterns start at the root of the repository and stay in it")
                }
            });
        }
    };
    let parts: Vec<&str> = glob.split('/').collect();
    let folders = parts.split_last().map_or(&[][..], |(_, folders)| folders);
    let plain: Vec<&str> = folders
        .iter()
        .take_while(|part| !part.contains(['*', '?', '[', ']', '{', '}', ',']) && **part != ".")
        .copied()
        .collect();
    Ok(Pattern {
        text: text.to_owned(),
        span,
        matcher,
        base: Name::new(plain.join("/")),
    })
}
