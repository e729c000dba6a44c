//! `needs`: circles, and what cannot be waited for.

use std::collections::BTreeMap;

use crate::collections::{HashMap, HashSet};
use crate::diagnostics::codes::pipeline::{CIRCULAR_NEEDS, NEEDS_ELSEWHERE, PICK_LACKS};
use crate::diagnostics::{Diagnostic, Problems};
use crate::eval::data::BlockPath;
use crate::graph::{Entry, Graph, Reason, Stage, StageId, StageKind};
use crate::model::{Deployment, Environment, Pipeline, Ref, Start, Step, Target};
use crate::source::Span;

/// Reports what is wrong with the `needs` of a pipeline.
pub fn check(pipeline: &Pipeline, graph: &Graph<'_>, problems: &mut Problems) {
    let mut found = Problems::new();
    needs(pipeline, &mut found);
    let found = found.into_sorted();
    // What cannot be waited for at all makes no circle.
    let mut refused: HashSet<Span> = HashSet::default();
    for diagnostic in found {
        refused.extend(diagnostic.span());
        problems.push(diagnostic);
    }
    let mut reported: HashSet<Vec<String>> = HashSet::default();
    for entry in &graph.entries {
        circles(entry, &refused, &mut reported, problems);
    }
    picks(pipeline, problems);
}

/// Reports what cannot be waited for where it is needed.
fn needs(pipeline: &Pipeline, problems: &mut Problems) {
    for step in std::iter::once(&pipeline.build).chain(&pipeline.checks) {
        for need in &step.needs {
            let message = format!(
                "`{}` cannot wait for `{need}`: build and checks begin together",
                step.name.value
            );
            problems.push(
                elsewhere(need, message).help(
                    "leave `needs` out; what must come later is a `before` of an environment",
                ),
            );
        }
    }
    for target in &pipeline.targets {
        match target {
            Target::Environment(environment) => of_environment(pipeline, environment, problems),
            Target::Wave(wave) => {
                for need in wave.needs.iter().flatten() {
                    of_target(
                        pipeline,
                        &wave.path,
                        &wave.name.value,
                        Start::Auto,
                        need,
                        problems,
                    );
                }
                for environment in &wave.environments {
                    of_environment(pipeline, environment, problems);
                }
            }
        }
    }
}

fn elsewhere(need: &Ref, message: String) -> Diagnostic {
    Diagnostic::error(&NEEDS_ELSEWHERE, need.span, message)
}

fn of_environment(pipeline: &Pipeline, environment: &Environment, problems: &mut Problems) {
    for need in environment.needs.iter().flatten() {
        of_target(
            pipeline,
            &environment.path,
            &environment.name.value,
            environment.start,
            need,
            problems,
        );
    }
    let mut positions: HashMap<&BlockPath, usize> = HashMap::default();
    for (index, item) in environment.body.iter().enumerate() {
        match item {
            Deployment::Stack(stack) => positions.insert(&stack.path, index),
            Deployment::Step(step) => positions.insert(&step.path, index),
        };
    }
    for step in environment.steps() {
        of_part(environment, &step.path, &step.needs, problems);
    }
    for stack in environment.stacks() {
        of_part(environment, &stack.path, &stack.needs, problems);
        let own = positions.get(&stack.path).copied().unwrap_or(0);
        for need in &stack.needs {
            let Some(other) = positions.get(&need.path).filter(|other| **other > own) else {
                continue;
            };
            // Where steps stand between, the graph has a circle and says so.
            let between = environment.body.get(own..*other).unwrap_or_default();
            if between
                .iter()
                .any(|item| matches!(item, Deployment::Step(_)))
            {
                continue;
            }
            let message = format!(
                "`{}` needs `{need}`, which is deployed after it",
                stack.path
            );
            problems.push(
                elsewhere(need, message)
                    .label("stacks are deployed in the order written")
                    .help(format!(
                        "write `{}` before `{}`",
                        need.path.name(),
                        stack.name.value
                    )),
            );
        }
    }
}

/// A `needs` of a stack or step.
fn of_part(environment: &Environment, own: &BlockPath, needs: &[Ref], problems: &mut Problems) {
    for need in needs {
        if need.path == *own {
            problems.push(
                elsewhere(need, format!("`{own}` needs itself"))
                    .label("it can never begin")
                    .help("leave it out"),
            );
        } else if need.path == environment.path {
            problems.push(
                elsewhere(
                    need,
                    format!("`{own}` needs `{need}`, which it is a part of"),
                )
                .label("it would wait for its own end")
                .help("name the stacks and steps to wait for"),
            );
        } else if !need.path.0.starts_with(&environment.path.0) {
            problems.push(
                elsewhere(
                    need,
                    format!("`{own}` cannot wait for `{need}`, which is in another environment"),
                )
                .label("not in this environment")
                .help(format!(
                    "write `needs` on the environment: `{}` then waits for the other as a whole",
                    environment.name.value
                )),
            );
        }
    }
}

/// A `needs` of an environment or wave.
fn of_target(
    pipeline: &Pipeline,
    own: &BlockPath,
    name: &str,
    start: Start,
    need: &Ref,
    problems: &mut Problems,
) {
    if need.path == *own {
        problems.push(
            elsewhere(need, format!("`{name}` needs itself"))
                .label("it can never begin")
                .help("leave it out"),
        );
        return;
    }
    if need.path.0.starts_with(&own.0) || own.0.starts_with(&need.path.0) {
        let message = format!("`{name}` needs `{need}`, and one is a part of the other");
        problems.push(
            elsewhere(need, message)
                .label("it would wait for its own end")
                .help("leave it out"),
        );
        return;
    }
    let Some(other) = pipeline
        .environments()
        .find(|environment| environment.path == need.path)
    else {
        return;
    };
    if other.start == Start::Manual && start == Start::Auto {
        problems.push(
            elsewhere(
                need,
                format!("`{name}` needs `{need}`, which only a person starts"),
            )
            .label("a run does not wait for it")
            .also(other.name.span, "has `start = \"manual\"`")
            .help(format!(
                "leave it out, or drop `start = \"manual\"` of `{need}`"
            )),
        );
    }
}

/// Picks of triggers that leave out what a picked environment needs.
fn picks(pipeline: &Pipeline, problems: &mut Problems) {
    // That a value is used which is not made says more than the `needs` beside it.
    let told = problems.iter();
    let told: Vec<String> = told
        .filter(|problem| problem.code == &PICK_LACKS)
        .map(|problem| problem.message.clone())
        .collect();
    for trigger in &pipeline.triggers {
        let Some(deploy) = &trigger.deploy else {
            continue;
        };
        let picked = |path: &BlockPath| {
            deploy.iter().any(|pick| {
                pick.path == *path
                    || path.0.starts_with(&pick.path.0)
                    || pick.path.0.starts_with(&path.0)
            })
        };
        for environment in pipeline
            .environments()
            .filter(|environment| picked(&environment.path))
        {
            for need in environment
                .needs
                .iter()
                .flatten()
                .filter(|need| !picked(&need.path))
            {
                let lacks = format!(
                    "`on {}` deploys `{}` without `{need}`, ",
                    trigger.name.value, environment.name.value
                );
                if told.iter().any(|message| message.starts_with(&lacks)) {
                    continue;
                }
                problems.push(
                    Diagnostic::warning(
                        &PICK_LACKS,
                        trigger.name.span,
                        format!("{lacks}which it needs"),
                    )
                    .label("this pick")
                    .also(need.span, "needed here")
                    .help(format!("add `{need}` to `deploy`")),
                );
            }
        }
    }
}

/// Reports every circle of siblings that wait for each other, once.
fn circles(
    entry: &Entry<'_>,
    refused: &HashSet<Span>,
    reported: &mut HashSet<Vec<String>>,
    problems: &mut Problems,
) {
    let mut in_circles = left_over(entry);
    while let Some(start) = in_circles.iter().next().copied() {
        let Some(circle) = shortest(entry, start, &in_circles) else {
            in_circles.remove(&start);
            continue;
        };
        for id in &circle {
            in_circles.remove(id);
        }
        let stages: Vec<&Stage<'_>> = circle.iter().filter_map(|id| entry.stage(*id)).collect();
        let mut key: Vec<String> = stages
            .iter()
            .map(|stage| stage.path.to_string() + &stage.name)
            .collect();
        key.sort();
        let is_told = circle.iter().zip(circle.iter().cycle().skip(1)).any(|(id, next)| {
            let edges = entry.stage(*id).map_or(&[][..], |stage| &stage.after);
            let edge = edges.iter().find(|edge| edge.from == *next);
            matches!(edge.map(|edge| edge.reason), Some(Reason::Needs(span)) if refused.contains(&span))
        });
        if reported.insert(key) && !is_told {
            problems.push(describe(&stages));
        }
    }
}

/// The stages that are in a circle, or behind one.
fn left_over(entry: &Entry<'_>) -> std::collections::BTreeSet<StageId> {
    let mut waits: HashMap<StageId, usize> = entry
        .stages
        .iter()
        .map(|stage| (stage.id, stage.after.len()))
        .collect();
    let mut users: HashMap<StageId, Vec<StageId>> = HashMap::default();
    for stage in &entry.stages {
        for edge in &stage.after {
            users.entry(edge.from).or_default().push(stage.id);
        }
    }
    let mut open: Vec<StageId> = waits
        .iter()
        .filter(|(_, count)| **count == 0)
        .map(|(id, _)| *id)
        .collect();
    while let Some(id) = open.pop() {
        waits.remove(&id);
        for user in users.get(&id).into_iter().flatten() {
            if let Some(count) = waits.get_mut(user) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    open.push(*user);
                }
            }
        }
    }
    waits.into_keys().collect()
}

/// The shortest circle through a stage: each waits for the next, the last for the first.
fn shortest(
    entry: &Entry<'_>,
    start: StageId,
    among: &std::collections::BTreeSet<StageId>,
) -> Option<Vec<StageId>> {
    let mut from: BTreeMap<StageId, StageId> = BTreeMap::new();
    let mut open = std::collections::VecDeque::from([start]);
    while let Some(id) = open.pop_front() {
        for edge in entry.stage(id).map_or(&[][..], |stage| &stage.after) {
            if edge.from == start {
                let mut circle = vec![id];
                let mut at = id;
                while at != start {
                    at = *from.get(&at)?;
                    circle.push(at);
                }
                circle.reverse();
                return Some(circle);
            }
            if among.contains(&edge.from) && !from.contains_key(&edge.from) {
                from.insert(edge.from, id);
                open.push_back(edge.from);
            }
        }
    }
    None
}

fn describe(stages: &[&Stage<'_>]) -> Diagnostic {
    let names: Vec<String> = stages
        .iter()
        .chain(stages.first())
        .map(|stage| format!("`{}`", shown(stage)))
        .collect();
    let next = |index: usize| stages.get((index + 1) % stages.len().max(1)).copied();
    let edges: Vec<(&Stage<'_>, &Stage<'_>, Reason)> = stages
        .iter()
        .enumerate()
        .filter_map(|(index, stage)| {
            let next = next(index)?;
            let edge = stage.after.iter().find(|edge| edge.from == next.id)?;
            Some((*stage, next, edge.reason))
        })
        .collect();
    let place = |stage: &Stage<'_>, reason: Reason| match reason {
        Reason::Needs(span) => span,
        _ => name_of(stage),
    };
    let first = edges
        .iter()
        .find(|(_, _, reason)| matches!(reason, Reason::Needs(_)))
        .map(|(stage, _, reason)| place(stage, *reason))
        .or_else(|| stages.first().map(|stage| name_of(stage)));
    let message = format!("these wait for each other: {}", names.join(" → "));
    let mut diagnostic = match first {
        Some(span) => Diagnostic::error(&CIRCULAR_NEEDS, span, message),
        None => Diagnostic::without_place(&CIRCULAR_NEEDS, message),
    };
    for (stage, next, reason) in edges {
        let text = match reason {
            Reason::Needs(_) => format!("`{}` waits for `{}`", shown(stage), shown(next)),
            _ => format!(
                "`{}` waits for `{}`, which is written before it",
                shown(stage),
                shown(next)
            ),
        };
        let span = place(stage, reason);
        diagnostic = if Some(span) == first {
            diagnostic.label(text)
        } else {
            diagnostic.also(span, text)
        };
    }
    diagnostic
        .help("none of them can ever begin: take one `needs` away, or write them in another order")
}

fn shown(stage: &Stage<'_>) -> String {
    match stage.kind {
        StageKind::Deploy { .. } => stage
            .kind
            .stacks()
            .next()
            .map_or_else(|| stage.name.clone(), |stack| stack.path.to_string()),
        _ => stage.path.to_string(),
    }
}

/// Where a stage's name is written.
fn name_of(stage: &Stage<'_>) -> Span {
    match stage.kind {
        StageKind::Step(Step { name, .. }) => name.span,
        StageKind::Environment(environment) => environment.name.span,
        StageKind::Wave(wave) => wave.name.span,
        StageKind::Deploy { .. } => stage
            .kind
            .stacks()
            .next()
            .map_or(stage.span, |stack| stack.name.span),
        _ => stage.span,
    }
}
