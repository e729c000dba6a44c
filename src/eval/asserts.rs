//! Asserts of schemas and bodies, and policies.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::HashSet;
use crate::diagnostics::codes::blocks as codes;
use crate::diagnostics::{Code, Diagnostic};
use crate::eval::block::Cell;
use crate::eval::instance::{Given, Instance, Layer};
use crate::eval::interpreter::Interpreter;
use crate::eval::schemas::FieldInfo;
use crate::eval::scope::{Names, Scope};
use crate::eval::value::{Kind, Value};
use crate::resolve::ModuleId;
use crate::source::Span;
use crate::syntax::ast::{Assert, BinaryOp, Body, BodyItem, Expr, ExprKind, Item, Policy, UnaryOp};

impl<'a> Interpreter<'a> {
    /// Tests the asserts of an instance: those of its schema, those in its bodies.
    pub(super) fn test_asserts(&self, instance: &'a Instance<'a>) {
        if self.is_incomplete(instance) {
            return;
        }
        for (assert, module) in &instance.schema.asserts {
            let scope = Scope::module(*module).with(Names::Schema(instance));
            let place = instance.name_span();
            self.aloud(None, || {
                self.test(assert, &scope, Some(place), &codes::ASSERT, None)
            });
        }
        for layer in 0..instance.layers.len() {
            let content = self.content(instance, layer);
            for (assert, scope) in &content.asserts {
                self.aloud(Some(scope), || {
                    self.test(assert, scope, None, &codes::ASSERT, None);
                });
            }
        }
    }

    /// Asks for everything of the values of the program's own schemas, as [`Interpreter::freeze_block`] does of blocks; of one that lacks a required field, for what it
    /// was given. One that others were made of is a template: they are asked in its place. (The standard library's schemas are those of blocks.)
    pub(super) fn test_values(&self) {
        // Asking may make further ones.
        let mut next = 0;
        while let Some(instance) = self.value(next) {
            next += 1;
            if self.meter.reached().is_some() {
                return;
            }
            let is_data = |layer: &Layer<'a>| matches!(layer.given, Given::Data(_));
            if instance.base.get() || instance.layers.iter().any(is_data) {
                continue;
            }
            let lacks = |(name, info): (&SmolStr, &FieldInfo<'a>)| {
                info.required && !self.is_given(instance, name)
            };
            self.aloud(None, || match instance.schema.fields.iter().any(lacks) {
                false => drop(self.freeze_instance(instance)),
                true => self.ask_given(instance),
            });
        }
    }

    /// The borrow must end before anything is asked.
    fn value(&self, index: usize) -> Option<&'a Instance<'a>> {
        self.values.borrow().get(index).copied()
    }

    fn ask_given(&self, instance: &'a Instance<'a>) {
        for (index, name) in instance.schema.fields.keys().enumerate() {
            if self.is_given(instance, name) {
                self.field(instance, index, instance.name_span());
            }
        }
    }

    /// Whether a body gives a field.
    fn is_given(&self, instance: &'a Instance<'a>, name: &str) -> bool {
        (0..instance.layers.len()).any(|layer| {
            let content = self.content(instance, layer);
            content.fields.iter().any(|field| field.name == name)
        })
    }

    /// Tests one assert. It is reported at `place`, where that is in a file of the user's; else where
    /// it stands.
    fn test(
        &self,
        assert: &'a Assert,
        scope: &Scope<'a>,
        place: Option<Span>,
        code: &'static Code,
        policy: Option<&str>,
    ) {
        if !self.checked.poisoned.is_empty() && self.checked.poisoned.contains(&assert.span) {
            return;
        }
        let written = assert.condition.span;
        let at = place.unwrap_or(written);
        let result = self.called_at(at, || self.eval(&assert.condition, scope));
        if !matches!(result.kind, Kind::Bool(false)) {
            return;
        }
        let text = |expr: &'a Expr| match self.called_at(at, || self.eval(expr, scope)).kind {
            Kind::String(text) => Some(text),
            _ => None,
        };
        let message = text(&assert.message).unwrap_or_else(|| "this assert does not hold".into());
        let mut diagnostic = Diagnostic::error(code, at, message);
        if let Some(help) = assert.help.as_ref().and_then(text) {
            diagnostic = diagnostic.help(help);
        }
        if let Some(policy) = policy {
            diagnostic = diagnostic.note(format!("asked for by the policy `{policy}`"));
        }
        if !self.is_standard(written) {
            diagnostic = self.with_operands(diagnostic, &assert.condition, scope);
            diagnostic = match at == written {
                true => diagnostic.label("does not hold"),
                false => diagnostic.also(written, "this does not hold"),
            };
        }
        let around = self.reports.assert.replace(Some(written));
        self.report_in(scope, diagnostic);
        self.reports.assert.set(around);
    }

    /// Adds the values of the operands of a comparison that failed.
    pub(super) fn with_operands(
        &self,
        mut diagnostic: Diagnostic,
        condition: &'a Expr,
        scope: &Scope<'a>,
    ) -> Diagnostic {
        let Some((left, right)) = self.failed_comparison(condition, scope, 0) else {
            return diagnostic;
        };
        for side in [left, right] {
            if is_literal(side) {
                continue;
            }
            let value = self.quietly(|| self.eval(side, scope));
            if !matches!(value.kind, Kind::Error | Kind::Output(_)) {
                let text = self.text_of(side.span);
                diagnostic = diagnostic.note(format!("`{text}` is {}", self.shown(&value)));
            }
        }
        diagnostic
    }

    /// The comparison within a condition that makes it false.
    fn failed_comparison(
        &self,
        condition: &'a Expr,
        scope: &Scope<'a>,
        depth: u32,
    ) -> Option<(&'a Expr, &'a Expr)> {
        if depth > 16 {
            return None;
        }
        let ExprKind::Binary {
            op, left, right, ..
        } = &condition.kind
        else {
            return None;
        };
        match op {
            BinaryOp::And => {
                let first = self.quietly(|| self.eval(left, scope));
                let failed = match first.kind {
                    Kind::Bool(false) => left,
                    _ => right,
                };
                self.failed_comparison(failed, scope, depth + 1)
            }
            BinaryOp::Or => self
                .failed_comparison(left, scope, depth + 1)
                .or_else(|| self.failed_comparison(right, scope, depth + 1)),
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual
            | BinaryOp::In => Some((left, right)),
            _ => None,
        }
    }

    /// Tests the policies that the root file declares or takes in with a module, on some pipelines.
    pub(super) fn test_policies(&self, pipelines: &[&'a Cell<'a>]) {
        let mut blocks: Option<Vec<&'a Cell<'a>>> = None;
        for (module, policy) in self.policies() {
            let ty = self.written_type(module, &policy.parameter.ty);
            let Some(wanted) = Self::wants_schema(ty.base()) else {
                continue;
            };
            let blocks = blocks.get_or_insert_with(|| self.all_blocks(pipelines));
            for cell in blocks.iter() {
                let Some(instance) = self.force(cell) else {
                    continue;
                };
                if !instance.schema.includes.contains(&wanted) {
                    continue;
                }
                let value = Value::new(Kind::Block(cell), cell.name_span());
                let scope = Scope::module(module).bind(&policy.parameter.name.name, value);
                self.aloud(None, || {
                    self.policy_body(&policy.body, &scope, policy, cell)
                });
            }
        }
    }

    /// Every policy of the root and of the modules that it uses, directly or not.
    fn policies(&self) -> Vec<(ModuleId, &'a Policy)> {
        let mut found = Vec::new();
        let mut seen: HashSet<ModuleId> = HashSet::default();
        let mut todo = vec![self.program.root];
        while let Some(id) = todo.pop() {
            if !seen.insert(id) {
                continue;
            }
            let Some(module) = self.program.module(id) else {
                continue;
            };
            for item in &module.file.items {
                if let Item::Policy(policy) = item {
                    found.push((id, policy));
                }
            }
            todo.extend(module.uses.iter().rev());
        }
        found
    }

    /// The pipelines and every block in them.
    fn all_blocks(&self, pipelines: &[&'a Cell<'a>]) -> Vec<&'a Cell<'a>> {
        let mut all = Vec::new();
        let mut todo: Vec<&'a Cell<'a>> = pipelines.iter().rev().copied().collect();
        while let Some(cell) = todo.pop() {
            all.push(cell);
            if let Some(instance) = self.force(cell) {
                todo.extend(self.blocks(instance).iter().rev());
            }
        }
        all
    }

    fn policy_body(
        &self,
        body: &'a Body,
        scope: &Scope<'a>,
        policy: &'a Policy,
        cell: &'a Cell<'a>,
    ) {
        let mut scope = scope.clone();
        for item in &body.items {
            if !self.meter.step(1) {
                self.report_limit(body.span);
                return;
            }
            match item {
                BodyItem::Let(item) => scope = self.bind_let(item, &scope).0,
                BodyItem::For(item) => {
                    let value = self.eval(&item.binding.iterable, &scope);
                    if matches!(value.kind, Kind::Error | Kind::Output(_)) {
                        continue;
                    }
                    let _ = self.rounds(&item.binding, &value, &scope, |scope| {
                        self.policy_body(&item.body, &scope, policy, cell);
                        Ok(())
                    });
                }
                BodyItem::If(item) => match self.eval(&item.condition, &scope).kind {
                    Kind::Bool(true) => self.policy_body(&item.then, &scope, policy, cell),
                    Kind::Bool(false) => {
                        if let Some(body) = &item.otherwise {
                            self.policy_body(body, &scope, policy, cell);
                        }
                    }
                    _ => {}
                },
                BodyItem::Assert(assert) => {
                    let place = self.subject(&scope).unwrap_or_else(|| cell.name_span());
                    let name = Some(policy.name.name.as_str());
                    self.test(assert, &scope, Some(place), &codes::POLICY_BROKEN, name);
                }
                BodyItem::Field(_) | BodyItem::Block(_) | BodyItem::Error(_) => {}
            }
        }
    }

    /// The block that an assert of a policy is about: the innermost name that is bound to one.
    fn subject(&self, scope: &Scope<'a>) -> Option<Span> {
        scope.frames().find_map(|frame| match &frame.names {
            Names::Local(_, crate::eval::scope::Slot::Value(value)) => match value.kind {
                Kind::Block(cell) => Some(cell.name_span()),
                _ => None,
            },
            _ => None,
        })
    }

    /// Asks for every `let` of a body, so that what is wrong with one is found.
    pub(super) fn ask_lets(&self, instance: &'a Instance<'a>) {
        for layer in 0..instance.layers.len() {
            let content = self.content(instance, layer);
            for thunk in &content.lets {
                self.force_thunk(&Rc::clone(thunk));
            }
        }
    }
}

fn is_literal(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Duration(_)
        | ExprKind::Size(_) => true,
        ExprKind::String(literal) => literal.fixed().is_some(),
        ExprKind::Unary(UnaryOp::Negate, inner) => is_literal(inner),
        ExprKind::List(items) => items.iter().all(is_literal),
        _ => false,
    }
}
