//! Synth groups: consecutive stacks that one synth serves.

use std::ops::Range;

use crate::eval::data::{BlockPath, RuntimeSource};
use crate::model::{Deployment, EnvValue, Environment, Stack};

/// The synth groups of an environment, as ranges of positions in its body, in order.
///
/// A new group begins after a step, where the app is another one, and where a stack's context holds an
/// output of a stack that would be in the same group: its value is known only once that one is deployed.
pub fn synth_groups(environment: &Environment) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut members: Vec<&Stack> = Vec::new();
    for (index, item) in environment.body.iter().enumerate() {
        let Deployment::Stack(stack) = item else {
            members.clear();
            continue;
        };
        let fits = members.last().is_some_and(|last| {
            last.app.value == stack.app.value
                && !members.iter().any(|member| reads(stack, &member.path))
        });
        match groups.last_mut() {
            Some(group) if fits => group.end = index + 1,
            _ => {
                members.clear();
                groups.push(index..index + 1);
            }
        }
        members.push(stack);
    }
    groups
}

/// Whether a stack's context holds an output of the stack at `maker`.
fn reads(stack: &Stack, maker: &BlockPath) -> bool {
    stack.context.values().any(|value| match &value.value {
        EnvValue::Output(output) => output.needs.iter().any(|need| match &need.source {
            RuntimeSource::Block { path, .. } => path == maker,
            RuntimeSource::Run(_) | RuntimeSource::Ssm(_) => false,
        }),
        EnvValue::Text(_) | EnvValue::Secret(_) => false,
    })
}
