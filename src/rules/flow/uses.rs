//! Who uses which run-time values.

use crate::eval::data::{BlockPath, Output, RuntimeRef};
use crate::model::{Approval, Env, EnvValue, Environment, Message, Pipeline, Step, Target, When};

/// A run-time value, and the block that uses it.
pub(super) struct Use<'p> {
    /// The block.
    pub user: &'p BlockPath,
    /// The value.
    pub need: &'p RuntimeRef,
    /// Whether it is used when the block has ended, and not when it begins.
    at_end: bool,
}

impl Use<'_> {
    /// Whether it is used after the block that makes it, whatever else waits for what.
    pub fn is_made(&self, maker: &BlockPath) -> bool {
        self.at_end && maker.0.starts_with(&self.user.0)
    }
}

/// Every run-time value that anything in a pipeline is made of.
pub fn all_needs(pipeline: &Pipeline) -> Vec<&RuntimeRef> {
    let mut needs: Vec<&RuntimeRef> = uses(pipeline).into_iter().map(|used| used.need).collect();
    for notify in &pipeline.notify {
        if let Some(Message::Output(output)) = notify.message.as_ref().map(|message| &message.value)
        {
            needs.extend(&output.needs);
        }
    }
    needs
}

/// Every use of one by a block.
pub(super) fn uses(pipeline: &Pipeline) -> Vec<Use<'_>> {
    let mut all = Vec::new();
    of_step(&pipeline.build, &mut all);
    for check in &pipeline.checks {
        of_step(check, &mut all);
    }
    for target in &pipeline.targets {
        match target {
            Target::Environment(environment) => of_environment(environment, &mut all),
            Target::Wave(wave) => {
                for environment in &wave.environments {
                    of_environment(environment, &mut all);
                }
                for test in &wave.tests {
                    of_step(test, &mut all);
                }
                of_approval(&wave.path, wave.approval.as_ref(), &mut all);
            }
        }
    }
    for app in &pipeline.apps {
        for stack in pipeline
            .environments()
            .flat_map(|environment| environment.stacks())
        {
            if stack.app.value == app.name.value {
                of_env(&stack.path, &app.env, &mut all);
                of_env(&stack.path, &app.context, &mut all);
            }
        }
    }
    all
}

fn of_output<'p>(user: &'p BlockPath, output: &'p Output, all: &mut Vec<Use<'p>>) {
    all.extend(output.needs.iter().map(|need| Use {
        user,
        need,
        at_end: false,
    }));
}

fn of_env<'p>(user: &'p BlockPath, env: &'p Env, all: &mut Vec<Use<'p>>) {
    for value in env.values() {
        if let EnvValue::Output(output) = &value.value {
            of_output(user, output, all);
        }
    }
}

fn of_step<'p>(step: &'p Step, all: &mut Vec<Use<'p>>) {
    of_env(&step.path, &step.env, all);
    if let When::Output(output) = &step.when.value {
        of_output(&step.path, output, all);
    }
    for service in &step.services {
        of_env(&step.path, &service.env, all);
    }
}

fn of_environment<'p>(environment: &'p Environment, all: &mut Vec<Use<'p>>) {
    for step in environment.steps() {
        of_step(step, all);
    }
    for stack in environment.stacks() {
        of_env(&stack.path, &stack.context, all);
        of_env(&stack.path, &stack.parameters, all);
        of_env(&stack.path, &environment.env, all);
        of_env(&stack.path, &environment.context, all);
    }
    of_approval(&environment.path, environment.approval.as_ref(), all);
    // The link of an environment is given when it has been deployed.
    if let Some(Message::Output(output)) = environment.url.as_ref().map(|url| &url.value) {
        all.extend(output.needs.iter().map(|need| Use {
            user: &environment.path,
            need,
            at_end: true,
        }));
    }
}

/// An approval has no path of its own in the model; it is asked before all of what it stands in.
fn of_approval<'p>(holder: &'p BlockPath, approval: Option<&'p Approval>, all: &mut Vec<Use<'p>>) {
    if let Some(Message::Output(output)) = approval.map(|approval| &approval.message.value) {
        of_output(holder, output, all);
    }
}
