//! The WorkflowTemplate that starts runs whose event does not tell all that a run must know.

use crate::model::Pipeline;
use crate::target::argo::manifest::*;
use crate::target::argo::object::{DAY, Frame, git};
use crate::target::argo::pod::{self, variable};
use crate::target::argo::share::Slot;
use crate::target::names::{Account, Stamp};

/// `aphex stage start` ends with 1 where a further try comes to the same, with 75 where it may not. A pod that was lost has no exit code (Argo says -1), one that
/// was ended another. (`buildRetryStrategyLocalScope` in Argo's `workflow/controller/operator.go`.)
const MAY_PASS: &str = "lastRetry.exitCode != '1'";

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
    let runtime = &pipeline.images.runtime;
    let template = Template {
        name: "start".to_owned(),
        service_account_name: Some(Account::Start.name(&pipeline.name.value)),
        active_deadline_seconds: Some(Slot::Fixed("900".to_owned())),
        retry_strategy: Some(RetryStrategy {
            limit: "5".to_owned(),
            retry_policy: "Always",
            expression: Some(MAY_PASS),
            backoff: Some(Backoff {
                duration: "30s".to_owned(),
                factor: "2",
            }),
        }),
        container: Some(pod::runtime(
            &runtime.value,
            git(pipeline).is_some(),
            vec!["stage".to_owned(), "start".to_owned()],
            env,
        )),
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
