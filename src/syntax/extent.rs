//! How far an item reaches.

use crate::source::Span;
use crate::syntax::ast::{BlockValue, Body, BodyItem, File, If, Item, SchemaItem};

/// The span of the first item of a file, at any depth, for which `begins` holds.
pub fn item_beginning_at(file: &File, begins: impl Fn(Span) -> bool) -> Option<Span> {
    let mut found: Option<Span> = None;
    let mut bodies: Vec<&Body> = Vec::new();
    let mut look = |span: Span| {
        if begins(span)
            && found.is_none_or(|other| (span.start, other.end) < (other.start, span.end))
        {
            found = Some(span);
        }
    };
    for item in &file.items {
        look(match item {
            Item::Use(item) => item.span,
            Item::Let(item) => item.span,
            Item::Function(item) => item.span,
            Item::Type(item) => item.span,
            Item::Schema(item) => item.span,
            Item::Policy(item) => item.span,
            Item::Block(item) => item.span,
            Item::Error(span) => *span,
        });
        match item {
            Item::Schema(schema) => schema.items.iter().for_each(|item| {
                look(match item {
                    SchemaItem::Field(item) => item.span,
                    SchemaItem::Block(item) => item.span,
                    SchemaItem::Let(item) => item.span,
                    SchemaItem::Assert(item) => item.span,
                    SchemaItem::Error(span) => *span,
                });
            }),
            Item::Policy(policy) => bodies.push(&policy.body),
            Item::Block(block) => bodies.extend(body_of(&block.value)),
            _ => {}
        }
    }
    while let Some(body) = bodies.pop() {
        for item in &body.items {
            look(match item {
                BodyItem::Field(item) => item.span,
                BodyItem::Block(item) => item.span,
                BodyItem::Let(item) => item.span,
                BodyItem::For(item) => item.span,
                BodyItem::If(item) => item.span,
                BodyItem::Assert(item) => item.span,
                BodyItem::Error(span) => *span,
            });
            match item {
                BodyItem::Block(block) => bodies.extend(body_of(&block.value)),
                BodyItem::For(item) => bodies.push(&item.body),
                BodyItem::If(If {
                    then, otherwise, ..
                }) => {
                    bodies.push(then);
                    bodies.extend(otherwise);
                }
                _ => {}
            }
        }
    }
    found
}

/// The body of a block; also that of `kind label = Schema { … }` and `… with { … }`.
fn body_of(value: &BlockValue) -> Option<&Body> {
    use crate::syntax::ast::ExprKind;
    match value {
        BlockValue::None => None,
        BlockValue::Body(body) => Some(body),
        BlockValue::Value(value) => match &value.kind {
            ExprKind::Instance { body, .. } | ExprKind::With(_, body) => Some(body),
            _ => None,
        },
    }
}
