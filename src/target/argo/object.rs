//! The objects: names, labels, parameters, and what every run has.

use crate::eval::data::SecretStore;
use crate::graph::{Entry, EntryKind, Graph};
use crate::model::{Pipeline, Queue};
use crate::target::argo::entry::templates;
use crate::target::argo::manifest::*;
use crate::target::argo::origin::origins;
use crate::target::argo::pod::{Common, variable};
use crate::target::names::{
    self, Account, REPOSITORY_KEY, STORE_KEY, Stamp, object_name, repository_name, settings_name,
};
use crate::target::object::Object;

/// One object, and which of the pipeline's entries it is.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// As in [`Entry::name`].
    pub entry: String,
    /// The object.
    pub object: WorkflowTemplate,
}

/// Seconds.
pub const DAY: u64 = 86_400;
/// The user of every container. Kubernetes must be told one: most images, Argo's executor among them, would run as root.
const USER: u32 = 1000;

/// The WorkflowTemplates of a pipeline, one an entry.
pub fn compile(pipeline: &Pipeline, graph: &Graph<'_>, stamp: &Stamp) -> Vec<Compiled> {
    let entries = graph.entries.iter();
    entries
        .map(|entry| Compiled {
            entry: entry.name.clone(),
            object: object(pipeline, entry, stamp),
        })
        .collect()
}

fn object(pipeline: &Pipeline, entry: &Entry<'_>, stamp: &Stamp) -> WorkflowTemplate {
    let common = Common {
        pipeline: pipeline.name.value.clone(),
        runtime: pipeline.images.runtime.value.clone(),
        env: environment(pipeline, entry, stamp),
        git: git(pipeline).is_some(),
    };
    let templates = templates(pipeline, entry, &common);
    let finish = templates
        .iter()
        .find(|template| template.name == "finish")
        .map(|template| template.name.clone());
    let locks = pipeline.queue == Queue::Pipeline && entry.kind != EntryKind::Validate;
    let frame = Frame {
        name: entry_object_name(pipeline, entry),
        entrypoint: "main",
        account: Account::Validate,
        arguments: parameters(),
        kept_after_success: 7 * DAY,
    };
    let mut object = frame.around(pipeline, stamp, templates);
    object.spec.on_exit = finish.unwrap_or_default();
    object.spec.synchronization = locks.then(|| Synchronization {
        mutexes: vec![Named {
            name: format!("aphex-{}", pipeline.name.value),
        }],
    });
    object
}

/// A WorkflowTemplate as one object among others; in words why it could not be made.
pub fn as_object(pipeline: &Pipeline, template: &WorkflowTemplate) -> Result<Object, String> {
    Ok(Object {
        kind: template.kind,
        name: template.metadata.name.clone(),
        namespace: template.metadata.namespace.clone(),
        value: serde_json::to_value(template).map_err(|error| error.to_string())?,
        origins: origins(pipeline, template),
    })
}

/// What WorkflowTemplates differ in, beside their templates.
pub struct Frame {
    /// The object's name.
    pub name: String,
    /// The template that is run.
    pub entrypoint: &'static str,
    /// Whose rights pods have that name no account of their own.
    pub account: Account,
    /// What a run is given.
    pub arguments: Arguments,
    /// How long a run is kept that has succeeded, in seconds.
    pub kept_after_success: u64,
}

impl Frame {
    /// The object of these templates.
    pub fn around(
        self,
        pipeline: &Pipeline,
        stamp: &Stamp,
        templates: Vec<Template>,
    ) -> WorkflowTemplate {
        let owned = names::labels(&pipeline.name.value);
        let stamped = names::annotations(pipeline, stamp);
        let mut volumes = vec![Volume {
            name: "aphex".to_owned(),
            empty_dir: Some(Empty {}),
            secret: None,
        }];
        volumes.extend(git(pipeline));
        WorkflowTemplate {
            api_version: "argoproj.io/v1alpha1",
            kind: "WorkflowTemplate",
            metadata: Metadata {
                name: self.name,
                namespace: pipeline.namespace.value.clone(),
                labels: owned.clone(),
                annotations: stamped.clone(),
            },
            spec: Spec {
                entrypoint: self.entrypoint.to_owned(),
                on_exit: String::new(),
                service_account_name: self.account.name(&pipeline.name.value),
                arguments: self.arguments,
                synchronization: None,
                artifact_repository_ref: ArtifactRepositoryRef {
                    config_map: repository_name(&pipeline.name.value),
                    key: REPOSITORY_KEY,
                },
                pod_gc: PodGc {
                    strategy: "OnPodSuccess",
                    delete_delay_duration: "24h",
                },
                ttl_strategy: TtlStrategy {
                    seconds_after_success: self.kept_after_success,
                    seconds_after_failure: 30 * DAY,
                },
                workflow_metadata: Metadata {
                    labels: owned.clone(),
                    annotations: stamped,
                    ..Metadata::default()
                },
                pod_metadata: Metadata {
                    labels: owned,
                    ..Metadata::default()
                },
                security_context: PodSecurityContext {
                    run_as_non_root: true,
                    run_as_user: USER,
                    run_as_group: USER,
                    fs_group: USER,
                    seccomp_profile: SeccompProfile {
                        kind: "RuntimeDefault",
                    },
                },
                image_pull_secrets: pipeline
                    .registries
                    .iter()
                    .map(|name| Named {
                        name: name.value.clone(),
                    })
                    .collect(),
                volumes,
                templates,
            },
        }
    }
}

/// The name of an entry's object.
pub fn entry_object_name(pipeline: &Pipeline, entry: &Entry<'_>) -> String {
    let name = match entry.kind {
        EntryKind::Pick => format!("deploy-{}", entry.name),
        EntryKind::Default | EntryKind::Validate => entry.name.clone(),
    };
    object_name(&pipeline.name.value, &name)
}

/// The Secret with the credentials for the checkout as a volume, which only init containers mount.
pub fn git(pipeline: &Pipeline) -> Option<Volume> {
    let secret = pipeline.checkout.credentials.as_ref()?;
    let kubernetes = secret.store == SecretStore::Kubernetes;
    kubernetes.then(|| Volume {
        name: "git".to_owned(),
        empty_dir: None,
        secret: Some(SecretVolume {
            secret_name: secret.name.to_string(),
            items: secret
                .key
                .iter()
                .map(|key| KeyToPath {
                    key: key.to_string(),
                    path: "value",
                })
                .collect(),
            optional: false,
        }),
    })
}

/// What a trigger says of the event. Everything that a stranger could have chosen is base64.
fn parameters() -> Arguments {
    let described = [
        ("commit", "the commit: 40 hexadecimal digits"),
        (
            "event",
            "what started the run: push, pull_request, tag, release, schedule, manual",
        ),
        ("ref", "the Git reference, such as refs/heads/main (base64)"),
        ("actor", "who caused the event (base64)"),
        ("pull-request", "the number of the pull request"),
        ("inputs", "a JSON object of the inputs (base64)"),
    ];
    Arguments {
        parameters: described
            .into_iter()
            .map(|(name, description)| Parameter {
                description: Some(description),
                ..Parameter::with(name, if name == "event" { "manual" } else { "" })
            })
            .collect(),
    }
}

/// What is known of the run.
fn environment(pipeline: &Pipeline, entry: &Entry<'_>, stamp: &Stamp) -> Vec<EnvVar> {
    let parameter = |name: &str| format!("{{{{workflow.parameters.{name}}}}}");
    vec![
        variable("APHEX_PIPELINE", pipeline.name.value.clone()),
        variable("APHEX_FILE", pipeline.file.clone()),
        variable("APHEX_REPOSITORY", pipeline.repository.value.clone()),
        variable("APHEX_CLUSTER", pipeline.cluster.value.clone()),
        variable("APHEX_ENTRY", entry_object_name(pipeline, entry)),
        variable("APHEX_SPEC", stamp.spec.clone()),
        variable("APHEX_RUN", "{{workflow.name}}"),
        variable("APHEX_RUN_UID", "{{workflow.uid}}"),
        variable("APHEX_STARTED_AT", "{{workflow.creationTimestamp.RFC3339}}"),
        variable("APHEX_COMMIT", parameter("commit")),
        variable("APHEX_EVENT", parameter("event")),
        variable("APHEX_REF_BASE64", parameter("ref")),
        variable("APHEX_ACTOR_BASE64", parameter("actor")),
        variable("APHEX_PULL_REQUEST", parameter("pull-request")),
        variable("APHEX_INPUTS_BASE64", parameter("inputs")),
        store(pipeline),
    ]
}

/// Where the store is: known once the pipeline's stack is there. Optional, so that the stage can say what is missing; without that the pod would wait for ever.
fn store(pipeline: &Pipeline) -> EnvVar {
    EnvVar {
        name: "APHEX_STORE".to_owned(),
        value: None,
        value_from: Some(EnvSource::ConfigMapKeyRef(KeyRef {
            name: settings_name(&pipeline.name.value),
            key: STORE_KEY.to_owned(),
            optional: true,
        })),
    }
}
