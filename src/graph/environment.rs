//! The stages of one environment.

use crate::graph::line::{Draft, Line};
use crate::graph::{StageKind, synth_groups};
use crate::model::{Deployment, Environment};

/// Approval, hooks before, stacks and steps as written, hooks after, tests, bake.
///
/// Everything follows in the order written. Where `max_parallel` is above 1, hooks of one kind, tests, and neighbouring
/// steps go side by side, except as `needs` says; stacks always keep their order, and everything else its place
/// before or after them.
pub fn stages(environment: &Environment) -> Vec<Draft<'_>> {
    let parallel = environment.max_parallel.value > 1;
    let mut line = Line::default();
    if let Some(approval) = &environment.approval {
        line.approval(approval, &environment.path);
    }
    line.steps(&environment.before, parallel);
    let groups = synth_groups(environment);
    for (index, item) in environment.body.iter().enumerate() {
        match item {
            Deployment::Step(step) => {
                line.push(Draft::step(step));
                if !parallel {
                    line.barrier();
                }
            }
            Deployment::Stack(stack) => {
                let Some(number) = groups.iter().position(|group| group.start == index) else {
                    continue;
                };
                let count = groups.get(number).map_or(1, ExactSizeIterator::len);
                let name = match groups.len() {
                    1 => "deploy".to_owned(),
                    _ => format!("deploy-{}", number + 1),
                };
                let kind = StageKind::Deploy {
                    environment,
                    first: index,
                    count,
                };
                let span = kind
                    .stacks()
                    .last()
                    .map_or(stack.span, |last| stack.span.to(last.span));
                line.barrier();
                line.push(Draft {
                    word: "stacks",
                    ..Draft::new(name, kind, environment.path.clone(), span)
                });
                line.barrier();
            }
        }
    }
    line.steps(&environment.after, parallel);
    line.steps(&environment.tests, parallel);
    if let Some(bake) = &environment.bake {
        let kind = StageKind::Bake(bake);
        line.push(Draft {
            word: "alarms",
            ..Draft::new("bake", kind, environment.path.clone(), bake.span)
        });
    }
    line.refine();
    line.drafts
}
