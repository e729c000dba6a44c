//! Names, members, elements.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::diagnostics::codes::evaluation as codes;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::eval::block::{Cell, CellKey, Makes};
use crate::eval::busy::Busy;
use crate::eval::data::RuntimeSource;
use crate::eval::instance::{Given, Instance};
use crate::eval::interpreter::{Interpreter, Top};
use crate::eval::limits::bytes;
use crate::eval::operands::{Stop, needs_of};
use crate::eval::scope::{Names, Scope, Slot};
use crate::eval::thunk::{State, Thunk};
use crate::eval::value::{Kind, Value};
use crate::resolve::{Binding, ItemId};
use crate::source::Span;
use crate::syntax::ast::{Cardinality, Expr, Ident, Item, TypeExpr};

type Result<T> = std::result::Result<T, Stop>;

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
    fn label(
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
    fn own_member(&self, instance: &'a Instance<'a>, name: &str, span: Span) -> Option<Value<'a>> {
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
    fn top(&self, id: ItemId, span: Span) -> Value<'a> {
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

    /// `a.b`, `a?.b`
    pub(super) fn member_expr(
        &self,
        base: &'a Expr,
        name: &'a Ident,
        safe: bool,
        span: Span,
        scope: &Scope<'a>,
    ) -> Result<Value<'a>> {
        let of = self.eval(base, scope);
        if safe && matches!(of.kind, Kind::Null) {
            return Ok(Value::new(Kind::Null, span));
        }
        self.member(&of, &name.name, name.span, span)
    }

    /// The member of a value.
    pub(super) fn member(
        &self,
        of: &Value<'a>,
        name: &SmolStr,
        name_span: Span,
        span: Span,
    ) -> Result<Value<'a>> {
        if let Some(key) = of.named
            && let Some(value) = self.named_member(of, key, name)
        {
            return Ok(value);
        }
        match &of.kind {
            Kind::Error => Err(Stop::Error),
            Kind::Output(output) => match self.input(output, name, span) {
                Some(value) => Ok(value),
                None => Err(Stop::output(output)),
            },
            Kind::Module(module) => match self.program.declared(*module, name) {
                Some(id) => Ok(self.top(id, span)),
                None => Err(Stop::Error),
            },
            Kind::Map(map) => match map.entries.get(name) {
                Some(value) => Ok(value.clone()),
                // The checker refuses what is nowhere declared: an optional field was left out.
                None if !map.is_map => Ok(Value::new(Kind::Null, span)),
                None => Err(self.no_key(
                    name,
                    map.entries.keys().map(SmolStr::as_str),
                    name_span,
                    of.span,
                )),
            },
            Kind::Instance(instance) => self.instance_member(instance, name, name_span, span),
            Kind::Block(cell) => match self.force(cell) {
                Some(instance) => self.instance_member(instance, name, name_span, span),
                None => Err(Stop::Error),
            },
            _ => Err(self.wrong_value(of, &format!("something that has a `{name}`"), span)),
        }
    }

    fn instance_member(
        &self,
        instance: &'a Instance<'a>,
        name: &SmolStr,
        name_span: Span,
        span: Span,
    ) -> Result<Value<'a>> {
        if let Some(value) = self.own_member(instance, name, span) {
            return Ok(value);
        }
        let fixed = (0..instance.layers.len()).find_map(|layer| {
            let Given::Body(body, _) = &instance.layers.get(layer)?.given else {
                return None;
            };
            let info = self.body_info(body);
            info.labels.contains_key(name).then_some(layer)
        });
        if let Some(layer) = fixed
            && let Some(value) = self.label(instance, layer, name, span)
        {
            return Ok(value);
        }
        let order = self.order(instance);
        if let Some(cell) = order.and_then(|order| order.labelled(name)) {
            return Ok(self.block_value(cell, span));
        }
        let known: Vec<SmolStr> = self.member_names(instance);
        let known = known.iter().map(SmolStr::as_str);
        Err(self.no_key(name, known, name_span, instance.name_span()))
    }

    fn member_names(&self, instance: &'a Instance<'a>) -> Vec<SmolStr> {
        let schema = instance.schema;
        let names = schema.fields.keys().chain(schema.members.keys());
        let labels = self.blocks(instance).iter();
        let labels = labels.filter_map(|cell| cell.key.label.as_ref());
        names.chain(labels).cloned().collect()
    }

    /// `run.input.reason`
    fn input(
        &self,
        output: &crate::eval::value::Output,
        name: &SmolStr,
        span: Span,
    ) -> Option<Value<'a>> {
        let [need] = output.needs.as_slice() else {
            return None;
        };
        match &need.source {
            RuntimeSource::Run(parts) if parts.len() == 1 && need.span == output.expression => {
                let whole = parts.first().filter(|part| *part == "input")?;
                let parts = vec![whole.clone(), name.clone()];
                Some(self.leaf(RuntimeSource::Run(parts), None, span))
            }
            _ => None,
        }
    }

    /// A computed member of a named type.
    fn named_member(
        &self,
        of: &Value<'a>,
        key: crate::eval::value::NamedKey,
        name: &SmolStr,
    ) -> Option<Value<'a>> {
        let index = usize::try_from(key.0.get()).ok()?.checked_sub(1)?;
        let chain = self.named.borrow().chains.get(index)?.clone();
        for id in chain {
            let Some(Item::Type(declaration)) = self.program.item(id) else {
                continue;
            };
            let mut members = declaration.members.iter();
            if let Some(member) = members.find(|member| member.name.name == *name) {
                let scope = Scope::module(id.module).bind(self_name(), of.clone());
                let value = self.called_at(of.span, || {
                    let value = self.eval(&member.value, &scope);
                    self.annotated(value, member.ty.as_ref(), member.value.span, &scope)
                });
                return Some(value.at(of.span));
            }
        }
        None
    }

    /// `a[i]`
    pub(super) fn index(&self, of: Value<'a>, index: Value<'a>, span: Span) -> Result<Value<'a>> {
        if let (Kind::Output(output), Kind::String(name)) = (&of.kind, &index.kind)
            && let Some(value) = self.input(output, name, span)
        {
            return Ok(value);
        }
        if let Some(stop) = needs_of([&of, &index]) {
            return Err(stop);
        }
        match (&of.kind, &index.kind) {
            (Kind::List(list), Kind::Int(at)) => {
                let count = list.items.len();
                match position(*at, count).and_then(|at| list.items.get(at)) {
                    Some(value) => Ok(value.clone()),
                    None => {
                        self.report(
                            Diagnostic::error(
                                &codes::OUT_OF_RANGE,
                                index.span_in(span),
                                format!("there is no element {at} in a list of {count}"),
                            )
                            .note(match count {
                                0 => "the list is empty".to_owned(),
                                _ => format!("the first is 0, the last is {}", count - 1),
                            })
                            .help("`first(…)` and `last(…)` give `null` where there is none"),
                        );
                        Err(Stop::Error)
                    }
                }
            }
            (Kind::List(list), Kind::String(label)) => {
                let mut known = Vec::new();
                for item in &list.items {
                    self.charge(1, span)?;
                    let name = match &item.kind {
                        Kind::Block(cell) => cell.key.label.clone(),
                        Kind::Output(output) => match output.needs.as_slice() {
                            [need] => match &need.source {
                                RuntimeSource::Block { name, .. } => Some(name.clone()),
                                _ => None,
                            },
                            _ => None,
                        },
                        _ => None,
                    };
                    if name.as_ref() == Some(label) {
                        return Ok(item.clone().at(span));
                    }
                    known.extend(name);
                }
                let known = known.iter().map(SmolStr::as_str);
                Err(self.no_key(label, known, index.span_in(span), of.span))
            }
            (Kind::Map(map), Kind::String(key)) => match map.entries.get(key) {
                Some(value) => self.charge(bytes(key.len()), span).map(|()| value.clone()),
                None => {
                    let known = map.entries.keys().map(SmolStr::as_str);
                    Err(self.no_key(key, known, index.span_in(span), of.span))
                }
            },
            (Kind::List(_), _) => Err(self.wrong_value(&index, "a position", span)),
            (Kind::Map(_), _) => Err(self.wrong_value(&index, "a key", span)),
            _ => Err(self.wrong_value(&of, "a list or a map", span)),
        }
    }

    fn no_key<'n>(
        &self,
        key: &str,
        known: impl Iterator<Item = &'n str> + Clone,
        place: Span,
        of: Span,
    ) -> Stop {
        let mut diagnostic =
            Diagnostic::error(&codes::NO_KEY, place, format!("there is no `{key}` here"));
        diagnostic = match did_you_mean(key, known.clone()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => match list_names(known, 12) {
                names if names.is_empty() => diagnostic.note("it is empty"),
                names => diagnostic.note(format!("there is {names}")),
            },
        };
        if !self.is_standard(of) && !of.contains(place) && !place.contains(of) {
            diagnostic = diagnostic.also(of, "looked for in this");
        }
        self.report(diagnostic);
        Stop::Error
    }

    /// `a[1..3]`
    pub(super) fn slice(
        &self,
        of: Value<'a>,
        start: Option<Value<'a>>,
        end: Option<Value<'a>>,
        span: Span,
    ) -> Result<Value<'a>> {
        let bounds = start.iter().chain(&end);
        if let Some(stop) = needs_of(bounds.chain([&of])) {
            return Err(stop);
        }
        let bound = |value: &Option<Value<'a>>, count: usize, otherwise: usize| match value {
            None => Ok(otherwise),
            Some(Value {
                kind: Kind::Int(at),
                ..
            }) => Ok(clamped(*at, count)),
            Some(value) => Err(self.wrong_value(value, "an integer", span)),
        };
        match &of.kind {
            Kind::String(text) => {
                self.charge(text.len() / 64, span)?;
                let count = text.chars().count();
                let (start, end) = (bound(&start, count, 0)?, bound(&end, count, count)?);
                let part: String = text
                    .chars()
                    .skip(start)
                    .take(end.saturating_sub(start))
                    .collect();
                self.text(part, span)
            }
            Kind::List(list) => {
                let count = list.items.len();
                let (start, end) = (bound(&start, count, 0)?, bound(&end, count, count)?);
                let part = list.items.get(start..end.max(start)).unwrap_or_default();
                self.charge(part.len(), span)?;
                self.list(part.to_vec(), span)
            }
            _ => Err(self.wrong_value(&of, "a text or a list", span)),
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

fn position(at: i64, count: usize) -> Option<usize> {
    if at >= 0 {
        return usize::try_from(at).ok();
    }
    let back = usize::try_from(at.unsigned_abs()).ok()?;
    count.checked_sub(back)
}

fn clamped(at: i64, count: usize) -> usize {
    if at < 0 {
        let back = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
        return count.saturating_sub(back);
    }
    usize::try_from(at).unwrap_or(usize::MAX).min(count)
}

fn no_span() -> Span {
    Span::new(crate::source::SourceId(0), 0, 0)
}
