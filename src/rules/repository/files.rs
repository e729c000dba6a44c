//! Files and folders that commands name.

use std::path::Path;

use crate::diagnostics::codes::pipeline::{DIRECTORY_MISSING, FILE_MISSING, NOT_EXECUTABLE};
use crate::diagnostics::{Diagnostic, Problems, did_you_mean};
use crate::model::Pipeline;
use crate::rules::Rules;
use crate::rules::commands::{Place, Unit, steps};
use crate::rules::repository::folder::join;
use crate::rules::shell::{Call, Word};

/// Folders that builds usually make.
const MADE: &[&str] = &[
    "dist",
    "build",
    "out",
    "target",
    "node_modules",
    ".venv",
    "venv",
    "cdk.out",
    ".next",
    "coverage",
    "tmp",
    "vendor",
    "bin",
    "obj",
    "lib",
    ".bin",
    "reports",
];

/// The first folders of what a pipeline makes: its artifacts, and further repositories.
pub fn made(pipeline: &Pipeline) -> Vec<String> {
    let artifacts = steps(pipeline)
        .flat_map(|step| step.artifacts.iter().chain(&step.keep).chain(&step.reports));
    artifacts
        .map(|pattern| pattern.value.as_str())
        .chain(
            pipeline
                .checkout
                .others
                .iter()
                .map(|source| source.name.value.as_str()),
        )
        .map(|pattern| {
            pattern
                .split(['*', '?', '[', '{'])
                .next()
                .unwrap_or("")
                .trim_end_matches('/')
                .to_owned()
        })
        .filter(|path| !path.is_empty())
        .collect()
}

fn is_made(path: &Path, made: &[String]) -> bool {
    made.iter().any(|prefix| path.starts_with(prefix))
        || path
            .components()
            .any(|part| MADE.iter().any(|name| part.as_os_str() == *name))
}

/// Looks at the folder of a unit; false where it is not there, and so nothing in it.
pub fn folder(
    rules: &Rules<'_>,
    unit: &Unit<'_>,
    made: &[String],
    problems: &mut Problems,
) -> bool {
    let Some(dir) = unit.dir else { return true };
    let Some(path) = join(Path::new(""), &dir.value) else {
        return false;
    };
    if rules.repository.has_folder(&path) {
        return true;
    }
    if is_made(&path, made) || unit.run.is_empty() && unit.step.is_some() {
        return false;
    }
    let is_file = rules.repository.has_file(&path);
    let message = if is_file {
        format!("`{}` is a file, not a folder", dir.value)
    } else {
        format!("the repository has no folder `{}`", dir.value)
    };
    let mut diagnostic = Diagnostic::warning(&DIRECTORY_MISSING, dir.span, message)
        .label("the commands are to run here");
    let folders = rules.repository.folders();
    if let Some(near) = did_you_mean(&dir.value, folders.iter().map(String::as_str)) {
        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
    } else if !is_file {
        let ending = folders
            .iter()
            .find(|folder| folder.ends_with(&format!("/{}", dir.value)));
        diagnostic = diagnostic.help(match ending {
            Some(folder) => {
                format!("did you mean `{folder}`? `dir` is relative to the repository's root")
            }
            None => "`dir` is relative to the repository's root".to_owned(),
        });
    }
    problems.push(diagnostic);
    false
}

/// Looks at the files that a command names.
pub fn check(
    pipeline: &Pipeline,
    call: &Call,
    folder: &Path,
    made: &[String],
    earlier: &str,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    // Files of submodules are not in the list.
    if pipeline.checkout.submodules {
        return;
    }
    let Some(first) = call.words.first() else {
        return;
    };
    let direct = first.known().contains('/') && !first.known().starts_with(['/', '~']);
    let word = if direct { Some(first) } else { named(call) };
    let Some(word) = word else { return };
    let Some(text) = word.text.as_deref() else {
        return;
    };
    if text.starts_with(['/', '~', '-']) || text.contains(['*', '{', ':', '$']) || text.is_empty() {
        return;
    }
    let Some(path) = join(folder, text) else {
        return;
    };
    let files = place.rules.files;
    match files.metadata(&path) {
        Some(metadata)
            if direct
                && !metadata.executable
                && metadata.kind == crate::source::EntryKind::File =>
        {
            problems.push(
                Diagnostic::warning(
                    &NOT_EXECUTABLE,
                    place.of(&word.at),
                    format!("`{}` may not be executed", path.display()),
                )
                .label("the shell stops with \"Permission denied\"")
                .help(format!(
                    "run `git update-index --chmod=+x {}` once, or write `sh {text}`",
                    path.display()
                )),
            );
        }
        Some(_) => {}
        None => missing(word, text, &path, made, earlier, place, problems),
    }
}

fn missing(
    word: &Word,
    text: &str,
    path: &Path,
    made: &[String],
    earlier: &str,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    let repository = &place.rules.repository;
    let (Some(parent), Some(name)) = (
        path.parent(),
        path.file_name().and_then(|name| name.to_str()),
    ) else {
        return;
    };
    // Something before may have made it.
    let unpacked = ["unzip", "tar ", "git clone", "curl", "wget", "mktemp"]
        .iter()
        .any(|tool| earlier.contains(tool));
    if is_made(path, made) || earlier.contains(name) || unpacked || !repository.has_folder(parent) {
        return;
    }
    let mut diagnostic = Diagnostic::warning(
        &FILE_MISSING,
        place.of(&word.at),
        format!("the repository has no file `{}`", path.display()),
    )
    .label("the command stops here");
    let names = repository.names_in(parent, false);
    if let Some(near) = did_you_mean(name, names.iter().map(String::as_str)) {
        let fixed = text.replacen(name, near, 1);
        diagnostic = diagnostic.help(format!("did you mean `{fixed}`?"));
        if let (Some(span), true) = (place.verbatim(&word.at), word.raw == text) {
            diagnostic = diagnostic.meant(name, near, span, fixed);
        }
    } else if let Some(other) = repository
        .list()
        .iter()
        .find(|other| other.file_name().is_some_and(|file| file == name))
    {
        diagnostic = diagnostic.help(format!("there is `{}`", other.display()));
    }
    problems.push(diagnostic);
}

/// The file that an interpreter or a tool is given.
fn named(call: &Call) -> Option<&Word> {
    let script = |extensions: &[&str]| {
        let first = call.arguments().first()?;
        let known = first.known();
        extensions
            .iter()
            .any(|extension| known.ends_with(extension))
            .then_some(first)
    };
    match call.name() {
        "node" | "bun" => script(&[".js", ".mjs", ".cjs", ".ts"]),
        "ts-node" | "tsx" => script(&[".ts", ".tsx", ".js", ".mts"]),
        "python" | "python3" => script(&[".py"]),
        "ruby" => script(&[".rb"]),
        "php" => script(&[".php"]),
        "perl" => script(&[".pl"]),
        "sh" | "bash" | "dash" | "." | "source" => script(&[".sh", ".bash"]),
        "pip" | "pip3" => call
            .value_of("-r")
            .or_else(|| call.value_of("--requirement")),
        "docker" | "podman"
            if call
                .operands()
                .next()
                .is_some_and(|word| matches!(word.known(), "build" | "buildx")) =>
        {
            call.value_of("-f")
                .or_else(|| call.value_of("--file"))
                .filter(|word| !word.raw.contains('='))
        }
        "kubectl" => call
            .value_of("-f")
            .filter(|word| word.known() != "-" && !word.raw.contains('=')),
        _ => None,
    }
}
