//! What holds for the whole pipeline.

use crate::model::{Seconds, Text};
use crate::source::Spanned;

/// How a pipeline updates itself.
#[derive(Clone, Debug, PartialEq)]
pub struct SelfUpdate {
    /// Whether it does.
    pub enabled: bool,
    /// Whether a changed topology starts a new run on the same commit.
    pub restart: bool,
}

/// How runs queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    /// One run at a time.
    Pipeline,
    /// One run at a time in each environment.
    Environment,
    /// A newer commit overtakes between stages.
    Latest,
}

/// The images that Aphex itself brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// Holds the static `aphex` binary; the init container.
    pub runtime: Text,
    /// Where steps run that name no image.
    pub builder: Text,
    /// Where CDK apps are synthesised and deployed.
    pub deployer: Text,
}

/// Where artifacts and records are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    /// How long artifacts are kept, in seconds.
    pub retention: Seconds,
    /// A KMS key by ARN; `None` is SSE-S3.
    pub kms_key: Option<Text>,
}

/// How the repository is checked out.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkout {
    /// Commits of history; 0 is all of it.
    pub depth: Spanned<u32>,
    /// Whether submodules are checked out.
    pub submodules: bool,
    /// Whether LFS files are fetched.
    pub lfs: bool,
    /// A Kubernetes Secret with the credentials; `None`: a public repository.
    pub credentials: Option<crate::eval::data::Secret>,
    /// Further repositories.
    pub others: Vec<Source>,
}

/// A further repository.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its label: the folder it is checked out to.
    pub name: Text,
    /// `owner/name`.
    pub repository: Text,
    /// A branch, tag or commit.
    pub reference: Text,
}

/// How GitHub reaches the EventSource.
#[derive(Clone, Debug, PartialEq)]
pub enum Expose {
    /// Somebody else sees to it.
    None,
    /// An Ingress.
    Ingress {
        /// Its host.
        host: Text,
        /// Its class.
        class: Option<Text>,
        /// A TLS Secret.
        tls_secret: Option<Text>,
        /// The token that registers the webhook at GitHub.
        token: Option<crate::eval::data::Secret>,
    },
    /// An HTTPRoute.
    Gateway {
        /// Its host.
        host: Text,
        /// The Gateway, `namespace/name`.
        gateway: Text,
        /// The token that registers the webhook at GitHub.
        token: Option<crate::eval::data::Secret>,
    },
}
