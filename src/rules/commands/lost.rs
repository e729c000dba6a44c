//! Commands whose effect ends with their shell: every string of `run` has a shell of its own.

use crate::diagnostics::codes::pipeline::EFFECT_LOST;
use crate::diagnostics::{Diagnostic, Problems};
use crate::rules::Rules;
use crate::rules::commands::{Command, Place, Unit};
use crate::rules::shell::{Call, Script};

/// Reports strings that do nothing but change their own shell.
pub fn check(
    rules: &Rules<'_>,
    unit: &Unit<'_>,
    commands: &[Command<'_>],
    problems: &mut Problems,
) {
    // After the last one there is nothing that it could be lost for.
    let last = commands.len().saturating_sub(1);
    for command in commands.iter().take(last) {
        let Some(script) = command.script() else {
            continue;
        };
        let Some(call) = only_state(script) else {
            continue;
        };
        let place = Place {
            rules,
            text: command.text,
        };
        let (does, help) = match call.name() {
            "cd" | "pushd" => {
                let folder = call.operands().next().map_or("…", |word| word.known());
                let dir = match unit.dir {
                    Some(dir) if !folder.starts_with('/') && dir.value != "." => format!("{}/{folder}", dir.value),
                    _ => folder.to_owned(),
                };
                let whole = format!("set `dir = \"{dir}\"`, or write `cd {folder} && …` in one string");
                ("changes the folder", whole)
            }
            "" | "export" => (
                "sets a variable",
                format!("set it in `env = {{ {} = … }}`, or write the commands that need it as one `\"\"\"` string", variable(call)),
            ),
            "set" | "shopt" => (
                "sets options of the shell",
                "write it at the beginning of each command that needs it, or make one `\"\"\"` string of them".to_owned(),
            ),
            _ => (
                "changes its own shell",
                "write it and the commands that need it as one `\"\"\"` string".to_owned(),
            ),
        };
        problems.push(
            Diagnostic::warning(
                &EFFECT_LOST,
                place.of(&call.at),
                format!(
                    "`{}` has no effect on the commands after it",
                    place.show(&call.at)
                ),
            )
            .label(format!("{does} of this string's shell alone"))
            .note("each string of `run` runs in a shell of its own")
            .help(help),
        );
    }
}

fn variable(call: &Call) -> &str {
    let assigned = call.assigns.first().map(String::as_str);
    let exported = call
        .operands()
        .next()
        .map(|word| word.prefix.split('=').next().unwrap_or(""));
    assigned
        .or(exported)
        .filter(|name| !name.is_empty())
        .unwrap_or("NAME")
}

/// The first call, where every call only changes the shell that it runs in.
fn only_state(script: &Script) -> Option<&Call> {
    if script.calls.iter().any(|call| !changes_shell_alone(call)) || !script.functions.is_empty() {
        return None;
    }
    script.calls.iter().find(|call| !call.place.substitution)
}

fn changes_shell_alone(call: &Call) -> bool {
    match call.name() {
        "cd" | "pushd" | "alias" | "unset" | "shopt" | "umask" | "ulimit" | "source" | "." => true,
        "export" => call.operands().next().is_some(),
        "set" => {
            !call
                .arguments()
                .iter()
                .all(|word| matches!(word.known(), "-e" | "-u" | "-eu" | "-ue" | "--"))
                && !call.operands().any(|word| word.prefix.contains('='))
        }
        // `A=1` alone; in `A=$(cmd)` the command may be what matters.
        "" => call.words.is_empty() && !call.assigns.is_empty(),
        _ => false,
    }
}
