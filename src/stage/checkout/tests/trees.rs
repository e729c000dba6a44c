use super::server::{Manner, Server};
use super::*;
use crate::diagnostics::codes::run_checkout::{
    COMMIT_GONE, GIT, LFS, NO_REFERENCE, NOT_CHECKED_OUT, REFUSED, UNREACHABLE,
};
use crate::diagnostics::codes::run_process::STOPPED;

/// Three commits, of which none but the last is a branch's end.
fn three(room: &Room) -> (Repository, [String; 3]) {
    let repository = room.repository("acme/shop");
    let commits = ["one", "two", "three"].map(|text| {
        repository.write("file", text);
        repository.commit(text)
    });
    (repository, commits)
}

fn head(tree: &Path) -> String {
    Repository(tree.to_owned()).git(&["rev-parse", "HEAD"])
}

fn history(tree: &Path) -> usize {
    Repository(tree.to_owned())
        .git(&["rev-list", "HEAD"])
        .lines()
        .count()
}

#[test]
fn req_1_5_the_exact_commit_is_checked_out() {
    let room = Room::new();
    let (repository, commits) = three(&room);
    let new = Server::start(room.folder.path(), Manner::default());
    let old = Server::start(
        room.folder.path(),
        Manner {
            old: true,
            ..Manner::default()
        },
    );
    let remotes = [
        repository.remote(),
        new.remote("acme/shop"),
        old.remote("acme/shop"),
    ];
    for (number, remote) in remotes.iter().enumerate() {
        for (commit, text) in commits.iter().zip(["one", "two", "three"]) {
            let into = room.path(&format!("tree-{number}-{text}"));
            let got = checkout(
                &room.git(),
                &wanted(remote, commit),
                &Credentials::None,
                &into,
            );
            assert_eq!(&got.unwrap(), commit);
            assert_eq!(&head(&into), commit);
            assert_eq!(fs::read_to_string(into.join("file")).unwrap(), text);
            assert_eq!(Repository(into).git(&["status", "--porcelain"]), "");
        }
    }
    // The branch may have gone on by now: what was asked for is what is there.
    repository.write("file", "four").commit("four");
    let into = room.path("later");
    checkout(
        &room.git(),
        &wanted(&remotes[1], &commits[1]),
        &Credentials::None,
        &into,
    )
    .unwrap();
    assert_eq!(head(&into), commits[1]);
    assert!(
        room.said().contains("gives out no single commit"),
        "the old server was asked for its branches"
    );
}

#[test]
fn history_is_as_deep_as_wanted() {
    let room = Room::new();
    let (repository, commits) = three(&room);
    repository.git(&["tag", "-a", "v1", "-m", "v1", &commits[0]]);
    repository.git(&["branch", "other", &commits[1]]);
    let server = Server::start(room.folder.path(), Manner::default());
    for (kind, remote) in [
        ("file", repository.remote()),
        ("http", server.remote("acme/shop")),
    ] {
        for (depth, count) in [(1, 1), (2, 2), (0, 3)] {
            let into = room.path(&format!("{kind}-{depth}"));
            let wanted = Wanted {
                depth,
                ..wanted(&remote, &commits[2])
            };
            checkout(&room.git(), &wanted, &Credentials::None, &into).unwrap();
            assert_eq!(history(&into), count, "{kind} {depth}");
        }
    }
    let full = Repository(room.path("http-0"));
    assert_eq!(full.git(&["tag"]), "v1");
    assert_eq!(
        full.git(&["describe", "HEAD"]).split('-').next(),
        Some("v1")
    );
    assert_eq!(full.git(&["rev-parse", "origin/other"]), commits[1]);
}

#[test]
fn older_versions_of_files_may_stay_at_the_remote() {
    let room = Room::new();
    let (repository, commits) = three(&room);
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    let server = Server::start(room.folder.path(), Manner::default());
    let remote = server.remote("acme/shop");
    let into = room.path("tree");
    let wanted = Wanted {
        depth: 0,
        partial: true,
        ..wanted(&remote, &commits[2])
    };
    checkout(&room.git(), &wanted, &Credentials::None, &into).unwrap();
    assert_eq!(fs::read_to_string(into.join("file")).unwrap(), "three");
    let missing = Repository(into).git(&["rev-list", "--objects", "--missing=print", "HEAD"]);
    let missing = missing.lines().filter(|line| line.starts_with('?')).count();
    assert_eq!(missing, 2, "the files of the first two commits");
}

#[test]
fn a_commit_that_a_force_push_took_away_is_told() {
    let room = Room::new();
    let (repository, commits) = three(&room);
    repository.git(&["reset", "--quiet", "--hard", &commits[0]]);
    repository.git(&["reflog", "expire", "--expire=now", "--all"]);
    repository.git(&["gc", "--quiet", "--prune=now"]);
    let new = Server::start(room.folder.path(), Manner::default());
    let old = Server::start(
        room.folder.path(),
        Manner {
            old: true,
            ..Manner::default()
        },
    );
    let remotes = [
        repository.remote(),
        new.remote("acme/shop"),
        old.remote("acme/shop"),
    ];
    for (number, remote) in remotes.iter().enumerate() {
        let wanted = wanted(remote, &commits[2]);
        let into = room.path(&format!("tree-{number}"));
        let error = checkout(&room.git(), &wanted, &Credentials::None, &into).unwrap_err();
        assert_eq!(error.code, &COMMIT_GONE, "{}", told(&error));
        let note = format!("`main` is at `{}` now", commits[0]);
        assert_eq!(error.notes, [note]);
        let gone = Wanted {
            revision: Revision::Commit {
                sha: &commits[2],
                reference: "refs/heads/gone",
            },
            ..wanted
        };
        let into = room.path(&format!("gone-{number}"));
        let error = checkout(&room.git(), &gone, &Credentials::None, &into).unwrap_err();
        assert_eq!(
            (error.code, error.notes[0].as_str()),
            (&COMMIT_GONE, "`gone` is gone, too")
        );
    }
}

#[test]
fn names_mean_branches_then_tags() {
    let room = Room::new();
    let (repository, commits) = three(&room);
    repository.git(&["tag", "-a", "v1", "-m", "v1", &commits[0]]);
    repository.git(&["tag", "both", &commits[0]]);
    repository.git(&["branch", "both", &commits[1]]);
    repository.git(&["branch", "release/1", &commits[1]]);
    let server = Server::start(room.folder.path(), Manner::default());
    let remote = server.remote("acme/shop");
    let get = |name: &str| {
        let wanted = Wanted {
            revision: Revision::Name(name),
            ..wanted(&remote, "")
        };
        let into = room.path(&format!("tree-{}", name.replace('/', "-")));
        checkout(&room.git(), &wanted, &Credentials::None, &into)
    };
    for (name, commit) in [
        ("main", &commits[2]),
        ("v1", &commits[0]),
        ("both", &commits[1]),
        ("refs/tags/both", &commits[0]),
        ("release/1", &commits[1]),
        (commits[1].as_str(), &commits[1]),
    ] {
        assert_eq!(&get(name).unwrap(), commit, "{name}");
    }
    let error = get("mian").unwrap_err();
    assert_eq!(error.code, &NO_REFERENCE);
    assert_eq!(error.help.unwrap(), "did you mean `main`?");
    assert!(get("nothing-like-it").unwrap_err().notes[0].starts_with("it has `both`, `main`"));
}

#[test]
fn a_line_that_breaks_is_tried_again() {
    let room = Room::new();
    let (_repository, commits) = three(&room);
    for (number, manner) in [
        Manner {
            busy: 2,
            ..Manner::default()
        },
        Manner {
            cut: 2,
            ..Manner::default()
        },
        Manner {
            busy: 1,
            cut: 1,
            old: true,
            ..Manner::default()
        },
    ]
    .into_iter()
    .enumerate()
    {
        let server = Server::start(room.folder.path(), manner);
        let remote = server.remote("acme/shop");
        let into = room.path(&format!("tree-{number}"));
        checkout(
            &room.git(),
            &wanted(&remote, &commits[1]),
            &Credentials::None,
            &into,
        )
        .unwrap();
        assert_eq!(head(&into), commits[1]);
    }
    assert!(room.said().contains("trying again in"));
}

#[test]
fn a_repository_that_cannot_be_reached_is_told() {
    let room = Room::new();
    let (_repository, commits) = three(&room);
    let server = Server::start(
        room.folder.path(),
        Manner {
            busy: 1000,
            ..Manner::default()
        },
    );
    let remote = server.remote("acme/shop");
    let error = checkout(
        &room.git(),
        &wanted(&remote, &commits[0]),
        &Credentials::None,
        &room.path("a"),
    );
    assert_eq!(error.unwrap_err().code, &UNREACHABLE);
    assert_eq!(server.requests.load(std::sync::atomic::Ordering::SeqCst), 5);
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let remote = Remote::parse(&format!("http://127.0.0.1:{closed}/acme/shop")).unwrap();
    let error = checkout(
        &room.git(),
        &wanted(&remote, &commits[0]),
        &Credentials::None,
        &room.path("b"),
    );
    assert_eq!(error.unwrap_err().code, &UNREACHABLE);
    let server = Server::start(room.folder.path(), Manner::default());
    let error = checkout(
        &room.git(),
        &wanted(&server.remote("acme/sohp"), &commits[0]),
        &Credentials::None,
        &room.path("c"),
    );
    assert_eq!(error.unwrap_err().code, &REFUSED);
}

#[test]
fn being_told_to_stop_stops_it() {
    let room = Room::new();
    let (_repository, commits) = three(&room);
    let server = Server::start(
        room.folder.path(),
        Manner {
            busy: 1000,
            ..Manner::default()
        },
    );
    let remote = server.remote("acme/shop");
    let mut git = room.git();
    git.pause = Duration::from_secs(600);
    let stop = git.stop.clone();
    let stopper = std::thread::spawn(move || {
        stop.wait(Duration::from_millis(300));
        stop.set("SIGTERM");
    });
    let error = checkout(
        &git,
        &wanted(&remote, &commits[0]),
        &Credentials::None,
        &room.path("a"),
    );
    assert_eq!(error.unwrap_err().code, &STOPPED);
    stopper.join().unwrap();
}

#[test]
fn a_folder_that_is_in_use_is_left_alone() {
    let room = Room::new();
    let (repository, commits) = three(&room);
    fs::create_dir(room.path("tree")).unwrap();
    fs::write(room.path("tree/mine"), "mine").unwrap();
    let remote = repository.remote();
    let error = checkout(
        &room.git(),
        &wanted(&remote, &commits[0]),
        &Credentials::None,
        &room.path("tree"),
    );
    assert_eq!(error.unwrap_err().code, &NOT_CHECKED_OUT);
    assert_eq!(fs::read_dir(room.path("tree")).unwrap().count(), 1);
}

#[test]
fn without_git_or_with_an_old_one_it_says_so() {
    let room = Room::new();
    fs::create_dir(room.path("empty")).unwrap();
    let error = room.find(room.path("empty").to_str().unwrap()).unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str()),
        (&GIT, "there is no `git`")
    );
    for (said, good) in [
        ("git version 2.20.1", false),
        ("git version 1.99", false),
        ("something else", false),
        ("git version 2.32.0", true),
        ("git version 2.50.1 (Apple Git-155)", true),
        ("git version 3.0.0-rc1", true),
    ] {
        let path = room.program("git", &format!("#!/bin/sh\necho '{said}'\n"));
        assert_eq!(
            room.find(&path).map_err(|error| error.code).err(),
            (!good).then_some(&GIT),
            "{said}"
        );
    }
}

#[test]
fn without_git_lfs_it_says_so() {
    let room = Room::new();
    let (repository, commits) = three(&room);
    let path = room.program(
        "git",
        "#!/bin/sh\n[ \"$1\" = lfs ] && exit 1\nPATH=${PATH#*:}\nexec git \"$@\"\n",
    );
    let remote = repository.remote();
    let wanted = Wanted {
        lfs: true,
        ..wanted(&remote, &commits[0])
    };
    let error = checkout(
        &room.git_with(&path),
        &wanted,
        &Credentials::None,
        &room.path("tree"),
    );
    assert_eq!(error.unwrap_err().code, &LFS);
}

#[test]
fn files_of_lfs_are_fetched() {
    let room = Room::new();
    let origin = room.repository("origin");
    if Command::new("git")
        .args(["lfs", "version"])
        .output()
        .is_ok_and(|output| !output.status.success())
    {
        assert!(std::env::var_os("CI").is_none(), "git-lfs is missing");
        eprintln!("skipped: git-lfs is not installed");
        return;
    }
    origin.git(&["config", "receive.denyCurrentBranch", "ignore"]);
    let work = room.repository("work");
    work.git(&["lfs", "install", "--local"]);
    work.git(&[
        "remote",
        "add",
        "origin",
        &format!("file://{}", origin.0.display()),
    ]);
    work.write(
        ".gitattributes",
        "*.bin filter=lfs diff=lfs merge=lfs -text\n",
    )
    .write("a.bin", "large\n");
    let commit = work.commit("one");
    work.git(&["push", "--quiet", "origin", "main"]);
    let remote = origin.remote();
    for lfs in [false, true] {
        let into = room.path(&format!("tree-{lfs}"));
        let wanted = Wanted {
            lfs,
            ..wanted(&remote, &commit)
        };
        checkout(&room.git(), &wanted, &Credentials::None, &into).unwrap();
        let content = fs::read_to_string(into.join("a.bin")).unwrap();
        assert_eq!(content == "large\n", lfs, "{content}");
    }
    fs::remove_dir_all(origin.0.join(".git/lfs")).unwrap();
    let wanted = Wanted {
        lfs: true,
        ..wanted(&remote, &commit)
    };
    let error = checkout(&room.git(), &wanted, &Credentials::None, &room.path("lost"));
    assert_eq!(error.unwrap_err().code, &LFS);
}
