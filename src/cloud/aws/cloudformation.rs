//! CloudFormation: what a stack is, and what has happened to it.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::ProvideErrorMetadata;

use crate::cloud::aws::{Aws, Failure, runtime};
use crate::collections::IndexMap;

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
    let client = Client::new(aws.config());
    runtime::wait(async {
        let found = match client.describe_stacks().stack_name(name).send().await {
            Ok(found) => found,
            Err(error) if is_absent(error.as_service_error()) => return Ok(None),
            Err(error) => return Err(Failure::of("cloudformation:DescribeStacks", error)),
        };
        let stack = found.stacks.unwrap_or_default().into_iter().next();
        Ok(stack.map(|stack| Stack {
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
    let client = Client::new(aws.config());
    runtime::wait(async {
        let mut found = Vec::new();
        let pages = client.describe_stack_events().stack_name(stack);
        let mut pages = pages.into_paginator().send();
        // The newest come first.
        'pages: while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| Failure::of("cloudformation:DescribeStackEvents", error))?;
            for event in page.stack_events.unwrap_or_default() {
                let at = event.timestamp.and_then(|at| at.to_millis().ok());
                let at = at.unwrap_or(since);
                if at < since {
                    break 'pages;
                }
                found.push(Event {
                    resource: event.logical_resource_id.unwrap_or_default(),
                    kind: event.resource_type.unwrap_or_default(),
                    physical: event.physical_resource_id.unwrap_or_default(),
                    status: event
                        .resource_status
                        .map(|status| status.as_str().to_owned())
                        .unwrap_or_default(),
                    reason: event.resource_status_reason,
                    at,
                });
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
