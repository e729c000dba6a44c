//! One stack, deployed from two places: two commits, or two environments, write the same thing.

use crate::collections::HashMap;
use crate::diagnostics::codes::pipeline::STACK_TWICE;
use crate::diagnostics::{Diagnostic, Problems};
use crate::model::{App, Environment, Pipeline, Stack};
use crate::rules::Rules;

/// So many patterns of one account and region are compared with the other selectors.
const MAX_PATTERNS: usize = 50;

struct Deployed<'a> {
    pipeline: &'a Pipeline,
    environment: &'a Environment,
    stack: &'a Stack,
}

/// Reports stacks that two environments, or two pipelines of the program, deploy to one account and region.
pub fn check(rules: &Rules<'_>, problems: &mut Problems) {
    let mut by_place: HashMap<(&str, &str, &str), Vec<Deployed<'_>>> = HashMap::default();
    for pipeline in rules.pipelines {
        for environment in pipeline.environments() {
            // What has an error is not compared with others.
            let whole = environment
                .stacks()
                .filter(|stack| !environment.partial && !stack.partial);
            for stack in whole {
                // Apps are told apart by their folder and command: two pipelines may name them differently.
                let app = pipeline
                    .apps
                    .iter()
                    .find(|app| app.name.value == stack.app.value);
                let key = (
                    environment.account.value.as_str(),
                    environment.region.value.as_str(),
                    app.map_or("", folder),
                );
                by_place.entry(key).or_default().push(Deployed {
                    pipeline,
                    environment,
                    stack,
                });
            }
        }
    }
    let mut places: Vec<_> = by_place.into_iter().collect();
    places.sort_by_key(|(_, deployed)| deployed.first().map(|first| first.stack.span));
    for ((account, region, _), deployed) in places {
        in_place(account, region, &deployed, problems);
    }
}

fn folder(app: &App) -> &str {
    app.dir.value.trim_start_matches("./").trim_end_matches('/')
}

fn in_place(account: &str, region: &str, deployed: &[Deployed<'_>], problems: &mut Problems) {
    let mut first: HashMap<&str, &Deployed<'_>> = HashMap::default();
    let mut patterns: Vec<&Deployed<'_>> = Vec::new();
    for item in deployed {
        let select = item.stack.select.value.as_str();
        let is_pattern = select.contains(['*', '?', '[']);
        let clash = match first.get(select) {
            Some(other) => Some(*other),
            None if is_pattern => first
                .values()
                .copied()
                .find(|other| overlap(select, &other.stack.select.value)),
            None => patterns
                .iter()
                .copied()
                .find(|other| overlap(&other.stack.select.value, select)),
        };
        if is_pattern && !first.contains_key(select) && patterns.len() < MAX_PATTERNS {
            patterns.push(item);
        }
        first.entry(select).or_insert(item);
        let Some(other) = clash else { continue };
        // Two environments of one place usually tell their stacks apart by context or environment
        // variables, which change the stacks' names.
        if std::ptr::eq(item, other) || differ(item, other) {
            continue;
        }
        problems.push(report(account, region, item, other));
    }
}

/// Whether two selectors can name one stack; of patterns only those that are equal, or match the other's text.
fn overlap(pattern: &str, other: &str) -> bool {
    if pattern == other {
        return true;
    }
    let matches = |pattern: &str, text: &str| {
        globset::GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
            .is_ok_and(|glob| glob.compile_matcher().is_match(text))
    };
    matches(pattern, other) || matches(other, pattern)
}

/// Whether the synths of two stacks are given something different.
fn differ(a: &Deployed<'_>, b: &Deployed<'_>) -> bool {
    let same_names = |a: &crate::model::Env, b: &crate::model::Env| {
        a.len() == b.len()
            && a.iter()
                .all(|(name, value)| b.get(name).is_some_and(|other| other.value == value.value))
    };
    !same_names(&a.environment.env, &b.environment.env)
        || !same_names(&a.environment.context, &b.environment.context)
        || !same_names(&a.stack.context, &b.stack.context)
}

fn report(account: &str, region: &str, item: &Deployed<'_>, other: &Deployed<'_>) -> Diagnostic {
    let place = |deployed: &Deployed<'_>| {
        if item.pipeline.name.value == other.pipeline.name.value {
            format!("`{}`", deployed.stack.path)
        } else {
            format!(
                "`{}` of pipeline `{}`",
                deployed.stack.path, deployed.pipeline.name.value
            )
        }
    };
    let patterns = item.stack.select.value != other.stack.select.value;
    let mut diagnostic = Diagnostic::error(
        &STACK_TWICE,
        item.stack.name.span,
        format!("{} and {} are one stack, in account {account} and region {region}", place(other), place(item)),
    )
    .label("deployed here")
    .also(other.stack.name.span, "and here")
    .help("deploy it once; where they are meant to be two, tell them apart by `select`, `account`, `region`, `env` or `context`");
    if patterns {
        diagnostic = diagnostic.note(format!(
            "`{}` and `{}` select the same",
            other.stack.select.value, item.stack.select.value
        ));
    }
    diagnostic
}
