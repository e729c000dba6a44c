//! The evaluated pipeline as Rust types: what rules, targets and stages read.
//!
//! Built from [`crate::eval::data`] by schema and field name. Inheritance is resolved, defaults
//! are in. Everything that a rule may want to point at is [`Spanned`].

mod pipeline;
mod step;
mod values;

pub use pipeline::*;
pub use step::*;
pub use values::*;
