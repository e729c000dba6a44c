//! The programs that commands call: what the image of a step must have.

use std::collections::BTreeSet;

use crate::rules::shell::{Call, Script, read};

/// What a shell has built in, and what every image with a shell has.
const BUILT_IN: &[&str] = &[
    "",
    ".",
    ":",
    "[",
    "alias",
    "bg",
    "break",
    "builtin",
    "caller",
    "case",
    "cd",
    "command",
    "continue",
    "coproc",
    "declare",
    "dirs",
    "disown",
    "echo",
    "enable",
    "eval",
    "exec",
    "exit",
    "export",
    "false",
    "fc",
    "fg",
    "getopts",
    "hash",
    "help",
    "history",
    "jobs",
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "test",
    "times",
    "trap",
    "true",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "wait",
    "time",
];

/// Commands that install programs while the step runs.
fn installs(call: &Call) -> bool {
    let first = call.operands().next().map_or("", |word| word.known());
    match call.name() {
        "apt-get" | "apt" | "yum" | "dnf" | "microdnf" | "zypper" | "brew" | "pip" | "pip3"
        | "pipx" | "gem" | "uv" => {
            matches!(first, "install" | "tool")
        }
        "apk" => first == "add",
        "cargo" | "go" => first == "install",
        "npm" | "pnpm" => call.has_option(&["-g", "--global"]),
        "yarn" => first == "global",
        "corepack" => first == "enable",
        "python" | "python3" => call
            .arguments()
            .iter()
            .any(|word| matches!(word.known(), "pip" | "venv")),
        "curl" | "wget" | "tar" | "unzip" | "install" | "ln" | "." | "source" => true,
        "export" | "" => {
            call.assigns.iter().any(|name| name == "PATH")
                || call.operands().any(|word| word.prefix.starts_with("PATH="))
        }
        _ => false,
    }
}

/// The programs that the commands of a step call, sorted. Left out are what the shell itself knows,
/// functions, files by their path, what the commands look for themselves (`command -v x`), and what
/// may have been installed by a command before.
pub fn tools<'a>(commands: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut installed = false;
    for text in commands {
        if let Ok(script) = read(text) {
            collect(&script, &mut installed, &mut found, 0);
        }
    }
    found.into_iter().collect()
}

fn collect(script: &Script, installed: &mut bool, found: &mut BTreeSet<String>, depth: usize) {
    for call in &script.calls {
        let mut call = call.clone();
        loop {
            add(call.name(), script, *installed, found);
            // What `npx` runs comes from `node_modules`.
            match call.inner() {
                Some(inner) if !matches!(call.name(), "npx" | "bunx") => call = inner,
                _ => break,
            }
        }
        nested(&call, installed, found, depth);
        *installed |= installs(&call);
    }
}

/// `sh -c '…'`, `find … -exec x`.
fn nested(call: &Call, installed: &mut bool, found: &mut BTreeSet<String>, depth: usize) {
    if depth > 3 {
        return;
    }
    let text = match call.name() {
        "sh" | "bash" | "dash" => call
            .value_of("-c")
            .or_else(|| call.value_of("-ec"))
            .or_else(|| call.value_of("-lc"))
            .and_then(|word| word.text.clone()),
        "find" => {
            let after = call
                .arguments()
                .iter()
                .skip_while(|word| !matches!(word.known(), "-exec" | "-execdir"));
            after
                .skip(1)
                .take(1)
                .next()
                .and_then(|word| word.text.clone())
        }
        _ => None,
    };
    if let Some(Ok(script)) = text.as_deref().map(read) {
        collect(&script, installed, found, depth + 1);
    }
}

fn add(name: &str, script: &Script, installed: bool, found: &mut BTreeSet<String>) {
    let program = !BUILT_IN.contains(&name)
        && !name.contains(['/', '=', '*', '{', '}'])
        && !script.functions.iter().any(|function| function == name)
        && !script.probed.iter().any(|probed| probed == name);
    if program && !installed {
        found.insert(name.to_owned());
    }
}
