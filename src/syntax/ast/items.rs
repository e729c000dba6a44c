//! Declarations at the top of a file.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::source::Span;
use crate::syntax::ast::{Block, Body, Expr, Ident, Label, Schema, TypeExpr};

/// A declaration at the top of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Item {
    /// `use std.notify.{slack}`
    Use(Use),
    /// `let accounts = { … }`
    Let(Let),
    /// `fn regional(account: AccountId) -> Environment = …`
    Function(Function),
    /// `type AccountId = String where …`
    Type(TypeDecl),
    /// `schema Environment { … }`
    Schema(Schema),
    /// `policy approvals(p: Pipeline) { … }`
    Policy(Policy),
    /// `pipeline shop { … }`: a block at the top. Only `pipeline` parses here.
    Block(Block),
    /// An item that could not be read.
    Error(Span),
}

impl Item {
    /// The name that it declares; `None` for `use` and for what could not be read.
    pub fn ident(&self) -> Option<&Ident> {
        match self {
            Item::Let(item) => Some(&item.name),
            Item::Function(item) => Some(&item.name),
            Item::Type(item) => Some(&item.name),
            Item::Schema(item) => Some(&item.name),
            Item::Policy(item) => Some(&item.name),
            Item::Block(block) => match &block.label {
                Some(Label::Name(ident)) => Some(ident),
                _ => None,
            },
            Item::Use(_) | Item::Error(_) => None,
        }
    }

    /// The text of [`Item::ident`].
    pub fn name(&self) -> Option<&str> {
        self.ident().map(|ident| ident.name.as_str())
    }

    /// What it is, with an article, for a sentence.
    pub fn what(&self) -> &'static str {
        match self {
            Item::Use(_) => "a `use`",
            Item::Let(_) => "a value",
            Item::Function(_) => "a function",
            Item::Type(_) => "a type",
            Item::Schema(_) => "a schema",
            Item::Policy(_) => "a policy",
            Item::Block(_) => "a block",
            Item::Error(_) => "something unreadable",
        }
    }

    /// Whether it declares a type.
    pub fn is_type(&self) -> bool {
        matches!(self, Item::Type(_) | Item::Schema(_))
    }

    /// Where it stands as a whole.
    pub fn span(&self) -> Span {
        match self {
            Item::Use(item) => item.span,
            Item::Let(item) => item.span,
            Item::Function(item) => item.span,
            Item::Type(item) => item.span,
            Item::Schema(item) => item.span,
            Item::Policy(item) => item.span,
            Item::Block(item) => item.span,
            Item::Error(span) => *span,
        }
    }
}

/// `use std.notify`, `use std.notify.{slack as say}`, `use "./fleet.aphex" as fleet`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Use {
    /// The module.
    pub path: UsePath,
    /// The names taken from it; `None` where the module as a whole becomes a name.
    pub names: Option<Vec<UseName>>,
    /// `as NAME` on the module as a whole.
    pub alias: Option<Ident>,
    /// The whole declaration.
    pub span: Span,
}

/// Where a module is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum UsePath {
    /// `std.notify`: the parts.
    Std(Vec<Ident>),
    /// `"./fleet.aphex"`: the text as written, and the span of the literal.
    File(Ident),
}

/// One name of a `use`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UseName {
    /// The name in the module.
    pub name: Ident,
    /// The name here, where `as` gives another.
    pub alias: Option<Ident>,
}

/// `let name: Type = value`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Let {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The name.
    pub name: Ident,
    /// The type, where written.
    pub ty: Option<TypeExpr>,
    /// The value.
    pub value: Expr,
    /// The whole.
    pub span: Span,
}

/// `fn name<T>(parameters) -> Type = body`; `extern fn …` without a body is a built-in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The name.
    pub name: Ident,
    /// Type parameters: `<T, U>`.
    pub generics: Vec<Ident>,
    /// The parameters, in order.
    pub parameters: Vec<Parameter>,
    /// The result's type.
    pub result: TypeExpr,
    /// The body; `None` for `extern fn`, which only the standard library may declare.
    pub body: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// `name: Type = default`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// The name, by which a caller may give it.
    pub name: Ident,
    /// The type.
    pub ty: TypeExpr,
    /// The value where the caller gives none.
    pub default: Option<Expr>,
}

/// `type Name = Type { let member = … }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeDecl {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The name.
    pub name: Ident,
    /// What it stands for; a condition is part of it ([`TypeKind::Refined`]).
    pub ty: TypeExpr,
    /// Computed members: `commit.short`. `self` is the value.
    pub members: Vec<Let>,
    /// The whole.
    pub span: Span,
}

/// `policy approvals(p: Pipeline) { … }`: asserts over every value of that schema in a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The name.
    pub name: Ident,
    /// What it is about.
    pub parameter: Parameter,
    /// `let`, `for`, `if` and `assert` alone; the checker refuses fields and blocks.
    pub body: Body,
    /// The whole.
    pub span: Span,
}
