//! `match`.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::types;
use crate::eval::interpreter::Interpreter;
use crate::eval::operands::{Result, Stop};
use crate::eval::scope::Scope;
use crate::eval::value::{Kind, Value};
use crate::source::Span;
use crate::syntax::ast::{Arm, Expr, Pattern};

impl<'a> Interpreter<'a> {
    pub(super) fn match_expr(
        &self,
        subject: &'a Expr,
        arms: &'a [Arm],
        span: Span,
        scope: &Scope<'a>,
    ) -> Result<Value<'a>> {
        let value = self.eval(subject, scope);
        match &value.kind {
            Kind::Error => return Err(Stop::Error),
            Kind::Output(_) => {
                let scopes: Vec<Scope<'a>> = arms
                    .iter()
                    .map(|arm| {
                        arm.patterns
                            .iter()
                            .fold(scope.clone(), |scope, pattern| match pattern {
                                Pattern::Name(name) | Pattern::Typed(name, _) => {
                                    scope.bind(&name.name, value.clone())
                                }
                                Pattern::Any(_) | Pattern::Literal(_) => scope,
                            })
                    })
                    .collect();
                let parts = arms
                    .iter()
                    .zip(&scopes)
                    .map(|(arm, scope)| (&arm.value, scope));
                let others = self.looked_at(parts);
                return Err(self.lifted(&value, &others));
            }
            _ => {}
        }
        for arm in arms {
            for pattern in &arm.patterns {
                let name = match pattern {
                    Pattern::Any(_) => None,
                    Pattern::Literal(literal) => {
                        let literal = self.eval(literal, scope);
                        if !self.equal(&value, &literal, span)? {
                            continue;
                        }
                        None
                    }
                    Pattern::Name(name) => Some(name),
                    Pattern::Typed(name, ty) => {
                        let ty = self.written_type(scope.module_id(), ty);
                        if !self.is_of(&value, ty) {
                            continue;
                        }
                        Some(name)
                    }
                };
                return Ok(match name {
                    Some(name) => self.eval(&arm.value, &scope.bind(&name.name, value)),
                    None => self.eval(&arm.value, scope),
                });
            }
        }
        let shown = self.shown(&value);
        let diagnostic = Diagnostic::error(
            &types::NOT_EXHAUSTIVE,
            span,
            format!("no arm of this `match` takes {shown}"),
        )
        .help("add an arm for it, or `_ => …` for everything else");
        self.report_in(scope, diagnostic);
        Err(Stop::Error)
    }
}
