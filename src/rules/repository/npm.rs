//! Scripts of `package.json`, and the package manager that the repository uses.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::diagnostics::codes::pipeline::{FILE_MISSING, OTHER_PACKAGE_MANAGER, SCRIPT_MISSING};
use crate::diagnostics::{Diagnostic, Problems, did_you_mean, list_names};
use crate::rules::Rules;
use crate::rules::commands::Place;
use crate::rules::repository::folder::join;
use crate::rules::shell::{Call, Word};

const LOCKS: &[(&str, &str)] = &[
    ("npm", "package-lock.json"),
    ("npm", "npm-shrinkwrap.json"),
    ("yarn", "yarn.lock"),
    ("pnpm", "pnpm-lock.yaml"),
    ("bun", "bun.lock"),
    ("bun", "bun.lockb"),
];

/// Reports what does not fit `package.json` and its lock file.
pub fn check(
    rules: &Rules<'_>,
    call: &Call,
    whole: &Call,
    folder: &Path,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    version(rules, call, folder, place, problems);
    let manager = call.name();
    if !matches!(manager, "npm" | "yarn" | "pnpm" | "bun") || whole.name() == "npx" {
        return;
    }
    if call.has_option(&["-g", "--global", "--version", "-v"])
        || call.words.len() < 2 && manager != "yarn"
    {
        return;
    }
    let Some(folder) = folder_of(rules, call, folder) else {
        return;
    };
    let Some(package) = rules.repository.upwards(&folder, &["package.json"]) else {
        missing_package(call, &folder, place, problems);
        return;
    };
    let Some(json) = rules
        .repository
        .read(&package)
        .and_then(|text| serde_json::from_str::<Value>(&text).ok())
    else {
        return;
    };
    other_manager(rules, call, &package, &json, place, problems);
    script(call, &package, &json, place, problems);
}

/// `corepack prepare pnpm@8`, where `packageManager` says another one.
fn version(
    rules: &Rules<'_>,
    call: &Call,
    folder: &Path,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    let named = call.arguments().iter().find_map(|word| {
        let (manager, version) = word.text.as_deref()?.split_once('@')?;
        matches!(manager, "npm" | "pnpm" | "yarn" | "bun").then_some((word, manager, version))
    });
    let Some((word, manager, version)) = named else {
        return;
    };
    let major = |version: &str| {
        version
            .split(['.', '+', '-'])
            .next()
            .and_then(|major| major.parse::<u32>().ok())
    };
    let json = rules
        .repository
        .upwards(folder, &["package.json"])
        .and_then(|package| rules.repository.read(&package));
    let json = json.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let declared = json
        .as_ref()
        .and_then(|json| json.get("packageManager"))
        .and_then(Value::as_str);
    let Some((own, wanted)) = declared.and_then(|text| text.split_once('@')) else {
        return;
    };
    let (Some(given), Some(expected)) = (major(version), major(wanted)) else {
        return;
    };
    if own != manager || given == expected {
        return;
    }
    let wanted = wanted.split('+').next().unwrap_or(wanted);
    problems.push(
        Diagnostic::warning(
            &OTHER_PACKAGE_MANAGER,
            place.of(&word.at),
            format!("`package.json` says that its package manager is `{manager}@{wanted}`, not `{manager}@{version}`"),
        )
        .label("another version")
        .help(format!("write `{manager}@{wanted}`, or `corepack enable`, which takes what `package.json` says")),
    );
}

/// Commands that need a `package.json`.
fn missing_package(call: &Call, folder: &Path, place: &Place<'_>, problems: &mut Problems) {
    let first = call.operands().next().map_or("", |word| word.known());
    if !matches!(
        first,
        "ci" | "run" | "run-script" | "test" | "install" | "i" | "start" | "build"
    ) || call.operands().count() > 2
    {
        return;
    }
    let shown = if folder.as_os_str().is_empty() {
        "the repository's root".to_owned()
    } else {
        format!("`{}`", folder.display())
    };
    problems.push(
        Diagnostic::warning(
            &FILE_MISSING,
            place.of(&call.at),
            format!("there is no `package.json` in {shown} or above"),
        )
        .label(format!("`{}` stops here", call.name()))
        .help("set `dir` to the folder that has it"),
    );
}

/// Where the manager is told to look; `None` where that is not one known package.
fn folder_of(rules: &Rules<'_>, call: &Call, folder: &Path) -> Option<PathBuf> {
    let many = [
        "-ws",
        "--workspaces",
        "-r",
        "--recursive",
        "--filter",
        "-F",
        "--if-present",
    ];
    if call.arguments().iter().any(|word| {
        many.iter()
            .any(|option| word.prefix == *option || word.prefix.starts_with(&format!("{option}=")))
    }) {
        return None;
    }
    if call
        .operands()
        .next()
        .is_some_and(|word| matches!(word.known(), "workspace" | "workspaces" | "--cwd"))
    {
        return None;
    }
    for option in ["--prefix", "-C", "--dir", "--cwd"] {
        if let Some(word) = call.value_of(option) {
            return join(folder, after_equals(word, option)?);
        }
    }
    for option in ["--workspace", "-w"] {
        if call.name() != "npm" {
            continue;
        }
        if let Some(word) = call.value_of(option) {
            return workspace(rules, folder, after_equals(word, option)?);
        }
    }
    Some(folder.to_path_buf())
}

fn after_equals<'w>(word: &'w Word, option: &str) -> Option<&'w str> {
    let text = word.text.as_deref()?;
    Some(
        text.strip_prefix(option)
            .and_then(|rest| rest.strip_prefix('='))
            .unwrap_or(text),
    )
}

/// The folder of a workspace, by its path or its package's name.
fn workspace(rules: &Rules<'_>, folder: &Path, name: &str) -> Option<PathBuf> {
    let direct = join(folder, name)?;
    if rules.repository.has_file(&direct.join("package.json")) {
        return Some(direct);
    }
    let packages = rules.repository.list().iter().filter(|path| {
        path.file_name().is_some_and(|file| file == "package.json") && path.starts_with(folder)
    });
    packages
        .filter(|path| {
            let text = rules.repository.read(path).unwrap_or_default();
            serde_json::from_str::<Value>(&text)
                .is_ok_and(|json| json.get("name").and_then(Value::as_str) == Some(name))
        })
        .find_map(|path| path.parent().map(Path::to_path_buf))
}

/// The script that a call runs, and whether nothing but a script can be meant.
fn script_of(call: &Call) -> Option<(&Word, bool)> {
    let mut operands = call.operands();
    let first = operands.next()?;
    match (call.name(), first.known()) {
        (manager, "run" | "run-script") => operands.next().map(|word| (word, manager == "npm")),
        ("npm" | "pnpm", "test" | "t") => Some((first, true)),
        ("yarn", "test" | "build" | "lint" | "start") => Some((first, false)),
        _ => None,
    }
}

fn script(call: &Call, package: &Path, json: &Value, place: &Place<'_>, problems: &mut Problems) {
    let Some((word, certain)) = script_of(call) else {
        return;
    };
    let Some(text) = word.text.as_deref() else {
        return;
    };
    let name = if text == "t" { "test" } else { text };
    let empty = serde_json::Map::new();
    let scripts = json
        .get("scripts")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let near = did_you_mean(name, scripts.keys().map(String::as_str));
    if scripts.contains_key(name) || name.contains(['*', '/']) || (!certain && near.is_none()) {
        return;
    }
    let mut diagnostic = Diagnostic::warning(
        &SCRIPT_MISSING,
        place.of(&word.at),
        format!("`{}` has no script `{name}`", package.display()),
    )
    .label(format!("`{}` stops with \"Missing script\"", call.name()));
    diagnostic = match near {
        Some(near) => {
            let diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            match place.verbatim(&word.at) {
                Some(span) => diagnostic.meant(name, near, span, near),
                None => diagnostic,
            }
        }
        None if scripts.is_empty() => {
            diagnostic.help("it has no scripts at all: is this the right folder?")
        }
        None => diagnostic.help(format!(
            "it has {}",
            list_names(scripts.keys().map(String::as_str), 8)
        )),
    };
    problems.push(diagnostic);
}

/// `npm ci` without a lock file of npm; `yarn` in a repository of npm; another version than
/// `packageManager` says.
fn other_manager(
    rules: &Rules<'_>,
    call: &Call,
    package: &Path,
    json: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    let manager = call.name();
    let Some(folder) = package.parent() else {
        return;
    };
    let declared = json
        .get("packageManager")
        .and_then(Value::as_str)
        .and_then(|text| text.split_once('@'));
    let first = call.operands().next().map_or("", |word| word.known());
    let installs = matches!(first, "ci" | "install" | "i" | "add" | "")
        || (manager != "npm" && first == "install");
    if !installs {
        return;
    }
    let Some(name) = call.words.first() else {
        return;
    };
    if let Some((other, version)) = declared.filter(|(other, _)| *other != manager) {
        problems.push(
            Diagnostic::warning(
                &OTHER_PACKAGE_MANAGER,
                place.of(&name.at),
                format!(
                    "`{}` says that its package manager is `{other}`",
                    package.display()
                ),
            )
            .label(format!("this is `{manager}`"))
            .note(format!(
                "`packageManager` is `{other}@{}`",
                version.split('+').next().unwrap_or(version)
            ))
            .help(install_with(other)),
        );
        return;
    }
    let names: Vec<&str> = LOCKS
        .iter()
        .filter(|(of, _)| *of == manager)
        .map(|(_, lock)| *lock)
        .collect();
    if rules.repository.upwards(folder, &names).is_some() {
        return;
    }
    let all: Vec<&str> = LOCKS.iter().map(|(_, lock)| *lock).collect();
    let found = rules.repository.upwards(folder, &all);
    let owner = found.as_ref().and_then(|path| {
        let name = path.file_name()?.to_str()?;
        LOCKS
            .iter()
            .find(|(_, lock)| *lock == name)
            .map(|(of, _)| *of)
    });
    match (found, owner) {
        (Some(lock), Some(owner)) => problems.push(
            Diagnostic::warning(
                &OTHER_PACKAGE_MANAGER,
                place.of(&name.at),
                format!("the repository's lock file is that of `{owner}`, not of `{manager}`"),
            )
            .label(format!("does not read `{}`", lock.display()))
            .help(install_with(owner)),
        ),
        _ if manager == "npm" && first == "ci" => problems.push(
            Diagnostic::warning(
                &OTHER_PACKAGE_MANAGER,
                place.of(&call.at),
                format!(
                    "`npm ci` needs a lock file, and there is no `{}`",
                    folder.join("package-lock.json").display()
                ),
            )
            .label("stops here")
            .help("commit the `package-lock.json` that `npm install` makes"),
        ),
        _ => {}
    }
}

fn install_with(manager: &str) -> String {
    let command = match manager {
        "npm" => "npm ci",
        "yarn" => "yarn install --immutable",
        "pnpm" => "pnpm install --frozen-lockfile",
        _ => "bun install --frozen-lockfile",
    };
    format!("write `{command}`")
}
