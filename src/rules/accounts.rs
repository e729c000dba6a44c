//! ARNs that belong to another account, partition or region than what uses them.

use crate::diagnostics::codes::pipeline::FOREIGN_ACCOUNT;
use crate::diagnostics::{Diagnostic, Problems};
use crate::model::{Environment, Event, Notifier, Pipeline, Text};

/// The parts of an ARN that say where it is.
struct Arn<'a> {
    partition: &'a str,
    service: &'a str,
    region: &'a str,
    account: &'a str,
}

fn read(arn: &str) -> Option<Arn<'_>> {
    let mut parts = arn.splitn(6, ':');
    (parts.next() == Some("arn")).then_some(())?;
    Some(Arn {
        partition: parts.next()?,
        service: parts.next()?,
        region: parts.next()?,
        account: parts.next()?,
    })
}

/// The partition of a region.
pub fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ if region.starts_with("us-isob-") => "aws-iso-b",
        _ if region.starts_with("us-isof-") => "aws-iso-f",
        _ if region.starts_with("eu-isoe-") => "aws-iso-e",
        _ if region.starts_with("us-iso-") => "aws-iso",
        _ if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

/// Reports roles, alarms and topics of other accounts.
pub fn check(pipeline: &Pipeline, problems: &mut Problems) {
    for environment in pipeline
        .environments()
        .filter(|environment| !environment.partial)
    {
        if let Some(role) = &environment.role {
            belongs(environment, role, "role", problems);
        }
        for step in environment.steps() {
            let inherited = environment
                .role
                .as_ref()
                .is_some_and(|role| Some(role.span) == step.role.as_ref().map(|role| role.span));
            if let Some(role) = step.role.as_ref().filter(|_| !inherited) {
                partition_only(environment, role, problems);
            }
        }
        for alarm in environment.bake.iter().flat_map(|bake| &bake.alarms) {
            belongs(environment, alarm, "alarm", problems);
        }
    }
    one_partition(pipeline, problems);
}

fn belongs(environment: &Environment, arn: &Text, what: &str, problems: &mut Problems) {
    let Some(parts) = read(&arn.value) else {
        return;
    };
    let name = &environment.name.value;
    let expected = partition(&environment.region.value);
    if parts.partition != expected {
        problems.push(
            Diagnostic::error(
                &FOREIGN_ACCOUNT,
                arn.span,
                format!(
                    "the {what} is in partition `{}`, and `{name}` is in `{expected}`",
                    parts.partition
                ),
            )
            .label(format!("`{}`", parts.partition))
            .also(
                environment.region.span,
                format!("`{}` is in `{expected}`", environment.region.value),
            )
            .help(format!("write `arn:{expected}:…`, of the same account")),
        );
    } else if !parts.account.is_empty() && parts.account != environment.account.value {
        problems.push(
            Diagnostic::error(
                &FOREIGN_ACCOUNT,
                arn.span,
                format!(
                    "the {what} is in account {}, and `{name}` deploys to {}",
                    parts.account, environment.account.value
                ),
            )
            .label(format!("account {}", parts.account))
            .also(
                environment.account.span,
                format!("account {}", environment.account.value),
            )
            .help(format!(
                "name a {what} of account {}",
                environment.account.value
            )),
        );
    } else if parts.service == "cloudwatch"
        && !parts.region.is_empty()
        && parts.region != environment.region.value
    {
        problems.push(
            Diagnostic::error(
                &FOREIGN_ACCOUNT,
                arn.span,
                format!(
                    "the {what} is in region {}, and `{name}` deploys to {}",
                    parts.region, environment.region.value
                ),
            )
            .label(format!("region {}", parts.region))
            .also(
                environment.region.span,
                format!("region {}", environment.region.value),
            )
            .help(format!(
                "name a {what} of region {}, where the environment is",
                environment.region.value
            )),
        );
    }
}

/// A step may use a role of another account (a shared registry, say), but not of another partition.
fn partition_only(environment: &Environment, role: &Text, problems: &mut Problems) {
    let Some(parts) = read(&role.value) else {
        return;
    };
    let expected = partition(&environment.region.value);
    if parts.partition != expected {
        problems.push(
            Diagnostic::error(
                &FOREIGN_ACCOUNT,
                role.span,
                format!(
                    "the role is in partition `{}`, and `{}` is in `{expected}`",
                    parts.partition, environment.name.value
                ),
            )
            .label(format!("`{}`", parts.partition))
            .also(
                environment.region.span,
                format!("`{}` is in `{expected}`", environment.region.value),
            )
            .help("no role can be assumed across partitions"),
        );
    }
}

/// What belongs to the pipeline as a whole is in the partition of its environments, where those have one.
fn one_partition(pipeline: &Pipeline, problems: &mut Problems) {
    let mut partitions = pipeline
        .environments()
        .map(|environment| (partition(&environment.region.value), &environment.region));
    let Some((expected, region)) = partitions.next() else {
        return;
    };
    if partitions.any(|(other, _)| other != expected) {
        return;
    }
    let topics = pipeline
        .notify
        .iter()
        .filter_map(|notify| match &notify.to {
            Notifier::Sns { topic } => Some((topic, "topic")),
            _ => None,
        });
    let roles = pipeline
        .triggers
        .iter()
        .filter_map(|trigger| match &trigger.event {
            Event::PullRequest {
                role: Some(role), ..
            } => Some((role, "role")),
            _ => None,
        });
    let boundary = pipeline
        .permissions_boundary
        .iter()
        .map(|policy| (policy, "policy"));
    let key = pipeline.store.kms_key.iter().map(|key| (key, "key"));
    for (arn, what) in topics.chain(roles).chain(boundary).chain(key) {
        let Some(parts) = read(&arn.value).filter(|parts| parts.partition != expected) else {
            continue;
        };
        problems.push(
            Diagnostic::error(
                &FOREIGN_ACCOUNT,
                arn.span,
                format!(
                    "the {what} is in partition `{}`, and the environments are in `{expected}`",
                    parts.partition
                ),
            )
            .label(format!("`{}`", parts.partition))
            .also(
                region.span,
                format!("`{}` is in `{expected}`", region.value),
            )
            .help(format!("write `arn:{expected}:…`")),
        );
    }
}
