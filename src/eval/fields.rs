//! Fields of instances: what was given, what is inherited, what is the default; computed members.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::blocks as codes;
use crate::eval::bindings::Known;
use crate::eval::busy::Busy;
use crate::eval::data::{RuntimeRef, RuntimeSource};
use crate::eval::instance::{Found, Given, GivenField, Instance};
use crate::eval::interpreter::Interpreter;
use crate::eval::schemas::FieldInfo;
use crate::eval::scope::{Names, Scope};
use crate::eval::value::{Kind, Output, Value};
use crate::source::Span;
use crate::syntax::ast::FieldModifier;
use crate::types::Type;

/// The block whose fields those below it inherit.
const DEFAULTS: &str = "defaults";

impl<'a> Interpreter<'a> {
    /// The value of a field, and whether the program gave it; `span` is where it is asked for.
    pub(super) fn field(
        &self,
        instance: &'a Instance<'a>,
        index: usize,
        span: Span,
    ) -> (Value<'a>, bool) {
        let Some((name, info)) = instance.schema.fields.get_index(index) else {
            return (Value::error(span), false);
        };
        if info.modifier == FieldModifier::Runtime {
            return (self.runtime(instance, name, info.ty, span), false);
        }
        match Found::of(&instance.fields, index) {
            Some(Found::Done(value, given)) => return (value, given),
            Some(Found::Busy) => {
                self.cycle(&Busy::Member(instance, name, instance.name_span()));
                return (Value::error(span), false);
            }
            None => {}
        }
        if let Some(value) = self.constant(instance, name, info) {
            return (value, false);
        }
        Found::note(&instance.fields, index, Found::Busy);
        let place = self.given_span(instance, name);
        self.begin(Busy::Member(instance, name, place));
        let (value, given) = self.aloud(None, || self.find_field(instance, name, info));
        self.done();
        Found::note(&instance.fields, index, Found::Done(value.clone(), given));
        (value, given)
    }

    /// Where a field is given, else the name of the block.
    fn given_span(&self, instance: &'a Instance<'a>, name: &str) -> Span {
        let mut layers = (0..instance.layers.len()).rev();
        let found = layers.find_map(|layer| {
            let direct = self.direct(instance, layer);
            let mut fields = direct.fields.iter();
            fields
                .find(|field| field.name == name)
                .map(|field| field.span)
        });
        found.unwrap_or_else(|| instance.name_span())
    }

    /// A default that is the same everywhere, where nothing says otherwise.
    fn constant(
        &self,
        instance: &'a Instance<'a>,
        name: &SmolStr,
        info: &'a FieldInfo<'a>,
    ) -> Option<Value<'a>> {
        let default = info.default.filter(|_| info.closed)?;
        if info.modifier == FieldModifier::Inherit || (name == "name" && instance.cell.is_some()) {
            return None;
        }
        if (0..instance.layers.len()).any(|layer| self.may_give(instance, layer, name)) {
            return None;
        }
        Some(self.constant_default(info, default, name))
    }

    fn constant_default(
        &self,
        info: &'a FieldInfo<'a>,
        default: &'a crate::syntax::ast::Expr,
        name: &SmolStr,
    ) -> Value<'a> {
        if let Some(known) = info.constant.borrow().clone() {
            return known;
        }
        let scope = Scope::module(info.module);
        let value = self.aloud(None, || {
            let value = self.eval(default, &scope);
            self.give(
                value,
                info.ty,
                &format!("the default of `{name}`"),
                default.span,
                &scope,
            )
        });
        *info.constant.borrow_mut() = Some(value.clone());
        value
    }

    /// Whether a layer may give a field.
    fn may_give(&self, instance: &'a Instance<'a>, layer: usize, name: &SmolStr) -> bool {
        let Some(layer_given) = instance.layers.get(layer).map(|layer| &layer.given) else {
            return false;
        };
        match layer_given {
            Given::Data(map) => map.entries.contains_key(name),
            Given::Body(body, _) => {
                let info = self.body_info(body);
                info.conditional.contains(name)
                    || self
                        .direct(instance, layer)
                        .fields
                        .iter()
                        .any(|field| field.name == name)
            }
        }
    }

    fn find_field(
        &self,
        instance: &'a Instance<'a>,
        name: &'a SmolStr,
        info: &'a FieldInfo<'a>,
    ) -> (Value<'a>, bool) {
        if *info.ty.base() == Type::Later {
            return (Value::new(Kind::Null, info.span), false);
        }
        if name == "name"
            && let Some(cell) = instance.cell
            && let Some(label) = &cell.key.label
        {
            let value = Value::new(Kind::String(label.clone()), cell.name_span());
            let scope = Scope::module(info.module);
            return (
                self.give(value, info.ty, "a label", cell.name_span(), &scope),
                true,
            );
        }
        if let Some(value) = self.given(instance, name, info) {
            return (value, true);
        }
        if info.modifier == FieldModifier::Inherit
            && let Some(value) = self.inherited(instance, name, info)
        {
            return (value, true);
        }
        if let Some(default) = info.default {
            if info.closed {
                return (self.constant_default(info, default, name), false);
            }
            let scope = Scope::module(info.module).with(Names::Schema(instance));
            let what = format!("the default of `{name}`");
            let place = instance.name_span();
            let value = self.called_at(place, || {
                let value = self.eval(default, &scope);
                self.give(value, info.ty, &what, place, &scope)
            });
            return (value, false);
        }
        if info.required {
            self.missing_field(instance, name, info);
            return (Value::error(instance.span), false);
        }
        (Value::new(Kind::Null, info.span), false)
    }

    /// What the program gives for a field, the last layer first.
    fn given(
        &self,
        instance: &'a Instance<'a>,
        name: &'a SmolStr,
        info: &'a FieldInfo<'a>,
    ) -> Option<Value<'a>> {
        for layer in (0..instance.layers.len()).rev() {
            if !self.may_give(instance, layer, name) {
                continue;
            }
            let Some(given) = instance.layers.get(layer).map(|layer| &layer.given) else {
                continue;
            };
            match given {
                Given::Data(map) => {
                    let value = map.entries.get(name)?.clone();
                    let scope = Scope::module(info.module);
                    let span = value.span;
                    return Some(self.convert(value, info.ty, span, &scope));
                }
                Given::Body(body, _) => {
                    let conditional = self.body_info(body).conditional.contains(name);
                    let content = if conditional {
                        self.content(instance, layer)
                    } else {
                        self.direct(instance, layer)
                    };
                    let mut fields = content.fields.iter().filter(|field| field.name == name);
                    let Some(field) = fields.next() else {
                        continue;
                    };
                    // What the checker sees twice, it has reported.
                    let mut others =
                        fields.filter(|field| !self.checked.poisoned.contains(&field.item));
                    if let Some(second) = others.next() {
                        self.field_twice(name, field, second);
                    }
                    if self.checked.poisoned.contains(&field.item) {
                        return Some(Value::error(field.value.span));
                    }
                    let what = format!("the field `{name}`");
                    return Some(self.aloud(Some(&field.scope), || {
                        let value = self.eval(field.value, &field.scope);
                        self.give(value, info.ty, &what, field.value.span, &field.scope)
                    }));
                }
            }
        }
        None
    }

    /// What the nearest enclosing block's `defaults` say of a field.
    fn inherited(
        &self,
        instance: &'a Instance<'a>,
        name: &'a SmolStr,
        info: &'a FieldInfo<'a>,
    ) -> Option<Value<'a>> {
        let mut around = instance.cell?.parent;
        if instance.cell?.key.kind == DEFAULTS {
            around = around?.cell?.parent;
        }
        while let Some(holder) = around {
            if holder.schema.blocks.contains_key(DEFAULTS)
                && let Some(cell) = self.single(holder, DEFAULTS)
                && let Some(defaults) = self.force(cell)
                && let Some(index) = defaults.schema.fields.get_index_of(name)
            {
                let (value, given) = self.field(defaults, index, instance.name_span());
                if given {
                    let scope = Scope::module(info.module);
                    let span = value.span;
                    return Some(self.give(value, info.ty, "the default", span, &scope));
                }
            }
            around = holder.cell.and_then(|cell| cell.parent);
        }
        None
    }

    /// A computed member.
    pub(super) fn computed(&self, instance: &'a Instance<'a>, index: usize) -> Value<'a> {
        let Some((name, (item, module))) = instance.schema.members.get_index(index) else {
            return Value::error(instance.span);
        };
        let what = Busy::Member(instance, name, item.name.span);
        match Found::of(&instance.members, index) {
            Some(Found::Done(value, _)) => return value,
            Some(Found::Busy) => {
                self.cycle(&what);
                return Value::error(instance.span);
            }
            None => {}
        }
        Found::note(&instance.members, index, Found::Busy);
        self.begin(what);
        let scope = Scope::module(*module).with(Names::Schema(instance));
        let value = self.aloud(None, || {
            let value = self.eval(&item.value, &scope);
            self.annotated(value, item.ty.as_ref(), item.value.span, &scope)
        });
        self.done();
        Found::note(&instance.members, index, Found::Done(value.clone(), false));
        value
    }

    /// A run-time value that a block makes, or that is known of the run.
    pub(super) fn runtime(
        &self,
        instance: &'a Instance<'a>,
        name: &SmolStr,
        ty: &'a Type,
        span: Span,
    ) -> Value<'a> {
        let source = match instance.cell {
            None if self
                .standard_schema("Run")
                .is_some_and(|run| run.id == instance.schema.id) =>
            {
                RuntimeSource::Run(vec![name.clone()])
            }
            Some(cell) if cell.is_rooted() => RuntimeSource::Block {
                path: cell.path(),
                name: name.clone(),
            },
            _ => {
                self.report(
                    Diagnostic::error(
                        &codes::NOT_IN_PIPELINE,
                        span,
                        format!("`{name}` is made by a block of a pipeline, and this is none"),
                    )
                    .label("stands in no pipeline")
                    .help("write the block into the pipeline, and use its label"),
                );
                return Value::error(span);
            }
        };
        self.leaf(source, Some(ty), span)
    }

    /// A run-time value at its origin: its value where a stage knows it.
    pub(super) fn leaf(
        &self,
        source: RuntimeSource,
        ty: Option<&'a Type>,
        span: Span,
    ) -> Value<'a> {
        if let Some(known) = self.bindings.get(&source) {
            let kind = match known {
                Known::String(text) => Kind::String(text.clone()),
                Known::Int(value) => Kind::Int(*value),
                Known::Bool(value) => Kind::Bool(*value),
            };
            let value = Value::new(kind, span);
            let scope = Scope::module(self.program.root);
            return match ty {
                Some(ty) => self.give(value, ty, &format!("`{source}`"), span, &scope),
                None => value,
            };
        }
        let output = Output {
            needs: vec![Rc::new(RuntimeRef { source, span })],
            expression: span,
        };
        Value::new(Kind::Output(Rc::new(output)), span)
    }

    fn missing_field(&self, instance: &'a Instance<'a>, name: &str, info: &FieldInfo<'a>) {
        if self.is_incomplete(instance) {
            return;
        }
        let place = instance.name_span();
        let what = match instance.cell {
            Some(cell) => format!("{} `{}`", cell.key.kind, cell.name()),
            None => format!("this `{}`", instance.schema.name),
        };
        let mut diagnostic =
            Diagnostic::error(&codes::MISSING, place, format!("{what} has no `{name}`"))
                .label(format!("needs `{name} = …`"))
                .help(format!("add `{name} = …`, a `{}`", info.ty));
        if !self.is_standard(info.span) {
            diagnostic = diagnostic.also(info.span, "declared here");
        }
        self.report(diagnostic);
    }

    /// Whether something is missing in an instance because of an error that was reported.
    pub(super) fn is_incomplete(&self, instance: &'a Instance<'a>) -> bool {
        let incomplete = &self.checked.incomplete;
        if let Some(cell) = instance.cell {
            let sources = cell.sources.borrow();
            if sources
                .iter()
                .any(|source| incomplete.contains(&source.block.span))
            {
                return true;
            }
        }
        (0..instance.layers.len()).any(|layer| {
            let Some(Given::Body(body, _)) = instance.layers.get(layer).map(|layer| &layer.given)
            else {
                return false;
            };
            incomplete.contains(&body.span) || self.content(instance, layer).partial
        })
    }

    fn field_twice(&self, name: &str, first: &GivenField<'a>, second: &GivenField<'a>) {
        let mut diagnostic = Diagnostic::error(
            &codes::FIELD_TWICE,
            second.span,
            format!("the field `{name}` is given twice"),
        )
        .label("again here");
        diagnostic = if first.span == second.span {
            diagnostic.note("the same place gives it more than once")
        } else {
            diagnostic.also(first.span, "first here")
        };
        self.report_in(&second.scope, diagnostic.help("give it once"));
    }
}
