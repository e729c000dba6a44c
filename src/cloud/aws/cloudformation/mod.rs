//! CloudFormation: what a stack is, what has happened to it, and how one is deployed and removed.

mod change_set;
mod delete;
mod deploy;
mod exports;
mod failed;
mod state;
#[cfg(test)]
mod tests;
mod watch;

pub use delete::{Deleted, Kept, delete};
pub use deploy::{Change, Deployed, Wanted, deploy};
pub use exports::{exports, require};
pub use watch::{Progress, Watch};

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::ProvideErrorMetadata;

use crate::cloud::aws::{Aws, Failure, runtime};
use crate::collections::IndexMap;
use crate::diagnostics::Diagnostic;

/// A stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// `CREATE_COMPLETE`, `UPDATE_ROLLBACK_FAILED`, …
    pub status: String,
    /// Why it is so, where CloudFormation says it.
    pub reason: Option<String>,
    /// Its outputs by name.
    pub outputs: IndexMap<String, String>,
}

/// Something that happened to a resource of a stack, or to the stack itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its own name.
    pub id: String,
    /// The resource's name in the template; the stack's name for the stack itself.
    pub resource: String,
    /// `AWS::S3::Bucket`
    pub kind: String,
    /// What it is in the account; empty where it has no name yet. Of a nested stack its ARN.
    pub physical: String,
    /// `CREATE_FAILED`
    pub status: String,
    /// Why, where CloudFormation says it.
    pub reason: Option<String>,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

/// A stack by its name or ARN; `None` where there is none.
pub fn stack(aws: &Aws, name: &str) -> Result<Option<Stack>, Failure> {
    Ok(find(aws, name)?.map(|found| found.stack))
}

/// A stack of ours; an `A0978` where one of the name has other tags (14.3). `moved` is as in [`Wanted`].
pub fn own_stack(
    aws: &Aws,
    name: &str,
    tags: &[(&'static str, String)],
    moved: Option<(&str, &str)>,
) -> Result<Option<Stack>, Diagnostic> {
    let found = find(aws, name).map_err(Failure::into_diagnostic)?;
    if let Some(found) = &found {
        deploy::own(name, tags, moved, found)?;
    }
    Ok(found.map(|found| found.stack))
}

/// A stack, with what it is told from others by.
#[derive(Clone, Debug)]
struct Found {
    arn: String,
    tags: Vec<(String, String)>,
    stack: Stack,
}

fn find(aws: &Aws, name: &str) -> Result<Option<Found>, Failure> {
    let client = Client::new(aws.config());
    runtime::wait(async {
        let found = match client.describe_stacks().stack_name(name).send().await {
            Ok(found) => found,
            Err(error) if is_absent(error.as_service_error()) => return Ok(None),
            Err(error) => return Err(Failure::of("cloudformation:DescribeStacks", error)),
        };
        let stack = found.stacks.unwrap_or_default().into_iter().next();
        Ok(stack.map(|stack| Found {
            arn: stack.stack_id.unwrap_or_default(),
            tags: stack
                .tags
                .unwrap_or_default()
                .into_iter()
                .filter_map(|tag| Some((tag.key?, tag.value?)))
                .collect(),
            stack: Stack {
                status: stack
                    .stack_status
                    .map(|status| status.as_str().to_owned())
                    .unwrap_or_default(),
                reason: stack.stack_status_reason,
                outputs: stack
                    .outputs
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|output| Some((output.output_key?, output.output_value?)))
                    .collect(),
            },
        }))
    })
}

/// The template of a stack as it was given; `None` where there is no such stack.
pub fn template(aws: &Aws, stack: &str) -> Result<Option<String>, Failure> {
    let client = Client::new(aws.config());
    runtime::wait(async {
        match client.get_template().stack_name(stack).send().await {
            Ok(found) => Ok(found.template_body),
            Err(error) if is_absent(error.as_service_error()) => Ok(None),
            Err(error) => Err(Failure::of("cloudformation:GetTemplate", error)),
        }
    })
}

/// What has happened to a stack since `since` (milliseconds since 1970), oldest first.
pub fn events(aws: &Aws, stack: &str, since: i64) -> Result<Vec<Event>, Failure> {
    events_until(aws, stack, |event| event.at < since)
}

/// What has happened to a stack, the newest back to the first that is old, oldest first.
fn events_until(
    aws: &Aws,
    stack: &str,
    is_old: impl Fn(&Event) -> bool,
) -> Result<Vec<Event>, Failure> {
    let client = Client::new(aws.config());
    runtime::wait(async {
        let mut found = Vec::new();
        let pages = client.describe_stack_events().stack_name(stack);
        let mut pages = pages.into_paginator().send();
        // The newest come first.
        'pages: while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                // Nothing happens to it any more.
                Err(error) if is_absent(error.as_service_error()) => break,
                Err(error) => {
                    return Err(Failure::of("cloudformation:DescribeStackEvents", error));
                }
            };
            for event in page.stack_events.unwrap_or_default() {
                let event = Event {
                    id: event.event_id.unwrap_or_default(),
                    resource: event.logical_resource_id.unwrap_or_default(),
                    kind: event.resource_type.unwrap_or_default(),
                    physical: event.physical_resource_id.unwrap_or_default(),
                    status: event
                        .resource_status
                        .map(|status| status.as_str().to_owned())
                        .unwrap_or_default(),
                    reason: event.resource_status_reason,
                    at: event
                        .timestamp
                        .and_then(|at| at.to_millis().ok())
                        .unwrap_or(i64::MAX),
                };
                if is_old(&event) {
                    break 'pages;
                }
                found.push(event);
            }
        }
        found.reverse();
        Ok(found)
    })
}

/// A stack that is not there is a `ValidationError` that says so (`DescribeStacks`, "Errors").
fn is_absent(error: Option<&impl ProvideErrorMetadata>) -> bool {
    error.is_some_and(|error| {
        error.code() == Some("ValidationError")
            && error
                .message()
                .is_some_and(|message| message.contains("does not exist"))
    })
}
