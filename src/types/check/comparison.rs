//! `==`, `!=` and `in`.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::types as codes;
use crate::source::Span;
use crate::syntax::ast::Expr;
use crate::types::check::Checker;
use crate::types::check::mismatch::string_literals;
use crate::types::check::role::Role;
use crate::types::{Lifted, Literal, Type, holds_secret, unlifted};

impl<'p> Checker<'p> {
    /// `a == b`, `a != b`
    pub(super) fn equality(
        &mut self,
        expr: &'p Expr,
        op_span: Span,
        left: &'p Expr,
        right: &'p Expr,
    ) -> Type {
        let a = self.infer(left, None);
        let b = self.infer(right, None);
        if a.is_error() || b.is_error() {
            return Type::Error;
        }
        let (one, one_lifted) = unlifted(&a);
        let (other, other_lifted) = unlifted(&b);
        for (side, ty, against) in [(left, &one, &other), (right, &other, &one)] {
            if *ty == Type::Secret
                || (*ty == Type::optional(Type::Secret) && *against != Type::Null)
            {
                return self.secret_shown(side, "cannot be compared");
            }
            if *ty == Type::Any && *against != Type::Null {
                return self.untyped(side);
            }
        }
        // That a `let` is set to one text says nothing about what it is compared with.
        let widened = (one.clone().widened(), other.clone().widened());
        let choices = match (&one, &other) {
            (Type::Literal(_), Type::Literal(_)) => (&widened.0, &widened.1),
            _ => (&one, &other),
        };
        if !self.types.overlap(self.program, choices.0, choices.1) {
            return self.never_equal(expr, op_span, (left, &one), (right, &other));
        }
        // Of a union the value decides, when it is known.
        match (one_lifted, other_lifted) {
            (Lifted::Yes, _) | (_, Lifted::Yes) => Type::output(Type::Bool),
            _ => Type::Bool,
        }
    }

    fn never_equal(
        &mut self,
        expr: &'p Expr,
        op_span: Span,
        (left, one): (&'p Expr, &Type),
        (right, other): (&'p Expr, &Type),
    ) -> Type {
        let diagnostic = match (one, other) {
            (ty, Type::Null) | (Type::Null, ty) => {
                let side = if *one == Type::Null { right } else { left };
                Diagnostic::error(
                    &codes::NEVER_EQUAL,
                    op_span,
                    format!("`{}` is never null", self.short_text(side.span)),
                )
                .also(side.span, format!("`{}`", ty.shown()))
            }
            _ => Diagnostic::error(
                &codes::NEVER_EQUAL,
                op_span,
                format!("`{one}` and `{other}` are never equal"),
            )
            .also(left.span, format!("`{}`", one.shown()))
            .also(right.span, format!("`{}`", other.shown())),
        };
        let diagnostic = self.near_literal(diagnostic, (left, one), (right, other));
        self.error(expr.span, diagnostic)
    }

    /// `x == "prdo"`, where `x` is one of some literals.
    fn near_literal(
        &self,
        diagnostic: Diagnostic,
        one: (&Expr, &Type),
        other: (&Expr, &Type),
    ) -> Diagnostic {
        for ((_, of), (expr, literal)) in [(one, other), (other, one)] {
            let Type::Literal(Literal::String(text)) = literal else {
                continue;
            };
            let choices = string_literals(of);
            let near = crate::diagnostics::did_you_mean(text, choices.iter().map(|c| c.as_str()));
            if let Some(near) = near {
                return diagnostic.help(format!("did you mean `{near:?}`?")).meant(
                    text,
                    near,
                    expr.span,
                    format!("{near:?}"),
                );
            }
        }
        diagnostic
    }

    /// `x in xs`, `key in map`
    pub(super) fn contained(&mut self, expr: &'p Expr, left: &'p Expr, right: &'p Expr) -> Type {
        let a = self.infer(left, None);
        let b = self.infer(right, None);
        if a.is_error() || b.is_error() {
            return Type::Error;
        }
        let (item, item_lifted) = unlifted(&a);
        let (of, of_lifted) = unlifted(&b);
        if holds_secret(&item) && item.base().members().iter().all(holds_secret) {
            return self.secret_shown(left, "cannot be compared");
        }
        let mut lifted = match (item_lifted, of_lifted) {
            (Lifted::Yes, _) | (_, Lifted::Yes) => Lifted::Yes,
            _ => Lifted::No,
        };
        for member in of.base().members() {
            match member.base() {
                Type::Error => return Type::Error,
                Type::List(element) => {
                    let (element, inside) = unlifted(element);
                    if inside == Lifted::Yes {
                        lifted = Lifted::Yes;
                    }
                    if element != Type::Never
                        && !self
                            .types
                            .overlap(self.program, &item.clone().widened(), &element)
                    {
                        let diagnostic = Diagnostic::error(
                            &codes::NEVER_EQUAL,
                            expr.span,
                            format!(
                                "`{}` is never in a list of `{}`",
                                self.short_text(left.span),
                                element.shown()
                            ),
                        )
                        .also(left.span, format!("`{}`", item.shown()))
                        .also(right.span, format!("`[{}]`", element.shown()));
                        let diagnostic =
                            self.near_literal(diagnostic, (right, &element), (left, &item));
                        return self.error(expr.span, diagnostic);
                    }
                }
                Type::Map(_) | Type::Object(_) => {
                    self.accept(left, item.clone(), &Type::String, &Role::Other("a key"));
                }
                Type::String | Type::Literal(Literal::String(_)) => {
                    let (text, part) = (self.short_text(right.span), self.short_text(left.span));
                    let diagnostic = Diagnostic::error(
                        &codes::OPERATOR,
                        expr.span,
                        "`in` looks into lists and maps, not into texts",
                    )
                    .help(format!("write `contains({text}, {part})`"))
                    .fix(
                        format!("write `contains({text}, {part})`"),
                        expr.span,
                        format!(
                            "contains({}, {})",
                            self.sources.text(right.span),
                            self.sources.text(left.span)
                        ),
                    );
                    return self.error(expr.span, diagnostic);
                }
                Type::Any => return self.untyped(right),
                _ => {
                    let diagnostic = Diagnostic::error(
                        &codes::OPERATOR,
                        right.span,
                        format!("`in` looks into lists and maps, and this is `{of}`"),
                    );
                    return self.error(expr.span, diagnostic);
                }
            }
        }
        match lifted {
            Lifted::No => Type::Bool,
            _ => Type::output(Type::Bool),
        }
    }
}
