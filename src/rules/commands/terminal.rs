//! Commands that wait for a person, where there is none.

use crate::diagnostics::codes::pipeline::NEEDS_TERMINAL;
use crate::diagnostics::{Diagnostic, Problems};
use crate::rules::commands::Place;
use crate::rules::shell::{Call, Script};

/// What to say about a command: why it waits, and what to write.
struct Waits {
    label: &'static str,
    help: &'static str,
    /// Text to insert after the command's last word.
    add: Option<&'static str>,
}

const fn asks(label: &'static str, help: &'static str, add: &'static str) -> Option<Waits> {
    Some(Waits {
        label,
        help,
        add: Some(add),
    })
}

const fn waits(label: &'static str, help: &'static str) -> Option<Waits> {
    Some(Waits {
        label,
        help,
        add: None,
    })
}

/// Reports commands that need a terminal or an answer.
pub fn check(script: &Script, place: &Place<'_>, problems: &mut Problems) {
    for call in &script.calls {
        // `yes | cmd`, `cmd < file`: the answer is there.
        if call.redirects.input || call.place.fed {
            continue;
        }
        let inner = call.unwrapped();
        tty(&inner, place, problems);
        let Some(found) = interactive(&inner) else {
            continue;
        };
        let name: Vec<&str> = std::iter::once(inner.name())
            .chain(inner.operands().take(1).map(|word| word.known()))
            .filter(|word| !word.is_empty())
            .collect();
        let mut diagnostic = Diagnostic::warning(
            &NEEDS_TERMINAL,
            place.of(&inner.at),
            format!("`{}` waits for a person", name.join(" ")),
        )
        .label(found.label)
        .help(found.help);
        let end = inner.at.end..inner.at.end;
        let whole = place.verbatim(&inner.at);
        if let (Some(add), Some(span)) = (found.add, whole) {
            let at = crate::source::Span::new(span.source, span.end, span.end);
            debug_assert!(end.is_empty());
            diagnostic = diagnostic.likely_fix(format!("add `{}`", add.trim()), at, add);
        }
        problems.push(diagnostic);
    }
}

/// `docker run -it`
fn tty(call: &Call, place: &Place<'_>, problems: &mut Problems) {
    let operand = call.operands().next().map_or("", |word| word.known());
    let container = matches!(call.name(), "docker" | "podman" | "nerdctl")
        && matches!(operand, "run" | "exec")
        || call.name() == "kubectl" && matches!(operand, "run" | "exec");
    if !container {
        return;
    }
    // Options of docker itself end at the image; look at those right after `run` alone.
    let option = call
        .arguments()
        .iter()
        .skip_while(|word| word.known() != operand)
        .skip(1)
        .take_while(|word| word.raw.starts_with('-'))
        .find(|word| {
            let text = word.known();
            text == "--tty"
                || (text.starts_with('-')
                    && !text.starts_with("--")
                    && text.contains('t')
                    && text.contains('i')
                    && text.len() <= 4)
        });
    let Some(option) = option else { return };
    let without = option.known().replace('t', "");
    let fix = if without == "-i" { "-i" } else { "" };
    let mut diagnostic = Diagnostic::warning(
        &NEEDS_TERMINAL,
        place.of(&option.at),
        format!(
            "`{} {operand} {}` needs a terminal",
            call.name(),
            option.known()
        ),
    )
    .label("stops with \"the input device is not a TTY\"")
    .help("leave out `-t`, and `-i` too where nothing is piped in");
    if let (Some(span), "-i") = (place.verbatim(&option.at), fix) {
        diagnostic = diagnostic.fix("write `-i`", span, fix);
    }
    problems.push(diagnostic);
}

fn interactive(call: &Call) -> Option<Waits> {
    let operand = call.operands().next().map_or("", |word| word.known());
    let second = call.operands().nth(1).map_or("", |word| word.known());
    let yes = call.has_option(&["-y", "--yes", "--assume-yes", "--assumeyes"]);
    match (call.name(), operand) {
        ("apt-get" | "apt", "install" | "upgrade" | "dist-upgrade" | "remove" | "purge")
            if !yes && !call.has_option(&["-qq"]) =>
        {
            asks(
                "asks \"Do you want to continue?\", gets no answer and aborts",
                "add `-y`",
                " -y",
            )
        }
        ("yum" | "dnf" | "microdnf", "install" | "update" | "upgrade" | "remove") if !yes => asks(
            "asks \"Is this ok?\", gets no answer and aborts",
            "add `-y`",
            " -y",
        ),
        ("npm", "init") if !yes && second.is_empty() => {
            asks("asks for name, version, …", "add `-y`", " -y")
        }
        ("npm" | "pnpm" | "yarn", "login" | "adduser") => waits(
            "asks for a user and a password",
            "write the token to `.npmrc`, from a secret in `env`",
        ),
        ("cdk", "deploy")
            if !call.has_option(&["--require-approval"]) && !call.has_option(&["--method"]) =>
        {
            asks(
                "asks before changes to permissions, gets no answer and stops",
                "add `--require-approval never`, or declare the stack in the pipeline",
                " --require-approval never",
            )
        }
        ("cdk", "destroy") if !call.has_option(&["-f", "--force"]) => {
            asks("asks \"Are you sure?\"", "add `--force`", " --force")
        }
        ("terraform" | "tofu", "apply")
            if !call.has_option(&["-auto-approve", "--auto-approve"])
                && call.operands().nth(1).is_none() =>
        {
            waits(
                "asks \"Do you want to perform these actions?\"",
                "apply a saved plan, or add `-auto-approve`",
            )
        }
        ("terraform" | "tofu", "destroy")
            if !call.has_option(&["-auto-approve", "--auto-approve"]) =>
        {
            waits(
                "asks \"Do you really want to destroy all resources?\"",
                "add `-auto-approve`",
            )
        }
        ("pulumi", "up" | "destroy") if !yes && !call.has_option(&["-f", "--skip-preview"]) => {
            asks("asks before it changes anything", "add `--yes`", " --yes")
        }
        ("aws", "configure")
            if call.operands().count() == 1 && call.value_of("--profile").is_none() =>
        {
            waits(
                "asks for keys",
                "drop it: a step has the credentials of its role",
            )
        }
        ("aws", "sso") if second == "login" => waits(
            "opens a browser",
            "drop it: a step has the credentials of its role",
        ),
        ("gh", "auth") if second == "login" && !call.has_option(&["--with-token"]) => waits(
            "asks how to log in",
            "drop it, and set `GH_TOKEN` in `env` from a secret",
        ),
        ("docker" | "podman", "login")
            if !call.has_option(&["--password-stdin"])
                && !call.has_option(&["-p", "--password"]) =>
        {
            waits(
                "asks for a password",
                "pipe it in: `printf '%s' \"$TOKEN\" | docker login -u USER --password-stdin`",
            )
        }
        ("git", "commit")
            if !call.has_option(&[
                "-m",
                "-F",
                "-C",
                "--message",
                "--file",
                "--no-edit",
                "--amend",
            ]) =>
        {
            waits("opens an editor for the message", "add `-m \"…\"`")
        }
        ("git", "rebase") if call.has_option(&["-i", "--interactive"]) => {
            waits("opens an editor", "leave out `-i`")
        }
        ("git", "add") if call.has_option(&["-p", "-i", "--patch", "--interactive"]) => {
            waits("asks about each change", "name the files")
        }
        ("read", _) => waits(
            "reads from a terminal, and fails at its end",
            "hand the value over in `env`",
        ),
        ("vi" | "vim" | "nano" | "less" | "more" | "top" | "htop", _) => {
            waits("needs a terminal", "drop it")
        }
        ("passwd" | "su", "") => waits("asks for a password", "drop it"),
        _ => None,
    }
}
