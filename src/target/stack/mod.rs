//! The pipeline's own CloudFormation stack as a CDK cloud assembly: the bucket of its store, and a role in AWS for each of
//! its service accounts (3.2, 7.1 to 7.4, 10.4). What it holds and why is in `docs/compile.md`.
//!
//! Pure, and the same bytes for the same pipeline: nothing of the account that it comes to is known here. What CloudFormation
//! knows (partition, region, account, the cluster's OIDC provider) the template asks it for.

mod assembly;
mod bucket;
mod limits;
mod policy;
mod reads;
mod rights;
mod role;
mod template;
#[cfg(test)]
mod tests;

pub use assembly::{Assembly, synthesise};
pub use limits::{TEMPLATE_LIMIT, check};
pub use policy::{Resource, Statement};
pub use rights::{accounts, rights};
pub use template::{output_of, tags};

/// What the names of a cluster's exports begin with, where nobody says otherwise: `AphexCluster-NAME-OIDCProviderArn`.
pub const EXPORTS: &str = "AphexCluster";

/// What a stack is made with that its pipeline does not say.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the names of the cluster's exports begin with: letters, digits, `:` and `-`, as CloudFormation has them.
    pub exports: String,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            exports: EXPORTS.to_owned(),
        }
    }
}

/// What the cluster's own stack exports, as the ends of the exports' names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// The name of the EKS cluster.
    ClusterName,
    /// The OIDC provider in IAM that the cluster's service accounts are known by.
    OidcProviderArn,
    /// The role that may change the cluster.
    KubectlRoleArn,
}

impl Export {
    /// All of them.
    pub const ALL: [Export; 3] = [
        Export::ClusterName,
        Export::OidcProviderArn,
        Export::KubectlRoleArn,
    ];

    /// The names of all of them.
    pub fn names(prefix: &str, cluster: &str) -> Vec<String> {
        let all = Export::ALL.into_iter();
        all.map(|export| export.name(prefix, cluster)).collect()
    }

    /// The export's name: `AphexCluster-company-OIDCProviderArn`.
    pub fn name(self, prefix: &str, cluster: &str) -> String {
        let end = match self {
            Export::ClusterName => "ClusterName",
            Export::OidcProviderArn => "OIDCProviderArn",
            Export::KubectlRoleArn => "KubectlRoleArn",
        };
        format!("{prefix}-{cluster}-{end}")
    }
}
