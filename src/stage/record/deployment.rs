//! What was deployed last as a stack of an environment, and what a commit would change of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::stage::record::StackOutputs;

/// What was deployed last: written anew with each deployment, so that a pull request, which may ask no account, can be compared with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// Of this form: 1.
    pub version: u32,
    /// The environment.
    pub environment: String,
    /// The app that made it.
    pub app: String,
    /// Its path in the assembly: `Prod/Api`.
    pub path: String,
    /// Its name in CloudFormation.
    pub stack: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The commit.
    pub commit: String,
    /// The run.
    pub run: String,
    /// When its deployment ended.
    pub deployed_at: Timestamp,
    /// Its outputs.
    pub outputs: StackOutputs,
    /// Its template, as the app wrote it.
    pub template: String,
}

/// What a commit would change of a stack, as the CDK CLI tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackDiff {
    /// Its path in the assembly: `Prod/Api`.
    pub stack: String,
    /// What would become of it.
    pub change: Change,
    /// The commit that was deployed last; absent for a new stack, and where it was compared with the stack itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Resources that it would get.
    pub added: u32,
    /// Resources that would change where they are.
    pub changed: u32,
    /// Resources that would, or may, be replaced by others.
    pub replaced: u32,
    /// Resources that it would lose.
    pub removed: u32,
    /// Whether permissions or rules of a network would change.
    pub security: bool,
    /// The changes in the CLI's words; of many the first.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// What would become of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It was never deployed by this pipeline.
    New,
    /// It would change.
    Changed,
    /// Nothing of it would change.
    Unchanged,
    /// It would stay as it is, and no longer be deployed.
    Abandoned,
}

impl StackDiff {
    /// One that counts nothing yet.
    pub fn new(stack: &str, change: Change, since: Option<&str>) -> Self {
        StackDiff {
            stack: stack.to_owned(),
            change,
            since: since.map(str::to_owned),
            added: 0,
            changed: 0,
            replaced: 0,
            removed: 0,
            security: false,
            text: String::new(),
        }
    }

    /// In a few words: `1 added, 2 changed, 1 replaced; permissions change`.
    pub fn words(&self) -> String {
        let since: String = self
            .since
            .iter()
            .flat_map(|commit| commit.chars().take(7))
            .collect();
        let counts = [
            (self.added, "added"),
            (self.changed, "changed"),
            (self.replaced, "replaced"),
            (self.removed, "removed"),
        ];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let mut words = match (self.change, counts.is_empty()) {
            (Change::Unchanged, _) if since.is_empty() => "no changes".to_owned(),
            (Change::Unchanged, _) => format!("no changes since {since}"),
            (Change::Abandoned, _) => "no longer deployed; it stays as it is".to_owned(),
            (Change::New, true) => "new".to_owned(),
            (Change::New, false) => format!("new, {}", counts.join(", ")),
            (Change::Changed, true) => "changes outside of its resources".to_owned(),
            (Change::Changed, false) => counts.join(", "),
        };
        if self.security {
            words.push_str("; permissions change");
        }
        words
    }
}
