//! The program `git`, and the world that it runs in.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::time::Duration;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_checkout::GIT;
use crate::stage::checkout::failure::space;
use crate::stage::log::Log;
use crate::stage::process::{Command, Ended, Environment, Stop, run};

/// The oldest version whose configuration can be kept out (`GIT_CONFIG_GLOBAL`).
const OLDEST: (u32, u32) = (2, 32);

/// What of our own environment Git gets: where programs are, and how the network is reached.
const INHERITED: &[&str] = &[
    "PATH",
    "TMPDIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
];

/// What Git is told always. Configuration of a repository cannot undo it: what stands in the environment wins.
const CONFIG: &[(&str, &str)] = &[
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.askPass", ""),
    ("credential.helper", ""),
    ("fetch.recurseSubmodules", "false"),
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("advice.detachedHead", "false"),
    ("init.defaultBranch", "main"),
    // A line over which nothing comes is given up.
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
];

/// The program, with a log for what it says.
#[derive(Clone, Debug)]
pub struct Git {
    pub(super) log: Log,
    pub(super) stop: Stop,
    /// The wait before the first further try; doubled each time.
    pub(super) pause: Duration,
    /// Where a folder may be made that nobody else reads.
    pub(super) private: PathBuf,
    base: Environment,
    config: Vec<(String, String)>,
}

/// What Git has said.
#[derive(Debug)]
pub(super) struct Answer {
    /// Whether it succeeded.
    pub good: bool,
    /// Its standard output.
    pub out: Vec<u8>,
    /// Its standard error.
    pub said: String,
}

impl Answer {
    /// Its output as text, without the line end.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out)
            .trim_end_matches('\n')
            .to_owned()
    }
}

impl Git {
    /// The `git` in `PATH`: an `A0920` where there is none, or an old one.
    pub fn find(log: &Log, stop: &Stop) -> Result<Git, Diagnostic> {
        let own = INHERITED.iter().filter_map(|name| {
            let value = env::var_os(name)?;
            Some((OsString::from(name), value))
        });
        Git::find_with(own.collect(), log, stop)
    }

    pub(super) fn find_with(
        mut base: Environment,
        log: &Log,
        stop: &Stop,
    ) -> Result<Git, Diagnostic> {
        for (name, value) in [
            ("LC_ALL", "C"),
            ("HOME", "/nonexistent"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_ASKPASS", ""),
            ("SSH_ASKPASS_REQUIRE", "never"),
            ("GIT_LFS_SKIP_SMUDGE", "1"),
            ("GIT_PROTOCOL_FROM_USER", "0"),
            ("GIT_ALLOW_PROTOCOL", "https:ssh"),
        ] {
            base.insert(name.into(), value.into());
        }
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let git = Git {
            log: log.clone(),
            stop: stop.clone(),
            pause: Duration::from_secs(1),
            private: env::temp_dir(),
            base,
            config: CONFIG.iter().map(own).collect(),
        };
        git.check()?;
        Ok(git)
    }

    fn check(&self) -> Result<(), Diagnostic> {
        let install = "install Git 2.32 or later; the images of Aphex have it";
        let answer = self.ask(Path::new("/"), ["--version"])?;
        let version = answer.text();
        let mut numbers = version
            .strip_prefix("git version ")
            .unwrap_or_default()
            .split(['.', ' ', '-'])
            .map_while(|number| number.parse::<u32>().ok());
        let found = (numbers.next(), numbers.next());
        match found {
            (Some(major), Some(minor)) if (major, minor) >= OLDEST => Ok(()),
            _ => Err(
                Diagnostic::without_place(&GIT, "the `git` of this machine is too old")
                    .note(format!(
                        "it says `{}`",
                        crate::diagnostics::safe::line(&version)
                    ))
                    .help(install),
            ),
        }
    }

    /// The commit that a working tree is at; `None` where it is none.
    pub fn head(&self, tree: &Path) -> Option<String> {
        let answer = self.ask(tree, ["rev-parse", "--verify", "HEAD"]).ok()?;
        answer.good.then(|| answer.text())
    }

    /// With a variable more.
    pub(super) fn with_env(mut self, name: &str, value: impl Into<OsString>) -> Git {
        self.base.insert(name.into(), value.into());
        self
    }

    /// With a setting more.
    pub(super) fn with_config(mut self, name: impl Into<String>, value: impl Into<String>) -> Git {
        self.config.push((name.into(), value.into()));
        self
    }

    /// The whole environment of a call.
    pub(super) fn environment(&self) -> Environment {
        let mut environment = self.base.clone();
        for (number, (name, value)) in self.config.iter().enumerate() {
            environment.insert(format!("GIT_CONFIG_KEY_{number}").into(), name.into());
            environment.insert(format!("GIT_CONFIG_VALUE_{number}").into(), value.into());
        }
        let count = self.config.len().to_string();
        environment.insert("GIT_CONFIG_COUNT".into(), count.into());
        environment
    }

    /// Runs what does not use the network, for its answer.
    pub(super) fn ask<S: AsRef<OsStr>>(
        &self,
        dir: &Path,
        args: impl IntoIterator<Item = S>,
    ) -> Result<Answer, Diagnostic> {
        ask(&self.environment(), dir, args, b"")
    }

    /// The same, with something on its standard input.
    pub(super) fn ask_with<S: AsRef<OsStr>>(
        &self,
        dir: &Path,
        args: impl IntoIterator<Item = S>,
        input: &[u8],
    ) -> Result<Answer, Diagnostic> {
        ask(&self.environment(), dir, args, input)
    }

    /// Runs what may take its time: what it says goes to the log, and being told to stop stops it.
    pub(super) fn work<S: Into<OsString>>(
        &self,
        dir: &Path,
        args: impl IntoIterator<Item = S>,
    ) -> Result<Ended, Diagnostic> {
        let command = Command::new("git", dir).args(args).env(self.environment());
        run(&command, &self.log, &self.stop)
    }
}

/// Runs Git in an environment, for its answer.
pub(super) fn ask<S: AsRef<OsStr>>(
    environment: &Environment,
    dir: &Path,
    args: impl IntoIterator<Item = S>,
    input: &[u8],
) -> Result<Answer, Diagnostic> {
    let stdin = match input {
        [] => Ok(Stdio::null()),
        // A file, not a pipe: nobody waits for anybody.
        _ => file_of(input).map(Stdio::from),
    };
    let output = stdin.and_then(|stdin| {
        process::Command::new("git")
            .args(args)
            .current_dir(dir)
            .env_clear()
            .envs(environment)
            .stdin(stdin)
            .output()
    });
    match output {
        Ok(output) => {
            let good = output.status.success();
            let mut said = String::from_utf8_lossy(&output.stderr)
                .trim_end()
                .to_owned();
            if !good && let Some(space) = space(dir) {
                said.push_str(&format!("\n{space}"));
            }
            Ok(Answer {
                good,
                out: output.stdout,
                said,
            })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && dir.is_dir() => {
            Err(Diagnostic::without_place(&GIT, "there is no `git`")
                .note("no folder of `PATH` has it")
                .help("install Git 2.32 or later; the images of Aphex have it"))
        }
        Err(error) => {
            Err(Diagnostic::without_place(&GIT, "`git` cannot be started").note(error.to_string()))
        }
    }
}

fn file_of(content: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(content)?;
    file.rewind()?;
    Ok(file)
}
