//! Argo's Workflows as its controller keeps them (`pkg/apis/workflow/v1alpha1/workflow_types.go`, 3.6 to 4.1), as far as somebody looks at them.

use std::collections::BTreeMap;
use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use kube::api::ListParams;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use crate::cloud::kubernetes::kinds::WORKFLOW;
use crate::cloud::kubernetes::{Cause, Cluster, Failure, Kind};

/// So many objects are asked for at once: each may have a mebibyte.
const PAGE: u32 = 50;
/// The most that packed nodes may become, in bytes.
const LARGEST: u64 = 256 << 20;

/// A Workflow.
#[derive(Clone, Debug, Default)]
pub struct Workflow {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Changes with every change of it.
    pub version: Option<String>,
    /// What was asked for.
    pub spec: Spec,
    /// What has become of it.
    pub status: Status,
    /// Its nodes by their ids; empty where they are kept elsewhere.
    pub nodes: BTreeMap<String, Node>,
    /// The same as they were read.
    raw: Map<String, Value>,
    is_packed: bool,
}

/// What is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Spec {
    /// What it is made from.
    #[serde(deserialize_with = "or_default")]
    pub workflow_template_ref: Reference,
    /// What that is given.
    #[serde(deserialize_with = "or_default")]
    pub arguments: Io,
    /// Higher ones first.
    pub priority: Option<i64>,
    /// `Stop` or `Terminate`.
    pub shutdown: Option<String>,
}

/// A WorkflowTemplate.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reference {
    /// Its name.
    pub name: String,
}

/// What has become of a Workflow.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// Empty and `Pending`: it has not begun. `Running`; `Succeeded`, `Failed`, `Error`.
    pub phase: String,
    /// Why, in Argo's words.
    pub message: String,
    /// When it began; where it waits for a lock, when it began to.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Locks.
    #[serde(deserialize_with = "or_default")]
    pub synchronization: Synchronization,
    /// What it follows: its template as it was when it began.
    #[serde(deserialize_with = "or_default")]
    pub stored_workflow_template_spec: Stored,
    /// Nodes as base64 of gzip of JSON, where they are large.
    compressed_nodes: String,
    /// Says that the nodes are in a database of the controller.
    offload_node_status_version: String,
}

/// The locks of a Workflow.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Synchronization {
    /// Those that one may hold at a time.
    #[serde(deserialize_with = "or_default")]
    pub mutex: Mutexes,
}

/// Mutexes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Mutexes {
    /// What it holds.
    #[serde(deserialize_with = "or_default")]
    pub holding: Vec<Lock>,
    /// What it waits for, or has waited for: Argo does not take these away.
    #[serde(deserialize_with = "or_default")]
    pub waiting: Vec<Lock>,
}

/// A mutex and its holder.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Lock {
    /// `NAMESPACE/Mutex/NAME`
    pub mutex: String,
    /// `NAMESPACE/WORKFLOW` or `NAMESPACE/WORKFLOW/NODE`; before 3.6, and in what was written by it, a node's id.
    pub holder: String,
}

/// A template as a Workflow has stored it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Stored {
    /// Its templates.
    #[serde(deserialize_with = "or_default")]
    pub templates: Vec<Template>,
}

/// One of the templates.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// What it runs.
    #[serde(deserialize_with = "or_default")]
    pub container: Container,
    /// How long it waits for somebody.
    #[serde(deserialize_with = "or_default")]
    pub suspend: Suspend,
}

/// A container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Container {
    /// Its arguments, with parameters in them.
    #[serde(deserialize_with = "or_default")]
    pub args: Vec<String>,
}

/// A wait.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Suspend {
    /// Seconds, or with a unit.
    #[serde(deserialize_with = "or_default")]
    pub duration: String,
}

/// A node: a pod, a wait, or a group of such.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Node {
    /// Its key.
    pub id: String,
    /// `RUN.dev.deploy`
    pub name: String,
    /// The last part of that.
    pub display_name: String,
    /// `Pod`, `Suspend`, `DAG`, `Retry`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The template that it follows.
    pub template_name: String,
    /// `Pending`, `Running`; `Succeeded`, `Failed`, `Error`, `Skipped`, `Omitted`.
    pub phase: String,
    /// Why.
    pub message: String,
    /// The node of the group that holds it.
    #[serde(rename = "boundaryID")]
    pub boundary: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What it was given.
    #[serde(deserialize_with = "or_default")]
    pub inputs: Io,
    /// What it gives.
    #[serde(deserialize_with = "or_default")]
    pub outputs: Io,
    /// What it waits for.
    #[serde(deserialize_with = "or_default")]
    pub synchronization_status: NodeLock,
    /// Those that come of it.
    #[serde(deserialize_with = "or_default")]
    pub children: Vec<String>,
}

/// The lock that a node waits for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NodeLock {
    /// `NAMESPACE/Mutex/NAME`; empty: none.
    pub waiting: String,
}

/// Parameters.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Io {
    /// In order.
    #[serde(deserialize_with = "or_default")]
    pub parameters: Vec<Parameter>,
}

/// A parameter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value, where it has one: a text, a number or a truth value.
    pub value: Option<Value>,
    /// Where it comes from.
    #[serde(deserialize_with = "or_default")]
    pub value_from: ValueFrom,
}

/// Where a value comes from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ValueFrom {
    /// Somebody supplies it.
    pub supplied: Option<Value>,
}

impl Io {
    /// The value of a parameter as a text.
    pub fn text(&self, name: &str) -> Option<String> {
        let named = self
            .parameters
            .iter()
            .find(|parameter| parameter.name == name)?;
        Some(match named.value.as_ref()? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }

    /// Whether a parameter is there that somebody is to supply.
    pub fn awaits(&self, name: &str) -> bool {
        let mut parameters = self.parameters.iter();
        parameters
            .any(|parameter| parameter.name == name && parameter.value_from.supplied.is_some())
    }
}

impl Node {
    /// Whether it will not change any more.
    pub fn has_ended(&self) -> bool {
        let words = ["Succeeded", "Failed", "Error", "Skipped", "Omitted"];
        words.contains(&self.phase.as_str())
    }

    /// Whether it has failed.
    pub fn has_failed(&self) -> bool {
        matches!(self.phase.as_str(), "Failed" | "Error")
    }

    /// Whether it waits for somebody (`IsActiveSuspendNode`).
    pub fn is_suspended(&self) -> bool {
        self.kind == "Suspend" && self.phase == "Running"
    }
}

impl Workflow {
    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        matches!(self.status.phase.as_str(), "Succeeded" | "Failed" | "Error")
    }

    /// Whether somebody has told it to end: `argo stop`, `argo terminate`.
    pub fn is_told_to_end(&self) -> bool {
        self.spec.shutdown.as_deref().unwrap_or_default() != ""
    }

    /// Whether the controller keeps its nodes in a database (`nodeStatusOffLoad`), where nobody else sees them.
    pub fn is_offloaded(&self) -> bool {
        !self.status.offload_node_status_version.is_empty()
    }

    /// The change of the object that makes this of a node, to be merged; somebody else's change meanwhile is a conflict.
    pub fn with_node(&self, id: &str, change: impl FnOnce(&mut Map<String, Value>)) -> Value {
        let mut node = match self.raw.get(id) {
            Some(Value::Object(node)) => node.clone(),
            _ => Map::new(),
        };
        change(&mut node);
        let status = match self.is_packed {
            false => json!({ "nodes": { id: node } }),
            true => {
                let mut all = self.raw.clone();
                all.insert(id.to_owned(), Value::Object(node));
                json!({ "compressedNodes": pack(&Value::Object(all)) })
            }
        };
        json!({ "metadata": { "resourceVersion": self.version }, "status": status })
    }

    fn read(object: Value) -> Result<Workflow, Failure> {
        let Value::Object(mut object) = object else {
            return Err(unreadable("it is no object"));
        };
        let metadata: Metadata = part(object.remove("metadata"))?;
        let mut status = object.remove("status").unwrap_or_default();
        let nodes = status
            .as_object_mut()
            .and_then(|status| status.remove("nodes"));
        let spec: Spec = part(object.remove("spec"))?;
        let status: Status = part(Some(status))?;
        let mut raw: Map<String, Value> = part(nodes)?;
        // `DecompressWorkflow`: those that are written out come first.
        let is_packed = raw.is_empty() && !status.compressed_nodes.is_empty();
        if is_packed {
            raw = unpack(&status.compressed_nodes).map_err(|why| unreadable(&why))?;
        }
        let nodes = raw.iter().map(|(id, node)| {
            let node = Node::deserialize(node).map_err(|error| unreadable(&error.to_string()))?;
            Ok((id.clone(), node))
        });
        Ok(Workflow {
            nodes: nodes.collect::<Result<_, Failure>>()?,
            name: metadata.name,
            labels: metadata.labels,
            annotations: metadata.annotations,
            created: metadata.creation_timestamp,
            version: metadata.resource_version,
            spec,
            status,
            raw,
            is_packed,
        })
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    name: String,
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    annotations: BTreeMap<String, String>,
    creation_timestamp: Option<Timestamp>,
    resource_version: Option<String>,
}

impl Cluster {
    /// A Workflow; `None` where there is none of the name.
    pub fn workflow(&self, namespace: &str, name: &str) -> Result<Option<Workflow>, Failure> {
        let api = self.api(&WORKFLOW, namespace);
        let found = self.tried("get", || api.get_opt(name))?;
        found
            .map(|found| Workflow::read(as_json(&found)?))
            .transpose()
    }

    /// A Workflow of the namespace that this pod runs in (outside of a cluster: of the context).
    pub fn own_workflow(&self, name: &str) -> Result<Option<Workflow>, Failure> {
        self.workflow(self.client.default_namespace(), name)
    }

    /// The Workflows that have these labels, in no order.
    pub fn workflows(&self, namespace: &str, labels: &str) -> Result<Vec<Workflow>, Failure> {
        let api = self.api(&WORKFLOW, namespace);
        let mut all = Vec::new();
        let wanted = ListParams::default().labels(labels);
        self.pages(&api, wanted, PAGE, |found| {
            all.push(Workflow::read(as_json(&found)?)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// Names, labels and times of objects that have these labels, in no order: little is sent.
    pub fn glimpse(
        &self,
        kind: &Kind,
        namespace: &str,
        labels: &str,
    ) -> Result<Vec<Glimpse>, Failure> {
        let api = self.api(kind, namespace);
        let params = ListParams::default().labels(labels);
        let page = self.tried("list", || api.list_metadata(&params))?;
        let seen = page.items.into_iter().map(|item| Glimpse {
            name: item.metadata.name.unwrap_or_default(),
            labels: item.metadata.labels.unwrap_or_default(),
            created: item.metadata.creation_timestamp.and_then(|time| {
                // Kubernetes' crate has another version of the same type.
                Timestamp::from_second(time.0.as_second()).ok()
            }),
        });
        Ok(seen.collect())
    }
}

/// What is known of an object by its metadata.
#[derive(Clone, Debug)]
pub struct Glimpse {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// When it was made.
    pub created: Option<Timestamp>,
}

fn as_json(object: &kube::core::DynamicObject) -> Result<Value, Failure> {
    serde_json::to_value(object).map_err(|error| unreadable(&error.to_string()))
}

fn part<T: Default + for<'de> Deserialize<'de>>(value: Option<Value>) -> Result<T, Failure> {
    match value {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => {
            serde_json::from_value(value).map_err(|error| unreadable(&error.to_string()))
        }
    }
}

/// What is `null` is as what is not there.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

fn unreadable(why: &str) -> Failure {
    Failure {
        cause: Cause::Other,
        verb: "read",
        place: None,
        message: format!(
            "a Workflow is not as Argo writes them: {}",
            crate::diagnostics::safe::line(why)
        ),
    }
}

/// As Argo's `CompressEncodeString` does (`util/file/fileutil.go`).
fn pack(nodes: &Value) -> String {
    let text = nodes.to_string();
    let encoder = flate2::read::GzEncoder::new(text.as_bytes(), flate2::Compression::default());
    let mut packed = Vec::new();
    // Of memory into memory.
    let _ = std::io::BufReader::new(encoder).read_to_end(&mut packed);
    STANDARD.encode(packed)
}

fn unpack(packed: &str) -> Result<Map<String, Value>, String> {
    let bytes = STANDARD
        .decode(packed.trim())
        .map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    // Argo may write several members (`pgzip` does not, but reads them).
    let decoder = flate2::read::MultiGzDecoder::new(bytes.as_slice());
    let read = decoder.take(LARGEST).read_to_end(&mut text);
    read.map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_workflow(status: Value) -> Workflow {
        let object = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
            "metadata": { "name": "shop-1", "resourceVersion": "7", "creationTimestamp": "2030-01-31T05:00:00Z" },
            "spec": { "workflowTemplateRef": { "name": "shop" }, "arguments": { "parameters": [{ "name": "commit", "value": 7 }] } },
            "status": status,
        });
        Workflow::read(object).unwrap()
    }

    #[test]
    fn packed_nodes_are_read_and_written_packed() {
        let nodes = json!({ "shop-1-1": { "id": "shop-1-1", "name": "shop-1.a", "type": "Suspend", "phase": "Running", "finishedAt": null, "unknown": [1] } });
        let workflow = a_workflow(json!({ "phase": "Running", "compressedNodes": pack(&nodes) }));
        assert!(workflow.nodes["shop-1-1"].is_suspended());
        let change = workflow.with_node("shop-1-1", |node| {
            node.insert("phase".to_owned(), json!("Succeeded"));
        });
        assert_eq!(change["metadata"]["resourceVersion"], "7");
        let again = unpack(change["status"]["compressedNodes"].as_str().unwrap()).unwrap();
        assert_eq!(again["shop-1-1"]["phase"], "Succeeded");
        assert_eq!(again["shop-1-1"]["unknown"], json!([1]));
    }

    #[test]
    fn what_is_not_as_argo_writes_it_is_refused() {
        for status in [
            json!({ "compressedNodes": "no base64!" }),
            json!({ "compressedNodes": STANDARD.encode("no gzip") }),
            json!({ "nodes": [1] }),
            json!({ "phase": 1 }),
        ] {
            let object = json!({ "metadata": { "name": "shop-1" }, "spec": {}, "status": status });
            assert!(Workflow::read(object).is_err());
        }
        assert_eq!(a_workflow(json!(null)).status.phase, "");
        let odd = a_workflow(json!({ "nodes": null, "synchronization": { "mutex": null } }));
        assert!(odd.nodes.is_empty());
        assert_eq!(odd.spec.arguments.text("commit").unwrap(), "7");
    }
}
