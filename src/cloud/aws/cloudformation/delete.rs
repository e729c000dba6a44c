//! Removing a stack.

use aws_sdk_cloudformation::Client;

use crate::cloud::aws::cloudformation::deploy::own;
use crate::cloud::aws::cloudformation::state::State;
use crate::cloud::aws::cloudformation::watch::{follow, newest};
use crate::cloud::aws::cloudformation::{Event, Watch, failed, find};
use crate::cloud::aws::{Aws, Failure, runtime};
use crate::diagnostics::Diagnostic;

/// A stack that is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// What of it is kept, since its template says so.
    pub kept: Vec<Kept>,
}

/// A resource that is no stack's any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// `AWS::S3::Bucket`
    pub kind: String,
    /// What it is in the account.
    pub physical: String,
}

/// Removes a stack, and tells what happens; `None` where there is none. Called again after an interruption it continues. One without the
/// `tags` is somebody else's, and stays.
///
/// An `A0977` names the resources that could not be removed, with their reasons.
pub fn delete(
    aws: &Aws,
    name: &str,
    tags: &[(&'static str, String)],
    watch: &mut Watch<'_>,
) -> Result<Option<Deleted>, Diagnostic> {
    let found = find(aws, name).map_err(Failure::into_diagnostic)?;
    let Some(found) = found else {
        return Ok(None);
    };
    own(name, tags, None, &found)?;
    // An update that goes on would refuse it.
    let status = found.stack.status.as_str();
    if State::of(status) == State::Busy && status != "DELETE_IN_PROGRESS" {
        watch.say(&format!(
            "stack {name} is {status}: waiting until that has ended"
        ));
        let since = newest(aws, &found.arn).map_err(Failure::into_diagnostic)?;
        follow(aws, &found.arn, &since, false, watch)?;
    }
    of(aws, name, &found.arn, watch).map(Some)
}

/// Removes the stack of an ARN.
pub(super) fn of(
    aws: &Aws,
    name: &str,
    arn: &str,
    watch: &mut Watch<'_>,
) -> Result<Deleted, Diagnostic> {
    let since = newest(aws, arn).map_err(Failure::into_diagnostic)?;
    ask(aws, arn).map_err(Failure::into_diagnostic)?;
    let (found, events) = follow(aws, arn, &since, true, watch)?;
    if found.is_some() {
        return Err(failed::failed(
            name,
            "deleted",
            arn,
            &events,
            found.as_ref(),
        ));
    }
    let kept = |event: &&Event| event.status == "DELETE_SKIPPED";
    Ok(Deleted {
        kept: events
            .iter()
            .filter(kept)
            .map(|event| Kept {
                kind: event.kind.clone(),
                physical: event.physical.clone(),
            })
            .collect(),
    })
}

/// Asks for it.
pub(super) fn ask(aws: &Aws, arn: &str) -> Result<(), Failure> {
    let client = Client::new(aws.config());
    runtime::wait(async {
        let answer = client.delete_stack().stack_name(arn).send().await;
        let answer = answer.map_err(|error| Failure::of("cloudformation:DeleteStack", error));
        answer.map(|_| ())
    })
}
