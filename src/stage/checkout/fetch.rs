//! Commits from a remote.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_checkout::{NOT_CHECKED_OUT, REFUSED, UNREACHABLE};
use crate::diagnostics::codes::run_process::STOPPED;
use crate::stage::checkout::failure::{Failure, SPACE, classify, space, telling};
use crate::stage::checkout::session::Session;
use crate::stage::process::{Ended, Status};

/// How often something is tried.
const TRIES: u32 = 5;

/// What Git has said when it failed, and which kind of failure that is.
#[derive(Debug)]
pub struct Failed {
    /// The kind.
    pub failure: Failure,
    /// The lines that tell it.
    pub said: String,
}

impl Session {
    /// Runs Git over the network; again, with waits, as long as it is the line that breaks.
    pub fn over_network(
        &self,
        dir: &Path,
        args: &[OsString],
    ) -> Result<Result<(), Failed>, Diagnostic> {
        let mut pause = self.git.pause;
        for attempt in 1..=TRIES {
            let ended = self.git.work(dir, args.iter().cloned())?;
            if ended.is_good() {
                return Ok(Ok(()));
            }
            let failed = self.failed(dir, &ended)?;
            if failed.failure != Failure::Network || attempt == TRIES {
                return Ok(Err(failed));
            }
            self.git.log.line(&format!(
                "the repository cannot be reached; trying again in {}",
                shown(pause)
            ));
            if self.git.stop.wait(pause) {
                return Err(self.stopped());
            }
            pause = pause.saturating_mul(2);
        }
        Err(self.stopped())
    }

    fn failed(&self, dir: &Path, ended: &Ended) -> Result<Failed, Diagnostic> {
        match ended.status {
            Status::Stopped => Err(self.stopped()),
            _ => Ok(match space(dir) {
                None => Failed {
                    failure: classify(&ended.tail),
                    said: telling(&ended.tail),
                },
                Some(space) => Failed {
                    failure: Failure::NoSpace,
                    said: format!("{space}\n{}", telling(&ended.tail))
                        .trim_end()
                        .to_owned(),
                },
            }),
        }
    }

    fn stopped(&self) -> Diagnostic {
        let why = self.git.stop.why().unwrap_or_default();
        Diagnostic::without_place(&STOPPED, "the checkout was stopped").note(why)
    }

    /// What to say of a failure that has nothing to do with what was wanted.
    pub fn explain(&self, failed: &Failed) -> Diagnostic {
        let name = self.remote.name();
        let (code, message, help) = match failed.failure {
            Failure::Network => (
                &UNREACHABLE,
                format!("`{name}` cannot be reached"),
                "see whether the host can be reached from here (network policies, proxy), and run it again",
            ),
            Failure::Refused => (
                &REFUSED,
                format!("`{name}` does not let us in"),
                "a private repository needs `credentials` in `checkout`: see that the token or key is valid and may read this repository",
            ),
            Failure::Untrusted => (
                &REFUSED,
                format!("the host of `{name}` is not trusted"),
                "for SSH, put the host's keys into the Secret as `known_hosts` (`ssh-keyscan HOST`, compared with what the host publishes); for HTTPS, give the image the certificate authority",
            ),
            Failure::NoSpace => (
                &NOT_CHECKED_OUT,
                format!("`{name}` cannot be checked out"),
                SPACE,
            ),
            _ => (
                &NOT_CHECKED_OUT,
                format!("`{name}` cannot be fetched"),
                "see what Git says",
            ),
        };
        Diagnostic::without_place(code, message)
            .note(failed.said.clone())
            .help(help)
    }

    /// Fetches these references (or a commit) into a repository. A depth of 0 is all of the history.
    pub fn fetch(
        &self,
        dir: &Path,
        depth: u32,
        partial: bool,
        wanted: &[&str],
    ) -> Result<Result<(), Failed>, Diagnostic> {
        let mut args: Vec<OsString> = [
            "fetch",
            "--quiet",
            "--force",
            "--no-tags",
            "--no-recurse-submodules",
        ]
        .map(Into::into)
        .to_vec();
        match depth {
            0 if dir.join(".git/shallow").exists() => args.push("--unshallow".into()),
            0 => {}
            _ => args.push(format!("--depth={depth}").into()),
        }
        if partial {
            args.push("--filter=blob:none".into());
        }
        args.push("--end-of-options".into());
        args.push("origin".into());
        args.extend(wanted.iter().map(Into::into));
        self.over_network(dir, &args)
    }

    /// The references of the remote that match these patterns: their names and what they point at, a tag's commit in place of
    /// the tag.
    pub fn references(
        &self,
        dir: &Path,
        patterns: &[&str],
    ) -> Result<Vec<(String, String)>, Diagnostic> {
        let mut args: Vec<OsString> = ["ls-remote", "--quiet"].map(Into::into).to_vec();
        // `HEAD` is a name that points at another one.
        if patterns.contains(&"HEAD") {
            args.push("--symref".into());
        }
        args.extend(["--end-of-options", "origin"].map(Into::into));
        args.extend(patterns.iter().map(Into::into));
        let mut pause = self.git.pause;
        for attempt in 1..=TRIES {
            let answer = self.git.ask(dir, &args)?;
            let lines: Vec<String> = answer.said.lines().map(str::to_owned).collect();
            if answer.good {
                let text = answer.text();
                let found = text.lines().filter_map(|line| line.split_once('\t'));
                return Ok(found
                    .map(|(commit, name)| (name.to_owned(), commit.to_owned()))
                    .collect());
            }
            let failed = Failed {
                failure: classify(&lines),
                said: telling(&lines),
            };
            if failed.failure != Failure::Network || attempt == TRIES {
                return Err(self.explain(&failed));
            }
            if self.git.stop.wait(pause) {
                return Err(self.stopped());
            }
            pause = pause.saturating_mul(2);
        }
        Err(self.stopped())
    }
}

fn shown(pause: Duration) -> String {
    format!("{} s", pause.as_secs_f32())
}
