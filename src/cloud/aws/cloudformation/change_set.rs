//! A change set: what CloudFormation is going to do, before it does it.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::types::{Capability, ChangeSetStatus, ChangeSetType, Tag};
use sha2::{Digest, Sha256};

use crate::cloud::aws::cloudformation::{Wanted, Watch, is_absent};
use crate::cloud::aws::{Aws, Failure, runtime};
use crate::diagnostics::codes::aws::STACK_FAILED;
use crate::diagnostics::{Diagnostic, safe};

/// A change set of a stack.
#[derive(Debug)]
pub(super) struct ChangeSet {
    /// Its ARN.
    pub arn: String,
    /// The stack's.
    pub stack: String,
}

/// What a change set is to become.
#[derive(Debug)]
pub(super) enum Made {
    /// It can be executed.
    Ready(ChangeSet),
    /// It changes nothing, and is gone again.
    Empty,
    /// Somebody else changes the stack.
    Busy,
}

/// Makes a change set, and waits until CloudFormation knows what it does.
pub(super) fn create(
    aws: &Aws,
    wanted: &Wanted<'_>,
    is_new: bool,
    watch: &Watch<'_>,
) -> Result<Made, Diagnostic> {
    let name = name(wanted);
    let set = ask(aws, wanted, is_new, &name).map_err(Failure::into_diagnostic)?;
    let Some(set) = set else {
        return Ok(Made::Busy);
    };
    loop {
        let described = describe(aws, &set).map_err(Failure::into_diagnostic)?;
        let Some((status, reason)) = described else {
            return Ok(Made::Busy);
        };
        match status {
            ChangeSetStatus::CreateComplete => return Ok(Made::Ready(set)),
            ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress => watch.pause()?,
            _ => {
                let reason = reason.unwrap_or_default();
                // It says nothing more, and lies around.
                let _ = delete(aws, &set);
                if is_without_changes(&reason) {
                    return Ok(Made::Empty);
                }
                let message = format!("stack `{}` cannot be deployed like this", wanted.stack);
                return Err(Diagnostic::without_place(&STACK_FAILED, message)
                    .note(safe::line(&reason).into_owned())
                    .note("nothing was changed"));
            }
        }
    }
}

/// Lets CloudFormation do what it says. `false`: it cannot be, any more. It was asked for before, in an answer that was lost, or somebody
/// else's came first.
pub(super) fn execute(aws: &Aws, set: &ChangeSet) -> Result<bool, Failure> {
    let client = Client::new(aws.config());
    runtime::wait(async {
        let answer = client.execute_change_set().change_set_name(&set.arn).send();
        let Err(error) = answer.await else {
            return Ok(true);
        };
        let gone = ["InvalidChangeSetStatus", "ChangeSetNotFound"];
        match gone.iter().any(|code| is(error.as_service_error(), code)) || is_busy(&error) {
            true => Ok(false),
            false => Err(Failure::of("cloudformation:ExecuteChangeSet", error)),
        }
    })
}

/// Whether a stack is in the middle of something else (`Stack:ARN is in UPDATE_IN_PROGRESS state and can not be updated.`).
fn is_busy<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    let error = error.as_service_error();
    let message = error.and_then(ProvideErrorMetadata::message);
    message.is_some_and(|message| message.contains("_IN_PROGRESS state"))
}

/// A name that no other has: of the template, and of the moment.
fn name(wanted: &Wanted<'_>) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_micros();
    let digest = Sha256::digest(wanted.template);
    let digits: String = digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("aphex-{digits}-{now:x}-{:x}", std::process::id())
}

/// `None`: somebody else changes the stack.
fn ask(
    aws: &Aws,
    wanted: &Wanted<'_>,
    is_new: bool,
    name: &str,
) -> Result<Option<ChangeSet>, Failure> {
    let client = Client::new(aws.config());
    let tags = wanted.tags.iter().map(|(key, value)| {
        let tag = Tag::builder().key(*key).value(value);
        tag.build()
    });
    let create = client
        .create_change_set()
        .stack_name(wanted.stack)
        .change_set_name(name)
        // A call that is made again after its answer was lost is the same one.
        .client_token(name)
        .change_set_type(match is_new {
            true => ChangeSetType::Create,
            false => ChangeSetType::Update,
        })
        .template_body(wanted.template)
        .capabilities(Capability::CapabilityNamedIam)
        .set_tags(Some(tags.collect()))
        .description("made by aphex");
    runtime::wait(async {
        match create.send().await {
            Ok(made) => Ok(Some(ChangeSet {
                arn: made.id.unwrap_or_default(),
                stack: made.stack_id.unwrap_or_default(),
            })),
            Err(error) if is(error.as_service_error(), "AlreadyExistsException") => {
                let describe = client.describe_change_set().stack_name(wanted.stack);
                match describe.change_set_name(name).send().await {
                    Ok(there) => Ok(Some(ChangeSet {
                        arn: there.change_set_id.unwrap_or_default(),
                        stack: there.stack_id.unwrap_or_default(),
                    })),
                    Err(error) if is(error.as_service_error(), "ChangeSetNotFound") => Ok(None),
                    Err(error) => Err(Failure::of("cloudformation:DescribeChangeSet", error)),
                }
            }
            // It was there, or not, when one looked.
            Err(error) if is_busy(&error) || is_absent(error.as_service_error()) => Ok(None),
            Err(error) => Err(Failure::of("cloudformation:CreateChangeSet", error)),
        }
    })
}

/// `None`: it is gone, since somebody else's was executed, or has removed the stack.
fn describe(
    aws: &Aws,
    set: &ChangeSet,
) -> Result<Option<(ChangeSetStatus, Option<String>)>, Failure> {
    let client = Client::new(aws.config());
    runtime::wait(async {
        let answer = client
            .describe_change_set()
            .change_set_name(&set.arn)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let status = answer.status.unwrap_or(ChangeSetStatus::CreatePending);
                Ok(Some((status, answer.status_reason)))
            }
            Err(error) if is(error.as_service_error(), "ChangeSetNotFound") => Ok(None),
            Err(error) => Err(Failure::of("cloudformation:DescribeChangeSet", error)),
        }
    })
}

fn delete(aws: &Aws, set: &ChangeSet) -> Result<(), Failure> {
    let client = Client::new(aws.config());
    runtime::wait(async {
        let answer = client
            .delete_change_set()
            .change_set_name(&set.arn)
            .send()
            .await;
        let answer = answer.map_err(|error| Failure::of("cloudformation:DeleteChangeSet", error));
        answer.map(|_| ())
    })
}

/// A change set that changes nothing has failed, for these reasons (the CDK CLI knows the same two).
fn is_without_changes(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

pub(super) fn is(error: Option<&impl ProvideErrorMetadata>, code: &str) -> bool {
    // The SDK's names end with `Exception` where those on the wire may not.
    error
        .and_then(ProvideErrorMetadata::code)
        .is_some_and(|found| {
            let bare = |text: &str| text.trim_end_matches("Exception").to_owned();
            bare(found) == bare(code)
        })
}
