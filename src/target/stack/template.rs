//! The template: everything in its order.

use serde_json::{Map, Value, json};

use crate::graph::Graph;
use crate::model::Pipeline;
use crate::source::FileSystem;
use crate::target::events;
use crate::target::names::{self, Account};
use crate::target::stack::{Options, accounts, bucket, rights, role};

/// The output with the role of an account.
pub fn output_of(account: Account) -> String {
    format!("{}Arn", role::logical_name(account))
}

/// The tags of the stack and of what is in it: whose it is.
pub fn tags(pipeline: &Pipeline) -> Vec<(&'static str, String)> {
    let labels = names::labels(&pipeline.name.value).into_iter();
    let cluster = ("aphex.dev/cluster", pipeline.cluster.value.clone());
    let repository = (names::REPOSITORY, pipeline.repository.value.clone());
    let namespace = ("aphex.dev/namespace", pipeline.namespace.value.clone());
    labels.chain([cluster, namespace, repository]).collect()
}

/// The template.
pub(super) fn template(
    pipeline: &Pipeline,
    graph: &Graph<'_>,
    files: &dyn FileSystem,
    options: &Options,
) -> Value {
    let tags: Vec<Value> = tags(pipeline)
        .into_iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    let tags = Value::Array(tags);
    let mut resources = Map::new();
    resources.insert(bucket::NAME.into(), bucket::bucket(pipeline, &tags));
    resources.insert(format!("{}Policy", bucket::NAME), bucket::policy());
    for account in accounts(pipeline) {
        let statements = rights(pipeline, graph, account, files);
        resources.extend(role::resources(
            pipeline, account, statements, &tags, options,
        ));
    }
    let (name, cluster) = (&pipeline.name.value, &pipeline.cluster.value);
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": format!("Aphex pipeline {name} on cluster {cluster}"),
        "Resources": resources,
        "Outputs": outputs(pipeline),
    })
}

/// What others are told (10.5).
fn outputs(pipeline: &Pipeline) -> Value {
    let mut outputs = Map::new();
    let mut add = |name: &str, what: &str, value: Value| {
        outputs.insert(
            name.to_owned(),
            json!({ "Description": what, "Value": value }),
        );
    };
    let arn = |account| json!({ "Fn::GetAtt": [role::logical_name(account), "Arn"] });
    add(
        "WebhookUrl",
        "Where GitHub sends events",
        json!(events::webhook_url(pipeline)),
    );
    add(
        "ArtifactBucketName",
        "The bucket of artifacts and records",
        json!({ "Ref": bucket::NAME }),
    );
    add(
        "WorkflowExecutionRoleArn",
        "The role that deploys",
        arn(Account::Deploy),
    );
    for account in accounts(pipeline) {
        let service_account = account.name(&pipeline.name.value);
        let what = format!("The role of service account {service_account}");
        add(&output_of(account), &what, arn(account));
    }
    Value::Object(outputs)
}
