//! Standard output and standard error, and what may be written there.

use std::io::{self, BufRead, IsTerminal, Write};

use anstream::AutoStream;
use clap::ValueEnum;

use crate::diagnostics::{Paint, Role, safe};

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// In a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where a command writes.
///
/// A reader that has gone away (`aphex check | head`) is no error: what it did not want is dropped.
#[derive(Debug)]
pub struct Console {
    /// The colours of standard output.
    pub out: Paint,
    /// The colours of standard error.
    pub err: Paint,
    failed: bool,
}

impl Console {
    /// The console of this process.
    pub fn new(color: Color) -> Self {
        Console {
            out: paint(color, AutoStream::choice(&io::stdout())),
            err: paint(color, AutoStream::choice(&io::stderr())),
            failed: false,
        }
    }

    /// Writes a result to standard output.
    pub fn print(&mut self, text: &str) {
        let result = write(&mut io::stdout().lock(), text);
        self.note(result);
    }

    /// Writes a remark to standard error. Where that fails there is nobody left to tell.
    pub fn remark(&mut self, text: &str) {
        let _ = write(&mut io::stderr().lock(), text);
    }

    /// Tells a failure that has no place in a program: `error: …`, and what to do.
    pub fn fail(&mut self, message: &str, help: Option<&str>) {
        // It may repeat what was typed.
        let message = safe::lines(message);
        let mut text = format!("{}: {message}\n", self.err.paint(Role::Error, "error"));
        if let Some(help) = help {
            text.push_str(&format!(
                "{}: {help}\n",
                self.err.paint(Role::Advice, "help")
            ));
        }
        self.remark(&text);
    }

    /// Whether a result could not be written, on a full disk for instance.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Columns where nobody says how many there are.
    pub const WIDTH: usize = 100;

    /// How many columns there are to draw in: those of the terminal, else what COLUMNS says; between 60 and 120.
    pub fn width() -> usize {
        let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let said = || std::env::var("COLUMNS").ok()?.parse().ok();
        terminal
            .or_else(said)
            .unwrap_or(Console::WIDTH)
            .clamp(60, 120)
    }

    /// Whether questions can be asked and answered.
    pub fn interactive() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks for a yes at the terminal; without one the answer is no, and `help` says what is to be done.
    pub fn agreed(&mut self, question: &str, help: &str) -> bool {
        if !Console::interactive() {
            self.fail("nobody can be asked here", Some(help));
            return false;
        }
        self.remark(&format!("{question} [y/N] "));
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
    }

    fn note(&mut self, result: io::Result<()>) {
        match result {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                if !self.failed {
                    self.fail(&format!("the output could not be written: {error}"), None);
                }
                self.failed = true;
            }
            _ => {}
        }
    }
}

fn write(stream: &mut impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

fn paint(color: Color, auto: anstream::ColorChoice) -> Paint {
    let colours = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => auto != anstream::ColorChoice::Never,
    };
    match colours {
        true => Paint::Ansi,
        false => Paint::Plain,
    }
}
