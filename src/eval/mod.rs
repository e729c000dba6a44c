//! Values with provenance, the interpreter, the built-ins; and [`data`], the plain tree that
//! evaluation ends in.

pub mod data;
