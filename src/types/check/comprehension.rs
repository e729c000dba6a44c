//! `[f(x) for x in xs if c]` and `{ k = v for k, v in m }`.

use crate::syntax::ast::{Clause, Expr, ForBinding};
use crate::types::check::Checker;
use crate::types::check::role::Role;
use crate::types::check::scope::Frame;
use crate::types::{Lifted, Type, unlifted};

impl<'p> Checker<'p> {
    /// A list made by `for`s.
    pub(super) fn list_for(
        &mut self,
        expr: &'p Expr,
        element: &'p Expr,
        clauses: &'p [Clause],
        wanted: Option<(&Type, &Role<'_>)>,
    ) -> Type {
        let wanted = wanted.and_then(|(ty, role)| match ty.base() {
            Type::List(element) => Some((Type::clone(element), role)),
            _ => None,
        });
        let (ty, lifted) = self.clauses(clauses, |checker| match &wanted {
            Some((ty, role)) => checker.check(element, ty, &Role::Element(role)),
            None => checker.infer(element, None),
        });
        self.made(expr, Type::list(ty), lifted)
    }

    /// A map made by `for`s.
    pub(super) fn map_for(
        &mut self,
        expr: &'p Expr,
        (key, value): (&'p Expr, &'p Expr),
        clauses: &'p [Clause],
        wanted: Option<(&Type, &Role<'_>)>,
    ) -> Type {
        let wanted = wanted.and_then(|(ty, role)| match ty.base() {
            Type::Map(value) => Some((Type::clone(value), role)),
            _ => None,
        });
        let mut key_lifted = Lifted::No;
        let (ty, mut lifted) = self.clauses(clauses, |checker| {
            let role = Role::Other("a key");
            let ty = checker.infer(key, Some((&Type::String, &role)));
            let (inner, lifted) = unlifted(&ty);
            key_lifted = lifted;
            checker.accept(key, inner, &Type::String, &role);
            match &wanted {
                Some((ty, role)) => checker.check(value, ty, &Role::Entry("…", role)),
                None => checker.infer(value, None),
            }
        });
        if key_lifted != Lifted::No {
            lifted = Lifted::Yes;
        }
        self.made(expr, Type::map(ty), lifted)
    }

    fn made(&mut self, expr: &Expr, ty: Type, lifted: Lifted) -> Type {
        let ty = match lifted {
            Lifted::No => ty,
            _ => Type::output(crate::types::without_outputs(&ty)),
        };
        self.bounded(expr.span, ty)
    }

    /// Goes through `for`s and `if`s, and then does the inner work where their names are known.
    fn clauses(
        &mut self,
        clauses: &'p [Clause],
        inner: impl FnOnce(&mut Self) -> Type,
    ) -> (Type, Lifted) {
        let Some((clause, rest)) = clauses.split_first() else {
            return (inner(self), Lifted::No);
        };
        let (own, (ty, lifted)) = match clause {
            Clause::For(binding) => {
                let (first, second, lifted) =
                    self.iterated(&binding.iterable, binding.second.is_some(), false);
                let result = self.bound(binding, first, second, |checker| {
                    checker.clauses(rest, inner)
                });
                (lifted, result)
            }
            Clause::If(condition) => {
                let lifted = self.condition(condition, "the condition of a comprehension");
                let result = self.assuming(condition, true, |checker| checker.clauses(rest, inner));
                (lifted, result)
            }
        };
        let lifted = if own == Lifted::No { lifted } else { own };
        (ty, lifted)
    }

    /// Does something where the names of a `for` are known.
    pub(super) fn bound<T>(
        &mut self,
        binding: &'p ForBinding,
        first: Type,
        second: Type,
        work: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let value = Some(&binding.iterable);
        let mut locals = Vec::new();
        if binding.first.name != "_" {
            locals.push(self.local(&binding.first, first, value));
        }
        if let Some(name) = binding.second.as_ref().filter(|name| name.name != "_") {
            locals.push(self.local(name, second, value));
        }
        self.within(Frame::Locals(locals), work)
    }
}
