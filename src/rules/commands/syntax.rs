//! Commands that no shell can read, or not the one that they are given to.

use crate::diagnostics::codes::pipeline::{BASH_IN_SH, FOREIGN_EXPRESSION, SHELL_SYNTAX};
use crate::diagnostics::{Diagnostic, Problems};
use crate::model::Shell;
use crate::rules::commands::{Place, Unit};
use crate::rules::shell::{Script, SyntaxError};

/// A command that cannot be read.
pub fn report(error: &SyntaxError, place: &Place<'_>, problems: &mut Problems) {
    if foreign_expression(place, problems) {
        return;
    }
    let mut diagnostic =
        Diagnostic::error(&SHELL_SYNTAX, place.of(&error.at), error.message.clone())
            .label(error.label.clone());
    if let Some(help) = &error.help {
        diagnostic = diagnostic.help(help.clone());
    }
    problems.push(diagnostic);
}

/// Bash where the shell is `sh`; expressions of other CI systems.
pub fn check(unit: &Unit<'_>, script: &Script, place: &Place<'_>, problems: &mut Problems) {
    foreign_expression(place, problems);
    for call in script.calls.iter().filter(|call| call.name() == "[") {
        let (Some(first), Some(last)) = (call.words.first(), call.words.last()) else {
            continue;
        };
        if last.raw != "]" {
            let glued = last.raw.ends_with(']');
            let help = if glued {
                "put a blank before the `]`"
            } else {
                "end the condition with ` ]`"
            };
            problems.push(
                Diagnostic::error(&SHELL_SYNTAX, place.of(&first.at), "`[` has no `]`")
                    .label("a condition begins here")
                    .help(help),
            );
        }
    }
    let local = script.calls.iter().filter(|call| call.name() == "local");
    for call in local.filter(|_| script.functions.is_empty()) {
        let diagnostic = Diagnostic::error(
            &SHELL_SYNTAX,
            place.of(&call.at),
            "`local` stands outside of a function",
        );
        let diagnostic = diagnostic.label("the shell stops here");
        problems.push(diagnostic.help("leave out `local`: a command's variables end with it"));
    }
    if unit.shell == Shell::Bash {
        return;
    }
    for bash in &script.bash {
        let message = format!("{} is bash, and the shell of this step is `sh`", bash.what);
        let span = place.of(&bash.at);
        // The `sh` of the default image is dash; what the `sh` of another one is, nobody knows here.
        let diagnostic = match unit.image {
            None => Diagnostic::error(&BASH_IN_SH, span, message),
            Some(_) => Diagnostic::warning(&BASH_IN_SH, span, message),
        };
        let help = match (bash.instead, unit.step) {
            (Some(instead), Some(_)) => {
                format!("set `shell = \"bash\"` on the step, or write `{instead}`")
            }
            (Some(instead), None) => {
                format!("write `{instead}`, or put the command into a script of the repository")
            }
            (None, Some(_)) => "set `shell = \"bash\"` on the step".to_owned(),
            (None, None) => "put the command into a script of the repository".to_owned(),
        };
        let mut diagnostic = diagnostic.label(bash.effect).help(help);
        if let (Some(replacement), Some(span)) = (&bash.replacement, place.verbatim(&bash.at)) {
            diagnostic =
                diagnostic.fix(format!("write `{replacement}`"), span, replacement.clone());
        }
        problems.push(diagnostic);
    }
}

/// `${{ github.sha }}`: whether there is one.
fn foreign_expression(place: &Place<'_>, problems: &mut Problems) -> bool {
    let text = &place.text.value;
    let Some(start) = text.find("${{") else {
        return false;
    };
    let length = text
        .get(start..)
        .and_then(|rest| rest.find("}}"))
        .map_or(3, |end| end + 2);
    let at = start..start + length;
    let inner = text
        .get(start + 3..(start + length).saturating_sub(2))
        .unwrap_or("")
        .trim();
    let value = match inner {
        "github.sha" => Some("run.commit"),
        "github.ref_name" | "github.head_ref" => Some("run.branch"),
        "github.actor" => Some("run.actor"),
        "github.run_id" => Some("run.id"),
        "github.run_attempt" => Some("run.attempt"),
        "github.event.pull_request.number" | "github.event.number" => Some("run.pull_request"),
        _ => None,
    };
    let help = match (value, inner.strip_prefix("secrets.")) {
        (Some(value), _) => {
            let name = value.rsplit('.').next().unwrap_or("value").to_uppercase();
            format!(
                "write `\"${name}\"` in the command and `env = {{ {name} = {value} }}` on the step"
            )
        }
        (None, Some(name)) => {
            format!(
                "write `\"${name}\"` in the command and `env = {{ {name} = secret(\"…\") }}` on the step"
            )
        }
        (None, None) => {
            "hand the value over in `env`, and write `\"$NAME\"` in the command".to_owned()
        }
    };
    problems.push(
        Diagnostic::error(
            &FOREIGN_EXPRESSION,
            place.of(&at),
            "`${{ … }}` is an expression of GitHub Actions",
        )
        .label("a shell stops here with \"bad substitution\"")
        .help(help),
    );
    true
}
