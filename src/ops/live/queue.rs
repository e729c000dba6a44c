//! Who waits for whom.
//!
//! Argo's controller keeps its queues in memory: by priority, then by the time at which a Workflow was made (`workflow/sync/multi_throttler.go`). A Workflow says what
//! it holds and who held what it waits for; from all of them together follows the rest.

use std::cmp::Reverse;

use serde::Serialize;

use crate::cloud::kubernetes::Workflow;
use crate::collections::IndexMap;

/// A lock that a run waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waits {
    /// Its name: `aphex-shop`, with `queue = "environment"` `aphex-shop-prod`.
    pub lock: String,
    /// The run's place among those that wait for it: 1 is next.
    pub position: usize,
    /// The run that holds it, as far as that is known.
    pub holder: Option<String>,
}

/// What each of these Workflows waits for, in their order.
pub fn queue(workflows: &[Workflow]) -> Vec<Vec<Waits>> {
    let mut all: Vec<Vec<Waits>> = vec![Vec::new(); workflows.len()];
    let mut queues: IndexMap<&str, Vec<usize>> = IndexMap::default();
    for (index, workflow) in workflows.iter().enumerate() {
        for lock in waited_for(workflow) {
            queues.entry(lock).or_default().push(index);
        }
    }
    for (lock, mut waiting) in queues {
        waiting.sort_by_key(|index| {
            let workflow = workflows.get(*index);
            workflow.map(|one| {
                (
                    Reverse(one.spec.priority.unwrap_or(0)),
                    one.created,
                    &one.name,
                )
            })
        });
        let said = || {
            let waits = workflows
                .iter()
                .flat_map(|one| &one.status.synchronization.mutex.waiting);
            let mut waits = waits.filter(|wait| wait.mutex == lock);
            waits.find_map(|wait| run_of(&wait.holder))
        };
        let mut holders = workflows
            .iter()
            .filter(|one| holds(one).any(|held| held == lock));
        let holder = holders.next().map(|one| one.name.clone()).or_else(said);
        for (place, index) in waiting.into_iter().enumerate() {
            if let Some(waits) = all.get_mut(index) {
                waits.push(Waits {
                    lock: name_of(lock).to_owned(),
                    position: place + 1,
                    holder: holder.clone(),
                });
            }
        }
    }
    all
}

/// The locks that a Workflow holds.
pub fn held(workflow: &Workflow) -> Vec<String> {
    let mut names: Vec<String> = holds(workflow)
        .map(|lock| name_of(lock).to_owned())
        .collect();
    names.dedup();
    names
}

fn holds(workflow: &Workflow) -> impl Iterator<Item = &str> {
    let holding = &workflow.status.synchronization.mutex.holding;
    holding.iter().map(|lock| lock.mutex.as_str())
}

/// The locks that it waits for now. What it has once waited for stands in its status for good, so its phase and those of its nodes decide.
fn waited_for(workflow: &Workflow) -> Vec<&str> {
    let mut locks: Vec<&str> = Vec::new();
    if matches!(workflow.status.phase.as_str(), "" | "Pending") {
        let waiting = &workflow.status.synchronization.mutex.waiting;
        locks.extend(waiting.iter().map(|lock| lock.mutex.as_str()));
        locks.retain(|lock| !holds(workflow).any(|held| held == *lock));
    }
    for node in workflow.nodes.values().filter(|node| !node.has_ended()) {
        let lock = node.synchronization_status.waiting.as_str();
        if !lock.is_empty() && !locks.contains(&lock) {
            locks.push(lock);
        }
    }
    locks
}

/// `aphex-shop` of `aphex/Mutex/aphex-shop`.
fn name_of(lock: &str) -> &str {
    lock.splitn(3, '/').nth(2).unwrap_or(lock)
}

/// The Workflow of `NAMESPACE/WORKFLOW` and `NAMESPACE/WORKFLOW/NODE`.
fn run_of(holder: &str) -> Option<String> {
    let name = holder.split('/').nth(1)?;
    (!name.is_empty()).then(|| name.to_owned())
}
