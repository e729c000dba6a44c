//! Colours of what is shown in a terminal.

use std::io::{self, Write};

use codespan_reporting::diagnostic::{LabelStyle, Severity};
use codespan_reporting::term::WriteStyle;

/// Whether colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Escape sequences of ANSI terminals.
    Ansi,
    /// Text alone.
    Plain,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The word `error`, and what it points at.
    Error,
    /// The word `warning`, and what it points at.
    Warning,
    /// What else explains it; numbers and frames beside the source.
    Aside,
    /// What can be done.
    Advice,
    /// What is to be read first.
    Strong,
    /// A new piece of text.
    Added,
    /// What can be skipped.
    Faint,
}

impl Role {
    fn escape(self) -> &'static str {
        match self {
            Role::Error => "\x1b[1;31m",
            Role::Warning => "\x1b[1;33m",
            Role::Aside => "\x1b[34m",
            Role::Advice => "\x1b[1;36m",
            Role::Strong => "\x1b[1m",
            Role::Added => "\x1b[32m",
            Role::Faint => "\x1b[2m",
        }
    }
}

const RESET: &str = "\x1b[0m";

impl Paint {
    /// The text in the colour of its role.
    pub fn paint(self, role: Role, text: &str) -> String {
        match self {
            Paint::Ansi => format!("{}{text}{RESET}", role.escape()),
            Paint::Plain => text.to_owned(),
        }
    }
}

/// A page that is being drawn.
#[derive(Debug)]
pub struct Canvas {
    /// What was drawn so far, UTF-8.
    pub bytes: Vec<u8>,
    paint: Paint,
}

impl Canvas {
    /// An empty page.
    pub fn new(paint: Paint) -> Self {
        Canvas {
            bytes: Vec::new(),
            paint,
        }
    }

    fn set(&mut self, role: Role) -> io::Result<()> {
        match self.paint {
            Paint::Ansi => self.write_all(role.escape().as_bytes()),
            Paint::Plain => Ok(()),
        }
    }
}

impl Write for Canvas {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteStyle for Canvas {
    fn set_header(&mut self, severity: Severity) -> io::Result<()> {
        self.set(role(severity))
    }

    fn set_header_message(&mut self) -> io::Result<()> {
        self.set(Role::Strong)
    }

    fn set_line_number(&mut self) -> io::Result<()> {
        self.set(Role::Aside)
    }

    fn set_note_bullet(&mut self) -> io::Result<()> {
        self.set(Role::Aside)
    }

    fn set_source_border(&mut self) -> io::Result<()> {
        self.set(Role::Aside)
    }

    fn set_label(&mut self, severity: Severity, style: LabelStyle) -> io::Result<()> {
        self.set(match style {
            LabelStyle::Primary => role(severity),
            LabelStyle::Secondary => Role::Aside,
        })
    }

    fn reset(&mut self) -> io::Result<()> {
        match self.paint {
            Paint::Ansi => self.write_all(RESET.as_bytes()),
            Paint::Plain => Ok(()),
        }
    }
}

fn role(severity: Severity) -> Role {
    match severity {
        Severity::Bug | Severity::Error => Role::Error,
        Severity::Warning => Role::Warning,
        Severity::Note | Severity::Help => Role::Advice,
    }
}
