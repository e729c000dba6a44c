//! Why a command did not do what it should, said to a person.

use std::fs;
use std::io;
use std::time::Duration;

use crate::diagnostics::codes::run_process as codes;
use crate::diagnostics::{Code, Diagnostic, did_you_mean};
use crate::model::Shell;
use crate::source::Span;
use crate::stage::process::said::{Said, complaint};
use crate::stage::process::{Command, Ended, Status, shell_program, signal_name};

/// How many of a command's last lines stand in the error.
const SHOWN: usize = 20;
/// A command is named in an error by so many characters of its first line.
const NAMED: usize = 60;

/// What is known about a command beside how it ended.
#[derive(Clone, Debug, Default)]
pub struct Context<'a> {
    /// The command as it was written.
    pub text: &'a str,
    /// Where.
    pub span: Option<Span>,
    /// The shell that it is a script for.
    pub shell: Option<Shell>,
    /// Where it runs.
    pub place: Place<'a>,
    /// The names of its variables.
    pub variables: Vec<&'a str>,
    /// How long it, or the list that it stands in, may take.
    pub timeout: Option<Duration>,
    /// Why it was told to stop.
    pub stopped_by: Option<String>,
}

/// Where a command runs: what is to be done about a failure depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place<'a> {
    /// As a process of this machine.
    #[default]
    Machine,
    /// On this machine, in a container of an image.
    Container(&'a str),
    /// In a pod, in a container of an image.
    Pod(&'a str),
}

/// What is wrong with how a command ended; `None` where it has succeeded.
pub fn failure(ended: &Ended, context: &Context<'_>) -> Option<Diagnostic> {
    let name = named(context.text);
    let after = time_in_words(ended.took);
    let diagnostic = match ended.status {
        Status::Exit(0) => return None,
        Status::Exit(code) => exit(code, ended, context),
        Status::Signal(signal) => signalled(signal, ended, context),
        Status::TimedOut => {
            let limit = context.timeout.map_or(after, time_in_words);
            error(
                &codes::TIMED_OUT,
                context,
                format!("`{name}` was stopped: its time of {limit} is over"),
            )
            .help("find out what it waited for; or give the step more time: `timeout = 2h`")
        }
        Status::Stopped => {
            let why = context.stopped_by.as_deref().unwrap_or("a request");
            match context.place {
                Place::Pod(_) => error(&codes::STOPPED, context, format!("`{name}` was stopped after {after} by {why}"))
                    .help("if nobody has ended this run, look at what has happened to its pod: `kubectl describe pod`"),
                Place::Machine | Place::Container(_) => {
                    error(&codes::STOPPED, context, format!("`{name}` was stopped after {after}: the run was ended"))
                }
            }
        }
    };
    Some(with_tail(diagnostic, &ended.tail))
}

fn exit(code: i32, ended: &Ended, context: &Context<'_>) -> Diagnostic {
    let name = named(context.text);
    // A shell gives 128 and the signal's number for a command that was ended by one; a few programs end with more than that by themselves.
    if let Some(signal) = code
        .checked_sub(128)
        .filter(|signal| [4, 6, 7, 8, 9, 11, 13, 15].contains(signal))
    {
        return signalled(signal, ended, context).note(format!(
            "its exit code is {code}: 128 and the number of the signal"
        ));
    }
    let place = match context.place {
        Place::Container(image) | Place::Pod(image) => format!("in the image `{image}`"),
        Place::Machine => "on this machine".to_owned(),
    };
    let remedy = match context.place {
        Place::Container(_) | Place::Pod(_) => {
            "use an image that has it, or install it in a command before"
        }
        Place::Machine => {
            "install it; or run in an image that has it, with `image = \"…\"` and `aphex run --container`"
        }
    };
    match (complaint(&ended.tail), code) {
        (Some(Said::Unset(variable)), _) if context.shell.is_some() => {
            let shell = context.shell.map_or("sh", shell_program);
            let known = context.variables.iter().copied();
            let help = match did_you_mean(&variable, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    format!("set it in `env`, or write `${{{variable}:-}}` where it may be missing")
                }
            };
            error(
                &codes::FAILED,
                context,
                format!("`{name}` has failed: the variable `{variable}` is not set"),
            )
            .note(format!("`{shell} -eu` ends at a variable that is not set"))
            .help(help)
        }
        (Some(Said::Missing(program)), 127) if !program.contains('/') => error(
            &codes::NOT_FOUND,
            context,
            format!("there is no `{program}` {place}"),
        )
        .note(format!("exit code 127 of `{name}`: command not found"))
        .help(format!(
            "{remedy}; with `tools = [\"{program}\"]` it is looked for before the run does anything"
        )),
        (Some(Said::Missing(path)), 127) => error(
            &codes::NOT_FOUND,
            context,
            format!(
                "`{path}` does not exist {place}, or the interpreter that its first line names"
            ),
        )
        .note(format!("exit code 127 of `{name}`: command not found"))
        .help("commands run in the step's `dir`, at the root of the repository by default"),
        (Some(Said::NotExecutable(path, reason)), 126) => error(
            &codes::NOT_FOUND,
            context,
            format!("`{path}` cannot be executed {place}: {reason}"),
        )
        .note(format!("exit code 126 of `{name}`"))
        .help(format!(
            "`git update-index --chmod=+x {}` makes a file of the repository executable",
            path.trim_start_matches("./")
        )),
        (_, 127) => error(
            &codes::NOT_FOUND,
            context,
            format!("`{name}` calls a program that does not exist {place}"),
        )
        .note("exit code 127: command not found"),
        (_, 126) => error(
            &codes::NOT_FOUND,
            context,
            format!("`{name}` calls something that cannot be executed {place}"),
        )
        .note("exit code 126: cannot execute"),
        _ => error(
            &codes::FAILED,
            context,
            format!(
                "`{name}` has failed with exit code {code} after {}",
                time_in_words(ended.took)
            ),
        ),
    }
}

fn signalled(signal: i32, ended: &Ended, context: &Context<'_>) -> Diagnostic {
    let name = named(context.text);
    let after = time_in_words(ended.took);
    let by = signal_name(signal);
    let diagnostic = error(
        &codes::SIGNALLED,
        context,
        format!("`{name}` was ended by {by} after {after}"),
    );
    match signal {
        9 if ended.out_of_memory => diagnostic
            .note("the kernel has ended a process of this container: its memory was used up")
            .help("give the step more: `resources = { memory = 4Gi }`"),
        9 if matches!(context.place, Place::Machine) => diagnostic
            .note("the kernel does that when memory is used up")
            .help("if that is it, run fewer stages at once: `--jobs 1`"),
        9 => diagnostic
            .note("the kernel does that when memory is used up")
            .help("if that is it, give the step more: `resources = { memory = 4Gi }`"),
        4 | 7 | 8 | 11 => {
            diagnostic.note("a fault in the program itself, or in a library that it uses")
        }
        13 => diagnostic.note("it wrote to a pipe that nobody reads"),
        _ => diagnostic,
    }
}

/// Why a command could not be started.
pub fn not_started(command: &Command, failure: &io::Error) -> Diagnostic {
    let program = command.program.to_string_lossy();
    let dir = command.dir.display();
    let plain =
        |code, message: String| Diagnostic::without_place(code, message).note(failure.to_string());
    match failure.kind() {
        io::ErrorKind::NotFound if !command.dir.is_dir() => {
            Diagnostic::without_place(&codes::NO_DIRECTORY, format!("the directory `{dir}` does not exist"))
                .help("write in `dir` a directory of the repository; or let a command before make it")
        }
        io::ErrorKind::NotADirectory if !command.dir.is_dir() => {
            Diagnostic::without_place(&codes::NO_DIRECTORY, format!("`{dir}` is no directory"))
        }
        io::ErrorKind::ArgumentListTooLong => {
            let longest = command.args.iter().map(|argument| argument.len()).max().unwrap_or(0);
            let env: usize = command.env.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
            plain(&codes::TOO_LONG, "a command and its environment are too long to be run".to_owned())
                .note(format!("the longest argument has {longest} bytes, the environment {env}; Linux takes 131,072 for one text"))
                .help("keep long scripts and data in files of the repository")
        }
        io::ErrorKind::NotFound if fs::metadata(program.as_ref()).is_ok() => {
            plain(&codes::CANNOT_START, format!("`{program}` cannot be started"))
                .help("the interpreter that its first line names, or the loader that it was built for, does not exist")
        }
        io::ErrorKind::NotFound => plain(&codes::CANNOT_START, format!("there is no `{program}`"))
            .help("use an image that has it, or install it"),
        io::ErrorKind::PermissionDenied => plain(&codes::CANNOT_START, format!("`{program}` cannot be executed in `{dir}`")),
        _ => plain(&codes::CANNOT_START, format!("`{program}` cannot be started")),
    }
}

fn error(code: &'static Code, context: &Context<'_>, message: String) -> Diagnostic {
    match context.span {
        Some(span) => Diagnostic::error(code, span, message),
        None => Diagnostic::without_place(code, message),
    }
}

fn with_tail(diagnostic: Diagnostic, tail: &[String]) -> Diagnostic {
    let skipped = tail.len().saturating_sub(SHOWN);
    let shown: Vec<&str> = tail.iter().skip(skipped).map(String::as_str).collect();
    match shown.as_slice() {
        [] => diagnostic.note("it has written nothing"),
        [line] => diagnostic.note(format!("its last line: {line}")),
        lines => diagnostic.note(format!("its last lines:\n{}", lines.join("\n"))),
    }
}

/// What a command is called in an error.
fn named(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or("");
    let mut name: String = first.chars().take(NAMED).collect();
    if name.len() < first.len() || lines.next().is_some() {
        name.push('…');
    }
    name
}

/// `12 ms`, `0.8 s`, `2 min 5 s`, `1 h 3 min`.
pub fn time_in_words(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    let seconds = (time.as_millis() + 500) / 1000;
    match seconds {
        _ if time < Duration::from_millis(50) => format!("{} ms", time.as_millis()),
        _ if tenths < 600 && tenths.is_multiple_of(10) => {
            format!("{} s", tenths / 10)
        }
        _ if tenths < 600 => format!("{}.{} s", tenths / 10, tenths % 10),
        _ if seconds < 3600 => two(seconds / 60, "min", seconds % 60, "s"),
        _ => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
    }
}

fn two(large: u128, large_unit: &str, small: u128, small_unit: &str) -> String {
    match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        let words = |millis| time_in_words(Duration::from_millis(millis));
        assert_eq!(words(0), "0 ms");
        assert_eq!(words(49), "49 ms");
        assert_eq!(words(50), "0.1 s");
        assert_eq!(words(840), "0.8 s");
        assert_eq!(words(960), "1 s");
        assert_eq!(words(12_340), "12.3 s");
        assert_eq!(words(59_960), "1 min");
        assert_eq!(words(125_400), "2 min 5 s");
        assert_eq!(words(3_780_000), "1 h 3 min");
        assert_eq!(words(7_200_000), "2 h");
    }

    #[test]
    fn long_commands_are_named_by_their_beginning() {
        assert_eq!(named("npm ci"), "npm ci");
        assert_eq!(named("\n  npm ci\n  npm test\n"), "npm ci…");
        assert_eq!(named(&"ä".repeat(61)), format!("{}…", "ä".repeat(60)));
    }
}
