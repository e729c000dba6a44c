//! Podman or docker, whichever is there and answers.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command as Process, Stdio};

use rustix::process::{getegid, geteuid};

use crate::diagnostics::codes::run_process::NO_CONTAINERS;
use crate::diagnostics::{Diagnostic, safe};
use crate::stage::process::{Command, Environment};

/// Names the engine in place of the first one that is there.
const VARIABLE: &str = "APHEX_CONTAINER_ENGINE";
/// Looked for in this order.
const KNOWN: [&str; 2] = ["podman", "docker"];

/// A container engine of this machine that answers.
#[derive(Clone, Debug)]
pub struct Engine {
    program: OsString,
    kind: Kind,
    /// It runs as whoever started it: the root of a container is that user.
    rootless: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Podman,
    Docker,
}

impl Engine {
    /// The one that `APHEX_CONTAINER_ENGINE` names, or the first that answers. An `A0919` where none does.
    pub fn find() -> Result<Engine, Diagnostic> {
        let named = std::env::var_os(VARIABLE).filter(|name| !name.is_empty());
        let problem = |message: String| Diagnostic::without_place(&NO_CONTAINERS, message);
        if let Some(program) = named {
            let shown = safe::line(&program.to_string_lossy()).into_owned();
            return match probe(&program) {
                Answer::Engine(engine) => Ok(engine),
                Answer::Silent(why) => Err(problem(format!("`{shown}` does not answer")).note(why)),
                Answer::Missing => Err(problem(format!("there is no `{shown}`"))
                    .note(format!("the variable `{VARIABLE}` names it"))),
            };
        }
        let mut silent = Vec::new();
        for program in KNOWN {
            match probe(&OsString::from(program)) {
                Answer::Engine(engine) => return Ok(engine),
                Answer::Silent(why) => silent.push((program, why)),
                Answer::Missing => {}
            }
        }
        let Some((program, why)) = silent.into_iter().next() else {
            return Err(
                problem("there is neither podman nor docker on this machine".to_owned())
                    .help("install one of them; or run the pipeline in the cluster"),
            );
        };
        Err(problem(format!("`{program}` is there, but does not answer"))
            .note(why)
            .help(format!("start its service, or see what `{program} info` says; `{VARIABLE}` names another program")))
    }

    /// A call of the engine's program, with its own environment and what is hidden in it.
    pub fn command(&self, arguments: Vec<OsString>, hidden: &Environment) -> Command {
        let mut command = Command::new(self.program.clone(), Path::new("/")).args(arguments);
        command.env = std::env::vars_os().collect();
        command.env.extend(hidden.clone());
        command
    }

    /// The same as a list of words.
    pub fn words<T: Into<OsString>>(
        &self,
        arguments: impl IntoIterator<Item = T>,
    ) -> Vec<OsString> {
        let program = [self.program.clone()];
        let arguments = arguments.into_iter().map(Into::into);
        program.into_iter().chain(arguments).collect()
    }

    /// The arguments that make whoever runs in a container own its files as this process does.
    pub fn own_user(&self) -> Vec<OsString> {
        let own = format!("{}:{}", geteuid().as_raw(), getegid().as_raw());
        match (self.kind, self.rootless) {
            (Kind::Podman, true) => vec!["--userns=keep-id".into(), "--user".into(), own.into()],
            // The root of its containers is the user.
            (Kind::Docker, true) => vec!["--user".into(), "0:0".into()],
            (_, false) => vec!["--user".into(), own.into()],
        }
    }

    /// The arguments that let a container see a folder of this machine where SELinux would not.
    pub fn files(&self) -> Vec<OsString> {
        match self.kind {
            Kind::Podman => vec!["--security-opt=label=disable".into()],
            Kind::Docker => Vec::new(),
        }
    }

    /// An image as this engine must be told to find the one that Kubernetes would.
    pub fn image(&self, image: &str) -> String {
        match self.kind {
            Kind::Podman => super::image::in_full(image),
            Kind::Docker => image.to_owned(),
        }
    }

    /// Runs the program to its end without anybody seeing it; its standard output, where it succeeds.
    pub fn ask<T: Into<OsString>>(&self, arguments: impl IntoIterator<Item = T>) -> Option<String> {
        let arguments = arguments.into_iter().map(Into::into);
        let output = Process::new(&self.program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(text)
    }

    /// Removes a container, whatever it does.
    pub fn remove(&self, name: &str) {
        self.ask(["kill", name]);
        self.ask(["rm", "--force", name]);
    }

    /// The program's name.
    pub fn name(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }

    /// One that need not answer: to remove what is left of it.
    pub fn named(program: &str) -> Engine {
        Engine {
            program: program.into(),
            kind: Kind::Podman,
            rootless: false,
        }
    }
}

enum Answer {
    Engine(Engine),
    /// It is there, and says this.
    Silent(String),
    Missing,
}

fn probe(program: &OsString) -> Answer {
    let ask = |arguments: &[&str]| {
        Process::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
    };
    let Ok(version) = ask(&["--version"]) else {
        return Answer::Missing;
    };
    // `docker` may be podman under another name.
    let says_podman = String::from_utf8_lossy(&version.stdout).contains("podman");
    let (kind, format) = match says_podman {
        true => (Kind::Podman, "{{.Host.Security.Rootless}}"),
        false => (Kind::Docker, "{{.SecurityOptions}}"),
    };
    let Ok(info) = ask(&["info", "--format", format]) else {
        return Answer::Missing;
    };
    let said = String::from_utf8_lossy(&info.stdout);
    // Docker's program succeeds in formatting nothing where its daemon does not answer.
    let errors = String::from_utf8_lossy(&info.stderr);
    let answered = info.status.success() && !said.trim().is_empty();
    match answered {
        true => Answer::Engine(Engine {
            program: program.clone(),
            kind,
            rootless: match kind {
                Kind::Podman => said.trim() == "true",
                Kind::Docker => said.contains("rootless"),
            },
        }),
        false => Answer::Silent(safe::line(errors.trim()).into_owned()),
    }
}
