//! Strings with `#{…}`.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::types as codes;
use crate::source::Span;
use crate::syntax::ast::{Expr, Label, StringLiteral, StringPart};
use crate::types::check::Checker;
use crate::types::check::role::Role;
use crate::types::{Lifted, Literal, Type, holds_secret, unlifted};

impl<'p> Checker<'p> {
    /// The type of a string: its text where it is fixed, an `Output` where a part of it is one.
    pub(super) fn string(&mut self, literal: &'p StringLiteral) -> Type {
        if let Some(text) = literal.fixed() {
            return Type::Literal(Literal::String(text));
        }
        let mut ty = Type::String;
        for part in &literal.parts {
            let StringPart::Expr(expr) = part else {
                continue;
            };
            match self.interpolated(expr) {
                Type::Error => ty = Type::Error,
                Type::Output(_) if !ty.is_error() => ty = Type::output(Type::String),
                _ => {}
            }
        }
        ty
    }

    /// One `#{…}`: a value that has a text.
    fn interpolated(&mut self, expr: &'p Expr) -> Type {
        let ty = self.infer(expr, None);
        let (inner, lifted) = unlifted(&ty);
        if holds_secret(&inner) {
            return self.secret_shown(expr, "cannot be part of a text");
        }
        if inner == Type::Any {
            return self.untyped(expr);
        }
        for member in inner.base().members() {
            let has_text = matches!(
                member.base(),
                Type::String
                    | Type::Int
                    | Type::Float
                    | Type::Bool
                    | Type::Duration
                    | Type::Size
                    | Type::Literal(_)
                    | Type::Never
                    | Type::Error
            );
            if !has_text {
                let all_text = is_text(&inner.without_null());
                let member = member.clone();
                return self.no_text(expr, &inner, &member, all_text);
            }
        }
        match lifted {
            Lifted::No => inner,
            _ => Type::output(Type::String),
        }
    }

    fn no_text(&mut self, expr: &'p Expr, ty: &Type, member: &Type, may_be_null: bool) -> Type {
        let text = self.short_text(expr.span);
        if may_be_null && *member == Type::Null {
            let diagnostic = Diagnostic::error(
                &codes::MAY_BE_NULL,
                expr.span,
                format!("`{text}` may be null, which has no text"),
            )
            .label(format!("`{ty}`"))
            .help(format!(
                "say what stands there then: `#{{{text} ?? \"none\"}}`"
            ));
            return self.error(expr.span, diagnostic);
        }
        let diagnostic = Diagnostic::error(
            &codes::NO_TEXT,
            expr.span,
            format!("`{text}` has no text that could stand in a string"),
        )
        .label(format!("`{}`", ty.shown()));
        let diagnostic = match member.base() {
            Type::List(_) => diagnostic.help(format!("write `#{{join({text}, \", \")}}`")),
            Type::Map(_) | Type::Object(_) => diagnostic.help(format!("write `#{{json({text})}}`")),
            Type::Schema(_) => {
                diagnostic.help(format!("take one of its fields, as in `#{{{text}.name}}`"))
            }
            _ => diagnostic,
        };
        self.error(expr.span, diagnostic)
    }

    /// A text that is needed when compiling: a label, a key.
    pub(super) fn fixed_text(&mut self, literal: &'p StringLiteral, what: &'static str) {
        for part in &literal.parts {
            let StringPart::Expr(expr) = part else {
                continue;
            };
            if matches!(self.interpolated(expr), Type::Output(_)) {
                self.too_early(expr, &Role::Other(what), what);
            }
        }
    }

    /// The label of a block.
    pub(super) fn label(&mut self, label: &'p Label) {
        if let Label::String(literal) = label {
            self.fixed_text(literal, "the label of a block");
        }
    }

    /// A secret where it would be seen.
    pub(super) fn secret_shown(&mut self, expr: &Expr, what: &str) -> Type {
        let diagnostic = self.secret_error(expr.span, what);
        self.error(expr.span, diagnostic)
    }

    /// What is said of a secret at a wrong place.
    pub(super) fn secret_error(&self, span: Span, what: &str) -> Diagnostic {
        let text = self.short_text(span);
        let name = if text.contains(['{', '[']) {
            "token"
        } else {
            &text
        };
        Diagnostic::error(&codes::SECRET, span, format!("the secret `{text}` {what}"))
            .label("a secret")
            .note("a secret is known to the step that gets it alone: it has no text here, and is printed nowhere")
            .help(format!(
                "hand it over as it is, where a field takes a `Secret`: `env = {{ TOKEN = {name} }}`, and use `$TOKEN` in the command"
            ))
    }
}

fn is_text(ty: &Type) -> bool {
    ty.base().members().iter().all(|member| {
        matches!(
            member.base(),
            Type::String
                | Type::Int
                | Type::Float
                | Type::Bool
                | Type::Duration
                | Type::Size
                | Type::Literal(_)
        )
    })
}
