//! The files that a command is asked to look at.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::console::Console;
use crate::cli::unreadable::{missing, unreadable};
use crate::collections::HashSet;
use crate::diagnostics::codes::input as codes;
use crate::diagnostics::{Diagnostic, FileName, Report, human};
use crate::project::disk::{self, Disk, STDIN_NAME};
use crate::project::{PIPELINE_FILE, Project, relative};
use crate::source::ReadError;
use crate::syntax::MAX_FILE_SIZE;

/// A pipeline file, and the project that it belongs to.
#[derive(Debug)]
pub struct Input {
    /// Its project.
    pub project: Project,
    /// The path below the project's root, with `/`.
    pub name: String,
    /// The project's files.
    pub files: Disk,
    /// Where it is on disk; `None` for standard input.
    pub path: Option<PathBuf>,
}

impl Input {
    /// The path for people.
    pub fn shown(&self) -> String {
        self.file_name(&self.name).shown
    }

    /// How one of the files that this input brings in is called in messages.
    pub fn file_name(&self, name: &str) -> FileName {
        if self.path.is_none() && name == self.name {
            return FileName {
                shown: STDIN_NAME.to_owned(),
                tracked: name.to_owned(),
                standard: false,
            };
        }
        self.project.file_name(name)
    }
}

/// The one file that a command is about; says what is wrong where there is none.
pub fn one(root: Option<&Path>, path: Option<&Path>, console: &mut Console) -> Option<Input> {
    let found = Finder::new(root)
        .map_err(|problem| vec![problem])
        .and_then(|finder| finder.one(path));
    match found {
        Ok(input) => Some(input),
        Err(problems) => {
            console.remark(&human::render(&problems, console.err));
            None
        }
    }
}

/// Finds inputs from what the user named.
#[derive(Debug)]
pub struct Finder {
    here: PathBuf,
    root: Option<PathBuf>,
}

impl Finder {
    /// Looks from the current directory; `root` is the project's root where the user names it.
    pub fn new(root: Option<&Path>) -> Result<Self, Report> {
        let here = std::env::current_dir().and_then(fs::canonicalize);
        let here = here.map_err(|error| {
            let message = format!("the current directory cannot be used: {error}");
            alone(Diagnostic::without_place(&codes::UNREADABLE, message))
        })?;
        let root = match root {
            None => None,
            Some(root) => Some(fs::canonicalize(root).map_err(|error| missing(root, &error))?),
        };
        Ok(Finder { here, root })
    }

    /// The one file that a command is about; without a path the repository's only pipeline file.
    pub fn one(&self, path: Option<&Path>) -> Result<Input, Vec<Report>> {
        let paths: Vec<PathBuf> = path.map(Path::to_owned).into_iter().collect();
        let (inputs, problems) = self.all(&paths);
        match problems.is_empty() {
            true => only(inputs),
            false => Err(problems),
        }
    }

    /// Every file that the paths name: a file itself, every pipeline file below a directory, `-`
    /// for standard input; without paths every pipeline file of the repository.
    pub fn all(&self, paths: &[PathBuf]) -> (Vec<Input>, Vec<Report>) {
        let mut problems = Vec::new();
        let mut found: Vec<PathBuf> = Vec::new();
        let mut inputs: Vec<Input> = Vec::new();
        if paths.is_empty() {
            found.extend(self.below(self.project().root(), &mut problems));
        }
        for path in paths.iter().filter(|path| !is_stdin(path)) {
            found.extend(self.at(path, &mut problems));
        }
        let mut seen = HashSet::default();
        found.retain(|path| seen.insert(path.clone()));
        let stdin = paths
            .iter()
            .find(|path| is_stdin(path))
            .map(|_| self.stdin());
        for input in found.into_iter().map(|path| self.file(path)).chain(stdin) {
            match input {
                Ok(input) => inputs.push(input),
                Err(problem) => problems.push(problem),
            }
        }
        (inputs, problems)
    }

    /// The current directory.
    pub fn here(&self) -> &Path {
        &self.here
    }

    /// A path that the user names, from the root of the file system; it need not be there.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        fs::canonicalize(path).unwrap_or_else(|_| self.here.join(path))
    }

    /// The project of a path that need not be there, or of the current directory.
    pub fn project_of_path(&self, path: Option<&Path>) -> Project {
        match path.and_then(Path::parent) {
            Some(folder) => self.project_of(&self.absolute(folder)),
            None => self.project(),
        }
    }

    /// The project of the current directory, or the one that the user named.
    pub fn project(&self) -> Project {
        self.project_of(&self.here)
    }

    fn project_of(&self, directory: &Path) -> Project {
        match &self.root {
            Some(root) => Project::at(root.clone(), &self.here),
            None => Project::of(directory, &self.here),
        }
    }

    /// What a path names; what is wrong with it joins the problems.
    fn at(&self, path: &Path, problems: &mut Vec<Report>) -> Vec<PathBuf> {
        match fs::canonicalize(path) {
            Ok(real) if real.is_dir() => self.below(&real, problems),
            Ok(real) => vec![real],
            Err(error) => {
                problems.push(missing(path, &error));
                Vec::new()
            }
        }
    }

    fn below(&self, directory: &Path, problems: &mut Vec<Report>) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = Vec::new();
        let before = problems.len();
        for found in disk::try_walk(directory) {
            match found {
                Ok(path) if path.file_name().is_some_and(|name| name == PIPELINE_FILE) => {
                    paths.push(path);
                }
                Ok(_) => {}
                Err((path, error)) => {
                    let shown = relative(&path, &self.here);
                    problems.push(unreadable(&shown, &disk::read_error(&error), &[]));
                }
            }
        }
        paths.sort();
        if paths.is_empty() && problems.len() == before {
            let shown = relative(directory, &self.here);
            let place = match shown.as_str() {
                "." => "here or below".to_owned(),
                shown => format!("in `{shown}` or below"),
            };
            let message = format!("there is no `{PIPELINE_FILE}` {place}");
            let problem = Diagnostic::without_place(&codes::NO_PIPELINE_FILE, message)
                .help("`aphex new` writes one to start from; a file of another name is checked when it is named");
            problems.push(alone(problem));
        }
        // A link to a pipeline file is followed, here and nowhere else.
        let real = |path: PathBuf| match fs::canonicalize(&path) {
            Ok(real) => Some(real),
            Err(error) => {
                problems.push(missing(&path, &error));
                None
            }
        };
        paths.into_iter().filter_map(real).collect()
    }

    fn file(&self, path: PathBuf) -> Result<Input, Report> {
        let project = self.project_of(path.parent().unwrap_or(&path));
        let Some(name) = project.name_of(&path) else {
            let shown = relative(&path, &self.here);
            let message = match path.to_str() {
                Some(_) => format!("`{shown}` is not below the project's root"),
                None => format!("the path `{shown}` is not Unicode"),
            };
            return Err(alone(Diagnostic::without_place(
                &codes::UNREADABLE,
                message,
            )));
        };
        // Read here, so that what cannot be read is told the same way by every command.
        let shown = relative(&path, &self.here);
        let bytes = disk::read_bytes(&path, MAX_FILE_SIZE)
            .map_err(|error| unreadable(&shown, &error, &[]))?;
        disk::text(&bytes).map_err(|error| unreadable(&shown, &error, &bytes))?;
        Ok(Input {
            files: project.disk(),
            project,
            name,
            path: Some(path),
        })
    }

    fn stdin(&self) -> Result<Input, Report> {
        let told = |error: ReadError, bytes: &[u8]| unreadable("standard input", &error, bytes);
        let bytes = disk::read_limited(io::stdin().lock(), MAX_FILE_SIZE)
            .map_err(|error| told(disk::read_error(&error), &[]))?;
        let bytes = bytes.ok_or_else(|| {
            let (size, limit) = (MAX_FILE_SIZE + 1, MAX_FILE_SIZE);
            told(ReadError::TooLarge { size, limit }, &[])
        })?;
        let text = disk::text(&bytes).map_err(|error| told(error, &bytes))?;
        let project = self.project();
        let directory = project.name_of(&self.here).unwrap_or_default();
        let path = Path::new(&directory).join(STDIN_NAME);
        let name = path.to_string_lossy().replace('\\', "/");
        Ok(Input {
            files: project.disk().with_overlay(path, text),
            project,
            name,
            path: None,
        })
    }
}

/// The one input that there is to be.
pub fn only(mut inputs: Vec<Input>) -> Result<Input, Vec<Report>> {
    if inputs.len() > 1 {
        let names: Vec<String> = inputs.iter().map(Input::shown).collect();
        let message = format!(
            "there are {} pipeline files, and this command takes one",
            inputs.len()
        );
        let problem = Diagnostic::without_place(&codes::NO_PIPELINE_FILE, message)
            .note(format!("they are:\n{}", names.join("\n")))
            .help("name the one that you mean");
        return Err(vec![alone(problem)]);
    }
    inputs.pop().ok_or_else(Vec::new)
}

fn alone(problem: Diagnostic) -> Report {
    Report::without_sources(vec![problem])
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}
