//! Secrets: credentials written into a file, and secrets that go where they can be read.
//!
//! No message repeats a value.

use crate::diagnostics::codes::blocks::CONDITION;
use crate::diagnostics::codes::pipeline::{CREDENTIAL_IN_FILE, SECRET_EXPOSED};
use crate::diagnostics::{Diagnostic, Problems};
use crate::model::{Env, EnvValue, Pipeline, Step};
use crate::rules::commands;
use crate::rules::shell::Call;
use crate::rules::{Rules, is_standard, known_credentials};
use crate::source::{SourceId, Span};

/// Looks for credentials of known shapes in every file of the program.
pub fn files(rules: &Rules<'_>, problems: &mut Problems) {
    for (id, file) in rules.sources.iter() {
        if is_standard(&file.name) {
            continue;
        }
        for found in known_credentials::find(&file.text) {
            problems.push_for(
                &CONDITION,
                Diagnostic::error(
                    &CREDENTIAL_IN_FILE,
                    span(id, found.start, found.end),
                    format!("{} is written into the file", found.what),
                )
                .label("everyone who can read the repository can use it")
                .help("revoke it, keep the new one in a Kubernetes Secret or in AWS Secrets Manager, and name it: `secret(\"…\")`, `secrets_manager(\"…\")`"),
            );
        }
    }
}

fn span(source: SourceId, start: usize, end: usize) -> Span {
    let byte = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span::new(source, byte(start), byte(end))
}

/// Looks at the values of a pipeline, and at the commands that are given secrets.
pub fn check(rules: &Rules<'_>, pipeline: &Pipeline, problems: &mut Problems) {
    for environment in pipeline.environments() {
        env(&environment.env, false, problems);
        values("context", &environment.context, problems);
        for stack in environment.stacks() {
            values("context", &stack.context, problems);
            values("parameters", &stack.parameters, problems);
        }
    }
    for app in &pipeline.apps {
        env(&app.env, false, problems);
        values("context", &app.context, problems);
    }
    for step in commands::steps(pipeline) {
        env(&step.env, !step.services.is_empty(), problems);
        command_lines(rules, step, problems);
    }
}

/// Values that look like passwords, under names that say so. Beside a side-car a plain one is the side-car's, which ends with the step.
fn env(env: &Env, beside_service: bool, problems: &mut Problems) {
    for (name, value) in env {
        let EnvValue::Text(text) = &value.value else {
            continue;
        };
        if known_credentials::find(text).next().is_some() {
            continue;
        }
        let kept = || {
            format!(
                "keep it in a Kubernetes Secret or in AWS Secrets Manager: `{name} = secret(\"…\")`, `{name} = secrets_manager(\"…\")`"
            )
        };
        let written = |what: &str| {
            Diagnostic::error(&CREDENTIAL_IN_FILE, value.span, what)
                .label(format!("`{name}`"))
                .help(kept())
        };
        let is_random = || known_credentials::looks_random(text);
        problems.push(if known_credentials::is_password_in_url(text) {
            written("the password in this URL is written into the file")
        } else if known_credentials::is_secret_name(name)
            && (is_random() || known_credentials::is_aws_secret_key(text))
        {
            written("this looks like a credential that is written into the file")
        } else if !beside_service
            && known_credentials::is_password_name(name)
            && known_credentials::may_be_password(text)
            && !is_random()
        {
            let what = format!(
                "`{name}` says that it is a credential, and its value is written into the file"
            );
            Diagnostic::warning(&CREDENTIAL_IN_FILE, value.span, what).help(format!(
                "{}; where it is none, allow it in a comment before it: `// aphex: allow(A0619) why`",
                kept()
            ))
        } else {
            continue;
        });
    }
}

/// Context and parameters end up in templates and in the console.
fn values(what: &str, values: &Env, problems: &mut Problems) {
    for (name, value) in values {
        if !matches!(value.value, EnvValue::Secret(_)) {
            continue;
        }
        problems.push(
            Diagnostic::error(
                &SECRET_EXPOSED,
                value.span,
                format!("a secret in `{what}` can be read in the template or in the console"),
            )
            .label(format!("`{name}`"))
            .help(
                "keep it in AWS Secrets Manager, hand over its name, and let the stack read it: `{{resolve:secretsmanager:NAME}}`",
            ),
        );
    }
}

/// Secrets on command lines and in logs.
fn command_lines(rules: &Rules<'_>, step: &Step, problems: &mut Problems) {
    urls(rules, step, problems);
    let is_secret = |name: &String| {
        step.env
            .get(name)
            .is_some_and(|value| matches!(value.value, EnvValue::Secret(_)))
    };
    if !step.env.keys().any(is_secret) {
        return;
    }
    for text in &step.run {
        let script = rules.script(&text.value);
        let Ok(script) = script.as_ref() else {
            continue;
        };
        for call in &script.calls {
            let inner = call.unwrapped();
            let Some((index, name)) = inner.words.iter().enumerate().find_map(|(index, word)| {
                word.variables
                    .iter()
                    .find(|name| is_secret(name))
                    .map(|name| (index, name))
            }) else {
                continue;
            };
            let Some((why, help)) = exposes(&inner, index, call) else {
                continue;
            };
            let Some(word) = inner.words.get(index) else {
                continue;
            };
            problems.push(
                Diagnostic::warning(
                    &SECRET_EXPOSED,
                    rules.places.of(text, word.at.clone()),
                    format!("the secret `{name}` {why}"),
                )
                .label("a secret")
                .help(help),
            );
        }
    }
}

/// Passwords in the URLs of commands.
fn urls(rules: &Rules<'_>, step: &Step, problems: &mut Problems) {
    for text in step.run.iter().filter(|text| text.value.contains("://")) {
        let script = rules.script(&text.value);
        let words = script
            .iter()
            .flat_map(|script| &script.calls)
            .flat_map(|call| &call.words);
        for word in words.filter(|word| known_credentials::is_password_in_url(word.known())) {
            problems.push(
                Diagnostic::error(
                    &CREDENTIAL_IN_FILE,
                    rules.places.of(text, word.at.clone()),
                    "the password in this URL is written into the file",
                )
                .label("everybody who can read the repository can use it")
                .help("keep it in a Kubernetes Secret or in AWS Secrets Manager and hand it over in `env`"),
            );
        }
    }
}

/// Why a secret in the word at `index` of a call can be read.
fn exposes(call: &Call, index: usize, whole: &Call) -> Option<(&'static str, &'static str)> {
    let before = index
        .checked_sub(1)
        .and_then(|before| call.words.get(before))
        .map_or("", |word| word.known());
    let prefix = call
        .words
        .get(index)
        .map_or("", |word| word.prefix.as_str());
    let last = whole.place.index + 1 >= whole.place.length;
    let operand = call.operands().next().map_or("", |word| word.known());
    match call.name() {
        "echo" | "printf" if last && !whole.redirects.output && !whole.place.substitution => {
            Some((
                "is written to the log",
                "leave it out; the log masks it only where it stands in one piece",
            ))
        }
        "docker" | "podman" | "helm" if operand == "login" || operand == "registry" => (matches!(
            before,
            "-p" | "--password"
        )
            || prefix.starts_with("--password=")
            || prefix.starts_with("-p"))
        .then_some((
            "stands on a command line, where every process can read it",
            "pipe it in: `printf '%s' \"$TOKEN\" | docker login -u USER --password-stdin REGISTRY`",
        )),
        "docker" | "podman" | "buildah"
            if before == "--build-arg" || prefix.starts_with("--build-arg=") =>
        {
            Some((
                "becomes a part of the image's history",
                "write `--secret id=NAME,env=NAME` and `RUN --mount=type=secret,id=NAME` in the Dockerfile",
            ))
        }
        "cdk" if matches!(before, "-c" | "--context") || prefix.starts_with("--context=") => {
            Some((
                "becomes a part of the template",
                "hand over its name, and let the stack read it: `{{resolve:secretsmanager:NAME}}`",
            ))
        }
        _ => None,
    }
}
