//! What stands between braces.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::source::Span;
use crate::syntax::ast::{Expr, Ident, Let, StringLiteral};

/// What stands between the braces of a block or an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// The items, in order.
    pub items: Vec<BodyItem>,
    /// With the braces.
    pub span: Span,
}

/// One item of a body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BodyItem {
    /// `field = value`
    Field(Field),
    /// `kind label { … }` and its other forms
    Block(Block),
    /// `let x = …`, seen by the items after it and within them
    Let(Let),
    /// `for x in xs { … }`
    For(For),
    /// `if c { … } else { … }`
    If(If),
    /// `assert c, "…"`
    Assert(Assert),
    /// An item that could not be read.
    Error(Span),
}

/// `field = value`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The name.
    pub name: Ident,
    /// The value.
    pub value: Expr,
    /// The whole.
    pub span: Span,
}

/// `stack Network`, `stack Api { … }`, `environment "prod-#{r}" = regional(r) with { … }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The kind.
    pub kind: Ident,
    /// The label, where it has one.
    pub label: Option<Label>,
    /// What it is made of.
    pub value: BlockValue,
    /// The whole.
    pub span: Span,
}

/// The label of a block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Label {
    /// `stack Network`: a name in the block that holds it.
    Name(Ident),
    /// `environment "prod-#{region}"`; without interpolation it is a name all the same.
    String(StringLiteral),
}

impl Label {
    /// The text where it does not depend on anything.
    pub fn fixed(&self) -> Option<SmolStr> {
        match self {
            Label::Name(ident) => Some(ident.name.clone()),
            Label::String(literal) => literal.fixed(),
        }
    }

    /// Where.
    pub fn span(&self) -> Span {
        match self {
            Label::Name(ident) => ident.span,
            Label::String(literal) => literal.span,
        }
    }
}

/// What a block is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BlockValue {
    /// Nothing: `stack Network`. The same as an empty body.
    None,
    /// `{ … }`
    Body(Body),
    /// `= value`
    Value(Expr),
}

/// `for x in xs { … }`, `for k, v in map { … }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct For {
    /// What is bound, and to what.
    pub binding: ForBinding,
    /// What is repeated.
    pub body: Body,
    /// The whole.
    pub span: Span,
}

/// `x in xs`; `k, v in map` (or index and element of a list).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForBinding {
    /// The first name: the element; with a second one the key or index.
    pub first: Ident,
    /// The second name: the value or element.
    pub second: Option<Ident>,
    /// The list or map.
    pub iterable: Expr,
}

/// `if c { … } else { … }` among the items of a body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct If {
    /// The condition.
    pub condition: Expr,
    /// What stands where it holds.
    pub then: Body,
    /// What stands where it does not; `else if` is a body of one `if`.
    pub otherwise: Option<Body>,
    /// The whole.
    pub span: Span,
}

/// `assert condition, "message"`, with an optional help after a second comma.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assert {
    /// What must hold.
    pub condition: Expr,
    /// What is said where it does not.
    pub message: Expr,
    /// What is said to do then.
    pub help: Option<Expr>,
    /// The whole.
    pub span: Span,
}
