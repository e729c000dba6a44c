//! Types as a program would write them, for messages: short, never a dump.

use std::fmt;

use crate::types::{Literal, Type};

/// So many members of a union, or fields of an object, are shown.
const MOST: usize = 6;

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self, formatter, 3)
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Bool(value) => write!(formatter, "{value}"),
            Literal::Int(value) => write!(formatter, "{value}"),
            Literal::Float(value) => write!(formatter, "{value:?}"),
            Literal::String(text) => write!(formatter, "{text:?}"),
            Literal::Duration(seconds) => formatter.write_str(&duration(*seconds)),
            Literal::Size(bytes) => formatter.write_str(&size(*bytes)),
        }
    }
}

fn show(ty: &Type, out: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
    let Some(depth) = depth.checked_sub(1) else {
        return out.write_str("…");
    };
    match ty {
        Type::Error => out.write_str("…"),
        Type::Any => out.write_str("Any"),
        Type::Never => out.write_str("Never"),
        Type::Null => out.write_str("Null"),
        Type::Bool => out.write_str("Bool"),
        Type::Int => out.write_str("Int"),
        Type::Float => out.write_str("Float"),
        Type::String => out.write_str("String"),
        Type::Duration => out.write_str("Duration"),
        Type::Size => out.write_str("Size"),
        Type::Secret => out.write_str("Secret"),
        Type::Later => out.write_str("Later"),
        Type::Literal(literal) => write!(out, "{literal}"),
        Type::Schema(schema) => out.write_str(&schema.name),
        Type::Named(named) => out.write_str(&named.name),
        Type::Refined(refined) => show(&refined.base, out, depth + 1),
        Type::Parameter(name) => out.write_str(name),
        Type::List(element) => wrapped(out, "[", element, "]", depth),
        Type::Map(value) => wrapped(out, "Map<", value, ">", depth),
        Type::Output(inner) => wrapped(out, "Output<", inner, ">", depth),
        Type::Union(members) => show_union(members, out, depth),
        Type::Object(object) => {
            out.write_str("{ ")?;
            for (index, (name, field)) in object.fields.iter().enumerate() {
                if index > 0 {
                    out.write_str(", ")?;
                }
                if index == MOST {
                    out.write_str("…")?;
                    break;
                }
                let mark = if field.optional { "?" } else { "" };
                write!(out, "{name}{mark}: ")?;
                show(&field.ty, out, depth)?;
            }
            out.write_str(" }")
        }
    }
}

fn wrapped(
    out: &mut fmt::Formatter<'_>,
    open: &str,
    inner: &Type,
    close: &str,
    depth: usize,
) -> fmt::Result {
    out.write_str(open)?;
    show(inner, out, depth)?;
    out.write_str(close)
}

/// `A | B`, and `A?` or `(A | B)?` where `null` is among them.
fn show_union(members: &[Type], out: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
    let rest: Vec<&Type> = members.iter().filter(|ty| **ty != Type::Null).collect();
    let optional = rest.len() < members.len();
    if optional && rest.len() > 1 {
        out.write_str("(")?;
    }
    for (index, ty) in rest.iter().take(MOST).enumerate() {
        if index > 0 {
            out.write_str(" | ")?;
        }
        show(ty, out, depth + 1)?;
    }
    if rest.len() > MOST {
        write!(out, " | … {} more", rest.len() - MOST)?;
    }
    if optional && rest.len() > 1 {
        out.write_str(")")?;
    }
    if optional {
        out.write_str("?")?;
    }
    Ok(())
}

/// Seconds as a duration literal.
pub(crate) fn duration(seconds: i64) -> String {
    units(seconds, &[("d", 86_400), ("h", 3600), ("m", 60)], "s")
}

/// Bytes as a size literal, in the largest unit that holds it whole.
pub(crate) fn size(bytes: i64) -> String {
    let units = [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];
    let whole = units
        .iter()
        .find(|(_, power)| bytes != 0 && bytes % (1 << power) == 0);
    match whole {
        Some((unit, power)) => format!("{}{unit}", bytes / (1 << power)),
        None => format!("{bytes}B"),
    }
}

fn units(total: i64, larger: &[(&str, i64)], smallest: &str) -> String {
    if total == 0 {
        return format!("0{smallest}");
    }
    let mut text = if total < 0 {
        "-".to_owned()
    } else {
        String::new()
    };
    let mut rest = total.unsigned_abs();
    for (unit, seconds) in larger {
        let seconds = seconds.unsigned_abs();
        if rest >= seconds {
            text.push_str(&format!("{}{unit}", rest / seconds));
            rest %= seconds;
        }
    }
    if rest > 0 {
        text.push_str(&format!("{rest}{smallest}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_as_they_are_written() {
        let push = Type::Literal(Literal::String("push".into()));
        let union = Type::union([push.clone(), Type::Int, Type::Null]);
        assert_eq!(union.to_string(), "(\"push\" | Int)?");
        assert_eq!(Type::optional(Type::String).to_string(), "String?");
        assert_eq!(
            Type::map(Type::output(Type::String)).to_string(),
            "Map<Output<String>>"
        );
        let deep = Type::list(Type::list(Type::list(Type::list(Type::Int))));
        assert_eq!(deep.to_string(), "[[[…]]]");
    }

    #[test]
    fn durations_and_sizes_read_as_literals() {
        assert_eq!(duration(5400), "1h30m");
        assert_eq!(duration(0), "0s");
        assert_eq!(size(512 << 20), "512Mi");
        assert_eq!(size(1000), "1000B");
    }
}
