//! What a pipeline's parts are called, in the cluster and in AWS: every name carries the pipeline's (14.3).

use sha2::{Digest, Sha256};

use crate::collections::{HashSet, IndexMap};
use crate::model::Pipeline;

/// The longest name of a WorkflowTemplate: a run's name is this, `-` and five more, with at most 63
/// characters, and `generateName` allows 58 with the `-` (`workflow/validate/validate.go`).
pub const OBJECT_NAME_LIMIT: usize = 57;

/// The label that every object of Aphex has, and its value.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "aphex");
/// The label with the pipeline's name.
pub const PIPELINE: &str = "aphex.dev/pipeline";
/// The annotation with the file that an object was compiled from.
pub const SOURCE: &str = "aphex.dev/source";
/// The annotation with the repository of that file, `owner/name` at GitHub; the tag of the pipeline's stack, too.
pub const REPOSITORY: &str = "aphex.dev/repository";
/// The annotation with the hash of the evaluated pipeline.
pub const SPEC: &str = "aphex.dev/spec";
/// The annotation with the compiler's version.
pub const COMPILER: &str = "aphex.dev/compiler";
/// The annotation of a run with GitHub's name of the delivery that started it.
pub const DELIVERY: &str = "aphex.dev/delivery";

/// Who compiled what.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// `sha256:` and the hash of the evaluated pipeline.
    pub spec: String,
    /// The version of the compiler.
    pub compiler: String,
}

/// A service account of a pipeline: whose rights a pod has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// `build` and `check`s.
    Build,
    /// Everything in a run for a pull request.
    Validate,
    /// The stage that applies the pipeline itself.
    SelfUpdate,
    /// Everything in an environment, and the pre-flight.
    Deploy,
    /// What ends a run: record, metrics, news.
    Finish,
    /// What looks up the commit of an event that has none, and starts the run.
    Start,
    /// Argo Events' pod that GitHub calls.
    EventSource,
    /// Argo Events' pod that starts runs.
    Sensor,
}

impl Account {
    /// All of them.
    pub const ALL: [Account; 8] = [
        Account::Build,
        Account::Validate,
        Account::SelfUpdate,
        Account::Deploy,
        Account::Finish,
        Account::Start,
        Account::EventSource,
        Account::Sensor,
    ];

    /// Those that have a role in AWS.
    pub const AWS: [Account; 5] = [
        Account::Build,
        Account::Validate,
        Account::SelfUpdate,
        Account::Deploy,
        Account::Finish,
    ];

    /// What its name ends with: `self-update`.
    pub fn word(self) -> &'static str {
        match self {
            Account::Build => "build",
            Account::Validate => "validate",
            Account::SelfUpdate => "self-update",
            Account::Deploy => "deploy",
            Account::Finish => "finish",
            Account::Start => "start",
            Account::EventSource => "eventsource",
            Account::Sensor => "sensor",
        }
    }

    /// The name of the service account.
    pub fn name(self, pipeline: &str) -> String {
        format!("{pipeline}-{}", self.word())
    }
}

/// The ConfigMap with what is known only once the pipeline's stack is deployed: key [`STORE_KEY`].
pub fn settings_name(pipeline: &str) -> String {
    format!("{pipeline}-settings")
}

/// The ConfigMap with Argo's artifact repository: key [`REPOSITORY_KEY`].
pub fn repository_name(pipeline: &str) -> String {
    format!("{pipeline}-artifact-repository")
}

/// The Lease that whoever changes a pipeline's objects holds.
pub fn lease_name(pipeline: &str) -> String {
    format!("{pipeline}-apply")
}

/// The key of [`repository_name`] with the repository.
pub const REPOSITORY_KEY: &str = "repository";

/// The key of [`settings_name`] with the store's address: `s3://BUCKET`.
pub const STORE_KEY: &str = "store";

/// The pipeline's own stack in CloudFormation. The cluster is part of it: pipelines of one name on two clusters of an account are two.
pub fn stack_name(cluster: &str, pipeline: &str) -> String {
    shortened(&format!("aphex-{cluster}-{pipeline}"), 128)
}

/// The labels of everything that a pipeline has.
pub fn labels(pipeline: &str) -> IndexMap<&'static str, String> {
    IndexMap::from_iter([
        (MANAGED_BY.0, MANAGED_BY.1.to_owned()),
        (PIPELINE, pipeline.to_owned()),
    ])
}

/// The annotations of everything that a pipeline has: where it comes from.
pub fn annotations(pipeline: &Pipeline, stamp: &Stamp) -> IndexMap<&'static str, String> {
    IndexMap::from_iter([
        (SOURCE, pipeline.file.clone()),
        (REPOSITORY, pipeline.repository.value.clone()),
        (SPEC, stamp.spec.clone()),
        (COMPILER, stamp.compiler.clone()),
    ])
}

/// The name of a pipeline's object for one of its entries.
pub fn object_name(pipeline: &str, entry: &str) -> String {
    if entry.is_empty() {
        return shortened(pipeline, OBJECT_NAME_LIMIT);
    }
    shortened(&format!("{pipeline}-{entry}"), OBJECT_NAME_LIMIT)
}

/// What the name of a run of an entry's object begins with where ten more characters make it, after a `-`: 63 together.
pub fn run_prefix(entry: &str) -> String {
    let prefix: String = entry.chars().take(52).collect();
    prefix.trim_end_matches('-').to_owned()
}

/// A name of at most `limit` characters: itself, or its beginning and a hash of all of it.
pub fn shortened(name: &str, limit: usize) -> String {
    if name.len() <= limit {
        return name.to_owned();
    }
    let hash = hex(&Sha256::digest(name), 4);
    let mut begin = String::new();
    for letter in name.chars() {
        if begin.len() + letter.len_utf8() + 1 + hash.len() > limit {
            break;
        }
        begin.push(letter);
    }
    format!("{}-{hash}", begin.trim_end_matches('-'))
}

/// The first `bytes` bytes in hexadecimal digits.
pub fn hex(digest: &[u8], bytes: usize) -> String {
    let bytes = digest.iter().take(bytes);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// Gives each name once.
#[derive(Default)]
pub struct Taken {
    names: HashSet<String>,
}

impl Taken {
    /// The name itself, or with the first number that makes it new.
    pub fn take(&mut self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.to_owned())
            .chain(numbered)
            .find(|name| !self.names.contains(name))
            .unwrap_or_default();
        self.names.insert(free.clone());
        free
    }
}
