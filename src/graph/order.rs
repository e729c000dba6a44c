//! Which environments and waves wait for which, over the whole pipeline and within a pick.

use std::collections::BTreeMap;

use crate::collections::{HashMap, HashSet};
use crate::eval::data::{BlockPath, Step};
use crate::graph::Reason;
use crate::model::{Environment, Pipeline, Ref, Start, Target};

/// For every target (environment or wave) of the pipeline, what it waits for: positions of others, with
/// the reason, in order.
pub struct Order {
    waits: Vec<BTreeMap<usize, Reason>>,
}

/// The path of a target.
fn path_of(target: &Target) -> &BlockPath {
    match target {
        Target::Environment(environment) => &environment.path,
        Target::Wave(wave) => &wave.path,
    }
}

/// Whether a run reaches something of a target by itself.
fn is_automatic(target: &Target) -> bool {
    match target {
        Target::Environment(environment) => environment.start == Start::Auto,
        Target::Wave(wave) => wave
            .environments
            .iter()
            .any(|environment| environment.start == Start::Auto),
    }
}

/// Every `needs` of the environments in a target, and of the target itself.
fn needs_of(target: &Target) -> (Option<&[Ref]>, Vec<&Ref>) {
    match target {
        Target::Environment(environment) => (environment.needs.as_deref(), inner(environment)),
        Target::Wave(wave) => {
            let members = wave.environments.iter().flat_map(|environment| {
                let own = environment.needs.iter().flatten();
                own.chain(inner(environment))
            });
            (wave.needs.as_deref(), members.collect())
        }
    }
}

/// The `needs` of an environment's stacks and steps. Most point into the environment itself.
fn inner(environment: &Environment) -> Vec<&Ref> {
    let stacks = environment.stacks().flat_map(|stack| &stack.needs);
    let steps = environment.steps().flat_map(|step| &step.needs);
    stacks.chain(steps).collect()
}

impl Order {
    /// The order of a pipeline: as written, refined by `needs`.
    ///
    /// Without `needs`, a target waits for everything that is written before it (and reached by itself); with `needs`,
    /// for what that names. What a member of a wave needs outside, its wave waits for.
    pub fn new(pipeline: &Pipeline) -> Order {
        let targets = &pipeline.targets;
        let positions = positions(targets);
        let mut waits: Vec<BTreeMap<usize, Reason>> = vec![BTreeMap::new(); targets.len()];
        let mut ends: Vec<usize> = Vec::new();
        for (index, (target, waits)) in targets.iter().zip(&mut waits).enumerate() {
            let (own, members) = needs_of(target);
            if own.is_none() {
                waits.extend(ends.iter().map(|end| (*end, Reason::Order)));
            }
            for need in own.unwrap_or_default() {
                if let Some(other) = position(&positions, &need.path) {
                    waits.insert(other, Reason::Needs(need.span));
                }
            }
            for need in members {
                match position(&positions, &need.path) {
                    Some(other) if other != index => {
                        waits.entry(other).or_insert(Reason::Needs(need.span));
                    }
                    _ => {}
                }
            }
            if is_automatic(target) {
                ends.retain(|end| !waits.contains_key(end));
                ends.push(index);
            }
        }
        Order { waits }
    }

    /// What each picked target waits for among the picked ones: where one in between is left out, for those
    /// that it waits for.
    pub fn among(&self, picked: &[bool]) -> Vec<BTreeMap<usize, Reason>> {
        let is_picked = |index: usize| picked.get(index).copied().unwrap_or(false);
        let mut through: HashMap<usize, BTreeMap<usize, Reason>> = HashMap::default();
        let mut result = Vec::with_capacity(self.waits.len());
        for index in 0..self.waits.len() {
            let mut found = BTreeMap::new();
            let mut seen = HashSet::default();
            let mut open: Vec<(usize, Reason)> = self.direct(index);
            while let Some((other, reason)) = open.pop() {
                if is_picked(other) {
                    found.entry(other).or_insert(reason);
                } else if let Some(known) = through.get(&other) {
                    for index in known.keys() {
                        found.entry(*index).or_insert(Reason::Order);
                    }
                } else if seen.insert(other) {
                    let further = self.direct(other).into_iter();
                    open.extend(further.map(|(other, _)| (other, Reason::Order)));
                }
            }
            // A circle through what is left out is told where all of it is picked.
            found.remove(&index);
            if !is_picked(index) {
                through.insert(index, found.clone());
            }
            result.push(found);
        }
        result
    }

    fn direct(&self, index: usize) -> Vec<(usize, Reason)> {
        let waits = self.waits.get(index).into_iter().flatten();
        waits.map(|(other, reason)| (*other, *reason)).collect()
    }
}

/// The position of every target by its path, and of every environment by its own.
fn positions(targets: &[Target]) -> HashMap<&[Step], usize> {
    let mut positions = HashMap::default();
    for (index, target) in targets.iter().enumerate() {
        positions.insert(&*path_of(target).0, index);
        if let Target::Wave(wave) = target {
            let members = wave.environments.iter();
            positions.extend(members.map(|environment| (&*environment.path.0, index)));
        }
    }
    positions
}

/// The target that a path is or is in.
fn position(positions: &HashMap<&[Step], usize>, path: &BlockPath) -> Option<usize> {
    let mut around = path.outwards();
    around.find_map(|path| positions.get(path).copied())
}
