//! What is being evaluated right now, so that a cycle can be named in full.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::evaluation as codes;
use crate::eval::block::Cell;
use crate::eval::instance::Instance;
use crate::eval::interpreter::Interpreter;
use crate::eval::thunk::Thunk;
use crate::source::Span;

/// Something that is being evaluated.
#[derive(Clone, Debug)]
pub enum Busy<'a> {
    /// A `let`.
    Let(*const Thunk<'a>, &'a str, Span),
    /// A field or computed member of an instance.
    Member(&'a Instance<'a>, &'a str, Span),
    /// The content of a block.
    Block(&'a Cell<'a>),
    /// The items of a body: its `for`s, `if`s and labels.
    Body(&'a Instance<'a>),
}

impl Busy<'_> {
    pub(super) fn is(&self, other: &Busy<'_>) -> bool {
        match (self, other) {
            (Busy::Let(a, ..), Busy::Let(b, ..)) => std::ptr::addr_eq(*a, *b),
            (Busy::Member(a, name, _), Busy::Member(b, other, _)) => {
                std::ptr::addr_eq(*a, *b) && name == other
            }
            (Busy::Block(a), Busy::Block(b)) => std::ptr::addr_eq(*a, *b),
            (Busy::Body(a), Busy::Body(b)) => std::ptr::addr_eq(*a, *b),
            _ => false,
        }
    }

    fn title(&self) -> String {
        match self {
            Busy::Let(_, name, _) => format!("`{name}`"),
            Busy::Member(instance, name, _) => format!("`{}.{name}`", instance.title()),
            Busy::Block(cell) => format!("`{}`", cell.path()),
            Busy::Body(instance) => format!("the body of `{}`", instance.title()),
        }
    }

    fn span(&self) -> Span {
        match self {
            Busy::Let(_, _, span) | Busy::Member(_, _, span) => *span,
            Busy::Block(cell) => cell.name_span(),
            Busy::Body(instance) => instance.name_span(),
        }
    }
}

impl<'a> Interpreter<'a> {
    /// Begins with something; the caller ends it by [`Self::done`].
    pub(super) fn begin(&self, what: Busy<'a>) {
        self.busy.borrow_mut().push(what);
    }

    /// Ends what was begun last.
    pub(super) fn done(&self) {
        self.busy.borrow_mut().pop();
    }

    /// Reports that something needs itself, at the place where the first link of the circle was written.
    pub(super) fn cycle(&self, what: &Busy<'a>) {
        let busy = self.busy.borrow();
        let start = busy.iter().position(|other| other.is(what)).unwrap_or(0);
        let mut links: Vec<&Busy<'a>> = busy.iter().skip(start).collect();
        // The same circle begins anywhere: it is told from its first place on, so that it is told once.
        let first = links.iter().enumerate().min_by_key(|(_, link)| link.span());
        let first = first.map_or(0, |(index, _)| index);
        links.rotate_left(first);
        let Some(head) = links.first() else {
            return;
        };
        let mut names: Vec<String> = links.iter().map(|link| link.title()).collect();
        names.push(head.title());
        let message = match links.as_slice() {
            [_] => format!("{} needs its own value", head.title()),
            _ => format!("{} needs its own value, through others", head.title()),
        };
        let mut diagnostic = Diagnostic::error(&codes::CYCLE, head.span(), message)
            .label("this value is needed to find this value")
            .note(format!("the circle is {}", names.join(" → ")))
            .help("write one of these values without the others");
        for (link, next) in links.iter().skip(1).zip(names.iter().skip(2)) {
            diagnostic = diagnostic.also(link.span(), format!("needs {next}"));
        }
        drop(busy);
        self.report(diagnostic);
    }
}
