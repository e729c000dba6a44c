//! Numbers, durations, sizes.

use crate::eval::builtins::{Call, Given, Table};
use crate::eval::interpreter::Interpreter;
use crate::eval::operands::Stop;
use crate::eval::value::Kind;

pub(super) const TABLE: Table = &[
    ("abs", |i, c| match c.int(i, 0)?.checked_abs() {
        Some(value) => c.int_value(value),
        None => Err(i.overflow(c.span)),
    }),
    ("floor", |i, c| whole(i, c, f64::floor)),
    ("ceil", |i, c| whole(i, c, f64::ceil)),
    ("round", |i, c| whole(i, c, f64::round)),
    ("seconds", plain),
    ("bytes", plain),
];

fn whole<'a>(
    interpreter: &Interpreter<'a>,
    call: &Call<'_, 'a>,
    change: impl Fn(f64) -> f64,
) -> Given<'a> {
    let value = change(call.float(interpreter, 0)?);
    // 2^63 is the first number above every integer.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        return call.int_value(value as i64);
    }
    Err(interpreter.overflow(call.span))
}

fn plain<'a>(_: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    match call.value(0)?.kind {
        Kind::Duration(value) | Kind::Size(value) => call.int_value(value),
        _ => Err(Stop::Error),
    }
}
