//! Tools on top: explain, new, graph pictures.

pub mod reference;
