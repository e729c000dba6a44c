//! What fits where, what two types have in common, what remains of one.

use std::rc::Rc;

use crate::resolve::Program;
use crate::types::{Literal, ObjectField, ObjectType, Type, Types};

/// Whether a value may be known only in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifted {
    /// Known when compiling.
    No,
    /// A union: it depends on the value.
    Maybe,
    /// Known only in a run.
    Yes,
}

impl Types {
    /// Whether a value of type `actual` is accepted where `wanted` is. Conditions are not looked at:
    /// they are tested when the value is known.
    pub fn fits(&self, program: &Program, actual: &Type, wanted: &Type) -> bool {
        let fits = |actual: &Type, wanted: &Type| self.fits(program, actual, wanted);
        match (actual, wanted) {
            (Type::Error | Type::Never | Type::Later, _) | (_, Type::Error | Type::Later) => true,
            (Type::Named(a), Type::Named(b)) if a.id == b.id => true,
            (Type::Named(named), _) => fits(&named.ty, wanted),
            (Type::Refined(refined), _) => fits(&refined.base, wanted),
            (_, Type::Named(named)) => fits(actual, &named.ty),
            (_, Type::Refined(refined)) => fits(actual, &refined.base),
            (Type::Union(members), _) => members.iter().all(|member| fits(member, wanted)),
            (Type::Output(a), Type::Output(b)) => fits(a, b),
            (Type::Output(inner), Type::Union(members)) => {
                members.iter().any(|member| fits(actual, member))
                    || matches!(inner.base(), Type::Union(parts)
                        if parts.iter().all(|part| fits(&Type::output(part.clone()), wanted)))
            }
            (Type::Bool, Type::Union(members)) => {
                let literal = |value| Type::Literal(Literal::Bool(value));
                members.iter().any(|member| fits(actual, member))
                    || (fits(&literal(true), wanted) && fits(&literal(false), wanted))
            }
            (_, Type::Union(members)) => members.iter().any(|member| fits(actual, member)),
            (_, Type::Output(inner)) => fits(actual, inner),
            (_, Type::Any) => !holds_secret(actual),
            (Type::Literal(a), Type::Literal(b)) => a == b,
            (Type::Literal(literal), _) => fits(&literal.ty(), wanted),
            (Type::Int, Type::Float) => true,
            (Type::List(a), Type::List(b)) | (Type::Map(a), Type::Map(b)) => fits(a, b),
            (Type::Object(object), Type::Map(value)) => {
                object.fields.values().all(|field| fits(&field.ty, value))
            }
            (Type::Object(a), Type::Object(b)) => b.fields.iter().all(|(name, wanted)| {
                a.fields.get(name).map_or(wanted.optional, |field| {
                    (wanted.optional || !field.optional) && fits(&field.ty, &wanted.ty)
                })
            }),
            (Type::Schema(a), Type::Schema(b)) => self.includes(program, a.id, b.id),
            (Type::Parameter(a), Type::Parameter(b)) => a == b,
            (a, b) => a == b,
        }
    }

    /// Whether some value could be of both types: whether comparing them has a meaning.
    pub fn overlap(&self, program: &Program, a: &Type, b: &Type) -> bool {
        let (a, b) = (a.base(), b.base());
        match (a, b) {
            (Type::Union(members), other) | (other, Type::Union(members)) => members
                .iter()
                .any(|member| self.overlap(program, member, other)),
            (Type::Output(inner), other) | (other, Type::Output(inner)) => {
                self.overlap(program, inner, other)
            }
            (Type::List(a), Type::List(b)) => {
                **a == Type::Never || **b == Type::Never || self.overlap(program, a, b)
            }
            (Type::Map(_), Type::Map(_) | Type::Object(_)) | (Type::Object(_), Type::Map(_)) => {
                true
            }
            (Type::Object(_), Type::Object(_)) => true,
            (Type::Any | Type::Parameter(_), _) | (_, Type::Any | Type::Parameter(_)) => true,
            (a, b) => {
                self.fits(program, a, b)
                    || self.fits(program, b, a)
                    || (is_number(a) && is_number(b) && !same_kind_of_literal(a, b))
            }
        }
    }

    /// The two types as one: what a list of both is a list of.
    pub fn join(&self, program: &Program, a: Type, b: Type) -> Type {
        if a == b || (b == Type::Never && !a.is_error()) {
            return a;
        }
        match (&a, &b) {
            (Type::Error, _) | (_, Type::Error) => Type::Error,
            (known, Type::Literal(_)) if known.members().iter().any(|ty| ty.absorbs(&b)) => a,
            (Type::Object(one), Type::Object(other)) => self.join_objects(program, one, other),
            (Type::List(one), Type::List(other)) => {
                Type::list(self.join(program, Type::clone(one), Type::clone(other)))
            }
            _ => Type::union([a, b]),
        }
    }

    /// Objects with the same fields become one object type; a field that one of them lacks is optional.
    fn join_objects(&self, program: &Program, a: &ObjectType, b: &ObjectType) -> Type {
        let mut fields = a.fields.clone();
        for (name, field) in &mut fields {
            match b.fields.get(name) {
                None => field.optional = true,
                Some(other) => {
                    field.optional |= other.optional;
                    field.ty = self.join(program, field.ty.clone(), other.ty.clone());
                }
            }
        }
        for (name, field) in &b.fields {
            if !a.fields.contains_key(name) {
                fields.insert(
                    name.clone(),
                    ObjectField {
                        ty: field.ty.clone(),
                        optional: true,
                    },
                );
            }
        }
        Type::Object(Rc::new(ObjectType { fields }))
    }
}

fn is_number(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Int | Type::Float | Type::Literal(Literal::Int(_) | Literal::Float(_))
    )
}

fn same_kind_of_literal(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Literal(a), Type::Literal(b)) => {
            std::mem::discriminant(a) == std::mem::discriminant(b)
        }
        _ => false,
    }
}

/// Whether a secret may be among the values, or in them.
pub fn holds_secret(ty: &Type) -> bool {
    match ty.base() {
        Type::Secret => true,
        Type::List(inner) | Type::Map(inner) | Type::Output(inner) => holds_secret(inner),
        Type::Union(members) => members.iter().any(holds_secret),
        Type::Object(object) => object.fields.values().any(|field| holds_secret(&field.ty)),
        _ => false,
    }
}

/// A type without its `Output`, and whether there was one.
pub fn unlifted(ty: &Type) -> (Type, Lifted) {
    match ty.base() {
        Type::Output(inner) => (Type::clone(inner), Lifted::Yes),
        Type::Union(members) => {
            let parts: Vec<(Type, Lifted)> = members.iter().map(unlifted).collect();
            if parts.iter().all(|(_, lifted)| *lifted == Lifted::No) {
                return (ty.clone(), Lifted::No);
            }
            let all = parts.iter().all(|(_, lifted)| *lifted == Lifted::Yes);
            let lifted = if all { Lifted::Yes } else { Lifted::Maybe };
            (Type::union(parts.into_iter().map(|(ty, _)| ty)), lifted)
        }
        _ => (ty.clone(), Lifted::No),
    }
}

/// A type without any `Output` in it, however deep.
pub fn without_outputs(ty: &Type) -> Type {
    match ty {
        Type::Output(inner) => without_outputs(inner),
        Type::List(inner) => Type::list(without_outputs(inner)),
        Type::Map(inner) => Type::map(without_outputs(inner)),
        Type::Union(members) => Type::union(members.iter().map(without_outputs)),
        Type::Named(_) | Type::Refined(_) if holds_output(ty) => without_outputs(ty.base()),
        Type::Object(object) => {
            let fields = object.fields.iter().map(|(name, field)| {
                let field = ObjectField {
                    ty: without_outputs(&field.ty),
                    optional: field.optional,
                };
                (name.clone(), field)
            });
            Type::Object(Rc::new(ObjectType {
                fields: fields.collect(),
            }))
        }
        ty => ty.clone(),
    }
}

/// Whether a part of it is known only in a run.
pub fn holds_output(ty: &Type) -> bool {
    match ty.base() {
        Type::Output(_) => true,
        Type::List(inner) | Type::Map(inner) => holds_output(inner),
        Type::Union(members) => members.iter().any(holds_output),
        Type::Object(object) => object.fields.values().any(|field| holds_output(&field.ty)),
        _ => false,
    }
}

/// What remains of `ty` where it is known not to be `taken`.
pub fn subtract(ty: &Type, taken: &Type) -> Type {
    match ty {
        Type::Bool => match taken {
            Type::Literal(Literal::Bool(value)) => Type::Literal(Literal::Bool(!value)),
            Type::Bool => Type::Never,
            _ => Type::Bool,
        },
        Type::Union(members) => Type::union(members.iter().map(|member| subtract(member, taken))),
        Type::Named(named) if ty != taken && matches!(named.ty, Type::Union(_) | Type::Bool) => {
            let rest = subtract(&named.ty, taken);
            if rest == named.ty { ty.clone() } else { rest }
        }
        ty if covers(taken, ty) => Type::Never,
        ty => ty.clone(),
    }
}

/// Whether every value of `ty` is one of `taken`, conditions not looked at where they are `taken`'s.
fn covers(taken: &Type, ty: &Type) -> bool {
    match (taken, ty) {
        (a, b) if a == b => true,
        (Type::Refined(_), _) => false,
        (Type::Named(named), _) => covers(&named.ty, ty),
        (_, Type::Named(_) | Type::Refined(_)) => covers(taken, ty.base()),
        (Type::Union(members), _) => members.iter().any(|member| covers(member, ty)),
        (_, Type::Literal(literal)) => literal.ty() == *taken,
        (Type::Float, Type::Int) => true,
        (Type::List(a), Type::List(b)) | (Type::Map(a), Type::Map(b)) => covers(a, b),
        _ => false,
    }
}
