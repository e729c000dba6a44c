//! Failures that nobody would see.

use crate::diagnostics::codes::pipeline::FAILURE_HIDDEN;
use crate::diagnostics::{Diagnostic, Problems};
use crate::model::Shell;
use crate::rules::commands::{Place, Unit};
use crate::rules::shell::{Call, Script};

/// Reports commands whose failure does not fail the step.
pub fn check(unit: &Unit<'_>, script: &Script, place: &Place<'_>, problems: &mut Problems) {
    for call in &script.calls {
        let inner = call.unwrapped();
        if call.place.condition || call.place.substitution {
            continue;
        }
        swallowed(unit, call, &inner, place, problems);
        piped(unit, script, call, &inner, place, problems);
        lambda(&inner, place, problems);
        options(script, &inner, place, problems);
    }
}

/// `npm test || true`
fn swallowed(
    unit: &Unit<'_>,
    call: &Call,
    inner: &Call,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    let Some(rescue) = &call.place.rescue else {
        return;
    };
    if !matches!(rescue.as_str(), "true" | ":" | "exit 0" | "/bin/true") || !decides(inner) {
        return;
    }
    let message = format!(
        "the failure of `{}` is hidden by `|| {rescue}`",
        shown(inner, place)
    );
    let mut diagnostic = Diagnostic::warning(&FAILURE_HIDDEN, place.of(&call.at), message)
        .label("may fail, and the step succeeds");
    if unit.step.is_some() {
        diagnostic = diagnostic.help(
            "drop it; where the step must not stop the run, set `required = false`: then its failure is shown",
        );
    }
    problems.push(diagnostic);
}

/// The command's first words: enough to know it by.
fn shown(call: &Call, place: &Place<'_>) -> String {
    let text = place.show(&call.at);
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Whether a command's result is what a step is there for.
fn decides(call: &Call) -> bool {
    let first = call.operands().next().map_or("", |word| word.known());
    match call.name() {
        "npm" | "pnpm" | "yarn" | "bun" => {
            let script = if matches!(first, "run" | "run-script") {
                call.operands().nth(1).map_or("", |word| word.known())
            } else {
                first
            };
            [
                "test",
                "t",
                "build",
                "deploy",
                "ci",
                "migrate",
                "e2e",
                "check",
                "typecheck",
                "synth",
            ]
            .iter()
            .any(|word| script == *word || script.starts_with(&format!("{word}:")))
        }
        "jest" | "vitest" | "mocha" | "pytest" | "tox" | "nox" | "playwright" | "cypress"
        | "tsc" | "phpunit" | "rspec" => true,
        "cdk" | "sam" | "serverless" | "sls" => matches!(first, "deploy" | "synth"),
        "go" => matches!(first, "test" | "build" | "vet"),
        "cargo" | "dotnet" | "swift" => matches!(first, "test" | "build"),
        "mvn" | "mvnw" | "./mvnw" | "gradle" | "./gradlew" => true,
        "make" => matches!(first, "test" | "build" | "deploy" | "check" | ""),
        "terraform" | "tofu" => matches!(first, "apply" | "plan" | "validate"),
        "helm" => matches!(first, "upgrade" | "install"),
        "kubectl" => matches!(first, "apply" | "rollout"),
        _ => false,
    }
}

/// `npm test | tee log`
fn piped(
    unit: &Unit<'_>,
    script: &Script,
    call: &Call,
    inner: &Call,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    let next = script.calls.iter().find(|other| {
        other.place.pipeline == call.place.pipeline && other.place.index == call.place.index + 1
    });
    let Some(next) = next.filter(|next| matches!(next.unwrapped().name(), "tee")) else {
        return;
    };
    let harmless = [
        "echo", "printf", "cat", "date", "env", "ls", "git", "jq", "yq", "sed", "awk", "envsubst",
        "",
    ];
    let pipefail = script.calls.iter().any(|call| {
        call.name() == "set"
            && call
                .arguments()
                .iter()
                .any(|word| word.known() == "pipefail")
    });
    if harmless.contains(&inner.name()) || pipefail {
        return;
    }
    let help = match unit.shell {
        Shell::Bash => "begin the command with `set -o pipefail`",
        Shell::Sh => {
            "set `shell = \"bash\"` and begin the command with `set -o pipefail`; the log of a step is kept without `tee`"
        }
    };
    problems.push(
        Diagnostic::warning(
            &FAILURE_HIDDEN,
            place.of(&call.at),
            format!(
                "the failure of `{}` is hidden by the pipe to `tee`",
                shown(inner, place)
            ),
        )
        .label("may fail, and the step succeeds")
        .also(place.of(&next.at), "the last command of a pipe decides")
        .help(help),
    );
}

/// `aws lambda invoke` succeeds when the function has thrown.
fn lambda(call: &Call, place: &Place<'_>, problems: &mut Problems) {
    let asynchronous = call
        .value_of("--invocation-type")
        .is_some_and(|word| word.raw.contains("Event") || word.raw.contains("DryRun"));
    if !call.begins_with(&["aws", "lambda", "invoke"])
        || asynchronous
        || place.text.value.contains("FunctionError")
    {
        return;
    }
    problems.push(
        Diagnostic::warning(
            &FAILURE_HIDDEN,
            place.of(&call.at),
            "`aws lambda invoke` succeeds also when the function has failed",
        )
        .label("exits with 0 once Lambda has answered")
        .help("ask the answer: `test \"$(aws lambda invoke … --query FunctionError --output text out.json)\" = None || { cat out.json; exit 1; }`"),
    );
}

/// `set +e` without a way back.
fn options(script: &Script, call: &Call, place: &Place<'_>, problems: &mut Problems) {
    let turns = |call: &Call, sign: char| {
        call.name() == "set"
            && call.arguments().iter().any(|word| {
                word.known().starts_with(sign)
                    && word.known().contains('e')
                    && word.known().len() <= 4
            })
    };
    let restored = script
        .calls
        .iter()
        .any(|other| other.at.start > call.at.start && turns(other, '-'));
    if !turns(call, '+') || restored || place.text.value.contains("$?") {
        return;
    }
    problems.push(
        Diagnostic::warning(
            &FAILURE_HIDDEN,
            place.of(&call.at),
            "after `set +e` only the last command can fail the step",
        )
        .label("failures from here on are hidden")
        .help("drop it, or write `set -e` again after the command that may fail"),
    );
}
