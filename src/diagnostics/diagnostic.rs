//! The one type of message.

use crate::diagnostics::Code;
use crate::diagnostics::suggest::is_same_name;
use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The program is refused.
    Error,
    /// The program is accepted, but it will probably not do what its author wants.
    Warning,
}

/// A place, and what this piece is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What this piece is, lower case, no full stop; may be empty.
    pub message: String,
}

/// A replacement of one span by text; an empty span inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub text: String,
}

/// A change that makes the problem go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an order: "write `region`".
    pub message: String,
    /// The edits, which do not overlap.
    pub edits: Vec<Edit>,
    /// Whether a person must look at it first.
    pub applicability: Applicability,
}

/// Whether a change is what the writer meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// It is, whatever they had in mind: `check --fix` makes it.
    Certain,
    /// It may be: the text that stands there can mean something else. An editor offers it; `check --fix` leaves it.
    Likely,
}

/// One problem: a code, a message, its places, what is known about it, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of problem.
    pub code: &'static Code,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong in the user's words: lower case, no full stop, names in backticks.
    pub message: String,
    /// The place it is about; `None` for what has no place in a file (a missing file, say).
    pub primary: Option<Label>,
    /// Further places that explain it, also in other files.
    pub secondary: Vec<Label>,
    /// Facts that help to understand, with the values involved.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    /// Changes that an editor offers; each alone solves the problem.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            primary: Some(Label {
                span,
                message: String::new(),
            }),
            secondary: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// A warning at a place.
    pub fn warning(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, span, message)
        }
    }

    /// An error that has no place in a source file.
    pub fn without_place(code: &'static Code, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            primary: None,
            secondary: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// Gives it a place, in place of the one that it may have.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.primary = Some(Label {
            span,
            message: String::new(),
        });
        self
    }

    /// Notes what another problem says: the reason for this one.
    #[must_use]
    pub fn because(mut self, reason: Diagnostic) -> Self {
        self.notes.push(reason.message);
        self.notes.extend(reason.notes);
        self
    }

    /// Says what the primary place is.
    #[must_use]
    pub fn label(mut self, message: impl Into<String>) -> Self {
        if let Some(primary) = &mut self.primary {
            primary.message = message.into();
        }
        self
    }

    /// Adds a further place.
    #[must_use]
    pub fn also(mut self, span: Span, message: impl Into<String>) -> Self {
        self.secondary.push(Label {
            span,
            message: message.into(),
        });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a fix of one edit.
    #[must_use]
    pub fn fix(self, message: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.fix_all(
            message,
            vec![Edit {
                span,
                text: text.into(),
            }],
        )
    }

    /// Adds a fix of one edit that a person must look at first.
    #[must_use]
    pub fn likely_fix(
        mut self,
        message: impl Into<String>,
        span: Span,
        text: impl Into<String>,
    ) -> Self {
        let text = text.into();
        self.fixes.push(Fix {
            message: message.into(),
            edits: vec![Edit { span, text }],
            applicability: Applicability::Likely,
        });
        self
    }

    /// Adds a fix that writes the name that was probably meant, as `text`: certain where it is the same name spelt
    /// otherwise.
    #[must_use]
    pub fn meant(self, wrong: &str, near: &str, span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        let message = format!("write `{text}`");
        match is_same_name(wrong, near) {
            true => self.fix(message, span, text),
            false => self.likely_fix(message, span, text),
        }
    }

    /// Adds a fix of several edits.
    #[must_use]
    pub fn fix_all(mut self, message: impl Into<String>, edits: Vec<Edit>) -> Self {
        self.fixes.push(Fix {
            message: message.into(),
            edits,
            applicability: Applicability::Certain,
        });
        self
    }

    /// The fix that `check --fix` makes, where there is one.
    pub fn certain_fix(&self) -> Option<&Fix> {
        let mut fixes = self.fixes.iter();
        fixes.find(|fix| fix.applicability == Applicability::Certain)
    }

    /// The place it is about, where it has one.
    pub fn span(&self) -> Option<Span> {
        self.primary.as_ref().map(|label| label.span)
    }
}
