//! A loaded program: its modules, and what every name in them means.

use std::rc::Rc;

use indexmap::IndexMap;
use smol_str::SmolStr;

use crate::source::{SourceId, Span};
use crate::syntax::ast;

/// Names one module of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// Names one declaration: the module, and its index among the items of that module's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId {
    /// The module.
    pub module: ModuleId,
    /// The index in [`ast::File::items`].
    pub index: u32,
}

/// Where a module comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ModulePath {
    /// `std.notify` is `notify`.
    Std(SmolStr),
    /// A file, as a path relative to the project's root with `/` between parts.
    File(String),
}

/// What a name in a module means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// A declaration, here or in another module.
    Item(ItemId),
    /// A module as a whole: `use std.notify`, then `notify.slack`.
    Module(ModuleId),
}

/// One loaded file.
#[derive(Debug)]
pub struct Module {
    /// Its identity.
    pub id: ModuleId,
    /// Where it comes from.
    pub path: ModulePath,
    /// Its text.
    pub source: SourceId,
    /// Its tree.
    pub file: Rc<ast::File>,
    /// Declared and imported names; where each was introduced. The prelude is not among them.
    pub names: IndexMap<SmolStr, (Binding, Span)>,
    /// The modules that it uses, in order, each once.
    pub uses: Vec<ModuleId>,
}

/// All modules that a root file reaches, and the standard ones.
#[derive(Debug)]
pub struct Program {
    /// Every module; a module's identity is its index.
    pub modules: Vec<Module>,
    /// The file that was asked for.
    pub root: ModuleId,
    /// Names that every module sees unless it declares its own: all declarations of the standard
    /// modules that are marked as prelude (see `stdlib/`).
    pub prelude: IndexMap<SmolStr, Binding>,
}

impl Program {
    /// The module.
    pub fn module(&self, id: ModuleId) -> Option<&Module> {
        self.modules.get(id.0 as usize)
    }

    /// The declaration.
    pub fn item(&self, id: ItemId) -> Option<&ast::Item> {
        self.module(id.module)?.file.items.get(id.index as usize)
    }

    /// What `name` means at the top of `module`: its own names first, then the prelude.
    pub fn lookup(&self, module: ModuleId, name: &str) -> Option<Binding> {
        let own = self
            .module(module)?
            .names
            .get(name)
            .map(|(binding, _)| *binding);
        own.or_else(|| self.prelude.get(name).copied())
    }
}
