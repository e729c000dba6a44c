//! The part of Argo's WorkflowTemplate that Aphex writes, as types: in the order in which it is written.
//!
//! Field names and meanings: `pkg/apis/workflow/v1alpha1/workflow_types.go` of Argo Workflows.

#![allow(
    missing_docs,
    reason = "the fields are Argo's own, described in its reference"
)]

use serde::Serialize;

use crate::collections::IndexMap;
use crate::source::Span;
use crate::target::argo::share::Slot;

/// A WorkflowTemplate object.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowTemplate {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub metadata: Metadata,
    pub spec: Spec,
}

/// Name, labels, annotations.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub labels: IndexMap<&'static str, String>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub annotations: IndexMap<&'static str, String>,
}

/// What every run of the template has.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    pub entrypoint: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub on_exit: String,
    pub service_account_name: String,
    pub arguments: Arguments,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synchronization: Option<Synchronization>,
    pub artifact_repository_ref: ArtifactRepositoryRef,
    #[serde(rename = "podGC")]
    pub pod_gc: PodGc,
    pub ttl_strategy: TtlStrategy,
    pub workflow_metadata: Metadata,
    pub pod_metadata: Metadata,
    pub security_context: PodSecurityContext,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub image_pull_secrets: Vec<Named>,
    pub volumes: Vec<Volume>,
    pub templates: Vec<Template>,
}

/// `arguments`, `inputs` or `outputs`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Arguments {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
}

impl Arguments {
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }
}

/// A parameter of a workflow, template or task.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_from: Option<ValueFrom>,
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<&'static str>,
}

/// Where an output's value comes from; a default always.
#[derive(Clone, Debug, Serialize)]
pub struct ValueFrom {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplied: Option<Empty>,
    pub default: &'static str,
}

/// `{}`
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Empty {}

/// `{ name: … }`
#[derive(Clone, Debug, Serialize)]
pub struct Named {
    pub name: String,
}

/// The ConfigMap with an artifact repository.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactRepositoryRef {
    pub config_map: String,
    pub key: &'static str,
}

/// Locks.
#[derive(Clone, Debug, Serialize)]
pub struct Synchronization {
    pub mutexes: Vec<Named>,
}

/// When pods are deleted.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodGc {
    pub strategy: &'static str,
    pub delete_delay_duration: &'static str,
}

/// When workflows are deleted.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TtlStrategy {
    pub seconds_after_success: u64,
    pub seconds_after_failure: u64,
}

/// What holds for all containers of a pod.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodSecurityContext {
    pub run_as_non_root: bool,
    pub run_as_user: u32,
    pub run_as_group: u32,
    pub fs_group: u32,
    pub seccomp_profile: SeccompProfile,
}

/// Which system calls are allowed.
#[derive(Clone, Debug, Serialize)]
pub struct SeccompProfile {
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// A volume of a pod.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_dir: Option<Empty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretVolume>,
}

/// Files made of a Kubernetes Secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretVolume {
    pub secret_name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<KeyToPath>,
    pub optional: bool,
}

/// One key of a Secret as a file.
#[derive(Clone, Debug, Serialize)]
pub struct KeyToPath {
    pub key: String,
    pub path: &'static str,
}

/// A template: a leaf (`container`, `suspend`) or a `dag`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    pub name: String,
    #[serde(skip_serializing_if = "Arguments::is_empty")]
    pub inputs: Arguments,
    #[serde(skip_serializing_if = "Arguments::is_empty")]
    pub outputs: Arguments,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallelism: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synchronization: Option<Synchronization>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub node_selector: IndexMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_deadline_seconds: Option<Slot>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_strategy: Option<RetryStrategy>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Volume>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub init_containers: Vec<Container>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<Container>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dag: Option<Dag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend: Option<Suspend>,
    /// The source that it comes from; where several share it, the first.
    #[serde(skip)]
    pub origin: Option<Span>,
    /// The sources of some of its fields, by JSON pointer from here.
    #[serde(skip)]
    pub origins: Vec<(String, Span)>,
}

/// What is tried again, and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RetryStrategy {
    pub limit: String,
    pub retry_policy: &'static str,
    /// In Argo's language of expressions: what must hold of the last try for a further one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
}

/// Time between tries.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Backoff {
    pub duration: String,
    pub factor: &'static str,
}

/// A container of a pod.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub image: String,
    pub image_pull_policy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_policy: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvVar>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Port>,
    #[serde(skip_serializing_if = "ResourceRequirements::is_empty")]
    pub resources: ResourceRequirements,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volume_mounts: Vec<VolumeMount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_probe: Option<Probe>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_context: Option<SecurityContext>,
}

/// An environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvVar {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_from: Option<EnvSource>,
}

/// Where a variable comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum EnvSource {
    SecretKeyRef(KeyRef),
    ConfigMapKeyRef(KeyRef),
}

/// One key of a Secret or a ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct KeyRef {
    pub name: String,
    pub key: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// A port that a side-car listens on.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Port {
    pub container_port: u16,
}

/// What a container asks for, and what it may use at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ResourceRequirements {
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_map")]
    pub requests: Vec<(&'static str, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_map")]
    pub limits: Vec<(&'static str, String)>,
}

impl ResourceRequirements {
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.limits.is_empty()
    }
}

impl Serialize for Slot {
    /// A number as a number, a parameter as its tag.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Slot::Fixed(text) => match text.parse::<u64>() {
                Ok(number) => serializer.serialize_u64(number),
                Err(_) => serializer.serialize_str(text),
            },
            Slot::Parameter(_) => serializer.serialize_str(&self.text()),
        }
    }
}

fn as_map<S: serde::Serializer>(
    pairs: &[(&'static str, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

/// A volume in a container.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeMount {
    pub name: String,
    pub mount_path: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
}

/// How the kubelet learns that a side-car is ready.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec: Option<Exec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_socket: Option<TcpSocket>,
    pub period_seconds: u32,
    pub timeout_seconds: u32,
    pub failure_threshold: u32,
}

/// A command in the container.
#[derive(Clone, Debug, Serialize)]
pub struct Exec {
    pub command: Vec<String>,
}

/// A port that accepts connections.
#[derive(Clone, Debug, Serialize)]
pub struct TcpSocket {
    pub port: u16,
}

/// What a container may not do.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityContext {
    pub allow_privilege_escalation: bool,
    pub capabilities: Capabilities,
}

/// Rights of the kernel.
#[derive(Clone, Debug, Serialize)]
pub struct Capabilities {
    pub drop: Vec<&'static str>,
}

/// Waits for a person, or for time.
#[derive(Clone, Debug, Serialize)]
pub struct Suspend {
    pub duration: String,
}

/// Tasks and what they wait for.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dag {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target: String,
    pub fail_fast: bool,
    pub tasks: Vec<Task>,
}

/// One task of a DAG.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    pub name: String,
    pub template: String,
    #[serde(skip_serializing_if = "Arguments::is_empty")]
    pub arguments: Arguments,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub depends: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub with_items: Vec<Item>,
    /// The source that it comes from.
    #[serde(skip)]
    pub origin: Option<Span>,
    /// The sources of its items.
    #[serde(skip)]
    pub item_origins: Vec<Span>,
}

/// One of the things that a task is done for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Item {
    /// `{{item}}`
    Text(String),
    /// `{{item.name}}`
    Map(IndexMap<String, String>),
}

impl Parameter {
    /// A parameter with a value.
    pub fn with(name: impl Into<String>, value: impl Into<String>) -> Self {
        Parameter {
            name: name.into(),
            value: Some(value.into()),
            ..Parameter::default()
        }
    }

    /// An input that the caller must give.
    pub fn input(name: impl Into<String>) -> Self {
        Parameter {
            name: name.into(),
            ..Parameter::default()
        }
    }
}
