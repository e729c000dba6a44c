//! The stages of an entry and their order, small enough to be kept at its object.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::graph::Entry;
use crate::stage::path_of;

/// The stages of an entry by their paths, each with those that it waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Topology(BTreeMap<String, Vec<String>>);

/// What is different between two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Paths of stages that were not there.
    pub added: Vec<String>,
    /// Paths of stages that are not there any more.
    pub removed: Vec<String>,
    /// Paths of stages that wait for others than before.
    pub moved: Vec<String>,
}

impl Topology {
    /// That of an entry.
    pub fn of(entry: &Entry<'_>) -> Topology {
        let stages = entry.stages.iter().map(|stage| {
            let mut after: Vec<String> = stage
                .after
                .iter()
                .map(|edge| path_of(entry, edge.from))
                .collect();
            after.sort();
            (path_of(entry, stage.id), after)
        });
        Topology(stages.collect())
    }

    /// What is different in `self` from an earlier one.
    pub fn since(&self, earlier: &Topology) -> Difference {
        let without = |these: &Topology, those: &Topology| -> Vec<String> {
            let paths = these.0.keys();
            let gone = paths.filter(|path| !those.0.contains_key(*path));
            gone.cloned().collect()
        };
        let mut difference = Difference {
            added: without(self, earlier),
            removed: without(earlier, self),
            moved: Vec::new(),
        };
        // Who waited for one that is gone, or waits for a new one, is no news.
        let is_news = |path: &&String| self.0.contains_key(*path) && earlier.0.contains_key(*path);
        for (path, after) in &self.0 {
            let Some(before) = earlier.0.get(path) else {
                continue;
            };
            let after: Vec<&String> = after.iter().filter(is_news).collect();
            let before: Vec<&String> = before.iter().filter(is_news).collect();
            let is_through_others = !difference.added.is_empty() || !difference.removed.is_empty();
            if after != before && !is_through_others {
                difference.moved.push(path.clone());
            }
        }
        difference
    }
}

impl Difference {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.moved.is_empty()
    }

    /// In words, a line each; a whole environment is one.
    pub fn lines(&self) -> Vec<String> {
        let parts = [
            ("+", &self.added, "new"),
            ("-", &self.removed, "gone"),
            ("~", &self.moved, "in another place"),
        ];
        let mut lines = Vec::new();
        for (sign, paths, what) in parts {
            let is_within = |path: &str| {
                let mut above = path.rsplit_once('/').map(|(above, _)| above);
                while let Some(holder) = above {
                    if paths.iter().any(|other| other == holder) {
                        return true;
                    }
                    above = holder.rsplit_once('/').map(|(above, _)| above);
                }
                false
            };
            let tops = paths.iter().filter(|path| !is_within(path));
            lines.extend(tops.map(|path| format!("{sign} {path} is {what}")));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topology(stages: &[(&str, &[&str])]) -> Topology {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let stages = stages.iter();
        Topology(
            stages
                .map(|(path, after)| ((*path).to_owned(), own(after)))
                .collect(),
        )
    }

    #[test]
    fn differences_are_told_by_the_outermost_stage() {
        let before = topology(&[("build", &[]), ("dev", &["build"]), ("dev/deploy", &[])]);
        let after = topology(&[
            ("build", &[]),
            ("dev", &["build"]),
            ("dev/deploy", &[]),
            ("dev/smoke", &["dev/deploy"]),
            ("prod", &["dev"]),
            ("prod/deploy", &[]),
        ]);
        assert_eq!(
            after.since(&before).lines(),
            ["+ dev/smoke is new", "+ prod is new"]
        );
        assert_eq!(
            before.since(&after).lines(),
            ["- dev/smoke is gone", "- prod is gone"]
        );
        assert!(after.since(&after).is_none());
        let moved = topology(&[("build", &[]), ("dev", &[]), ("dev/deploy", &[])]);
        assert_eq!(moved.since(&before).lines(), ["~ dev is in another place"]);
    }
}
