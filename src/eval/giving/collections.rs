//! Lists, maps and objects, element by element.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::diagnostics::codes::{evaluation as codes, types};
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::eval::giving::Giving;
use crate::eval::instance::Given;
use crate::eval::interpreter::Interpreter;
use crate::eval::value::{Kind, List, Map, Value};
use crate::resolve::ItemId;
use crate::source::Span;
use crate::types::{ObjectType, Type};

impl<'a> Interpreter<'a> {
    pub(super) fn fit_list(
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

    pub(super) fn fit_map(
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

    pub(super) fn fit_object(
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

    /// Whether a key of an object that was read is nearly one that may be left out.
    pub(super) fn misspelt<'n>(
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

    pub(super) fn no_entry<'n>(
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

    /// An object of a data file becomes an instance of a schema.
    pub(super) fn instance_of_data(
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
        let mut meant: Vec<&str> = Vec::new();
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
                Some(near) => {
                    meant.push(near);
                    diagnostic.help(format!("did you mean `{near}`?"))
                }
                None => diagnostic.note(format!("its fields are {}", list_names(known, 12))),
            };
            self.report_in(giving.scope, self.read_here(diagnostic, item.span, giving));
            failed = true;
        }
        let whole = Value::new(Kind::Map(Rc::clone(&map)), span);
        for (key, field) in &schema.fields {
            if field.required && !map.entries.contains_key(key) && !meant.contains(&key.as_str()) {
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

/// Whether a type says nothing about its values.
fn takes_all(ty: &Type) -> bool {
    matches!(ty, Type::Any | Type::Error | Type::Parameter(_))
}
