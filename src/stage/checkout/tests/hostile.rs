//! What a repository holds is not trusted, and neither is a name that somebody else has chosen.

use super::server::{Manner, Server};
use super::*;
use crate::diagnostics::codes::run_checkout::{NO_REFERENCE, NOT_CHECKED_OUT, SUBMODULE};

#[test]
fn names_are_never_options() {
    let room = Room::new();
    let repository = room.repository("origin");
    repository.write("file", "text").commit("one");
    let remote = repository.remote();
    let payload = format!("--upload-pack=touch {}", room.path("pwned").display());
    for name in [
        payload.as_str(),
        "-f",
        "--all",
        "",
        "a b",
        "a..b",
        "a\nb",
        "a^{commit}",
        "HEAD@{1}",
        "refs/heads/*",
        "a:b",
        "/a",
        "a.lock",
        "a\\b",
    ] {
        let commit = Revision::Commit {
            sha: name,
            reference: "refs/heads/main",
        };
        for (revision, code) in [
            (Revision::Name(name), &NO_REFERENCE),
            (commit, &NOT_CHECKED_OUT),
        ] {
            let wanted = Wanted {
                revision,
                depth: 2,
                ..wanted(&remote, "")
            };
            let into = tempfile::tempdir_in(room.folder.path()).unwrap();
            let error =
                checkout(&room.git(), &wanted, &Credentials::None, into.path()).unwrap_err();
            assert_eq!(error.code, code, "{name}");
        }
    }
    // A reference that comes from an event is looked at only where the commit is gone.
    let wanted = Wanted {
        revision: Revision::Commit {
            sha: &"1".repeat(40),
            reference: &payload,
        },
        ..wanted(&remote, "")
    };
    let error = checkout(&room.git(), &wanted, &Credentials::None, &room.path("tree")).unwrap_err();
    assert_eq!((error.code.id, error.notes.len()), ("A0923", 0));
    assert!(!room.path("pwned").exists());
}

#[test]
fn submodules_run_nothing_and_read_nothing_of_this_machine() {
    let room = Room::new();
    let part = room.repository("part");
    let commit = part.write("file", "text").commit("one");
    let pwned = room.path("pwned");
    let touch = format!("touch {}", pwned.display());
    let server = Server::start(room.folder.path(), Manner::default());
    let cases = [
        format!("url = ext::sh -c {}", touch.replace(' ', "% ")),
        format!("url = file://{}", part.0.display()),
        format!("url = {}", part.0.display()),
        format!("url = --upload-pack={touch}"),
        format!("url = ssh://-oProxyCommand={}/x", touch.replace(' ', "%20")),
        format!(
            "url = http://127.0.0.1:{}/part\n\tupdate = !{touch}",
            server.port
        ),
    ];
    for (number, lines) in cases.iter().enumerate() {
        let name = format!("evil-{number}");
        let repository = room.repository(&name);
        repository.write(
            ".gitmodules",
            &format!("[submodule \"part\"]\n\tpath = part\n\t{lines}\n"),
        );
        repository.git(&["add", ".gitmodules"]);
        repository.git(&[
            "update-index",
            "--add",
            "--cacheinfo",
            &format!("160000,{commit},part"),
        ]);
        repository.git(&["commit", "--quiet", "-m", "one"]);
        let evil = repository.git(&["rev-parse", "HEAD"]);
        for (kind, remote) in [
            ("file", repository.remote()),
            ("http", server.remote(&name)),
        ] {
            let into = room.path(&format!("tree-{kind}-{number}"));
            let wanted = Wanted {
                submodules: true,
                ..wanted(&remote, &evil)
            };
            let error = checkout(&room.git(), &wanted, &Credentials::None, &into).unwrap_err();
            assert_eq!(error.code, &SUBMODULE, "{lines}: {}", told(&error));
            assert!(!into.join("part/file").exists(), "{lines}");
        }
    }
    assert!(!pwned.exists());
}

#[test]
fn nobodys_configuration_counts_and_no_hook_or_filter_runs() {
    let room = Room::new();
    let repository = room.repository("origin");
    repository
        .write("file", "text")
        .write(".gitattributes", "* filter=evil\n");
    let commit = repository.commit("one");
    let pwned = room.path("pwned");
    let home = room.path("home");
    let hooks = room.path("hooks");
    fs::create_dir_all(home.join(".config/git")).unwrap();
    fs::create_dir_all(&hooks).unwrap();
    let script = format!("#!/bin/sh\ntouch {}\n", pwned.display());
    for hook in [
        "post-checkout",
        "reference-transaction",
        "post-index-change",
    ] {
        fs::write(hooks.join(hook), &script).unwrap();
        fs::set_permissions(hooks.join(hook), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let config = format!(
        "[core]\n\thooksPath = {hooks}\n\tfsmonitor = {hooks}/post-checkout\n[filter \"evil\"]\n\tsmudge = {hooks}/post-checkout\n[url \"https://evil.example/\"]\n\tinsteadOf = file://\n",
        hooks = hooks.display()
    );
    fs::write(home.join(".gitconfig"), &config).unwrap();
    fs::write(home.join(".config/git/config"), &config).unwrap();
    let mut base = Environment::new();
    base.insert("PATH".into(), std::env::var_os("PATH").unwrap());
    base.insert("HOME".into(), home.clone().into());
    base.insert("GIT_CONFIG_GLOBAL".into(), home.join(".gitconfig").into());
    let git = room.git();
    let mut git = Git::find_with(base, &git.log, &git.stop).unwrap();
    git.private = room.folder.path().to_owned();
    let remote = repository.remote();
    for depth in [1, 2] {
        let into = room.path(&format!("tree-{depth}"));
        checkout(
            &git,
            &Wanted {
                depth,
                ..wanted(&remote, &commit)
            },
            &Credentials::None,
            &into,
        )
        .unwrap();
        assert_eq!(fs::read_to_string(into.join("file")).unwrap(), "text");
    }
    assert!(!pwned.exists());
}
