//! Values that are found when somebody asks for them, once.

use std::cell::RefCell;

use crate::eval::scope::Scope;
use crate::eval::value::Value;
use crate::source::Span;
use crate::syntax::ast::{Expr, TypeExpr};

/// A `let` whose value may not be there yet.
#[derive(Debug)]
pub struct Thunk<'a> {
    /// Its name, for a message about a cycle.
    pub name: &'a str,
    /// Where the name is.
    pub span: Span,
    /// Its annotation.
    pub ty: Option<&'a TypeExpr>,
    /// How far it is.
    pub state: RefCell<State<'a>>,
}

/// How far a lazy value is.
#[derive(Debug)]
pub enum State<'a> {
    /// Nobody has asked yet.
    Todo(&'a Expr, Scope<'a>),
    /// It is being found out.
    Busy,
    /// It is there.
    Done(Value<'a>),
}

impl<'a> Thunk<'a> {
    /// A value that is found by evaluating `expr`.
    pub fn new(
        name: &'a str,
        span: Span,
        ty: Option<&'a TypeExpr>,
        expr: &'a Expr,
        scope: Scope<'a>,
    ) -> Self {
        Thunk {
            name,
            span,
            ty,
            state: RefCell::new(State::Todo(expr, scope)),
        }
    }
}
