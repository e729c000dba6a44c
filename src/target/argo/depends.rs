//! `depends`: what a task waits for, as Argo's expression over the results of tasks.
//!
//! An Argo task is *Omitted* when its `depends` turns out false, and whoever names it can ask for that. A failure
//! reaches what comes after only through such terms, so a stage that runs after success names everything
//! required before it that its neighbours do not vouch for.

use crate::collections::{HashMap, HashSet};
use crate::graph::{Condition, Entry, Reason, Stage, StageId};

/// The tasks of siblings: for each stage, those whose success is its own.
pub type Tasks = HashMap<StageId, Vec<String>>;

/// Writes `depends` for the siblings of one DAG.
pub struct Depends<'a, 'p> {
    entry: &'a Entry<'p>,
    tasks: &'a Tasks,
}

const SETTLED: &[&str] = &["Succeeded", "Failed", "Errored", "Omitted"];
const RAN: &[&str] = &["Succeeded", "Failed", "Errored"];
const FAILED: &[&str] = &["Failed", "Errored"];

impl<'a, 'p> Depends<'a, 'p> {
    pub fn new(entry: &'a Entry<'p>, tasks: &'a Tasks) -> Self {
        Depends { entry, tasks }
    }

    /// The expression for a stage; empty where it waits for nothing, `None` where it can never run: it waits for a
    /// failure, and nothing before it can fail.
    pub fn of(&self, stage: &Stage<'_>) -> Option<String> {
        let mut terms = Terms::default();
        match stage.condition {
            Condition::Success => {
                let direct = stage.after.iter().map(|edge| edge.from);
                self.success(direct.collect(), &mut terms);
            }
            Condition::Always => self.after_all(stage, &mut terms),
            Condition::Failure => {
                let failed: Vec<String> = self
                    .entry
                    .before(stage.id)
                    .into_iter()
                    .filter_map(|id| self.entry.stage(id))
                    .filter(|before| before.required && !self.is_gate_of(stage, before.id))
                    .flat_map(|before| self.each(before.id, FAILED))
                    .collect();
                if failed.is_empty() {
                    return None;
                }
                self.after_all(stage, &mut terms);
                terms.push(any(&failed));
            }
        }
        Some(terms.list.join(" && "))
    }

    /// That everything required up to these stages has succeeded. A stage that runs after success vouches for what is
    /// before it, by having run; others do not, and one asks further back.
    fn success(&self, direct: Vec<StageId>, terms: &mut Terms) {
        let mut seen = HashSet::default();
        let mut open: Vec<(StageId, bool)> =
            direct.into_iter().rev().map(|id| (id, true)).collect();
        while let Some((id, is_direct)) = open.pop() {
            let Some(stage) = self.entry.stage(id).filter(|_| seen.insert(id)) else {
                continue;
            };
            match (stage.condition, stage.required) {
                (Condition::Success | Condition::Always, true) => {
                    self.all(id, &["Succeeded"], terms);
                }
                (Condition::Success, false) => self.all(id, RAN, terms),
                (Condition::Always | Condition::Failure, _)
                    if is_direct && self.tasks.contains_key(&id) =>
                {
                    self.all(id, SETTLED, terms);
                }
                (Condition::Always | Condition::Failure, _) => {}
            }
            if stage.condition != Condition::Success {
                open.extend(stage.after.iter().map(|edge| (edge.from, false)));
            }
        }
    }

    /// That everything before a stage has ended, and the gate it is behind is open.
    fn after_all(&self, stage: &Stage<'_>, terms: &mut Terms) {
        for edge in &stage.after {
            match edge.reason {
                Reason::Gate => self.all(edge.from, &["Succeeded"], terms),
                Reason::Order | Reason::Needs(_) => self.all(edge.from, SETTLED, terms),
            }
        }
    }

    fn is_gate_of(&self, stage: &Stage<'_>, id: StageId) -> bool {
        let mut edges = stage.after.iter();
        edges.any(|edge| edge.from == id && edge.reason == Reason::Gate)
    }

    /// That each task of a stage has one of these results. A stage without tasks can never run: what it waits for
    /// answers in its place.
    fn all(&self, id: StageId, results: &[&str], terms: &mut Terms) {
        let mut seen = HashSet::default();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if let Some(tasks) = self.tasks.get(&id) {
                for task in tasks {
                    let results = results.iter().map(|result| format!("{task}.{result}"));
                    terms.push(any(&results.collect::<Vec<_>>()));
                }
            } else if seen.insert(id) {
                let edges = self.entry.stage(id).map_or(&[][..], |stage| &stage.after);
                open.extend(edges.iter().map(|edge| edge.from));
            }
        }
    }

    fn each(&self, id: StageId, results: &'static [&'static str]) -> Vec<String> {
        let tasks = self.tasks.get(&id).map_or(&[][..], Vec::as_slice);
        let pairs = tasks
            .iter()
            .flat_map(|task| results.iter().map(move |result| format!("{task}.{result}")));
        pairs.collect()
    }
}

/// That a task has ended, in whatever way.
pub fn settled(task: &str) -> String {
    let results = SETTLED.iter().map(|result| format!("{task}.{result}"));
    any(&results.collect::<Vec<_>>())
}

fn any(alternatives: &[String]) -> String {
    match alternatives {
        [one] => one.clone(),
        _ => format!("({})", alternatives.join(" || ")),
    }
}

/// Terms that must all hold, each once, in the order first said.
#[derive(Default)]
struct Terms {
    list: Vec<String>,
    known: HashSet<String>,
}

impl Terms {
    fn push(&mut self, term: String) {
        if self.known.insert(term.clone()) {
            self.list.push(term);
        }
    }
}
