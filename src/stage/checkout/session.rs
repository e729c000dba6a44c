//! Git with credentials in reach, as long as a checkout takes.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_checkout::NOT_CHECKED_OUT;
use crate::stage::checkout::remote::Protocol;
use crate::stage::checkout::{Credentials, Git, Remote, credentials};
use crate::stage::store;

/// The keys of github.com (`api.github.com/meta`, `ssh_keys`). The one for RSA is left out: it has been published by mistake
/// once, and every SSH that we start knows the others.
const GITHUB: &str = "\
github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl
github.com ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=
";

/// Git as it may reach one remote, and a folder that goes with it.
pub struct Session {
    /// The program.
    pub git: Git,
    /// The remote, as the credentials reach it.
    pub remote: Remote,
    /// Scripts and copies that nobody else reads; removed at the end.
    private: Arc<tempfile::TempDir>,
}

impl Session {
    /// Opens one.
    pub fn open(git: &Git, remote: &Remote, how: &Credentials) -> Result<Session, Diagnostic> {
        let private = tempfile::Builder::new()
            .prefix("aphex-git-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&git.private)
            .map_err(|error| unprepared(&error))?;
        let remote = remote.with(how);
        let mut own = git
            .clone()
            .with_env("HOME", private.path())
            .with_env("GIT_ALLOW_PROTOCOL", remote.protocols());
        let ssh = match how {
            Credentials::Key { file, known_hosts } => {
                let key = usable_key(file, private.path())?;
                let extra = known_hosts.as_deref().map(credentials::read).transpose()?;
                ssh(private.path(), Some(&key), extra.as_deref())
            }
            _ => ssh(private.path(), None, None),
        };
        own = own
            .with_env("GIT_SSH_COMMAND", ssh.map_err(|error| unprepared(&error))?)
            .with_env("GIT_SSH_VARIANT", "ssh");
        let issued = private.path().join("token");
        let token = match how {
            _ if remote.protocol == Protocol::File => None,
            Credentials::None | Credentials::Key { .. } => None,
            Credentials::Token { file, user } => Some((file, user.as_str())),
            Credentials::App(app) => {
                let token = app.token_to_read()?;
                write(&issued, &token, 0o600).map_err(|error| unprepared(&error))?;
                Some((&issued, credentials::USER))
            }
        };
        if let Some((file, user)) = token {
            let token = credentials::read(file)?;
            // Git never shows it; this is a second wall.
            let _ = git.log.hide(token.trim());
            let helper = helper(private.path(), file, user).map_err(|error| unprepared(&error))?;
            let origin = remote.origin();
            own = own.with_config(format!("credential.{origin}.helper"), format!("!{helper}"));
            // Submodules are often written as SSH addresses of the same host.
            for other in [
                format!("git@{}:", remote.host_name()),
                format!("ssh://git@{}/", remote.host_name()),
            ] {
                own = own.with_config(format!("url.{origin}/.insteadOf"), other);
            }
        }
        Ok(Session {
            git: own,
            remote,
            private: Arc::new(private),
        })
    }
}

impl Session {
    /// The same, with a Git that differs.
    pub fn with(&self, change: impl FnOnce(Git) -> Git) -> Session {
        Session {
            git: change(self.git.clone()),
            remote: self.remote.clone(),
            private: Arc::clone(&self.private),
        }
    }
}

fn unprepared(error: &io::Error) -> Diagnostic {
    let diagnostic = Diagnostic::without_place(&NOT_CHECKED_OUT, "the checkout cannot be prepared");
    store::explain(diagnostic, error)
}

/// Writes a file that nobody else reads.
fn write(path: &Path, content: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(content.as_bytes())
}

/// A credential helper, which Git asks for the one host it is set for: it hands over the file's content, and holds none of it.
fn helper(private: &Path, file: &Path, user: &str) -> io::Result<String> {
    let path = private.join("helper");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = get ] || exit 0\nprintf 'username=%s\\npassword=' {}\ntr -d '\\r\\n' < {}\necho\n",
        quoted(user),
        quoted(&file.to_string_lossy())
    );
    write(&path, &script, 0o700)?;
    Ok(quoted(&path.to_string_lossy()))
}

/// For a shell, as one word.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The command that Git connects with: no configuration, no agent, no question, and hosts that are known alone.
fn ssh(private: &Path, key: Option<&Path>, known_hosts: Option<&str>) -> io::Result<String> {
    let hosts = private.join("known_hosts");
    let known = format!("{GITHUB}{}\n", known_hosts.unwrap_or_default());
    write(&hosts, &known, 0o600)?;
    let file = format!("UserKnownHostsFile=\"{}\"", hosts.display());
    let mut words = vec!["ssh".to_owned(), "-F".to_owned(), "/dev/null".to_owned()];
    let options = [
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "PasswordAuthentication=no",
        "StrictHostKeyChecking=yes",
        "GlobalKnownHostsFile=/dev/null",
        "ConnectTimeout=30",
        "ServerAliveInterval=15",
        "ServerAliveCountMax=4",
        &file,
    ];
    for option in options {
        words.push("-o".to_owned());
        words.push(option.to_owned());
    }
    let none = Path::new("/dev/null");
    words.push("-i".to_owned());
    words.push(key.unwrap_or(none).to_string_lossy().into_owned());
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    Ok(words.join(" "))
}

/// A key as `ssh` takes it: it refuses one of ours that others may read, and one without a line end, which Secrets often
/// lack.
fn usable_key(file: &Path, private: &Path) -> Result<PathBuf, Diagnostic> {
    let text = credentials::read(file)?;
    let metadata =
        fs::metadata(file).map_err(|error| credentials::unusable().note(error.to_string()))?;
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    let readable = own && metadata.mode() & 0o077 != 0;
    if !readable && text.ends_with('\n') && !text.contains('\r') {
        return Ok(file.to_owned());
    }
    let path = private.join("key");
    let text = format!("{}\n", text.trim().replace('\r', ""));
    write(&path, &text, 0o600).map_err(|error| unprepared(&error))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_github_are_those_that_it_publishes() {
        use base64::Engine as _;
        use sha2::Digest as _;
        // docs.github.com, "GitHub's SSH key fingerprints".
        let published = [
            "+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
            "p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM",
        ];
        for (line, fingerprint) in GITHUB.lines().zip(published) {
            let key = line.split(' ').nth(2).unwrap();
            let key = base64::engine::general_purpose::STANDARD
                .decode(key)
                .unwrap();
            let hash = sha2::Sha256::digest(key);
            let shown = base64::engine::general_purpose::STANDARD_NO_PAD.encode(hash);
            assert_eq!(shown, fingerprint);
        }
    }

    #[test]
    fn a_key_is_copied_only_where_ssh_would_refuse_it() {
        let room = tempfile::tempdir().unwrap();
        let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n";
        let path = room.path().join("value");
        let usable = |content: &str, mode| {
            let _ = fs::remove_file(&path);
            let _ = fs::remove_file(room.path().join("key"));
            write(&path, content, mode).unwrap();
            let usable = usable_key(&path, room.path()).unwrap();
            assert_eq!(fs::read_to_string(&usable).unwrap(), key);
            assert_eq!(fs::metadata(&usable).unwrap().mode() & 0o077, 0);
            usable
        };
        assert_eq!(usable(key, 0o600), path);
        let copy = room.path().join("key");
        assert_eq!(usable(key, 0o644), copy);
        assert_eq!(usable(key.trim_end(), 0o600), copy);
        assert_eq!(usable(&key.replace('\n', "\r\n"), 0o600), copy);
    }

    #[test]
    fn words_stay_words_in_a_shell() {
        assert_eq!(quoted("a'b $(id)"), r"'a'\''b $(id)'");
    }
}
