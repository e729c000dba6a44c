//! Lists and objects as written.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::types as codes;
use crate::diagnostics::{did_you_mean, list_names};
use crate::source::Span;
use crate::syntax::ast::{Expr, Label, ObjectEntry};
use crate::types::check::Checker;
use crate::types::check::body::meant;
use crate::types::check::role::Role;
use crate::types::{ObjectField, ObjectType, Type};

impl<'p> Checker<'p> {
    /// `[a, b]`
    pub(super) fn list(
        &mut self,
        expr: &'p Expr,
        items: &'p [Expr],
        wanted: Option<(&Type, &Role<'_>)>,
    ) -> Type {
        let element = wanted.and_then(|(ty, role)| Some((wanted_element(ty)?, role)));
        let mut ty = Type::Never;
        let mut failed = false;
        for item in items {
            let one = match &element {
                Some((element, role)) => self.check(item, element, &Role::Element(role)),
                None => self.infer(item, None),
            };
            if one.is_error() {
                failed = true;
            } else {
                ty = self.types.join(self.program, ty, one);
            }
        }
        if failed {
            ty = Type::Error;
        }
        self.bounded(expr.span, Type::list(ty))
    }

    /// `{ key = value }`
    pub(super) fn object(
        &mut self,
        expr: &'p Expr,
        entries: &'p [ObjectEntry],
        wanted: Option<(&Type, &Role<'_>)>,
    ) -> Type {
        let shape = wanted.and_then(|(ty, role)| Some((wanted_object(ty, entries)?, role)));
        let mut seen: IndexMap<SmolStr, Span> = IndexMap::default();
        let mut fields: IndexMap<SmolStr, ObjectField> = IndexMap::default();
        let mut values = Type::Never;
        let mut computed = false;
        let errors = self.problems.len();
        let mut unknown: Vec<SmolStr> = Vec::new();
        for entry in entries {
            let fixed = entry.key.fixed();
            if let Label::String(literal) = &entry.key {
                computed |= fixed.is_none() && self.key(literal);
            }
            let name = fixed.clone().unwrap_or_else(|| "…".into());
            let ty = match &shape {
                Some((Shape::Map(value), role)) => {
                    self.check(&entry.value, value, &Role::Entry(&name, role))
                }
                Some((Shape::Object(object), role)) => match object.fields.get(&name) {
                    Some(field) => {
                        let mut wanted = field.ty.clone();
                        if field.optional {
                            wanted = Type::optional(wanted);
                        }
                        self.check(&entry.value, &wanted, &Role::Entry(&name, role))
                    }
                    None => {
                        self.infer(&entry.value, None);
                        unknown.push(name.clone());
                        self.unknown_key((entry, entries), &name, object, fixed.is_none())
                    }
                },
                None => self.infer(&entry.value, None),
            };
            if let Some(name) = fixed {
                if let Some(first) = seen.get(&name) {
                    self.key_twice(entry, &name, *first);
                    self.silent(expr.span);
                    continue;
                }
                seen.insert(name.clone(), entry.key.span());
                let optional = false;
                fields.insert(
                    name,
                    ObjectField {
                        ty: ty.clone(),
                        optional,
                    },
                );
            }
            values = self.types.join(self.program, values, ty);
        }
        if let Some((Shape::Object(object), role)) = &shape
            && !computed
        {
            self.missing_keys(expr, (&seen, &unknown), object, role);
        }
        if self.problems.len() > errors && shape.is_some() {
            return self.silent(expr.span);
        }
        let ty = if computed {
            Type::map(values)
        } else {
            Type::Object(Rc::new(ObjectType { fields }))
        };
        self.bounded(expr.span, ty)
    }

    /// A computed key: text that is known when compiling. Always true.
    fn key(&mut self, literal: &'p crate::syntax::ast::StringLiteral) -> bool {
        self.fixed_text(literal, "a key");
        true
    }

    fn key_twice(&mut self, entry: &ObjectEntry, name: &str, first: Span) {
        let diagnostic = Diagnostic::error(
            &codes::KEY_TWICE,
            entry.key.span(),
            format!("the key `{name}` stands twice"),
        )
        .label("again here")
        .also(first, "first here")
        .help("remove one of the two");
        self.error(entry.key.span(), diagnostic);
    }

    fn unknown_key(
        &mut self,
        (entry, all): (&ObjectEntry, &[ObjectEntry]),
        name: &str,
        object: &ObjectType,
        computed: bool,
    ) -> Type {
        let span = entry.key.span();
        let known = object.fields.keys().map(SmolStr::as_str);
        let names = list_names(known.clone(), 12);
        let mut diagnostic = if computed {
            Diagnostic::error(
                &codes::UNKNOWN_KEY,
                span,
                "a key that is computed cannot stand where fixed keys are wanted",
            )
        } else {
            Diagnostic::error(
                &codes::UNKNOWN_KEY,
                span,
                format!("there is no `{name}` here"),
            )
        };
        diagnostic = match did_you_mean(name, known).filter(|_| !computed) {
            Some(near) => {
                let mut keys = all.iter().filter_map(|entry| entry.key.fixed());
                meant(diagnostic, span, near, keys.any(|key| key == near))
            }
            None => diagnostic.note(format!("the keys are {names}")),
        };
        self.error(span, diagnostic)
    }

    fn missing_keys(
        &mut self,
        expr: &Expr,
        (seen, unknown): (&IndexMap<SmolStr, Span>, &[SmolStr]),
        object: &ObjectType,
        role: &Role<'_>,
    ) {
        let missing: Vec<&str> = object
            .fields
            .iter()
            .filter(|(name, field)| !field.optional && !seen.contains_key(*name))
            .map(|(name, _)| name.as_str())
            .filter(|name| {
                !unknown
                    .iter()
                    .any(|wrong| did_you_mean(wrong, [*name]).is_some())
            })
            .collect();
        // As many unknown ones are taken for those that are missing.
        if missing.len() <= unknown.len() {
            return;
        }
        let mut diagnostic = Diagnostic::error(
            &codes::MISSING_KEY,
            expr.span,
            format!("{role} lacks {}", list_names(missing.iter().copied(), 12)),
        );
        if let Some(declared) = role.declared() {
            diagnostic = diagnostic.also(declared, "wanted by this");
        }
        let wanted: Vec<String> = missing
            .iter()
            .filter_map(|name| Some(format!("`{name}`: {}", object.fields.get(*name)?.ty)))
            .collect();
        let diagnostic = diagnostic.note(wanted.join(", "));
        self.error(expr.span, diagnostic);
    }
}

/// What an object literal is checked against.
enum Shape {
    Map(Type),
    Object(Rc<ObjectType>),
}

/// The element type where a list is among what is wanted.
fn wanted_element(ty: &Type) -> Option<Type> {
    match ty.base() {
        Type::List(element) => Some(Type::clone(element)),
        Type::Output(inner) => wanted_element(inner),
        Type::Union(members) => {
            let elements: Vec<Type> = members.iter().filter_map(wanted_element).collect();
            (!elements.is_empty()).then(|| Type::union(elements))
        }
        _ => None,
    }
}

/// The map or object type that a literal with these keys was meant to be.
fn wanted_object(ty: &Type, entries: &[ObjectEntry]) -> Option<Shape> {
    let mut candidates = Vec::new();
    collect(ty, &mut candidates);
    let known = |object: &ObjectType| {
        let keys = entries.iter().filter_map(|entry| entry.key.fixed());
        keys.filter(|key| object.fields.contains_key(key)).count()
    };
    let best = candidates.iter().enumerate().max_by_key(|(index, shape)| {
        let fits = match shape {
            Shape::Map(_) => 0,
            Shape::Object(object) => known(object),
        };
        (fits, std::cmp::Reverse(*index))
    });
    let index = best.map(|(index, _)| index)?;
    candidates.into_iter().nth(index)
}

fn collect(ty: &Type, into: &mut Vec<Shape>) {
    match ty.base() {
        Type::Map(value) => into.push(Shape::Map(Type::clone(value))),
        Type::Object(object) => into.push(Shape::Object(Rc::clone(object))),
        Type::Output(inner) => collect(inner, into),
        Type::Union(members) => members.iter().for_each(|member| collect(member, into)),
        _ => {}
    }
}
