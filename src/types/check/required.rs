//! What a block lacks: one message for all of it.

use std::rc::Rc;

use crate::diagnostics::codes::blocks as codes;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::source::Span;
use crate::syntax::ast::{Block, Cardinality, FieldModifier};
use crate::types::check::Checker;
use crate::types::check::block::head;
use crate::types::check::body::Seen;
use crate::types::{BlockKind, Schema, Shape};

/// So deep blocks that stand by themselves are followed.
const MOST_DEPTH: usize = 16;

impl<'p> Checker<'p> {
    /// Reports everything that the body at `span` lacks.
    pub(super) fn missing(&mut self, span: Span, schema: &Rc<Schema>, seen: &Seen) {
        let place = self.heads.get(&span).copied().unwrap_or(span);
        if self.report_missing(place, schema, seen) {
            self.incomplete.insert(span);
        }
    }

    /// Reports everything that a block without a body lacks.
    pub(super) fn missing_in_empty(&mut self, block: &Block, schema: &Rc<Schema>) {
        let seen = Seen {
            what: self.short_text(head(block)),
            ..Seen::default()
        };
        if self.report_missing(head(block), schema, &seen) {
            self.incomplete.insert(block.span);
        }
    }

    fn report_missing(&mut self, place: Span, schema: &Rc<Schema>, seen: &Seen) -> bool {
        let fields = schema.fields.values().filter(|field| {
            field.required
                && field.name != "name"
                && field.modifier == FieldModifier::None
                && !seen.fields.contains_key(&field.name)
                && !meant(seen, &field.name)
        });
        let fields: Vec<_> = fields.collect();
        let blocks: Vec<&BlockKind> = schema
            .blocks
            .values()
            .filter(|kind| {
                kind.cardinality == Cardinality::One
                    && !seen.kinds.contains_key(&kind.kind)
                    && !meant(seen, &kind.kind)
                    && self.must_be_written(kind, 0)
            })
            .collect();
        // Where something could not be read, it may be just that.
        if seen.unreadable {
            return true;
        }
        let names = fields
            .iter()
            .map(|field| field.name.as_str())
            .chain(blocks.iter().map(|kind| kind.kind.as_str()));
        let names: Vec<&str> = names.collect();
        if names.is_empty() {
            return false;
        }
        let mut diagnostic = Diagnostic::error(
            &codes::MISSING,
            place,
            format!("`{}` lacks {}", seen.what, list_names(names, 12)),
        )
        .label(if fields.len() + blocks.len() == 1 {
            "something required is missing"
        } else {
            "required things are missing"
        });
        let mut help = Vec::new();
        for field in &fields {
            let what = format!("`{}: {}` is declared here", field.name, field.ty);
            diagnostic = diagnostic.also(field.span, what);
            help.push(format!("`{} = …`", field.name));
        }
        for kind in &blocks {
            diagnostic = diagnostic.also(kind.span, format!("`{}` is declared here", kind.kind));
            help.push(format!("`{}`", self.block_example(kind)));
        }
        let diagnostic = diagnostic.help(format!("add {}", help.join(", ")));
        self.problems.push(diagnostic);
        true
    }

    /// Whether a block that is one of a kind cannot stand by itself, empty.
    fn must_be_written(&self, kind: &BlockKind, depth: usize) -> bool {
        let id = match &kind.shape {
            Shape::Schema(id) => *id,
            Shape::ByLabel(_) | Shape::Output(_) => return true,
            Shape::Later | Shape::Error => return false,
        };
        let Some(schema) = self.types.schema(self.program, id) else {
            return false;
        };
        depth < MOST_DEPTH
            && (schema
                .fields
                .values()
                .any(|field| field.required && field.modifier == FieldModifier::None)
                || schema.blocks.values().any(|kind| {
                    kind.cardinality == Cardinality::One && self.must_be_written(kind, depth + 1)
                }))
    }
}

/// Whether one of the unknown names in a body was probably meant to be this one.
fn meant(seen: &Seen, name: &str) -> bool {
    let mut unknown = seen.unknown.iter();
    unknown.any(|wrong| wrong == name || did_you_mean(wrong, [name]).is_some())
}
