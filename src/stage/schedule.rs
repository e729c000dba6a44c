//! Which stage runs when: the graph's order, played on one machine.
//!
//! Pure: it is told what ended and says what starts. Argo does the same with the manifests; both follow
//! [`Entry::runs`].

use crate::collections::HashMap;
use crate::graph::{Ending, Entry, Stage, StageId, StageKind};
use crate::stage::record::Outcome;

/// Where a stage of the run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Its turn has not come.
    Waiting,
    /// It runs; of a group, something in it does or will.
    Running,
    /// It ran.
    Ended(Outcome),
    /// It does not run, and why.
    LeftOut(String),
}

/// A run in progress.
#[derive(Debug)]
pub struct Schedule<'g, 'p> {
    entry: &'g Entry<'p>,
    states: Vec<State>,
    /// How many stages at once, on the whole.
    most: usize,
    is_stopped: bool,
}

impl<'g, 'p> Schedule<'g, 'p> {
    /// A run of an entry, in which `left_out` says of a stage why it is not to run, if so. At most `most` stages
    /// at once.
    pub fn new(
        entry: &'g Entry<'p>,
        most: usize,
        left_out: impl Fn(&Stage<'p>) -> Option<String>,
    ) -> Self {
        let states = entry.stages.iter().map(|stage| match left_out(stage) {
            Some(reason) => State::LeftOut(reason),
            None => State::Waiting,
        });
        Schedule {
            entry,
            states: states.collect(),
            most: most.max(1),
            is_stopped: false,
        }
    }

    /// What it plays.
    pub fn entry(&self) -> &'g Entry<'p> {
        self.entry
    }

    /// Where a stage is.
    pub fn state(&self, id: StageId) -> &State {
        self.states.get(id.0 as usize).unwrap_or(&State::Waiting)
    }

    /// Whether everything has ended.
    pub fn is_done(&self) -> bool {
        self.states.iter().all(is_settled)
    }

    /// From now on nothing starts but the end.
    pub fn stop(&mut self) {
        self.is_stopped = true;
    }

    /// Tells how a stage ended that was started.
    pub fn ended(&mut self, id: StageId, outcome: Outcome) {
        self.set(id, State::Ended(outcome));
    }

    /// Goes on as far as it can: leaves out what cannot run, opens and ends groups, and returns the stages that are to be
    /// started now, in order. They count as running from here on.
    pub fn advance(&mut self) -> Vec<StageId> {
        let mut started = Vec::new();
        // Each round decides something; a stage is decided at most three times.
        while self.round(&mut started) {}
        started
    }

    fn round(&mut self, started: &mut Vec<StageId>) -> bool {
        let mut changed = false;
        let entry = self.entry;
        for stage in &entry.stages {
            let next = match self.state(stage.id) {
                State::Waiting => self.begin(stage),
                State::Running if is_group(stage) => self.group_end(stage),
                _ => None,
            };
            let Some(next) = next else { continue };
            if next == State::Running && !is_group(stage) {
                started.push(stage.id);
            }
            self.set(stage.id, next);
            changed = true;
        }
        changed
    }

    /// What becomes of a stage that waits; `None` where it goes on waiting.
    fn begin(&self, stage: &Stage<'p>) -> Option<State> {
        if matches!(stage.kind, StageKind::Finish) {
            let mut others = self
                .entry
                .children(None)
                .filter(|other| other.id != stage.id);
            return others
                .all(|other| is_settled(self.state(other.id)))
                .then_some(State::Running);
        }
        let parent = stage.parent.and_then(|id| self.entry.stage(id));
        match parent.map(|parent| self.state(parent.id)) {
            None | Some(State::Running) => {}
            Some(State::Waiting) => return None,
            Some(State::LeftOut(reason)) => return Some(State::LeftOut(reason.clone())),
            Some(State::Ended(_)) => return Some(State::LeftOut("its group has ended".to_owned())),
        }
        // Not only what it waits for itself: one of those may be left out from the start, and what that waits for runs.
        let before = self.entry.before(stage.id);
        if !before.iter().all(|id| is_settled(self.state(*id))) {
            return None;
        }
        if let Some(reason) = self.held_back(stage) {
            return Some(State::LeftOut(reason));
        }
        if self.is_stopped {
            return Some(State::LeftOut("the run was stopped".to_owned()));
        }
        if let Some(parent) = parent
            && let Some(reason) = self.failed_fast(parent)
        {
            return Some(State::LeftOut(reason));
        }
        let is_full = parent.is_some_and(|parent| self.is_full(parent));
        let is_busy = !is_group(stage) && self.running() >= self.most;
        (!is_full && !is_busy).then_some(State::Running)
    }

    /// Why a stage does not run, given how what is before it ended.
    fn held_back(&self, stage: &Stage<'p>) -> Option<String> {
        let before = self.entry.before(stage.id);
        let mut endings: HashMap<StageId, Ending> = HashMap::default();
        for id in &before {
            if let State::Ended(outcome) = self.state(*id) {
                let ending = match outcome.is_good() {
                    true => Ending::Succeeded,
                    false => Ending::Failed,
                };
                endings.insert(*id, ending);
            }
        }
        if self.entry.runs(stage, &endings) {
            return None;
        }
        let failed: Vec<&Stage<'_>> = before
            .iter()
            .filter(|id| endings.get(id) == Some(&Ending::Failed))
            .filter_map(|id| self.entry.stage(*id))
            .collect();
        // One that need not succeed holds nothing up.
        let failed = failed
            .iter()
            .find(|stage| stage.required)
            .or(failed.first());
        Some(match failed {
            Some(failed) => match self.state(failed.id) {
                State::Ended(outcome) => format!("`{}` {}", failed.name, outcome.word()),
                _ => format!("`{}` failed", failed.name),
            },
            None => "nothing before it failed".to_owned(),
        })
    }

    /// Whether as many of a group's members run as may.
    fn is_full(&self, group: &Stage<'p>) -> bool {
        let most = match group.kind {
            StageKind::Wave(wave) => wave.max_parallel.as_ref().map(|most| most.value),
            StageKind::Environment(environment) => Some(environment.max_parallel.value),
            _ => None,
        };
        let members = group.children.iter();
        let running = members
            .filter(|id| *self.state(**id) == State::Running)
            .count();
        most.is_some_and(|most| running >= most as usize)
    }

    /// Why a wave begins nothing more, where one of its environments has failed and it is to end fast.
    fn failed_fast(&self, group: &Stage<'p>) -> Option<String> {
        let StageKind::Wave(wave) = group.kind else {
            return None;
        };
        let mut members = self.entry.children(Some(group.id));
        let failed = members.find(|member| {
            matches!(member.kind, StageKind::Environment(_))
                && matches!(self.state(member.id), State::Ended(outcome) if !outcome.is_good())
        });
        let failed = failed.filter(|_| wave.fail_fast)?;
        Some(format!("`{}` failed, and the wave fails fast", failed.name))
    }

    fn running(&self) -> usize {
        let stages = self.entry.stages.iter();
        stages
            .filter(|stage| !is_group(stage) && *self.state(stage.id) == State::Running)
            .count()
    }

    /// How a group ended, once everything in it has.
    fn group_end(&self, group: &Stage<'p>) -> Option<State> {
        let members: Vec<(&Stage<'p>, &State)> = self
            .entry
            .children(Some(group.id))
            .map(|member| (member, self.state(member.id)))
            .collect();
        if !members.iter().all(|(_, state)| is_settled(state)) {
            return None;
        }
        let bad = members.iter().filter(|(member, _)| member.required);
        let bad = bad.filter_map(|(_, state)| match state {
            State::Ended(outcome) if !outcome.is_good() => Some(*outcome),
            _ => None,
        });
        if let Some(outcome) = worst(bad) {
            return Some(State::Ended(outcome));
        }
        let ran =
            |state: &State| matches!(state, State::Ended(outcome) if *outcome != Outcome::Skipped);
        let reason = members.iter().find_map(|(_, state)| match state {
            State::LeftOut(reason) => Some(reason.clone()),
            _ => None,
        });
        Some(
            match (members.iter().any(|(_, state)| ran(state)), reason) {
                (false, Some(reason)) => State::LeftOut(reason),
                _ => State::Ended(Outcome::Succeeded),
            },
        )
    }

    /// How the run ended, once it is done.
    pub fn outcome(&self) -> Outcome {
        let roots = self.entry.children(None).filter(|stage| stage.required);
        let bad = roots.filter_map(|stage| match self.state(stage.id) {
            State::Ended(outcome) if !outcome.is_good() => Some(*outcome),
            _ => None,
        });
        match worst(bad) {
            _ if self.is_stopped => Outcome::Stopped,
            Some(Outcome::Stopped) => Outcome::Stopped,
            Some(Outcome::Rejected) => Outcome::Rejected,
            Some(_) => Outcome::Failed,
            None => Outcome::Succeeded,
        }
    }

    fn set(&mut self, id: StageId, state: State) {
        if let Some(slot) = self.states.get_mut(id.0 as usize) {
            *slot = state;
        }
    }
}

/// What is said of a group whose members ended badly: a failure outweighs a no, a no outweighs a stop.
fn worst(outcomes: impl Iterator<Item = Outcome>) -> Option<Outcome> {
    outcomes.max_by_key(|outcome| match outcome {
        Outcome::Succeeded | Outcome::Skipped => 0,
        Outcome::Stopped => 1,
        Outcome::Rejected => 2,
        Outcome::TimedOut => 3,
        Outcome::Failed => 4,
    })
}

/// Whether a stage holds others and does nothing itself.
pub(crate) fn is_group(stage: &Stage<'_>) -> bool {
    matches!(
        stage.kind,
        StageKind::Environment(_) | StageKind::Wave(_) | StageKind::Diffs
    )
}

fn is_settled(state: &State) -> bool {
    matches!(state, State::Ended(_) | State::LeftOut(_))
}

#[cfg(test)]
mod tests;
