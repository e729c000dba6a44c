//! A commit of a working tree as it is.
//!
//! It is made in a bare repository of ours, which borrows the objects of the user's. Theirs is read and never written: no
//! index, no reference, no object; not even the time of a file in it changes (Git would freshen an object that it finds
//! borrowed, so new ones are made where nothing is borrowed).
//!
//! What has not changed is taken from the commit that the tree is based on; what Git's own status says has changed, and what
//! a filter has made of a file (LFS), is read from the tree.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_checkout::{COMMIT_GONE, NO_SNAPSHOT};
use crate::stage::checkout::changes::{self, Changes};
use crate::stage::checkout::git::{self, Answer};
use crate::stage::checkout::{Git, Remote, reference};
use crate::stage::process::Environment;
use crate::stage::store;

/// How deep submodules may be in each other.
const DEEPEST: usize = 10;

/// What a snapshot is to be of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    /// A commit (or a name of one) in place of the tree as it is.
    pub revision: Option<&'a str>,
    /// Whether what is in submodules becomes part of it, as plain files. Without it they are empty folders.
    pub submodules: bool,
    /// Whether files of Git LFS become part of it with their content. Without it they are what points at it, where they have not changed.
    pub lfs: bool,
}

/// A commit that can be checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// It.
    pub commit: String,
    /// Where it is.
    pub remote: Remote,
    /// The user's own commit that it is based on; `None` where there is none.
    pub base: Option<String>,
    /// The branch that is checked out, in full; empty where none is.
    pub reference: String,
    /// Whether it holds something that `base` does not.
    pub local_changes: bool,
    /// Other repositories in the tree, which belong to no commit and are left out.
    pub left_out: Vec<PathBuf>,
}

/// Makes a commit of the working tree at `project`, in the bare repository `repository`, which is made where it is not there.
/// `project` may be a part of a repository: then it is the root of the commit. It may be in no repository at all.
pub fn snapshot(
    git: &Git,
    project: &Path,
    repository: &Path,
    wish: Wish<'_>,
) -> Result<Snapshot, Diagnostic> {
    let project = fs::canonicalize(project).map_err(|error| failed_io(project, &error))?;
    let maker = Maker::open(git, repository)?;
    let user = User::find(git, &project)?;
    maker.borrow(user.as_ref())?;
    let mut left_out = Vec::new();
    let Some(user) = user else {
        if let Some(revision) = wish.revision {
            return Err(no_commit(revision).note("the project is in no Git repository"));
        }
        let tree = maker.tree_of_folder(&project)?;
        let commit = maker.commit(&tree, None)?;
        return Ok(Snapshot {
            commit,
            remote: maker.remote()?,
            base: None,
            reference: String::new(),
            local_changes: true,
            left_out,
        });
    };
    let base = match wish.revision {
        Some(revision) => Some(user.commit(revision)?),
        None => user.head()?,
    };
    let base_tree = match &base {
        Some(base) => user.tree(base)?,
        None => None,
    };
    let mut local_changes = false;
    let tree = match (wish.revision, &base_tree) {
        (Some(revision), None) => {
            return Err(no_commit(revision).note("the project's folder is not in it"));
        }
        (Some(_), Some(tree)) => tree.clone(),
        (None, tree) => {
            let mut found = Found::default();
            let made = maker.tree(&user, tree.as_deref(), wish, 0, &mut found)?;
            local_changes = found.changes;
            left_out = found.left_out;
            made
        }
    };
    let commit = match &base {
        Some(base) if Some(&tree) == base_tree.as_ref() && user.prefix.is_empty() => {
            maker.keep(base)?
        }
        // A part of a repository has a history of its own, which nobody has written.
        base => maker.commit(
            &tree,
            base.as_ref()
                .filter(|_| user.prefix.is_empty())
                .map(|base| (base, &user)),
        )?,
    };
    Ok(Snapshot {
        commit,
        remote: maker.remote()?,
        base,
        reference: match wish.revision {
            None => user.branch()?,
            Some(_) => String::new(),
        },
        local_changes,
        left_out,
    })
}

/// The user's repository, which is only read. Their own configuration applies: what they have told Git to ignore is ignored.
pub(super) struct User {
    environment: Environment,
    /// The folder of which a commit is made.
    pub(super) root: PathBuf,
    /// Where it is in the repository: empty, or `part/of/it/`.
    pub(super) prefix: Vec<u8>,
    objects: PathBuf,
    shallow: Option<Vec<u8>>,
}

impl User {
    /// The repository that a folder is part of; `None` where it is in none, or where the repository ignores it.
    pub(super) fn find(git: &Git, root: &Path) -> Result<Option<User>, Diagnostic> {
        let mut environment = git.environment();
        let own =
            std::env::vars_os().filter(|(name, _)| !name.to_string_lossy().starts_with("GIT_"));
        environment.retain(|name, _| !name.to_string_lossy().starts_with("GIT_"));
        environment.extend(own);
        for (name, value) in [
            ("LC_ALL", "C"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_TERMINAL_PROMPT", "0"),
        ] {
            environment.insert(name.into(), value.into());
        }
        let mut user = User {
            environment,
            root: root.to_owned(),
            prefix: Vec::new(),
            objects: PathBuf::new(),
            shallow: None,
        };
        let inside = user.ask(["rev-parse", "--is-inside-work-tree"])?;
        if inside.text() != "true" {
            // Git refuses the repository of another user; that is no reason to run what is not in it.
            return match inside.said.contains("dubious ownership") {
                true => Err(
                    failed("the repository of the project belongs to somebody else")
                        .note(inside.said),
                ),
                false => Ok(None),
            };
        }
        user.prefix = user.told(["rev-parse", "--show-prefix"])?;
        let objects = user.told([
            "rev-parse",
            "--path-format=absolute",
            "--git-path",
            "objects",
        ])?;
        let shallow = user.told([
            "rev-parse",
            "--path-format=absolute",
            "--git-path",
            "shallow",
        ])?;
        user.objects = changes::path(&objects);
        user.shallow = fs::read(changes::path(&shallow)).ok();
        if !user.prefix.is_empty() {
            let ignored = user.ask(["check-ignore", "--quiet", "."])?.good;
            if ignored && user.told(["ls-files", "--", "."])?.is_empty() {
                return Ok(None);
            }
        }
        Ok(Some(user))
    }

    pub(super) fn ask<S: AsRef<std::ffi::OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Result<Answer, Diagnostic> {
        self.ask_with(args, b"")
    }

    pub(super) fn ask_with<S: AsRef<std::ffi::OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
        input: &[u8],
    ) -> Result<Answer, Diagnostic> {
        // The user's own monitor would be started, and would write.
        let always = [
            "-c",
            "core.fsmonitor=false",
            "-c",
            "log.showSignature=false",
        ]
        .map(OsString::from);
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
        git::ask(
            &self.environment,
            &self.root,
            always.into_iter().chain(args),
            input,
        )
    }

    /// An answer that must be there, without its line end.
    pub(super) fn told<S: AsRef<std::ffi::OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Result<Vec<u8>, Diagnostic> {
        good(self.ask(args)?)
    }

    fn head(&self) -> Result<Option<String>, Diagnostic> {
        let answer = self.ask(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?;
        Ok(answer.good.then(|| answer.text()))
    }

    fn branch(&self) -> Result<String, Diagnostic> {
        let answer = self.ask(["symbolic-ref", "--quiet", "HEAD"])?;
        Ok(if answer.good {
            answer.text()
        } else {
            String::new()
        })
    }

    fn commit(&self, revision: &str) -> Result<String, Diagnostic> {
        reference::check(revision)?;
        let wanted = format!("{revision}^{{commit}}");
        let answer = self.ask([
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &wanted,
        ])?;
        match answer.good {
            true => Ok(answer.text()),
            false => Err(no_commit(revision)
                .help("fetch it, or leave it out: then the working tree is run as it is")),
        }
    }

    /// The tree of the folder in a commit; `None` where the commit does not have the folder.
    fn tree(&self, commit: &str) -> Result<Option<String>, Diagnostic> {
        let mut wanted = OsString::from(format!("{commit}:"));
        wanted.push(changes::path(
            self.prefix.strip_suffix(b"/").unwrap_or(&self.prefix),
        ));
        let answer = self.ask([
            &OsString::from("rev-parse"),
            &"--verify".into(),
            &"--quiet".into(),
            &wanted,
        ])?;
        Ok(answer.good.then(|| answer.text()))
    }
}

/// What was found on the way.
#[derive(Default)]
struct Found {
    /// Something that no commit holds.
    changes: bool,
    /// Repositories that belong to none.
    left_out: Vec<PathBuf>,
}

/// The bare repository.
struct Maker<'a> {
    git: &'a Git,
    repository: PathBuf,
}

impl<'a> Maker<'a> {
    fn open(git: &'a Git, repository: &Path) -> Result<Maker<'a>, Diagnostic> {
        fs::create_dir_all(repository).map_err(|error| failed_io(repository, &error))?;
        let repository =
            fs::canonicalize(repository).map_err(|error| failed_io(repository, &error))?;
        let maker = Maker { git, repository };
        let init = git.ask(
            &maker.repository,
            ["init", "--quiet", "--bare", "--template=", "."],
        )?;
        good(init)?;
        fs::create_dir_all(maker.own()).map_err(|error| failed_io(&maker.repository, &error))?;
        Ok(maker)
    }

    /// Where new objects go: beside those that are borrowed, not in front of them.
    fn own(&self) -> PathBuf {
        self.repository.join("own")
    }

    fn remote(&self) -> Result<Remote, Diagnostic> {
        match self.repository.to_str() {
            Some(path) => Remote::folder_at(path).map_err(failed),
            None => Err(failed("the folder of runs must have a name in UTF-8")),
        }
    }

    /// Borrows the user's objects, and those of ours.
    fn borrow(&self, user: Option<&User>) -> Result<(), Diagnostic> {
        let mut alternates = self.own().into_os_string().into_encoded_bytes();
        alternates.push(b'\n');
        if let Some(user) = user {
            alternates.extend(user.objects.as_os_str().as_encoded_bytes());
            alternates.push(b'\n');
            self.borrow_lfs(user)?;
        }
        let shallow = self.repository.join("shallow");
        let written = fs::create_dir_all(self.repository.join("objects/info"))
            .and_then(|()| fs::write(self.repository.join("objects/info/alternates"), alternates))
            .and_then(|()| match user.and_then(|user| user.shallow.as_ref()) {
                Some(content) => fs::write(&shallow, content),
                None => match fs::remove_file(&shallow) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                    _ => Ok(()),
                },
            });
        written.map_err(|error| failed_io(&self.repository, &error))
    }

    /// Git that writes objects where nothing is borrowed, with an index of its own and the user's tree.
    fn writer(&self, index: &Path, tree: &Path) -> Git {
        self.git
            .clone()
            .with_env("GIT_DIR", self.repository.as_os_str())
            .with_env("GIT_OBJECT_DIRECTORY", self.own().into_os_string())
            .with_env("GIT_INDEX_FILE", index.as_os_str())
            .with_env("GIT_WORK_TREE", tree.as_os_str())
    }

    fn index(&self) -> Result<tempfile::TempDir, Diagnostic> {
        tempfile::Builder::new()
            .prefix("index-")
            .tempdir_in(&self.repository)
            .map_err(|error| failed_io(&self.repository, &error))
    }

    /// The tree of a folder that is in no repository: all but what its `.gitignore`s ignore.
    fn tree_of_folder(&self, folder: &Path) -> Result<String, Diagnostic> {
        let index = self.index()?;
        let writer = self.writer(&index.path().join("index"), folder);
        let listed = writer.ask(
            folder,
            [
                "ls-files",
                "-z",
                "--others",
                "--exclude-per-directory=.gitignore",
            ],
        )?;
        let listed = good_bytes(listed)?;
        // A repository in it is listed as `folder/`.
        let files: Vec<u8> = changes::records(&listed)
            .filter(|path| !path.ends_with(b"/"))
            .flat_map(|path| [path, b"\0"].concat())
            .collect();
        self.write_tree(&writer, folder, &files)
    }

    /// The tree of the user's folder as it is.
    fn tree(
        &self,
        user: &User,
        base: Option<&str>,
        wish: Wish<'_>,
        depth: usize,
        found: &mut Found,
    ) -> Result<String, Diagnostic> {
        let index = self.index()?;
        let writer = self.writer(&index.path().join("index"), &user.root);
        if let Some(base) = base {
            let borrowing = writer
                .clone()
                .with_env("GIT_ALTERNATE_OBJECT_DIRECTORIES", user.objects.as_os_str());
            good(borrowing.ask(&user.root, ["read-tree", base])?)?;
        }
        let Changes {
            any,
            changed,
            removed,
            submodules: modules,
            repositories,
        } = changes::of(user, wish.lfs)?;
        found.changes |= any;
        found.left_out.extend(repositories);
        let gone: Vec<u8> = removed
            .iter()
            .flat_map(|path| [path, &b"\0"[..]].concat())
            .collect();
        if !gone.is_empty() {
            let args = ["update-index", "-z", "--force-remove", "--stdin"];
            good(writer.ask_with(&user.root, args, &gone)?)?;
        }
        let paths: Vec<u8> = changed
            .iter()
            .flat_map(|path| [path, &b"\0"[..]].concat())
            .collect();
        for module in modules {
            self.module(user, &writer, &module, wish, depth, found)?;
        }
        self.write_tree(&writer, &user.root, &paths)
    }

    /// Puts what is in a submodule into the index in its place.
    fn module(
        &self,
        user: &User,
        writer: &Git,
        module: &[u8],
        wish: Wish<'_>,
        depth: usize,
        found: &mut Found,
    ) -> Result<(), Diagnostic> {
        let path = changes::path(module);
        let root = user.root.join(&path);
        if !wish.submodules || !root.join(".git").exists() {
            return Ok(());
        }
        if depth >= DEEPEST {
            return Err(failed(format!(
                "more than {DEEPEST} submodules are in each other"
            )));
        }
        let Some(inner) = User::find(self.git, &root)? else {
            return Ok(());
        };
        let base = match inner.head()? {
            Some(head) => inner.tree(&head)?,
            None => None,
        };
        let tree = self.tree(
            &inner,
            base.as_deref(),
            wish,
            depth.saturating_add(1),
            found,
        )?;
        self.borrow_more(&inner)?;
        let remove = [module, b"\0"].concat();
        good(writer.ask_with(
            &user.root,
            ["update-index", "-z", "--force-remove", "--stdin"],
            &remove,
        )?)?;
        let mut prefix = OsString::from("--prefix=");
        prefix.push(&path);
        prefix.push("/");
        let borrowing = writer.clone().with_env(
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            inner.objects.as_os_str(),
        );
        good(borrowing.ask(
            &user.root,
            [OsString::from("read-tree"), prefix, tree.into()],
        )?)?;
        Ok(())
    }

    /// Lets files of Git LFS be fetched from here: `git-lfs` looks for them in `lfs` of a repository on the same machine.
    fn borrow_lfs(&self, user: &User) -> Result<(), Diagnostic> {
        let theirs = user.objects.with_file_name("lfs");
        let ours = self.repository.join("lfs");
        if !theirs.is_dir() || ours.symlink_metadata().is_ok() {
            return Ok(());
        }
        match symlink(&theirs, &ours) {
            // Another run was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked.map_err(|error| failed_io(&ours, &error)),
        }
    }

    fn borrow_more(&self, user: &User) -> Result<(), Diagnostic> {
        let path = self.repository.join("objects/info/alternates");
        let mut line = user.objects.clone().into_os_string().into_encoded_bytes();
        line.push(b'\n');
        let appended =
            fs::read(&path).and_then(|content| fs::write(&path, [content, line].concat()));
        appended.map_err(|error| failed_io(&self.repository, &error))
    }

    fn write_tree(&self, writer: &Git, root: &Path, paths: &[u8]) -> Result<String, Diagnostic> {
        if !paths.is_empty() {
            let args = [
                "update-index",
                "-z",
                "--add",
                "--remove",
                "--replace",
                "--stdin",
            ];
            good(writer.ask_with(root, args, paths)?)?;
        }
        let tree = good(writer.ask(root, ["write-tree", "--missing-ok"])?)?;
        Ok(String::from_utf8_lossy(&tree).into_owned())
    }

    /// A commit of a tree. The same tree on the same commit is the same commit, whenever it is made.
    fn commit(&self, tree: &str, parent: Option<(&String, &User)>) -> Result<String, Diagnostic> {
        let mut date = "0 +0000".to_owned();
        let mut args = vec![
            "commit-tree",
            "--no-gpg-sign",
            "-m",
            "The working tree as it was",
        ];
        if let Some((parent, user)) = parent {
            let told = user.told(["show", "--no-patch", "--format=%ct", parent])?;
            date = format!("{} +0000", String::from_utf8_lossy(&told));
            args.extend(["-p", parent]);
        }
        args.push(tree);
        let mut git = self
            .git
            .clone()
            .with_env("GIT_DIR", self.repository.as_os_str());
        for who in ["AUTHOR", "COMMITTER"] {
            git = git
                .with_env(&format!("GIT_{who}_NAME"), "aphex")
                .with_env(&format!("GIT_{who}_EMAIL"), "aphex@localhost")
                .with_env(&format!("GIT_{who}_DATE"), format!("@{date}"));
        }
        let commit = good(git.ask(&self.repository, args)?)?;
        self.keep(&String::from_utf8_lossy(&commit))
    }

    /// Gives a commit a reference, so that it can be fetched.
    fn keep(&self, commit: &str) -> Result<String, Diagnostic> {
        let git = self
            .git
            .clone()
            .with_env("GIT_DIR", self.repository.as_os_str());
        let name = format!("refs/snapshots/{commit}");
        good(git.ask(&self.repository, ["update-ref", &name, commit])?)?;
        Ok(commit.to_owned())
    }
}

fn good(answer: Answer) -> Result<Vec<u8>, Diagnostic> {
    let mut out = good_bytes(answer)?;
    if out.last() == Some(&b'\n') {
        out.pop();
    }
    Ok(out)
}

pub(super) fn good_bytes(answer: Answer) -> Result<Vec<u8>, Diagnostic> {
    match answer.good {
        true => Ok(answer.out),
        false => Err(failed("the working tree cannot be read").note(answer.said)),
    }
}

fn failed(message: impl Into<String>) -> Diagnostic {
    Diagnostic::without_place(&NO_SNAPSHOT, message)
}

fn failed_io(path: &Path, error: &io::Error) -> Diagnostic {
    store::explain(
        failed(format!("`{}` cannot be used", path.display())),
        error,
    )
}

fn no_commit(revision: &str) -> Diagnostic {
    Diagnostic::without_place(
        &COMMIT_GONE,
        format!("there is no commit `{revision}` here"),
    )
}
