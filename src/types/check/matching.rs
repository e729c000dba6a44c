//! `match`: what each arm takes, what no arm takes, which arm is never reached.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::types as codes;
use crate::source::Span;
use crate::syntax::ast::{Arm, Expr, ExprKind, Pattern};
use crate::types::check::Checker;
use crate::types::check::role::Role;
use crate::types::check::scope::{Fact, Local};
use crate::types::{Lifted, Literal, Type, subtract, unlifted};

impl<'p> Checker<'p> {
    /// The type of a `match`: that of all its arms.
    pub(super) fn match_arms(
        &mut self,
        expr: &'p Expr,
        subject: &'p Expr,
        arms: &'p [Arm],
        wanted: Option<(&Type, &Role<'_>)>,
    ) -> Type {
        let ty = self.infer(subject, None);
        if ty == Type::Any {
            self.untyped(subject);
        }
        let (of, lifted) = unlifted(&ty);
        let of = if of == Type::Any {
            Type::Error
        } else {
            of.widened()
        };
        let path = self.path(subject).map(|(path, _)| path);
        let mut rest = of.clone();
        let mut result = Type::Never;
        for arm in arms {
            let before = rest.clone();
            let errors = self.problems.len();
            let (taken, locals) = self.patterns(&arm.patterns, &of, &mut rest, subject);
            let fits = self.problems.len() == errors;
            if before == Type::Never && !of.is_error() && fits {
                self.unreachable(arm);
            }
            let facts = self.place.facts.len();
            if let Some(path) = &path
                && taken != Type::Never
            {
                self.place.facts.push(Fact {
                    path: path.clone(),
                    ty: match lifted {
                        Lifted::No => taken,
                        _ => Type::output(taken),
                    },
                });
            }
            let one = self.with_locals(locals, |checker| checker.branch(&arm.value, wanted));
            self.place.facts.truncate(facts);
            result = self.types.join(self.program, result, one);
        }
        if !of.is_error() && rest != Type::Never {
            return self.not_exhaustive(expr, subject, &of, &rest);
        }
        match lifted {
            Lifted::No => result,
            _ => Type::output(unlifted(&result).0),
        }
    }

    /// What the patterns of one arm take together, and the names that they bind.
    fn patterns(
        &mut self,
        patterns: &'p [Pattern],
        of: &Type,
        rest: &mut Type,
        subject: &'p Expr,
    ) -> (Type, Vec<Local<'p>>) {
        let mut taken = Type::Never;
        let mut locals = Vec::new();
        for pattern in patterns {
            let one = match pattern {
                Pattern::Any(_) => {
                    let all = std::mem::replace(rest, Type::Never);
                    if all == Type::Never { of.clone() } else { all }
                }
                Pattern::Name(ident) => {
                    let all = std::mem::replace(rest, Type::Never);
                    let ty = if all == Type::Never { of.clone() } else { all };
                    locals.push(self.local(ident, ty.clone(), Some(subject)));
                    ty
                }
                Pattern::Literal(literal) => self.literal_pattern(literal, of, rest),
                Pattern::Typed(ident, written) => {
                    let ty = self.resolve(written);
                    self.depends_on(&ty, written.span);
                    self.pattern_fits(&ty, of, written.span);
                    *rest = subtract(rest, &ty);
                    let narrowed = self.narrowed_to(of, &ty);
                    if ident.name != "_" {
                        locals.push(self.local(ident, narrowed.clone(), Some(subject)));
                    }
                    narrowed
                }
            };
            taken = Type::union([taken, one]);
        }
        (taken, locals)
    }

    fn literal_pattern(&mut self, literal: &'p Expr, of: &Type, rest: &mut Type) -> Type {
        let ty = match &literal.kind {
            ExprKind::String(text) if text.fixed().is_none() => {
                let diagnostic = Diagnostic::error(
                    &codes::PATTERN,
                    literal.span,
                    "a pattern is a fixed text, nothing is interpolated in it",
                )
                .help("compare with `==` in an `if` instead");
                self.error(literal.span, diagnostic);
                return Type::Error;
            }
            _ => self.infer(literal, None),
        };
        self.pattern_fits(&ty, of, literal.span);
        *rest = subtract(rest, &ty);
        ty
    }

    /// Reports a pattern that nothing can match.
    fn pattern_fits(&mut self, ty: &Type, of: &Type, span: Span) {
        if ty.is_error() || of.is_error() || self.types.overlap(self.program, of, ty) {
            return;
        }
        let mut diagnostic = Diagnostic::error(
            &codes::PATTERN,
            span,
            format!("nothing here is ever `{ty}`"),
        )
        .note(format!("what is matched is `{of}`"));
        if let Type::Literal(Literal::String(text)) = ty {
            let choices = super::mismatch::string_literals(of);
            let names = choices.iter().map(|choice| choice.as_str());
            if let Some(near) = crate::diagnostics::did_you_mean(text, names) {
                diagnostic = diagnostic.help(format!("did you mean `{near:?}`?")).meant(
                    text,
                    near,
                    span,
                    format!("{near:?}"),
                );
            }
        }
        self.error(span, diagnostic);
    }

    /// The part of a type that is of another one.
    fn narrowed_to(&self, of: &Type, ty: &Type) -> Type {
        let members = of.base().members().iter();
        let known: Vec<Type> = members
            .filter(|member| self.fits(member, ty))
            .cloned()
            .collect();
        if known.is_empty() {
            return ty.clone();
        }
        Type::union(known)
    }

    fn unreachable(&mut self, arm: &Arm) {
        let Some(span) = arm.patterns.first().map(pattern_span) else {
            return;
        };
        let last = arm.patterns.last().map_or(span, pattern_span);
        self.warn(
            Diagnostic::warning(
                &codes::UNREACHABLE_ARM,
                span.to(last),
                "this arm is never reached",
            )
            .label("the arms before take everything")
            .help("remove it, or move it up"),
        );
    }

    fn not_exhaustive(&mut self, expr: &Expr, subject: &Expr, of: &Type, rest: &Type) -> Type {
        let missing: Vec<String> = rest
            .members()
            .iter()
            .map(|member| format!("`{member}`"))
            .collect();
        let shown = if missing.len() > 6 {
            let first: Vec<&str> = missing.iter().take(6).map(String::as_str).collect();
            format!("{} and {} more", first.join(", "), missing.len() - 6)
        } else {
            missing.join(", ")
        };
        let text = self.short_text(subject.span);
        let diagnostic = Diagnostic::error(
            &codes::NOT_EXHAUSTIVE,
            expr.span,
            format!("this `match` does not say what happens for {shown}"),
        )
        .label("not every case is taken")
        .also(subject.span, format!("`{text}` is `{of}`"))
        .help(match rest.members() {
            [Type::Literal(literal)] => format!("add `{literal} => …`"),
            [Type::Null] => "add `null => …`".to_owned(),
            _ => "add an arm for each, or `_ => …` for all others".to_owned(),
        });
        self.error(expr.span, diagnostic)
    }
}

fn pattern_span(pattern: &Pattern) -> Span {
    match pattern {
        Pattern::Any(span) => *span,
        Pattern::Literal(expr) => expr.span,
        Pattern::Name(ident) => ident.span,
        Pattern::Typed(ident, ty) => ident.span.to(ty.span),
    }
}
