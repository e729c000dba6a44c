//! Path filters that no file of the repository passes.

use globset::GlobBuilder;

use crate::diagnostics::codes::pipeline::PATTERN_MATCHES_NOTHING;
use crate::diagnostics::{Diagnostic, Problems, did_you_mean};
use crate::model::{Event, Pipeline};
use crate::rules::Rules;

/// Reports `paths` of triggers that match nothing that is there.
pub fn check(rules: &Rules<'_>, pipeline: &Pipeline, problems: &mut Problems) {
    for trigger in &pipeline.triggers {
        let (Event::Push { paths, .. } | Event::PullRequest { paths, .. }) = &trigger.event else {
            continue;
        };
        for path in paths {
            let (pattern, excludes) = match path.value.strip_prefix('!') {
                Some(rest) => (rest, true),
                None => (path.value.as_str(), false),
            };
            let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() else {
                continue;
            };
            let matcher = glob.compile_matcher();
            if rules
                .repository
                .list()
                .iter()
                .any(|file| matcher.is_match(file))
            {
                continue;
            }
            let what = if excludes {
                "excludes no file of the repository"
            } else {
                "matches no file of the repository"
            };
            let mut diagnostic = Diagnostic::warning(
                &PATTERN_MATCHES_NOTHING,
                path.span,
                format!("`{}` {what}", path.value),
            )
            .label(if excludes {
                "has no effect"
            } else {
                "a change of it can never start a run"
            });
            let first = pattern.split('/').next().unwrap_or("");
            let folders = rules.repository.folders();
            let bare = pattern.trim_end_matches('/');
            if folders.contains(bare) {
                diagnostic = diagnostic.help(format!(
                    "a pattern names files: write `{}{bare}/**`",
                    if excludes { "!" } else { "" }
                ));
            } else if let Some(near) = did_you_mean(first, folders.iter().map(String::as_str)) {
                diagnostic = diagnostic.help(format!("did you mean the folder `{near}`?"));
            }
            problems.push(diagnostic);
        }
    }
}
