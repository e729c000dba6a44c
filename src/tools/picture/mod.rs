//! A pipeline, or a run of one, as a picture.
//!
//! A [`Picture`] is made of an entry of the graph or of the record of a run; every format draws that and nothing else. Its
//! texts are harmless in a terminal; what else they could break out of, each format escapes itself.

mod entry;
mod html;
mod layers;
mod run;
mod svg;
mod terminal;
mod words;
mod xml;

pub mod dot;
pub mod mermaid;

pub use html::page;
pub use run::of_run;
pub use svg::document;
pub use terminal::{Terminal, cut, draw};
pub use words::{ended, instant, took};

pub use entry::{of_entry, starts};

use jiff::Timestamp;

use crate::collections::HashSet;
use crate::stage::record::Outcome;

/// Groups stand in groups no deeper than this: what a record says beyond that stands side by side.
const DEEPEST: usize = 6;

/// Stages to be drawn, with their edges.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Tells it from others in the same document: part of every [`Picture::id`].
    pub number: usize,
    /// What it is of: the pipeline's name, or the run's.
    pub title: String,
    /// What starts it, or how the run ended.
    pub subtitle: String,
    /// Every stage. Of a run and of an entry in their order; parents come before their children.
    pub nodes: Vec<Node>,
    /// The stages that stand in no other, in order.
    pub roots: Vec<usize>,
    /// What is known of the run; `None` where no run is drawn.
    pub run: Option<Vec<(&'static str, String)>>,
}

/// A stage.
#[derive(Clone, Debug)]
pub struct Node {
    /// `dev/migrate`
    pub path: String,
    /// What people call it: `before migrate`.
    pub label: String,
    /// What it does.
    pub look: Look,
    /// What else is to be known: account and region, stacks, who is asked.
    pub facts: Vec<String>,
    /// The one that holds it.
    pub parent: Option<usize>,
    /// Those it holds, in order.
    pub children: Vec<usize>,
    /// The siblings that it waits for.
    pub after: Vec<Link>,
    /// Whether its failure stops what comes after.
    pub required: bool,
    /// What became of it; `None` where no run is drawn.
    pub state: Option<State>,
}

/// The kinds of stages that are told apart at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// An environment: what it holds follows each other.
    Environment,
    /// Holds others side by side.
    Group,
    /// Something is deployed.
    Deploy,
    /// Somebody or something is asked whether it may go on: an approval, a bake.
    Gate,
    /// A test or a check.
    Test,
    /// Any other work.
    Work,
}

/// A stage waits for a sibling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The one that is waited for.
    pub from: usize,
    /// Why.
    pub why: Why,
}

/// Why a stage waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The order of the pipeline, or `needs`.
    Order,
    /// It runs only after a yes, whatever else it runs after.
    Gate,
    /// It is what ends a run, however that went.
    End,
}

/// What became of a stage in a run.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// How it ended; `None` where it never began.
    pub outcome: Option<Outcome>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// How long it took.
    pub seconds: Option<f64>,
    /// How often it was tried.
    pub tries: usize,
    /// Why it did not run or did nothing.
    pub reason: Option<String>,
    /// Why it failed: the message, then notes and help, a line each.
    pub error: Vec<String>,
    /// The log of its last try, in the store.
    pub log: Option<String>,
}

impl Picture {
    /// A stage by its position.
    pub fn node(&self, index: usize) -> Option<&Node> {
        self.nodes.get(index)
    }

    /// What a stage is called in a document: letters and digits.
    pub fn id(&self, index: usize) -> String {
        format!("p{}s{index}", self.number)
    }

    /// The positions of what stands in `parent`, in order; the outermost ones for `None`.
    pub fn children(&self, parent: Option<usize>) -> &[usize] {
        match parent {
            None => &self.roots,
            Some(index) => self.node(index).map_or(&[], |node| &node.children),
        }
    }

    /// Its edges: from, to, why.
    pub fn links(&self) -> impl Iterator<Item = (usize, usize, Why)> {
        let nodes = self.nodes.iter().enumerate();
        nodes.flat_map(|(to, node)| node.after.iter().map(move |link| (link.from, to, link.why)))
    }

    /// Lets an outermost stage that waits for nothing end the picture.
    fn end_with(&mut self, last: usize) {
        let waited: HashSet<usize> = self.links().map(|(from, ..)| from).collect();
        let others = self.roots.iter().copied();
        let ends = others.filter(|root| *root != last && !waited.contains(root));
        let links: Vec<Link> = ends
            .map(|from| Link {
                from,
                why: Why::End,
            })
            .collect();
        if let Some(node) = self.nodes.get_mut(last)
            && node.after.is_empty()
        {
            node.after = links;
        }
    }

    /// How many groups a stage stands in.
    pub fn depth(&self, index: usize) -> usize {
        let mut depth = 0;
        let mut next = self.node(index).and_then(|node| node.parent);
        while let Some(parent) = next.filter(|_| depth < DEEPEST) {
            depth += 1;
            next = self.node(parent).and_then(|node| node.parent);
        }
        depth
    }
}

impl Node {
    /// A stage that stands alone and is required.
    fn new(path: String, label: String, look: Look) -> Self {
        Node {
            path,
            label,
            look,
            facts: Vec::new(),
            parent: None,
            children: Vec::new(),
            after: Vec::new(),
            required: true,
            state: None,
        }
    }

    /// Whether it holds others.
    pub fn is_group(&self) -> bool {
        !self.children.is_empty()
    }

    /// How it is to be seen in a run.
    pub fn shade(&self) -> Option<Shade> {
        Some(match self.state.as_ref()?.outcome {
            Some(Outcome::Succeeded) => Shade::Good,
            Some(Outcome::Failed | Outcome::TimedOut) => Shade::Bad,
            Some(Outcome::Rejected | Outcome::Stopped) => Shade::Ended,
            Some(Outcome::Skipped) | None => Shade::Left,
        })
    }
}

/// The four ways in which a stage of a run looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shade {
    /// It did its work.
    Good,
    /// It did not.
    Bad,
    /// Somebody ended it.
    Ended,
    /// It did not run.
    Left,
}
