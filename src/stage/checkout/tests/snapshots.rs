use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

use super::*;
use crate::diagnostics::codes::run_checkout::{COMMIT_GONE, NO_SNAPSHOT};

/// Every file below a folder, but for repositories: mode and content.
fn files(root: &Path) -> BTreeMap<Vec<u8>, (u32, Vec<u8>)> {
    let mut files = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let name = path
                .strip_prefix(root)
                .unwrap()
                .as_os_str()
                .as_bytes()
                .to_vec();
            if metadata.is_dir() {
                if path.file_name() != Some(OsStr::new(".git")) {
                    open.push(path);
                }
            } else if metadata.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                files.insert(name, (0, target.as_os_str().as_bytes().to_vec()));
            } else if path.file_name() != Some(OsStr::new(".git")) {
                files.insert(name, (metadata.mode() & 0o100, fs::read(&path).unwrap()));
            }
        }
    }
    files
}

/// All there is to know of the files of a repository: nothing of it may change.
fn state(repository: &Path) -> BTreeMap<PathBuf, (u64, u32, i64, i64, Vec<u8>)> {
    let mut state = BTreeMap::new();
    let mut open = vec![repository.to_owned()];
    while let Some(folder) = open.pop() {
        let metadata = fs::metadata(&folder).unwrap();
        state.insert(
            folder.clone(),
            (
                0,
                metadata.mode(),
                metadata.mtime(),
                metadata.mtime_nsec(),
                Vec::new(),
            ),
        );
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                open.push(path);
            } else {
                let content = fs::read(&path).unwrap_or_default();
                let stamp = (
                    metadata.len(),
                    metadata.mode(),
                    metadata.mtime(),
                    metadata.mtime_nsec(),
                    content,
                );
                state.insert(path, stamp);
            }
        }
    }
    state
}

/// Makes a snapshot, of which nothing changes the folder, and checks it out.
fn taken_of(room: &Room, project: &Path, wish: Wish<'_>) -> (Snapshot, PathBuf) {
    let before = state(project);
    let snapshot = snapshot(&room.git(), project, &room.path("runs/repository"), wish).unwrap();
    assert_eq!(
        state(project),
        before,
        "the user's files and repository are as they were"
    );
    let into = tempfile::tempdir_in(room.folder.path()).unwrap().keep();
    checkout(
        &room.git(),
        &wanted(&snapshot.remote, &snapshot.commit),
        &Credentials::None,
        &into,
    )
    .unwrap();
    // What is borrowed can be fetched as well.
    let fetched = tempfile::tempdir_in(room.folder.path()).unwrap().keep();
    let deep = Wanted {
        depth: 2,
        ..wanted(&snapshot.remote, &snapshot.commit)
    };
    checkout(&room.git(), &deep, &Credentials::None, &fetched).unwrap();
    assert_eq!(files(&fetched), files(&into));
    (snapshot, into)
}

fn taken(room: &Room, project: &Path) -> (Snapshot, PathBuf) {
    taken_of(room, project, Wish::default())
}

#[test]
fn a_clean_tree_is_its_commit() {
    let room = Room::new();
    let repository = room.repository("shop");
    repository.write("a", "1").write("b/c", "2").commit("one");
    let head = repository.write("a", "3").commit("two");
    let (snapshot, tree) = taken(&room, &repository.0);
    assert_eq!(snapshot.commit, head);
    assert_eq!(snapshot.base.as_deref(), Some(head.as_str()));
    assert_eq!(
        (snapshot.local_changes, snapshot.reference.as_str()),
        (false, "refs/heads/main")
    );
    assert_eq!(files(&tree), files(&repository.0));
}

#[test]
fn everything_that_is_not_ignored_is_in_it() {
    let room = Room::new();
    let repository = room.repository("shop");
    repository
        .write(".gitignore", "*.log\nforced\n")
        .write("same", "1")
        .write("changed", "1")
        .write("staged", "1");
    repository
        .write("deleted", "1")
        .write("unstaged/deleted", "1")
        .write("moved", "1")
        .write("script", "1")
        .write("becomes-folder", "1");
    repository
        .write("becomes-link", "1")
        .write("cached/removed", "1")
        .write("forced", "1");
    repository.git(&["add", "--force", "forced"]);
    let head = repository.commit("one");
    repository
        .write("changed", "2")
        .write("staged", "2")
        .write("new/untracked", "1")
        .write("ignored.log", "no");
    repository.git(&["add", "staged"]);
    repository.write("staged", "3");
    repository.git(&["rm", "--quiet", "deleted"]);
    fs::remove_file(repository.0.join("unstaged/deleted")).unwrap();
    repository.git(&["mv", "moved", "moved-there"]);
    fs::set_permissions(
        repository.0.join("script"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    fs::remove_file(repository.0.join("becomes-folder")).unwrap();
    repository.write("becomes-folder/file", "1");
    fs::remove_file(repository.0.join("becomes-link")).unwrap();
    std::os::unix::fs::symlink("same", repository.0.join("becomes-link")).unwrap();
    repository.git(&["rm", "--quiet", "--cached", "cached/removed"]);
    repository.write("forced", "2");
    for name in [
        &b"raw \xff\xfe"[..],
        b"new\nline",
        b" spaced ",
        "größe".as_bytes(),
        b"-dash",
        b"\"quoted\"",
    ] {
        fs::write(repository.0.join(OsStr::from_bytes(name)), "1").unwrap();
    }
    // The user's own list of what is ignored counts, too.
    repository
        .write(".git/info/exclude", "private\n")
        .write("private", "no");

    let (snapshot, tree) = taken(&room, &repository.0);
    assert!(snapshot.local_changes);
    assert_ne!(snapshot.commit, head);
    let mut expected = files(&repository.0);
    expected.remove(&b"ignored.log"[..]);
    expected.remove(&b"private"[..]);
    assert_eq!(files(&tree), expected);
    assert_eq!(
        Repository(tree).git(&["log", "-1", "--format=%s"]),
        "The working tree as it was"
    );
    let parents = Repository(room.path("runs/repository"))
        .git(&["rev-parse", &format!("{}^", snapshot.commit)]);
    assert_eq!(parents, head);
    assert_eq!(
        taken(&room, &repository.0).0.commit,
        snapshot.commit,
        "the same tree is the same commit"
    );
}

#[test]
fn a_part_of_a_repository_is_the_root_of_its_commit() {
    let room = Room::new();
    let repository = room.repository("shop");
    repository
        .write(".gitignore", "*.log\n")
        .write("services/api/a", "1")
        .write("services/web/b", "1");
    let head = repository.commit("one");
    let part = repository.0.join("services/api");
    let (clean, tree) = taken(&room, &part);
    assert_eq!(
        (clean.base.as_deref(), clean.local_changes),
        (Some(head.as_str()), false)
    );
    assert_eq!(files(&tree), files(&part));
    repository
        .write("services/api/new", "1")
        .write("services/api/x.log", "no")
        .write("services/web/other", "1");
    let (changed, tree) = taken(&room, &part);
    assert!(changed.local_changes);
    let names: Vec<_> = files(&tree).into_keys().collect();
    assert_eq!(names, [b"a".to_vec(), b"new".to_vec()]);
    // A folder that the commit does not have at all.
    repository.write("services/new/file", "1");
    let (new, tree) = taken(&room, &repository.0.join("services/new"));
    assert!(new.local_changes);
    assert_eq!(files(&tree).len(), 1);
}

#[test]
fn a_folder_in_no_repository_can_be_run() {
    let room = Room::new();
    let folder = room.path("plain");
    let plain = |path: &str, content: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    plain("a", "1");
    plain("b/c", "2");
    plain(".gitignore", "node_modules\n");
    plain("node_modules/x", "no");
    let (snapshot, tree) = taken(&room, &folder);
    assert_eq!((snapshot.base, snapshot.local_changes), (None, true));
    assert_eq!(files(&tree).len(), 3);
    assert_eq!(taken(&room, &folder).0.commit, snapshot.commit);
    let error = super::snapshot(
        &room.git(),
        &folder,
        &room.path("runs/repository"),
        Wish {
            revision: Some("main"),
            ..Wish::default()
        },
    );
    assert_eq!(error.unwrap_err().code, &COMMIT_GONE);
    let error = super::snapshot(
        &room.git(),
        &room.path("nowhere"),
        &room.path("runs/repository"),
        Wish::default(),
    );
    assert_eq!(error.unwrap_err().code, &NO_SNAPSHOT);
}

#[test]
fn a_folder_that_a_repository_ignores_is_in_none() {
    let room = Room::new();
    let repository = room.repository("shop");
    repository.write(".gitignore", "target\n").commit("one");
    repository.write("target/new/pipeline.aphex", "1");
    let (snapshot, tree) = taken(&room, &repository.0.join("target/new"));
    assert_eq!(snapshot.base, None);
    assert_eq!(files(&tree).len(), 1);
}

#[test]
fn before_the_first_commit_there_is_one() {
    let room = Room::new();
    let repository = room.repository("shop");
    repository.write("a", "1").write("b", "1");
    repository.git(&["add", "a"]);
    let (snapshot, tree) = taken(&room, &repository.0);
    assert_eq!((snapshot.base, snapshot.local_changes), (None, true));
    assert_eq!(files(&tree), files(&repository.0));
}

#[test]
fn a_tree_in_the_middle_of_a_merge_is_taken_as_it_is() {
    let room = Room::new();
    let repository = room.repository("shop");
    repository.write("a", "1\n").commit("one");
    repository.git(&["checkout", "--quiet", "-b", "other"]);
    repository.write("a", "2\n").commit("two");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("a", "3\n").commit("three");
    let merge = Command::new("git")
        .args(["merge", "--quiet", "other"])
        .current_dir(&repository.0)
        .output();
    assert!(!merge.unwrap().status.success());
    let (_, tree) = taken(&room, &repository.0);
    let content = fs::read_to_string(tree.join("a")).unwrap();
    assert!(content.contains("<<<<<<<"), "{content}");
}

#[test]
fn what_a_filter_made_of_files_is_what_is_there() {
    let room = Room::new();
    let repository = room.repository("shop");
    repository.git(&["config", "filter.upper.clean", "tr a-z A-Z"]);
    repository.git(&["config", "filter.upper.smudge", "tr A-Z a-z"]);
    repository.write(
        ".gitattributes",
        "*.low filter=upper\n*.crlf text eol=crlf\n",
    );
    repository
        .write("x.low", "text\n")
        .write("y.crlf", "one\r\ntwo\r\n");
    let head = repository.commit("one");
    assert_eq!(repository.git(&["show", "HEAD:x.low"]), "TEXT");
    let (snapshot, tree) = taken(&room, &repository.0);
    assert_eq!((snapshot.base, snapshot.local_changes), (Some(head), false));
    assert_eq!(files(&tree), files(&repository.0));
}

#[test]
fn submodules_become_folders_where_they_are_wanted() {
    let room = Room::new();
    let inner = room.repository("inner");
    inner.write("deep", "1").commit("one");
    let part = room.repository("part");
    part.write("file", "1")
        .write("folder/file", "1")
        .commit("one");
    part.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        &inner.0.display().to_string(),
        "inner",
    ]);
    part.commit("two");
    let repository = room.repository("shop");
    repository.write("a", "1").commit("one");
    repository.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        &part.0.display().to_string(),
        "part",
    ]);
    repository.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "update",
        "--init",
        "--recursive",
    ]);
    let head = repository.commit("two");
    let (without, tree) = taken(&room, &repository.0);
    assert_eq!(
        (without.commit.as_str(), without.local_changes),
        (head.as_str(), false)
    );
    assert!(!tree.join("part/file").exists());
    let wish = Wish {
        submodules: true,
        ..Wish::default()
    };
    let (with, tree) = taken_of(&room, &repository.0, wish);
    assert!(
        !with.local_changes,
        "nothing is there that is not committed"
    );
    assert_eq!(files(&tree), files(&repository.0));
    repository
        .write("part/folder/file", "2")
        .write("part/inner/new", "1");
    let (with, tree) = taken_of(&room, &repository.0, wish);
    assert!(with.local_changes);
    assert_eq!(files(&tree), files(&repository.0));
}

#[test]
fn repositories_in_the_tree_are_left_out_and_named() {
    let room = Room::new();
    let repository = room.repository("shop");
    repository.write("a", "1").commit("one");
    let other = Repository::new(&repository.0.join("vendor/other"));
    other.write("x", "1").commit("one");
    let (snapshot, tree) = taken(&room, &repository.0);
    assert_eq!(snapshot.left_out, [PathBuf::from("vendor/other/")]);
    assert_eq!(files(&tree).len(), 1);
}

#[test]
fn an_earlier_commit_can_be_taken() {
    let room = Room::new();
    let repository = room.repository("shop");
    let first = repository
        .write("a", "1")
        .write("part/b", "1")
        .commit("one");
    repository.write("a", "2").commit("two");
    repository.write("a", "3");
    for name in [first.as_str(), &first[..8], "HEAD~1"] {
        let wish = Wish {
            revision: Some(name),
            ..Wish::default()
        };
        if name.contains('~') {
            let error = super::snapshot(
                &room.git(),
                &repository.0,
                &room.path("runs/repository"),
                wish,
            );
            assert!(error.is_err(), "names, not expressions");
            continue;
        }
        let (snapshot, tree) = taken_of(&room, &repository.0, wish);
        assert_eq!(
            (snapshot.commit, snapshot.local_changes),
            (first.clone(), false)
        );
        assert_eq!(fs::read_to_string(tree.join("a")).unwrap(), "1");
    }
    let wish = Wish {
        revision: Some(&first),
        ..Wish::default()
    };
    let (part, tree) = taken_of(&room, &repository.0.join("part"), wish);
    assert_eq!(part.base, Some(first));
    assert_eq!(files(&tree).len(), 1);
    let wish = Wish {
        revision: Some("nothing"),
        ..Wish::default()
    };
    let error = super::snapshot(
        &room.git(),
        &repository.0,
        &room.path("runs/repository"),
        wish,
    );
    assert_eq!(error.unwrap_err().code, &COMMIT_GONE);
}

#[test]
fn a_shallow_repository_will_do() {
    let room = Room::new();
    let origin = room.repository("origin");
    origin.write("a", "1").commit("one");
    origin.write("a", "2").commit("two");
    let shallow = Repository::new(&room.path("shallow"));
    shallow.git(&[
        "fetch",
        "--quiet",
        "--depth=1",
        &format!("file://{}", origin.0.display()),
        "main",
    ]);
    shallow.git(&["reset", "--quiet", "--hard", "FETCH_HEAD"]);
    shallow.write("b", "1");
    let (_, tree) = taken(&room, &shallow.0);
    assert_eq!(files(&tree), files(&shallow.0));
}

#[test]
fn a_linked_working_tree_will_do() {
    let room = Room::new();
    let repository = room.repository("shop");
    repository.write("a", "1").commit("one");
    repository.git(&["worktree", "add", "--quiet", "-b", "other", "../linked"]);
    let linked = Repository(room.path("linked"));
    linked.write("b", "1");
    let (snapshot, tree) = taken(&room, &linked.0);
    assert_eq!(snapshot.reference, "refs/heads/other");
    assert_eq!(files(&tree), files(&linked.0));
}
