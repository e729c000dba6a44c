//! Files of the project, read as text or as data. Every value knows its place in its file.

mod json;
mod yaml;

use std::path::{Component, Path, PathBuf};

use crate::diagnostics::codes::evaluation as codes;
use crate::diagnostics::{Code, Diagnostic, did_you_mean};
use crate::eval::interpreter::Interpreter;
use crate::eval::limits;
use crate::eval::operands::Stop;
use crate::eval::scope::Scope;
use crate::eval::value::{Kind, Value};
use crate::resolve::ModulePath;
use crate::source::{ReadError, SourceId, Span};

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// As it is.
    Text,
    /// JSON, strictly (RFC 8259).
    Json,
    /// One document of YAML 1.2 (the core schema, and merge keys).
    Yaml,
}

/// What is wrong in a data file, and where.
pub(super) struct Fault {
    code: &'static Code,
    span: Span,
    message: String,
    also: Option<(Span, &'static str)>,
}

impl Fault {
    fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Fault {
            code,
            span,
            message: message.into(),
            also: None,
        }
    }

    fn syntax(span: Span, message: impl Into<String>) -> Self {
        Fault::new(&codes::DATA_SYNTAX, span, message)
    }

    fn key_twice(key: &str, span: Span, first: Span) -> Self {
        Fault {
            also: Some((first, "first here")),
            ..Fault::new(
                &codes::DATA_KEY_TWICE,
                span,
                format!("the key `{key}` stands twice in this object"),
            )
        }
    }

    fn too_deep(span: Span) -> Self {
        let message = format!("data nests more than {} levels deep", limits::DATA_DEPTH);
        Fault::new(&codes::DATA_TOO_LARGE, span, message)
    }
}

impl<'a> Interpreter<'a> {
    /// The text or data of a file; `place` is where the path was written.
    pub(super) fn read_file(
        &self,
        path: &str,
        format: Format,
        place: Span,
        call: Span,
        scope: &Scope<'a>,
    ) -> Result<Value<'a>, Stop> {
        let Some(path) = self.project_path(path, scope) else {
            let diagnostic = Diagnostic::error(
                &codes::OUTSIDE_PROJECT,
                place,
                format!("`{path}` leads out of the project"),
            )
            .label("is not read")
            .help("copy the file into the repository: a program reads nothing else");
            self.report_in(scope, diagnostic);
            return Err(Stop::Error);
        };
        let name = path.to_string_lossy().replace('\\', "/");
        let key = (name.clone(), format);
        if let Some(known) = self.data_files.borrow().get(&key) {
            return known
                .clone()
                .map(|value| value.at_call(format, call))
                .ok_or(Stop::Error);
        }
        let value = self.load(&path, &name, format, place, call, scope);
        self.data_files.borrow_mut().insert(key, value.clone());
        value.ok_or(Stop::Error)
    }

    fn load(
        &self,
        path: &Path,
        name: &str,
        format: Format,
        place: Span,
        call: Span,
        scope: &Scope<'a>,
    ) -> Option<Value<'a>> {
        let text = match self.files.read(path, limits::DATA_FILE) {
            Ok(text) => text,
            Err(error) => {
                self.report_in(scope, self.unreadable(name, path, &error, place));
                return None;
            }
        };
        let total = self.data_bytes.get() + text.len() as u64;
        self.data_bytes.set(total);
        if total > limits::DATA_FILES {
            let diagnostic = Diagnostic::error(
                &codes::DATA_TOO_LARGE,
                place,
                "the files that are read are too large together",
            )
            .note(format!("at most {} MiB are read", limits::DATA_FILES >> 20));
            self.report_in(scope, diagnostic);
            return None;
        }
        if format == Format::Text {
            return self.text(text, call).ok();
        }
        let source = {
            let mut sources = self.sources.borrow_mut();
            sources.add(name, text.as_str())
        };
        let read = match format {
            Format::Json => json::read(self, source, &text),
            _ => yaml::read(self, source, &text),
        };
        match read {
            Ok(value) => Some(value),
            Err(None) => None,
            Err(Some(fault)) => {
                let mut diagnostic = Diagnostic::error(fault.code, fault.span, fault.message);
                if let Some((span, label)) = fault.also {
                    diagnostic = diagnostic.also(span, label);
                }
                if !self.is_standard(place) {
                    diagnostic = diagnostic.also(place, "read here");
                }
                self.report_in(scope, diagnostic);
                None
            }
        }
    }

    /// A path as the file system takes it: from the project's root. `None` where it leads out of it.
    fn project_path(&self, path: &str, scope: &Scope<'a>) -> Option<PathBuf> {
        let module = self.program.module(scope.module_id())?;
        let folder = match &module.path {
            ModulePath::File(file) => Path::new(file).parent().unwrap_or(Path::new("")),
            ModulePath::Std(_) => Path::new(""),
        };
        let mut parts: Vec<Component<'_>> = Vec::new();
        for part in folder.components().chain(Path::new(path).components()) {
            match part {
                Component::CurDir => {}
                Component::Normal(_) => parts.push(part),
                Component::ParentDir => {
                    parts.pop()?;
                }
                Component::RootDir | Component::Prefix(_) => return None,
            }
        }
        Some(parts.into_iter().collect())
    }

    fn unreadable(&self, name: &str, path: &Path, error: &ReadError, place: Span) -> Diagnostic {
        match error {
            ReadError::NotFound => {
                let diagnostic = Diagnostic::error(
                    &codes::FILE_NOT_FOUND,
                    place,
                    format!("there is no file `{name}` in the project"),
                )
                .label("not found");
                let files = self.files.list();
                let files: Vec<String> = files
                    .iter()
                    .filter(|file| {
                        file.parent() == path.parent() || file.file_name() == path.file_name()
                    })
                    .map(|file| file.to_string_lossy().into_owned())
                    .collect();
                let same_name = |file: &&String| Path::new(file).file_name() == path.file_name();
                match files.iter().find(same_name) {
                    Some(other) => diagnostic.help(format!("there is `{other}`")),
                    None => match did_you_mean(name, files.iter().map(String::as_str)) {
                        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                        None => {
                            diagnostic.help("paths begin at the folder of the file that reads them")
                        }
                    },
                }
            }
            ReadError::OutsideProject => Diagnostic::error(
                &codes::OUTSIDE_PROJECT,
                place,
                format!("`{name}` leads out of the project"),
            )
            .help("copy the file into the repository: a program reads nothing else"),
            ReadError::TooLarge { size, limit } => Diagnostic::error(
                &codes::DATA_TOO_LARGE,
                place,
                format!("`{name}` is too large to be read"),
            )
            .note(format!("it has {size} bytes, at most {limit} are read")),
            ReadError::NotUtf8 { offset } => Diagnostic::error(
                &codes::UNREADABLE,
                place,
                format!("`{name}` is not UTF-8 text"),
            )
            .note(format!("the first byte that is none is at offset {offset}")),
            ReadError::Other(why) => Diagnostic::error(
                &codes::UNREADABLE,
                place,
                format!("`{name}` cannot be read: {why}"),
            ),
        }
    }
}

impl Value<'_> {
    /// Text that was read has the place of the call; data keeps its place in the file.
    fn at_call(self, format: Format, call: Span) -> Self {
        match format {
            Format::Text => self.at(call),
            Format::Json | Format::Yaml => self,
        }
    }
}

/// A place in a data file.
fn place(source: SourceId, start: usize, end: usize) -> Span {
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(source, byte(start), byte(end))
}

/// A plain value at a place.
fn plain<'a>(kind: Kind<'a>, span: Span) -> Value<'a> {
    Value::new(kind, span)
}
