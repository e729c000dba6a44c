//! Calls of functions.

use std::cell::RefCell;

use crate::eval::interpreter::Interpreter;
use crate::eval::operands::{Result, Stop};
use crate::eval::scope::{Names, Scope};
use crate::eval::value::{Kind, Needs, Value, merge_needs};
use crate::resolve::{Binding, ItemId};
use crate::source::Span;
use crate::syntax::ast::{Argument, Expr, ExprKind, Function, Item};

impl<'a> Interpreter<'a> {
    /// `f(a, name = b)`
    pub(super) fn call(
        &self,
        function: &'a Expr,
        arguments: &'a [Argument],
        span: Span,
        scope: &Scope<'a>,
    ) -> Result<Value<'a>> {
        let id = self.function(function, scope).ok_or(Stop::Error)?;
        let Some(Item::Function(declaration)) = self.program.item(id) else {
            return Err(Stop::Error);
        };
        let signature = self.signature(id).ok_or(Stop::Error)?;
        // What is wrong in the body is told with the place of the call, and the calls around it.
        let inner = scope.calls().collect::<Vec<Span>>().into_iter().rev();
        let inner = inner.fold(Scope::module(id.module), |scope, call| {
            scope.with(Names::Call(call))
        });
        let mut inner = inner.with(Names::Call(span));
        let lifted: RefCell<Needs> = RefCell::new(Vec::new());
        let mut values = Vec::with_capacity(declaration.parameters.len());
        for (index, parameter) in declaration.parameters.iter().enumerate() {
            let given = argument(arguments, declaration, index);
            let ty = signature.parameters.get(index).ok_or(Stop::Error)?;
            let (value, place) = match (given, &parameter.default) {
                (Some(argument), _) => (self.eval(argument, scope), argument.span),
                (None, Some(default)) => {
                    (self.called_at(span, || self.eval(default, &inner)), span)
                }
                (None, None) => return Err(Stop::Error),
            };
            let what = format!("`{}` of `{}`", parameter.name.name, declaration.name.name);
            let value = self.pass(value, ty, &what, place, scope, &lifted);
            if matches!(value.kind, Kind::Error) && declaration.body.is_none() {
                return Err(Stop::Error);
            }
            inner = inner.bind(&parameter.name.name, value.clone());
            values.push(value);
        }
        let lifted = lifted.into_inner();
        let Some(body) = &declaration.body else {
            if !lifted.is_empty() {
                return Err(Stop::Needs(lifted, span));
            }
            return self.builtin(&declaration.name.name, &values, arguments, span, scope);
        };
        if lifted.is_empty() {
            let what = format!("the result of `{}`", declaration.name.name);
            return Ok(self.called_at(span, || {
                let value = self.eval(body, &inner);
                self.give(value, signature.result, &what, span, &inner)
            }));
        }
        // The result is known only in a run; what else it needs is found in the body.
        let mut needs = lifted;
        for value in self.looked_at([(body, &inner)]) {
            let mut more = Vec::new();
            self.collect_needs(&value, &mut more);
            merge_needs(&mut needs, &more);
        }
        Err(Stop::Needs(needs, span))
    }

    /// The function that is called.
    fn function(&self, function: &'a Expr, scope: &Scope<'a>) -> Option<ItemId> {
        let module = scope.module_id();
        match &function.kind {
            ExprKind::Name(name) => match self.program.lookup(module, name)? {
                Binding::Item(id) => Some(id),
                _ => None,
            },
            ExprKind::Member { base, name, .. } => {
                let ExprKind::Name(alias) = &base.kind else {
                    return None;
                };
                match self.program.lookup(module, alias)? {
                    Binding::Module(module) => self.program.declared(module, &name.name),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// The argument for a parameter: by name, else by place.
fn argument<'e>(
    arguments: &'e [Argument],
    declaration: &Function,
    index: usize,
) -> Option<&'e Expr> {
    let name = &declaration.parameters.get(index)?.name.name;
    let named = arguments.iter().find(|argument| {
        let given = argument.name.as_ref();
        given.is_some_and(|given| given.name == *name)
    });
    let by_place = || {
        let mut unnamed = arguments.iter().filter(|argument| argument.name.is_none());
        unnamed.nth(index)
    };
    named.or_else(by_place).map(|argument| &argument.value)
}
