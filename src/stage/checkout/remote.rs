//! Where a repository is.

use std::fmt;
use std::path::Path;

use percent_encoding::{percent_decode_str, utf8_percent_encode};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_checkout::NOT_CHECKED_OUT;
use crate::stage::checkout::Credentials;
use crate::stage::store::PATH;

/// The address of a repository, of a form that Git cannot take for anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    pub(super) protocol: Protocol,
    /// The host, with `:PORT` where one is given; empty for a path.
    pub(super) host: String,
    /// The path at the host, with its `/`.
    path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Https,
    /// To this machine alone.
    Http,
    Ssh,
    File,
}

impl Remote {
    /// The repository `owner/name` at GitHub.
    pub fn github(repository: &str) -> Result<Remote, Diagnostic> {
        Remote::parse(&format!("https://github.com/{repository}.git"))
    }

    /// `https://host/path`, `ssh://git@host/path`, `git@host:path` or `file:///path`; an `A0926` where it is none of these.
    pub fn parse(url: &str) -> Result<Remote, Diagnostic> {
        read(url).map_err(|why| {
            let shown = crate::diagnostics::safe::line(url);
            // Something with an `@` may hold a password.
            let message = match url.contains('@') && !url.starts_with("git@") {
                true => "the address of the repository cannot be used".to_owned(),
                false => format!("`{shown}` is no address of a repository"),
            };
            Diagnostic::without_place(&NOT_CHECKED_OUT, message)
                .note(why)
                .help("write `https://host/path`, `ssh://git@host/path` or `file:///path`")
        })
    }

    /// The repository in a directory, by its absolute path.
    pub(super) fn folder_at(path: &str) -> Result<Remote, &'static str> {
        match path.starts_with('/') && !path.contains(|c: char| c.is_control()) {
            true => Ok(Remote {
                protocol: Protocol::File,
                host: String::new(),
                path: path.to_owned(),
            }),
            false => Err("the path is not absolute, or has control characters"),
        }
    }

    /// As these credentials reach it: a key through SSH, a token through HTTPS.
    pub(super) fn with(&self, credentials: &Credentials) -> Remote {
        let protocol = match (credentials, self.protocol) {
            (Credentials::Key { .. }, Protocol::Https) => Protocol::Ssh,
            (Credentials::Token { .. } | Credentials::App(_), Protocol::Ssh) => Protocol::Https,
            (_, protocol) => protocol,
        };
        // A port is one protocol's.
        let host = match protocol == self.protocol {
            true => self.host.clone(),
            false => self.host_name().to_owned(),
        };
        Remote {
            protocol,
            host,
            path: self.path.clone(),
        }
    }

    /// The host without its port.
    pub(super) fn host_name(&self) -> &str {
        self.host.split(':').next().unwrap_or_default()
    }

    /// The directory that it is; `None` where it is at a host.
    pub(super) fn folder(&self) -> Option<&Path> {
        (self.protocol == Protocol::File).then_some(Path::new(&self.path))
    }

    /// What Git may speak to get there.
    pub(super) fn protocols(&self) -> &'static str {
        match self.protocol {
            Protocol::Https | Protocol::Ssh => "https:ssh",
            Protocol::Http => "https:ssh:http",
            Protocol::File => "https:ssh:file",
        }
    }

    /// For people: `acme/shop`, or the path.
    pub(super) fn name(&self) -> &str {
        match self.protocol {
            Protocol::File => &self.path,
            _ => self.path.trim_start_matches('/').trim_end_matches(".git"),
        }
    }

    /// `https://host`, as Git's settings name it.
    pub(super) fn origin(&self) -> String {
        match self.protocol {
            Protocol::Http => format!("http://{}", self.host),
            _ => format!("https://{}", self.host),
        }
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Remote { host, path, .. } = self;
        match self.protocol {
            Protocol::Https => write!(formatter, "https://{host}{path}"),
            Protocol::Http => write!(formatter, "http://{host}{path}"),
            Protocol::Ssh => write!(formatter, "ssh://git@{host}{path}"),
            Protocol::File => write!(formatter, "file://{}", utf8_percent_encode(path, PATH)),
        }
    }
}

fn read(url: &str) -> Result<Remote, &'static str> {
    if url.contains(|c: char| c.is_control()) {
        return Err("it has control characters");
    }
    if let Some(path) = url.strip_prefix("file://") {
        // Git decodes it, too.
        let path = percent_decode_str(path).decode_utf8();
        let path = path.map_err(|_| "the path is no UTF-8")?;
        return Remote::folder_at(&path);
    }
    if url.contains(|c: char| c.is_whitespace() || "'\"\\<>".contains(c)) {
        return Err("it has characters that no address has");
    }
    let (protocol, rest) = if let Some(rest) = url.strip_prefix("https://") {
        (Protocol::Https, rest)
    } else if let Some(rest) = url.strip_prefix("http://") {
        (Protocol::Http, rest)
    } else if let Some(rest) = url.strip_prefix("ssh://git@") {
        (Protocol::Ssh, rest)
    } else if let Some((host, path)) = url
        .strip_prefix("git@")
        .and_then(|rest| rest.split_once(':'))
    {
        return checked(
            Protocol::Ssh,
            host,
            &format!("/{}", path.trim_start_matches('/')),
        );
    } else {
        return Err("it begins with none of `https://`, `ssh://git@`, `git@` and `file://`");
    };
    let split = rest.find('/').ok_or("it has no path")?;
    let (host, path) = rest.split_at_checked(split).ok_or("it has no path")?;
    checked(protocol, host, path)
}

fn checked(protocol: Protocol, host: &str, path: &str) -> Result<Remote, &'static str> {
    if host.contains('@') {
        return Err("it holds a user or a password; credentials are given in a Secret");
    }
    let (name, port) = host.split_once(':').unwrap_or((host, "0"));
    let fits = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    if name.is_empty() || name.starts_with(['-', '.']) || !name.chars().all(fits) {
        return Err("that is no name of a host");
    }
    if port.parse::<u16>().is_err() {
        return Err("that is no port");
    }
    if protocol == Protocol::Http && !matches!(name, "127.0.0.1" | "localhost") {
        return Err("`http://` is readable for everybody on the way");
    }
    let parts = || path.split('/').skip(1);
    if parts().all(str::is_empty) || parts().any(|part| part == "..") {
        return Err("it has no path, or one that leads elsewhere");
    }
    Ok(Remote {
        protocol,
        host: host.to_owned(),
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_they_are_read() {
        for (url, written) in [
            (
                "https://github.com/acme/shop.git",
                "https://github.com/acme/shop.git",
            ),
            (
                "https://git.acme.example:8443/a/b/c",
                "https://git.acme.example:8443/a/b/c",
            ),
            (
                "ssh://git@github.com/acme/shop",
                "ssh://git@github.com/acme/shop",
            ),
            (
                "git@github.com:acme/shop.git",
                "ssh://git@github.com/acme/shop.git",
            ),
            ("file:///var/a%20b%25", "file:///var/a%20b%25"),
            ("file:///var/a b", "file:///var/a%20b"),
            ("http://127.0.0.1:80/x", "http://127.0.0.1:80/x"),
        ] {
            assert_eq!(Remote::parse(url).unwrap().to_string(), written);
        }
        assert_eq!(Remote::github("acme/shop").unwrap().name(), "acme/shop");
    }

    #[test]
    fn nothing_else_is_an_address() {
        for url in [
            "",
            "-x",
            "--upload-pack=touch x",
            "acme/shop",
            "/etc",
            "ext::sh -c id",
            "git://github.com/a/b",
            "http://github.com/a/b",
            "https://",
            "https://github.com",
            "https://github.com/",
            "https://-x/a",
            "https://a b/c",
            "https://user:secret@github.com/a/b",
            "https://token@github.com/a/b",
            "ssh://-oProxyCommand=id/a",
            "ssh://git@-oProxyCommand=id/a",
            "git@-oProxyCommand=id:a",
            "https://github.com/a/../b",
            "https://github.com:x/a",
            "file://relative",
            "https://a/b\nc",
            "https://a/'b",
        ] {
            let error = Remote::parse(url).unwrap_err();
            assert_eq!(error.code, &NOT_CHECKED_OUT, "{url}");
            assert!(!format!("{error:?}").contains("secret@"), "{error:?}");
        }
    }

    #[test]
    fn credentials_choose_the_protocol() {
        let key = Credentials::Key {
            file: "k".into(),
            known_hosts: None,
        };
        let token = Credentials::Token {
            file: "t".into(),
            user: "u".to_owned(),
        };
        let https = Remote::parse("https://git.acme.example:8443/a/b").unwrap();
        assert_eq!(
            https.with(&key).to_string(),
            "ssh://git@git.acme.example/a/b"
        );
        assert_eq!(https.with(&token), https);
        assert_eq!(
            https.with(&key).with(&token).to_string(),
            "https://git.acme.example/a/b"
        );
        assert_eq!(https.with(&Credentials::None), https);
    }
}
