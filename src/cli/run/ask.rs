//! Approvals at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::diagnostics::{Paint, Role, safe};
use crate::ops::run::{Answer, Question};

/// How often it is looked whether the run was ended.
const TICK: Duration = Duration::from_millis(100);

/// Asks, and waits for `yes` or `no`. Where nobody can answer the answer is no.
pub fn ask(question: &Question, paint: Paint, is_stopped: &dyn Fn() -> bool) -> Answer {
    let message = safe::line(&question.message);
    let mut out = io::stderr();
    let mark = paint.paint(Role::Advice, "?");
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        let _ = writeln!(
            out,
            "{mark} {}: {message}\n  no terminal to answer at: rejected",
            question.path
        );
        return Answer::No;
    }
    loop {
        let _ = write!(out, "{mark} {}: {message} [yes/no] ", question.path);
        let _ = out.flush();
        while !can_be_read(&stdin) {
            if is_stopped() {
                let _ = writeln!(out);
                return Answer::Stopped;
            }
        }
        let mut line = String::new();
        match stdin.lock().read_line(&mut line) {
            Ok(0) | Err(_) => return Answer::No,
            Ok(_) => match line.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => return Answer::Yes,
                "n" | "no" => return Answer::No,
                _ => {}
            },
        }
    }
}

/// Waits a little for a line: a read that waits would not be ended by Ctrl-C.
fn can_be_read(stdin: &io::Stdin) -> bool {
    let began = Instant::now();
    let mut polled = [PollFd::new(stdin, PollFlags::IN)];
    let wait = Timespec::try_from(TICK).ok();
    match poll(&mut polled, wait.as_ref()) {
        Ok(ready) => ready > 0,
        Err(_) => {
            // A signal came.
            std::thread::sleep(TICK.saturating_sub(began.elapsed()));
            false
        }
    }
}
