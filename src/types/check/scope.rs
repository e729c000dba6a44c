//! What a name means where it stands: frames of local names, innermost last.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::resolve::Binding;
use crate::source::Span;
use crate::syntax::ast::{Expr, FieldModifier, Ident};
use crate::types::check::Checker;
use crate::types::{Known, KnownBlock, Schema, Shape, Type};

/// Names that come into scope together.
pub(super) enum Frame<'p> {
    /// `let`s, parameters, names bound by `for` and `match`.
    Locals(Vec<Local<'p>>),
    /// The labels in a body, and the single blocks of the schema that it is of.
    Body(Rc<Known>),
    /// Within a schema: its fields, blocks and computed members.
    Schema(Rc<Schema>),
}

/// A local name.
#[derive(Clone)]
pub(super) struct Local<'p> {
    pub name: SmolStr,
    pub ty: Type,
    pub span: Span,
    /// What it was made of, by which a run-time value is followed to its origin.
    pub value: Option<&'p Expr>,
    /// Facts older than this are about another name.
    pub facts: usize,
}

/// Something known of a name or member path: its type where this code runs.
pub(super) struct Fact {
    pub path: Vec<SmolStr>,
    pub ty: Type,
}

/// What a name was found to be.
pub(super) enum Found<'p> {
    Local(Local<'p>),
    /// A block by its label or kind.
    Block(KnownBlock),
    /// A field, block kind or computed member of the schema around.
    Member(Rc<Schema>),
    /// Something at the top of a file.
    Top(Binding),
}

impl<'p> Checker<'p> {
    /// What `name` means here; `None` where it means nothing.
    pub(super) fn find(&self, name: &str) -> Option<Found<'p>> {
        for frame in self.place.frames.iter().rev() {
            match frame {
                Frame::Locals(locals) => {
                    if let Some(local) = locals.iter().rev().find(|local| local.name == name) {
                        return Some(Found::Local(local.clone()));
                    }
                }
                Frame::Body(known) => {
                    if let Some(block) = known.labels.get(name) {
                        return Some(Found::Block(block.clone()));
                    }
                }
                Frame::Schema(schema) => {
                    if schema.fields.contains_key(name)
                        || schema.blocks.contains_key(name)
                        || schema.members.contains_key(name)
                    {
                        return Some(Found::Member(Rc::clone(schema)));
                    }
                }
            }
        }
        for frame in self.place.frames.iter().rev() {
            if let Frame::Body(known) = frame
                && let Some(block) = known.singles.get(name)
            {
                return Some(Found::Block(block.clone()));
            }
        }
        if let Some(binding) = self.program.lookup(self.place.module, name) {
            return Some(Found::Top(binding));
        }
        self.place
            .frames
            .iter()
            .rev()
            .find_map(|frame| match frame {
                Frame::Body(known) => known.lists.get(name).cloned().map(Found::Block),
                _ => None,
            })
    }

    /// A local name of some type.
    pub(super) fn local(&self, ident: &Ident, ty: Type, value: Option<&'p Expr>) -> Local<'p> {
        Local {
            name: ident.name.clone(),
            ty,
            span: ident.span,
            value,
            facts: self.place.facts.len(),
        }
    }

    /// Adds a local name to the innermost frame, which must be one of locals.
    pub(super) fn bind(&mut self, local: Local<'p>) {
        if local.name == "_" {
            return;
        }
        match self.place.frames.last_mut() {
            Some(Frame::Locals(locals)) => locals.push(local),
            _ => self.place.frames.push(Frame::Locals(vec![local])),
        }
    }

    /// Does something where these names are known.
    pub(super) fn with_locals<T>(
        &mut self,
        locals: Vec<Local<'p>>,
        work: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.within(Frame::Locals(locals), work)
    }

    /// Does something where `self` is of this type.
    pub(super) fn with_self<T>(
        &mut self,
        span: Span,
        ty: Type,
        work: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let this = Local {
            name: "self".into(),
            ty,
            span,
            value: None,
            facts: self.place.facts.len(),
        };
        self.with_locals(vec![this], work)
    }

    /// Every name that is in scope, for did-you-mean.
    pub(super) fn names_in_scope(&self) -> Vec<SmolStr> {
        let mut names: Vec<SmolStr> = Vec::new();
        for frame in self.place.frames.iter().rev() {
            match frame {
                Frame::Locals(locals) => {
                    names.extend(locals.iter().map(|local| local.name.clone()));
                }
                Frame::Body(known) => {
                    names.extend(known.labels.keys().cloned());
                    names.extend(known.singles.keys().cloned());
                    names.extend(known.lists.keys().cloned());
                }
                Frame::Schema(schema) => {
                    names.extend(schema.fields.keys().cloned());
                    names.extend(schema.blocks.keys().cloned());
                    names.extend(schema.members.keys().cloned());
                }
            }
        }
        names
    }

    /// What a member of an instance of `schema` is, its own names alone: not the labels in it. It is
    /// asked for at `span`.
    pub(super) fn schema_member(
        &mut self,
        schema: &Rc<Schema>,
        name: &str,
        span: Span,
    ) -> Option<Type> {
        if let Some(field) = schema.fields.get(name) {
            return Some(match field.modifier {
                FieldModifier::Runtime => Type::output(field.ty.clone()),
                _ => field.ty.clone(),
            });
        }
        if let Some(kind) = schema.blocks.get(name) {
            let one = self.shape_type(&kind.shape);
            return Some(match kind.cardinality {
                crate::syntax::ast::Cardinality::One => one,
                crate::syntax::ast::Cardinality::Optional => Type::optional(one),
                crate::syntax::ast::Cardinality::Many => Type::list(one),
            });
        }
        let member = schema.members.get(name)?;
        Some(self.computed(schema, member.line, span))
    }

    /// The type of one block of a shape.
    pub(super) fn shape_type(&self, shape: &Shape) -> Type {
        match shape {
            Shape::Schema(id) => self
                .types
                .declared(self.program, *id)
                .unwrap_or(Type::Error),
            Shape::Output(inner) => Type::output(inner.clone()),
            Shape::ByLabel(choices) => {
                let known = choices
                    .values()
                    .filter(|choice| matches!(choice, Shape::Schema(_)));
                Type::union(known.map(|choice| self.shape_type(choice)))
            }
            Shape::Later | Shape::Error => Type::Error,
        }
    }
}
