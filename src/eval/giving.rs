//! Values given where a type is wanted: shape and conditions.

use std::cell::RefCell;
use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::diagnostics::codes::{blocks, evaluation as codes, types};
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::eval::instance::Given;
use crate::eval::interpreter::Interpreter;
use crate::eval::names::self_name;
use crate::eval::scope::Scope;
use crate::eval::value::{Kind, List, Map, NamedKey, Needs, Value, merge_needs};
use crate::resolve::ItemId;
use crate::source::Span;
use crate::syntax::ast::Item;
use crate::types::{Literal, ObjectType, Refined, Type};

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

    fn fit_list(
        &self,
        whole: Value<'a>,
        list: &Rc<List<'a>>,
        inner: &'a Type,
        giving: &Giving<'_, 'a>,
    ) -> Value<'a> {
        if takes_all(inner) {
            return whole;
        }
        let items: Vec<Value<'a>> = list
            .items
            .iter()
            .map(|item| self.fit(item.clone(), inner, giving))
            .collect();
        if list.items.iter().zip(&items).all(|(a, b)| unchanged(a, b)) {
            return whole;
        }
        let made = self.settle(self.list(items, whole.span), whole.span);
        Value {
            named: whole.named,
            ..made
        }
    }

    fn fit_map(
        &self,
        whole: Value<'a>,
        map: &Rc<Map<'a>>,
        inner: &'a Type,
        giving: &Giving<'_, 'a>,
    ) -> Value<'a> {
        let entries: IndexMap<SmolStr, Value<'a>> = map
            .entries
            .iter()
            .map(|(key, item)| {
                let fitted = if takes_all(inner) {
                    item.clone()
                } else {
                    self.fit(item.clone(), inner, giving)
                };
                (key.clone(), fitted)
            })
            .collect();
        if map.is_map
            && map
                .entries
                .values()
                .zip(entries.values())
                .all(|(a, b)| unchanged(a, b))
        {
            return whole;
        }
        let made = self.settle(self.map(entries, whole.span), whole.span);
        Value {
            named: whole.named,
            ..made
        }
    }

    fn fit_object(
        &self,
        whole: Value<'a>,
        map: &Rc<Map<'a>>,
        object: &'a Rc<ObjectType>,
        giving: &Giving<'_, 'a>,
    ) -> Value<'a> {
        let mut entries = IndexMap::with_capacity_and_hasher(map.entries.len(), Default::default());
        let mut failed = false;
        for (key, item) in &map.entries {
            let item = match object.fields.get(key) {
                Some(field) => self.fit(item.clone(), &field.ty, giving),
                None => item.clone(),
            };
            entries.insert(key.clone(), item);
        }
        for (key, field) in &object.fields {
            if !(map.entries.contains_key(key) || field.optional || field.ty.holds_null()) {
                let wanted = object.fields.keys().map(SmolStr::as_str);
                self.no_entry(&whole, map, key, wanted, giving);
                failed = true;
            }
        }
        if giving.data && !failed {
            failed |= self.misspelt(map, object.fields.keys(), giving);
        }
        if failed {
            return Value::error(whole.span);
        }
        if !map.is_map
            && map
                .entries
                .values()
                .zip(entries.values())
                .all(|(a, b)| unchanged(a, b))
        {
            return whole;
        }
        self.settle(self.entries(entries, false, whole.span), whole.span)
    }

    /// An object of a data file becomes an instance of a schema.
    fn instance_of_data(
        &self,
        map: Rc<Map<'a>>,
        id: ItemId,
        span: Span,
        giving: &Giving<'_, 'a>,
    ) -> Value<'a> {
        let Some(schema) = self.schema(id) else {
            return Value::error(span);
        };
        let mut failed = false;
        for (key, item) in &map.entries {
            if schema.fields.contains_key(key) {
                continue;
            }
            let known = schema.fields.keys().map(SmolStr::as_str);
            let mut diagnostic = Diagnostic::error(
                &codes::DATA_TYPE,
                item.span,
                format!("`{}` has no field `{key}`", schema.name),
            )
            .label(format!("the value of `{key}`"));
            diagnostic = match did_you_mean(key, known.clone()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.note(format!("its fields are {}", list_names(known, 12))),
            };
            self.report_in(giving.scope, self.read_here(diagnostic, item.span, giving));
            failed = true;
        }
        let whole = Value::new(Kind::Map(Rc::clone(&map)), span);
        for (key, field) in &schema.fields {
            if field.required && !map.entries.contains_key(key) {
                let wanted = schema.fields.keys().map(SmolStr::as_str);
                self.no_entry(&whole, &map, key, wanted, giving);
                failed = true;
            }
        }
        if failed {
            return Value::error(span);
        }
        let value = self.new_instance(schema, vec![Given::Data(map)], span);
        if let Kind::Instance(instance) = value.kind {
            // Data is looked at as a whole where it is given its type.
            for index in 0..schema.fields.len() {
                self.field(instance, index, span);
            }
            self.test_asserts(instance);
        }
        value
    }

    fn no_entry<'n>(
        &self,
        whole: &Value<'a>,
        map: &Map<'a>,
        key: &str,
        wanted: impl Iterator<Item = &'n str>,
        giving: &Giving<'_, 'a>,
    ) {
        let code = if giving.data {
            &codes::DATA_TYPE
        } else {
            &types::MISMATCH
        };
        let wanted: Vec<&str> = wanted.collect();
        let strange: Vec<&str> = map.entries.keys().map(SmolStr::as_str).collect();
        let strange = strange.into_iter().filter(|other| !wanted.contains(other));
        let place = self.place_of(whole, giving);
        let mut diagnostic =
            Diagnostic::error(code, place, format!("`{key}` is missing in this object"))
                .label(format!("needs `{key}`"));
        diagnostic = match did_you_mean(key, strange) {
            Some(near) => diagnostic.help(format!("there is `{near}`: write `{key}`")),
            None => diagnostic.help(format!("add `{key}`")),
        };
        self.report_in(giving.scope, self.read_here(diagnostic, place, giving));
    }

    /// Whether a key of an object that was read is nearly one that may be left out.
    fn misspelt<'n>(
        &self,
        map: &Map<'a>,
        wanted: impl Iterator<Item = &'n SmolStr>,
        giving: &Giving<'_, 'a>,
    ) -> bool {
        let wanted: Vec<&str> = wanted.map(SmolStr::as_str).collect();
        let mut failed = false;
        for (key, item) in &map.entries {
            if wanted.contains(&key.as_str()) {
                continue;
            }
            let free = wanted.iter().copied();
            let free = free.filter(|name| !map.entries.contains_key(*name));
            if let Some(near) = did_you_mean(key, free) {
                let diagnostic = Diagnostic::error(
                    &codes::DATA_TYPE,
                    item.span,
                    format!("`{key}` is not among what is wanted here"),
                )
                .label(format!("the value of `{key}`"))
                .help(format!("did you mean `{near}`?"));
                self.report_in(giving.scope, self.read_here(diagnostic, item.span, giving));
                failed = true;
            }
        }
        failed
    }

    /// Tests a condition; reports it where it does not hold.
    fn holds(&self, value: &Value<'a>, refined: &'a Refined, giving: &Giving<'_, 'a>) -> bool {
        let memo = match &value.kind {
            Kind::String(text) => {
                let key = (
                    std::ptr::from_ref(&*refined.condition) as usize,
                    text.clone(),
                );
                if self.tested.borrow().contains(&key) {
                    return true;
                }
                Some(key)
            }
            _ => None,
        };
        let scope = Scope::module(refined.module).bind(self_name(), value.clone());
        let condition = &refined.condition;
        let place = self.place_of(value, giving);
        let result = self.called_at(place, || self.eval(&condition.condition, &scope));
        match result.kind {
            Kind::Bool(true) => {
                if let Some(key) = memo {
                    self.tested.borrow_mut().insert(key);
                }
                return true;
            }
            Kind::Bool(false) => {}
            _ => return true,
        }
        let text = |expr| match self.called_at(place, || self.eval(expr, &scope)).kind {
            Kind::String(text) => Some(text),
            _ => None,
        };
        let message = condition.message.as_ref().and_then(text);
        let message = message.unwrap_or_else(|| match giving.named {
            Some(name) => format!("{} is no `{name}`", self.shown(value)).into(),
            None => format!("{} is not accepted here", self.shown(value)).into(),
        });
        let mut diagnostic = Diagnostic::error(&blocks::CONDITION, place, message);
        if let Some(help) = condition.help.as_ref().and_then(text) {
            diagnostic = diagnostic.help(help);
        }
        if let Some(name) = giving.named {
            diagnostic = diagnostic.label(format!("no `{name}`"));
        }
        let written = condition.condition.span;
        if !self.is_standard(written) {
            diagnostic = self.with_operands(diagnostic, &condition.condition, &scope);
            diagnostic = diagnostic.also(written, "this condition does not hold");
        }
        if !giving.place.contains(place) && !self.is_standard(giving.place) {
            let used = match giving.data {
                true => "read here".to_owned(),
                false => format!("used here for {}", giving.what),
            };
            diagnostic = diagnostic.also(giving.place, used);
        }
        self.report_in(giving.scope, diagnostic);
        false
    }

    /// The place to point at for a value: its own, unless that is in the standard library.
    fn place_of(&self, value: &Value<'a>, giving: &Giving<'_, 'a>) -> Span {
        if self.is_standard(value.span) {
            giving.place
        } else {
            value.span
        }
    }

    fn read_here(
        &self,
        diagnostic: Diagnostic,
        place: Span,
        giving: &Giving<'_, 'a>,
    ) -> Diagnostic {
        if giving.data && !giving.place.contains(place) && !self.is_standard(giving.place) {
            return diagnostic.also(giving.place, "read here");
        }
        diagnostic
    }

    /// A value that does not fit. The checker finds all of these but for data that was read.
    fn refuse(&self, value: Value<'a>, ty: &Type, giving: &Giving<'_, 'a>) -> Value<'a> {
        if let Kind::Output(output) = &value.kind {
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
            return Value::error(value.span);
        }
        let code = if giving.data {
            &codes::DATA_TYPE
        } else {
            &types::MISMATCH
        };
        let place = self.place_of(&value, giving);
        let wanted = match giving.named {
            Some(name) if name != ty.to_string() => format!("`{name}` ({ty})"),
            _ => format!("`{ty}`"),
        };
        let mut diagnostic = Diagnostic::error(
            code,
            place,
            format!("{wanted} is wanted, and this is {}", value.describe()),
        );
        diagnostic = match (&value.kind, literal_texts(ty)) {
            (Kind::String(text), texts) if !texts.is_empty() => {
                let known = texts.iter().map(SmolStr::as_str);
                match did_you_mean(text, known.clone()) {
                    Some(near) => diagnostic.help(format!("did you mean `{near:?}`?")),
                    None => diagnostic.note(format!("it may be {}", list_names(known, 12))),
                }
            }
            _ => diagnostic.note(format!("the value is {}", self.shown(&value))),
        };
        let help = match (&value.kind, ty.base()) {
            (Kind::String(_), Type::Int) => Some("remove the quotes"),
            (Kind::String(_), Type::Duration) => {
                Some("read it as a `String`, and make it a duration by `to_duration`")
            }
            (Kind::String(_), Type::Size) => {
                Some("read it as a `String`, and make it a size by `to_size`")
            }
            (Kind::Int(_) | Kind::Float(_), Type::String) if giving.data => {
                Some("put it in quotes")
            }
            _ => None,
        };
        if let Some(help) = help {
            diagnostic = diagnostic.help(help);
        }
        self.report_in(giving.scope, self.read_here(diagnostic, place, giving));
        Value::error(value.span)
    }

    /// The key that values of a named type carry; `None` where it has no computed members.
    fn named_key(&self, id: ItemId, ty: &Type) -> Option<NamedKey> {
        if let Some(known) = self.named.borrow().keys.get(&id) {
            return *known;
        }
        let mut chain = vec![id];
        let mut inner = ty;
        loop {
            inner = match inner {
                Type::Named(named) => {
                    chain.push(named.id);
                    &named.ty
                }
                Type::Refined(refined) => &refined.base,
                _ => break,
            };
        }
        let has_members = |id: &ItemId| matches!(self.program.item(*id), Some(Item::Type(item)) if !item.members.is_empty());
        let mut table = self.named.borrow_mut();
        let key = if chain.iter().any(has_members) {
            table.chains.push(chain);
            let count = u32::try_from(table.chains.len()).unwrap_or(u32::MAX);
            std::num::NonZeroU32::new(count).map(NamedKey)
        } else {
            None
        };
        table.keys.insert(id, key);
        key
    }
}

/// Whether a type says nothing about its values.
fn takes_all(ty: &Type) -> bool {
    matches!(ty, Type::Any | Type::Error | Type::Parameter(_))
}

/// Whether fitting a value into a type has left it as it was.
fn unchanged<'a>(before: &Value<'a>, after: &Value<'a>) -> bool {
    if before.named != after.named {
        return false;
    }
    match (&before.kind, &after.kind) {
        (Kind::List(a), Kind::List(b)) => Rc::ptr_eq(a, b),
        (Kind::Map(a), Kind::Map(b)) => Rc::ptr_eq(a, b),
        (Kind::Instance(a), Kind::Instance(b)) => std::ptr::eq(*a, *b),
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

/// The texts among the literal types of a type.
fn literal_texts(ty: &Type) -> Vec<SmolStr> {
    let members = ty.base().members().iter();
    members
        .filter_map(|member| match member {
            Type::Literal(Literal::String(text)) => Some(text.clone()),
            _ => None,
        })
        .collect()
}
