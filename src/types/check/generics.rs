//! Type parameters: what they stand for in one call.

use smol_str::SmolStr;

use crate::types::check::Checker;
use crate::types::{ObjectField, ObjectType, Type};

/// What the type parameters of a call were found to be.
///
/// A function cannot look at a value of a type parameter, it can only pass it on; so a run-time value
/// may stand for one, and the result is then made of run-time values.
pub(super) struct Solved {
    found: Vec<(SmolStr, Type)>,
}

impl Solved {
    pub fn new(generics: &[SmolStr]) -> Self {
        let found = generics.iter().map(|name| (name.clone(), Type::Never));
        Solved {
            found: found.collect(),
        }
    }

    /// Learns from one argument.
    pub fn unify(&mut self, checker: &Checker<'_>, parameter: &Type, actual: &Type) {
        match (parameter, actual.base()) {
            (Type::Parameter(name), _) => {
                if let Some((_, found)) = self.found.iter_mut().find(|(known, _)| known == name) {
                    let before = std::mem::replace(found, Type::Never);
                    *found = checker.types.join(checker.program, before, actual.clone());
                }
            }
            (Type::List(inner), Type::List(of)) | (Type::Map(inner), Type::Map(of)) => {
                self.unify(checker, inner, of);
            }
            (Type::Map(inner), Type::Object(object)) => {
                for field in object.fields.values() {
                    self.unify(checker, inner, &field.ty);
                }
            }
            (Type::Object(wanted), Type::Object(object)) => {
                for (name, field) in &wanted.fields {
                    if let Some(given) = object.fields.get(name) {
                        self.unify(checker, &field.ty, &given.ty);
                    }
                }
            }
            (Type::Output(inner), Type::Output(of)) => self.unify(checker, inner, of),
            (Type::Output(inner), _) => self.unify(checker, inner, actual),
            (Type::Union(members), _) if parameter.holds_null() => {
                let rest = actual.without_null();
                for member in members.iter().filter(|member| **member != Type::Null) {
                    self.unify(checker, member, &rest);
                }
            }
            (_, Type::Union(members)) => {
                for member in members.iter() {
                    self.unify(checker, parameter, member);
                }
            }
            (Type::Union(members), _) => {
                for member in members.iter() {
                    self.unify(checker, member, actual);
                }
            }
            _ => {}
        }
    }

    /// A type of the signature with what was found in place of the parameters.
    pub fn apply(&self, ty: &Type) -> Type {
        self.replace(ty, &|found| Some(found.clone()))
    }

    /// The same for a message: a parameter of which nothing is known keeps its name.
    pub fn shown(&self, ty: &Type) -> Type {
        self.replace(ty, &|found| (*found != Type::Never).then(|| found.clone()))
    }

    fn replace(&self, ty: &Type, by: &dyn Fn(&Type) -> Option<Type>) -> Type {
        match ty {
            Type::Parameter(name) => {
                let mut found = self.found.iter();
                let found = found.find(|(known, _)| known == name);
                let found = found.and_then(|(_, found)| by(found));
                found.unwrap_or_else(|| ty.clone())
            }
            Type::List(inner) => Type::list(self.replace(inner, by)),
            Type::Map(inner) => Type::map(self.replace(inner, by)),
            Type::Output(inner) => Type::output(self.replace(inner, by)),
            Type::Union(members) => {
                Type::union(members.iter().map(|member| self.replace(member, by)))
            }
            Type::Object(object) => {
                let fields = object.fields.iter().map(|(name, field)| {
                    let field = ObjectField {
                        ty: self.replace(&field.ty, by),
                        optional: field.optional,
                    };
                    (name.clone(), field)
                });
                Type::Object(std::rc::Rc::new(ObjectType {
                    fields: fields.collect(),
                }))
            }
            ty => ty.clone(),
        }
    }
}

/// Whether a type parameter is part of it.
pub(super) fn mentions(ty: &Type) -> bool {
    match ty {
        Type::Parameter(_) => true,
        Type::List(inner) | Type::Map(inner) | Type::Output(inner) => mentions(inner),
        Type::Union(members) => members.iter().any(mentions),
        Type::Object(object) => object.fields.values().any(|field| mentions(&field.ty)),
        _ => false,
    }
}
