//! Lists.

use std::cmp::Ordering;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::eval::builtins::{Call, Given, Table};
use crate::eval::interpreter::Interpreter;
use crate::eval::limits::bytes;
use crate::eval::operands::{Stop, needs_of};
use crate::eval::value::{Kind, Value};

pub(super) const TABLE: Table = &[
    ("range", range),
    ("first", |i, c| picked(i, c, |items| items.first())),
    ("last", |i, c| picked(i, c, |items| items.last())),
    ("sort", sort),
    ("unique", unique),
    ("reverse", reverse),
    ("flatten", flatten),
    ("zip", zip),
    ("chunks", chunks),
    ("index_of", index_of),
    ("any", |i, c| conditions(i, c, true)),
    ("all", |i, c| conditions(i, c, false)),
    ("sum", sum),
    ("min", |i, c| extreme(i, c, Ordering::Less)),
    ("max", |i, c| extreme(i, c, Ordering::Greater)),
];

fn range<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let first = call.int(interpreter, 0)?;
    let (start, end) = match &call.value(1)?.kind {
        Kind::Null => (0, first),
        _ => (first, call.int(interpreter, 1)?),
    };
    let step = call.int(interpreter, 2)?;
    if step == 0 {
        return Err(interpreter.bad_argument(call, 2, "a range with step 0 never ends".into()));
    }
    let distance = i128::from(end) - i128::from(start);
    let step_wide = i128::from(step);
    let count = if distance.signum() == step_wide.signum() {
        (distance.abs() + step_wide.abs() - 1) / step_wide.abs()
    } else {
        0
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    interpreter.room_for_elements(count, call.span)?;
    interpreter.charge(count, call.span)?;
    let items = std::iter::successors(Some(start), |at| at.checked_add(step)).take(count);
    let items = items
        .map(|at| Value::new(Kind::Int(at), call.span))
        .collect();
    interpreter.list(items, call.span)
}

fn picked<'a>(
    interpreter: &Interpreter<'a>,
    call: &Call<'_, 'a>,
    pick: impl for<'v> Fn(&'v [Value<'a>]) -> Option<&'v Value<'a>>,
) -> Given<'a> {
    match pick(&call.list(interpreter, 0)?.items) {
        Some(value) => Ok(value.clone()),
        None => call.null(),
    }
}

fn sort<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let mut items = call.list(interpreter, 0)?.items.clone();
    if let Some(stop) = needs_of(&items) {
        return Err(stop);
    }
    let mut failed = None;
    items.sort_by(|a, b| {
        interpreter.compare(a, b, call.span).unwrap_or_else(|stop| {
            failed.get_or_insert(stop);
            Ordering::Equal
        })
    });
    match failed {
        Some(stop) => Err(stop),
        None => interpreter.list(items, call.span),
    }
}

fn unique<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let list = call.list(interpreter, 0)?;
    let mut texts: crate::collections::HashSet<&SmolStr> = crate::collections::HashSet::default();
    let mut items: Vec<Value<'a>> = Vec::new();
    for item in &list.items {
        let known = match &item.kind {
            Kind::String(text) => {
                interpreter.charge(bytes(text.len()), call.span)?;
                !texts.insert(text)
            }
            _ => contains(interpreter, call, &items, item)?,
        };
        if !known {
            items.push(item.clone());
        }
    }
    interpreter.list(items, call.span)
}

fn contains<'a>(
    interpreter: &Interpreter<'a>,
    call: &Call<'_, 'a>,
    items: &[Value<'a>],
    item: &Value<'a>,
) -> Result<bool, Stop> {
    for other in items {
        if interpreter.equal(other, item, call.span)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn reverse<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let items = call
        .list(interpreter, 0)?
        .items
        .iter()
        .rev()
        .cloned()
        .collect();
    interpreter.list(items, call.span)
}

fn flatten<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let list = call.list(interpreter, 0)?;
    if let Some(stop) = needs_of(&list.items) {
        return Err(stop);
    }
    let mut items = Vec::new();
    for inner in &list.items {
        let Kind::List(inner) = &inner.kind else {
            return Err(interpreter.wrong_value(inner, "a list", call.span));
        };
        interpreter.charge(inner.items.len(), call.span)?;
        interpreter.room_for_elements(items.len() + inner.items.len(), call.span)?;
        items.extend(inner.items.iter().cloned());
    }
    interpreter.list(items, call.span)
}

fn zip<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let first = call.list(interpreter, 0)?;
    let second = call.list(interpreter, 1)?;
    let pairs = first.items.iter().zip(&second.items);
    let pairs: Result<Vec<Value<'a>>, Stop> = pairs
        .map(|(a, b)| {
            let entries = [("first", a), ("second", b)];
            object(interpreter, call, entries)
        })
        .collect();
    interpreter.list(pairs?, call.span)
}

/// An object of two entries.
pub(super) fn object<'a, const N: usize>(
    interpreter: &Interpreter<'a>,
    call: &Call<'_, 'a>,
    entries: [(&'static str, &Value<'a>); N],
) -> Given<'a> {
    let entries: IndexMap<SmolStr, Value<'a>> = entries
        .into_iter()
        .map(|(key, value)| (SmolStr::new_static(key), value.clone()))
        .collect();
    interpreter.entries(entries, false, call.span)
}

fn chunks<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let list = call.list(interpreter, 0)?;
    let size = call.int(interpreter, 1)?;
    let size = match usize::try_from(size) {
        Ok(size) if size > 0 => size,
        _ => {
            let message = format!("a piece has at least one element, not {size}");
            return Err(interpreter.bad_argument(call, 1, message));
        }
    };
    let pieces: Result<Vec<Value<'a>>, Stop> = list
        .items
        .chunks(size)
        .map(|piece| interpreter.list(piece.to_vec(), call.span))
        .collect();
    interpreter.list(pieces?, call.span)
}

fn index_of<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let list = call.list(interpreter, 0)?;
    let wanted = call.value(1)?;
    for (index, item) in list.items.iter().enumerate() {
        if interpreter.equal(item, wanted, call.span)? {
            return call.count(index);
        }
    }
    call.null()
}

/// Whether one of the conditions is `wanted`; the answer is `wanted` then.
fn conditions<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>, wanted: bool) -> Given<'a> {
    let list = call.list(interpreter, 0)?;
    let holds = |item: &Value<'a>| matches!(item.kind, Kind::Bool(value) if value == wanted);
    if list.items.iter().any(holds) {
        return call.bool_value(wanted);
    }
    match needs_of(&list.items) {
        Some(stop) => Err(stop),
        None => call.bool_value(!wanted),
    }
}

fn sum<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>) -> Given<'a> {
    let list = call.list(interpreter, 0)?;
    if let Some(stop) = needs_of(&list.items) {
        return Err(stop);
    }
    let mut total: i64 = 0;
    for item in &list.items {
        let Kind::Int(value) = item.kind else {
            return Err(interpreter.wrong_value(item, "an integer", call.span));
        };
        total = total
            .checked_add(value)
            .ok_or_else(|| interpreter.overflow(call.span))?;
    }
    call.int_value(total)
}

fn extreme<'a>(interpreter: &Interpreter<'a>, call: &Call<'_, 'a>, wanted: Ordering) -> Given<'a> {
    let list = call.list(interpreter, 0)?;
    if let Some(stop) = needs_of(&list.items) {
        return Err(stop);
    }
    let mut items = list.items.iter();
    let Some(mut best) = items.next() else {
        return call.null();
    };
    for item in items {
        if interpreter.compare(item, best, call.span)? == wanted {
            best = item;
        }
    }
    Ok(best.clone())
}
