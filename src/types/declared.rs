//! The meaning of what a program declares: each declaration once, on demand.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::{HashMap, HashSet};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::types as codes;
use crate::resolve::{ItemId, ModuleId, Program};
use crate::source::Span;
use crate::syntax::ast::{self, Item, TypeExpr};
use crate::types::lower::Lower;
use crate::types::{Named, ParameterType, Schema, Signature, Type};

/// The meaning of every declared type, schema and signature of a program, found when asked for.
///
/// What is wrong with a declaration is kept here until [`Types::take_problems`].
#[derive(Debug, Default)]
pub struct Types {
    named: RefCell<HashMap<ItemId, Type>>,
    written: RefCell<HashMap<Span, Type>>,
    signatures: RefCell<HashMap<ItemId, Rc<Signature>>>,
    pub(super) schemas: RefCell<HashMap<ItemId, Rc<Schema>>>,
    /// Declarations whose meaning is being looked for, outermost first.
    pub(super) open: RefCell<Vec<ItemId>>,
    problems: RefCell<Vec<Diagnostic>>,
    pub(super) poisoned: RefCell<HashSet<Span>>,
    pub(super) nesting: Cell<usize>,
    /// Names whose missing `use` was reported.
    unimported: RefCell<HashSet<(ModuleId, SmolStr)>>,
}

impl Types {
    /// Nothing known yet.
    pub fn new() -> Self {
        Types::default()
    }

    /// What `ty`, written in `module`, means.
    pub fn resolve(&self, program: &Program, module: ModuleId, ty: &TypeExpr) -> Type {
        self.resolve_generic(program, module, &[], ty)
    }

    /// What `ty` means where the type parameters `generics` are in scope.
    pub fn resolve_generic(
        &self,
        program: &Program,
        module: ModuleId,
        generics: &[ast::Ident],
        ty: &TypeExpr,
    ) -> Type {
        if let Some(known) = self.written.borrow().get(&ty.span) {
            return known.clone();
        }
        let lower = Lower {
            types: self,
            program,
            module,
            generics,
        };
        let found = lower.bounded(ty);
        self.written.borrow_mut().insert(ty.span, found.clone());
        found
    }

    /// The type that a `type` or `schema` declaration makes; `None` for any other declaration.
    pub fn declared(&self, program: &Program, id: ItemId) -> Option<Type> {
        match program.item(id)? {
            Item::Schema(schema) => Some(Type::schema(id, schema.name.name.clone())),
            Item::Type(declaration) => Some(self.alias(program, id, declaration)),
            _ => None,
        }
    }

    /// The signature of a function; `None` for any other declaration.
    pub fn signature(&self, program: &Program, id: ItemId) -> Option<Rc<Signature>> {
        if let Some(known) = self.signatures.borrow().get(&id) {
            return Some(Rc::clone(known));
        }
        let Item::Function(function) = program.item(id)? else {
            return None;
        };
        let resolve =
            |ty: &TypeExpr| self.resolve_generic(program, id.module, &function.generics, ty);
        let signature = Rc::new(Signature {
            id,
            name: function.name.name.clone(),
            generics: function
                .generics
                .iter()
                .map(|ident| ident.name.clone())
                .collect(),
            parameters: function
                .parameters
                .iter()
                .map(|parameter| ParameterType {
                    name: parameter.name.name.clone(),
                    ty: resolve(&parameter.ty),
                    has_default: parameter.default.is_some(),
                })
                .collect(),
            result: resolve(&function.result),
            is_extern: function.body.is_none(),
        });
        self.signatures
            .borrow_mut()
            .insert(id, Rc::clone(&signature));
        Some(signature)
    }

    /// What was found wrong with declarations since the last call.
    pub fn take_problems(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.problems.borrow_mut())
    }

    /// The places of what was found wrong since the last call.
    pub fn take_poisoned(&self) -> HashSet<Span> {
        std::mem::take(&mut self.poisoned.borrow_mut())
    }

    /// Whether it is the first time that this name was found not to be imported in this module.
    pub(super) fn first_unimported(&self, module: ModuleId, name: &SmolStr) -> bool {
        self.unimported.borrow_mut().insert((module, name.clone()))
    }

    /// Reports a problem at `span`.
    pub(super) fn report(&self, span: Span, diagnostic: Diagnostic) {
        self.poisoned.borrow_mut().insert(span);
        self.problems.borrow_mut().push(diagnostic);
    }

    /// `type A = …`, which may not be made of itself.
    fn alias(&self, program: &Program, id: ItemId, declaration: &ast::TypeDecl) -> Type {
        if let Some(known) = self.named.borrow().get(&id) {
            return known.clone();
        }
        if let Some(cycle) = self.cycle(program, id) {
            let span = declaration.name.span;
            let name = &declaration.name.name;
            let diagnostic = Diagnostic::error(
                &codes::RECURSIVE_TYPE,
                span,
                format!("the type `{name}` is made of itself"),
            )
            .label("declared here")
            .note(format!("the cycle is {cycle}"))
            .help("a schema may hold values of its own kind, a type may not: make it a `schema`");
            self.report(span, diagnostic);
            self.named.borrow_mut().insert(id, Type::Error);
            return Type::Error;
        }
        self.open.borrow_mut().push(id);
        let ty = self.resolve(program, id.module, &declaration.ty);
        self.open.borrow_mut().pop();
        let ty = match ty {
            Type::Error => Type::Error,
            ty => Type::Named(Rc::new(Named {
                id,
                name: declaration.name.name.clone(),
                ty,
            })),
        };
        self.named.borrow_mut().entry(id).or_insert(ty).clone()
    }

    /// Where `id` is being looked at already: the names from it back to it, for a sentence.
    pub(super) fn cycle(&self, program: &Program, id: ItemId) -> Option<String> {
        let open = self.open.borrow();
        let start = open.iter().position(|other| *other == id)?;
        let mut names: Vec<&str> = open
            .iter()
            .skip(start)
            .filter_map(|other| program.item(*other)?.name())
            .collect();
        names.extend(names.first().copied());
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        Some(names.join(" → "))
    }
}
