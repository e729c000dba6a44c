//! What is wrong, each once, and never in a part that is only looked at to know what it needs.

use std::cell::{Cell, RefCell};

use crate::collections::IndexMap;
use crate::diagnostics::codes::evaluation as codes;
use crate::diagnostics::{Code, Diagnostic, Problems};
use crate::eval::interpreter::Interpreter;
use crate::eval::limits::{self, Limit};
use crate::eval::scope::Scope;
use crate::source::Span;

/// So many different problems are kept.
const MOST: usize = 1_000;

/// What was reported at a place under a code, by the assert that does not hold where it is one, and how many more of that kind stood there.
type Reported = IndexMap<(Option<Span>, &'static str, Option<Span>), (Diagnostic, u32)>;

/// What was reported.
#[derive(Debug, Default)]
pub struct Reports {
    list: RefCell<Reported>,
    quiet: Cell<bool>,
    /// The assert that is being tested.
    pub(super) assert: Cell<Option<Span>>,
    /// Where the functions were called whose code is running, outermost first.
    calls: RefCell<Vec<Span>>,
}

impl Reports {
    /// Hands over everything.
    pub fn finish(self, problems: &mut Problems) {
        for (diagnostic, more) in self.list.into_inner().into_values() {
            problems.push(match more {
                0 => diagnostic,
                1 => diagnostic.note("one more value made here has a problem"),
                more => diagnostic.note(format!("{more} more values made here have a problem")),
            });
        }
    }
}

impl<'a> Interpreter<'a> {
    /// Reports a problem. The same kind at the same place is reported once, and counted.
    pub(super) fn report(&self, diagnostic: Diagnostic) {
        if self.is_silent() {
            return;
        }
        let calls: Vec<Span> = self.reports.calls.borrow().iter().rev().copied().collect();
        self.keep(self.with_calls(calls.into_iter(), diagnostic));
    }

    fn is_silent(&self) -> bool {
        self.reports.quiet.get() || self.meter.reached().is_some()
    }

    /// Reports a problem in code that `scope` is the surroundings of: where that is the body of a
    /// function, it says from where the function was called.
    pub(super) fn report_in(&self, scope: &Scope<'a>, diagnostic: Diagnostic) {
        if !self.is_silent() {
            self.keep(self.with_calls(scope.calls(), diagnostic));
        }
    }

    /// Adds the calls that lead to a problem. A place in the standard library gives way to the call.
    fn with_calls(
        &self,
        calls: impl Iterator<Item = Span>,
        mut diagnostic: Diagnostic,
    ) -> Diagnostic {
        let mut calls = calls.filter(|span| !self.is_standard(*span));
        let Some(primary) = diagnostic.span() else {
            return diagnostic;
        };
        if self.is_standard(primary) {
            if let (Some(call), Some(label)) = (calls.next(), &mut diagnostic.primary) {
                label.span = call;
            }
        } else if self.is_data(primary) {
            return diagnostic;
        }
        for call in calls.take(3) {
            if diagnostic.span() != Some(call) {
                diagnostic = diagnostic.also(call, "called here");
            }
        }
        diagnostic
    }

    /// Does something without reporting what is wrong with it.
    pub(super) fn quietly<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.reports.quiet.replace(true);
        let result = work();
        self.reports.quiet.set(before);
        result
    }

    /// Does something whose problems are reported whoever asks for it, in the surroundings `scope`.
    pub(super) fn aloud<T>(&self, scope: Option<&Scope<'a>>, work: impl FnOnce() -> T) -> T {
        let quiet = self.reports.quiet.replace(false);
        let mut calls: Vec<Span> = scope.into_iter().flat_map(Scope::calls).collect();
        calls.reverse();
        let calls = self.reports.calls.replace(calls);
        let result = work();
        self.reports.calls.replace(calls);
        self.reports.quiet.set(quiet);
        result
    }

    /// Does something on behalf of the code at `span`.
    pub(super) fn called_at<T>(&self, span: Span, work: impl FnOnce() -> T) -> T {
        self.reports.calls.borrow_mut().push(span);
        let result = work();
        self.reports.calls.borrow_mut().pop();
        result
    }

    /// Reports the limit that ended the evaluation, at the expression that reached it.
    pub(super) fn report_limit(&self, span: Span) {
        let Some(limit) = self.meter.reached() else {
            return;
        };
        let (code, message, note, help): (&'static Code, _, _, _) = match limit {
            Limit::Steps => (
                &codes::TOO_MANY_STEPS,
                "the program takes too many steps to evaluate",
                format!("at most {} steps are made", limits::STEPS),
                "look for loops within loops, and for long ranges",
            ),
            Limit::Depth => (
                &codes::TOO_DEEP,
                "the program nests too deep to be evaluated",
                format!("at most {} levels are followed", limits::DEPTH),
                "use fewer values that are each made of the one before",
            ),
            Limit::Memory => (
                &codes::TOO_MUCH_MEMORY,
                "the values of the program take too much memory",
                format!("at most {} MiB are made", limits::MEMORY >> 20),
                "look for texts and lists that grow with each step",
            ),
            Limit::Nodes => (
                &codes::TOO_MUCH_MEMORY,
                "the evaluated program is too large",
                format!("at most {} values are kept", limits::NODES),
                "look for lists that are repeated within one another",
            ),
            Limit::Blocks => (
                &codes::TOO_MUCH_MEMORY,
                "the program makes too many blocks",
                format!("at most {} blocks are made", limits::BLOCKS),
                "look for loops within loops",
            ),
        };
        let list = self.reports.list.borrow();
        if list.values().any(|(known, _)| known.code == code) {
            return;
        }
        drop(list);
        let diagnostic = Diagnostic::error(code, span, message)
            .label("the limit was reached here")
            .note(note)
            .help(help);
        self.keep(diagnostic);
    }

    fn keep(&self, diagnostic: Diagnostic) {
        let mut list = self.reports.list.borrow_mut();
        let key = (
            diagnostic.span(),
            diagnostic.code.id,
            self.reports.assert.get(),
        );
        let is_full = list.len() >= MOST;
        match list.get_mut(&key) {
            Some((known, more)) if known.message != diagnostic.message => *more += 1,
            None if !is_full => {
                list.insert(key, (diagnostic, 0));
            }
            Some(_) | None => {}
        }
    }
}
