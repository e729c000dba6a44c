//! Types and their conditions.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::source::Span;
use crate::syntax::ast::{Expr, Ident};

/// A type as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeExpr {
    /// Which.
    pub kind: TypeKind,
    /// Where.
    pub span: Span,
}

/// The forms of types.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TypeKind {
    /// `String`, `fleet.Team`, `Map<Int>`, `Output<T>`: a dotted name and its arguments.
    Name {
        /// The parts of the name; at least one.
        path: Vec<Ident>,
        /// What stands in `<…>`.
        arguments: Vec<TypeExpr>,
    },
    /// `[T]`
    List(Box<TypeExpr>),
    /// `{ a: T, b?: U }`
    Object(Vec<ObjectTypeField>),
    /// `T?`
    Optional(Box<TypeExpr>),
    /// `A | B`
    Union(Vec<TypeExpr>),
    /// `"push"`, `3`, `true`, `null`
    Literal(Box<Expr>),
    /// `T where condition else "message"`
    Refined(Box<TypeExpr>, Rc<Condition>),
    /// Could not be read.
    Error,
}

/// `b?: U`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectTypeField {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The name.
    pub name: Ident,
    /// Whether it may be left out.
    pub optional: bool,
    /// Its type.
    pub ty: TypeExpr,
}

/// `where condition else "message", "help"`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// What must hold; `self` is the value.
    pub condition: Expr,
    /// What is said where it does not; `self` may be used.
    pub message: Option<Expr>,
    /// What is said to do then.
    pub help: Option<Expr>,
}
