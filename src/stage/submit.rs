//! A run as an object of the cluster.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::collections::IndexMap;
use crate::target::names::{hex, labels, run_prefix};

/// A run that is to be.
#[derive(Clone, Debug)]
pub struct Submission<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where.
    pub namespace: &'a str,
    /// The pipeline.
    pub pipeline: &'a str,
    /// The WorkflowTemplate.
    pub entry: &'a str,
    /// Forty hexadecimal digits.
    pub commit: &'a str,
    /// `push`, `manual`, …
    pub event: &'a str,
    /// `refs/heads/main`
    pub reference: &'a str,
    /// Who caused it.
    pub actor: &'a str,
    /// Of a pull request.
    pub pull_request: Option<u64>,
    /// What the pipeline's inputs are given.
    pub inputs: &'a IndexMap<String, String>,
    /// Annotations.
    pub annotations: IndexMap<&'static str, String>,
}

impl Submission<'_> {
    /// The Workflow.
    pub fn workflow(&self) -> Value {
        let inputs = match self.inputs.is_empty() {
            true => String::new(),
            false => serde_json::to_string(self.inputs).unwrap_or_default(),
        };
        let number = self.pull_request.map(|number| number.to_string());
        let parameters = [
            ("commit", self.commit.to_owned()),
            ("event", self.event.to_owned()),
            ("ref", STANDARD.encode(self.reference)),
            ("actor", STANDARD.encode(self.actor)),
            ("pull-request", number.unwrap_or_default()),
            ("inputs", STANDARD.encode(inputs)),
        ];
        let parameters: Vec<Value> = parameters
            .into_iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "labels": labels(self.pipeline),
                "annotations": self.annotations,
            },
            "spec": {
                "workflowTemplateRef": { "name": self.entry },
                "arguments": { "parameters": parameters },
            },
        })
    }
}

/// A name for a run of an entry that follows from `cause`: at most 63 characters.
pub fn run_name(entry: &str, cause: &str) -> String {
    let digits = hex(&Sha256::digest(cause), 5);
    format!("{}-{digits}", run_prefix(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_runs_fit_and_follow_from_their_cause() {
        let long = "a".repeat(57);
        assert_eq!(run_name(&long, "x").len(), 63);
        assert_eq!(run_name("shop", "x"), run_name("shop", "x"));
        assert_ne!(run_name("shop", "x"), run_name("shop", "y"));
    }
}
