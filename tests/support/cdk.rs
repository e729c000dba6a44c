//! The real CDK, from npm.

use std::path::PathBuf;

use super::{npm, tools};

/// The CDK of the quickstart, installed once.
pub fn node_modules(test: &str) -> Option<PathBuf> {
    npm::installed(test, &tools::root().join("examples/quickstart"), "cdk")
}
