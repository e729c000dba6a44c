//! The assembly held against the pipeline: what the file says of stacks, and what the app made of them.

use globset::{GlobBuilder, GlobMatcher};

use crate::diagnostics::codes::run_cdk as codes;
use crate::diagnostics::{Diagnostic, Problems, did_you_mean, list_names};
use crate::model::{EnvValue, Environment, Stack};
use crate::stage::cdk::{Assembly, AssemblyStack};

/// A stack of the file, and what its selector found, in the order in which it is deployed.
#[derive(Debug)]
pub struct Planned<'p, 'a> {
    /// As written.
    pub stack: &'p Stack,
    /// What it selects; at least one.
    pub selected: Vec<&'a AssemblyStack>,
}

/// Compares the stacks of a synth group with the assembly; the plan holds those whose selector found something.
pub fn compare<'p, 'a>(
    environment: &Environment,
    stacks: impl IntoIterator<Item = &'p Stack>,
    assembly: &'a Assembly,
    problems: &mut Problems,
) -> Vec<Planned<'p, 'a>> {
    let mut plan: Vec<Planned<'p, 'a>> = Vec::new();
    for stack in stacks {
        let selected = select(&stack.select.value, &assembly.stacks);
        if selected.is_empty() {
            problems.push(nothing_selected(stack, assembly));
            continue;
        }
        for found in &selected {
            place(environment, stack, found, problems);
            order(stack, found, &plan, problems);
            parameters(stack, found, problems);
        }
        outputs(stack, &selected, problems);
        plan.push(Planned { stack, selected });
    }
    for missing in &assembly.missing {
        problems.push(context(environment, &missing.key, &missing.provider));
    }
    // A stack that a later one needs and that the file deploys later, or elsewhere, is CloudFormation's to judge: it may be there.
    plan
}

/// The stacks that a selector names, those that others need first. As the CDK CLI matches: a glob over paths, in which `*` does not
/// cross `/`.
fn select<'a>(selector: &str, stacks: &'a [AssemblyStack]) -> Vec<&'a AssemblyStack> {
    let exact = stacks.iter().find(|stack| stack.path == selector);
    if let Some(exact) = exact {
        return vec![exact];
    }
    let Some(matcher) = matcher(selector) else {
        return Vec::new();
    };
    let mut open: Vec<&AssemblyStack> = stacks
        .iter()
        .filter(|stack| matcher.is_match(&stack.path))
        .collect();
    let mut ordered: Vec<&AssemblyStack> = Vec::new();
    while !open.is_empty() {
        let waits = |stack: &&AssemblyStack| {
            let mut needs = stack.needs.iter();
            needs.any(|path| open.iter().any(|other| other.path == *path))
        };
        let next = open.iter().position(|stack| !waits(stack)).unwrap_or(0);
        ordered.push(open.remove(next));
    }
    ordered
}

fn matcher(selector: &str) -> Option<GlobMatcher> {
    let glob = GlobBuilder::new(selector).literal_separator(true).build();
    Some(glob.ok()?.compile_matcher())
}

fn nothing_selected(stack: &Stack, assembly: &Assembly) -> Diagnostic {
    let paths: Vec<&str> = assembly.stacks.iter().map(|stack| &*stack.path).collect();
    let selector = &stack.select;
    let problem = Diagnostic::error(
        &codes::NO_SUCH_STACK,
        selector.span,
        format!(
            "the app `{}` has no stack `{}`",
            stack.app.value, selector.value
        ),
    )
    .label("selects nothing");
    let problem = match paths.is_empty() {
        true => problem.note("its assembly has no stacks"),
        false => problem.note(format!("it has {}", list_names(paths.iter().copied(), 12))),
    };
    // A stack in a stage is often called by its own name alone.
    let inner = format!("/{}", selector.value);
    let in_stage = paths.iter().find(|path| path.ends_with(&inner)).copied();
    match in_stage.or_else(|| did_you_mean(&selector.value, paths.iter().copied())) {
        Some(meant) => problem.help(format!("did you mean `select = \"{meant}\"`?")),
        None => problem,
    }
}

fn place(environment: &Environment, stack: &Stack, found: &AssemblyStack, problems: &mut Problems) {
    let sides = [
        (
            "account",
            &environment.account,
            &found.account,
            &codes::OTHER_ACCOUNT,
        ),
        (
            "region",
            &environment.region,
            &found.region,
            &codes::OTHER_REGION,
        ),
    ];
    for (word, wanted, given, code) in sides {
        let Some(given) = given.as_ref().filter(|given| **given != wanted.value) else {
            continue;
        };
        problems.push(
            Diagnostic::error(
                code,
                stack.select.span,
                format!(
                    "stack `{}` is for {word} `{given}`, and environment `{}` is `{}`",
                    found.path, environment.name.value, wanted.value
                ),
            )
            .also(wanted.span, format!("the environment's {word}"))
            .help(format!(
                "let the app take it from `CDK_DEFAULT_{}`, which every synth of an environment has",
                word.to_uppercase()
            )),
        );
    }
}

/// A stack that needs one which is written after it would be deployed before what it needs.
fn order(stack: &Stack, found: &AssemblyStack, plan: &[Planned<'_, '_>], problems: &mut Problems) {
    for before in plan {
        let mut earlier = before.selected.iter();
        if let Some(first) = earlier.find(|first| first.needs.contains(&found.path)) {
            problems.push(
                Diagnostic::error(
                    &codes::ORDER,
                    stack.span,
                    format!(
                        "stack `{}` needs `{}`, which is written after it",
                        first.path, found.path
                    ),
                )
                .label("deployed after what needs it")
                .also(before.stack.span, "needs it")
                .help(format!(
                    "write `{}` before `{}`",
                    stack.name.value, before.stack.name.value
                )),
            );
        }
    }
}

/// Outputs that the file declares, and no selected stack has.
fn outputs(stack: &Stack, selected: &[&AssemblyStack], problems: &mut Problems) {
    let there: Vec<&str> = selected
        .iter()
        .flat_map(|stack| stack.outputs.iter().map(String::as_str))
        .collect();
    for output in &stack.outputs {
        if there.contains(&&*output.value) {
            continue;
        }
        let problem = Diagnostic::error(
            &codes::NO_SUCH_OUTPUT,
            output.span,
            format!(
                "stack `{}` has no output `{}`",
                stack.name.value, output.value
            ),
        )
        .label("not in its template")
        .note(match there.is_empty() {
            true => "it has no outputs".to_owned(),
            false => format!("it has {}", list_names(there.iter().copied(), 12)),
        });
        problems.push(match did_you_mean(&output.value, there.iter().copied()) {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None => problem.help(format!(
                "add it to the stack: `new CfnOutput(this, \"{}\", {{ value: … }})`",
                output.value
            )),
        });
    }
}

fn parameters(stack: &Stack, found: &AssemblyStack, problems: &mut Problems) {
    let names: Vec<&str> = found
        .parameters
        .iter()
        .map(|parameter| &*parameter.name)
        .collect();
    for (name, value) in &stack.parameters {
        let Some(parameter) = found
            .parameters
            .iter()
            .find(|parameter| parameter.name == *name)
        else {
            let problem = Diagnostic::error(
                &codes::NO_SUCH_PARAMETER,
                value.span,
                format!("the template of `{}` has no parameter `{name}`", found.path),
            );
            problems.push(match did_you_mean(name, names.iter().copied()) {
                Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                None => problem,
            });
            continue;
        };
        if matches!(value.value, EnvValue::Secret(_)) && !parameter.is_hidden {
            problems.push(
                Diagnostic::error(
                    &codes::SHOWN_SECRET,
                    value.span,
                    format!("parameter `{name}` of `{}` would show a secret", found.path),
                )
                .label("everybody who may describe the stack can read it")
                .help(
                    "hand the secret's name over in place of the secret, and let the stack read it",
                ),
            );
        }
    }
    for parameter in &found.parameters {
        if !parameter.has_default && !stack.parameters.contains_key(&parameter.name) {
            problems.push(
                Diagnostic::error(
                    &codes::NO_VALUE,
                    stack.span,
                    format!(
                        "parameter `{}` of `{}` has no value",
                        parameter.name, found.path
                    ),
                )
                .label(format!("`parameters` does not give `{}`", parameter.name))
                .help(format!("write `parameters = {{ {} = … }}`", parameter.name)),
            );
        }
    }
}

fn context(environment: &Environment, key: &str, provider: &str) -> Diagnostic {
    Diagnostic::error(
        &codes::MISSING_CONTEXT,
        environment.name.span,
        format!("the app asks for context that is not there: `{key}`"),
    )
    .label("synthesised for this environment")
    .note(format!("`{provider}` would look it up in the account; a pipeline looks nothing up, so that a commit always gives the same stacks (9.4)"))
    .help("run `cdk synth` once with credentials, and commit `cdk.context.json`; or give it in `context`")
}

#[cfg(test)]
mod tests;
