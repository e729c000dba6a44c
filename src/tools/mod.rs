//! Tools on top: fixes, pages in a terminal, the text of a starter, the reference of the library.

pub mod fix;
pub mod page;
pub mod reference;
pub mod starter;
