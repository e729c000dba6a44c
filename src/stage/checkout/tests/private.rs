//! Credentials go where they belong and nowhere else.

use super::server::{Manner, Server};
use super::*;
use crate::diagnostics::codes::run_checkout::{CREDENTIALS, REFUSED};

const TOKEN: &str = "ghs_16C7e42F292c6912E7710c838347Ae178B4a";
const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0LWtleS1ieXRlcw\n-----END OPENSSH PRIVATE KEY-----\n";

fn secret(room: &Room, files: &[(&str, &str)]) -> PathBuf {
    let folder = tempfile::tempdir_in(room.folder.path()).unwrap().keep();
    for (name, content) in files {
        fs::write(folder.join(name), content).unwrap();
    }
    folder
}

fn repository(room: &Room) -> (Repository, String) {
    let repository = room.repository("acme/shop");
    let commit = repository.write("file", "text").commit("one");
    (repository, commit)
}

/// Everything below a folder holds no secret.
fn assert_no_secret_in(folder: &Path) {
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let content = fs::read(&path).unwrap();
                let text = String::from_utf8_lossy(&content);
                assert!(
                    !text.contains(TOKEN) && !text.contains("c2VjcmV0"),
                    "{path:?}"
                );
            }
        }
    }
}

/// A `git` that writes down what it is called with, and an environment with it.
fn watched(room: &Room) -> (String, PathBuf) {
    let calls = room.path("calls");
    let script = format!(
        "#!/bin/sh\n{{ echo \"$0 $*\"; env; }} >> '{}'\nPATH=${{PATH#*:}}\nexec git \"$@\"\n",
        calls.display()
    );
    (room.program("git", &script), calls)
}

#[test]
fn a_token_reaches_its_host_and_nothing_else() {
    let room = Room::new();
    let (_repository, commit) = repository(&room);
    let manner = Manner {
        token: Some(TOKEN),
        ..Manner::default()
    };
    let server = Server::start(room.folder.path(), manner);
    let (path, calls) = watched(&room);
    for (number, files) in [
        [("value", TOKEN), ("x", "")],
        [("value", &format!("{TOKEN}\n")), ("x", "")],
        [("token", TOKEN), ("x", "")],
        [("password", TOKEN), ("username", "x-access-token")],
    ]
    .iter()
    .enumerate()
    {
        let folder = secret(&room, files);
        let credentials = Credentials::read(&folder).unwrap();
        let remote = server.remote("acme/shop");
        let into = room.path(&format!("tree-{number}"));
        let wanted = Wanted {
            depth: 0,
            ..wanted(&remote, &commit)
        };
        checkout(&room.git_with(&path), &wanted, &credentials, &into).unwrap();
        assert_no_secret_in(&into);
    }
    let calls = fs::read_to_string(calls).unwrap();
    assert!(calls.contains("fetch") && !calls.contains(TOKEN));
    assert!(!room.said().contains(TOKEN));
    let left = fs::read_dir(room.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left
        .filter(|name| name.to_string_lossy().starts_with("aphex-git-"))
        .collect();
    assert_eq!(left.len(), 0, "scripts and copies are gone");
}

#[test]
fn a_wrong_token_or_none_is_told_without_showing_it() {
    let room = Room::new();
    let (_repository, commit) = repository(&room);
    let manner = Manner {
        token: Some(TOKEN),
        ..Manner::default()
    };
    let server = Server::start(room.folder.path(), manner);
    let remote = server.remote("acme/shop");
    let wrong = "ghs_0000000000000000000000000000wrong";
    let folder = secret(&room, &[("value", wrong)]);
    for (number, credentials) in [Credentials::None, Credentials::read(&folder).unwrap()]
        .iter()
        .enumerate()
    {
        let into = room.path(&format!("tree-{number}"));
        let error =
            checkout(&room.git(), &wanted(&remote, &commit), credentials, &into).unwrap_err();
        assert_eq!(error.code, &REFUSED, "{}", told(&error));
        assert!(!told(&error).contains(wrong));
    }
    assert!(!room.said().contains(wrong));
}

/// A repository with a submodule at this URL.
fn with_submodule(room: &Room, name: &str, url: &str, commit: &str) -> (Repository, String) {
    let repository = room.repository(name);
    let modules = format!("[submodule \"part\"]\n\tpath = part\n\turl = {url}\n");
    repository.write(".gitmodules", &modules);
    repository.git(&["add", ".gitmodules"]);
    repository.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{commit},part"),
    ]);
    repository.git(&["commit", "--quiet", "-m", "one"]);
    let commit = repository.git(&["rev-parse", "HEAD"]);
    (repository, commit)
}

#[test]
fn submodules_of_the_same_host_get_the_token_those_of_others_do_not() {
    let room = Room::new();
    let (_part, part) = repository(&room);
    let manner = Manner {
        token: Some(TOKEN),
        ..Manner::default()
    };
    let own = Server::start(room.folder.path(), manner);
    let stranger = Server::start(
        room.folder.path(),
        Manner {
            token: Some("other"),
            ..Manner::default()
        },
    );
    let credentials = Credentials::read(&secret(&room, &[("value", TOKEN)])).unwrap();
    let urls = [
        ("same", format!("http://127.0.0.1:{}/acme/shop", own.port)),
        ("relative", "../acme/shop".to_owned()),
        ("ssh", "git@127.0.0.1:acme/shop".to_owned()),
        ("ssh-url", "ssh://git@127.0.0.1/acme/shop".to_owned()),
    ];
    for (name, url) in urls {
        let (_repository, commit) = with_submodule(&room, name, &url, &part);
        let remote = own.remote(name);
        let into = room.path(&format!("tree-{name}"));
        let wanted = Wanted {
            submodules: true,
            ..wanted(&remote, &commit)
        };
        checkout(&room.git(), &wanted, &credentials, &into).unwrap();
        assert_eq!(
            fs::read_to_string(into.join("part/file")).unwrap(),
            "text",
            "{name}"
        );
        assert_no_secret_in(&into);
    }
    let url = format!("http://127.0.0.1:{}/acme/shop", stranger.port);
    let (_repository, commit) = with_submodule(&room, "stranger", &url, &part);
    let remote = own.remote("stranger");
    let wanted = Wanted {
        submodules: true,
        ..wanted(&remote, &commit)
    };
    let error = checkout(&room.git(), &wanted, &credentials, &room.path("tree")).unwrap_err();
    assert_eq!(error.code.id, "A0927", "{}", told(&error));
    assert_eq!(*stranger.authorizations.lock().unwrap(), [""; 0]);
    assert!(!own.authorizations.lock().unwrap().is_empty());
}

#[test]
fn a_key_is_used_through_ssh_for_hosts_that_are_known() {
    let room = Room::new();
    let (repository, commit) = repository(&room);
    // Notes what it is called with, and runs what is to run at the host.
    let calls = room.path("ssh-calls");
    let script = format!(
        "#!/bin/sh\nfor word; do echo \"$word\"; done >> '{}'\nfor word; do last=$word; done\neval \"$(echo \"$last\" | sed \"s#'/acme/shop'#'{}'#\")\"\n",
        calls.display(),
        repository.0.display()
    );
    let path = room.program("ssh", &script);
    let folder = secret(
        &room,
        &[
            ("ssh-privatekey", KEY),
            ("known_hosts", "git.acme.example ssh-ed25519 AAAA\n"),
        ],
    );
    let credentials = Credentials::read(&folder).unwrap();
    let remote = Remote::parse("https://git.acme.example/acme/shop").unwrap();
    let into = room.path("tree");
    checkout(
        &room.git_with(&path),
        &wanted(&remote, &commit),
        &credentials,
        &into,
    )
    .unwrap();
    assert_eq!(fs::read_to_string(into.join("file")).unwrap(), "text");
    assert_no_secret_in(&into);
    let calls = fs::read_to_string(calls).unwrap();
    for word in [
        "-F\n/dev/null\n",
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        "StrictHostKeyChecking=yes",
        "GlobalKnownHostsFile=/dev/null",
        "git@git.acme.example",
    ] {
        assert!(calls.contains(word), "{word}: {calls}");
    }
    assert!(!calls.contains("c2VjcmV0"));
    let config = fs::read_to_string(into.join(".git/config")).unwrap();
    assert!(
        config.contains("ssh://git@git.acme.example/acme/shop")
            && !config.contains("ssh-privatekey")
    );
}

#[test]
fn a_host_that_is_not_known_is_refused() {
    let room = Room::new();
    let script = "#!/bin/sh\necho 'No ED25519 host key is known for git.acme.example and you have requested strict checking.' >&2\necho 'Host key verification failed.' >&2\nexit 255\n";
    let path = room.program("ssh", script);
    let credentials = Credentials::read(&secret(&room, &[("ssh-privatekey", KEY)])).unwrap();
    let remote = Remote::parse("git@git.acme.example:acme/shop").unwrap();
    let error = checkout(
        &room.git_with(&path),
        &wanted(&remote, &"0".repeat(40)),
        &credentials,
        &room.path("tree"),
    );
    let error = error.unwrap_err();
    assert_eq!(error.code, &REFUSED);
    assert!(error.help.unwrap().contains("known_hosts"));
}

#[test]
fn credentials_that_cannot_be_used_are_told_without_showing_them() {
    let room = Room::new();
    assert_eq!(
        Credentials::read(&room.path("nowhere")).unwrap(),
        Credentials::None
    );
    let encrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nsecret\n";
    let public = "-----BEGIN CERTIFICATE-----\nsecret\n";
    for files in [
        &[][..],
        &[("other", "secret")],
        &[("value", "")],
        &[("value", "two\nsecret lines")],
        &[("value", "secret\u{e9}")],
        &[("value", encrypted)],
        &[("value", public)],
        &[("ssh-privatekey", "secret")],
        &[("token", "secret"), ("username", "a b")],
        &[("githubAppID", "1"), ("githubAppPrivateKey", "secret")],
        &[
            ("githubAppID", "secret 1"),
            ("githubAppInstallationID", "2"),
            ("githubAppPrivateKey", "secret"),
        ],
        &[("value", &"secret ".repeat(20_000))],
    ] {
        let error = Credentials::read(&secret(&room, files)).unwrap_err();
        assert_eq!(error.code, &CREDENTIALS, "{files:?}");
        assert!(!told(&error).contains("secret"), "{}", told(&error));
    }
}

/// A key as GitHub makes one for an App: RSA, PKCS #1, PEM.
#[cfg(feature = "cloud")]
fn app_key(room: &Room) -> String {
    let path = room.path("app.pem");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f"])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    fs::read_to_string(path).unwrap()
}

#[cfg(feature = "cloud")]
fn app(room: &Room, server: &Server, key: &str) -> Credentials {
    let api = format!("http://127.0.0.1:{}/", server.port);
    let folder = secret(
        room,
        &[
            ("githubAppID", "1234\n"),
            ("githubAppInstallationID", "56"),
            ("githubAppPrivateKey", key),
            ("githubAppEnterpriseBaseUrl", &api),
        ],
    );
    Credentials::read(&folder).unwrap()
}

#[cfg(feature = "cloud")]
#[test]
fn a_github_app_is_given_a_token_that_reads() {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
    use rustls::pki_types::PrivatePkcs1KeyDer;
    use rustls::pki_types::pem::PemObject;
    let room = Room::new();
    let (_repository, commit) = repository(&room);
    let manner = Manner {
        token: Some(TOKEN),
        app: Some(Ok(())),
        ..Manner::default()
    };
    let server = Server::start(room.folder.path(), manner);
    let key = app_key(&room);
    let credentials = app(&room, &server, &key);
    let remote = server.remote("acme/shop");
    let into = room.path("tree");
    checkout(&room.git(), &wanted(&remote, &commit), &credentials, &into).unwrap();
    assert_eq!(fs::read_to_string(into.join("file")).unwrap(), "text");
    assert_no_secret_in(&into);
    assert!(!room.said().contains(TOKEN));
    let asked = server.authorizations.lock().unwrap().clone();
    assert_eq!(
        asked[1],
        r#"POST /app/installations/56/access_tokens {"permissions":{"contents":"read"}}"#
    );
    // As GitHub checks it.
    let proof = asked[0].strip_prefix("Bearer ").unwrap();
    let (signed, signature) = proof.rsplit_once('.').unwrap();
    let der = PrivatePkcs1KeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let pair = RsaKeyPair::from_der(der.secret_pkcs1_der()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key());
    use base64::Engine as _;
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    public
        .verify(signed.as_bytes(), &decoded(signature))
        .unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let json = |text| serde_json::from_slice::<serde_json::Value>(&decoded(text)).unwrap();
    assert_eq!(json(header)["alg"], "RS256");
    let (claims, now) = (json(claims), jiff::Timestamp::now().as_second());
    assert_eq!(claims["iss"], "1234");
    let (from, to) = (
        claims["iat"].as_i64().unwrap(),
        claims["exp"].as_i64().unwrap(),
    );
    assert!(from < now && to > now && to - from <= 600, "{claims}");
}

#[cfg(feature = "cloud")]
#[test]
fn a_github_app_that_is_refused_is_told_so() {
    let room = Room::new();
    let (_repository, commit) = repository(&room);
    let manner = Manner {
        app: Some(Err(
            "The permissions requested are not granted to this installation.",
        )),
        ..Manner::default()
    };
    let server = Server::start(room.folder.path(), manner);
    let remote = server.remote("acme/shop");
    let key = app_key(&room);
    let wrong = key.replace('M', "N");
    for (key, why) in [
        (
            &key,
            "answered 422: The permissions requested are not granted",
        ),
        (&wrong, "private key"),
        (&"c2VjcmV0".to_owned(), "no private key in PEM"),
    ] {
        let credentials = app(&room, &server, key);
        let into = room.path("tree");
        let error = checkout(&room.git(), &wanted(&remote, &commit), &credentials, &into);
        let error = error.unwrap_err();
        assert_eq!(error.code, &CREDENTIALS);
        assert!(told(&error).contains(why), "{}", told(&error));
        assert!(!told(&error).contains("c2VjcmV0"));
        assert!(
            key.lines()
                .all(|line| line.is_empty() || !told(&error).contains(line))
        );
    }
}
