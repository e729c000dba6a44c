//! Sizes and counts that AWS and Linux limit.

use crate::diagnostics::codes::platform::{ENVIRONMENT_SIZE, PARAMETER_LIMIT, RESERVED_VARIABLE};
use crate::diagnostics::{Diagnostic, Problems};
use crate::model::{Env, EnvValue, Pipeline};
use crate::rules::commands;

/// One string of a process' environment (Linux, `MAX_ARG_STRLEN`), in bytes, its end included.
const MAX_VARIABLE: usize = 128 * 1024;
/// All of them together with the arguments; Linux grants at least this much, in bytes.
const MAX_ENVIRONMENT: usize = 2 * 1024 * 1024;
/// Parameters of a CloudFormation template.
const MAX_PARAMETERS: usize = 200;
/// The value of a parameter, in bytes.
const MAX_PARAMETER: usize = 4096;

/// Set by Aphex in every step: what a file sets is lost, or breaks the stage.
const RESERVED: &[(&str, &str)] = &[
    ("AWS_ACCESS_KEY_ID", "set `role` on the step instead"),
    ("AWS_SECRET_ACCESS_KEY", "set `role` on the step instead"),
    ("AWS_SESSION_TOKEN", "set `role` on the step instead"),
    ("AWS_ROLE_ARN", "set `role` on the step instead"),
    (
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "set `role` on the step instead",
    ),
];

/// No string of a process' environment or arguments holds a NUL.
fn nul(env: &Env, problems: &mut Problems) {
    for (name, value) in env {
        if let EnvValue::Text(text) = &value.value
            && text.contains('\0')
        {
            problems.push(
                Diagnostic::error(
                    &ENVIRONMENT_SIZE,
                    value.span,
                    format!("`{name}` holds a NUL character: no process can be given one"),
                )
                .help("leave it out, or hand the value over in a file"),
            );
        }
    }
}

/// Reports what goes beyond them.
pub fn check(pipeline: &Pipeline, problems: &mut Problems) {
    for step in commands::steps(pipeline) {
        of_process(&step.env, problems);
        nul(&step.env, problems);
        reserved(&step.env, problems);
    }
    for app in &pipeline.apps {
        of_process(&app.env, problems);
        nul(&app.env, problems);
        nul(&app.context, problems);
        reserved(&app.env, problems);
    }
    for environment in pipeline.environments() {
        nul(&environment.env, problems);
        nul(&environment.context, problems);
    }
    for stack in pipeline
        .environments()
        .flat_map(|environment| environment.stacks())
    {
        nul(&stack.context, problems);
        nul(&stack.parameters, problems);
        if let Some((name, value)) = stack.parameters.get_index(MAX_PARAMETERS) {
            problems.push(
                Diagnostic::error(
                    &PARAMETER_LIMIT,
                    value.span,
                    format!(
                        "CloudFormation takes {MAX_PARAMETERS} parameters, and `{}` has {}",
                        stack.path,
                        stack.parameters.len()
                    ),
                )
                .label(format!("`{name}` is one too many"))
                .help("put some of them into `context`, or into one SSM parameter"),
            );
        }
        for (name, value) in &stack.parameters {
            if let EnvValue::Text(text) = &value.value
                && text.len() > MAX_PARAMETER
            {
                problems.push(
                    Diagnostic::error(
                        &PARAMETER_LIMIT,
                        value.span,
                        format!("the value of a parameter has at most {MAX_PARAMETER} bytes, that of `{name}` has {}", text.len()),
                    )
                    .label("too long for CloudFormation")
                    .help("put it into a file of the app, or into S3"),
                );
            }
        }
    }
}

fn of_process(env: &Env, problems: &mut Problems) {
    let mut total = 0_usize;
    for (name, value) in env {
        let EnvValue::Text(text) = &value.value else {
            continue;
        };
        let size = name.len() + text.len() + 2;
        total += size;
        if size > MAX_VARIABLE {
            problems.push(
                Diagnostic::error(
                    &ENVIRONMENT_SIZE,
                    value.span,
                    format!("`{name}` has {} bytes, and Linux gives a process at most {MAX_VARIABLE} in one variable", text.len()),
                )
                .label("no command can be started with it")
                .help("put it into a file of the repository"),
            );
        }
    }
    if total > MAX_ENVIRONMENT
        && let Some((_, value)) = env.last()
    {
        problems.push(
            Diagnostic::error(
                &ENVIRONMENT_SIZE,
                value.span,
                format!("these variables have {total} bytes, and a process is given at most {MAX_ENVIRONMENT}"),
            )
            .label("the last of them")
            .help("put some of them into files of the repository"),
        );
    }
}

fn reserved(env: &Env, problems: &mut Problems) {
    for (name, value) in env {
        let found = RESERVED.iter().find(|(reserved, _)| reserved == name);
        let secret = matches!(value.value, EnvValue::Secret(_));
        if let Some((_, help)) = found.filter(|_| !secret) {
            problems.push(
                Diagnostic::warning(
                    &RESERVED_VARIABLE,
                    value.span,
                    format!("`{name}` is set by the stage itself"),
                )
                .label("hides the credentials of the step's role")
                .help(*help),
            );
        }
    }
}
