//! The files that match a pattern, none of them outside of the working tree.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use globset::{GlobBuilder, GlobMatcher};

use crate::diagnostics::codes::run_tests as codes;
use crate::diagnostics::{Diagnostic, list_names};
use crate::model::Text;

/// Folders are looked into down to this depth.
const DEEPEST: usize = 64;
/// So many entries of folders are looked at.
const MOST_ENTRIES: usize = 2_000_000;
/// So many files may match a pattern.
const MOST_FILES: usize = 10_000;

/// A file that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Absolute, without symbolic links.
    pub path: PathBuf,
    /// As a path in the working tree.
    pub shown: String,
}

/// What a pattern matches, and what is wrong with that.
#[derive(Debug, Default)]
pub struct Matches {
    /// Sorted by path.
    pub files: Vec<Found>,
    /// One of them says that there is no file, where there is none.
    pub problems: Vec<Diagnostic>,
}

/// Looks for the files that match a pattern and are not older than `since`.
pub fn find(root: &Path, pattern: &Text, since: Option<SystemTime>) -> Matches {
    let mut search = Search {
        root: root.canonicalize().unwrap_or_else(|_| root.to_owned()),
        pattern,
        since,
        found: BTreeMap::new(),
        old: Vec::new(),
        problems: Vec::new(),
    };
    search.all();
    if search.found.is_empty() && search.problems.is_empty() {
        let missing = search.missing();
        search.problems.push(missing);
    }
    let files = search.found.into_iter();
    Matches {
        files: files.map(|(path, shown)| Found { path, shown }).collect(),
        problems: search.problems,
    }
}

struct Search<'a> {
    root: PathBuf,
    pattern: &'a Text,
    since: Option<SystemTime>,
    found: BTreeMap<PathBuf, String>,
    /// Files that match and are older than this run.
    old: Vec<String>,
    problems: Vec<Diagnostic>,
}

impl Search<'_> {
    fn all(&mut self) {
        let pattern = self.pattern.value.trim_start_matches("./");
        let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() else {
            // The checker has refused it; nothing can match.
            return;
        };
        let matcher = glob.compile_matcher();
        let (folder, is_plain) = literal_folder(pattern);
        if is_plain {
            self.take(&self.root.join(pattern), pattern.to_owned());
            return;
        }
        let Ok(start) = self.root.join(&folder).canonicalize() else {
            return;
        };
        if !start.starts_with(&self.root) {
            return self.outside(&folder);
        }
        self.walk(start, folder, &matcher);
    }

    /// Looks below a folder. Links to folders are not followed: they lead in circles, or to what is found anyway.
    fn walk(&mut self, start: PathBuf, shown: String, matcher: &GlobMatcher) {
        let mut open = vec![(start, shown, 0)];
        let mut looked_at = 0;
        while let Some((folder, shown, depth)) = open.pop() {
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries.flatten() {
                looked_at += 1;
                if looked_at > MOST_ENTRIES || self.found.len() > MOST_FILES {
                    return self.too_many();
                }
                let Ok(kind) = entry.file_type() else {
                    continue;
                };
                let name = entry.file_name();
                let below = match shown.is_empty() {
                    true => name.to_string_lossy().into_owned(),
                    false => format!("{shown}/{}", name.to_string_lossy()),
                };
                if kind.is_dir() {
                    if depth < DEEPEST && name != ".git" {
                        open.push((entry.path(), below, depth + 1));
                    }
                } else if matcher.is_match(&below) {
                    self.take(&entry.path(), below);
                }
            }
        }
    }

    /// Takes a file, if it is one, inside of the working tree, and of this run.
    fn take(&mut self, path: &Path, shown: String) {
        let Ok(path) = path.canonicalize() else {
            return;
        };
        if !path.starts_with(&self.root) {
            return self.outside(&shown);
        }
        // A pipe or a device is no report, and reading it would wait for ever.
        let Ok(about) = fs::metadata(&path) else {
            return;
        };
        if !about.is_file() {
            return;
        }
        let is_old = self
            .since
            .is_some_and(|since| about.modified().is_ok_and(|modified| modified < since));
        match is_old {
            true => self.old.push(shown),
            false => drop(self.found.insert(path, shown)),
        }
    }

    fn error(&self, code: &'static crate::diagnostics::Code, message: String) -> Diagnostic {
        Diagnostic::error(code, self.pattern.span, message)
    }

    fn outside(&mut self, shown: &str) {
        let problem = self
            .error(
                &codes::REPORT_OUTSIDE,
                format!("`{shown}` leads out of the working tree"),
            )
            .label("this pattern matches it")
            .help("let a command copy the reports into the working tree");
        self.problems.push(problem);
    }

    fn too_many(&mut self) {
        let problem = self
            .error(
                &codes::REPORT_LIMIT,
                format!(
                    "`{}` matches more than {MOST_FILES} files, or looks at too many",
                    self.pattern.value
                ),
            )
            .help("begin the pattern with the folder of the reports");
        self.problems.push(problem);
    }

    fn missing(&self) -> Diagnostic {
        let pattern = &self.pattern.value;
        let problem = self
            .error(&codes::NO_REPORT, format!("no report matches `{pattern}`"))
            .label("patterns start at the root of the repository");
        if !self.old.is_empty() {
            let names = list_names(self.old.iter().map(String::as_str), 3);
            return problem
                .note(format!("older than the commands of this step: {names}"))
                .help("see why the test runner did not write its report; what was there before is of another run");
        }
        if self.root.join(pattern.trim_end_matches('/')).is_dir() {
            return problem.help(format!(
                "`{pattern}` is a folder: write `{}/**/*.xml`",
                pattern.trim_end_matches('/')
            ));
        }
        let others = self.others();
        let problem = match others.is_empty() {
            true => problem,
            false => problem.note(format!(
                "other XML files: {}",
                list_names(others.iter().map(String::as_str), 5)
            )),
        };
        problem.help("see where the test runner writes its report, and whether it is told to write one: `--junitxml=…`, `--reporter=junit`")
    }

    /// XML files somewhere else, for whoever has to find out what is wrong.
    fn others(&self) -> Vec<String> {
        let Ok(glob) = GlobBuilder::new("{*,*/*,*/*/*,*/*/*/*}.xml")
            .literal_separator(true)
            .build()
        else {
            return Vec::new();
        };
        let everything = Text {
            value: String::new(),
            span: self.pattern.span,
        };
        let mut search = Search {
            root: self.root.clone(),
            pattern: &everything,
            since: self.since,
            found: BTreeMap::new(),
            old: Vec::new(),
            problems: Vec::new(),
        };
        search.walk(self.root.clone(), String::new(), &glob.compile_matcher());
        let own = |name: &String| !name.contains("node_modules/");
        search.found.into_values().filter(own).collect()
    }
}

/// The folder that a pattern begins with, and whether the pattern is the name of one file.
fn literal_folder(pattern: &str) -> (String, bool) {
    let is_special = |part: &&str| part.contains(['*', '?', '[', '{']);
    if !is_special(&pattern) {
        return (String::new(), true);
    }
    let parts: Vec<&str> = pattern
        .split('/')
        .take_while(|part| !is_special(part))
        .collect();
    (parts.join("/"), false)
}
