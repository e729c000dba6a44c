//! `a[i]` and `a[1..3]`.

use crate::diagnostics::codes::types as codes;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::syntax::ast::{Expr, ExprKind};
use crate::types::check::Checker;
use crate::types::check::role::Role;
use crate::types::{Lifted, ObjectType, Type, unlifted};

impl<'p> Checker<'p> {
    /// An element by its position, key or label.
    pub(super) fn index(&mut self, expr: &'p Expr, base: &'p Expr, index: &'p Expr) -> Type {
        let of = self.infer(base, None);
        let by = self.infer(index, None);
        if of.is_error() || by.is_error() {
            return Type::Error;
        }
        let (of, of_lifted) = unlifted(&of);
        let (by, by_lifted) = unlifted(&by);
        let mut ty = Type::Never;
        for member in of.base().members() {
            let one = match member.base() {
                Type::Error => Type::Error,
                Type::Any => return self.untyped(base),
                Type::List(element) => {
                    let element = Type::clone(element);
                    let wanted = self.list_index(&element);
                    self.accept(index, by.clone(), &wanted, &Role::Other("an index"));
                    element
                }
                Type::Map(value) => {
                    let value = Type::clone(value);
                    self.accept(index, by.clone(), &Type::String, &Role::Other("a key"));
                    value
                }
                Type::Object(object) => {
                    let object = std::rc::Rc::clone(object);
                    self.accept(index, by.clone(), &Type::String, &Role::Other("a key"));
                    self.object_index(expr, index, &object)
                }
                Type::String | Type::Literal(crate::types::Literal::String(_)) => {
                    let text = self.short_text(base.span);
                    let at = self.short_text(index.span);
                    let end = match at.parse::<i64>() {
                        Ok(-1) => String::new(),
                        Ok(at) => at.saturating_add(1).to_string(),
                        Err(_) => format!("{at} + 1"),
                    };
                    let diagnostic =
                        Diagnostic::error(&codes::NOT_INDEXED, expr.span, "a text has no elements")
                            .help(format!(
                                "for one character write a slice: `{text}[{at}..{end}]`"
                            ));
                    return self.error(expr.span, diagnostic);
                }
                Type::Null => return self.null_indexed(expr, base, &of),
                other => {
                    let diagnostic = Diagnostic::error(
                        &codes::NOT_INDEXED,
                        base.span,
                        format!("`{}` has no elements", other.shown()),
                    )
                    .label("neither a list nor a map");
                    return self.error(expr.span, diagnostic);
                }
            };
            ty = self.types.join(self.program, ty, one);
        }
        if crate::types::holds_output(&ty) {
            self.origin_through(expr.span, base.span);
        }
        let ty = match (of_lifted, by_lifted) {
            (Lifted::No, Lifted::No) => ty,
            _ => Type::output(unlifted(&ty).0),
        };
        match self.path(expr) {
            Some((path, facts)) => self.fact(&path, facts).unwrap_or(ty),
            None => ty,
        }
    }

    fn null_indexed(&mut self, expr: &'p Expr, base: &'p Expr, of: &Type) -> Type {
        let text = self.short_text(base.span);
        let diagnostic = Diagnostic::error(
            &codes::MAY_BE_NULL,
            base.span,
            format!("`{text}` may be null, and null has no elements"),
        )
        .label(format!("`{of}`"))
        .help(format!("ask first: `if {text} != null {{ … }}`"));
        self.error(expr.span, diagnostic)
    }

    /// What a list may be indexed by: a position, and a label where it is a list of labelled blocks.
    fn list_index(&self, element: &Type) -> Type {
        let labelled = element
            .base()
            .members()
            .iter()
            .all(|member| match member.base() {
                Type::Schema(schema) => self
                    .types
                    .schema(self.program, schema.id)
                    .is_some_and(|schema| schema.label().is_some()),
                Type::Output(_) => true,
                _ => false,
            });
        if labelled {
            Type::union([Type::Int, Type::String])
        } else {
            Type::Int
        }
    }

    /// An object's key, which is looked at where it stands in the file.
    fn object_index(&mut self, expr: &'p Expr, index: &'p Expr, object: &ObjectType) -> Type {
        let fixed = match &index.kind {
            ExprKind::String(literal) => literal.fixed(),
            _ => None,
        };
        let Some(key) = fixed else {
            let values = object.fields.values().map(|field| field.ty.clone());
            return values.fold(Type::Never, |all, ty| {
                self.types.join(self.program, all, ty)
            });
        };
        if let Some(field) = object.fields.get(&key) {
            return if field.optional {
                Type::optional(field.ty.clone())
            } else {
                field.ty.clone()
            };
        }
        let known = object.fields.keys().map(smol_str::SmolStr::as_str);
        let mut diagnostic = Diagnostic::error(
            &codes::UNKNOWN_KEY,
            index.span,
            format!("there is no key `{key}`"),
        );
        diagnostic = match did_you_mean(&key, known.clone()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).meant(
                &key,
                near,
                index.span,
                format!("{near:?}"),
            ),
            None => diagnostic.note(format!("the keys are {}", list_names(known, 12))),
        };
        self.error(expr.span, diagnostic)
    }

    /// A part of a text or list.
    pub(super) fn slice(
        &mut self,
        expr: &'p Expr,
        base: &'p Expr,
        start: Option<&'p Expr>,
        end: Option<&'p Expr>,
    ) -> Type {
        let of = self.infer(base, None);
        let (inner, mut lifted) = unlifted(&of);
        for bound in start.into_iter().chain(end) {
            let ty = self.infer(bound, None);
            let (ty, bound_lifted) = unlifted(&ty);
            self.accept(bound, ty, &Type::Int, &Role::Other("the bound of a slice"));
            if bound_lifted != Lifted::No {
                lifted = bound_lifted;
            }
        }
        let ty = match inner.base() {
            Type::Error => return Type::Error,
            Type::Any => return self.untyped(base),
            Type::String | Type::Literal(crate::types::Literal::String(_)) => Type::String,
            Type::List(element) => Type::List(std::rc::Rc::clone(element)),
            Type::Union(members)
                if members
                    .iter()
                    .all(|member| self.fits(member, &Type::String)) =>
            {
                Type::String
            }
            _ if inner.holds_null() => return self.null_indexed(expr, base, &of),
            other => {
                let diagnostic = Diagnostic::error(
                    &codes::NOT_INDEXED,
                    base.span,
                    format!("`{}` cannot be cut into slices", other.shown()),
                )
                .label("neither a text nor a list");
                return self.error(expr.span, diagnostic);
            }
        };
        match lifted {
            Lifted::No => ty,
            _ => Type::output(ty),
        }
    }
}
