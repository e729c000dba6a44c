//! Why Git has failed, from what it says.

use std::path::Path;
use std::sync::LazyLock;

use regex::RegexSet;

/// A kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The remote has no such commit.
    NotThere,
    /// The remote gives out what its branches point at alone.
    NotAllowed,
    /// The remote has no such branch or tag.
    NoReference,
    /// The remote does not let us in, or hides what it has.
    Refused,
    /// The remote is not whom it should be: its certificate or key is not trusted.
    Untrusted,
    /// The line broke, or the remote is busy: worth a further try.
    Network,
    /// There is no space left where Git writes.
    NoSpace,
    /// Something else.
    Other,
}

/// Kinds in the order in which they are looked for: after most failures Git goes on to say that the line broke. Texts of Git
/// 2.32 to 2.50, curl 7 and 8, OpenSSH 8 and 9; Git runs with `LC_ALL=C`.
const TEXTS: &[(Failure, &str)] = &[
    (
        Failure::NoSpace,
        r"(?i)no space left on device|out of diskspace|disk quota exceeded",
    ),
    (Failure::NotThere, r"not our ref"),
    (
        Failure::NotAllowed,
        r"(?i)unadvertised object|dumb http transport does not support",
    ),
    (Failure::NoReference, r"couldn't find remote ref"),
    (
        Failure::Untrusted,
        r"Host key verification failed|host key is known for|REMOTE HOST IDENTIFICATION|SSL certificate|certificate verif|server certificate",
    ),
    (
        Failure::Refused,
        r"(?i)authentication failed|could not read (username|password)|terminal prompts disabled|access denied|permission denied|permission to .* denied|invalid username or|returned error: (401|403|404)|repository .*not found|not appear to be a git repository|too many authentication failures",
    ),
    (
        Failure::Network,
        r"(?i)could not resolve|couldn't resolve|connection (refused|reset|timed out|closed)|failed to connect|timed out|early eof|unexpected disconnect|hung up|rpc failed|returned error: (408|429|5\d\d)|gnutls|ssl_|openssl|tls|too slow|unreachable|no route to host|transfer closed|kex_exchange|empty reply|invalid index-pack output|unexpected end of|bad band|temporary failure",
    ),
];

/// The kind of failure that these lines tell.
pub fn classify(lines: &[String]) -> Failure {
    static SET: LazyLock<Option<RegexSet>> =
        LazyLock::new(|| RegexSet::new(TEXTS.iter().map(|(_, text)| text)).ok());
    let text = lines.join("\n");
    let found = SET
        .as_ref()
        .and_then(|set| set.matches(&text).iter().next());
    found
        .and_then(|number| TEXTS.get(number))
        .map_or(Failure::Other, |(failure, _)| *failure)
}

/// What to do about a full disk.
pub const SPACE: &str = "free some space, and run it again";
/// What is left of a disk that counts as full, in bytes: a block or two, which are of no use to Git.
const FULL: u64 = 64 * 1024;

/// That the disk of a directory is full, where it is. Git often says no more than that it cannot write a file, or that the line broke.
pub fn space(dir: &Path) -> Option<&'static str> {
    let disk = rustix::fs::statvfs(dir).ok()?;
    let is_full = disk.f_blocks > 0 && disk.f_bavail.saturating_mul(disk.f_frsize) < FULL;
    let has_no_files = disk.f_files > 0 && disk.f_favail == 0;
    (is_full || has_no_files).then_some("the disk has no space left")
}

/// The lines that say what happened, for a note.
pub fn telling(lines: &[String]) -> String {
    let is_telling = |line: &&String| {
        let tells = [
            "fatal:",
            "error:",
            "remote:",
            "ERROR:",
            "ssh:",
            "batch response:",
        ];
        tells.iter().any(|start| line.starts_with(start)) || line.contains("denied")
    };
    let mut telling: Vec<&str> = lines
        .iter()
        .filter(is_telling)
        .map(String::as_str)
        .collect();
    if telling.is_empty() {
        telling = lines
            .iter()
            .rev()
            .take(3)
            .rev()
            .map(String::as_str)
            .collect();
    }
    let skipped = telling.len().saturating_sub(6);
    telling.split_off(skipped).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Failure {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        classify(&lines)
    }

    #[test]
    fn every_kind_has_its_texts() {
        for (text, failure) in [
            (
                "fatal: remote error: upload-pack: not our ref 4f1c",
                Failure::NotThere,
            ),
            (
                "error: Server does not allow request for unadvertised object 4f1c",
                Failure::NotAllowed,
            ),
            (
                "fatal: couldn't find remote ref refs/heads/x",
                Failure::NoReference,
            ),
            (
                "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
                Failure::Refused,
            ),
            (
                "remote: Repository not found.\nfatal: repository 'https://github.com/a/b/' not found",
                Failure::Refused,
            ),
            (
                "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.",
                Failure::Refused,
            ),
            (
                "Host key verification failed.\nfatal: Could not read from remote repository.",
                Failure::Untrusted,
            ),
            (
                "fatal: unable to access 'https://x/': Could not resolve host: x",
                Failure::Network,
            ),
            (
                "fatal: unable to access 'https://x/': The requested URL returned error: 503",
                Failure::Network,
            ),
            (
                "fatal: unable to access 'https://x/': The requested URL returned error: 403",
                Failure::Refused,
            ),
            (
                "error: RPC failed; curl 56 GnuTLS recv error (-54)\nfatal: early EOF",
                Failure::Network,
            ),
            (
                "fatal: the remote end hung up unexpectedly",
                Failure::Network,
            ),
            (
                "fatal: write error: No space left on device\nfatal: early EOF",
                Failure::NoSpace,
            ),
            ("", Failure::Other),
        ] {
            assert_eq!(of(text), failure, "{text}");
        }
    }
}
