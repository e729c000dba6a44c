//! What CloudFormation says after a deployment: its outputs, or why it failed (5.3, 8.4).

use crate::diagnostics::Diagnostic;
use crate::stage::cdk::AssemblyStack;
use crate::stage::process::Environment;
use crate::stage::record::StackOutputs;

/// Asks CloudFormation about stacks, as the role that deployed them where that can be assumed.
#[derive(Debug)]
pub struct Aftermath {
    #[cfg(feature = "cloud")]
    seers: crate::stage::Seers,
}

#[cfg(feature = "cloud")]
mod asked {
    use std::path::Path;

    use super::{Aftermath, AssemblyStack, Diagnostic, Environment, StackOutputs};
    use crate::cloud::aws::cloudformation::{self, Event, Stack};
    use crate::rules::partition;
    use crate::stage::Seers;

    /// Of the resources that failed by themselves so many are named; the others mostly follow.
    const MOST: usize = 5;
    /// Stacks within stacks are looked into so deep.
    const DEEPEST: usize = 4;

    impl Aftermath {
        /// Of stacks that have the role and the region of this one. `session` names the run, `tmp` is for the configuration.
        pub fn new(
            env: &Environment,
            found: Option<&AssemblyStack>,
            region: &str,
            session: &str,
            tmp: &Path,
        ) -> Aftermath {
            let region = found
                .and_then(|found| found.region.as_deref())
                .unwrap_or(region);
            let role = found.and_then(|found| found.deploy_role.as_ref());
            let roles: Vec<String> = role
                .iter()
                .map(|role| role.replace("${AWS::Partition}", partition(region)))
                .collect();
            Aftermath {
                seers: Seers::new(env, &roles, region, session, tmp),
            }
        }

        /// The outputs of a stack as they are now; `None` where nobody tells.
        pub fn outputs(&self, stack: &str) -> Option<StackOutputs> {
            let stack = self.seers.ask(|aws| cloudformation::stack(aws, stack));
            Some(stack.ok()??.outputs)
        }

        /// Adds to the error of a stack's deployment, which began then (in milliseconds since 1970), what failed, why, what came of it and what to do,
        /// before what the command wrote.
        pub fn explain(&self, problem: Diagnostic, name: &str, since: i64) -> Diagnostic {
            let seers = &self.seers;
            let events = seers.ask(|aws| cloudformation::events(aws, name, since));
            let stack = seers.ask(|aws| cloudformation::stack(aws, name));
            let mut problem = problem;
            let written = std::mem::take(&mut problem.notes);
            let events_so_far = events.as_deref().unwrap_or_default();
            for line in self.culprits(name, events_so_far, since, 0) {
                problem = problem.note(line);
            }
            // It may never have been made, and then has no events.
            if let (Err(failure), Ok(Some(_)) | Err(_)) = (&events, &stack) {
                problem = problem.note(format!("CloudFormation could not be asked why: {failure}"));
            }
            if let Ok(Some(stack)) = stack {
                problem = tell_state(problem, name, &stack);
            }
            problem.notes.extend(written);
            problem
        }

        /// The resources that failed by themselves, first to last; of a nested stack those within.
        fn culprits(&self, stack: &str, events: &[Event], since: i64, depth: usize) -> Vec<String> {
            let failed = events.iter().filter(|event| {
                event.status.ends_with("_FAILED")
                    && event.physical != stack
                    && event.resource != stack
                    && !is_consequence(event)
            });
            let mut lines = Vec::new();
            for event in failed.take(MOST) {
                if event.kind == "AWS::CloudFormation::Stack" && depth < DEEPEST {
                    let seers = &self.seers;
                    let within =
                        seers.ask(|aws| cloudformation::events(aws, &event.physical, since));
                    let within = self.culprits(
                        &event.physical,
                        &within.unwrap_or_default(),
                        since,
                        depth + 1,
                    );
                    if !within.is_empty() {
                        let name = &event.resource;
                        lines.extend(
                            within
                                .into_iter()
                                .map(|line| format!("in `{name}`: {line}")),
                        );
                        continue;
                    }
                }
                let reason = event.reason.as_deref().unwrap_or("no reason is given");
                lines.push(format!(
                    "`{}` ({}) {}: {reason}",
                    event.resource, event.kind, event.status
                ));
            }
            lines
        }
    }

    /// What was stopped since something else failed.
    fn is_consequence(event: &Event) -> bool {
        let reason = event.reason.as_deref().unwrap_or_default();
        reason.contains("cancelled") || reason.contains("canceled")
    }

    fn tell_state(problem: Diagnostic, name: &str, stack: &Stack) -> Diagnostic {
        let help = match stack.status.as_str() {
            "ROLLBACK_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE" => {
                "what it changed was rolled back; repair the cause, and run it again"
            }
            "ROLLBACK_FAILED" => {
                "its rollback failed: delete the stack once the cause is repaired, and run it again"
            }
            "UPDATE_ROLLBACK_FAILED" => {
                "its rollback failed: repair the cause, then `aws cloudformation continue-update-rollback`, then run it again"
            }
            "REVIEW_IN_PROGRESS" => {
                "it was never made, only a change set for it was: delete the stack, and run it again"
            }
            status if status.ends_with("_IN_PROGRESS") => {
                "something else changes it now: wait until that has ended, and run it again"
            }
            _ => "what was deployed before it stays; deploying the same commit again is safe",
        };
        problem
            .note(format!("stack `{name}` is {} now", stack.status))
            .help(help)
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::diagnostics::codes::run_cdk::DEPLOY_FAILED;

        fn problem() -> Diagnostic {
            Diagnostic::without_place(&DEPLOY_FAILED, "stack `Api` was not deployed")
        }

        #[test]
        fn req_8_4_it_is_said_that_nobody_tells_why() {
            let aftermath = Aftermath {
                seers: Seers::nobody(),
            };
            let problem = aftermath.explain(problem(), "Api", 0);
            let [note] = problem.notes.as_slice() else {
                panic!("{problem:?}");
            };
            assert!(
                note.starts_with("CloudFormation could not be asked why: "),
                "{note}"
            );
        }

        #[test]
        fn what_to_do_follows_from_the_state() {
            let help = |status: &str| {
                let stack = Stack {
                    status: status.to_owned(),
                    reason: None,
                    outputs: StackOutputs::default(),
                };
                tell_state(problem(), "Api", &stack).help.unwrap()
            };
            for (status, what) in [
                ("ROLLBACK_COMPLETE", "was rolled back"),
                ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
                ("REVIEW_IN_PROGRESS", "delete the stack"),
                ("UPDATE_IN_PROGRESS", "wait until that has ended"),
                ("UPDATE_COMPLETE", "safe"),
            ] {
                assert!(help(status).contains(what), "{status}: {}", help(status));
            }
        }
    }
}

#[cfg(not(feature = "cloud"))]
impl Aftermath {
    /// Nobody is asked.
    pub fn new(
        _: &Environment,
        _: Option<&AssemblyStack>,
        _: &str,
        _: &str,
        _: &std::path::Path,
    ) -> Aftermath {
        Aftermath {}
    }

    /// Nobody tells.
    pub fn outputs(&self, _: &str) -> Option<StackOutputs> {
        None
    }

    /// Says no more.
    pub fn explain(&self, problem: Diagnostic, name: &str, _: i64) -> Diagnostic {
        problem.note(format!("nobody was asked about stack `{name}`"))
    }
}
