//! A synth group: one synth, then its stacks in the order written.

use std::time::Duration;

use crate::diagnostics::{Diagnostic, Problems, Severity};
use crate::model::{App, Environment, Pipeline, Stack, Text};
use crate::stage::cdk::{self, Assembly, AssemblyStack, Deploy, Deployed, Planned, Synth, Wanted};
use crate::stage::process::{Commands, Environment as Variables, GRACE, Status};
use crate::stage::record::{CommandRecord, Engine, StackOutputs};
use crate::stage::work::{Context, Did, last, variables};

/// So long the commands that make an app ready may take.
const SETUP: Duration = Duration::from_secs(30 * 60);

/// Synthesises a group of stacks, and deploys them or says what that would change.
pub fn perform(
    context: &Context,
    pipeline: &Pipeline,
    environment: &Environment,
    stacks: &[&Stack],
    deploys: bool,
) -> Did {
    let mut did = Did::default();
    let Some(first) = stacks.first() else {
        return Did::nothing("it has no stacks");
    };
    let Some(app) = pipeline.app_of(first) else {
        return Did::nothing("the pipeline has no app");
    };
    let Some(env) = environment_of(context, environment, app, &mut did) else {
        return did;
    };
    let image = match context.run.engine {
        Engine::Argo => Some(app.image.as_ref().unwrap_or(&pipeline.images.deployer)),
        Engine::Local => None,
    };
    if !setup(context, app, image, &env, &mut did) {
        return did;
    }
    let Some((assembly, synth)) = synthesise(context, environment, app, stacks, &env, &mut did)
    else {
        return did;
    };
    let mut problems = Problems::new();
    let plan = cdk::compare(
        environment,
        stacks.iter().copied(),
        &assembly,
        &mut problems,
    );
    did.problems = problems.into_sorted();
    did.problems
        .retain(|problem| problem.severity == Severity::Error);
    if !did.problems.is_empty() {
        return did;
    }
    tell(context, environment, &plan, deploys);
    match deploys {
        true => deploy(
            context,
            environment,
            app,
            &plan,
            &assembly,
            &synth,
            &mut did,
        ),
        false => {
            did.diff = last::compare(
                context,
                pipeline,
                environment,
                app,
                &plan,
                &assembly,
                &synth,
            );
        }
    }
    did
}

/// The variables of setup, synth and deployment.
fn environment_of(
    context: &Context,
    environment: &Environment,
    app: &App,
    did: &mut Did,
) -> Option<Variables> {
    let mut env = context.inherited();
    let region = environment.region.value.as_str();
    env.extend(cdk::place(environment).map(|(name, value)| (name.into(), value.into())));
    if let Some(role) = &environment.role {
        variables::assume(&mut env, role, region, context, &mut did.problems);
    }
    let (given, _) = cdk::given(environment, app, &[]);
    variables::add(&mut env, given, context, &mut did.problems);
    did.problems.is_empty().then_some(env)
}

/// Makes the app ready; whether it is. In a pod that happens in this image.
fn setup(
    context: &Context,
    app: &App,
    image: Option<&Text>,
    env: &Variables,
    did: &mut Did,
) -> bool {
    if app.setup.is_empty() {
        return true;
    }
    let setup = Commands {
        run: &app.setup,
        shell: crate::model::Shell::Sh,
        image: image.map(|image| image.value.as_str()),
        dir: context.directory(Some(&app.dir.value)),
        dir_span: Some(app.dir.span),
        env: env.clone(),
        timeout: Some(SETUP),
        grace: GRACE,
    };
    did.commands(setup.run(&context.log, &context.stop))
}

/// Synthesises the app.
fn synthesise<'a>(
    context: &'a Context,
    environment: &Environment,
    app: &'a App,
    stacks: &[&Stack],
    env: &Variables,
    did: &mut Did,
) -> Option<(Assembly, Synth<'a>)> {
    let (_, given) = cdk::given(environment, app, stacks);
    let mut values: Vec<(String, String)> = Vec::new();
    for (name, value) in given {
        match variables::known(name, &value.value, value.span, context) {
            Ok(text) => values.push((name.to_owned(), text)),
            Err(problem) => did.problems.push(problem),
        }
    }
    if !did.problems.is_empty() {
        return None;
    }
    let synth = Synth {
        dir: context.directory(Some(&app.dir.value)),
        root: context.folders.source(),
        command: app.command.as_ref().map(|command| command.value.as_str()),
        context: values,
        env: env.clone(),
        output: context.folders.tmp().join("assembly"),
    };
    match cdk::synth(&synth, &context.log, &context.stop) {
        Ok((assembly, ended)) => {
            did.commands.push(CommandRecord {
                command: "cdk synth".to_owned(),
                exit_code: Some(0),
                seconds: ended.took.as_secs_f64(),
            });
            Some((assembly, synth))
        }
        Err(problem) => {
            did.problems.push(problem.at(app.span));
            None
        }
    }
}

/// What is deployed, in order.
fn tell(context: &Context, environment: &Environment, plan: &[Planned<'_, '_>], deploys: bool) {
    let all = plan.iter().flat_map(|planned| &planned.selected);
    for found in all {
        let assets = match (found.files.saturating_sub(1), found.images) {
            (0, 0) => String::new(),
            (files, 0) => format!(", {files} file assets"),
            (files, images) => format!(", {files} file assets, {images} images"),
        };
        context.log.line(&format!(
            "  {} → {} {}{assets}",
            found.path, environment.account.value, environment.region.value
        ));
    }
    if !deploys {
        context
            .log
            .line("  synthesised, and as the pipeline says; nothing is deployed");
    }
}

/// Deploys stack after stack; the first failure ends it (5.4). Stacks that one call of the CLI can deploy in this order are given to it together: its start
/// takes longer than a stack that has not changed.
fn deploy(
    context: &Context,
    environment: &Environment,
    app: &App,
    plan: &[Planned<'_, '_>],
    assembly: &Assembly,
    synth: &Synth<'_>,
    did: &mut Did,
) {
    let mut wanted = Vec::new();
    for planned in plan {
        for found in &planned.selected {
            match parameters(context, planned.stack, found) {
                Ok(parameters) => wanted.push(Wanted {
                    stack: planned.stack,
                    found,
                    parameters,
                }),
                Err(problem) => return did.problems.push(problem),
            }
        }
    }
    for stacks in wanted.chunk_by(Wanted::goes_with) {
        let cli = match cdk::cli(&synth.dir, &synth.root, &synth.env) {
            Ok(cli) => cli,
            Err(problem) => return did.problems.push(problem),
        };
        let deploy = Deploy {
            cli,
            assembly: &assembly.directory,
            stacks,
            env: synth.env.clone(),
            tmp: context.folders.tmp(),
            region: &environment.region.value,
            session: &context.run.run,
        };
        let mut each = |index: usize, deployed: Deployed| {
            let Some(one) = stacks.get(index) else {
                return;
            };
            // What is deployed stays deployed: that it is not remembered costs a comparison.
            let outputs = &deployed.outputs;
            if let Err(problem) = last::remember(context, environment, app, one.found, outputs) {
                last::warn(context, &problem);
            }
            record(one, Some(0), deployed.took, did);
            let path = one.stack.path.to_string();
            let known = did.outputs.entry(path).or_default();
            known.extend(deployed.outputs);
            if is_last(plan, one) {
                did.problems.extend(undeclared(one.stack, known));
            }
        };
        let deployed = cdk::deploy(&deploy, &context.log, &context.stop, &mut each);
        if let Err(not) = deployed {
            let (Some(one), Some(status)) = (stacks.get(not.index), not.status) else {
                return did.problems.push(not.problem);
            };
            let code = match status {
                Status::Exit(code) => Some(code),
                Status::Signal(_) | Status::TimedOut | Status::Stopped => None,
            };
            record(one, code, not.took, did);
            return did.failed(not.problem, status);
        }
        if !did.problems.is_empty() {
            return;
        }
    }
}

/// The values of a stack's parameters, as far as it has them.
fn parameters(
    context: &Context,
    stack: &Stack,
    found: &AssemblyStack,
) -> Result<Vec<(String, String)>, Diagnostic> {
    let own = |name: &String| found.parameters.iter().any(|own| own.name == *name);
    let given = stack.parameters.iter().filter(|(name, _)| own(name));
    let known = given.map(|(name, value)| {
        let text = variables::known(name, &value.value, value.span, context)?;
        Ok((name.clone(), text))
    });
    known.collect()
}

fn record(one: &Wanted<'_>, exit_code: Option<i32>, took: Duration, did: &mut Did) {
    did.commands.push(CommandRecord {
        command: format!("cdk deploy {}", one.found.path),
        exit_code,
        seconds: took.as_secs_f64(),
    });
}

/// Whether everything that a stack of the file selects is deployed with this one.
fn is_last(plan: &[Planned<'_, '_>], one: &Wanted<'_>) -> bool {
    let mut plan = plan.iter();
    let planned = plan.find(|planned| planned.stack.path == one.stack.path);
    let last = planned.and_then(|planned| planned.selected.last());
    last.is_some_and(|last| last.path == one.found.path)
}

/// An output that the file declares, and the deployed stack does not have: a condition in its template was false.
fn undeclared(stack: &Stack, outputs: &StackOutputs) -> Option<Diagnostic> {
    let missing = stack
        .outputs
        .iter()
        .find(|name| !outputs.contains_key(&name.value))?;
    Some(
        Diagnostic::error(
            &crate::diagnostics::codes::run_cdk::NO_SUCH_OUTPUT,
            missing.span,
            format!(
                "stack `{}` was deployed, and has no output `{}`",
                stack.name.value, missing.value
            ),
        )
        .note("its template has it; a condition of it was false")
        .help("take the output out of the pipeline, or the condition out of the template"),
    )
}
