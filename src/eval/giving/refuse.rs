//! What does not fit: conditions and types.

use smol_str::SmolStr;

use crate::diagnostics::codes::{blocks, evaluation as codes, types};
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::eval::giving::Giving;
use crate::eval::interpreter::Interpreter;
use crate::eval::names::self_name;
use crate::eval::scope::Scope;
use crate::eval::value::{Kind, NamedKey, Value, merge_needs};
use crate::resolve::ItemId;
use crate::source::Span;
use crate::syntax::ast::Item;
use crate::types::{Literal, Refined, Type};

impl<'a> Interpreter<'a> {
    /// Tests a condition; reports it where it does not hold.
    pub(super) fn holds(
        &self,
        value: &Value<'a>,
        refined: &'a Refined,
        giving: &Giving<'_, 'a>,
    ) -> bool {
        let memo = match &value.kind {
            Kind::String(text) => {
                let key = (
                    std::ptr::from_ref(&*refined.condition) as usize,
                    text.clone(),
                );
                if self.tested.borrow().contains(&key) {
                    return true;
                }
                Some(key)
            }
            _ => None,
        };
        let scope = Scope::module(refined.module).bind(self_name(), value.clone());
        let condition = &refined.condition;
        let place = self.place_of(value, giving);
        let result = self.called_at(place, || self.eval(&condition.condition, &scope));
        match result.kind {
            Kind::Bool(true) => {
                if let Some(key) = memo {
                    self.tested.borrow_mut().insert(key);
                }
                return true;
            }
            Kind::Bool(false) => {}
            _ => return true,
        }
        let text = |expr| match self.called_at(place, || self.eval(expr, &scope)).kind {
            Kind::String(text) => Some(text),
            _ => None,
        };
        let message = condition.message.as_ref().and_then(text);
        let message = message.unwrap_or_else(|| match giving.named {
            Some(name) => format!("{} is no `{name}`", self.shown(value)).into(),
            None => format!("{} is not accepted here", self.shown(value)).into(),
        });
        let mut diagnostic = Diagnostic::error(&blocks::CONDITION, place, message);
        if let Some(help) = condition.help.as_ref().and_then(text) {
            diagnostic = diagnostic.help(help);
        }
        if let Some(name) = giving.named {
            diagnostic = diagnostic.label(format!("no `{name}`"));
        }
        let written = condition.condition.span;
        if !self.is_standard(written) {
            diagnostic = self.with_operands(diagnostic, &condition.condition, &scope);
            diagnostic = diagnostic.also(written, "this condition does not hold");
        }
        if !giving.place.contains(place) && !self.is_standard(giving.place) {
            let used = match giving.data {
                true => "read here".to_owned(),
                false => format!("used here for {}", giving.what),
            };
            diagnostic = diagnostic.also(giving.place, used);
        }
        self.report_in(giving.scope, diagnostic);
        false
    }

    /// The place to point at for a value: its own, unless that is in the standard library.
    pub(super) fn place_of(&self, value: &Value<'a>, giving: &Giving<'_, 'a>) -> Span {
        if self.is_standard(value.span) {
            giving.place
        } else {
            value.span
        }
    }

    pub(super) fn read_here(
        &self,
        diagnostic: Diagnostic,
        place: Span,
        giving: &Giving<'_, 'a>,
    ) -> Diagnostic {
        if giving.data && !giving.place.contains(place) && !self.is_standard(giving.place) {
            return diagnostic.also(giving.place, "read here");
        }
        diagnostic
    }

    /// A value that does not fit. The checker finds all of these but for data that was read.
    pub(super) fn refuse(&self, value: Value<'a>, ty: &Type, giving: &Giving<'_, 'a>) -> Value<'a> {
        if let Kind::Output(output) = &value.kind {
            match giving.lifted {
                Some(lifted) => {
                    merge_needs(&mut lifted.borrow_mut(), &output.needs);
                    return value;
                }
                None => self.report_in(
                    giving.scope,
                    self.too_late(output, output.expression, giving.what),
                ),
            }
            return Value::error(value.span);
        }
        let code = if giving.data {
            &codes::DATA_TYPE
        } else {
            &types::MISMATCH
        };
        let place = self.place_of(&value, giving);
        let wanted = match giving.named {
            Some(name) if name != ty.to_string() => format!("`{name}` ({ty})"),
            _ => format!("`{ty}`"),
        };
        let mut diagnostic = Diagnostic::error(
            code,
            place,
            format!("{wanted} is wanted, and this is {}", value.describe()),
        );
        diagnostic = match (&value.kind, literal_texts(ty)) {
            (Kind::String(text), texts) if !texts.is_empty() => {
                let known = texts.iter().map(SmolStr::as_str);
                match did_you_mean(text, known.clone()) {
                    Some(near) => diagnostic.help(format!("did you mean `{near:?}`?")),
                    None => diagnostic.note(format!("it may be {}", list_names(known, 12))),
                }
            }
            // A number as it is written, not as it is kept.
            (Kind::Int(_) | Kind::Float(_), _) if giving.data => {
                let written = match self.is_data(value.span) {
                    true => format!("`{}`", self.text_of(value.span)),
                    false => self.shown(&value),
                };
                diagnostic.note(format!("the value is {written}"))
            }
            _ => diagnostic.note(format!("the value is {}", self.shown(&value))),
        };
        let wanted = ty.without_null();
        let help = match (&value.kind, wanted.base()) {
            (Kind::String(_), Type::Int) => Some("remove the quotes"),
            (Kind::String(_), Type::Duration) => {
                Some("read it as a `String`, and make it a duration by `to_duration`")
            }
            (Kind::String(_), Type::Size) => {
                Some("read it as a `String`, and make it a size by `to_size`")
            }
            (Kind::Int(_) | Kind::Float(_), Type::Duration) if giving.data => Some(
                "write it with its unit, `\"5m\"`, read it as a `String`, and make it a duration by `to_duration`",
            ),
            (Kind::Int(_) | Kind::Float(_), Type::Size) if giving.data => Some(
                "write it with its unit, `\"5Gi\"`, read it as a `String`, and make it a size by `to_size`",
            ),
            (Kind::Int(_) | Kind::Float(_), Type::String) if giving.data => {
                Some("put it in quotes")
            }
            _ => None,
        };
        if let Some(help) = help {
            diagnostic = diagnostic.help(help);
        }
        self.report_in(giving.scope, self.read_here(diagnostic, place, giving));
        Value::error(value.span)
    }

    /// The key that values of a named type carry; `None` where it has no computed members.
    pub(super) fn named_key(&self, id: ItemId, ty: &Type) -> Option<NamedKey> {
        if let Some(known) = self.named.borrow().keys.get(&id) {
            return *known;
        }
        let mut chain = vec![id];
        let mut inner = ty;
        loop {
            inner = match inner {
                Type::Named(named) => {
                    chain.push(named.id);
                    &named.ty
                }
                Type::Refined(refined) => &refined.base,
                _ => break,
            };
        }
        let has_members = |id: &ItemId| matches!(self.program.item(*id), Some(Item::Type(item)) if !item.members.is_empty());
        let mut table = self.named.borrow_mut();
        let key = if chain.iter().any(has_members) {
            table.chains.push(chain);
            let count = u32::try_from(table.chains.len()).unwrap_or(u32::MAX);
            std::num::NonZeroU32::new(count).map(NamedKey)
        } else {
            None
        };
        table.keys.insert(id, key);
        key
    }
}

/// The texts among the literal types of a type.
fn literal_texts(ty: &Type) -> Vec<SmolStr> {
    let members = ty.base().members().iter();
    members
        .filter_map(|member| match member {
            Type::Literal(Literal::String(text)) => Some(text.clone()),
            _ => None,
        })
        .collect()
}
