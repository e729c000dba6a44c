//! Values given where a type is wanted: shape and conditions.

mod collections;
mod refuse;

use std::cell::RefCell;
use std::rc::Rc;

use crate::eval::interpreter::Interpreter;
use crate::eval::scope::Scope;
use crate::eval::value::{Kind, Needs, Value, merge_needs};
use crate::source::Span;
use crate::types::Type;

/// The circumstances of a value that is given.
#[derive(Clone, Copy)]
struct Giving<'g, 'a> {
    /// What it is given for: "the field `account`".
    what: &'g str,
    /// Where it is given.
    place: Span,
    scope: &'g Scope<'a>,
    /// The innermost named type that is wanted.
    named: Option<&'g str>,
    /// Whether it is data that `as` gives a type: objects become instances.
    data: bool,
    /// Where run-time values are noted that stand for known ones; `None` where they may not.
    lifted: Option<&'g RefCell<Needs>>,
}

impl<'a> Interpreter<'a> {
    /// A value for a field, a result or an annotated name.
    pub(super) fn give(
        &self,
        value: Value<'a>,
        ty: &'a Type,
        what: &str,
        place: Span,
        scope: &Scope<'a>,
    ) -> Value<'a> {
        self.fit(
            value,
            ty,
            &Giving {
                what,
                place,
                scope,
                named: None,
                data: false,
                lifted: None,
            },
        )
    }

    /// A value for a parameter: a run-time value is noted in `lifted` where a known one is wanted.
    pub(super) fn pass(
        &self,
        value: Value<'a>,
        ty: &'a Type,
        what: &str,
        place: Span,
        scope: &Scope<'a>,
        lifted: &RefCell<Needs>,
    ) -> Value<'a> {
        self.fit(
            value,
            ty,
            &Giving {
                what,
                place,
                scope,
                named: None,
                data: false,
                lifted: Some(lifted),
            },
        )
    }

    /// `value as Type`: everything is checked, objects become instances of schemas.
    pub(super) fn convert(
        &self,
        value: Value<'a>,
        ty: &'a Type,
        place: Span,
        scope: &Scope<'a>,
    ) -> Value<'a> {
        self.fit(
            value,
            ty,
            &Giving {
                what: "the data",
                place,
                scope,
                named: None,
                data: true,
                lifted: None,
            },
        )
    }

    fn fit(&self, value: Value<'a>, ty: &'a Type, giving: &Giving<'_, 'a>) -> Value<'a> {
        if matches!(value.kind, Kind::Error) || self.charge(1, giving.place).is_err() {
            return Value::error(value.span);
        }
        match ty {
            Type::Error | Type::Any | Type::Never | Type::Parameter(_) => value,
            Type::Later => Value::new(Kind::Null, value.span),
            Type::Named(named) => {
                let giving = Giving {
                    named: Some(&named.name),
                    ..*giving
                };
                let mut value = self.fit(value, &named.ty, &giving);
                if let Some(key) = self.named_key(named.id, &named.ty) {
                    value.named = Some(key);
                }
                value
            }
            Type::Refined(refined) => {
                let value = self.fit(value, &refined.base, giving);
                match value.kind {
                    Kind::Error | Kind::Output(_) => value,
                    _ if self.holds(&value, refined, giving) => value,
                    _ => Value::error(value.span),
                }
            }
            Type::Output(inner) => match value.kind {
                Kind::Output(_) => value,
                _ => self.fit(value, inner, giving),
            },
            Type::Union(members) => match self.member_for(&value, members, giving.data) {
                Some(member) => self.fit(value, member, giving),
                None => self.refuse(value, ty, giving),
            },
            _ => self.fit_plain(value, ty, giving),
        }
    }

    /// A value for a type without condition, name or choice.
    fn fit_plain(&self, value: Value<'a>, ty: &'a Type, giving: &Giving<'_, 'a>) -> Value<'a> {
        match (&value.kind, ty) {
            (Kind::Output(output), _) => {
                match giving.lifted {
                    Some(lifted) => {
                        merge_needs(&mut lifted.borrow_mut(), &output.needs);
                        return value;
                    }
                    None => self.report_in(
                        giving.scope,
                        self.too_late(output, output.expression, giving.what),
                    ),
                }
                Value::error(value.span)
            }
            (Kind::Int(number), Type::Float) => Value {
                kind: Kind::Float(*number as f64),
                ..value
            },
            (Kind::List(list), Type::List(inner)) => {
                let list = Rc::clone(list);
                self.fit_list(value, &list, inner, giving)
            }
            (Kind::Map(map), Type::Map(inner)) => {
                let map = Rc::clone(map);
                self.fit_map(value, &map, inner, giving)
            }
            (Kind::Map(map), Type::Object(object)) => {
                let map = Rc::clone(map);
                self.fit_object(value, &map, object, giving)
            }
            (Kind::Map(map), Type::Schema(schema)) if giving.data => {
                self.instance_of_data(Rc::clone(map), schema.id, value.span, giving)
            }
            _ if self.is_of_plain(&value, ty) => value,
            _ => self.refuse(value, ty, giving),
        }
    }
}
