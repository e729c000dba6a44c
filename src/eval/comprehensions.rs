//! Objects and comprehensions.

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::types;
use crate::eval::interpreter::Interpreter;
use crate::eval::operands::{Result, Stop};
use crate::eval::scope::Scope;
use crate::eval::value::{Kind, Value, merge_needs};
use crate::source::Span;
use crate::syntax::ast::{Clause, Expr, Label, ObjectEntry};

impl<'a> Interpreter<'a> {
    pub(super) fn object(
        &self,
        entries: &'a [ObjectEntry],
        span: Span,
        scope: &Scope<'a>,
    ) -> Result<Value<'a>> {
        let mut map = IndexMap::with_capacity_and_hasher(entries.len(), Default::default());
        for entry in entries {
            let key = match &entry.key {
                Label::Name(ident) => ident.name.clone(),
                Label::String(literal) => match Self::known(self.string(literal, scope)?)?.kind {
                    Kind::String(text) => text,
                    _ => return Err(Stop::Error),
                },
            };
            let value = self.eval(&entry.value, scope);
            self.insert(&mut map, key, value, entry.key.span())?;
        }
        self.entries(map, false, span)
    }

    pub(super) fn map_for(
        &self,
        (key, value): (&'a Expr, &'a Expr),
        clauses: &'a [Clause],
        span: Span,
        scope: &Scope<'a>,
    ) -> Result<Value<'a>> {
        let mut map = IndexMap::default();
        self.clauses(clauses, scope, &mut |scope| {
            let name = self.eval(key, scope);
            let Kind::String(text) = &name.kind else {
                return Err(self.wrong_value(&name, "a text as key", key.span));
            };
            let value = self.eval(value, scope);
            self.insert(&mut map, text.clone(), value.clone(), key.span)?;
            self.room_for_elements(map.len(), span)?;
            Ok(value)
        })?;
        self.map(map, span)
    }

    /// Adds an entry whose key must be new.
    pub(super) fn insert(
        &self,
        map: &mut IndexMap<SmolStr, Value<'a>>,
        key: SmolStr,
        value: Value<'a>,
        span: Span,
    ) -> Result<()> {
        if let Some(first) = map.get(&key) {
            let mut diagnostic = Diagnostic::error(
                &types::KEY_TWICE,
                span,
                format!("the key `{key}` stands twice in this map"),
            )
            .label("again here");
            if !self.is_standard(first.span) && first.span != value.span {
                diagnostic = diagnostic.also(first.span, "its first value");
            }
            self.report(diagnostic.help("give each entry a key of its own"));
            return Err(Stop::Error);
        }
        map.insert(key, value);
        Ok(())
    }

    /// Goes through the `for`s and `if`s of a comprehension; the last value that the inner work made.
    pub(super) fn clauses(
        &self,
        clauses: &'a [Clause],
        scope: &Scope<'a>,
        inner: &mut dyn FnMut(&Scope<'a>) -> Result<Value<'a>>,
    ) -> Result<Option<Value<'a>>> {
        let Some((clause, rest)) = clauses.split_first() else {
            return inner(scope).map(Some);
        };
        let mut last = None;
        match clause {
            Clause::For(binding) => {
                let value = self.eval(&binding.iterable, scope);
                if let Kind::Output(_) = value.kind {
                    // What the elements need is asked of one round with names that are not known.
                    let mut round = scope.bind(&binding.first.name, value.clone());
                    if let Some(name) = &binding.second {
                        round = round.bind(&name.name, value.clone());
                    }
                    let other = self.quietly(|| self.clauses(rest, &round, inner));
                    let mut stop = self.lifted(&value, other.as_ref().ok().into_iter().flatten());
                    if let (Stop::Needs(needs, _), Err(Stop::Needs(more, _))) = (&mut stop, other) {
                        merge_needs(needs, &more);
                    }
                    return Err(stop);
                }
                self.rounds(binding, &value, scope, |scope| {
                    last = self.clauses(rest, &scope, inner)?;
                    Ok(())
                })?;
            }
            Clause::If(condition) => {
                let value = self.eval(condition, scope);
                match value.kind {
                    Kind::Bool(true) => last = self.clauses(rest, scope, inner)?,
                    Kind::Bool(false) => {}
                    _ => return Err(self.wrong_value(&value, "a truth value", condition.span)),
                }
            }
        }
        Ok(last)
    }
}
