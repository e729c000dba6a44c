//! The container of a step: it waits, and the step's commands run in it one after another.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdin, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_container::NOT_STARTED;
use crate::model::{Shell, Text};
use crate::stage::Folders;
use crate::stage::container::left::List;
use crate::stage::container::pump::Pump;
use crate::stage::container::{Engine, NO_RIGHTS, Variables, label};
use crate::stage::log::Log;
use crate::stage::process::{Command, Elsewhere, Place, Stop};

/// How long a container has to end by itself once its input has ended.
const END: Duration = Duration::from_secs(5);
/// How often it is looked whether something is left in it.
const TICK: Duration = Duration::from_millis(100);

/// What its first process does. Its input is a pipe of ours: however we end, the pipe does, and the container with it.
const KEEP: &str = r#"printf %s "$1"; while read -r _; do :; done"#;

/// Runs a command so that its output goes where the first process's goes: what it leaves running can still write when it has ended.
const RUN: &str = r#"mark=
if { : >/proc/1/fd/1; } 2>/dev/null; then exec >/proc/1/fd/1 2>&1; mark=$1; fi
trap : TERM
"$2" -eu -c "$3"
code=$?
printf %s "$mark"
exit "$code""#;

/// Ends everything but the first process.
const TERMINATE: &str = "kill -TERM -1";

/// Succeeds where there is a process beside the first one and this one that has not ended.
const IS_LEFT: &str = r#"for stat in /proc/[0-9]*/stat; do
  read -r line <"$stat" || continue
  case $line in "1 "* | "$$ "* | *") Z "*) ;; *) exit 0 ;; esac
done 2>/dev/null
exit 1"#;

/// What a step's container is to be.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Its name.
    pub name: String,
    /// Its image, with its place.
    pub image: &'a Text,
    /// The folders of the stage.
    pub folders: &'a Folders,
    /// Where the commands run, in the working tree.
    pub dir: Option<&'a str>,
    /// Their variables.
    pub variables: Variables,
    /// The container whose network it shares.
    pub beside: Option<String>,
}

/// A container that is there.
#[derive(Debug)]
pub struct Inside {
    engine: Engine,
    name: String,
    image: String,
    /// The directory of the commands, as they see it.
    dir: String,
    /// The same on this machine.
    here: PathBuf,
    mark: String,
    pump: Pump,
    keeper: Mutex<Option<Keeper>>,
}

/// The engine's program, as long as the container is there.
#[derive(Debug)]
struct Keeper {
    child: Child,
    /// Closed to end it.
    _input: ChildStdin,
}

impl Inside {
    /// Starts it, and waits until it is there. The image is fetched where it is not there.
    pub fn start(
        engine: &Engine,
        wanted: Wanted<'_>,
        log: &Log,
        stop: &Stop,
    ) -> Result<Inside, Diagnostic> {
        let source = wanted.folders.source();
        let mark = format!("\u{1}{}\u{1}", wanted.name);
        let arguments = arguments(engine, &wanted, &mark)?;
        List::new(wanted.folders.root()).add(engine, &wanted.name);
        let started = launch(engine, &arguments, &wanted, log, &mark);
        let (keeper, pump, errors) =
            started.map_err(|error| failed(&wanted, "it cannot be started", &error.to_string()))?;
        let inside = Inside {
            engine: engine.clone(),
            name: wanted.name.clone(),
            image: wanted.image.value.clone(),
            dir: place(wanted.dir),
            here: match wanted.dir {
                Some(dir) => source.join(dir),
                None => source,
            },
            mark,
            pump,
            keeper: Mutex::new(Some(keeper)),
        };
        match inside.pump.wait_for_first_mark(|| stop.is_set()) {
            true => Ok(inside),
            false => {
                let said = errors.end();
                inside.remove();
                Err(match stop.why() {
                    Some(_) => stopped(&wanted),
                    None => explain(&wanted, &said),
                })
            }
        }
    }

    fn exec<'a>(
        &self,
        dir: Option<&str>,
        words: impl IntoIterator<Item = &'a str>,
    ) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["exec".into()];
        if let Some(dir) = dir {
            arguments.push("--workdir".into());
            arguments.push(dir.into());
        }
        arguments.push(self.name.clone().into());
        arguments.extend(words.into_iter().map(OsString::from));
        arguments
    }

    /// Whether this script, run in it, succeeds.
    fn succeeds(&self, script: &str) -> bool {
        self.engine
            .ask(self.exec(None, ["sh", "-c", script]))
            .is_some()
    }

    /// Ends it, whatever is in it.
    fn remove(&self) {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Keeper { mut child, _input }) = keeper.take() else {
            return;
        };
        drop(_input);
        let began = Instant::now();
        while began.elapsed() < END {
            if let Ok(Some(_)) = child.try_wait() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        // Where it has ended it is gone.
        if !matches!(child.try_wait(), Ok(Some(_))) {
            self.engine.remove(&self.name);
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Elsewhere for Inside {
    fn place(&self) -> Place<'_> {
        Place::Container(&self.image)
    }

    fn command(&self, shell: Shell, script: &str) -> Command {
        let shell = match shell {
            Shell::Sh => "sh",
            Shell::Bash => "bash",
        };
        let words = ["sh", "-c", RUN, "sh", &self.mark, shell, script];
        let arguments = self.exec(Some(&self.dir), words);
        let mut command = self.engine.command(arguments, &Default::default());
        // A directory that is not there is told as it is of a command of this machine.
        command.dir.clone_from(&self.here);
        let ends = self.exec(None, ["sh", "-c", TERMINATE]);
        command.terminated_by = Some(self.engine.words(ends));
        command
    }

    fn begins(&self) {
        self.pump.begin();
    }

    fn ended(&self) -> Vec<String> {
        self.pump.end()
    }

    fn clear(&self, grace: Duration) {
        let began = Instant::now();
        if !grace.is_zero() && self.succeeds(IS_LEFT) {
            self.succeeds(TERMINATE);
            while began.elapsed() < grace && self.succeeds(IS_LEFT) {
                thread::sleep(TICK);
            }
        }
        self.remove();
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.remove();
    }
}

/// A directory of the working tree, as commands in the container see it.
fn place(dir: Option<&str>) -> String {
    match dir.map(|dir| dir.trim_start_matches("./")) {
        None | Some("." | "") => "/aphex/source".to_owned(),
        Some(dir) => format!("/aphex/source/{dir}"),
    }
}

fn arguments(
    engine: &Engine,
    wanted: &Wanted<'_>,
    mark: &str,
) -> Result<Vec<OsString>, Diagnostic> {
    let mut arguments: Vec<OsString> = ["run", "--rm", "--interactive", "--name"]
        .map(OsString::from)
        .to_vec();
    arguments.push(wanted.name.clone().into());
    arguments.push(label(wanted.folders).into());
    arguments.extend(NO_RIGHTS.map(OsString::from));
    arguments.extend(engine.own_user());
    arguments.extend(engine.files());
    if let Some(beside) = &wanted.beside {
        arguments.push(format!("--network=container:{beside}").into());
    }
    for (folder, within) in [
        (wanted.folders.source(), "source"),
        (wanted.folders.home(), "home"),
        (wanted.folders.tmp(), "tmp"),
    ] {
        let Some(path) = folder.to_str().filter(|path| !path.contains(':')) else {
            let why = format!("`{}` has a `:`, or is no UTF-8", folder.display());
            return Err(failed(wanted, "its folders cannot be handed over", &why));
        };
        arguments.push("--volume".into());
        arguments.push(format!("{path}:/aphex/{within}").into());
    }
    arguments.push("--workdir=/aphex/source".into());
    arguments.extend(wanted.variables.arguments());
    arguments.push("--entrypoint=sh".into());
    arguments.push(engine.image(&wanted.image.value).into());
    arguments.extend(["-c", KEEP, "sh", mark].map(OsString::from));
    Ok(arguments)
}

/// Starts the engine's program; what it says itself goes to the log, as the commands' output does.
fn launch(
    engine: &Engine,
    arguments: &[OsString],
    wanted: &Wanted<'_>,
    log: &Log,
    mark: &str,
) -> io::Result<(Keeper, Pump, Pump)> {
    let words = engine.words(arguments);
    let (program, rest) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let (output, writes_output) = io::pipe()?;
    let (errors, writes_errors) = io::pipe()?;
    let mut command = process::Command::new(program);
    command
        .args(rest)
        .current_dir(Path::new("/"))
        .envs(&wanted.variables.hidden)
        .stdin(Stdio::piped())
        .stdout(writes_output)
        .stderr(writes_errors)
        .process_group(0);
    let mut child = command.spawn()?;
    drop(command);
    let input = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let pump = Pump::start(output, log, mark)?;
    let errors = Pump::start(errors, log, mark)?;
    let keeper = Keeper {
        child,
        _input: input,
    };
    Ok((keeper, pump, errors))
}

/// Why a container is not there, from what the engine has said.
fn explain(wanted: &Wanted<'_>, said: &[String]) -> Diagnostic {
    let text = said.join("\n");
    let no_shell = text.contains("\"sh\"") && text.contains("executable file not found");
    let diagnostic = failed(wanted, "it cannot be started", text.trim());
    match no_shell {
        true => diagnostic.help("the commands of a step need a shell: use an image that has `sh`"),
        false => diagnostic,
    }
}

fn failed(wanted: &Wanted<'_>, what: &str, why: &str) -> Diagnostic {
    let message = format!("no container of `{}`: {what}", wanted.image.value);
    let diagnostic = Diagnostic::error(&NOT_STARTED, wanted.image.span, message);
    match why {
        "" => diagnostic,
        why => diagnostic.note(why),
    }
}

fn stopped(wanted: &Wanted<'_>) -> Diagnostic {
    let message = format!(
        "the container of `{}` was not started: the run was ended",
        wanted.image.value
    );
    let code = &crate::diagnostics::codes::run_process::STOPPED;
    Diagnostic::error(code, wanted.image.span, message)
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn directories_are_below_the_source() {
        assert_eq!(place(None), "/aphex/source");
        assert_eq!(place(Some(".")), "/aphex/source");
        assert_eq!(place(Some("./web")), "/aphex/source/web");
        assert_eq!(place(Some("services/web")), "/aphex/source/services/web");
    }
}
