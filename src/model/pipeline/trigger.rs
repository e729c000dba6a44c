//! What starts a run.

use crate::model::{Ref, Text};
use crate::source::Span;

/// What starts a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// Which event.
    pub event: Event,
    /// The environments it deploys; `None`: all that start by themselves.
    pub deploy: Option<Vec<Ref>>,
    /// The block.
    pub span: Span,
    /// `push`, `tag`, … where it was written.
    pub name: Text,
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A push to a branch.
    Push {
        /// Globs of branch names.
        branches: Vec<Text>,
        /// Globs of changed files; `!` excludes.
        paths: Vec<Text>,
        /// A commit message that holds this starts nothing.
        skip_message: Option<Text>,
    },
    /// A pull request was opened, reopened, or has new commits.
    PullRequest {
        /// Globs of target branches.
        branches: Vec<Text>,
        /// Globs of changed files.
        paths: Vec<Text>,
        /// Whether drafts start it.
        drafts: bool,
        /// Which forks start it.
        forks: Forks,
        /// Authors whose pull requests start nothing.
        skip_authors: Vec<Text>,
        /// Whether a comment with plan and diff is kept.
        comment: bool,
        /// A read-only role for `cdk diff` against the live stacks.
        role: Option<Text>,
    },
    /// A tag was pushed.
    Tag {
        /// Globs of tag names.
        matches: Vec<Text>,
    },
    /// A release was published.
    Release {
        /// Whether pre-releases start it.
        prereleases: bool,
    },
    /// A time.
    Schedule {
        /// Five fields.
        cron: Text,
        /// An IANA time zone.
        timezone: Text,
    },
}

/// Which forks may start a pull-request run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Forks {
    /// None.
    Never,
    /// Those that a member of the team approved.
    Approved,
}

/// What a person gives when starting a run by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its label.
    pub name: Text,
    /// The value where none is given.
    pub default: Option<Text>,
    /// The only values accepted, where not empty.
    pub choices: Vec<Text>,
    /// A regular expression that a value must match as a whole.
    pub pattern: Option<Text>,
    /// Shown beside it.
    pub help: Option<Text>,
    /// The block.
    pub span: Span,
}
