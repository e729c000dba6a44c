//! The picture of a run, from its record alone: the pipeline's file may have changed since.

use crate::collections::{HashMap, HashSet};
use crate::diagnostics::{plural, safe};
use crate::stage::record::{Engine, ErrorRecord, RunRecord, StageRecord, keys};
use crate::stage::reports::Summary;
use crate::tools::picture::{DEEPEST, Link, Look, Node, Picture, State, Why, ended, instant};

/// The picture of a run.
pub fn of_run(record: &RunRecord) -> Picture {
    let mut positions: HashMap<&str, usize> = HashMap::default();
    for (index, stage) in record.stages.iter().enumerate() {
        positions.entry(&stage.path).or_insert(index);
    }
    let mut picture = Picture {
        number: 0,
        title: line(&record.run),
        subtitle: format!(
            "{}, {}",
            line(&record.pipeline),
            ended(record.outcome, record.seconds)
        ),
        nodes: Vec::with_capacity(record.stages.len()),
        roots: Vec::new(),
        run: Some(facts(record)),
    };
    // A record that is none of ours may name parents that come later, or stand in no order: such stages stand outside.
    for (index, stage) in record.stages.iter().enumerate() {
        let parent = stage.path.rsplit_once('/').map(|(above, _)| above);
        let parent = parent
            .and_then(|path| positions.get(path).copied())
            .filter(|parent| *parent < index && picture.depth(*parent) + 1 < DEEPEST);
        match parent.and_then(|parent| picture.nodes.get_mut(parent)) {
            Some(parent) => parent.children.push(index),
            None => picture.roots.push(index),
        }
        picture.nodes.push(Node {
            parent,
            facts: known(stage),
            required: stage.required,
            state: Some(state(record, stage)),
            ..Node::new(line(&stage.path), label(stage), look(&stage.kind))
        });
    }
    for (index, stage) in record.stages.iter().enumerate() {
        let mut links: Vec<Link> = Vec::new();
        let mut seen = HashSet::from_iter([index]);
        for from in stage
            .after
            .iter()
            .filter_map(|path| positions.get(path.as_str()))
        {
            let parent = picture.node(index).and_then(|node| node.parent);
            let is_sibling = picture
                .node(*from)
                .is_some_and(|node| node.parent == parent);
            if is_sibling && seen.insert(*from) {
                links.push(Link {
                    from: *from,
                    why: Why::Order,
                });
            }
        }
        if let Some(node) = picture.nodes.get_mut(index) {
            node.after = links;
        }
    }
    let last = picture.roots.last().copied();
    if let Some((last, stage)) = last.and_then(|last| Some((last, record.stages.get(last)?)))
        && stage.kind == "finish"
    {
        picture.end_with(last);
    }
    picture
}

/// What is known of a stage beside how it ended.
fn known(stage: &StageRecord) -> Vec<String> {
    let tests = stage.tries.last().and_then(|last| last.tests.as_ref());
    let optional = (!stage.required).then(|| "may fail".to_owned());
    tests.map(counted).into_iter().chain(optional).collect()
}

/// `120 tests, 2 failed, 1 flaky`
fn counted(tests: &Summary) -> String {
    let total = plural(usize::try_from(tests.tests).unwrap_or(usize::MAX), "test");
    let parts = [
        (tests.failed.saturating_add(tests.errors), "failed"),
        (tests.skipped, "skipped"),
        (tests.flaky, "flaky"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    parts.fold(total, |text, (count, word)| {
        format!("{text}, {count} {word}")
    })
}

/// What is known of a run as a whole.
fn facts(record: &RunRecord) -> Vec<(&'static str, String)> {
    let mut commit = line(&record.commit);
    if record.local_changes {
        commit.push_str(", with changes that were not committed");
    }
    let mut outcome = ended(record.outcome, record.seconds);
    if record.synth_only {
        outcome.push_str("; nothing was deployed");
    }
    let engine = match record.engine {
        Engine::Argo => "Argo Workflows",
        Engine::Local => "one machine",
    };
    let mut facts = vec![
        (
            "pipeline",
            format!("{}, {}", line(&record.pipeline), line(&record.file)),
        ),
        ("repository", line(&record.repository)),
        ("commit", commit),
        ("cause", line(&record.cause())),
        ("started", format!("{} UTC", instant(record.started_at))),
        ("outcome", outcome),
        (
            "ran on",
            format!("{engine}, with Aphex {}", line(&record.aphex)),
        ),
    ];
    if record.stages.iter().any(|stage| !stage.tries.is_empty()) {
        let folder = line(&keys::stages(&record.run));
        facts.push(("logs", format!("{folder}STAGE/TRY.log in the store")));
    }
    for (name, value) in &record.trigger.inputs {
        facts.push(("input", line(&format!("{name} = {value}"))));
    }
    facts
}

/// A text of the record, on one line and not endless.
fn line(text: &str) -> String {
    let mut shown: String = safe::line(text).chars().take(LONGEST).collect();
    if text.len() > LONGEST && text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// In characters.
const LONGEST: usize = 400;

/// `hook migrate`: the kind, and the name where that does not say as much.
fn label(stage: &StageRecord) -> String {
    let name = stage.path.rsplit('/').next().unwrap_or_default();
    let kind = stage.kind.as_str();
    let is_said = name == kind || name.starts_with(&format!("{kind}-"));
    match kind {
        "check" | "hook" | "step" | "test" | "wave" if !is_said => line(&format!("{kind} {name}")),
        _ => line(name),
    }
}

fn look(kind: &str) -> Look {
    match kind {
        "environment" => Look::Environment,
        "wave" => Look::Group,
        "deploy" | "diff" => Look::Deploy,
        "approval" | "bake" => Look::Gate,
        "check" | "test" => Look::Test,
        _ => Look::Work,
    }
}

fn state(record: &RunRecord, stage: &StageRecord) -> State {
    let last = stage.tries.last();
    let reason = stage.reason.as_ref();
    let reason = reason.or_else(|| last.and_then(|last| last.reason.as_ref()));
    let error = last.and_then(|last| last.error.as_ref());
    State {
        outcome: stage.outcome,
        started_at: stage.started_at,
        seconds: stage.seconds,
        tries: stage.tries.len(),
        reason: reason.map(|reason| line(reason)),
        error: error.map(told).unwrap_or_default(),
        log: last.map(|last| line(&keys::log(&record.run, &stage.path, last.attempt))),
    }
}

/// An error in lines: message, place, notes, help.
fn told(error: &ErrorRecord) -> Vec<String> {
    let mut lines = vec![line(&format!("{}: {}", error.code, error.message))];
    if let Some(place) = &error.place {
        lines.push(line(&format!("at {place}")));
    }
    let notes = error.notes.iter().flat_map(|note| note.lines());
    lines.extend(notes.map(line));
    if let Some(help) = &error.help {
        lines.extend(format!("help: {help}").lines().map(line));
    }
    lines
}
