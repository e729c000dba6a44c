//! What a pipeline became, drawn for a terminal: each way to start it, and its stages in order.

use crate::graph::{self, Entry, EntryKind, Stage, StageId, StageKind};
use crate::model::{Pipeline, StepKind};

/// Of more stages beside each other than this, the first are drawn and the others counted.
const MOST_SIBLINGS: usize = 8;

/// Every entry of every pipeline.
pub fn picture(pipelines: &[Pipeline]) -> String {
    let mut text = String::new();
    for pipeline in pipelines {
        for entry in &graph::build(pipeline).entries {
            text.push_str(&title(pipeline, entry));
            text.push('\n');
            draw(entry, None, "", &mut text);
            text.push('\n');
        }
    }
    text
}

/// `shop, on push`
fn title(pipeline: &Pipeline, entry: &Entry<'_>) -> String {
    let triggers = entry
        .triggers
        .iter()
        .filter_map(|index| pipeline.triggers.get(*index));
    let mut names: Vec<String> = triggers
        .map(|trigger| format!("on {}", trigger.name.value.replace('_', " ")))
        .collect();
    names.dedup();
    if entry.kind != EntryKind::Validate {
        names.push("by hand".to_owned());
    }
    format!("{}: {}", pipeline.name.value, names.join(", "))
}

fn draw(entry: &Entry<'_>, parent: Option<StageId>, indent: &str, text: &mut String) {
    let stages: Vec<&Stage<'_>> = entry.children(parent).collect();
    let (shown, hidden) = match stages.len() > MOST_SIBLINGS + 1 && parent.is_some() {
        true => stages.split_at(MOST_SIBLINGS),
        false => (stages.as_slice(), [].as_slice()),
    };
    for (index, stage) in shown.iter().enumerate() {
        let last = index + 1 == shown.len() && hidden.is_empty();
        let (branch, below) = if last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        text.push_str(&format!("{indent}{branch}{}\n", line(stage)));
        draw(entry, Some(stage.id), &format!("{indent}{below}"), text);
    }
    if !hidden.is_empty() {
        text.push_str(&format!("{indent}└─ … and {} more\n", hidden.len()));
    }
}

/// One stage, in the user's words.
fn line(stage: &Stage<'_>) -> String {
    match stage.kind {
        StageKind::Preflight => "preflight".to_owned(),
        StageKind::Step(step) => match step.kind {
            StepKind::Build => "build".to_owned(),
            StepKind::Check => format!("check {}", step.name.value),
            StepKind::Before => format!("before {}", step.name.value),
            StepKind::Step => format!("step {}", step.name.value),
            StepKind::After => format!("after {}", step.name.value),
            StepKind::Test => format!("test {}", step.name.value),
        },
        StageKind::SelfUpdate => "self-update".to_owned(),
        StageKind::Environment(environment) => format!(
            "{} ({} {})",
            environment.name.value, environment.account.value, environment.region.value
        ),
        StageKind::Wave(wave) => match &wave.max_parallel {
            Some(most) => format!("{} (wave, {} at a time)", wave.name.value, most.value),
            None => format!("{} (wave)", wave.name.value),
        },
        StageKind::Approval(_) => "approval".to_owned(),
        StageKind::Deploy { .. } => {
            let names: Vec<&str> = stage
                .kind
                .stacks()
                .map(|stack| stack.name.value.as_str())
                .collect();
            format!("deploy {}", names.join(", "))
        }
        StageKind::Bake(bake) => format!("bake {} min", bake.time.value.div_ceil(60)),
        StageKind::Diffs => "synth and diff".to_owned(),
        StageKind::Diff { environment, .. } => environment.name.value.clone(),
        StageKind::Finish => "finish, however the run ended".to_owned(),
    }
}
