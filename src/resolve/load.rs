//! From a root file to a program: the files that it uses, the standard library, and their names.

use std::path::Path;
use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::diagnostics::codes::names as codes;
use crate::diagnostics::{Diagnostic, Problems, did_you_mean, list_names};
use crate::resolve::declare::{self, Import};
use crate::resolve::standard;
use crate::resolve::{Module, ModuleId, ModulePath, Program};
use crate::source::{FileSystem, ReadError, SourceId, Sources, Span};
use crate::syntax::ast::{Item, Use, UsePath};
use crate::{stdlib, syntax};

/// No program may have more files of its own.
pub const MOST_FILES: usize = 1_000;

/// Reads `root` and whatever it uses; `None` where `root` itself cannot be read.
///
/// `root` is a path relative to the project's root, with `/` between parts.
pub fn load(
    root: &str,
    files: &dyn FileSystem,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Option<Program> {
    let mut loader = Loader {
        files,
        program: standard::program(sources, problems),
        sources,
        problems,
        loaded: IndexMap::default(),
        open: Vec::new(),
    };
    let root = normal(root).unwrap_or_else(|| root.to_owned());
    let text = match files.read(Path::new(&root), syntax::MAX_FILE_SIZE) {
        Ok(text) => text,
        Err(error) => {
            let (code, what) = why(&error);
            loader
                .problems
                .push(Diagnostic::without_place(code, format!("`{root}` {what}")));
            return None;
        }
    };
    let id = loader.add(root, &text);
    loader.program.root = id;
    Some(loader.program)
}

/// Files by path while a program is read.
struct Loader<'a> {
    files: &'a dyn FileSystem,
    sources: &'a mut Sources,
    problems: &'a mut Problems,
    program: Program,
    /// What became of each path; `None` for what could not be read.
    loaded: IndexMap<String, Option<ModuleId>>,
    /// The files that are being read, outermost first: each uses the next.
    open: Vec<String>,
}

impl Loader<'_> {
    /// Parses a file, reads what it uses, and finds what its names mean.
    fn add(&mut self, path: String, text: &str) -> ModuleId {
        let source = self.sources.add(path.clone(), text);
        let file = syntax::parse(source, text, self.problems);
        let id = ModuleId(u32::try_from(self.program.modules.len()).unwrap_or(u32::MAX));
        let file = Rc::new(file);
        self.program.modules.push(Module {
            id,
            path: ModulePath::File(path.clone()),
            source,
            names: IndexMap::default(),
            uses: Vec::new(),
            partial: !file.complete,
            insertion: insertion(source, text),
            file: Rc::clone(&file),
        });
        self.loaded.insert(path.clone(), Some(id));
        self.open.push(path);
        let uses = file.items.iter().filter_map(|item| match item {
            Item::Use(item) => Some(item),
            _ => None,
        });
        let imports: Vec<Import<'_>> = uses
            .map(|item| Import {
                item,
                module: self.module(item),
            })
            .collect();
        self.open.pop();
        declare::declare(&mut self.program, id, &imports, self.problems);
        id
    }

    /// The module that a `use` names; `None` where that cannot be had.
    fn module(&mut self, item: &Use) -> Option<ModuleId> {
        match &item.path {
            UsePath::Std(parts) => self.standard(item, parts),
            UsePath::File(path) => self.file(&path.name, path.span),
        }
    }

    fn standard(&mut self, item: &Use, parts: &[crate::syntax::ast::Ident]) -> Option<ModuleId> {
        let [_, name, rest @ ..] = parts else {
            let span = parts.first().map_or(item.span, |part| part.span);
            let names = stdlib::MODULES.iter().map(|module| module.name);
            self.problems.push(
                Diagnostic::error(&codes::NO_STANDARD_MODULE, span, "`std` alone is no module")
                    .label("one of its modules is wanted")
                    .note(format!("its modules are {}", list_names(names, 20))),
            );
            return None;
        };
        let known = self.program.standard.get(&name.name).copied();
        if let (Some(id), []) = (known, rest) {
            return Some(id);
        }
        let span = rest
            .last()
            .map_or(name.span, |last| name.span.to(last.span));
        let written: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        let mut diagnostic = Diagnostic::error(
            &codes::NO_STANDARD_MODULE,
            span,
            format!("there is no module `{}`", written.join(".")),
        )
        .label("not part of the standard library");
        let names: Vec<&str> = stdlib::MODULES.iter().map(|module| module.name).collect();
        if let ([member], true) = (rest, known.is_some()) {
            diagnostic = diagnostic.help(format!(
                "to take one name of it, write `use std.{}.{{{}}}`",
                name.name, member.name
            ));
        } else if let Some(near) = did_you_mean(&name.name, names.iter().copied()) {
            diagnostic = diagnostic.help(format!("did you mean `std.{near}`?")).fix(
                format!("write `{near}`"),
                span,
                near,
            );
        } else {
            diagnostic = diagnostic.note(format!("its modules are {}", list_names(names, 20)));
        }
        self.problems.push(diagnostic);
        None
    }

    fn file(&mut self, written: &SmolStr, span: Span) -> Option<ModuleId> {
        let from = self.open.last().cloned().unwrap_or_default();
        let Some(path) = resolve_path(&from, written) else {
            self.problems.push(
                Diagnostic::error(
                    &codes::MODULE_OUTSIDE,
                    span,
                    format!("`{written}` leads out of the project"),
                )
                .label("not in the repository")
                .note(format!("the path starts at the folder of `{from}`"))
                .help("keep modules in the repository, and name them by a relative path"),
            );
            return None;
        };
        if let Some(start) = self.open.iter().position(|open| *open == path) {
            self.cycle(&path, start, span);
            return None;
        }
        if let Some(known) = self.loaded.get(&path) {
            return *known;
        }
        let text = match self.files.read(Path::new(&path), syntax::MAX_FILE_SIZE) {
            Ok(_) if self.loaded.len() >= MOST_FILES => {
                let error = format!("is one file too many: a program has at most {MOST_FILES}");
                Err((&codes::MODULE_UNREADABLE, error))
            }
            Ok(text) => Ok(text),
            Err(error) => Err(why(&error)),
        };
        match text {
            Ok(text) => Some(self.add(path, &text)),
            Err((code, what)) => {
                self.unreadable(code, &what, &path, written, span);
                self.loaded.insert(path, None);
                None
            }
        }
    }

    fn unreadable(
        &mut self,
        code: &'static crate::diagnostics::Code,
        what: &str,
        path: &str,
        written: &str,
        span: Span,
    ) {
        let mut diagnostic = Diagnostic::error(code, span, format!("`{written}` {what}"));
        if path != written.trim_start_matches("./") {
            diagnostic = diagnostic.note(format!("that is `{path}` in the project"));
        }
        let listed = self.files.list();
        let modules: Vec<String> = listed
            .iter()
            .filter_map(|path| path.to_str())
            .filter(|path| {
                Path::new(path)
                    .extension()
                    .is_some_and(|end| end == "aphex")
            })
            .map(|path| path.replace('\\', "/"))
            .collect();
        let with_ending = format!("{path}.aphex");
        let near = modules
            .iter()
            .find(|module| **module == with_ending)
            .map(String::as_str)
            .or_else(|| did_you_mean(path, modules.iter().map(String::as_str)));
        if let Some(near) = near {
            let from = self.open.last().map_or("", String::as_str);
            let text = relative(from, near);
            diagnostic = diagnostic.help(format!("did you mean `{text}`?"));
            let (message, written) = (format!("write `{text}`"), format!("\"{text}\""));
            diagnostic = match near == with_ending {
                true => diagnostic.fix(message, span, written),
                false => diagnostic.likely_fix(message, span, written),
            };
        }
        self.problems.push(diagnostic);
    }

    fn cycle(&mut self, path: &str, start: usize, span: Span) {
        let mut names: Vec<String> = self
            .open
            .iter()
            .skip(start)
            .map(|name| format!("`{name}`"))
            .collect();
        names.push(format!("`{path}`"));
        let message = match names.len() {
            2 => format!("`{path}` uses itself"),
            _ => format!("`{path}` leads back to itself"),
        };
        self.problems.push(
            Diagnostic::error(&codes::IMPORT_CYCLE, span, message)
                .label("this closes the circle")
                .note(format!("the circle is {}", names.join(" → ")))
                .help("move what both sides need into a module of its own"),
        );
    }
}

/// Why a file could not be read: the code, and the rest of a sentence that begins with its name.
fn why(error: &ReadError) -> (&'static crate::diagnostics::Code, String) {
    match error {
        ReadError::NotFound => (&codes::MODULE_NOT_FOUND, "was not found".to_owned()),
        ReadError::OutsideProject => (
            &codes::MODULE_OUTSIDE,
            "leads out of the project".to_owned(),
        ),
        ReadError::TooLarge { size, limit } => (
            &codes::MODULE_UNREADABLE,
            format!("has {size} bytes; a file may have {limit}"),
        ),
        ReadError::NotUtf8 { offset } => (
            &codes::MODULE_UNREADABLE,
            format!("is not UTF-8 text: the byte at offset {offset} is wrong"),
        ),
        ReadError::Other(reason) => (
            &codes::MODULE_UNREADABLE,
            format!("cannot be read: {reason}"),
        ),
    }
}

/// The place after the lines at the top that document the file.
fn insertion(source: SourceId, text: &str) -> Span {
    let lines = text.split_inclusive('\n');
    let top =
        lines.take_while(|line| line.trim().is_empty() || line.trim_start().starts_with("//!"));
    let bytes = top.map(str::len).sum::<usize>();
    let place = u32::try_from(bytes).unwrap_or(0);
    Span::new(source, place, place)
}

/// `written`, from the folder of `from`; `None` where it leads out of the project.
fn resolve_path(from: &str, written: &str) -> Option<String> {
    if written.starts_with('/') || written.contains('\\') || written.contains(':') {
        return None;
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    normal(&format!("{folder}/{written}"))
}

/// A path without `.`, `..` and empty parts; `None` where it leads out of the project.
fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// `path` as a file at `from` would name it.
fn relative(from: &str, path: &str) -> String {
    let from: Vec<&str> = from.split('/').collect();
    let folder = from.len().saturating_sub(1);
    let parts: Vec<&str> = path.split('/').collect();
    let same = from
        .iter()
        .take(folder)
        .zip(&parts)
        .take_while(|(a, b)| a == b)
        .count();
    let up = folder - same;
    let start = if up == 0 { "./" } else { "" };
    let rest: Vec<&str> = parts.into_iter().skip(same).collect();
    format!("{start}{}{}", "../".repeat(up), rest.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_start_at_the_folder_of_the_using_file() {
        let path = |from, written| resolve_path(from, written);
        assert_eq!(path("a/b.aphex", "./c.aphex").as_deref(), Some("a/c.aphex"));
        assert_eq!(path("a/b.aphex", "../c.aphex").as_deref(), Some("c.aphex"));
        assert_eq!(
            path("b.aphex", "x//./y.aphex").as_deref(),
            Some("x/y.aphex")
        );
        assert_eq!(path("a/b.aphex", "../../c.aphex"), None);
        assert_eq!(path("b.aphex", "/etc/passwd"), None);
    }

    #[test]
    fn paths_are_shown_as_the_using_file_would_write_them() {
        assert_eq!(relative("a/b.aphex", "a/c.aphex"), "./c.aphex");
        assert_eq!(relative("a/b.aphex", "d/c.aphex"), "../d/c.aphex");
        assert_eq!(relative("b.aphex", "c.aphex"), "./c.aphex");
    }
}
