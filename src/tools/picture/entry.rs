//! The picture of an entry of the graph.

use crate::diagnostics::{plural, safe};
use crate::graph::{Condition, Entry, EntryKind, Reason, Stage, StageKind};
use crate::model::{Message, Pipeline, Step, StepKind, Text, When};
use crate::stage::path_of;
use crate::tools::picture::{Link, Look, Node, Picture, Why};
use crate::types::duration;

/// The picture of an entry; `synth` also draws what a synth group consists of.
pub fn of_entry(pipeline: &Pipeline, entry: &Entry<'_>, synth: bool, number: usize) -> Picture {
    let nodes = entry
        .stages
        .iter()
        .map(|stage| node(pipeline, entry, stage));
    let mut picture = Picture {
        number,
        title: safe::line(&pipeline.name.value).into_owned(),
        subtitle: starts(pipeline, entry),
        nodes: nodes.collect(),
        roots: entry.roots.iter().map(|id| id.0 as usize).collect(),
        run: None,
    };
    if let Some(finish) = entry.finish() {
        picture.end_with(finish.id.0 as usize);
    }
    if synth {
        for stage in &entry.stages {
            open(pipeline, &mut picture, stage);
        }
    }
    picture
}

/// What starts it: `on push, on tag, by hand`.
pub fn starts(pipeline: &Pipeline, entry: &Entry<'_>) -> String {
    let triggers = entry.triggers.iter();
    let triggers = triggers.filter_map(|index| pipeline.triggers.get(*index));
    let mut names: Vec<String> = triggers
        .map(|trigger| format!("on {}", trigger.name.value.replace('_', " ")))
        .collect();
    names.dedup();
    if entry.kind != EntryKind::Validate {
        names.push("by hand".to_owned());
    }
    safe::line(&names.join(", ")).into_owned()
}

fn node(pipeline: &Pipeline, entry: &Entry<'_>, stage: &Stage<'_>) -> Node {
    let mut facts = facts(pipeline, stage);
    match stage.condition {
        Condition::Success => {}
        Condition::Failure => facts.push("on failure".to_owned()),
        Condition::Always if matches!(stage.kind, StageKind::Finish) => {}
        Condition::Always => facts.push("always".to_owned()),
    }
    if !stage.required {
        facts.push("may fail".to_owned());
    }
    let (label, look) = label(stage);
    Node {
        path: path_of(entry, stage.id),
        label: safe::line(&label).into_owned(),
        look,
        facts: facts
            .iter()
            .map(|fact| safe::line(fact).into_owned())
            .collect(),
        parent: stage.parent.map(|id| id.0 as usize),
        children: stage.children.iter().map(|id| id.0 as usize).collect(),
        after: stage
            .after
            .iter()
            .map(|edge| Link {
                from: edge.from.0 as usize,
                why: match edge.reason {
                    Reason::Order | Reason::Needs(_) => Why::Order,
                    Reason::Gate => Why::Gate,
                },
            })
            .collect(),
        required: stage.required,
        state: None,
    }
}

/// What a stage is called, and how it looks.
fn label(stage: &Stage<'_>) -> (String, Look) {
    match stage.kind {
        StageKind::Step(step) => of_step(step),
        StageKind::Environment(_) => (stage.name.clone(), Look::Environment),
        StageKind::Wave(_) => (format!("wave {}", stage.name), Look::Group),
        StageKind::Diffs => ("synth and diff".to_owned(), Look::Group),
        StageKind::Approval(_) | StageKind::Bake(_) => (stage.name.clone(), Look::Gate),
        StageKind::Deploy { .. } | StageKind::Diff { .. } => (stage.name.clone(), Look::Deploy),
        StageKind::Preflight | StageKind::SelfUpdate | StageKind::Finish => {
            (stage.name.clone(), Look::Work)
        }
    }
}

fn of_step(step: &Step) -> (String, Look) {
    let name = &step.name.value;
    match step.kind {
        StepKind::Build => ("build".to_owned(), Look::Work),
        StepKind::Check => (format!("check {name}"), Look::Test),
        StepKind::Before => (format!("before {name}"), Look::Work),
        StepKind::Step => (format!("step {name}"), Look::Work),
        StepKind::After => (format!("after {name}"), Look::Work),
        StepKind::Test => (format!("test {name}"), Look::Test),
    }
}

fn facts(pipeline: &Pipeline, stage: &Stage<'_>) -> Vec<String> {
    match stage.kind {
        StageKind::Environment(environment) => {
            let mut facts = vec![format!(
                "{} {}",
                environment.account.value, environment.region.value
            )];
            if environment.max_parallel.value > 1 {
                facts.push(format!("{} at a time", environment.max_parallel.value));
            }
            facts
        }
        StageKind::Wave(wave) => {
            let most = wave.max_parallel.as_ref();
            let most = most.map(|most| format!("{} at a time", most.value));
            let fast = wave
                .fail_fast
                .then(|| "stops at the first failure".to_owned());
            most.into_iter().chain(fast).collect()
        }
        StageKind::Approval(approval) => {
            let mut facts = Vec::new();
            if let Message::Text(message) = &approval.message.value {
                facts.push(message.clone());
            }
            let approvers: Vec<&str> = approval
                .approvers
                .iter()
                .map(|name| name.value.as_str())
                .collect();
            let approvers = approvers.join(", ");
            match (approval.minimum.value, approvers.is_empty()) {
                (0 | 1, true) => {}
                (0 | 1, false) => facts.push(format!("by {approvers}")),
                (minimum, true) => facts.push(format!("{minimum} must agree")),
                (minimum, false) => facts.push(format!("{minimum} of {approvers}")),
            }
            facts
        }
        StageKind::Deploy { .. } => {
            let names = stage.kind.stacks().map(|stack| stack.name.value.as_str());
            vec![names.collect::<Vec<_>>().join(", ")]
        }
        StageKind::Diff { environment, app } => {
            let place = format!("{} {}", environment.account.value, environment.region.value);
            std::iter::once(place)
                .chain(self::app(pipeline, app))
                .collect()
        }
        StageKind::Bake(bake) => {
            let time = i64::try_from(bake.time.value).unwrap_or(i64::MAX);
            match bake.alarms.len() {
                0 => vec![duration(time)],
                alarms => vec![format!("{}, {}", duration(time), plural(alarms, "alarm"))],
            }
        }
        StageKind::Step(step) => match step.when.value {
            When::Output(_) => vec!["on a condition of the run".to_owned()],
            _ => Vec::new(),
        },
        StageKind::Finish => vec!["however the run ended".to_owned()],
        StageKind::Preflight | StageKind::SelfUpdate | StageKind::Diffs => Vec::new(),
    }
}

/// Which app, where there are several.
fn app(pipeline: &Pipeline, app: &Text) -> Option<String> {
    (pipeline.apps.len() > 1).then(|| format!("app {}", safe::line(&app.value)))
}

/// Draws what a synth group does: one synth of its app, then its stacks in order.
fn open(pipeline: &Pipeline, picture: &mut Picture, stage: &Stage<'_>) {
    let group = stage.id.0 as usize;
    let Some(first) = stage.kind.stacks().next() else {
        return;
    };
    let Some(path) = picture.node(group).map(|node| node.path.clone()) else {
        return;
    };
    let mut inside = vec![Node {
        facts: app(pipeline, &first.app).into_iter().collect(),
        parent: Some(group),
        ..Node::new(format!("{path}/synth"), "synth".to_owned(), Look::Work)
    }];
    for stack in stage.kind.stacks() {
        let name = safe::line(&stack.name.value);
        let select = safe::line(&stack.select.value);
        inside.push(Node {
            facts: (select != name)
                .then(|| select.to_string())
                .into_iter()
                .collect(),
            parent: Some(group),
            ..Node::new(
                format!("{path}/{name}"),
                format!("stack {name}"),
                Look::Deploy,
            )
        });
    }
    let start = picture.nodes.len();
    for (position, node) in inside.iter_mut().enumerate().skip(1) {
        node.after.push(Link {
            from: start + position - 1,
            why: Why::Order,
        });
    }
    picture.nodes.extend(inside);
    let end = picture.nodes.len();
    if let Some(node) = picture.nodes.get_mut(group) {
        node.children = (start..end).collect();
        node.facts.clear();
    }
}
