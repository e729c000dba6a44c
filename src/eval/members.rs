//! `a.b`: members of values.

use smol_str::SmolStr;

use crate::eval::data::RuntimeSource;
use crate::eval::instance::{Given, Instance};
use crate::eval::interpreter::Interpreter;
use crate::eval::names::self_name;
use crate::eval::operands::{Result, Stop};
use crate::eval::scope::Scope;
use crate::eval::value::{Kind, Value};
use crate::source::Span;
use crate::syntax::ast::{Expr, Ident, Item};

impl<'a> Interpreter<'a> {
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

    pub(super) fn instance_member(
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

    pub(super) fn member_names(&self, instance: &'a Instance<'a>) -> Vec<SmolStr> {
        let schema = instance.schema;
        let names = schema.fields.keys().chain(schema.members.keys());
        let labels = self.blocks(instance).iter();
        let labels = labels.filter_map(|cell| cell.key.label.as_ref());
        names.chain(labels).cloned().collect()
    }

    /// `run.input.reason`
    pub(super) fn input(
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
    pub(super) fn named_member(
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
}
