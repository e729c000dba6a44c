//! Types, schemas, the checker.

mod flatten;
mod lower;
mod schema;
mod show;
mod ty;

pub use lower::Types;
pub use schema::{BlockKind, Field, Member, ParameterType, Schema, SchemaLine, Shape, Signature};
pub use ty::{
    Known, KnownBlock, Literal, Named, ObjectField, ObjectType, Refined, SchemaType, Type,
};
