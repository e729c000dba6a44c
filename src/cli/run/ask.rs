//! Approvals at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::diagnostics::{Paint, Role, safe};
use crate::ops::run::{Answer, Question};

/// Asks, and waits for `yes` or `no`. Where nobody can answer the answer is no.
pub fn ask(question: &Question, paint: Paint) -> Answer {
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
