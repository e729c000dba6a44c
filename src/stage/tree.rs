//! Working trees on one machine: a snapshot of what a person works on, and checkouts of it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run as codes;
use crate::stage::log::Log;
use crate::stage::process::{self, Command, Environment, Stop};

/// What a run works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit.
    pub sha: String,
    /// Where it can be fetched from.
    pub remote: String,
    /// The branch that was checked out, as a reference; empty where there was none.
    pub reference: String,
    /// Whether it holds what was not committed.
    pub local_changes: bool,
}

/// Git, run for its answers.
struct Git<'a> {
    dir: &'a Path,
    env: Environment,
    stop: &'a Stop,
}

impl Git<'_> {
    fn ask(&self, arguments: &[&str]) -> Result<Option<String>, Diagnostic> {
        let mut lines = Vec::new();
        let command = Command::new("git", self.dir)
            .args(arguments)
            .env(self.env.clone());
        let log = Log::new(Vec::new());
        let ended = process::capture(&command, &log, self.stop, &mut |line| {
            lines.push(line.to_owned())
        })?;
        Ok(ended.is_good().then(|| lines.join("\n")))
    }

    fn tell(&self, arguments: &[&str], log: &Log) -> Result<String, Diagnostic> {
        let mut lines = Vec::new();
        let command = Command::new("git", self.dir)
            .args(arguments)
            .env(self.env.clone());
        let ended = process::capture(&command, log, self.stop, &mut |line| {
            lines.push(line.to_owned())
        })?;
        if ended.is_good() {
            return Ok(lines.join("\n"));
        }
        let word = arguments
            .iter()
            .find(|word| !word.starts_with('-'))
            .unwrap_or(&"git");
        Err(
            Diagnostic::without_place(&codes::NO_TREE, format!("`git {word}` has failed"))
                .note(ended.tail.join("\n")),
        )
    }
}

/// A commit of a project as it is, what is not committed and not ignored included. The project's own repository, its index and its
/// branches are not touched: the commit is made in `repository`, which borrows the project's objects.
///
/// With `sha` it is that commit.
pub fn snapshot(
    project: &Path,
    repository: &Path,
    sha: Option<&str>,
    log: &Log,
    stop: &Stop,
) -> Result<Snapshot, Diagnostic> {
    let outer = Git {
        dir: project,
        env: inherited(),
        stop,
    };
    if !repository.join("HEAD").exists() {
        let path = repository.display().to_string();
        outer.tell(&["init", "--quiet", "--bare", &path], log)?;
        outer.tell(
            &[
                "-C",
                &path,
                "config",
                "uploadpack.allowAnySHA1InWant",
                "true",
            ],
            log,
        )?;
    }
    let objects = outer.ask(&[
        "rev-parse",
        "--path-format=absolute",
        "--git-path",
        "objects",
    ])?;
    if let Some(objects) = &objects {
        let path = repository.join("objects/info/alternates");
        let written = fs::create_dir_all(repository.join("objects/info"))
            .and_then(|()| fs::write(&path, format!("{objects}\n")));
        written.map_err(|error| {
            Diagnostic::without_place(
                &codes::NO_TREE,
                format!("`{}` cannot be written", path.display()),
            )
            .note(error.to_string())
        })?;
    }
    let head = outer.ask(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?;
    let reference = outer
        .ask(&["symbolic-ref", "--quiet", "HEAD"])?
        .unwrap_or_default();
    let prefix = outer
        .ask(&["rev-parse", "--show-prefix"])?
        .unwrap_or_default();
    let prefix = prefix.trim_end_matches('/');
    let remote = format!("file://{}", repository.display());
    let index = repository.join("index.snapshot");
    let mut env = inherited();
    env.insert("GIT_DIR".into(), repository.into());
    env.insert("GIT_WORK_TREE".into(), project.into());
    env.insert("GIT_INDEX_FILE".into(), index.into());
    let inner = Git {
        dir: project,
        env: env.clone(),
        stop,
    };
    let tree_of = |commit: &str| match prefix.is_empty() {
        true => format!("{commit}^{{tree}}"),
        false => format!("{commit}:{prefix}"),
    };
    let (from, tree) = match sha {
        Some(sha) => {
            let wanted = format!("{sha}^{{commit}}");
            let commit = outer.ask(&[
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                &wanted,
            ])?;
            let commit = commit.ok_or_else(|| {
                Diagnostic::without_place(
                    &codes::NO_TREE,
                    format!("the repository has no commit `{sha}`"),
                )
                .help("fetch it, or leave `--sha` out: then the working tree is run as it is")
            })?;
            let tree = outer.tell(&["rev-parse", "--verify", &tree_of(&commit)], log)?;
            (Some(commit), tree)
        }
        None => {
            inner.tell(&["add", "--all", "."], log)?;
            (head.clone(), inner.tell(&["write-tree"], log)?)
        }
    };
    let same = match &from {
        Some(commit) => {
            outer
                .ask(&["rev-parse", "--verify", "--quiet", &tree_of(commit)])?
                .as_deref()
                == Some(&tree)
        }
        None => false,
    };
    let sha = match (&from, same && prefix.is_empty()) {
        (Some(commit), true) => commit.clone(),
        _ => {
            let mut git = Git {
                dir: project,
                env,
                stop,
            };
            let who = [
                ("NAME", "aphex run"),
                ("EMAIL", "aphex@localhost"),
                ("DATE", "2000-01-01T00:00:00Z"),
            ];
            for (name, value) in who {
                git.env
                    .insert(format!("GIT_AUTHOR_{name}").into(), value.into());
                git.env
                    .insert(format!("GIT_COMMITTER_{name}").into(), value.into());
            }
            git.tell(
                &[
                    "commit-tree",
                    "--no-gpg-sign",
                    "-m",
                    "A working tree as it was",
                    &tree,
                ],
                log,
            )?
        }
    };
    // Keeps it from being swept away.
    inner.tell(&["update-ref", &format!("refs/runs/{sha}"), &sha], log)?;
    Ok(Snapshot {
        sha,
        remote,
        reference,
        local_changes: !same,
    })
}

/// The tree of a commit, at `source`, which is made anew.
pub fn working_tree(
    remote: &str,
    commit: &str,
    source: &Path,
    log: &Log,
    stop: &Stop,
) -> Result<(), Diagnostic> {
    let parent: PathBuf = source.parent().map(Path::to_owned).unwrap_or_default();
    let mut env = inherited();
    for (name, value) in [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_TERMINAL_PROMPT", "0"),
    ] {
        env.insert(name.into(), value.into());
    }
    let path = source.display().to_string();
    let git = Git {
        dir: &parent,
        env,
        stop,
    };
    git.tell(&["init", "--quiet", &path], log)?;
    git.tell(
        &[
            "-C",
            &path,
            "fetch",
            "--quiet",
            "--depth=1",
            "--end-of-options",
            remote,
            commit,
        ],
        log,
    )?;
    git.tell(
        &[
            "-C",
            &path,
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "advice.detachedHead=false",
            "checkout",
            "--quiet",
            "--detach",
            "FETCH_HEAD",
        ],
        log,
    )?;
    Ok(())
}

/// This process's environment, less what would lead Git elsewhere.
fn inherited() -> Environment {
    let is_git = |name: &OsString| name.to_string_lossy().starts_with("GIT_");
    std::env::vars_os()
        .filter(|(name, _)| !is_git(name))
        .collect()
}
