//! What bash understands and a plain `sh` (dash, BusyBox) does not, or takes for something else.

use std::ops::Range;

use brush_parser::ast::FunctionDefinition;
use brush_parser::word::{Parameter, ParameterExpr};
use brush_parser::{Token, tokenize_str};

use crate::rules::shell::script::{Bash, Call, Word};
use crate::rules::shell::text::Origin;

type Found = Vec<Bash>;

fn push(
    found: &mut Found,
    at: Range<usize>,
    what: &str,
    effect: &'static str,
    instead: Option<&'static str>,
) {
    found.push(Bash {
        what: what.to_owned(),
        effect,
        instead,
        replacement: None,
        at,
    });
}

const SYNTAX: &str = "a syntax error in `sh`";
const NO_COMMAND: &str = "`sh` looks for a command of that name, and there is none";
const BAD_SUBSTITUTION: &str = "`sh` stops with \"Bad substitution\"";

/// Operators that the tree no longer shows.
pub fn tokens(text: &str, origin: &Origin, found: &mut Found) {
    if !["|&", "&>", ";&"]
        .iter()
        .any(|operator| text.contains(operator))
    {
        return;
    }
    let Ok(tokens) = tokenize_str(text) else {
        return;
    };
    for token in tokens {
        let Token::Operator(operator, span) = token else {
            continue;
        };
        let range = if text.is_ascii() {
            span.start.index..span.end.index
        } else {
            0..text.len()
        };
        let at = origin.place(range);
        match operator.as_str() {
            "|&" => push(found, at, "`|&`", SYNTAX, Some("2>&1 |")),
            "&>" | "&>>" => push(
                found,
                at,
                &format!("`{operator}`"),
                "`sh` reads it as `&` and `>`: the command goes to the background, and its failure is lost",
                Some(">FILE 2>&1"),
            ),
            ";&" | ";;&" => push(found, at, &format!("`{operator}`"), SYNTAX, None),
            _ => {}
        }
    }
}

/// `[[ … ]]`
pub fn extended_test(at: Range<usize>, found: &mut Found) {
    push(found, at, "`[[ … ]]`", NO_COMMAND, Some("[ … ]"));
}

/// `function name { … }`
pub fn function(text: &str, function: &FunctionDefinition, at: Range<usize>, found: &mut Found) {
    let name = function.fname.value.as_str();
    let mut words = text.split_whitespace();
    let keyword = std::iter::from_fn(|| words.find(|word| *word == "function")).count();
    if keyword == 0 {
        return;
    }
    let declared = text.split("function").skip(1).any(|rest| {
        rest.trim_start()
            .strip_prefix(name)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    });
    if declared {
        push(found, at, "`function`", SYNTAX, Some("name() { …; }"));
    }
}

/// `(( … ))`, `for (( … ))`
pub fn arithmetic(at: Range<usize>, found: &mut Found) {
    push(
        found,
        at,
        "`(( … ))`",
        "`sh` reads two subshells",
        Some("x=$((x + 1)), [ \"$x\" -gt 0 ]"),
    );
}

/// `<(…)`
pub fn process_substitution(at: Range<usize>, found: &mut Found) {
    push(found, at, "`<( … )`", SYNTAX, None);
}

/// `a=(…)`, `a[0]=…`
pub fn array(at: Range<usize>, found: &mut Found) {
    push(found, at, "an array", SYNTAX, None);
}

/// `<<<`
pub fn here_string(at: Range<usize>, found: &mut Found) {
    push(
        found,
        at,
        "`<<<`",
        SYNTAX,
        Some("printf '%s\\n' \"$x\" | …"),
    );
}

/// `$'…'`
pub fn ansi_quote(at: Range<usize>, found: &mut Found) {
    push(
        found,
        at,
        "`$'…'`",
        "`sh` takes it as `$` and a plain quote",
        Some("\"$(printf '…')\""),
    );
}

/// `$"…"`
pub fn translated(at: Range<usize>, found: &mut Found) {
    push(
        found,
        at,
        "`$\"…\"`",
        "`sh` takes it as `$` and text in quotes",
        Some("\"…\""),
    );
}

/// `x+=1`
pub fn appending(at: Range<usize>, found: &mut Found) {
    push(found, at, "`+=`", NO_COMMAND, Some("x=\"${x}…\""));
}

/// `{a,b}` and `{1..3}`, where the command does not itself understand them.
pub fn braces(word: &Word, found: &mut Found) {
    if word.raw.contains(['"', '\'', '$', '\\']) || word.raw.contains("{{") {
        return;
    }
    let Some((_, rest)) = word.raw.split_once('{') else {
        return;
    };
    let Some((inner, _)) = rest.split_once('}') else {
        return;
    };
    if inner.contains(',') || inner.contains("..") {
        push(
            found,
            word.at.clone(),
            &format!("`{{{inner}}}`"),
            "`sh` takes it letter for letter",
            None,
        );
    }
}

/// `${x//a/b}`, `${x^^}`, `${x[0]}`, `${!x}`, ….
pub fn expansion(expansion: &ParameterExpr, at: Range<usize>, found: &mut Found) {
    let what = match expansion {
        ParameterExpr::ReplaceSubstring { .. } => "`${x/a/b}`",
        ParameterExpr::Substring { .. } => "`${x:1:2}`",
        ParameterExpr::UppercaseFirstChar { .. }
        | ParameterExpr::UppercasePattern { .. }
        | ParameterExpr::LowercaseFirstChar { .. }
        | ParameterExpr::LowercasePattern { .. } => "`${x^^}` or `${x,,}`",
        ParameterExpr::Transform { .. } => "`${x@Q}`",
        ParameterExpr::VariableNames { .. } | ParameterExpr::MemberKeys { .. } => "`${!x*}`",
        ParameterExpr::Parameter { indirect: true, .. } => "`${!x}`",
        ParameterExpr::Parameter { parameter, .. }
        | ParameterExpr::ParameterLength { parameter, .. } => match parameter {
            Parameter::NamedWithIndex { .. } | Parameter::NamedWithAllIndices { .. } => "an array",
            _ => return,
        },
        _ => return,
    };
    let instead = match expansion {
        ParameterExpr::ReplaceSubstring { .. } => Some("$(printf '%s' \"$x\" | sed 's/a/b/g')"),
        ParameterExpr::Substring { .. } => Some("$(printf '%s' \"$x\" | cut -c 1-7)"),
        ParameterExpr::UppercasePattern { .. } => {
            Some("$(printf '%s' \"$x\" | tr '[:lower:]' '[:upper:]')")
        }
        ParameterExpr::LowercasePattern { .. } => {
            Some("$(printf '%s' \"$x\" | tr '[:upper:]' '[:lower:]')")
        }
        _ => None,
    };
    push(found, at, what, BAD_SUBSTITUTION, instead);
}

/// Commands and options that are bash's own.
pub fn call(call: &Call, found: &mut Found) {
    let Some(first) = call.words.first() else {
        return;
    };
    let at = first.at.clone();
    match call.name() {
        "source" => {
            // Unlike `source`, `.` looks for a name without a slash in PATH alone.
            let file = call.arguments().first();
            let (replacement, at) = match file {
                Some(file)
                    if file.text.as_deref() == Some(&*file.raw) && !file.raw.contains('/') =>
                {
                    (format!(". ./{}", file.raw), at.start..file.at.end)
                }
                _ => (".".to_owned(), at),
            };
            found.push(Bash {
                what: "`source`".to_owned(),
                effect: NO_COMMAND,
                instead: Some(". ./file"),
                replacement: Some(replacement),
                at,
            });
        }
        name @ ("declare" | "typeset" | "shopt" | "pushd" | "popd" | "dirs" | "mapfile"
        | "readarray" | "let" | "disown") => {
            push(found, at, &format!("`{name}`"), NO_COMMAND, None);
        }
        "[" | "test" => {
            for word in call.arguments().iter().filter(|word| word.raw == "==") {
                found.push(Bash {
                    what: "`==` in `[ … ]`".to_owned(),
                    effect: "dash stops with \"unexpected operator\"",
                    instead: Some("="),
                    replacement: Some("=".to_owned()),
                    at: word.at.clone(),
                });
            }
        }
        "read" => {
            let options = ["-a", "-p", "-n", "-N", "-t", "-d", "-u", "-s", "-e", "-i"];
            if let Some(word) = call
                .arguments()
                .iter()
                .find(|word| options.contains(&word.known()))
            {
                push(
                    found,
                    word.at.clone(),
                    &format!("`read {}`", word.known()),
                    "`sh` knows `read -r` alone",
                    None,
                );
            }
        }
        "export" if call.has_option(&["-f"]) => push(found, at, "`export -f`", NO_COMMAND, None),
        "echo" => {
            for word in call.arguments() {
                braces(word, found);
            }
            if let Some(word) = call
                .arguments()
                .first()
                .filter(|word| matches!(word.known(), "-e" | "-ne" | "-en" | "-E"))
            {
                push(
                    found,
                    word.at.clone(),
                    "`echo -e`",
                    "dash prints the `-e`",
                    Some("printf '%b\\n' \"…\""),
                );
            }
        }
        "trap" => {
            let names = ["ERR", "DEBUG", "RETURN"];
            if let Some(word) = call
                .arguments()
                .iter()
                .find(|word| names.contains(&word.known()))
            {
                push(
                    found,
                    word.at.clone(),
                    &format!("`trap … {}`", word.known()),
                    "`sh` has no such signal",
                    Some("trap … EXIT"),
                );
            }
        }
        "set" => {
            if let Some(word) = call
                .arguments()
                .iter()
                .find(|word| word.known() == "pipefail")
            {
                push(
                    found,
                    word.at.clone(),
                    "`pipefail`",
                    "dash stops with \"Illegal option\"",
                    None,
                );
            }
        }
        "printf" => {
            let format = call.arguments().first();
            if let Some(word) = format.filter(|word| word.raw.contains("%q")) {
                let effect = "dash stops with \"invalid directive\"";
                push(found, word.at.clone(), "`%q` of `printf`", effect, None);
            }
        }
        "mkdir" | "touch" | "cp" | "mv" | "rm" | "cat" | "ls" | "chmod" | "chown" | "ln"
        | "rmdir" | "tar" | "wc" | "head" | "tail" => {
            for word in call.arguments() {
                braces(word, found);
            }
        }
        _ => {}
    }
}

/// Variables that bash alone sets.
pub const VARIABLES: &[&str] = &[
    "BASH",
    "BASH_SOURCE",
    "BASH_VERSION",
    "BASHPID",
    "EPOCHSECONDS",
    "EPOCHREALTIME",
    "EUID",
    "FUNCNAME",
    "HOSTTYPE",
    "MACHTYPE",
    "OSTYPE",
    "PIPESTATUS",
    "RANDOM",
    "SECONDS",
    "SRANDOM",
    "UID",
    "DIRSTACK",
    "GROUPS",
    "SHELLOPTS",
    "BASH_REMATCH",
    "BASH_LINENO",
    "SHLVL",
    "REPLY",
    "COLUMNS",
    "LINES",
];
