//! Expressions.

use std::rc::Rc;

use crate::eval::interpreter::Interpreter;
use crate::eval::operands::{Result, Stop, needs_of};
use crate::eval::scope::Scope;
use crate::eval::value::{Kind, Needs, Output, Value, merge_needs};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Let, StringLiteral, StringPart};

/// Stack kept free for what is not counted: a builtin, a report.
const RED_ZONE: usize = 96 * 1024;
/// The stack grows by so much.
const STACK: usize = 2 * 1024 * 1024;

impl<'a> Interpreter<'a> {
    /// The value of an expression: the error value where something is wrong with it, a run-time value
    /// where it needs one.
    pub(super) fn eval(&self, expr: &'a Expr, scope: &Scope<'a>) -> Value<'a> {
        if !self.meter.step(1) || !self.meter.enter() {
            self.report_limit(expr.span);
            self.meter.leave();
            return Value::error(expr.span);
        }
        let value = match &expr.kind {
            _ if !self.checked.poisoned.is_empty() && self.is_poisoned(expr.span) => {
                Value::error(expr.span)
            }
            ExprKind::Null => Value::new(Kind::Null, expr.span),
            ExprKind::Bool(value) => Value::new(Kind::Bool(*value), expr.span),
            ExprKind::Int(value) => Value::new(Kind::Int(*value), expr.span),
            ExprKind::Float(value) => Value::new(Kind::Float(*value), expr.span),
            ExprKind::Duration(value) => Value::new(Kind::Duration(*value), expr.span),
            ExprKind::Size(value) => Value::new(Kind::Size(*value), expr.span),
            _ => {
                let found = stacker::maybe_grow(RED_ZONE, STACK, || self.try_eval(expr, scope));
                self.settle(found, expr.span)
            }
        };
        self.meter.leave();
        value
    }

    fn is_poisoned(&self, span: Span) -> bool {
        self.checked.poisoned.contains(&span)
    }

    /// The value of an operation at `span`, or what stands for it where it gave none.
    pub(super) fn settle(&self, found: Result<Value<'a>>, span: Span) -> Value<'a> {
        match found {
            Ok(value) => value,
            Err(Stop::Error) => Value::error(span),
            Err(Stop::Needs(needs, _)) => {
                let output = Output {
                    needs,
                    expression: span,
                };
                Value::new(Kind::Output(Rc::new(output)), span)
            }
        }
    }

    fn try_eval(&self, expr: &'a Expr, scope: &Scope<'a>) -> Result<Value<'a>> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::String(literal) => self.string(literal, scope),
            ExprKind::Name(name) => Ok(self.name(name, span, scope)),
            ExprKind::List(items) => {
                let items = items.iter().map(|item| self.eval(item, scope)).collect();
                self.list(items, span)
            }
            ExprKind::Object(entries) => self.object(entries, span, scope),
            ExprKind::ListFor { element, clauses } => {
                let mut items = Vec::new();
                self.clauses(clauses, scope, &mut |scope| {
                    let item = self.eval(element, scope);
                    items.push(item.clone());
                    self.room_for_elements(items.len(), span)?;
                    Ok(item)
                })?;
                self.list(items, span)
            }
            ExprKind::MapFor {
                key,
                value,
                clauses,
            } => self.map_for((key, value), clauses, span, scope),
            ExprKind::Instance { schema, body } => self.instance_literal(schema, body, span, scope),
            ExprKind::Unary(op, inner) => self.unary(*op, self.eval(inner, scope), span),
            ExprKind::Binary {
                op,
                op_span,
                left,
                right,
            } => self.binary(*op, *op_span, (left, right), span, scope),
            ExprKind::Member { base, name, safe } => {
                self.member_expr(base, name, *safe, span, scope)
            }
            ExprKind::Index(base, index) => {
                let base = self.eval(base, scope);
                let index = self.eval(index, scope);
                self.index(base, index, span)
            }
            ExprKind::Slice { base, start, end } => {
                let base = self.eval(base, scope);
                let bound = |bound: &'a Option<Box<Expr>>| {
                    bound.as_ref().map(|bound| self.eval(bound, scope))
                };
                self.slice(base, bound(start), bound(end), span)
            }
            ExprKind::Call {
                function,
                arguments,
            } => self.call(function, arguments, span, scope),
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => {
                let value = self.eval(condition, scope);
                match value.kind {
                    Kind::Bool(true) => Ok(self.eval(then, scope)),
                    Kind::Bool(false) => Ok(self.eval(otherwise, scope)),
                    Kind::Output(_) => {
                        let others = self.looked_at([(&**then, scope), (&**otherwise, scope)]);
                        Err(self.lifted(&value, &others))
                    }
                    _ => Err(self.wrong_value(&value, "a truth value", condition.span)),
                }
            }
            ExprKind::Match { subject, arms } => self.match_expr(subject, arms, span, scope),
            ExprKind::Let { lets, value } => {
                let scope = self.let_scope(lets, scope)?;
                Ok(self.eval(value, &scope))
            }
            ExprKind::As(value, ty) => {
                let value = self.eval(value, scope);
                let ty = self.written_type(scope.module_id(), ty);
                Ok(self.convert(value, ty, span, scope))
            }
            ExprKind::With(base, body) => {
                let base = self.eval(base, scope);
                self.with(base, body, span, scope)
            }
            ExprKind::Error => Err(Stop::Error),
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Duration(_)
            | ExprKind::Size(_) => Ok(self.eval(expr, scope)),
        }
    }

    /// The scope after some `let`s, each of which is evaluated.
    fn let_scope(&self, lets: &'a [Let], scope: &Scope<'a>) -> Result<Scope<'a>> {
        let mut scope = scope.clone();
        for item in lets {
            if !self.enough_names(&scope, item.name.span) {
                return Err(Stop::Error);
            }
            let value = self.eval(&item.value, &scope);
            let value = self.annotated(value, item.ty.as_ref(), item.value.span, &scope);
            scope = scope.bind(&item.name.name, value);
        }
        Ok(scope)
    }

    /// Values of expressions that may never be wanted: only what they need is of interest.
    pub(super) fn looked_at<'s>(
        &self,
        parts: impl IntoIterator<Item = (&'a Expr, &'s Scope<'a>)>,
    ) -> Vec<Value<'a>>
    where
        'a: 's,
    {
        self.quietly(|| {
            let parts = parts.into_iter();
            parts.map(|(expr, scope)| self.eval(expr, scope)).collect()
        })
    }

    /// An operation depends on a run-time value; `others` are what it may need besides.
    pub(super) fn lifted<'v>(
        &self,
        value: &Value<'a>,
        others: impl IntoIterator<Item = &'v Value<'a>>,
    ) -> Stop
    where
        'a: 'v,
    {
        let mut needs: Needs = Vec::new();
        self.collect_needs(value, &mut needs);
        for other in others {
            self.collect_needs(other, &mut needs);
        }
        Stop::Needs(needs, value.span)
    }

    /// Adds every run-time value in a value, however deep.
    pub(super) fn collect_needs(&self, value: &Value<'a>, needs: &mut Needs) {
        if !self.meter.step(1) {
            self.report_limit(value.span);
            return;
        }
        match &value.kind {
            Kind::Output(output) => merge_needs(needs, &output.needs),
            Kind::List(list) => {
                for item in &list.items {
                    self.collect_needs(item, needs);
                }
            }
            Kind::Map(map) => {
                for item in map.entries.values() {
                    self.collect_needs(item, needs);
                }
            }
            _ => {}
        }
    }

    /// A string with its interpolations.
    pub(super) fn string(
        &self,
        literal: &'a StringLiteral,
        scope: &Scope<'a>,
    ) -> Result<Value<'a>> {
        let span = literal.span;
        if let Some(text) = literal.fixed() {
            return Ok(Value::new(Kind::String(text), span));
        }
        let values: Vec<Option<Value<'a>>> = literal
            .parts
            .iter()
            .map(|part| match part {
                StringPart::Text(_) => None,
                StringPart::Expr(expr) => Some(self.eval(expr, scope)),
            })
            .collect();
        if let Some(stop) = needs_of(values.iter().flatten()) {
            return Err(stop);
        }
        let mut text = String::new();
        for (part, value) in literal.parts.iter().zip(&values) {
            match (part, value) {
                (StringPart::Text(part), _) => text.push_str(&part.text),
                (StringPart::Expr(expr), Some(value)) => {
                    self.write_text(value, expr.span, &mut text)?;
                }
                (StringPart::Expr(_), None) => {}
            }
            self.room_for_text(text.len(), span)?;
        }
        self.text(text, span)
    }
}
