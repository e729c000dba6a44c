//! What a condition says of names: `x != null`, `x == "prod"`, and how `&&`, `||`, `!` compose them.

use smol_str::SmolStr;

use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::types::check::Checker;
use crate::types::check::scope::{Fact, Found};
use crate::types::{Type, subtract};

impl<'p> Checker<'p> {
    /// Does something where `condition` is known to hold, or not to hold.
    pub(super) fn assuming<T>(
        &mut self,
        condition: &'p Expr,
        holds: bool,
        work: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.place.facts.len();
        let mut facts = Vec::new();
        self.facts_of(condition, holds, &mut facts);
        self.place.facts.extend(facts);
        let result = work(self);
        self.place.facts.truncate(before);
        result
    }

    fn facts_of(&mut self, condition: &'p Expr, holds: bool, into: &mut Vec<Fact>) {
        match &condition.kind {
            ExprKind::Unary(UnaryOp::Not, inner) => self.facts_of(inner, !holds, into),
            ExprKind::Binary {
                op, left, right, ..
            } => match (op, holds) {
                (BinaryOp::And, true) | (BinaryOp::Or, false) => {
                    self.facts_of(left, holds, into);
                    self.facts_of(right, holds, into);
                }
                (BinaryOp::Equal, equal) => self.compared(left, right, equal, into),
                (BinaryOp::NotEqual, unequal) => self.compared(left, right, !unequal, into),
                _ => {}
            },
            _ => {}
        }
    }

    /// `path == literal`, either way round.
    fn compared(&mut self, left: &'p Expr, right: &'p Expr, equal: bool, into: &mut Vec<Fact>) {
        let (path, literal) = match (literal_of(left), literal_of(right)) {
            (None, Some(literal)) => (left, literal),
            (Some(literal), None) => (right, literal),
            _ => return,
        };
        self.narrow(path, &literal, equal, into);
    }

    fn narrow(&mut self, expr: &'p Expr, literal: &Type, equal: bool, into: &mut Vec<Fact>) {
        let Some((path, _)) = self.path(expr) else {
            return;
        };
        let ty = self.quietly(|checker| checker.infer(expr, None));
        if ty.is_error() {
            return;
        }
        let rest = if equal {
            let members: Vec<Type> = ty.base().members().to_vec();
            let same = members
                .into_iter()
                .filter(|member| self.types.overlap(self.program, member, literal));
            match literal {
                Type::Null => Type::Null,
                _ => Type::union(same.map(|member| match member {
                    Type::Literal(_) => literal.clone(),
                    member => member,
                })),
            }
        } else if *literal == Type::Null {
            ty.without_null()
        } else {
            subtract(&ty, literal)
        };
        if rest != Type::Never && rest != ty {
            into.push(Fact { path, ty: rest });
        }
        // `a?.b != null` says that `a` is not null, too.
        let inner = match &expr.kind {
            ExprKind::Member { base, safe, .. } => Some((base, *safe)),
            _ => None,
        };
        if let Some((base, true)) = inner
            && equal != (*literal == Type::Null)
        {
            self.narrow(base, &Type::Null, false, into);
        }
    }

    /// The names of a path that facts can be about, and how old facts about it may be.
    pub(super) fn path(&self, expr: &Expr) -> Option<(Vec<SmolStr>, usize)> {
        match &expr.kind {
            ExprKind::Name(name) => {
                let facts = match self.find(name)? {
                    Found::Local(local) => local.facts,
                    _ => 0,
                };
                Some((vec![name.clone()], facts))
            }
            ExprKind::Member { base, name, .. } => {
                let (mut path, facts) = self.path(base)?;
                path.push(name.name.clone());
                Some((path, facts))
            }
            ExprKind::Index(base, index) => {
                let ExprKind::String(literal) = &index.kind else {
                    return None;
                };
                let (mut path, facts) = self.path(base)?;
                path.push(format!("[{}]", literal.fixed()?).into());
                Some((path, facts))
            }
            _ => None,
        }
    }

    /// What is known of a path here, by facts no older than `oldest`.
    pub(super) fn fact(&self, path: &[SmolStr], oldest: usize) -> Option<Type> {
        let facts = self.place.facts.get(oldest..)?;
        let fact = facts.iter().rev().find(|fact| fact.path == path)?;
        Some(fact.ty.clone())
    }
}

/// The type of a literal.
fn literal_of(expr: &Expr) -> Option<Type> {
    use crate::types::Literal;
    Some(match &expr.kind {
        ExprKind::Null => Type::Null,
        ExprKind::Bool(value) => Type::Literal(Literal::Bool(*value)),
        ExprKind::Int(value) => Type::Literal(Literal::Int(*value)),
        ExprKind::Duration(value) => Type::Literal(Literal::Duration(*value)),
        ExprKind::Size(value) => Type::Literal(Literal::Size(*value)),
        ExprKind::String(literal) => Type::Literal(Literal::String(literal.fixed()?)),
        _ => return None,
    })
}
