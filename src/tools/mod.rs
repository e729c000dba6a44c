//! Tools on top: fixes, pages in a terminal, pictures, the text of a starter, the reference of the library.

pub mod fix;
pub mod page;
pub mod picture;
pub mod reference;
pub mod starter;
