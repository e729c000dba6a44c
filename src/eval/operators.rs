//! Operators.

use std::cmp::Ordering;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{evaluation as codes, types};
use crate::eval::interpreter::Interpreter;
use crate::eval::limits::bytes;
use crate::eval::operands::{Result, Stop, needs_of};
use crate::eval::scope::Scope;
use crate::eval::value::{Kind, Value};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, UnaryOp};

impl<'a> Interpreter<'a> {
    /// `!a`, `-a`
    pub(super) fn unary(&self, op: UnaryOp, of: Value<'a>, span: Span) -> Result<Value<'a>> {
        let overflow = || self.overflow(span);
        let kind = match (op, &of.kind) {
            (UnaryOp::Not, Kind::Bool(value)) => Kind::Bool(!value),
            (UnaryOp::Negate, Kind::Int(value)) => {
                Kind::Int(value.checked_neg().ok_or_else(overflow)?)
            }
            (UnaryOp::Negate, Kind::Duration(value)) => {
                Kind::Duration(value.checked_neg().ok_or_else(overflow)?)
            }
            (UnaryOp::Negate, Kind::Float(value)) => Kind::Float(-value),
            (UnaryOp::Not, _) => return Err(self.wrong_value(&of, "a truth value", span)),
            (UnaryOp::Negate, _) => return Err(self.wrong_value(&of, "a number", span)),
        };
        Ok(Value::new(kind, span))
    }

    /// `a + b` and its like.
    pub(super) fn binary(
        &self,
        op: BinaryOp,
        op_span: Span,
        (left, right): (&'a Expr, &'a Expr),
        span: Span,
        scope: &Scope<'a>,
    ) -> Result<Value<'a>> {
        match op {
            BinaryOp::And | BinaryOp::Or => {
                return self.logic(op == BinaryOp::And, left, right, span, scope);
            }
            BinaryOp::Coalesce => {
                let value = self.eval(left, scope);
                return match value.kind {
                    Kind::Null => Ok(self.eval(right, scope)),
                    Kind::Output(_) => {
                        let others = self.looked_at([(right, scope)]);
                        Err(self.lifted(&value, &others))
                    }
                    _ => Ok(value),
                };
            }
            _ => {}
        }
        let a = self.eval(left, scope);
        let b = self.eval(right, scope);
        if let Some(stop) = needs_of([&a, &b]) {
            return Err(stop);
        }
        let kind = match op {
            BinaryOp::Equal => Kind::Bool(self.equal(&a, &b, span)?),
            BinaryOp::NotEqual => Kind::Bool(!self.equal(&a, &b, span)?),
            BinaryOp::In => Kind::Bool(self.contains(&b, &a, span)?),
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
                let order = self.compare(&a, &b, span)?;
                Kind::Bool(match op {
                    BinaryOp::Less => order == Ordering::Less,
                    BinaryOp::LessEqual => order != Ordering::Greater,
                    BinaryOp::Greater => order == Ordering::Greater,
                    _ => order != Ordering::Less,
                })
            }
            _ => return self.arithmetic(op, op_span, &a, &b, span),
        };
        Ok(Value::new(kind, span))
    }

    fn logic(
        &self,
        and: bool,
        left: &'a Expr,
        right: &'a Expr,
        span: Span,
        scope: &Scope<'a>,
    ) -> Result<Value<'a>> {
        let value = self.eval(left, scope);
        match value.kind {
            Kind::Bool(holds) if holds != and => Ok(Value::new(Kind::Bool(holds), span)),
            Kind::Bool(_) => {
                let other = self.eval(right, scope);
                match other.kind {
                    Kind::Bool(holds) => Ok(Value::new(Kind::Bool(holds), span)),
                    _ => Err(self.wrong_value(&other, "a truth value", right.span)),
                }
            }
            Kind::Output(_) => {
                let others = self.looked_at([(right, scope)]);
                Err(self.lifted(&value, &others))
            }
            _ => Err(self.wrong_value(&value, "a truth value", left.span)),
        }
    }

    fn arithmetic(
        &self,
        op: BinaryOp,
        op_span: Span,
        a: &Value<'a>,
        b: &Value<'a>,
        span: Span,
    ) -> Result<Value<'a>> {
        use BinaryOp::{Add, Divide, Multiply, Remainder, Subtract};
        let zero = || self.division_by_zero(op_span, b);
        let int = |value: Option<i64>| value.ok_or_else(|| self.overflow(span));
        let kind = match (op, &a.kind, &b.kind) {
            (Add, Kind::String(a), Kind::String(b)) => {
                self.room_for_text(a.len().saturating_add(b.len()), span)?;
                return self.text(format!("{a}{b}"), span);
            }
            (Add, Kind::List(a), Kind::List(b)) => {
                self.room_for_elements(a.items.len().saturating_add(b.items.len()), span)?;
                self.charge(a.items.len() + b.items.len(), span)?;
                let items = a.items.iter().chain(&b.items).cloned().collect();
                return self.list(items, span);
            }
            (Add, Kind::Int(a), Kind::Int(b)) => Kind::Int(int(a.checked_add(*b))?),
            (Subtract, Kind::Int(a), Kind::Int(b)) => Kind::Int(int(a.checked_sub(*b))?),
            (Multiply, Kind::Int(a), Kind::Int(b)) => Kind::Int(int(a.checked_mul(*b))?),
            (Remainder, Kind::Int(_), Kind::Int(0)) => return Err(zero()),
            (Remainder, Kind::Int(a), Kind::Int(b)) => Kind::Int(int(a.checked_rem_euclid(*b))?),
            (Add, Kind::Duration(a), Kind::Duration(b)) => Kind::Duration(int(a.checked_add(*b))?),
            (Subtract, Kind::Duration(a), Kind::Duration(b)) => {
                Kind::Duration(int(a.checked_sub(*b))?)
            }
            (Multiply, Kind::Duration(a), Kind::Int(b))
            | (Multiply, Kind::Int(a), Kind::Duration(b)) => {
                Kind::Duration(int(a.checked_mul(*b))?)
            }
            (Add, Kind::Size(a), Kind::Size(b)) => Kind::Size(int(a.checked_add(*b))?),
            (Subtract, Kind::Size(a), Kind::Size(b)) => Kind::Size(int(a.checked_sub(*b))?),
            (Multiply, Kind::Size(a), Kind::Int(b)) | (Multiply, Kind::Int(a), Kind::Size(b)) => {
                Kind::Size(int(a.checked_mul(*b))?)
            }
            (Divide, Kind::Duration(_) | Kind::Size(_), Kind::Int(0)) => return Err(zero()),
            (Divide, Kind::Duration(a), Kind::Int(b)) => Kind::Duration(int(a.checked_div(*b))?),
            (Divide, Kind::Size(a), Kind::Int(b)) => Kind::Size(int(a.checked_div(*b))?),
            (Divide, Kind::Duration(_), Kind::Duration(0))
            | (Divide, Kind::Size(_), Kind::Size(0)) => {
                return Err(zero());
            }
            (Divide, Kind::Duration(a), Kind::Duration(b))
            | (Divide, Kind::Size(a), Kind::Size(b)) => {
                return self.float(*a as f64 / *b as f64, span);
            }
            (_, Kind::Int(_) | Kind::Float(_), Kind::Int(_) | Kind::Float(_)) => {
                let (x, y) = (number(a), number(b));
                return match op {
                    Add => self.float(x + y, span),
                    Subtract => self.float(x - y, span),
                    Multiply => self.float(x * y, span),
                    Divide if y == 0.0 => Err(zero()),
                    Divide => self.float(x / y, span),
                    _ => Err(self.no_operator(a, b, op_span)),
                };
            }
            _ => return Err(self.no_operator(a, b, op_span)),
        };
        Ok(Value::new(kind, span))
    }

    /// A number, which must be finite.
    pub(super) fn float(&self, value: f64, span: Span) -> Result<Value<'a>> {
        if value.is_finite() {
            return Ok(Value::new(Kind::Float(value), span));
        }
        Err(self.overflow(span))
    }

    /// A number became too large.
    pub(super) fn overflow(&self, span: Span) -> Stop {
        self.report(
            Diagnostic::error(&codes::OVERFLOW, span, "this number is too large")
                .note("an integer lies between -9223372036854775808 and 9223372036854775807"),
        );
        Stop::Error
    }

    fn division_by_zero(&self, op_span: Span, by: &Value<'a>) -> Stop {
        let mut diagnostic =
            Diagnostic::error(&codes::DIVISION_BY_ZERO, op_span, "this divides by zero");
        if !self.is_standard(by.span) {
            diagnostic = diagnostic.also(by.span, "this is 0");
        }
        self.report(diagnostic.help("divide where it is not 0: `if n != 0 { … } else { … }`"));
        Stop::Error
    }

    fn no_operator(&self, a: &Value<'a>, b: &Value<'a>, op_span: Span) -> Stop {
        self.report(Diagnostic::error(
            &types::MISMATCH,
            op_span,
            format!(
                "this does not go with {} and {}",
                a.describe(),
                b.describe()
            ),
        ));
        Stop::Error
    }

    /// Whether two values are equal. A run-time value in one of them makes the answer one.
    pub(super) fn equal(&self, a: &Value<'a>, b: &Value<'a>, span: Span) -> Result<bool> {
        self.charge(1, span)?;
        if let Some(stop) = needs_of([a, b]) {
            return Err(stop);
        }
        Ok(match (&a.kind, &b.kind) {
            (Kind::Null, Kind::Null) => true,
            (Kind::Bool(a), Kind::Bool(b)) => a == b,
            (Kind::Int(a), Kind::Int(b))
            | (Kind::Duration(a), Kind::Duration(b))
            | (Kind::Size(a), Kind::Size(b)) => a == b,
            (Kind::Int(_) | Kind::Float(_), Kind::Int(_) | Kind::Float(_)) => {
                number(a) == number(b)
            }
            (Kind::String(a), Kind::String(b)) => {
                self.charge(bytes(a.len().min(b.len())), span)?;
                a == b
            }
            (Kind::List(a), Kind::List(b)) => {
                if a.items.len() != b.items.len() {
                    return Ok(false);
                }
                for (a, b) in a.items.iter().zip(&b.items) {
                    if !self.equal(a, b, span)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Kind::Map(a), Kind::Map(b)) => {
                if a.entries.len() != b.entries.len() {
                    return Ok(false);
                }
                for (key, value) in &a.entries {
                    self.charge(bytes(key.len()), span)?;
                    match b.entries.get(key) {
                        Some(other) if self.equal(value, other, span)? => {}
                        _ => return Ok(false),
                    }
                }
                true
            }
            (Kind::Block(a), Kind::Block(b)) => std::ptr::eq(*a, *b),
            (Kind::Instance(a), Kind::Instance(b)) => std::ptr::eq(*a, *b),
            (Kind::Block(cell), Kind::Instance(instance))
            | (Kind::Instance(instance), Kind::Block(cell)) => {
                instance.cell.is_some_and(|own| std::ptr::eq(own, *cell))
            }
            (Kind::Secret(_), Kind::Secret(_)) => {
                return Err(self.wrong_value(a, "a value that can be compared", span));
            }
            _ => false,
        })
    }

    /// The order of two numbers, texts, durations or sizes.
    pub(super) fn compare(&self, a: &Value<'a>, b: &Value<'a>, span: Span) -> Result<Ordering> {
        self.charge(1, span)?;
        if let Some(stop) = needs_of([a, b]) {
            return Err(stop);
        }
        match (&a.kind, &b.kind) {
            (Kind::Int(a), Kind::Int(b))
            | (Kind::Duration(a), Kind::Duration(b))
            | (Kind::Size(a), Kind::Size(b)) => Ok(a.cmp(b)),
            (Kind::String(a), Kind::String(b)) => {
                self.charge(bytes(a.len().min(b.len())), span)?;
                Ok(a.cmp(b))
            }
            (Kind::Bool(a), Kind::Bool(b)) => Ok(a.cmp(b)),
            (Kind::Int(_) | Kind::Float(_), Kind::Int(_) | Kind::Float(_)) => {
                Ok(number(a).total_cmp(&number(b)))
            }
            _ => Err(self.no_operator(a, b, span)),
        }
    }

    fn contains(&self, holder: &Value<'a>, item: &Value<'a>, span: Span) -> Result<bool> {
        match (&holder.kind, &item.kind) {
            (Kind::List(list), _) => {
                let mut unknown = None;
                for other in &list.items {
                    match self.equal(other, item, span) {
                        Ok(true) => return Ok(true),
                        Ok(false) => {}
                        Err(stop) => unknown = Some(stop),
                    }
                }
                unknown.map_or(Ok(false), Err)
            }
            (Kind::Map(map), Kind::String(key)) => {
                self.charge(bytes(key.len()), span)?;
                Ok(map.entries.contains_key(key))
            }
            _ => Err(self.wrong_value(holder, "a list or a map", span)),
        }
    }
}

/// An integer or number as a number.
fn number(value: &Value<'_>) -> f64 {
    match value.kind {
        Kind::Int(value) => value as f64,
        Kind::Float(value) => value,
        _ => 0.0,
    }
}
