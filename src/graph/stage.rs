//! The data of a graph.

use crate::collections::HashMap;
use crate::eval::data::BlockPath;
use crate::model::{Approval, Bake, Environment, Stack, Step, Text, Wave};
use crate::source::Span;

/// A pipeline's stages, once for each way to start it.
#[derive(Clone, Debug)]
pub struct Graph<'p> {
    /// The default entry first, then the picks in the order of their triggers, then pull requests.
    pub entries: Vec<Entry<'p>>,
}

/// One way to start a pipeline.
#[derive(Clone, Debug)]
pub struct Entry<'p> {
    /// Which.
    pub kind: EntryKind,
    /// Tells it from the others of this pipeline: empty for the default one, `pull-request`, else the
    /// names of its environments joined by `-`.
    pub name: String,
    /// The triggers that start it, as positions in `Pipeline::triggers`. Empty: by hand alone.
    pub triggers: Vec<usize>,
    /// Every stage; a [`StageId`] is a position here. Parents come before their children.
    pub stages: Vec<Stage<'p>>,
    /// The stages that stand in no other, in order.
    pub roots: Vec<StageId>,
    /// The stage that a block became, for every block that did; a stack's is that of its synth group.
    pub by_path: HashMap<BlockPath, StageId>,
}

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// Every environment that starts by itself.
    Default,
    /// Some environments only.
    Pick,
    /// Build, checks, synth and diff; nothing is deployed.
    Validate,
}

/// Names a stage within its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StageId(pub u32);

/// A piece of work with a name, or a group of such.
#[derive(Clone, Debug)]
pub struct Stage<'p> {
    /// Itself.
    pub id: StageId,
    /// Unique among its siblings: the user's name where that is enough.
    pub name: String,
    /// What it does.
    pub kind: StageKind<'p>,
    /// The block that it comes from.
    pub path: BlockPath,
    /// Where that is written.
    pub span: Span,
    /// The stage that holds it.
    pub parent: Option<StageId>,
    /// What it holds, in order.
    pub children: Vec<StageId>,
    /// The siblings that it waits for.
    pub after: Vec<Edge>,
    /// Whether it runs, given how those ended.
    pub condition: Condition,
    /// Whether its failure stops what comes after.
    pub required: bool,
}

/// What a stage does, with the part of the model that says how.
#[derive(Clone, Copy, Debug)]
pub enum StageKind<'p> {
    /// Checks file, credentials, context and tools.
    Preflight,
    /// `build`, `check`, `before`, `step`, `after` or `test`, as the step says.
    Step(&'p Step),
    /// The pipeline updates itself.
    SelfUpdate,
    /// An environment; its children are its stages.
    Environment(&'p Environment),
    /// A wave; its children are its environments.
    Wave(&'p Wave),
    /// A person is asked.
    Approval(&'p Approval),
    /// A synth group: one synth, then its stacks in order.
    Deploy {
        /// Where they are deployed.
        environment: &'p Environment,
        /// The first of its stacks, as a position in `Environment::body`.
        first: usize,
        /// How many of the body's items it covers; all are stacks.
        count: usize,
    },
    /// Time and alarms.
    Bake(&'p Bake),
    /// The synths and diffs of a pull request; its children, which wait for nothing of each other.
    Diffs,
    /// Synth and diff of what one app deploys to an environment, for pull requests.
    Diff {
        /// The environment.
        environment: &'p Environment,
        /// The app's name.
        app: &'p Text,
    },
    /// Record, metrics, notifications; runs however the run ended.
    Finish,
}

impl<'p> StageKind<'p> {
    /// The stacks of a synth group; none for other stages.
    pub fn stacks(&self) -> impl Iterator<Item = &'p Stack> + use<'p> {
        let items = match *self {
            StageKind::Deploy {
                environment,
                first,
                count,
            } => environment.body.get(first..first + count).unwrap_or(&[]),
            _ => &[],
        };
        items.iter().filter_map(|item| match item {
            crate::model::Deployment::Stack(stack) => Some(&**stack),
            crate::model::Deployment::Step(_) => None,
        })
    }
}

/// A stage waits for a sibling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The one that is waited for.
    pub from: StageId,
    /// Why.
    pub reason: Reason,
}

/// Why a stage waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is written after it, or the order of a run says so.
    Order,
    /// `needs` names it, or something in it, here.
    Needs(Span),
    /// It is behind an approval, and runs only after a yes, whatever its own condition says.
    Gate,
}

/// Whether a stage runs, given how what it waits for ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Everything required before it has succeeded. (A run-time condition comes on top; the stage tests it.)
    Success,
    /// Something required before it, within the same parent, has failed.
    Failure,
    /// In any case, once what it waits for has ended.
    Always,
}
