//! From text to syntax tree. Recovery lives here: a broken item costs that item, never the file.

pub mod ast;
pub mod walk;
