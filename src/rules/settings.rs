//! A setting that one environment has and its sister lacks: the most frequent mistake of all.
//!
//! Sisters are environments that deploy a stack of the same name (or, without stacks, have a step of the
//! same name). What is compared are the names, never the values. `NAME = ""` says that one is meant to be
//! without.

use std::collections::BTreeSet;

use crate::collections::{HashMap, IndexMap};
use crate::diagnostics::codes::pipeline::SETTING_MISSING;
use crate::diagnostics::{Diagnostic, Problems, did_you_mean};
use crate::model::{Env, Environment, Pipeline, Stack};
use crate::source::Span;

/// The names that one environment sets somewhere, and where it would set another.
struct Settings<'a> {
    environment: &'a Environment,
    env: &'a Env,
    place: Span,
}

/// Compares `env`, `context` and stack parameters of the environments of a pipeline.
pub fn check(pipeline: &Pipeline, problems: &mut Problems) {
    for sisters in families(pipeline) {
        let of = |field: fn(&Environment) -> &Env| -> Vec<Settings<'_>> {
            sisters
                .iter()
                .map(|environment| Settings {
                    environment,
                    env: field(environment),
                    place: environment.name.span,
                })
                .collect()
        };
        compare("env", &of(|environment| &environment.env), problems);
        compare("context", &of(|environment| &environment.context), problems);
        let stacks: BTreeSet<&str> = sisters
            .iter()
            .flat_map(|environment| environment.stacks())
            .map(|stack| stack.name.value.as_str())
            .collect();
        for name in stacks {
            let of = |field: fn(&Stack) -> &Env| -> Vec<Settings<'_>> {
                sisters
                    .iter()
                    .filter_map(|environment| {
                        let stack = environment
                            .stacks()
                            .find(|stack| stack.name.value == name && !stack.partial)?;
                        Some(Settings {
                            environment,
                            env: field(stack),
                            place: stack.name.span,
                        })
                    })
                    .collect()
            };
            compare(
                &format!("`parameters` of stack `{name}`"),
                &of(|stack| &stack.parameters),
                problems,
            );
            compare(
                &format!("`context` of stack `{name}`"),
                &of(|stack| &stack.context),
                problems,
            );
        }
    }
}

/// Environments that are the same thing in several places, in groups of at least two.
fn families(pipeline: &Pipeline) -> Vec<Vec<&Environment>> {
    let mut families: Vec<Vec<&Environment>> = Vec::new();
    let mut by_name: HashMap<&str, usize> = HashMap::default();
    for environment in pipeline.environments() {
        let mut names: Vec<&str> = environment
            .stacks()
            .map(|stack| stack.name.value.as_str())
            .collect();
        if names.is_empty() {
            names = environment
                .steps()
                .map(|step| step.name.value.as_str())
                .collect();
        }
        let known = names.iter().find_map(|name| by_name.get(name).copied());
        let family = known.unwrap_or_else(|| {
            families.push(Vec::new());
            families.len() - 1
        });
        if let Some(members) = families.get_mut(family) {
            members.push(environment);
        }
        for name in names {
            by_name.entry(name).or_insert(family);
        }
    }
    for members in &mut families {
        members.retain(|environment| !environment.partial);
    }
    families.retain(|members| members.len() > 1);
    families
}

/// Reports names that all but one sister have (of two: that the other has).
fn compare(what: &str, settings: &[Settings<'_>], problems: &mut Problems) {
    // Those that set nothing at all here are another kind of environment.
    let speaking: Vec<&Settings<'_>> = settings
        .iter()
        .filter(|settings| !settings.env.is_empty())
        .collect();
    if speaking.len() < 2 {
        return;
    }
    let mut having: IndexMap<&str, Vec<&Settings<'_>>> = IndexMap::default();
    for settings in &speaking {
        for name in settings.env.keys() {
            having.entry(name).or_default().push(settings);
        }
    }
    for (name, owners) in having {
        // All but one; of three or more, so that one alone is not thought to be an example.
        if owners.len() + 1 != speaking.len() {
            continue;
        }
        let Some(lacking) = speaking
            .iter()
            .find(|settings| !settings.env.contains_key(name))
        else {
            continue;
        };
        let Some(owner) = owners.first() else {
            continue;
        };
        let Some(value) = owner.env.get(name) else {
            continue;
        };
        let lacks = &lacking.environment.name.value;
        let shown = if what.starts_with('`') {
            what.to_owned()
        } else {
            format!("`{what}`")
        };
        let mut diagnostic = Diagnostic::warning(
            &SETTING_MISSING,
            lacking.place,
            format!(
                "{shown} of `{lacks}` lacks `{name}`, which {} has",
                owned_by(&owners)
            ),
        )
        .label(format!("has no `{name}`"))
        .also(
            value.span,
            format!("`{}` has it", owner.environment.name.value),
        );
        // A name that only the lacking one has may be the same, misspelt.
        let own = lacking
            .env
            .keys()
            .map(String::as_str)
            .filter(|own| owners.iter().all(|owner| !owner.env.contains_key(*own)));
        diagnostic = match did_you_mean(name, own) {
            Some(near) => {
                diagnostic.help(format!("`{lacks}` has `{near}`: did you mean `{name}`?"))
            }
            None => diagnostic.help(format!(
                "add it; where `{lacks}` is meant to be without, say so: `{name} = \"\"`"
            )),
        };
        problems.push(diagnostic);
    }
}

fn owned_by(owners: &[&Settings<'_>]) -> String {
    match owners {
        [one] => format!("`{}`", one.environment.name.value),
        [first, rest @ ..] => format!(
            "each of `{}` and {} more",
            first.environment.name.value,
            rest.len()
        ),
        [] => String::new(),
    }
}
