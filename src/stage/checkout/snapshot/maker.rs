//! The bare repository that commits are made in.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::diagnostics::Diagnostic;
use crate::stage::checkout::changes::{self, Changes};
use crate::stage::checkout::snapshot::{User, Wish, failed, failed_io, good, good_bytes};
use crate::stage::checkout::{Git, Remote};

/// How deep submodules may be in each other.
const DEEPEST: usize = 10;

/// What was found on the way.
#[derive(Default)]
pub(super) struct Found {
    /// Something that no commit holds.
    pub(super) changes: bool,
    /// Repositories that belong to none.
    pub(super) left_out: Vec<PathBuf>,
}

/// The bare repository.
pub(super) struct Maker<'a> {
    git: &'a Git,
    repository: PathBuf,
}

impl<'a> Maker<'a> {
    pub(super) fn open(git: &'a Git, repository: &Path) -> Result<Maker<'a>, Diagnostic> {
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
    pub(super) fn own(&self) -> PathBuf {
        self.repository.join("own")
    }

    pub(super) fn remote(&self) -> Result<Remote, Diagnostic> {
        match self.repository.to_str() {
            Some(path) => Remote::folder_at(path).map_err(failed),
            None => Err(failed("the folder of runs must have a name in UTF-8")),
        }
    }

    /// Borrows the user's objects, and those of ours.
    pub(super) fn borrow(&self, user: Option<&User>) -> Result<(), Diagnostic> {
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
    pub(super) fn writer(&self, index: &Path, tree: &Path) -> Git {
        self.git
            .clone()
            .with_env("GIT_DIR", self.repository.as_os_str())
            .with_env("GIT_OBJECT_DIRECTORY", self.own().into_os_string())
            .with_env("GIT_INDEX_FILE", index.as_os_str())
            .with_env("GIT_WORK_TREE", tree.as_os_str())
    }

    pub(super) fn index(&self) -> Result<tempfile::TempDir, Diagnostic> {
        tempfile::Builder::new()
            .prefix("index-")
            .tempdir_in(&self.repository)
            .map_err(|error| failed_io(&self.repository, &error))
    }

    /// The tree of a folder that is in no repository: all but what its `.gitignore`s ignore.
    pub(super) fn tree_of_folder(&self, folder: &Path) -> Result<String, Diagnostic> {
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
    pub(super) fn tree(
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
    pub(super) fn module(
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
    pub(super) fn borrow_lfs(&self, user: &User) -> Result<(), Diagnostic> {
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

    pub(super) fn borrow_more(&self, user: &User) -> Result<(), Diagnostic> {
        let path = self.repository.join("objects/info/alternates");
        let mut line = user.objects.clone().into_os_string().into_encoded_bytes();
        line.push(b'\n');
        let appended =
            fs::read(&path).and_then(|content| fs::write(&path, [content, line].concat()));
        appended.map_err(|error| failed_io(&self.repository, &error))
    }

    pub(super) fn write_tree(
        &self,
        writer: &Git,
        root: &Path,
        paths: &[u8],
    ) -> Result<String, Diagnostic> {
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
    pub(super) fn commit(
        &self,
        tree: &str,
        parent: Option<(&String, &User)>,
    ) -> Result<String, Diagnostic> {
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
    pub(super) fn keep(&self, commit: &str) -> Result<String, Diagnostic> {
        let git = self
            .git
            .clone()
            .with_env("GIT_DIR", self.repository.as_os_str());
        let name = format!("refs/snapshots/{commit}");
        good(git.ask(&self.repository, ["update-ref", &name, commit])?)?;
        Ok(commit.to_owned())
    }
}
