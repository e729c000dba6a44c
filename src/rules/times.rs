//! Time-outs and the hour of a chained role.

use crate::diagnostics::codes::pipeline::ROLE_HOUR;
use crate::diagnostics::{Diagnostic, Problems};
use crate::model::{Pipeline, Step};
use crate::rules::Rules;
use crate::rules::commands;
use crate::rules::retries::in_words;
use crate::rules::shell::Call;

/// A role that is assumed by a role lasts this long, in seconds, whatever its own limit is.
const HOUR: u64 = 3_600;

/// Reports steps that may outlive credentials which their own commands copy.
pub fn check(rules: &Rules<'_>, pipeline: &Pipeline, problems: &mut Problems) {
    for step in commands::steps(pipeline) {
        let Some(timeout) = step.timeout.as_ref().filter(|timeout| timeout.value > HOUR) else {
            continue;
        };
        copies(rules, step, timeout.value, timeout.span, problems);
    }
}

/// Credentials that are copied into variables are not renewed.
fn copies(
    rules: &Rules<'_>,
    step: &Step,
    seconds: u64,
    timeout: crate::source::Span,
    problems: &mut Problems,
) {
    for text in &step.run {
        let script = rules.script(&text.value);
        let Ok(script) = script.as_ref() else {
            continue;
        };
        for call in script.calls.iter().map(Call::unwrapped) {
            let copied = call.begins_with(&["aws", "sts", "assume-role"])
                || call.begins_with(&["aws", "configure", "export-credentials"])
                || call.begins_with(&["aws", "eks", "get-token"]);
            if !copied {
                continue;
            }
            let mut diagnostic = Diagnostic::warning(
                &ROLE_HOUR,
                rules.places.of(text, call.at.clone()),
                format!(
                    "these credentials last an hour, and `{}` may run for {}",
                    step.path,
                    in_words(seconds)
                ),
            )
            .label("copied here, and not renewed")
            .also(timeout, "longer than an hour");
            diagnostic = match &step.role {
                Some(role) => diagnostic.also(
                    role.span,
                    "a role that is assumed by a role lasts an hour at most",
                ),
                None => diagnostic,
            };
            problems.push(diagnostic.help(
                "set `role` on the step and leave this out: the SDKs then renew the credentials by themselves; or make `timeout` an hour",
            ));
        }
    }
}
