//! Expressions.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::source::Span;
use crate::syntax::ast::{Body, ForBinding, Ident, Label, Let, StringLiteral, TypeExpr};

/// An expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    /// Which.
    pub kind: ExprKind,
    /// Where; parentheses around it not included.
    pub span: Span,
}

/// The forms of expressions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `10_000`
    Int(i64),
    /// `0.5`
    Float(f64),
    /// `1h30m`, in seconds
    Duration(i64),
    /// `512Mi`, in bytes
    Size(i64),
    /// `"…"`, `"""…"""`, `r"…"`
    String(StringLiteral),
    /// A name; `self` is one
    Name(SmolStr),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ key = value }`
    Object(Vec<ObjectEntry>),
    /// `[f(x) for x in xs if c]`
    ListFor {
        /// Each element.
        element: Box<Expr>,
        /// The `for`s and `if`s, in order; the first is a `for`.
        clauses: Vec<Clause>,
    },
    /// `{ k = v for k, v in m }`: the key is an expression, a name is a variable
    MapFor {
        /// Each key.
        key: Box<Expr>,
        /// Each value.
        value: Box<Expr>,
        /// The `for`s and `if`s, in order; the first is a `for`.
        clauses: Vec<Clause>,
    },
    /// `Environment { … }`
    Instance {
        /// The schema.
        schema: Vec<Ident>,
        /// Its fields and blocks.
        body: Body,
    },
    /// `!a`, `-a`
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`; the span of the operator itself is kept
    Binary {
        /// Which.
        op: BinaryOp,
        /// Where the operator is.
        op_span: Span,
        /// Left.
        left: Box<Expr>,
        /// Right.
        right: Box<Expr>,
    },
    /// `a.b`, `a?.b`
    Member {
        /// Of what.
        base: Box<Expr>,
        /// Which member.
        name: Ident,
        /// Whether `?.`: null where the base is null.
        safe: bool,
    },
    /// `a[i]`
    Index(Box<Expr>, Box<Expr>),
    /// `a[1..3]`, `a[..n]`, `a[n..]`
    Slice {
        /// Of what.
        base: Box<Expr>,
        /// The first, from 0; negative counts from the end.
        start: Option<Box<Expr>>,
        /// The one after the last.
        end: Option<Box<Expr>>,
    },
    /// `f(a, name = b)`
    Call {
        /// The function: a name or a member of a module.
        function: Box<Expr>,
        /// What is given.
        arguments: Vec<Argument>,
    },
    /// `if c { a } else { b }`
    If {
        /// The condition.
        condition: Box<Expr>,
        /// Where it holds.
        then: Box<Expr>,
        /// Where it does not.
        otherwise: Box<Expr>,
    },
    /// `match x { pattern => value, … }`
    Match {
        /// What is looked at.
        subject: Box<Expr>,
        /// The arms, in order.
        arms: Vec<Arm>,
    },
    /// `{ let a = 1; a + 2 }` where a branch, an arm or a body of a function stands, `(let a = 1; a + 2)`
    Let {
        /// The names, in order; each sees those before it.
        lets: Vec<Let>,
        /// The value.
        value: Box<Expr>,
    },
    /// `value as Type`
    As(Box<Expr>, Box<TypeExpr>),
    /// `value with { … }`
    With(Box<Expr>, Body),
    /// Could not be read.
    Error,
}

/// One entry of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectEntry {
    /// The key: a name, or a string (which may be computed).
    pub key: Label,
    /// The value.
    pub value: Expr,
}

/// `for x in xs` or `if c` of a comprehension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Clause {
    /// `for x in xs`
    For(ForBinding),
    /// `if c`
    If(Expr),
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Argument {
    /// The parameter, where named.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

/// One arm of a `match`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// The alternatives: `"a" | "b"`; at least one.
    pub patterns: Vec<Pattern>,
    /// The value.
    pub value: Expr,
}

/// What an arm of a `match` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Pattern {
    /// `_`
    Any(Span),
    /// `"push"`, `3`, `null`, `true`, `1h`
    Literal(Expr),
    /// `x`: takes everything, and names it
    Name(Ident),
    /// `x: Stack`, `_: Int`: takes what is of that type
    Typed(Ident, TypeExpr),
}

/// Operators of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// Operators of two operands. Weakest first: `??`, `||`, `&&`, comparison and `in`, `+ -`, `* / %`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BinaryOp {
    /// `??`
    Coalesce,
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `in`
    In,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}
