//! Which directory a pipeline file belongs to, and how its files are called.

pub mod disk;

use std::path::{Component, Path, PathBuf};

use crate::diagnostics::FileName;
use crate::project::disk::Disk;
use crate::stdlib;

/// The name that pipeline files have.
pub const PIPELINE_FILE: &str = "pipeline.aphex";

/// Marks the root of a repository that is kept inside another one: an example, a fixture.
const ROOT_MARK: &str = ".aphex-root";

/// A directory that paths in a pipeline start from: the root of its repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    root: PathBuf,
    /// Whether it is a repository, or the pipeline's own directory for want of one.
    tracked: bool,
    /// The directory that the user is in.
    here: PathBuf,
}

impl Project {
    /// The project of what is in `directory`: the nearest one upwards with `.git` (or the mark of
    /// a repository inside another), else `directory` itself. Both paths are canonical.
    pub fn of(directory: &Path, here: &Path) -> Self {
        let is_root = |path: &&Path| path.join(".git").exists() || path.join(ROOT_MARK).exists();
        let found = directory.ancestors().find(is_root);
        Project {
            root: found.unwrap_or(directory).to_owned(),
            tracked: found.is_some(),
            here: here.to_owned(),
        }
    }

    /// A project at a root that the user named.
    pub fn at(root: PathBuf, here: &Path) -> Self {
        Project {
            root,
            tracked: true,
            here: here.to_owned(),
        }
    }

    /// Its root, canonical.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where runs on this machine keep what they leave.
    pub fn store(&self) -> PathBuf {
        self.root.join(".aphex/store")
    }

    /// Its files.
    pub fn disk(&self) -> Disk {
        Disk::new(self.root.clone(), self.tracked)
    }

    /// A path below the root as programs write it, with `/`; `None` where it is elsewhere or is
    /// not Unicode.
    pub fn name_of(&self, path: &Path) -> Option<String> {
        let inside = path.strip_prefix(&self.root).ok()?;
        let parts: Option<Vec<&str>> = inside.iter().map(|part| part.to_str()).collect();
        Some(parts?.join("/"))
    }

    /// How a source is called in messages.
    pub fn file_name(&self, name: &str) -> FileName {
        let path = self.root.join(name);
        let standard = stdlib::MODULES.iter().any(|module| module.file() == name);
        if standard && !path.exists() {
            return FileName {
                shown: name.to_owned(),
                tracked: name.to_owned(),
                standard: true,
            };
        }
        let shown = relative(&path, &self.here);
        let tracked = match self.tracked {
            true => name.to_owned(),
            false => shown.clone(),
        };
        FileName {
            shown,
            tracked,
            standard: false,
        }
    }
}

/// The way from a directory to a path, both absolute.
pub fn relative(path: &Path, from: &Path) -> String {
    let mut to: Vec<Component<'_>> = path.components().collect();
    let mut at: Vec<Component<'_>> = from.components().collect();
    let common = to.iter().zip(&at).take_while(|(a, b)| a == b).count();
    // Nothing in common but the root: the whole path is easier to read.
    if common <= 1 && at.len() > common {
        return path.display().to_string();
    }
    to.drain(..common);
    at.drain(..common);
    let up = at.iter().map(|_| "..".to_owned());
    let down = to
        .iter()
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    let parts: Vec<String> = up.chain(down).collect();
    match parts.is_empty() {
        true => ".".to_owned(),
        false => parts.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_between_paths() {
        let way = |to: &str, from: &str| relative(Path::new(to), Path::new(from));
        assert_eq!(way("/home/a/x.aphex", "/home/a"), "x.aphex");
        assert_eq!(way("/home/a/x.aphex", "/home/b/c"), "../../a/x.aphex");
        assert_eq!(way("/home/a", "/home/a"), ".");
        assert_eq!(way("/srv/x.aphex", "/home/b"), "/srv/x.aphex");
        assert_eq!(way("/srv/x.aphex", "/"), "srv/x.aphex");
    }
}
