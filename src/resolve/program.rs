//! A loaded program: its modules, and what every name in them means.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::source::{SourceId, Span};
use crate::syntax::ast;

/// Names one module of a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// Nobody can say: it comes from a module that could not be loaded, or from a place that could
    /// not be read. That has been reported; what follows from it is silent.
    Unknown,
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
    /// Whether a part of the file could not be read, so that a declaration may be missing: unknown
    /// names are silent then.
    pub partial: bool,
    /// Where a line `use …` can be inserted: after the file's own documentation.
    pub insertion: Span,
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
    /// The standard modules by name.
    pub standard: IndexMap<SmolStr, ModuleId>,
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

    /// The declaration of that name in `module` itself, imports left out.
    pub fn declared(&self, module: ModuleId, name: &str) -> Option<ItemId> {
        match self.module(module)?.names.get(name)? {
            (Binding::Item(id), _) if id.module == module => Some(*id),
            _ => None,
        }
    }

    /// Every name that is seen at the top of `module`, its own first; one may come twice.
    pub fn visible(&self, module: ModuleId) -> impl Iterator<Item = (&str, Binding)> {
        let own = self.module(module).map(|module| &module.names);
        let own = own
            .into_iter()
            .flatten()
            .map(|(name, (binding, _))| (name.as_str(), *binding));
        let prelude = self.prelude.iter();
        own.chain(prelude.map(|(name, binding)| (name.as_str(), *binding)))
    }

    /// Whether it is a module of the standard library.
    pub fn is_standard(&self, module: ModuleId) -> bool {
        self.module(module)
            .is_some_and(|module| matches!(module.path, ModulePath::Std(_)))
    }

    /// The standard module outside of the prelude that declares `name`.
    pub fn standard_module_with(&self, name: &str) -> Option<&str> {
        if self.prelude.contains_key(name) {
            return None;
        }
        self.standard
            .iter()
            .find(|(_, id)| self.declared(**id, name).is_some())
            .map(|(module, _)| module.as_str())
    }
}
