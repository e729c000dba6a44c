use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::Place;
use super::codes;
use super::{
    Command, Commands, Context, Ended, Environment, Outcome, Status, Stop, capture, failure, run,
    system,
};
use crate::diagnostics::{Code, Diagnostic};
use crate::model::{Shell, Text};
use crate::source::{SourceId, Span, Spanned};
use crate::stage::log::Memory;

/// What a script needs to find its programs.
fn path() -> (&'static str, String) {
    ("PATH", std::env::var("PATH").unwrap())
}

fn script(text: &str) -> Command {
    let mut command = Command::script(Shell::Sh, text, "/").env([path()]);
    command.grace = Duration::from_secs(20);
    command
}

/// Runs it; gives its end and what is in the log.
fn ran(command: &Command) -> (Ended, String) {
    super::adopt_orphans();
    let (log, text) = Memory::log();
    let ended = run(command, &log, &Stop::new().unwrap()).unwrap();
    (ended, text.text())
}

fn not_started(command: &Command) -> Diagnostic {
    let (log, _) = Memory::log();
    run(command, &log, &Stop::new().unwrap()).unwrap_err()
}

fn text(value: &str) -> Text {
    let span = Span::new(SourceId(0), 3, 5);
    Spanned {
        value: value.to_owned(),
        span,
    }
}

fn commands_in(
    dir: &Path,
    run: &[&str],
    change: impl FnOnce(&mut Commands<'_>),
) -> (Outcome, String) {
    let run: Vec<Text> = run.iter().map(|command| text(command)).collect();
    let (log, memory) = Memory::log();
    let (name, value) = path();
    let mut commands = Commands {
        run: &run,
        shell: Shell::Sh,
        image: Some("node:22"),
        dir: dir.to_owned(),
        dir_span: None,
        env: Environment::from([
            (name.into(), value.into()),
            ("DEPLOY_URL".into(), "x".into()),
        ]),
        timeout: None,
        grace: Duration::from_secs(20),
    };
    change(&mut commands);
    super::adopt_orphans();
    let outcome = commands.run(&log, &Stop::new().unwrap());
    (outcome, memory.text())
}

fn commands(run: &[&str]) -> (Outcome, String) {
    commands_in(Path::new("/"), run, |_| {})
}

/// The log with the times replaced, for they differ.
fn timeless(log: &str) -> String {
    let time = regex::Regex::new(r"(?m)^(  .*?)[0-9.]+ m?s$").unwrap();
    time.replace_all(log, "${1}T").into_owned()
}

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let from = Instant::now();
    while !holds() {
        assert!(
            from.elapsed() < Duration::from_secs(30),
            "{what} did not happen"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

fn is_running(pid: &str) -> bool {
    // A process that has ended and was not waited for is none that runs.
    let status = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    status
        .rsplit(") ")
        .next()
        .is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
}

/// A directory, and the numbers of processes that scripts wrote into files there.
struct Pids(tempfile::TempDir);

impl Pids {
    fn new() -> Self {
        Pids(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, name: &str) -> String {
        let path = self.path().join(name);
        wait_for("a number is written", || {
            fs::read_to_string(&path).is_ok_and(|text| text.ends_with('\n'))
        });
        fs::read_to_string(path).unwrap().trim().to_owned()
    }
}

#[test]
fn output_and_errors_come_in_the_order_they_were_written() {
    let (ended, log) = ran(&script("echo one; echo two >&2; echo three; printf last"));
    assert_eq!(ended.status, Status::Exit(0));
    assert!(ended.is_good());
    assert_eq!(log, "one\ntwo\nthree\nlast\n");
    assert_eq!(ended.tail, ["one", "two", "three", "last"]);
}

#[test]
fn nothing_is_inherited_but_what_is_given() {
    let (_, log) = ran(&script(
        "env | grep -v '^\\(PATH\\|PWD\\|OLDPWD\\|SHLVL\\|_\\)='; echo; cat; echo $#",
    )
    .env([("A", "b c")]));
    assert_eq!(log, "A=b c\n\n0\n");
}

#[test]
fn a_script_ends_at_its_first_failure() {
    assert_eq!(
        ran(&script("false\necho not reached")).0.status,
        Status::Exit(1)
    );
    assert_eq!(ran(&script("exit 7")).0.status, Status::Exit(7));
    assert_eq!(ran(&script("kill -9 $$")).0.status, Status::Signal(9));
    // As POSIX has it: a pipe's exit code is that of its last command.
    assert_eq!(ran(&script("false | true")).0.status, Status::Exit(0));
    let mut bash = script("");
    bash.program = "bash".into();
    bash.args = Command::script(
        Shell::Bash,
        "[[ a == a ]] && false | true && echo ${BASH_VERSION:+bash}",
        "/",
    )
    .args;
    assert_eq!(ran(&bash).1, "bash\n");
}

#[test]
fn req_10_4_time_over_ends_the_whole_group() {
    let pids = Pids::new();
    let mut command = script(
        "sleep 600 & echo $! > child; trap 'echo cleaned up; exit 3' TERM; echo $$ > leader; while :; do sleep 0.01; done",
    );
    command.dir = pids.path().to_owned();
    command.timeout = Some(Duration::from_millis(300));
    let (ended, log) = ran(&command);
    assert_eq!(ended.status, Status::TimedOut);
    // The shell may say that its own child was ended.
    assert!(log.ends_with("cleaned up\n"), "{log}");
    assert!(
        ended.took >= Duration::from_millis(300) && ended.took < Duration::from_secs(10),
        "{:?}",
        ended.took
    );
    assert!(!is_running(&pids.read("child")) && !is_running(&pids.read("leader")));
}

#[test]
fn who_does_not_listen_is_killed_after_the_grace() {
    let pids = Pids::new();
    // The leader goes at once, and leaves one behind that does not.
    let mut command = script(
        "(trap '' TERM; sh -c 'echo $PPID' > child; while :; do sleep 0.01; done) & sleep 600",
    );
    command.dir = pids.path().to_owned();
    command.timeout = Some(Duration::from_millis(300));
    command.grace = Duration::from_millis(300);
    let (ended, _) = ran(&command);
    assert_eq!(ended.status, Status::TimedOut);
    assert!(
        ended.took >= Duration::from_millis(600) && ended.took < Duration::from_secs(10),
        "{:?}",
        ended.took
    );
    assert!(!is_running(&pids.read("child")));
}

#[test]
fn a_halted_process_is_ended_too() {
    let mut command = script("kill -STOP $$");
    command.timeout = Some(Duration::from_millis(100));
    let (ended, _) = ran(&command);
    assert_eq!(ended.status, Status::TimedOut);
    // It is made to go on, so that it can end by itself.
    assert!(ended.took < command.grace, "{:?}", ended.took);
}

#[test]
fn stops_when_told_to() {
    let (log, text) = Memory::log();
    let stop = Stop::new().unwrap();
    let (teller, seen) = (stop.clone(), text.clone());
    let tells = thread::spawn(move || {
        wait_for("the command starts", || seen.text() == "ready\n");
        teller.set("SIGTERM");
    });
    let ended = run(
        &script("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done"),
        &log,
        &stop,
    )
    .unwrap();
    tells.join().unwrap();
    assert_eq!(ended.status, Status::Stopped);
    assert!(text.text().ends_with("bye\n"), "{}", text.text());

    let before = text.text();
    // What comes after that is not even begun.
    let ended = run(&script("echo more"), &log, &stop).unwrap();
    assert_eq!(
        (ended.status, ended.took),
        (Status::Stopped, Duration::ZERO)
    );
    assert_eq!(text.text(), before);
}

#[test]
fn what_keeps_the_pipe_open_holds_nobody() {
    let pids = Pids::new();
    let mut command = script("sleep 600 & echo $! > child; echo done");
    command.dir = pids.path().to_owned();
    let (ended, log) = ran(&command);
    assert_eq!((ended.status, log.as_str()), (Status::Exit(0), "done\n"));
    assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
    assert!(!is_running(&pids.read("child")));

    // Not even one who has left the group, nor one who writes without end.
    command.args = script("setsid sleep 600 & echo $! > daemon; echo done").args;
    assert_eq!(ran(&command).1, "done\n");
    let daemon: i32 = pids.read("daemon").parse().unwrap();
    let _ = rustix::process::kill_process_group(
        rustix::process::Pid::from_raw(daemon).unwrap(),
        rustix::process::Signal::KILL,
    );
    command.args = script("yes & echo $! > yes").args;
    assert_eq!(ran(&command).0.status, Status::Exit(0));
    assert!(!is_running(&pids.read("yes")));
}

#[test]
fn lines_are_handed_over_as_they_are_and_errors_go_to_the_log() {
    let (log, text) = Memory::log();
    assert!(log.hide("hunter2!"));
    let mut lines = Vec::new();
    let command = script("echo '{\"a\":\"hunter2!\"}'; echo warning >&2; printf '\\033[1mb'");
    let ended = capture(&command, &log, &Stop::new().unwrap(), &mut |line| {
        lines.push(line.to_owned())
    })
    .unwrap();
    assert!(ended.is_good());
    assert_eq!(lines, ["{\"a\":\"hunter2!\"}", "\u{1b}[1mb"]);
    assert_eq!(text.text(), "warning\n");
    assert_eq!(ended.tail, ["warning"]);
}

#[test]
fn req_2_1_each_command_has_its_line_its_code_and_its_time() {
    let (outcome, log) = commands(&["echo one", "echo two\nexit 3", "echo three"]);
    assert_eq!(
        timeless(&log),
        "$ echo one\none\n  T\n$ echo two\n> exit 3\ntwo\n  exit code 3 after T\n"
    );
    let codes: Vec<Status> = outcome
        .commands
        .iter()
        .map(|done| done.ended.status)
        .collect();
    assert_eq!(codes, [Status::Exit(0), Status::Exit(3)]);
    assert_eq!(outcome.status(), Some(Status::Exit(3)));
    let failure = outcome.failure.unwrap();
    assert_eq!(failure.code, &codes::FAILED);
    assert!(
        failure
            .message
            .starts_with("`echo two…` has failed with exit code 3 after "),
        "{}",
        failure.message
    );
    assert_eq!(failure.notes, ["its last line: two"]);
    assert_eq!(failure.span(), Some(text("").span));
}

#[test]
fn commands_that_all_succeed_have_no_failure() {
    let (outcome, _) = commands(&["true", "echo a"]);
    assert_eq!(
        (
            outcome.failure.as_ref(),
            outcome.status(),
            outcome.commands.len()
        ),
        (None, None, 2)
    );
}

#[test]
fn a_server_that_one_command_starts_serves_the_next_and_ends_with_the_last() {
    let pids = Pids::new();
    let server = "sh -c 'trap \"echo server ends; exit\" TERM; while :; do [ ! -e asked ] || echo answer > answered; sleep 0.01; done' & echo $! > server";
    let (outcome, log) = commands_in(
        pids.path(),
        &[
            server,
            "touch asked; until [ -e answered ]; do sleep 0.01; done; cat answered",
        ],
        |_| {},
    );
    assert_eq!(outcome.failure, None);
    assert!(
        log.contains("\nanswer\n") && log.ends_with("server ends\n"),
        "{log}"
    );
    assert!(!is_running(&pids.read("server")));
}

#[test]
fn req_10_4_commands_share_one_time() {
    let (outcome, log) = commands_in(
        Path::new("/"),
        &["sleep 1.7", "sleep 600", "echo never"],
        |commands| {
            commands.timeout = Some(Duration::from_secs(2));
        },
    );
    assert_eq!(outcome.status(), Some(Status::TimedOut));
    assert!(
        outcome.commands[1].ended.took < Duration::from_secs(2),
        "{:?}",
        outcome.commands[1].ended.took
    );
    let failure = outcome.failure.unwrap();
    assert_eq!(failure.code, &codes::TIMED_OUT);
    assert_eq!(
        failure.message,
        "`sleep 600` was stopped: its time of 2 s is over"
    );
    assert!(
        log.contains("time is over") && !log.contains("never"),
        "{log}"
    );
}

#[test]
fn the_last_twenty_lines_are_in_the_error() {
    let (outcome, _) = commands(&["seq 1 100; false"]);
    let notes = outcome.failure.unwrap().notes;
    let shown: Vec<&str> = notes[0].lines().collect();
    assert_eq!(
        (shown[0], shown[1], shown[20], shown.len()),
        ("its last lines:", "81", "100", 21)
    );
}

#[test]
fn a_secret_is_not_in_the_error() {
    let (log, _) = Memory::log();
    assert!(log.hide("hunter2!"));
    let ended = run(
        &script("echo my hunter2! is; false"),
        &log,
        &Stop::new().unwrap(),
    )
    .unwrap();
    assert_eq!(ended.tail, ["my *** is"]);
}

/// The failure of a single command.
fn failed(command: &str, code: &Code) -> Diagnostic {
    let failure = commands(&[command]).0.failure.unwrap();
    assert_eq!(failure.code, code, "{failure:#?}");
    failure
}

#[test]
fn a_missing_program_is_named_with_its_image() {
    let failure = failed("echo a; no-such-tool --version", &codes::NOT_FOUND);
    assert_eq!(
        failure.message,
        "there is no `no-such-tool` in the image `node:22`"
    );
    let failure = failed("./no-such-file", &codes::NOT_FOUND);
    assert!(
        failure
            .message
            .starts_with("`./no-such-file` does not exist in the image"),
        "{}",
        failure.message
    );
    let failure = failed("/etc/passwd", &codes::NOT_FOUND);
    assert!(
        failure.message.starts_with(
            "`/etc/passwd` cannot be executed in the image `node:22`: permission denied"
        ),
        "{}",
        failure.message
    );
    assert!(
        failed("exit 127", &codes::NOT_FOUND)
            .message
            .contains("calls a program that does not exist")
    );
    assert!(
        failed("exit 126", &codes::NOT_FOUND)
            .message
            .contains("calls something that cannot be executed")
    );
    let (outcome, _) = commands_in(Path::new("/"), &["no-such-tool"], |commands| {
        commands.shell = Shell::Bash
    });
    assert_eq!(
        outcome.failure.unwrap().message,
        "there is no `no-such-tool` in the image `node:22`"
    );
}

#[test]
fn a_variable_that_is_not_set_is_named_with_its_neighbour() {
    for shell in [Shell::Sh, Shell::Bash] {
        let (outcome, _) = commands_in(Path::new("/"), &["echo $DEPLOY_URI"], |commands| {
            commands.shell = shell
        });
        let failure = outcome.failure.unwrap();
        assert_eq!(
            failure.message,
            "`echo $DEPLOY_URI` has failed: the variable `DEPLOY_URI` is not set"
        );
        assert_eq!(failure.help.as_deref(), Some("did you mean `DEPLOY_URL`?"));
    }
    let failure = failed("echo $ANOTHER", &codes::FAILED);
    assert!(failure.help.unwrap().contains("`${ANOTHER:-}`"));
}

#[test]
fn signals_are_explained_from_the_shell_and_from_within() {
    let failure = failed("kill -KILL $$", &codes::SIGNALLED);
    assert!(
        failure
            .message
            .starts_with("`kill -KILL $$` was ended by SIGKILL after"),
        "{}",
        failure.message
    );
    assert!(failure.notes[0].contains("memory"));
    let failure = failed("sh -c 'kill -KILL $$'", &codes::SIGNALLED);
    assert!(
        failure.notes.iter().any(|note| note.contains("137")),
        "{:?}",
        failure.notes
    );
    assert!(
        failed("sh -c 'kill -SEGV $$'", &codes::SIGNALLED)
            .message
            .contains("SIGSEGV")
    );
    assert!(
        failed("exit 255", &codes::FAILED)
            .message
            .contains("exit code 255")
    );
}

#[test]
fn memory_that_was_used_up_is_said_where_the_kernel_says_so() {
    let (mut ended, _) = ran(&script("kill -9 $$"));
    ended.out_of_memory = true;
    let failure = failure(
        &ended,
        &Context {
            text: "make",
            ..Context::default()
        },
    )
    .unwrap();
    assert!(
        failure.notes[0].contains("its memory was used up"),
        "{:?}",
        failure.notes
    );
}

#[test]
fn a_stop_is_no_failure_of_the_command() {
    let (mut ended, _) = ran(&script("true"));
    ended.status = Status::Stopped;
    let context = Context {
        text: "make",
        stopped_by: Some("SIGTERM".to_owned()),
        place: Place::Pod("node:22"),
        ..Context::default()
    };
    let here = Context {
        place: Place::Machine,
        ..context.clone()
    };
    let here = failure(&ended, &here).unwrap();
    assert!(
        here.message.ends_with(": the run was ended"),
        "{}",
        here.message
    );
    assert!(here.help.is_none(), "{:?}", here.help);
    let failure = failure(&ended, &context).unwrap();
    assert_eq!(failure.code, &codes::STOPPED);
    assert!(
        failure.message.ends_with("by SIGTERM"),
        "{}",
        failure.message
    );
}

#[test]
fn what_cannot_be_started_says_why() {
    assert_eq!(
        not_started(&Command::new("no-such-program", "/").env([path()])).code,
        &codes::CANNOT_START
    );
    assert_eq!(
        not_started(&Command::new("/etc/passwd", "/")).code,
        &codes::CANNOT_START
    );
    let missing = not_started(&Command::script(Shell::Sh, "true", "/no/such/dir").env([path()]));
    assert_eq!(
        (missing.code, missing.message.as_str()),
        (
            &codes::NO_DIRECTORY,
            "the directory `/no/such/dir` does not exist"
        )
    );
    assert_eq!(
        not_started(&Command::script(Shell::Sh, "true", "/etc/passwd").env([path()])).code,
        &codes::NO_DIRECTORY
    );
    let long = not_started(&script(&": ".repeat(100_000)));
    assert_eq!(long.code, &codes::TOO_LONG);
    assert!(long.notes[1].contains("200000"), "{:?}", long.notes);
    assert_eq!(
        system("a pipe", &io::Error::from_raw_os_error(24)).code,
        &codes::SYSTEM
    );
}

#[test]
fn a_list_whose_shell_is_missing_points_at_the_command() {
    let empty = tempfile::tempdir().unwrap();
    let (outcome, _) = commands_in(empty.path(), &["make"], |commands| {
        commands.env.insert("PATH".into(), empty.path().into());
    });
    let failure = outcome.failure.unwrap();
    assert_eq!(
        (failure.code, failure.span()),
        (&codes::CANNOT_START, Some(text("").span))
    );
    assert!(outcome.commands.is_empty());
}
