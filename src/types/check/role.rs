//! What a value is for: how a message speaks of the place that wants a type.

use std::fmt;

use smol_str::SmolStr;

use crate::resolve::ItemId;
use crate::source::Span;

/// The place that wants a value of some type.
#[derive(Clone, Debug)]
pub(super) enum Role<'a> {
    /// A field of a block or instance.
    Field {
        name: &'a str,
        /// The schema that it is a field of.
        schema: ItemId,
        /// Where the schema declares it.
        declared: Span,
    },
    /// An argument.
    Argument {
        parameter: &'a str,
        function: &'a SmolStr,
        /// Where the function declares it.
        declared: Span,
    },
    /// The result of a function.
    Result(&'a str, Span),
    /// The value of `let NAME: T`.
    Variable(&'a str, Span),
    /// The default of a parameter.
    Default(&'a str, Span),
    /// What a block of a kind is made of.
    Block(&'a str, Span),
    /// One of the elements of a list.
    Element(&'a Role<'a>),
    /// One of the values of an object or map.
    Entry(&'a str, &'a Role<'a>),
    /// The text of an assert or condition.
    Message,
    /// Something else, with its article: "a condition".
    Other(&'static str),
}

impl Role<'_> {
    /// Where the type that is wanted was written, where that helps.
    pub fn declared(&self) -> Option<Span> {
        match self {
            Role::Field { declared, .. }
            | Role::Argument { declared, .. }
            | Role::Result(_, declared)
            | Role::Variable(_, declared)
            | Role::Default(_, declared)
            | Role::Block(_, declared) => Some(*declared),
            Role::Element(of) | Role::Entry(_, of) => of.declared(),
            Role::Message | Role::Other(_) => None,
        }
    }

    /// The outermost place: a field whose element this is, say.
    pub fn outermost(&self) -> &Role<'_> {
        match self {
            Role::Element(of) | Role::Entry(_, of) => of.outermost(),
            role => role,
        }
    }

    /// Whether an `Output` may stand where its value is wanted, making the whole an `Output`.
    pub fn lifts(&self) -> bool {
        matches!(self.outermost(), Role::Argument { .. })
    }
}

impl fmt::Display for Role<'_> {
    /// The beginning of a sentence: "`port`", "the argument `region` of `regional`".
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Role::Field { name, .. } => write!(out, "`{name}`"),
            Role::Argument {
                parameter,
                function,
                ..
            } => write!(out, "the argument `{parameter}` of `{function}`"),
            Role::Result(function, _) => write!(out, "the result of `{function}`"),
            Role::Variable(name, _) => write!(out, "`{name}`"),
            Role::Default(name, _) => write!(out, "the default of `{name}`"),
            Role::Block(kind, _) => write!(out, "`{kind}`"),
            Role::Element(of) => write!(out, "each element of {of}"),
            Role::Entry(key, of) => match of.outermost() {
                Role::Field { .. } | Role::Variable(..) => write!(out, "`{key}` in {of}"),
                _ => write!(out, "`{key}`"),
            },
            Role::Message => write!(out, "a message"),
            Role::Other(what) => write!(out, "{what}"),
        }
    }
}
