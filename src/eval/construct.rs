//! Instances of schemas: written out, and with changes.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::evaluation as codes;
use crate::eval::instance::{Given, Instance};
use crate::eval::interpreter::Interpreter;
use crate::eval::operands::{Result, Stop};
use crate::eval::scope::Scope;
use crate::eval::value::{Kind, Value};
use crate::resolve::{Binding, ItemId};
use crate::source::Span;
use crate::syntax::ast::{Body, Ident, Item};

impl<'a> Interpreter<'a> {
    /// `Environment { … }`
    pub(super) fn instance_literal(
        &self,
        path: &'a [Ident],
        body: &'a Body,
        span: Span,
        scope: &Scope<'a>,
    ) -> Result<Value<'a>> {
        let id = self.declaration(path, scope).ok_or(Stop::Error)?;
        if !matches!(self.program.item(id), Some(Item::Schema(_))) {
            return Err(Stop::Error);
        }
        let schema = self.schema(id).ok_or(Stop::Error)?;
        let given = vec![Given::Body(body, scope.clone())];
        Ok(self.new_instance(schema, given, span))
    }

    /// A value that is an instance of a schema.
    pub(super) fn new_instance(
        &self,
        schema: &'a crate::eval::schemas::SchemaInfo<'a>,
        given: Vec<Given<'a>>,
        span: Span,
    ) -> Value<'a> {
        if !self.meter.block() {
            self.report_limit(span);
            return Value::error(span);
        }
        let instance = self
            .arena
            .instances
            .alloc(Instance::new(schema, None, given, span));
        let own = |id: &ItemId| !self.program.is_standard(id.module);
        if schema.includes.iter().all(own) {
            self.values.borrow_mut().push(instance);
        }
        Value::new(Kind::Instance(instance), span)
    }

    /// `value with { … }`
    pub(super) fn with(
        &self,
        base: Value<'a>,
        body: &'a Body,
        span: Span,
        scope: &Scope<'a>,
    ) -> Result<Value<'a>> {
        let base = Self::known(base)?;
        let instance = match base.kind {
            Kind::Instance(instance) => instance,
            Kind::Block(cell) => self.force(cell).ok_or(Stop::Error)?,
            _ => return Err(self.wrong_value(&base, "an instance of a schema", span)),
        };
        let mut given = instance.given();
        if given.len() as u64 >= u64::from(crate::eval::limits::VALUE_DEPTH) {
            self.report(
                Diagnostic::error(
                    &codes::TOO_DEEP,
                    span,
                    "too many `with`s lie over one another here",
                )
                .note(format!("at most {} do", crate::eval::limits::VALUE_DEPTH)),
            );
            return Err(Stop::Error);
        }
        given.push(Given::Body(body, scope.clone()));
        Ok(self.new_instance(instance.schema, given, span))
    }

    /// The declaration that a dotted name means.
    pub(super) fn declaration(
        &self,
        path: &'a [Ident],
        scope: &Scope<'a>,
    ) -> Option<crate::resolve::ItemId> {
        let (first, rest) = path.split_first()?;
        match (self.program.lookup(scope.module_id(), &first.name)?, rest) {
            (Binding::Item(id), []) => Some(id),
            (Binding::Module(module), [name]) => self.program.declared(module, &name.name),
            _ => None,
        }
    }
}
