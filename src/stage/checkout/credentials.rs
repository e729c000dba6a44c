//! Credentials for a repository, as files.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostics::codes::run_checkout::CREDENTIALS;
use crate::diagnostics::{Diagnostic, list_names};
use crate::stage::checkout::App;

/// The user that goes with a token where none is named.
pub(super) const USER: &str = "x-access-token";
/// The largest file that is looked at; an SSH key has some 3 KiB.
const LARGEST: u64 = 64 * 1024;

/// How a repository lets us in. The files are read when they are needed and copied nowhere, but for a key that `ssh` would not
/// take as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// It is public.
    None,
    /// A token or a password, for HTTPS.
    Token {
        /// The file that holds it.
        file: PathBuf,
        /// The user that goes with it; GitHub takes any.
        user: String,
    },
    /// A private key, for SSH.
    Key {
        /// The file that holds it.
        file: PathBuf,
        /// The keys of hosts that are trusted, beside those of github.com.
        known_hosts: Option<PathBuf>,
    },
    /// A GitHub App, for HTTPS.
    App(App),
}

impl Credentials {
    /// Those in a folder, as a Kubernetes Secret becomes one: one picked key is the file `value`; a whole Secret has the files
    /// `token`, `password` and `username`, or `ssh-privatekey` and `known_hosts`, or those of a GitHub App. No folder is no
    /// credentials.
    pub fn read(folder: &Path) -> Result<Credentials, Diagnostic> {
        let files = match files(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Credentials::None),
            Err(error) => return Err(unusable().note(error.to_string())),
            Ok(files) => files,
        };
        let text = |name: &str| match files.get(name) {
            None => Ok(None),
            Some(path) => read(path).map(|text| Some((path.clone(), text))),
        };
        for name in ["value", "ssh-privatekey", "token", "password"] {
            let Some((file, text)) = text(name)? else {
                continue;
            };
            if text.trim_start().starts_with("-----BEGIN") {
                check_key(name, &text)?;
                return Ok(Credentials::Key {
                    file,
                    known_hosts: files.get("known_hosts").cloned(),
                });
            }
            let token = text.trim();
            if name == "ssh-privatekey"
                || token.is_empty()
                || token.contains(|c: char| !c.is_ascii_graphic())
            {
                return Err(
                    unusable().note(format!("`{name}` holds neither a token nor a private key"))
                );
            }
            let user = match word(&files, "username")? {
                Some(user) => user,
                None => USER.to_owned(),
            };
            return Ok(Credentials::Token { file, user });
        }
        if let Some(app) = App::read(&files)? {
            return Ok(Credentials::App(app));
        }
        let names = list_names(files.keys().map(String::as_str), 5);
        Err(match files.is_empty() {
            true => unusable().note("the Secret is empty"),
            false => unusable().note(format!("it has {names}")),
        })
    }
}

fn files(folder: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Kubernetes keeps `..data` beside the files.
        if let Some(name) = entry
            .file_name()
            .to_str()
            .filter(|name| !name.starts_with('.'))
        {
            files.insert(name.to_owned(), entry.path());
        }
    }
    Ok(files)
}

/// The one word that a file of this name holds.
pub(super) fn word(
    files: &BTreeMap<String, PathBuf>,
    name: &str,
) -> Result<Option<String>, Diagnostic> {
    let Some(path) = files.get(name) else {
        return Ok(None);
    };
    let text = read(path)?.trim().to_owned();
    match !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic()) {
        true => Ok(Some(text)),
        false => Err(unusable().note(format!("`{name}` is not one word"))),
    }
}

/// A file's text. What it holds never gets into an error.
pub(super) fn read(path: &Path) -> Result<String, Diagnostic> {
    let failed = |why: String| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        unusable().note(format!("`{name}` {why}"))
    };
    let size = fs::metadata(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
    if !size.is_file() || size.len() > LARGEST {
        return Err(failed("is no file of at most 64 KiB".to_owned()));
    }
    let bytes = fs::read(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
    String::from_utf8(bytes).map_err(|_| failed("is no text".to_owned()))
}

fn check_key(name: &str, text: &str) -> Result<(), Diagnostic> {
    let first = text.trim_start().lines().next().unwrap_or_default();
    if !first.contains("PRIVATE KEY") {
        return Err(unusable().note(format!("`{name}` holds something else than a private key")));
    }
    let encrypted = text.lines().take(3).any(|line| line.contains("ENCRYPTED"));
    if encrypted {
        return Err(unusable()
            .note(format!(
                "the private key in `{name}` asks for a pass phrase"
            ))
            .help(
                "make a key without one, for this repository alone: `ssh-keygen -t ed25519 -N ''`",
            ));
    }
    Ok(())
}

pub(super) fn unusable() -> Diagnostic {
    Diagnostic::without_place(&CREDENTIALS, "the credentials for the repository cannot be used")
        .help("give `credentials` a Secret with a token (`token`), a private key for SSH (`ssh-privatekey`, and `known_hosts` unless it is for github.com) or a GitHub App (`githubAppID`, `githubAppInstallationID`, `githubAppPrivateKey`)")
}
