//! Habits of a person's own machine that do not work in a pod.

use crate::diagnostics::codes::pipeline::{
    GLOB_EXPANDED, INSTALL_UNLOCKED, LOCAL_PROFILE, SUDO, WINDOWS_SET,
};
use crate::diagnostics::codes::platform::ROLE_SESSION;
use crate::diagnostics::{Diagnostic, Problems};
use crate::rules::commands::{Place, Unit};
use crate::rules::repository::folder;
use crate::rules::shell::{Call, Script, Word};

/// Reports them.
pub fn check(unit: &Unit<'_>, script: &Script, place: &Place<'_>, problems: &mut Problems) {
    let configures = script
        .calls
        .iter()
        .any(|call| call.unwrapped().begins_with(&["aws", "configure"]));
    for call in &script.calls {
        let inner = call.unwrapped();
        if !configures {
            profile(unit, &inner, place, problems);
        }
        set(&inner, place, problems);
        sudo(unit, script, call, place, problems);
        install(unit, script, &inner, place, problems);
        globs(&inner, place, problems);
        session(&inner, place, problems);
    }
}

/// `aws --profile dev`
fn profile(unit: &Unit<'_>, call: &Call, place: &Place<'_>, problems: &mut Problems) {
    let knows = matches!(
        call.name(),
        "aws"
            | "cdk"
            | "sam"
            | "serverless"
            | "sls"
            | "copilot"
            | "eksctl"
            | "amplify"
            | "chalice"
            | "aws-vault"
    );
    let configured = unit.env.is_some_and(|env| {
        ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]
            .iter()
            .any(|name| env.contains_key(*name))
    });
    if !knows || configured {
        return;
    }
    let option = ["--profile", "--aws-profile"]
        .into_iter()
        .find_map(|option| Some((call.option(&[option])?, option)));
    let Some((word, option)) = option else { return };
    let value = call.value_of(option).filter(|value| value.at != word.at);
    let at = word.at.start..value.map_or(word.at.end, |value| value.at.end);
    let shown = value.or(Some(word)).map_or("", |value| value.known());
    let mut diagnostic = Diagnostic::warning(
        &LOCAL_PROFILE,
        place.of(&at),
        format!(
            "`{}` is told to use a profile that is not in the pod",
            call.name()
        ),
    )
    .label(format!(
        "`{}` is known on somebody's own machine",
        shown.rsplit('=').next().unwrap_or(shown)
    ))
    .help("leave it out: a step has the credentials of its environment, or of its own `role`");
    // With the blank before it.
    if let Some(start) = at.start.checked_sub(1)
        && let Some(span) = place
            .verbatim(&(start..at.end))
            .filter(|_| place.show(&(start..at.start)) == " ")
    {
        diagnostic = diagnostic.likely_fix(format!("leave out `{}`", place.show(&at)), span, "");
    }
    problems.push(diagnostic);
}

/// `set NAME=value`
fn set(call: &Call, place: &Place<'_>, problems: &mut Problems) {
    if call.name() != "set" {
        return;
    }
    let assignment = call.arguments().first().filter(|word| {
        word.prefix.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
    });
    let Some(word) = assignment else { return };
    let name = word.prefix.split('=').next().unwrap_or("NAME");
    problems.push(
        Diagnostic::warning(
            &WINDOWS_SET,
            place.of(&call.at),
            format!("`set {name}=…` sets no variable in a Unix shell"),
        )
        .label("sets the first positional parameter")
        .help(format!("set it in `env = {{ {name} = … }}`, or write `export {name}=…` in the same string as what uses it")),
    );
}

/// `sudo apt-get …`
fn sudo(unit: &Unit<'_>, script: &Script, call: &Call, place: &Place<'_>, problems: &mut Problems) {
    let probed = script.probed.iter().any(|name| name == "sudo");
    if call.name() != "sudo" || probed || unit.image.is_some() {
        return;
    }
    let Some(first) = call.words.first() else {
        return;
    };
    let mut diagnostic =
        Diagnostic::warning(&SUDO, place.of(&first.at), "`sudo` does not work in a pod")
            .label("a step may not gain rights, and most images lack it")
            .help("put what needs root into the step's `image`");
    if matches!(
        call.unwrapped().name(),
        "apt-get" | "apt" | "yum" | "dnf" | "apk"
    ) {
        diagnostic = diagnostic.note(
            "steps run as an ordinary user, so packages cannot be installed at run time either",
        );
    }
    problems.push(diagnostic);
}

/// `npm install` beside a lock file.
fn install(
    unit: &Unit<'_>,
    script: &Script,
    call: &Call,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    let plain = call.name() == "npm"
        && call.operands().count() == 1
        && matches!(
            call.operands().next().map(|word| word.known()),
            Some("install" | "i")
        )
        && !call.has_option(&[
            "-g",
            "--global",
            "--package-lock-only",
            "--no-package-lock",
            "--prefix",
            "-C",
        ]);
    if !plain {
        return;
    }
    let Some(folder) = folder::of_call(unit, script, call) else {
        return;
    };
    let lock = folder.join("package-lock.json");
    if place.rules.files.metadata(&lock).is_none() {
        return;
    }
    let Some(word) = call.operands().next() else {
        return;
    };
    let mut diagnostic = Diagnostic::warning(
        &INSTALL_UNLOCKED,
        place.of(&call.at),
        format!(
            "`npm {}` may install other versions than `{}` says",
            word.known(),
            lock.display()
        ),
    )
    .label("changes the lock file where it does not fit")
    .help("write `npm ci`: it installs what the lock file says, or fails");
    let options: Vec<&Word> = call
        .arguments()
        .iter()
        .filter(|word| word.raw.starts_with('-'))
        .collect();
    if let (Some(span), true) = (place.verbatim(&word.at), options.is_empty()) {
        diagnostic = diagnostic.likely_fix("write `npm ci`", span, "ci");
    }
    problems.push(diagnostic);
}

/// `find -name *.js`, `prettier src/**/*.ts`
fn globs(call: &Call, place: &Place<'_>, problems: &mut Problems) {
    let mut before = "";
    for word in call.arguments() {
        let pattern = matches!(
            before,
            "-name" | "-iname" | "-path" | "-ipath" | "-wholename" | "--include" | "--exclude"
        );
        let named = pattern
            || ["--include=", "--exclude="]
                .iter()
                .any(|option| word.raw.starts_with(option));
        let deep =
            word.raw.contains("**/") && !matches!(call.name(), "ls" | "cat" | "echo" | "for");
        before = word.known();
        if !word.glob
            || !(named && matches!(call.name(), "find" | "grep" | "rsync" | "aws" | "tar") || deep)
        {
            continue;
        }
        let label = if named {
            "expanded by the shell where a file here matches"
        } else {
            "`**` is `*` to the shell"
        };
        let mut diagnostic = Diagnostic::warning(
            &GLOB_EXPANDED,
            place.of(&word.at),
            format!(
                "the shell expands `{}` before `{}` sees it",
                word.raw,
                call.name()
            ),
        )
        .label(label)
        .help(format!("quote it: `'{}'`", word.raw));
        let plain = !word.raw.contains(['\'', '"', '\\', '$', '`', '~']);
        if let (Some(span), true) = (place.verbatim(&word.at), plain) {
            let fixed = format!("'{}'", word.raw);
            // Not every command expands `**` itself.
            diagnostic = match named {
                true => diagnostic.fix(format!("write `{fixed}`"), span, fixed),
                false => diagnostic.likely_fix(format!("write `{fixed}`"), span, fixed),
            };
        }
        problems.push(diagnostic);
    }
}

/// `aws sts assume-role --duration-seconds 7200`
fn session(call: &Call, place: &Place<'_>, problems: &mut Problems) {
    if !call.begins_with(&["aws", "sts", "assume-role"]) {
        return;
    }
    let Some(word) = call.value_of("--duration-seconds") else {
        return;
    };
    let text = word.known().trim_start_matches("--duration-seconds=");
    let Ok(seconds) = text.parse::<u64>() else {
        return;
    };
    if seconds > 3600 {
        problems.push(
            Diagnostic::error(
                &ROLE_SESSION,
                place.of(&word.at),
                format!(
                    "a role that is assumed by a role lasts at most 3600 seconds, not {seconds}"
                ),
            )
            .label("AWS refuses it")
            .help("set `role` on the step: its credentials are renewed as long as it runs"),
        );
    }
}
