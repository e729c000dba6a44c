//! Siblings in order: a list of stages in the making, whose edges are positions in it.

use crate::collections::HashMap;
use crate::eval::data::BlockPath;
use crate::graph::{Condition, Reason, StageKind};
use crate::model::{Approval, Ref, Step, StepKind, When};
use crate::source::Span;

/// A stage in the making.
pub struct Draft<'p> {
    /// What the user calls it.
    pub name: String,
    /// The kind of block, where another sibling may have the same name.
    pub word: &'static str,
    /// What it does.
    pub kind: StageKind<'p>,
    /// The block that it comes from.
    pub path: BlockPath,
    /// Where that is written.
    pub span: Span,
    /// Positions of the siblings that it waits for.
    pub after: Vec<(usize, Reason)>,
    /// See [`crate::graph::Stage`].
    pub condition: Condition,
    /// See [`crate::graph::Stage`].
    pub required: bool,
}

impl<'p> Draft<'p> {
    /// One that runs after success and is required.
    pub fn new(name: impl Into<String>, kind: StageKind<'p>, path: BlockPath, span: Span) -> Self {
        Draft {
            name: name.into(),
            word: "",
            kind,
            path,
            span,
            after: Vec::new(),
            condition: Condition::Success,
            required: true,
        }
    }

    /// A step, by its `when` and `required`. A run-time condition is tested by the stage itself, once everything
    /// before it has succeeded.
    pub fn step(step: &'p Step) -> Self {
        Draft {
            word: match step.kind {
                StepKind::Build => "",
                StepKind::Check => "check",
                StepKind::Before => "before",
                StepKind::Step => "step",
                StepKind::After => "after",
                StepKind::Test => "test",
            },
            condition: match step.when.value {
                When::Success | When::Output(_) | When::Known(_) => Condition::Success,
                When::Failure => Condition::Failure,
                When::Always => Condition::Always,
            },
            required: step.required,
            ..Draft::new(
                step.name.value.clone(),
                StageKind::Step(step),
                step.path.clone(),
                step.span,
            )
        }
    }
}

/// Siblings in order. Those of one section wait for the section before; a barrier ends a section.
#[derive(Default)]
pub struct Line<'p> {
    /// What was pushed so far.
    pub drafts: Vec<Draft<'p>>,
    before: Vec<usize>,
    section: Vec<usize>,
    gate: Option<usize>,
}

impl<'p> Line<'p> {
    /// Adds a stage to the section.
    pub fn push(&mut self, mut draft: Draft<'p>) {
        let only_after_yes = draft.condition != Condition::Success;
        let order = self.before.iter().map(|index| match self.gate {
            Some(gate) if gate == *index && only_after_yes => (gate, Reason::Gate),
            _ => (*index, Reason::Order),
        });
        draft.after.extend(order);
        if let Some(gate) = self.gate
            && only_after_yes
            && !self.before.contains(&gate)
        {
            draft.after.push((gate, Reason::Gate));
        }
        self.section.push(self.drafts.len());
        self.drafts.push(draft);
    }

    /// Ends the section: what comes next waits for all of it.
    pub fn barrier(&mut self) {
        if !self.section.is_empty() {
            self.before = std::mem::take(&mut self.section);
        }
    }

    /// Adds an approval that everything after it stands behind.
    pub fn approval(&mut self, approval: &'p Approval, path: &BlockPath) {
        let kind = StageKind::Approval(approval);
        self.barrier();
        self.gate = Some(self.drafts.len());
        self.push(Draft::new("approval", kind, path.clone(), approval.span));
        self.barrier();
    }

    /// Adds steps as sections of their own: one after another, or side by side.
    pub fn steps(&mut self, steps: &'p [Step], parallel: bool) {
        self.barrier();
        for step in steps {
            self.push(Draft::step(step));
            if !parallel {
                self.barrier();
            }
        }
        self.barrier();
    }

    /// Adds what the `needs` of steps and stacks say, where they name siblings.
    pub fn refine(&mut self) {
        let mut positions: HashMap<BlockPath, usize> = HashMap::default();
        for (index, draft) in self.drafts.iter().enumerate() {
            positions.insert(draft.path.clone(), index);
            let stacks = draft.kind.stacks();
            positions.extend(stacks.map(|stack| (stack.path.clone(), index)));
        }
        for (index, draft) in self.drafts.iter_mut().enumerate() {
            let needs: Vec<&'p Ref> = match draft.kind {
                StageKind::Step(step) => step.needs.iter().collect(),
                _ => draft.kind.stacks().flat_map(|stack| &stack.needs).collect(),
            };
            for need in needs {
                let Some(other) = positions.get(&need.path).filter(|other| **other != index) else {
                    continue;
                };
                match draft.after.iter_mut().find(|(after, _)| after == other) {
                    Some((_, reason)) if *reason == Reason::Order => {
                        *reason = Reason::Needs(need.span);
                    }
                    Some(_) => {}
                    None => draft.after.push((*other, Reason::Needs(need.span))),
                }
            }
        }
    }
}
