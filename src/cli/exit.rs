//! What the program tells the shell.

use std::process::ExitCode;

use crate::diagnostics::Diagnostic;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All is well.
    Fine,
    /// The program that was looked at has errors, or an input could not be read.
    Errors,
    /// Nothing is wrong, and there are changes to be made.
    Changes,
    /// The command line is wrong: also where it names what the pipeline does not have.
    Usage,
    /// A fault of Aphex itself.
    Fault,
    /// It was not done, and a further try may do it.
    Later,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Fine => 0,
            Exit::Errors => 1,
            Exit::Changes => 2,
            Exit::Usage => 64,
            Exit::Fault => 70,
            Exit::Later => 75,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

/// Why a command does nothing, and how it ends for that.
#[derive(Debug)]
pub struct Refused {
    /// What is wrong.
    pub problem: Diagnostic,
    /// How the command ends.
    pub exit: Exit,
}

impl Refused {
    /// For something on the command line.
    pub fn usage(problem: Diagnostic) -> Self {
        Refused {
            problem,
            exit: Exit::Usage,
        }
    }
}

impl From<Diagnostic> for Refused {
    fn from(problem: Diagnostic) -> Self {
        Refused {
            problem,
            exit: Exit::Errors,
        }
    }
}
