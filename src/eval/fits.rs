//! Whether a value is of a type, without changing it.

use crate::eval::interpreter::Interpreter;
use crate::eval::value::{Kind, Value};
use crate::types::{Literal, Type};

impl<'a> Interpreter<'a> {
    /// The member of a union that a value is given for.
    pub(super) fn member_for(
        &self,
        value: &Value<'a>,
        members: &'a [Type],
        data: bool,
    ) -> Option<&'a Type> {
        let exact = members.iter().find(|member| self.fits(value, member, data));
        exact.or_else(|| {
            // The only one of that kind says best what is wrong with it.
            let mut near = members.iter().filter(|member| is_near(value, member, data));
            near.next().filter(|_| near.next().is_none())
        })
    }

    /// Whether a value is of a type, conditions included: for the patterns of a `match`.
    pub(super) fn is_of(&self, value: &Value<'a>, ty: &'a Type) -> bool {
        self.fits(value, ty, false)
    }

    /// Whether a value has the shape of a type; conditions are not looked at.
    pub(super) fn fits(&self, value: &Value<'a>, ty: &'a Type, data: bool) -> bool {
        if !self.meter.step(1) {
            return false;
        }
        match (&value.kind, ty) {
            (Kind::Error, _) | (_, Type::Error | Type::Any | Type::Parameter(_)) => true,
            (_, Type::Named(named)) => self.fits(value, &named.ty, data),
            (_, Type::Refined(refined)) => self.fits(value, &refined.base, data),
            (_, Type::Union(members)) => {
                members.iter().any(|member| self.fits(value, member, data))
            }
            (Kind::Output(_), ty) => matches!(ty, Type::Output(_)),
            (_, Type::Output(inner)) => self.fits(value, inner, data),
            (Kind::List(list), Type::List(inner)) => {
                list.items.iter().all(|item| self.fits(item, inner, data))
            }
            (Kind::Map(map), Type::Map(inner)) => map
                .entries
                .values()
                .all(|item| self.fits(item, inner, data)),
            (Kind::Map(map), Type::Object(object)) => {
                object
                    .fields
                    .iter()
                    .all(|(key, field)| match map.entries.get(key) {
                        Some(item) => self.fits(item, &field.ty, data),
                        None => field.optional || field.ty.holds_null(),
                    })
            }
            (Kind::Map(map), Type::Schema(schema)) => {
                data && self.schema(schema.id).is_some_and(|schema| {
                    map.entries
                        .keys()
                        .all(|key| schema.fields.contains_key(key))
                })
            }
            _ => self.is_of_plain(value, ty),
        }
    }

    pub(super) fn is_of_plain(&self, value: &Value<'a>, ty: &Type) -> bool {
        match (&value.kind, ty) {
            (Kind::Null, Type::Null)
            | (Kind::Bool(_), Type::Bool)
            | (Kind::Int(_), Type::Int | Type::Float)
            | (Kind::Float(_), Type::Float)
            | (Kind::String(_), Type::String)
            | (Kind::Duration(_), Type::Duration)
            | (Kind::Size(_), Type::Size)
            | (Kind::Secret(_), Type::Secret) => true,
            (Kind::Bool(a), Type::Literal(Literal::Bool(b))) => a == b,
            (Kind::Int(a), Type::Literal(Literal::Int(b)))
            | (Kind::Duration(a), Type::Literal(Literal::Duration(b)))
            | (Kind::Size(a), Type::Literal(Literal::Size(b))) => a == b,
            (Kind::Float(a), Type::Literal(Literal::Float(b))) => a == b,
            (Kind::String(a), Type::Literal(Literal::String(b))) => a == b,
            (Kind::Instance(instance), Type::Schema(schema)) => {
                instance.schema.includes.contains(&schema.id)
            }
            (Kind::Block(cell), Type::Schema(schema)) => {
                // What it is declared to be is enough for most, and needs nothing to be evaluated.
                Self::made_schema(cell).is_some_and(|made| made.includes.contains(&schema.id))
                    || self
                        .force(cell)
                        .is_some_and(|held| held.schema.includes.contains(&schema.id))
            }
            _ => false,
        }
    }
}

/// Whether a value is of the same sort as the values of a type.
fn is_near(value: &Value<'_>, ty: &Type, data: bool) -> bool {
    match (&value.kind, ty.base()) {
        (Kind::List(_), Type::List(_)) | (Kind::Map(_), Type::Map(_) | Type::Object(_)) => true,
        (Kind::Map(_), Type::Schema(_)) => data,
        (_, Type::Output(inner)) => is_near(value, inner, data),
        _ => false,
    }
}
