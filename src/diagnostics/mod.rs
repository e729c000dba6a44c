//! What is wrong, as plain data; and its renderers, one file each.
//!
//! Every message of the program is a [`Diagnostic`]. Nothing here prints: a renderer turns a list
//! of them into text, and the command line writes it.

pub mod codes;
mod diagnostic;
mod excerpt;
mod flood;
pub mod github;
pub mod human;
pub mod json;
mod paint;
mod preview;
mod problems;
mod report;
pub mod safe;
pub mod sarif;
pub mod short;
mod suggest;
mod variable;

pub use codes::Code;
pub use diagnostic::{Applicability, Diagnostic, Edit, Fix, Label, Severity};
pub use paint::{Paint, Role};
pub use problems::Problems;
pub use report::{Count, FileName, Found, Report, collect, plural, severity_word};
pub use suggest::{did_you_mean, list_names};
pub use variable::variable_name;
