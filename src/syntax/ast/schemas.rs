//! Schemas: fields and blocks that a body may have.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::source::Span;
use crate::syntax::ast::{Assert, Expr, Ident, Let, TypeExpr};

/// `schema Test : Step { … }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The name.
    pub name: Ident,
    /// The schemas that it includes.
    pub bases: Vec<TypeExpr>,
    /// Fields, blocks, computed members, asserts.
    pub items: Vec<SchemaItem>,
    /// The whole.
    pub span: Span,
}

/// One line of a schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SchemaItem {
    /// `account: AccountId`
    Field(FieldDecl),
    /// `block stack: Stack[]`
    Block(BlockDecl),
    /// `let environments = …`: a member that is computed and cannot be set.
    Let(Let),
    /// `assert len(stack) > 0, "…"`
    Assert(Assert),
    /// A line that could not be read.
    Error(Span),
}

/// What stands before a field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldModifier {
    /// Nothing.
    None,
    /// `inherit timeout: Duration = 1h`: where it is not set, an enclosing block's `defaults`
    /// block decides, the nearest first, then the default.
    Inherit,
    /// `runtime artifact: String`: cannot be set; reads as `Output<String>`, known in a run alone.
    Runtime,
}

/// A field of a schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldDecl {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// `inherit`, `runtime` or nothing.
    pub modifier: FieldModifier,
    /// The name.
    pub name: Ident,
    /// The type; a condition is part of it.
    pub ty: TypeExpr,
    /// The value where none is given; other fields of the same block may be used in it.
    pub default: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// How many blocks of a kind a block may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cardinality {
    /// `block build: Build`: exactly one.
    One,
    /// `block approval: Approval?`: at most one.
    Optional,
    /// `block stack: Stack[]`: any number, in order, labels unique.
    Many,
}

/// `block stack: Stack[]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockDecl {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The kind: the word that begins the block.
    pub kind: Ident,
    /// The type of what the block makes.
    pub shape: BlockShape,
    /// How many.
    pub cardinality: Cardinality,
    /// The whole.
    pub span: Span,
}

/// What a block of a kind is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BlockShape {
    /// A schema; or an `Output<T>`, whose blocks have a label, no body, and are run-time values.
    Type(TypeExpr),
    /// `{ push: Push, tag: Tag }`: the label picks the schema.
    ByLabel(Vec<LabelChoice>),
}

/// One of the labels that pick a schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelChoice {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The label.
    pub label: Ident,
    /// The schema.
    pub ty: TypeExpr,
}
