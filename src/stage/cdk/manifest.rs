//! `manifest.json` of a cloud assembly, as far as we read it.
//!
//! The form is that of the package `@aws-cdk/cloud-assembly-schema`; what is not named here is passed over, so that newer
//! versions can be read.

use serde::Deserialize;
use serde_json::Value;

use crate::collections::IndexMap;

/// A manifest.
#[derive(Debug, Deserialize)]
pub struct Manifest {
    /// Artifacts by id.
    #[serde(default)]
    pub artifacts: IndexMap<String, Artifact>,
    /// Context that was asked for and is not there.
    #[serde(default)]
    pub missing: Vec<Missing>,
}

/// An artifact of any type.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// `aws:cloudformation:stack`, `cdk:cloud-assembly`, `cdk:asset-manifest`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// `aws://ACCOUNT/REGION`
    pub environment: Option<String>,
    /// Ids of the artifacts that it needs.
    #[serde(default)]
    pub dependencies: Vec<String>,
    /// Its path in the construct tree.
    pub display_name: Option<String>,
    /// What depends on the type.
    #[serde(default)]
    pub properties: Properties,
}

/// Properties of the types that we know.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Properties {
    /// Of a stack: its template, beside the manifest.
    pub template_file: Option<String>,
    /// Of a stack: its name in CloudFormation, where it is not the id.
    pub stack_name: Option<String>,
    /// Of a stack: the bootstrap version that it needs.
    pub requires_bootstrap_stack_version: Option<u32>,
    /// Of a stack: where that version is.
    pub bootstrap_stack_version_ssm_parameter: Option<String>,
    /// Of a stack: the role that the CLI assumes to deploy it, with `${AWS::Partition}` in it.
    pub assume_role_arn: Option<String>,
    /// Of an assembly in this one: its directory.
    pub directory_name: Option<String>,
    /// Of assets: their file.
    pub file: Option<String>,
}

/// Context that was asked for and is not there.
#[derive(Debug, Deserialize)]
pub struct Missing {
    /// Its name in `cdk.context.json`.
    pub key: String,
    /// What would look it up: `vpc-provider`.
    pub provider: String,
}

/// The assets of a stack.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assets {
    /// Files and directories.
    #[serde(default)]
    pub files: IndexMap<String, Value>,
    /// Container images.
    #[serde(default)]
    pub docker_images: IndexMap<String, Value>,
}

/// A template, as far as we read it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Template {
    /// Parameters by name.
    #[serde(default)]
    pub parameters: IndexMap<String, TemplateParameter>,
    /// Outputs by name.
    #[serde(default)]
    pub outputs: IndexMap<String, Value>,
}

/// A parameter of a template.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TemplateParameter {
    /// Its value where none is given.
    pub default: Option<Value>,
    /// Whether its value is hidden; CloudFormation takes a text or a truth value.
    #[serde(default)]
    pub no_echo: Value,
}
