//! Types, schemas, the checker.

mod check;
mod declared;
mod flatten;
mod hints;
mod lower;
mod relation;
mod schema;
mod show;
mod ty;

pub use check::{Checked, check, check_all};
pub use declared::Types;
pub(crate) use lower::is_bounded;
pub use relation::{Lifted, holds_output, holds_secret, subtract, unlifted, without_outputs};
pub use schema::{BlockKind, Field, Member, ParameterType, Schema, SchemaLine, Shape, Signature};
pub(crate) use show::duration;
pub use ty::{
    Known, KnownBlock, Literal, Named, ObjectField, ObjectType, Refined, SchemaType, Type,
};

#[cfg(test)]
mod tests;
