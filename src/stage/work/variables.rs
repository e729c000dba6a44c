//! The variables of commands and synths: what was written, what is known by now, secrets.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{run, run_cdk};
use crate::eval::data::Output;
use crate::model::{EnvValue, Text};
use crate::source::{Span, Spanned};
use crate::stage::identity;
use crate::stage::process::Environment;
use crate::stage::work::Context;

/// Adds variables to an environment. Secrets are hidden in the log from here on.
pub fn add<'e, N: AsRef<str> + 'e>(
    into: &mut Environment,
    env: impl IntoIterator<Item = (N, &'e Spanned<EnvValue>)>,
    context: &Context,
    problems: &mut Vec<Diagnostic>,
) {
    for (name, value) in env {
        let name = name.as_ref();
        match known(name, &value.value, value.span, context) {
            Ok(text) => {
                into.insert(name.into(), text.into());
            }
            Err(problem) => problems.push(problem),
        }
    }
}

/// What is done with AWS is done in this region.
pub fn place(into: &mut Environment, region: &str) {
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        into.insert(name.into(), region.into());
    }
}

/// Lets what gets this environment assume a role, which is checked to be one when the file is.
pub fn assume(
    into: &mut Environment,
    role: &Text,
    region: &str,
    context: &Context,
    problems: &mut Vec<Diagnostic>,
) {
    let tmp = context.folders.tmp();
    let done = identity::assume(into, &role.value, &context.run.run, region, &tmp, "aws");
    if let Err(error) = done {
        let message = "the AWS configuration of this stage cannot be written";
        problems
            .push(Diagnostic::error(&run::MALFORMED, role.span, message).note(error.to_string()));
    }
}

/// A value as text.
pub fn known(
    name: &str,
    value: &EnvValue,
    span: Span,
    context: &Context,
) -> Result<String, Diagnostic> {
    match value {
        EnvValue::Text(text) => Ok(text.clone()),
        EnvValue::Output(output) => Err(unknown(name, output, span)),
        EnvValue::Secret(secret) => {
            let text = context
                .secret(secret, None)
                .map_err(|problem| problem.at(span))?;
            hide(context, name, &text);
            Ok(text)
        }
    }
}

/// Hides a secret in the log from here on, and says it where that cannot be.
pub fn hide(context: &Context, name: &str, secret: &str) {
    if !context.log.hide(secret) {
        context.log.line(&format!(
            "note: the secret of `{name}` is too short to be hidden in the log"
        ));
    }
}

/// A value that the run does not have yet.
pub fn unknown(name: &str, output: &Output, span: Span) -> Diagnostic {
    let needs: Vec<String> = output
        .needs
        .iter()
        .map(|need| format!("`{}`", need.source))
        .collect();
    Diagnostic::error(
        &run_cdk::VALUE_UNKNOWN,
        span,
        format!("`{name}` is not known: it needs {}", needs.join(", ")),
    )
    .label("no stage of this run has made it")
    .help("`aphex run --deploy` deploys what makes it")
}
