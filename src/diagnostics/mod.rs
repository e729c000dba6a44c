//! What is wrong, as plain data; and its renderers, one file each.
//!
//! Every message of the program is a [`Diagnostic`]. Nothing here prints: a renderer turns a list
//! of them into text, and the command line writes it.

pub mod codes;
mod diagnostic;
mod problems;
mod suggest;

pub use codes::Code;
pub use diagnostic::{Diagnostic, Edit, Fix, Label, Severity};
pub use problems::Problems;
pub use suggest::{did_you_mean, list_names};
