//! Values that are known only in a run: where they come from, and what is said where they come too early.

use crate::diagnostics::codes::types as codes;
use crate::diagnostics::{Diagnostic, variable_name};
use crate::source::Span;
use crate::syntax::ast::Expr;
use crate::types::check::Checker;
use crate::types::check::role::Role;
use crate::types::{Type, without_outputs};

/// A place where a run-time value comes into an expression.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// The expression.
    pub span: Span,
    /// Its kind.
    pub kind: OriginKind,
}

#[derive(Clone, Debug)]
pub(super) enum OriginKind {
    /// It is made in a run: "is known only in a run".
    Made {
        /// What makes it, as the rest of a sentence.
        why: String,
        /// Where it is declared.
        declared: Option<Span>,
    },
    /// A name whose value has the origin.
    Through(Span),
}

impl<'p> Checker<'p> {
    /// Notes that a run-time value comes in at `span`.
    pub(super) fn origin(&mut self, span: Span, why: String, declared: Option<Span>) {
        let kind = OriginKind::Made { why, declared };
        self.origins.push(Origin { span, kind });
    }

    /// Notes that the name at `span` stands for a run-time value that was made at `value`.
    pub(super) fn origin_through(&mut self, span: Span, value: Span) {
        let kind = OriginKind::Through(value);
        self.origins.push(Origin { span, kind });
    }

    /// The first run-time value in `span`.
    fn first_origin(&self, span: Span) -> Option<&Origin> {
        let all = self.origins.iter().chain(&self.kept.2);
        all.filter(|origin| span.contains(origin.span))
            .min_by_key(|origin| (origin.span.start, std::cmp::Reverse(origin.span.end)))
    }

    /// The run-time value in `expr`: its place here, why it is one, where it is declared, and the way
    /// through names.
    fn trace(&self, span: Span) -> Option<(Span, String, Option<Span>, Vec<Span>)> {
        let first = self.first_origin(span)?;
        let (mut at, mut way) = (first, Vec::new());
        loop {
            match &at.kind {
                OriginKind::Made { why, declared } => {
                    return Some((first.span, why.clone(), *declared, way));
                }
                OriginKind::Through(value) if way.len() < 8 => {
                    way.push(*value);
                    match self.first_origin(*value) {
                        Some(next) if !way.contains(&next.span) || next.span == *value => at = next,
                        _ => return None,
                    }
                }
                OriginKind::Through(_) => return None,
            }
        }
    }

    /// Reports that `expr` is known only in a run, where what it is for must be known before.
    pub(super) fn too_early(&mut self, expr: &'p Expr, role: &Role<'_>, wanted: &str) -> Type {
        let (place, why, declared, way) = self.trace(expr.span).unwrap_or_else(|| {
            (
                expr.span,
                "is known only while the pipeline runs".to_owned(),
                None,
                Vec::new(),
            )
        });
        let text = self.short_text(place);
        let command = self.command_field(role);
        let code = match command {
            Some(_) => &codes::RUNTIME_IN_COMMAND,
            None => &codes::RUNTIME_VALUE,
        };
        let message = match command {
            Some(field) => format!("`{text}` cannot be part of `{field}`: it {why}"),
            None => format!("{wanted} must be known when compiling, and `{text}` {why}"),
        };
        let mut diagnostic = Diagnostic::error(code, place, message).label("not known yet");
        for span in &way {
            diagnostic = diagnostic.also(*span, "it comes from here");
        }
        if let Some(declared) = declared {
            diagnostic = diagnostic.also(declared, "made in a run");
        }
        diagnostic = match command {
            Some(field) => {
                let name = variable_name(&text);
                diagnostic.help(format!(
                    "give it to the commands as a variable: write `env = {{ {name} = {text} }}` beside `{field}`, and `\"${name}\"` in the command"
                ))
            }
            None => diagnostic.help(self.how_to_wait(role, &text)),
        };
        self.error(expr.span, diagnostic)
    }

    /// The field that a role is about, where beside it `env` takes run-time values.
    fn command_field<'r>(&self, role: &'r Role<'_>) -> Option<&'r str> {
        let Role::Field { name, schema, .. } = role.outermost() else {
            return None;
        };
        let schema = self.types.schema(self.program, *schema)?;
        let env = schema.fields.get("env")?;
        let field = schema.fields.get(*name)?;
        let text = Type::output(Type::String);
        let takes_outputs = self.fits(&Type::map(text), &env.ty);
        (takes_outputs && *name != "env" && is_command(&field.ty)).then_some(*name)
    }

    fn how_to_wait(&self, role: &Role<'_>, text: &str) -> String {
        match role.outermost() {
            Role::Variable(name, _) => {
                format!("leave the type of `{name}` out, or write `Output<…>` around it")
            }
            Role::Result(..) => "make the result's type an `Output<…>`".to_owned(),
            Role::Other(_) | Role::Block(..) => {
                "what decides the shape of a pipeline must stand in the file: use a value that is known when compiling; what depends on the run goes into `env` or `when`"
                    .to_owned()
            }
            _ => format!(
                "write the value itself; `{text}` can go into `env`, `when` or a message, which a run evaluates"
            ),
        }
    }

    /// The text of an expression, on one line and not too long, for a message.
    pub(super) fn short_text(&self, span: Span) -> String {
        let text: Vec<&str> = self.sources.text(span).split_whitespace().collect();
        let text = text.join(" ");
        if text.chars().count() <= 40 {
            return text;
        }
        let start: String = text.chars().take(37).collect();
        format!("{start}…")
    }

    /// Whether a type fits if run-time values were known.
    pub(super) fn fits_without_outputs(&self, actual: &Type, wanted: &Type) -> bool {
        self.fits(&without_outputs(actual), wanted)
    }
}

/// Whether a field holds commands: plain text, or what the standard library calls a `Command`.
fn is_command(ty: &Type) -> bool {
    match ty {
        Type::String => true,
        Type::Named(named) => named.name == "Command",
        Type::List(element) => is_command(element),
        Type::Union(members) => members.iter().any(is_command),
        _ => false,
    }
}
