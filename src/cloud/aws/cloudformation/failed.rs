//! Why a deployment failed, in words (8.4).

use crate::cloud::aws::cloudformation::state::State;
use crate::cloud::aws::cloudformation::{Event, Found};
use crate::diagnostics::codes::aws::STACK_FAILED;
use crate::diagnostics::{Diagnostic, safe};

/// Of the resources that failed by themselves so many are named.
const MOST: usize = 10;

/// The error of something that was to be done with a stack: which resources failed and why, and what has become of it.
pub(super) fn failed(
    name: &str,
    what: &str,
    arn: &str,
    events: &[Event],
    found: Option<&Found>,
) -> Diagnostic {
    let message = format!("stack `{name}` was not {what}");
    let mut problem = Diagnostic::without_place(&STACK_FAILED, message);
    let own: Vec<&Event> = events
        .iter()
        .filter(|event| event.status.ends_with("_FAILED") && event.physical != arn)
        .collect();
    let culprits = own.iter().filter(|event| !is_consequence(event));
    for event in culprits.take(MOST) {
        problem = problem.note(line(event));
    }
    if problem.notes.is_empty() {
        // CloudFormation has an opinion of the stack as a whole, at least.
        let reasons = events.iter().filter(|event| event.physical == arn);
        let reason = reasons.rev().find_map(|event| event.reason.as_deref());
        problem
            .notes
            .extend(reason.map(|reason| safe::line(reason).into_owned()));
    }
    let Some(found) = found else {
        return problem.help("repair the cause, and run it again");
    };
    let status = &found.stack.status;
    let problem = problem.note(format!("stack `{name}` is {status} now"));
    match State::of(status) {
        State::Stuck(help) => problem.help(help),
        State::Vain => problem.help("nothing of it is left; repair the cause, and run it again: the stack is deleted then, and made anew"),
        _ => problem.help("what was changed was rolled back; repair the cause, and run it again"),
    }
}

/// `` `DeployRole` (AWS::IAM::Role) CREATE_FAILED: it exists already ``
fn line(event: &Event) -> String {
    let reason = event.reason.as_deref().unwrap_or("no reason is given");
    format!(
        "`{}` ({}) {}: {}",
        event.resource,
        event.kind,
        event.status,
        safe::line(reason)
    )
}

/// What was stopped since something else failed.
fn is_consequence(event: &Event) -> bool {
    let reason = event.reason.as_deref().unwrap_or_default();
    reason.contains("cancelled") || reason.contains("canceled")
}
