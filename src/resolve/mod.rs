//! Modules and the names in them: which declaration a name means.

mod program;

pub use program::{Binding, ItemId, Module, ModuleId, ModulePath, Program};
