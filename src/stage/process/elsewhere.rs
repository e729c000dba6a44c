//! Commands that run where no signal of ours reaches them.

use std::ffi::OsString;
use std::fmt::Debug;
use std::process::{self, Stdio};
use std::thread;
use std::time::Duration;

use crate::model::Shell;
use crate::stage::process::{Command, Place};

/// A place of a list's commands that is not this process's own: a container.
pub trait Elsewhere: Debug {
    /// What it is, for messages.
    fn place(&self) -> Place<'_>;

    /// What starts a script there. It ends when the script does, with its exit code.
    fn command(&self, shell: Shell, script: &str) -> Command;

    /// A command begins: what is written there from now on is its own.
    fn begins(&self);

    /// A command has ended: its last lines, oldest first.
    fn ended(&self) -> Vec<String>;

    /// Ends what commands have left running there; what does not end by itself in this time is killed.
    fn clear(&self, grace: Duration);
}

/// Runs what tells a process elsewhere to end. Nobody waits for it, since the process's own end is what counts.
pub(super) fn tell(arguments: &[OsString]) -> bool {
    let Some((program, rest)) = arguments.split_first() else {
        return false;
    };
    let mut command = process::Command::new(program);
    command
        .args(rest)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else {
        return false;
    };
    thread::Builder::new()
        .name("tell".to_owned())
        .spawn(move || child.wait())
        .is_ok()
}
