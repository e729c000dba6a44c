//! The WorkflowTemplate that starts runs whose event does not tell all that a run must know.

use crate::model::Pipeline;
use crate::target::argo::manifest::*;
use crate::target::argo::object::{DAY, Frame, git};
use crate::target::argo::pod::{
    GIT_CREDENTIALS, RUNTIME_BINARY, home, no_rights, pull_policy, variable,
};
use crate::target::names::{Account, Stamp};

/// The template of a name; `parameters` are names and what they are, each with its variable in the pod's environment.
pub fn start(
    pipeline: &Pipeline,
    stamp: &Stamp,
    name: String,
    parameters: &[(&'static str, &'static str, &'static str)],
) -> WorkflowTemplate {
    let value = |name: &str| format!("{{{{workflow.parameters.{name}}}}}");
    let mut env = vec![
        variable("HOME", "/aphex/home"),
        variable("TMPDIR", "/aphex/tmp"),
        variable("APHEX_PIPELINE", pipeline.name.value.clone()),
        variable("APHEX_REPOSITORY", pipeline.repository.value.clone()),
        variable("APHEX_NAMESPACE", pipeline.namespace.value.clone()),
        variable("APHEX_START", "{{workflow.name}}"),
    ];
    env.extend(
        parameters
            .iter()
            .map(|(parameter, variable_name, _)| variable(variable_name, value(parameter))),
    );
    let mut volume_mounts = vec![home(false)];
    if git(pipeline).is_some() {
        volume_mounts.push(VolumeMount {
            name: "git".to_owned(),
            mount_path: GIT_CREDENTIALS.to_owned(),
            read_only: true,
        });
    }
    let runtime = &pipeline.images.runtime;
    let template = Template {
        name: "start".to_owned(),
        service_account_name: Some(Account::Start.name(&pipeline.name.value)),
        active_deadline_seconds: Some(crate::target::argo::share::Slot::Fixed("900".to_owned())),
        retry_strategy: Some(RetryStrategy {
            limit: "5".to_owned(),
            retry_policy: "Always",
            backoff: Some(Backoff {
                duration: "30s".to_owned(),
                factor: "2",
            }),
        }),
        container: Some(Container {
            image: runtime.value.clone(),
            image_pull_policy: pull_policy(&runtime.value),
            command: vec![RUNTIME_BINARY.to_owned()],
            args: vec!["stage".to_owned(), "start".to_owned()],
            env,
            resources: ResourceRequirements {
                requests: vec![("cpu", "100m".to_owned()), ("memory", "128Mi".to_owned())],
                limits: vec![("memory", "1Gi".to_owned())],
            },
            volume_mounts,
            security_context: no_rights(),
            ..Container::default()
        }),
        origin: Some(runtime.span),
        ..Template::default()
    };
    let frame = Frame {
        name,
        entrypoint: "start",
        account: Account::Start,
        arguments: Arguments {
            parameters: parameters
                .iter()
                .map(|(name, _, description)| Parameter {
                    description: Some(description),
                    ..Parameter::with(*name, "")
                })
                .collect(),
        },
        kept_after_success: DAY,
    };
    frame.around(pipeline, stamp, vec![template])
}
