//! Questions to a graph and its entries.

use crate::collections::HashSet;
use crate::graph::{Entry, Graph, Stage, StageId, StageKind};

impl<'p> Graph<'p> {
    /// The entry that a trigger starts, by the trigger's place among those of the pipeline.
    pub fn entry_of_trigger(&self, trigger: usize) -> Option<&Entry<'p>> {
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.triggers.contains(&trigger))
    }
}

impl<'p> Entry<'p> {
    /// A stage by its identity.
    pub fn stage(&self, id: StageId) -> Option<&Stage<'p>> {
        self.stages.get(id.0 as usize)
    }

    /// The stages that stand in `parent`, in order; the outermost ones for `None`.
    pub fn children(&self, parent: Option<StageId>) -> impl Iterator<Item = &Stage<'p>> {
        let ids = match parent {
            None => Some(&self.roots),
            Some(id) => self.stage(id).map(|stage| &stage.children),
        };
        ids.into_iter()
            .flatten()
            .filter_map(|child| self.stage(*child))
    }

    /// The stage that always runs at the end.
    pub fn finish(&self) -> Option<&Stage<'p>> {
        let mut roots = self.roots.iter().rev().filter_map(|id| self.stage(*id));
        roots.find(|stage| matches!(stage.kind, StageKind::Finish))
    }

    /// The siblings that have ended before a stage begins: those it waits for, those these wait for, and so on.
    /// In order of identity; without itself, unless it waits for itself.
    pub fn before(&self, id: StageId) -> Vec<StageId> {
        let mut seen = HashSet::default();
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            for edge in self.stage(next).map_or(&[][..], |stage| &stage.after) {
                if seen.insert(edge.from) {
                    open.push(edge.from);
                }
            }
        }
        let mut before: Vec<StageId> = seen.into_iter().collect();
        before.sort_unstable();
        before
    }

    /// Whether `earlier` has always ended before `later` begins: by an edge between them, between what holds them, or
    /// through others in between.
    pub fn waits_for(&self, later: StageId, earlier: StageId) -> bool {
        let above = self.ancestors(earlier);
        let mut next = Some(later);
        while let Some(id) = next {
            let parent = self.stage(id).and_then(|stage| stage.parent);
            let sibling = above.iter().find(|other| {
                self.stage(**other)
                    .is_some_and(|stage| stage.parent == parent)
            });
            if let Some(sibling) = sibling
                && *sibling != id
            {
                return self.reaches(id, *sibling);
            }
            next = parent;
        }
        false
    }

    /// A stage and all that hold it, innermost first.
    fn ancestors(&self, id: StageId) -> Vec<StageId> {
        let mut all = vec![id];
        let mut next = self.stage(id).and_then(|stage| stage.parent);
        while let Some(parent) = next {
            all.push(parent);
            next = self.stage(parent).and_then(|stage| stage.parent);
        }
        all
    }

    /// Whether edges lead from `later` back to its sibling `earlier`.
    fn reaches(&self, later: StageId, earlier: StageId) -> bool {
        let mut seen = HashSet::from_iter([later]);
        let mut open = vec![later];
        while let Some(next) = open.pop() {
            for edge in self.stage(next).map_or(&[][..], |stage| &stage.after) {
                if edge.from == earlier {
                    return true;
                }
                if seen.insert(edge.from) {
                    open.push(edge.from);
                }
            }
        }
        false
    }

    /// A circle of siblings that wait for each other, where there is one: each waits for the one after
    /// it, the last for the first.
    pub fn cycle(&self) -> Option<Vec<StageId>> {
        let mut done: HashSet<StageId> = HashSet::default();
        for start in &self.stages {
            let mut path: Vec<(StageId, usize)> = vec![(start.id, 0)];
            let mut on_path: HashSet<StageId> = HashSet::from_iter([start.id]);
            while let Some((id, position)) = path.last_mut() {
                let current = *id;
                if done.contains(&current) {
                    path.pop();
                    on_path.remove(&current);
                    continue;
                }
                let edges = self.stage(current).map_or(&[][..], |stage| &stage.after);
                let Some(edge) = edges.get(*position) else {
                    done.insert(current);
                    continue;
                };
                *position += 1;
                if on_path.contains(&edge.from) {
                    let ids = path.iter().map(|(id, _)| *id);
                    return Some(ids.skip_while(|id| *id != edge.from).collect());
                }
                if !done.contains(&edge.from) {
                    on_path.insert(edge.from);
                    path.push((edge.from, 0));
                }
            }
        }
        None
    }
}
