//! What stands in a block under a fixed name, read from the syntax alone: nothing is evaluated, nothing
//! reported. It makes `dev.Network.VpcId` known to the checker.

use std::rc::Rc;

use indexmap::map::Entry;

use crate::resolve::{Binding, ItemId, ModuleId};
use crate::syntax::ast::{
    Block, BlockValue, Body, BodyItem, Cardinality, Expr, ExprKind, Item, TypeKind,
};
use crate::types::check::Checker;
use crate::types::check::scope::Found;
use crate::types::{Known, KnownBlock, Schema, SchemaType, Shape, Type};

/// So deep blocks and values are followed.
const MOST_DEPTH: usize = 24;

/// What is known of something that means nothing: there may be anything in it.
pub(super) fn partial() -> Option<Rc<Known>> {
    Some(Rc::new(Known {
        partial: true,
        ..Known::default()
    }))
}

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(super) struct Here {
    module: ModuleId,
    /// Whether the checker is at that very place, so that its local names are those in scope.
    local: bool,
    depth: usize,
}

impl<'p> Checker<'p> {
    /// The place where the checker is.
    pub(super) fn here(&self) -> Here {
        Here {
            module: self.place.module,
            local: true,
            depth: 0,
        }
    }

    /// What stands in a body, on top of what was there.
    pub(super) fn known_body(
        &mut self,
        here: Here,
        body: &'p Body,
        schema: &Rc<Schema>,
        base: Option<&Known>,
    ) -> Known {
        let mut known = base.cloned().unwrap_or_default();
        for item in &body.items {
            match item {
                BodyItem::Field(field) => drop(known.fields.insert(field.name.name.clone())),
                BodyItem::Block(block) => self.known_entry(here, block, schema, &mut known),
                BodyItem::Error(_) => known.partial = true,
                _ => {}
            }
        }
        for (name, kind) in &schema.blocks {
            let many = kind.cardinality == Cardinality::Many;
            let known_as = if many {
                &mut known.lists
            } else {
                &mut known.singles
            };
            if kind.cardinality == Cardinality::Optional || known_as.contains_key(name) {
                continue;
            }
            let one = self.shape_type(&kind.shape);
            let block = KnownBlock {
                kind: name.clone(),
                ty: if many { Type::list(one) } else { one },
                span: body.span,
                rival: None,
            };
            known_as.insert(name.clone(), block);
        }
        known
    }

    fn known_entry(
        &mut self,
        here: Here,
        block: &'p Block,
        schema: &Rc<Schema>,
        known: &mut Known,
    ) {
        let label = block.label.as_ref().and_then(|label| label.fixed());
        let Some(kind) = schema.blocks.get(&block.kind.name) else {
            // A kind that there is not: the label is a name all the same.
            if let Some(label) = label {
                known.labels.entry(label).or_insert(KnownBlock {
                    kind: block.kind.name.clone(),
                    ty: Type::Error,
                    span: block.span,
                    rival: None,
                });
            }
            return;
        };
        let shape = match (&kind.shape, &label) {
            (Shape::ByLabel(choices), Some(label)) => choices.get(label),
            (shape, _) => Some(shape),
        };
        let Some(shape) = shape else { return };
        let old = label
            .as_ref()
            .and_then(|label| known.labels.get(label))
            .filter(|old| old.kind == kind.kind);
        let base = match old.map(|old| &old.ty) {
            Some(Type::Schema(old)) => old.known.clone(),
            // It may be laid over one of that label.
            None if known.partial => partial(),
            _ => None,
        };
        let ty = match shape {
            Shape::Schema(id) => self.known_block_type(here, block, *id, base),
            shape => self.shape_type(shape),
        };
        let span = block
            .label
            .as_ref()
            .map_or(block.kind.span, |label| label.span());
        let entry = KnownBlock {
            kind: kind.kind.clone(),
            ty,
            span,
            rival: None,
        };
        if kind.cardinality != Cardinality::Many {
            known.singles.insert(kind.kind.clone(), entry.clone());
        }
        if let Some(label) = label.filter(|_| !matches!(kind.shape, Shape::ByLabel(_))) {
            match known.labels.entry(label) {
                Entry::Vacant(place) => {
                    place.insert(entry);
                }
                Entry::Occupied(mut place) if place.get().kind == entry.kind => {
                    // Overlaid by `with`: what is added to it is known, too.
                    place.get_mut().ty = entry.ty;
                }
                Entry::Occupied(mut place) => {
                    place
                        .get_mut()
                        .rival
                        .get_or_insert((entry.kind, entry.span));
                }
            }
        }
    }

    fn known_block_type(
        &mut self,
        here: Here,
        block: &'p Block,
        id: ItemId,
        base: Option<Rc<Known>>,
    ) -> Type {
        let Some(schema) = self.types.schema(self.program, id) else {
            return Type::Error;
        };
        let known = match &block.value {
            BlockValue::None => base,
            BlockValue::Body(body) if here.depth < MOST_DEPTH => {
                let inner = Here {
                    depth: here.depth + 1,
                    ..here
                };
                Some(Rc::new(self.known_body(
                    inner,
                    body,
                    &schema,
                    base.as_deref(),
                )))
            }
            BlockValue::Value(value) => self.known_value(here, value),
            BlockValue::Body(_) => None,
        };
        Type::Schema(SchemaType {
            id,
            name: schema.name.clone(),
            known,
        })
    }

    /// What stands in the value of an expression.
    pub(super) fn known_value(&mut self, here: Here, expr: &'p Expr) -> Option<Rc<Known>> {
        if here.depth >= MOST_DEPTH {
            return None;
        }
        let inner = Here {
            depth: here.depth + 1,
            ..here
        };
        match &expr.kind {
            ExprKind::Instance { schema, body } => {
                let [name] = schema.as_slice() else {
                    return None;
                };
                let schema = match self.program.lookup(here.module, &name.name) {
                    Some(Binding::Item(id)) => self.types.schema(self.program, id)?,
                    Some(Binding::Module(_)) => return None,
                    Some(Binding::Unknown) | None => return partial(),
                };
                Some(Rc::new(self.known_body(inner, body, &schema, None)))
            }
            ExprKind::With(base, body) => {
                let known = self.known_value(inner, base);
                let Some(schema) = self.schema_of(inner, base) else {
                    return known.filter(|known| known.partial);
                };
                Some(Rc::new(self.known_body(
                    inner,
                    body,
                    &schema,
                    known.as_deref(),
                )))
            }
            ExprKind::Call { function, .. } => match self.function_named(here, function) {
                Some(id) => self.result_known(id),
                None => partial(),
            },
            ExprKind::Error => partial(),
            ExprKind::Let { value, .. } => {
                // Its names hide others, so that only what needs none of them is followed.
                let outside = Here {
                    local: false,
                    ..inner
                };
                match &value.kind {
                    ExprKind::Name(_) => None,
                    _ => self.known_value(outside, value),
                }
            }
            ExprKind::Name(name) if here.local => match self.find(name) {
                Some(Found::Local(local)) => match local.ty {
                    Type::Schema(schema) => schema.known,
                    Type::Error => partial(),
                    _ => None,
                },
                Some(Found::Top(Binding::Item(id))) => self.let_known(inner, id),
                Some(Found::Top(Binding::Unknown)) | None => partial(),
                _ => None,
            },
            _ => None,
        }
    }

    fn let_known(&mut self, here: Here, id: ItemId) -> Option<Rc<Known>> {
        let Some(Item::Let(item)) = self.program.item(id) else {
            return None;
        };
        let there = Here {
            module: id.module,
            local: false,
            depth: here.depth + 1,
        };
        self.known_value(there, &item.value)
    }

    /// What stands in the result of a function.
    pub(super) fn result_known(&mut self, id: ItemId) -> Option<Rc<Known>> {
        if let Some(known) = self.results.get(&id) {
            return known.clone();
        }
        // While it is looked for, nothing is known: a function that calls itself is refused anyway.
        self.results.insert(id, None);
        let Some(Item::Function(function)) = self.program.item(id) else {
            return None;
        };
        let there = Here {
            module: id.module,
            local: false,
            depth: 0,
        };
        let known = self.known_value(there, function.body.as_ref()?);
        self.results.insert(id, known.clone());
        known
    }

    fn function_named(&self, here: Here, function: &Expr) -> Option<ItemId> {
        let binding = match &function.kind {
            ExprKind::Name(name) => self.program.lookup(here.module, name)?,
            ExprKind::Member { base, name, .. } => {
                let ExprKind::Name(module) = &base.kind else {
                    return None;
                };
                match self.program.lookup(here.module, module)? {
                    Binding::Module(module) => {
                        Binding::Item(self.program.declared(module, &name.name)?)
                    }
                    _ => return None,
                }
            }
            _ => return None,
        };
        match binding {
            Binding::Item(id) => Some(id),
            _ => None,
        }
    }

    /// The schema that an expression is an instance of, as far as the syntax tells.
    fn schema_of(&mut self, here: Here, expr: &'p Expr) -> Option<Rc<Schema>> {
        if here.depth >= MOST_DEPTH {
            return None;
        }
        let inner = Here {
            depth: here.depth + 1,
            ..here
        };
        let ty = match &expr.kind {
            ExprKind::Instance { schema, .. } => {
                let [name] = schema.as_slice() else {
                    return None;
                };
                match self.program.lookup(here.module, &name.name)? {
                    Binding::Item(id) => self.types.declared(self.program, id)?,
                    _ => return None,
                }
            }
            ExprKind::Call { function, .. } => {
                let id = self.function_named(here, function)?;
                self.types.signature(self.program, id)?.result.clone()
            }
            ExprKind::With(base, _) => return self.schema_of(inner, base),
            ExprKind::Name(name) if here.local => match self.find(name)? {
                Found::Local(local) => local.ty,
                Found::Block(block) => block.ty,
                Found::Top(Binding::Item(id)) => match self.program.item(id)? {
                    Item::Let(item) => match &item.ty {
                        Some(ty) if matches!(ty.kind, TypeKind::Name { .. }) => {
                            self.types.resolve(self.program, id.module, ty)
                        }
                        _ => {
                            let there = Here {
                                module: id.module,
                                local: false,
                                depth: inner.depth,
                            };
                            return self.schema_of(there, &item.value);
                        }
                    },
                    _ => return None,
                },
                _ => return None,
            },
            _ => return None,
        };
        match ty.base() {
            Type::Schema(schema) => self.types.schema(self.program, schema.id),
            _ => None,
        }
    }
}
