//! The repository around a pipeline: do its folders, scripts and files fit what the file says?
//!
//! All of these are warnings: what a build makes is not there yet, and nobody can know all of it.

mod cdk;
mod files;
pub mod folder;
mod make;
mod npm;
mod patterns;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::diagnostics::Problems;
use crate::model::Pipeline;
use crate::rules::Rules;
use crate::rules::commands::{self, Place};
use crate::source::{EntryKind, FileSystem};

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// The files around a pipeline.
pub struct Repository<'a> {
    files: &'a dyn FileSystem,
    list: OnceCell<Vec<PathBuf>>,
}

impl<'a> Repository<'a> {
    /// That of a project.
    pub fn new(files: &'a dyn FileSystem) -> Self {
        Repository {
            files,
            list: OnceCell::new(),
        }
    }

    /// Every file.
    pub fn list(&self) -> &[PathBuf] {
        self.list.get_or_init(|| self.files.list())
    }

    /// Whether there is one: something beside pipelines and their data.
    pub fn is_there(&self) -> bool {
        let is_code = |path: &PathBuf| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or("");
            let extension = path
                .extension()
                .and_then(|extension| extension.to_str())
                .unwrap_or("");
            // Of Git, of an editor, of Aphex itself.
            let is_setting = name.starts_with('.');
            matches!(name, "package.json" | "cdk.json")
                || !is_setting
                    && !matches!(
                        extension,
                        "aphex" | "json" | "yaml" | "yml" | "toml" | "csv" | "txt" | "md"
                    )
        };
        self.list().iter().any(is_code)
    }

    /// The text of a file; `None` where there is none that can be read.
    pub fn read(&self, path: &Path) -> Option<String> {
        self.files.read(path, MAX_FILE).ok()
    }

    /// Whether a file is there.
    pub fn has_file(&self, path: &Path) -> bool {
        self.files
            .metadata(path)
            .is_some_and(|metadata| metadata.kind == EntryKind::File)
    }

    /// Whether a folder is there; the root always is.
    pub fn has_folder(&self, path: &Path) -> bool {
        path.as_os_str().is_empty()
            || path == Path::new(".")
            || self
                .files
                .metadata(path)
                .is_some_and(|metadata| metadata.kind == EntryKind::Directory)
    }

    /// The names of the files (or folders) in a folder.
    pub fn names_in(&self, folder: &Path, folders: bool) -> BTreeSet<String> {
        self.list()
            .iter()
            .filter_map(|path| {
                let mut rest = path.strip_prefix(folder).ok()?.components();
                let first = rest.next()?.as_os_str().to_string_lossy().into_owned();
                (rest.next().is_some() == folders).then_some(first)
            })
            .collect()
    }

    /// Every folder that holds a file, as text.
    pub fn folders(&self) -> BTreeSet<String> {
        self.list()
            .iter()
            .flat_map(|path| path.ancestors().skip(1))
            .map(|path| path.to_string_lossy().into_owned())
            .filter(|path| !path.is_empty())
            .collect()
    }

    /// The nearest of these files in a folder or those above it.
    pub fn upwards(&self, folder: &Path, names: &[&str]) -> Option<PathBuf> {
        folder
            .ancestors()
            .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
            .find(|path| self.has_file(path))
    }
}

/// Looks at everything that names something in the repository.
pub fn check(rules: &Rules<'_>, pipeline: &Pipeline, problems: &mut Problems) {
    if !rules.repository.is_there() {
        return;
    }
    patterns::check(rules, pipeline, problems);
    cdk::check(rules, pipeline, problems);
    let made = files::made(pipeline);
    for unit in commands::units(pipeline) {
        if !files::folder(rules, &unit, &made, problems) {
            continue;
        }
        let commands = unit.commands(rules);
        let mut before = String::new();
        for command in &commands {
            let place = Place {
                rules,
                text: command.text,
            };
            if let Some(script) = command.script() {
                for call in &script.calls {
                    let Some(folder) = folder::of_call(&unit, script, call) else {
                        continue;
                    };
                    let inner = call.unwrapped();
                    npm::check(rules, &inner, call, &folder, &place, problems);
                    make::check(rules, &inner, &folder, &place, problems);
                    let earlier = format!(
                        "{before}{}",
                        command.text.value.get(..call.at.start).unwrap_or("")
                    );
                    files::check(pipeline, &inner, &folder, &made, &earlier, &place, problems);
                }
            }
            before.push_str(&command.text.value);
            before.push('\n');
        }
    }
}
