//! Retries of what cannot be done twice, and retries that take for ever.

use crate::diagnostics::codes::pipeline::{RETRY_CREATES, RETRY_TIME};
use crate::diagnostics::{Diagnostic, Problems};
use crate::model::{Pipeline, Step};
use crate::rules::shell::Call;
use crate::rules::{Rules, commands};

/// Longer than this nobody waits for one step, in seconds.
const PATIENCE: u64 = 24 * 60 * 60;

/// Reports both.
pub fn check(rules: &Rules<'_>, pipeline: &Pipeline, problems: &mut Problems) {
    for step in commands::steps(pipeline) {
        let Some(retry) = &step.retry else { continue };
        if retry.times.value == 0 {
            continue;
        }
        time(step, problems);
        for text in &step.run {
            let script = rules.script(&text.value);
            let Ok(script) = script.as_ref() else {
                continue;
            };
            for call in &script.calls {
                let inner = call.unwrapped();
                // A command that may fail is one that may be done already.
                if call.place.condition || call.place.rescue.is_some() || call.at.is_empty() {
                    continue;
                }
                let Some(what) = creates(&inner) else {
                    continue;
                };
                let varies = inner
                    .words
                    .iter()
                    .any(|word| word.variables.iter().any(|name| name.contains("ATTEMPT")));
                if varies {
                    continue;
                }
                problems.push(
                    Diagnostic::warning(
                        &RETRY_CREATES,
                        rules.places.of(text, inner.at.clone()),
                        format!("a second try of `{}` fails where the first has {what}", step.name.value),
                    )
                    .label("fails where it is there already")
                    .also(retry.span, "tried again")
                    .help("ask first whether it is there, or add `env = { ATTEMPT = run.attempt }` and put `$ATTEMPT` into the name"),
                );
            }
        }
    }
}

/// What a command makes under a name that cannot be made twice.
fn creates(call: &Call) -> Option<&'static str> {
    let operands: Vec<&str> = call.operands().map(|word| word.known()).collect();
    let dry = call
        .arguments()
        .iter()
        .any(|word| word.known().starts_with("--dry-run"));
    if dry {
        return None;
    }
    match (call.name(), operands.as_slice()) {
        ("aws", [service, verb, ..]) => {
            let idempotent = call.has_option(&[
                "--client-token",
                "--client-request-token",
                "--idempotency-token",
            ]);
            let named = verb.starts_with("create-")
                && !idempotent
                && *service != "sts"
                && !verb.starts_with("create-invalidation");
            named.then_some("created it")
        }
        ("npm" | "pnpm" | "yarn", ["publish", ..]) => Some("published it"),
        ("cargo", ["publish", ..]) | ("twine", ["upload", ..]) | ("gem", ["push", ..]) => {
            Some("published it")
        }
        ("git", ["tag", _, ..])
            if !call.has_option(&["-f", "--force", "-d", "-l", "--list", "--delete"]) =>
        {
            Some("set the tag")
        }
        ("gh", ["release", "create", ..]) => Some("created the release"),
        ("gh", ["pr" | "issue", "create", ..]) => Some("created it"),
        ("kubectl", ["create", ..]) => Some("created it"),
        ("docker", ["network" | "volume", "create", ..]) => Some("created it"),
        ("createdb" | "createuser", _) => Some("created it"),
        _ => None,
    }
}

fn time(step: &Step, problems: &mut Problems) {
    let (Some(retry), Some(timeout)) = (&step.retry, &step.timeout) else {
        return;
    };
    let tries = u64::from(retry.times.value) + 1;
    // The wait doubles each time.
    let waits = (0..retry.times.value).fold(0_u64, |sum, index| {
        sum.saturating_add(
            retry
                .wait
                .saturating_mul(1_u64.checked_shl(index).unwrap_or(u64::MAX)),
        )
    });
    let total = timeout.value.saturating_mul(tries).saturating_add(waits);
    if total > PATIENCE {
        problems.push(
            Diagnostic::warning(
                &RETRY_TIME,
                retry.span,
                format!(
                    "`{}` may take {} before it has failed",
                    step.path,
                    in_words(total)
                ),
            )
            .label(format!("{tries} tries"))
            .also(timeout.span, "each of this long")
            .note(format!(
                "{tries} × {} and {} of waiting in between",
                in_words(timeout.value),
                in_words(waits)
            ))
            .help("make `timeout`, `times` or `wait` smaller"),
        );
    }
}

/// A length of time as a person says it.
pub fn in_words(seconds: u64) -> String {
    let parts = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut rest = seconds;
    let mut words = String::new();
    for (size, unit) in parts {
        if rest >= size {
            words.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if words.is_empty() {
        "0s".to_owned()
    } else {
        words
    }
}
