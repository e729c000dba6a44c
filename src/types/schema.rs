//! Schemas with everything that they include, and the signatures of functions.

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::resolve::{ItemId, Program};
use crate::source::Span;
use crate::syntax::ast::{
    Assert, BlockDecl, Cardinality, FieldDecl, FieldModifier, Item, Let, SchemaItem,
};
use crate::types::Type;

/// One line of one schema's declaration: what leads back to the syntax tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SchemaLine {
    /// The schema that declares it, perhaps one that is included.
    pub schema: ItemId,
    /// The index in [`crate::syntax::ast::Schema::items`].
    pub index: u32,
}

impl SchemaLine {
    /// The line in the tree.
    pub fn item(self, program: &Program) -> Option<&SchemaItem> {
        match program.item(self.schema)? {
            Item::Schema(schema) => schema.items.get(self.index as usize),
            _ => None,
        }
    }

    /// The field that stands there.
    pub fn field(self, program: &Program) -> Option<&FieldDecl> {
        match self.item(program)? {
            SchemaItem::Field(field) => Some(field),
            _ => None,
        }
    }

    /// The block kind that stands there.
    pub fn block(self, program: &Program) -> Option<&BlockDecl> {
        match self.item(program)? {
            SchemaItem::Block(block) => Some(block),
            _ => None,
        }
    }

    /// The computed member that stands there.
    pub fn member(self, program: &Program) -> Option<&Let> {
        match self.item(program)? {
            SchemaItem::Let(member) => Some(member),
            _ => None,
        }
    }

    /// The assert that stands there.
    pub fn assert(self, program: &Program) -> Option<&Assert> {
        match self.item(program)? {
            SchemaItem::Assert(assert) => Some(assert),
            _ => None,
        }
    }
}

/// A schema, flat: its own lines after those of the schemas it includes.
#[derive(Clone, Debug)]
pub struct Schema {
    /// Its declaration.
    pub id: ItemId,
    /// Its name.
    pub name: SmolStr,
    /// Itself, and every schema that it includes, directly or not.
    pub includes: Vec<ItemId>,
    /// Its fields, in order; `name` is one of them where blocks of this schema take a label.
    pub fields: IndexMap<SmolStr, Field>,
    /// Its kinds of blocks, in order.
    pub blocks: IndexMap<SmolStr, BlockKind>,
    /// Its computed members, in order.
    pub members: IndexMap<SmolStr, Member>,
    /// Its asserts, in order.
    pub asserts: Vec<SchemaLine>,
}

impl Schema {
    /// The field that receives a block's label.
    pub fn label(&self) -> Option<&Field> {
        self.fields.get("name")
    }
}

/// A field of a schema.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: SmolStr,
    /// `inherit`, `runtime` or nothing.
    pub modifier: FieldModifier,
    /// Its type as declared, condition included. A `runtime` field reads as `Output` of it.
    pub ty: Type,
    /// Whether it must be given: no default, and not `runtime`, and `null` does not fit.
    pub required: bool,
    /// Where it is declared; its default and its documentation stand there.
    pub line: SchemaLine,
    /// The name in the declaration.
    pub span: Span,
}

/// A kind of blocks of a schema.
#[derive(Clone, Debug)]
pub struct BlockKind {
    /// The kind: the word that begins the block.
    pub kind: SmolStr,
    /// What such a block is made of.
    pub shape: Shape,
    /// How many there may be.
    pub cardinality: Cardinality,
    /// Where it is declared.
    pub line: SchemaLine,
    /// The kind in the declaration.
    pub span: Span,
}

/// What a block of a kind is made of.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Instances of a schema.
    Schema(ItemId),
    /// `Output<T>`: a label, no body, a run-time value of this `T`.
    Output(Type),
    /// The label picks the schema; each choice is a `Schema`, a `Later` or an `Error`.
    ByLabel(IndexMap<SmolStr, Shape>),
    /// Planned, and not there yet: such a block is refused.
    Later,
    /// The declaration has an error that was reported.
    Error,
}

/// A computed member of a schema.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: SmolStr,
    /// Where it is declared.
    pub line: SchemaLine,
    /// The name in the declaration.
    pub span: Span,
}

/// The signature of a function.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Its declaration.
    pub id: ItemId,
    /// Its name.
    pub name: SmolStr,
    /// Its type parameters.
    pub generics: Vec<SmolStr>,
    /// Its parameters, in order.
    pub parameters: Vec<ParameterType>,
    /// Its result.
    pub result: Type,
    /// Whether it is built in.
    pub is_extern: bool,
}

/// One parameter of a signature.
#[derive(Clone, Debug)]
pub struct ParameterType {
    /// Its name.
    pub name: SmolStr,
    /// Its type.
    pub ty: Type,
    /// Whether it may be left out.
    pub has_default: bool,
}
