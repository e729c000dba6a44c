//! Names, members, elements.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::eval::block::{Cell, CellKey, Makes};
use crate::eval::busy::Busy;
use crate::eval::instance::{Given, Instance};
use crate::eval::interpreter::{Interpreter, Top};
use crate::eval::scope::{Names, Scope, Slot};
use crate::eval::thunk::{State, Thunk};
use crate::eval::value::{Kind, Value};
use crate::resolve::{Binding, ItemId};
use crate::source::Span;
use crate::syntax::ast::{Cardinality, Item, TypeExpr};

impl<'a> Interpreter<'a> {
    /// What a name stands for. See `docs/semantics.md` for the order in which it is looked for.
    pub(super) fn name(&self, name: &'a SmolStr, span: Span, scope: &Scope<'a>) -> Value<'a> {
        for (index, frame) in scope.frames().enumerate() {
            if index % 16 == 15 && self.charge(1, span).is_err() {
                return Value::error(span);
            }
            match &frame.names {
                Names::Local(local, slot) if *local == name => {
                    return match slot {
                        Slot::Value(value) => value.clone(),
                        Slot::Lazy(thunk) => self.force_thunk(thunk),
                    };
                }
                Names::Body(instance, layer) => {
                    if let Some(found) = self.label(instance, *layer, name, span) {
                        return found;
                    }
                }
                Names::Schema(instance) => {
                    if let Some(found) = self.own_member(instance, name, span) {
                        return found;
                    }
                }
                Names::Local(..) | Names::Module | Names::Call(_) => {}
            }
        }
        for frame in scope.frames() {
            if let Names::Body(instance, _) = &frame.names
                && let Some(kind) = instance.schema.blocks.get(name)
                && kind.cardinality != Cardinality::Many
            {
                return self.blocks_of_kind(instance, name, span);
            }
        }
        match self.program.lookup(scope.module_id(), name) {
            Some(Binding::Item(id)) => self.top(id, span),
            Some(Binding::Module(module)) => Value::new(Kind::Module(module), span),
            Some(Binding::Unknown) => Value::error(span),
            None => self.listed(scope, name, span),
        }
    }

    /// The blocks of a kind in the bodies around, where nothing else has that name.
    fn listed(&self, scope: &Scope<'a>, name: &SmolStr, span: Span) -> Value<'a> {
        for frame in scope.frames() {
            if let Names::Body(instance, _) = &frame.names
                && instance.schema.blocks.contains_key(name)
            {
                return self.blocks_of_kind(instance, name, span);
            }
        }
        Value::error(span)
    }

    /// A block by its label in one layer of a body, where the text has such a label.
    pub(super) fn label(
        &self,
        instance: &'a Instance<'a>,
        layer: usize,
        name: &SmolStr,
        span: Span,
    ) -> Option<Value<'a>> {
        let Given::Body(body, _) = &instance.layers.get(layer)?.given else {
            return None;
        };
        let kind = self.body_info(body).labels.get(name)?.clone();
        let key = CellKey {
            kind,
            label: Some(name.clone()),
            ordinal: 0,
        };
        Some(match self.cell(instance, key) {
            Some(cell) => self.block_value(cell, span),
            None => Value::error(span),
        })
    }

    /// A block as a value: a reference, or the run-time value that it stands for.
    pub(super) fn block_value(&self, cell: &'a Cell<'a>, span: Span) -> Value<'a> {
        match cell.makes {
            Makes::Schema(_) => Value::new(Kind::Block(cell), span),
            Makes::Output(ty) => match (cell.parent, &cell.key.label) {
                (Some(parent), Some(label)) => self.runtime(parent, label, ty, span),
                _ => Value::error(span),
            },
        }
    }

    /// A field, the blocks of a kind, or a computed member of the instance.
    pub(super) fn own_member(
        &self,
        instance: &'a Instance<'a>,
        name: &str,
        span: Span,
    ) -> Option<Value<'a>> {
        let schema = instance.schema;
        if let Some(index) = schema.fields.get_index_of(name) {
            return Some(self.field(instance, index, span).0);
        }
        if let Some(index) = schema.members.get_index_of(name) {
            return Some(self.computed(instance, index));
        }
        if schema.blocks.contains_key(name) {
            return Some(self.blocks_of_kind(instance, name, span));
        }
        None
    }

    /// The blocks of a kind as a value: a list, a block, or `null`.
    fn blocks_of_kind(&self, instance: &'a Instance<'a>, name: &str, span: Span) -> Value<'a> {
        let Some(kind) = instance.schema.blocks.get(name) else {
            return Value::error(span);
        };
        match kind.cardinality {
            Cardinality::Many => {
                let cells = self.blocks(instance).iter();
                let cells = cells.filter(|cell| cell.key.kind == name);
                let values = cells.map(|cell| self.block_value(cell, cell.name_span()));
                self.settle(self.list(values.collect(), span), span)
            }
            Cardinality::One | Cardinality::Optional => match self.single(instance, name) {
                Some(cell) => self.block_value(cell, span),
                // One that could not be read may have been written.
                None if self.is_incomplete(instance) => Value::error(span),
                None => Value::new(Kind::Null, span),
            },
        }
    }

    /// Something at the top of a file.
    pub(super) fn top(&self, id: ItemId, span: Span) -> Value<'a> {
        if let Some(known) = self.tops.borrow().get(&id).cloned() {
            return self.top_value(&known, span);
        }
        let top = match self.program.item(id) {
            Some(Item::Let(item)) => {
                let scope = Scope::module(id.module);
                let thunk = Thunk::new(
                    &item.name.name,
                    item.name.span,
                    item.ty.as_ref(),
                    &item.value,
                    scope,
                );
                Top::Let(Rc::new(thunk))
            }
            Some(Item::Block(block)) => Top::Block(self.top_block(id, block)),
            _ => return Value::error(span),
        };
        self.tops.borrow_mut().insert(id, top.clone());
        self.top_value(&top, span)
    }

    /// The value of a top-level `let`; for a whole file at the end.
    pub(super) fn force_top(&self, id: ItemId) -> Value<'a> {
        let span = self.program.item(id).map_or_else(no_span, Item::span);
        self.top(id, span)
    }

    fn top_value(&self, top: &Top<'a>, span: Span) -> Value<'a> {
        match top {
            Top::Let(thunk) => self.force_thunk(thunk),
            Top::Block(Some(cell)) => Value::new(Kind::Block(cell), span),
            Top::Block(None) => Value::error(span),
        }
    }

    /// The value of a `let`, found when it is first asked for.
    pub(super) fn force_thunk(&self, thunk: &Rc<Thunk<'a>>) -> Value<'a> {
        let what = || Busy::Let(Rc::as_ptr(thunk), thunk.name, thunk.span);
        let state = std::mem::replace(&mut *thunk.state.borrow_mut(), State::Busy);
        match state {
            State::Done(value) => {
                *thunk.state.borrow_mut() = State::Done(value.clone());
                value
            }
            State::Busy => {
                self.cycle(&what());
                Value::error(thunk.span)
            }
            State::Todo(expr, scope) => {
                self.begin(what());
                let value = self.aloud(Some(&scope), || {
                    let value = self.eval(expr, &scope);
                    self.annotated(value, thunk.ty, expr.span, &scope)
                });
                self.done();
                *thunk.state.borrow_mut() = State::Done(value.clone());
                value
            }
        }
    }

    /// A value with the annotation of a `let`.
    pub(super) fn annotated(
        &self,
        value: Value<'a>,
        ty: Option<&'a TypeExpr>,
        span: Span,
        scope: &Scope<'a>,
    ) -> Value<'a> {
        match ty {
            None => value,
            Some(written) => {
                let ty = self.written_type(scope.module_id(), written);
                self.give(value, ty, "an annotated name", span, scope)
            }
        }
    }
}

impl Value<'_> {
    /// The place of this value if it lies within an expression, else the expression's.
    pub(super) fn span_in(&self, whole: Span) -> Span {
        if whole.contains(self.span) {
            self.span
        } else {
            whole
        }
    }
}

/// The name of a value in its own condition.
pub(super) fn self_name() -> &'static SmolStr {
    static NAME: SmolStr = SmolStr::new_static("self");
    &NAME
}

fn no_span() -> Span {
    Span::new(crate::source::SourceId(0), 0, 0)
}
