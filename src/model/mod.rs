//! The evaluated pipeline as Rust types: what rules, targets and stages read.
//!
//! Built from [`crate::eval::data`] by schema and field name. Inheritance is resolved, defaults
//! are in. Everything that a rule may want to point at is [`Spanned`].
//!
//! A pipeline with errors still gives a model, as complete as can be, so that the rules find what else is
//! wrong. What had an error (which has been reported) is left out where it may be absent, and an empty text,
//! 0 or `false` where it may not; the part that it belongs to is marked `partial`. A rule says nothing about
//! empty texts, and does not compare partial parts with others. Nothing is compiled from such a model.
//!
//! [`Spanned`]: crate::source::Spanned

mod build;
#[cfg(test)]
pub mod fixture;
mod pipeline;
mod step;
mod values;

pub use build::{build, read};
pub use pipeline::*;
pub use step::*;
pub use values::*;
