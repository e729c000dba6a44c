//! Modules and the names in them: which declaration a name means.

mod declare;
mod heads;
mod load;
mod program;
mod standard;
mod unused;

pub(crate) use unused::check as check_imports;

pub use load::{MOST_FILES, load};
pub use program::{Binding, ItemId, Module, ModuleId, ModulePath, Program};

/// The names of the built-in types, in the order in which they are shown.
pub const BUILT_IN_TYPES: &[&str] = &[
    "String", "Int", "Float", "Bool", "Duration", "Size", "Null", "Map", "Output", "Secret",
];

/// Whether a name is taken by a built-in type.
pub fn is_built_in(name: &str) -> bool {
    BUILT_IN_TYPES.contains(&name) || matches!(name, "Any" | "Later")
}
