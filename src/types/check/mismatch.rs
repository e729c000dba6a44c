//! What is said where a type does not fit: the difference, and what to write.

use smol_str::SmolStr;

use crate::diagnostics::codes::types as codes;
use crate::diagnostics::{Diagnostic, did_you_mean};
use crate::resolve::ItemId;
use crate::syntax::ast::{Expr, ExprKind, Item};
use crate::types::check::Checker;
use crate::types::check::role::Role;
use crate::types::check::scope::Found;
use crate::types::check::units::{is_measure, thousandths};
use crate::types::{Literal, Type, holds_secret};

impl<'p> Checker<'p> {
    /// Reports that `actual` does not fit, in the words of what is really wrong.
    pub(super) fn mismatch(
        &mut self,
        expr: &'p Expr,
        actual: &Type,
        wanted: &Type,
        role: &Role<'_>,
    ) -> Type {
        if let Some(inner) = self.blame(expr) {
            return self.mismatch_at(inner, expr, actual, wanted, role);
        }
        self.mismatch_at(expr, expr, actual, wanted, role)
    }

    /// The last expression of a `let` is what has the wrong type.
    fn blame(&self, expr: &'p Expr) -> Option<&'p Expr> {
        match &expr.kind {
            ExprKind::Let { value, .. } => Some(value),
            _ => None,
        }
    }

    fn mismatch_at(
        &mut self,
        expr: &'p Expr,
        poisoned: &Expr,
        actual: &Type,
        wanted: &Type,
        role: &Role<'_>,
    ) -> Type {
        self.poisoned.push(poisoned.span);
        if *actual == Type::Any {
            return self.untyped(expr);
        }
        if holds_secret(actual) && !holds_secret(wanted) {
            let what = match role {
                Role::Message => "cannot be part of a message".to_owned(),
                role => format!("cannot be given for {role}, which is not a `Secret`"),
            };
            let mut diagnostic = self.secret_error(expr.span, &what);
            if let Some(maker) = self.made_of_a_secret(wanted) {
                let text = self.short_text(expr.span);
                diagnostic =
                    diagnostic.help(format!("say what it belongs to, as in `{maker}({text})`"));
            }
            if let Some(declared) = role.declared() {
                diagnostic = diagnostic.also(declared, "wanted by this");
            }
            return self.error(expr.span, diagnostic);
        }
        if self.fits_without_outputs(actual, wanted) {
            return self.too_early(expr, role, &role.to_string());
        }
        let present = actual.without_null();
        if present != Type::Never && actual.holds_null() && self.fits(&present, wanted) {
            return self.may_be_null(expr, actual, role);
        }
        let shown = actual.shown();
        let choices = string_literals(wanted);
        let mut diagnostic = Diagnostic::error(
            &codes::MISMATCH,
            expr.span,
            match self.one_of(&choices, actual, wanted) {
                Some(choices) => format!("{role} must be {choices}"),
                None => format!("{role} must be `{wanted}`, not `{shown}`"),
            },
        );
        if let Some(declared) = role.declared() {
            diagnostic = diagnostic.also(declared, "wanted by this");
        }
        if let Type::Named(named) = wanted.without_null()
            && matches!(named.ty.base(), Type::Union(_))
        {
            diagnostic = diagnostic.note(format!("`{}` is `{}`", named.name, named.ty));
        }
        diagnostic = self.difference(diagnostic, actual, wanted);
        diagnostic = self.hidden(diagnostic, expr);
        diagnostic = self.repair(diagnostic, expr, actual, wanted, &choices);
        self.error(expr.span, diagnostic)
    }

    /// The function of the standard library that makes what is wanted of a secret.
    fn made_of_a_secret(&self, wanted: &Type) -> Option<SmolStr> {
        let modules = self.program.standard.values();
        let modules = modules.filter_map(|id| self.program.module(*id));
        let functions = modules.flat_map(|module| {
            let indices = (0u32..).zip(&module.file.items);
            let functions = indices.filter(|(_, item)| matches!(item, Item::Function(_)));
            functions.map(|(index, _)| ItemId {
                module: module.id,
                index,
            })
        });
        let mut makers = functions.filter_map(|id| self.types.signature(self.program, id));
        let maker = makers.find(|function| {
            let first = function.parameters.first();
            first.is_some_and(|first| first.ty == Type::Secret)
                && function.generics.is_empty()
                && self.fits(&function.result, wanted)
        })?;
        Some(maker.name.clone())
    }

    /// "one of `"a"`, `"b"`", where that is what is wanted, or all that a text could be.
    fn one_of(&self, choices: &[SmolStr], actual: &Type, wanted: &Type) -> Option<String> {
        let wanted = wanted.without_null();
        let members = wanted.base().members();
        let is_text = matches!(actual.base(), Type::Literal(Literal::String(_)));
        let texts: Vec<String> = choices.iter().map(|text| format!("`{text:?}`")).collect();
        let texts = texts.join(", ");
        match choices.len() {
            0 | 1 => None,
            count if count == members.len() => Some(format!("one of {texts}")),
            _ if is_text => {
                let others = members
                    .iter()
                    .filter(|member| string_literals(member).is_empty());
                let others: Vec<String> = others.map(|other| format!("`{other}`")).collect();
                Some(format!("one of {texts}, or {}", others.join(", ")))
            }
            _ => None,
        }
    }

    fn may_be_null(&mut self, expr: &Expr, actual: &Type, role: &Role<'_>) -> Type {
        let text = self.short_text(expr.span);
        let mut diagnostic = Diagnostic::error(
            &codes::MAY_BE_NULL,
            expr.span,
            format!("{role} must not be null, and `{text}` may be"),
        )
        .label(format!("`{}`", actual.shown()))
        .help(format!(
            "say what stands for it then, `{text} ?? …`, or ask first: `if {text} != null {{ … }}`"
        ));
        if let Some(declared) = role.declared() {
            diagnostic = diagnostic.also(declared, "wanted by this");
        }
        self.error(expr.span, diagnostic)
    }

    /// A label hides a name of the file: that is easily overlooked.
    pub(super) fn hidden(&self, diagnostic: Diagnostic, expr: &Expr) -> Diagnostic {
        let ExprKind::Name(name) = &expr.kind else {
            return diagnostic;
        };
        let Some(Found::Block(block)) = self.find(name) else {
            return diagnostic;
        };
        let diagnostic = diagnostic.also(
            block.span,
            format!("`{name}` is this block, the {} `{name}`", block.kind),
        );
        let module = self.program.module(self.place.module);
        match module.and_then(|module| module.names.get(name)) {
            Some((_, span)) => diagnostic
                .also(*span, "which hides this one")
                .help("give one of the two another name"),
            None => diagnostic,
        }
    }

    /// Where two large types differ in a part, names the part.
    fn difference(&self, diagnostic: Diagnostic, actual: &Type, wanted: &Type) -> Diagnostic {
        match (actual.base(), wanted.base()) {
            (Type::Object(a), Type::Object(b)) => {
                for (name, field) in &b.fields {
                    match a.fields.get(name) {
                        None if !field.optional => {
                            return diagnostic.note(format!("it lacks `{name}`: {}", field.ty));
                        }
                        Some(given) if !self.fits(&given.ty, &field.ty) => {
                            return diagnostic.note(format!(
                                "its `{name}` is `{}` and must be `{}`",
                                given.ty, field.ty
                            ));
                        }
                        Some(given) if given.optional && !field.optional => {
                            return diagnostic.note(format!("its `{name}` may be left out"));
                        }
                        _ => {}
                    }
                }
                diagnostic
            }
            (Type::Object(a), Type::Map(value)) => {
                let wrong = a
                    .fields
                    .iter()
                    .find(|(_, field)| !self.fits(&field.ty, value));
                match wrong {
                    Some((name, field)) => diagnostic.note(format!(
                        "its `{name}` is `{}` and must be `{value}`",
                        field.ty
                    )),
                    None => diagnostic,
                }
            }
            (Type::Union(members), _) => {
                let mut members = members.iter();
                match members.find(|member| !self.fits(member, wanted)) {
                    Some(member) => diagnostic.note(format!("`{member}` is what does not fit")),
                    None => diagnostic,
                }
            }
            _ => diagnostic,
        }
    }

    /// What to write instead, where that can be known.
    fn repair(
        &self,
        diagnostic: Diagnostic,
        expr: &Expr,
        actual: &Type,
        wanted: &Type,
        choices: &[SmolStr],
    ) -> Diagnostic {
        let written = self.sources.text(expr.span);
        let is_literal = matches!(
            expr.kind,
            ExprKind::Int(_)
                | ExprKind::Float(_)
                | ExprKind::Bool(_)
                | ExprKind::Duration(_)
                | ExprKind::Size(_)
                | ExprKind::String(_)
        );
        if let Type::Literal(Literal::String(text)) = actual
            && is_literal
        {
            if let Some(near) = did_you_mean(text, choices.iter().map(SmolStr::as_str)) {
                return diagnostic.help(format!("did you mean `{near:?}`?")).meant(
                    text,
                    near,
                    expr.span,
                    format!("{near:?}"),
                );
            }
            if let Some(bare) = self.unquoted(text, wanted) {
                return diagnostic
                    .help(format!("write it without quotes: `{bare}`"))
                    .fix(format!("write `{bare}`"), expr.span, bare);
            }
        }
        if let Some(number) = thousandths(written)
            && self.fits(&Type::Float, wanted)
        {
            return diagnostic
                .help(format!("a number has no unit; `{written}` are `{number}`"))
                .likely_fix(format!("write `{number}`"), expr.span, number);
        }
        let element = wanted
            .base()
            .members()
            .iter()
            .find_map(|member| match member.base() {
                Type::List(element) => Some(Type::clone(element)),
                _ => None,
            });
        if let Some(element) = element
            && self.fits(actual, &element)
        {
            let text = format!("[{written}]");
            let shown = self.short_text(expr.span);
            return diagnostic
                .help(format!("a list of one is written `[{shown}]`"))
                .fix("put it into a list", expr.span, text);
        }
        if is_literal
            && !matches!(expr.kind, ExprKind::String(_))
            && self.fits(&Type::String, wanted)
        {
            return diagnostic
                .help(format!("write it as a text: `\"{written}\"`"))
                .fix(
                    format!("write `\"{written}\"`"),
                    expr.span,
                    format!("\"{written}\""),
                );
        }
        if self.fits(&Type::Secret, wanted) && self.fits(actual, &Type::String) {
            return diagnostic.help(
                "a credential does not stand in the file: give its name, as in `secret(\"NAME\")`",
            );
        }
        let actual = if is_literal {
            actual.clone()
        } else {
            actual.shown()
        };
        match (actual.base(), wanted.base()) {
            (Type::Null, base) if *base != Type::Never => {
                diagnostic.help(format!("where null is meant to be possible, the type is `{wanted}?`"))
            }
            (Type::Literal(Literal::Int(value)), base) if self.fits(&Type::Duration, base) => {
                diagnostic.help(format!("a duration has a unit: `{value}s`, `{value}m`, `{value}h`"))
            }
            (Type::Literal(Literal::Int(value)), base) if self.fits(&Type::Size, base) => {
                diagnostic.help(format!("a size has a unit: `{value}Mi`, `{value}Gi`"))
            }
            (Type::Int | Type::Float | Type::Bool | Type::Duration | Type::Size, base)
                if self.fits(&Type::String, base) =>
            {
                let text = self.short_text(expr.span);
                diagnostic.help(format!("write `\"#{{{text}}}\"` for its text"))
            }
            (Type::String, _) if !choices.is_empty() => diagnostic.help(
                "a text that is only known as `String` may be any; give it this type where it comes from",
            ),
            (Type::String, Type::Int) => diagnostic.help("`to_int(…)` reads a number from a text"),
            (Type::Float, Type::Int) => diagnostic.help("`floor(…)`, `round(…)` and `ceil(…)` make an `Int` of it"),
            (Type::Object(_) | Type::Map(_), Type::Schema(schema)) => {
                let braces = matches!(expr.kind, ExprKind::Object(_));
                let help = format!("write `{} {{ … }}`", schema.name);
                if braces {
                    let start = crate::source::Span::new(
                        expr.span.source,
                        expr.span.start,
                        expr.span.start,
                    );
                    diagnostic
                        .help(help.clone())
                        .fix(help, start, format!("{} ", schema.name))
                } else {
                    diagnostic.help(help)
                }
            }
            _ => diagnostic,
        }
    }

    /// `"20m"` where a duration is wanted, `"true"`, `"8080"`: the literal that was meant.
    fn unquoted(&self, text: &str, wanted: &Type) -> Option<String> {
        let is_number = !text.is_empty()
            && text.chars().all(|c| c.is_ascii_digit())
            && text.parse::<i64>().is_ok();
        let meant = if matches!(text, "true" | "false") {
            Type::Bool
        } else if text == "null" {
            Type::Null
        } else if is_number {
            Type::Int
        } else if is_measure(text, &["d", "h", "m", "s"]) {
            Type::Duration
        } else if is_measure(text, &["B", "Ki", "Mi", "Gi", "Ti"]) {
            Type::Size
        } else {
            return None;
        };
        self.fits(&meant, wanted).then(|| text.to_owned())
    }
}

/// The texts among the literals of a type.
pub(super) fn string_literals(ty: &Type) -> Vec<SmolStr> {
    let members = ty.base().members().iter();
    let texts = members.flat_map(|member| match member.base() {
        Type::Literal(Literal::String(text)) => vec![text.clone()],
        Type::Union(_) => string_literals(member),
        _ => Vec::new(),
    });
    texts.collect()
}
