//! Blocks in a body: the kind, the label, what it is made of.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::diagnostics::codes::blocks as codes;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::source::Span;
use crate::syntax::ast::{Block, BlockValue, BodyItem, Cardinality, Label};
use crate::types::check::Checker;
use crate::types::check::body::{Mode, Seen, meant};
use crate::types::check::role::Role;
use crate::types::{BlockKind, Known, Schema, Shape, Type};

impl<'p> Checker<'p> {
    /// `kind label { … }` and its other forms.
    pub(super) fn body_block(
        &mut self,
        block: &'p Block,
        schema: &Rc<Schema>,
        mode: &Mode,
        seen: &mut Seen,
    ) {
        let Some(kind) = schema.blocks.get(&block.kind.name) else {
            seen.broken = true;
            seen.unknown.push(block.kind.name.clone());
            self.no_kind(block, schema, seen);
            return;
        };
        let errors = self.problems.len();
        let fixed = block.label.as_ref().and_then(Label::fixed);
        let mut shape = &kind.shape;
        if let Shape::ByLabel(choices) = &kind.shape {
            match self.choice(block, choices) {
                Some(choice) => shape = choice,
                None => {
                    seen.broken = true;
                    self.poisoned.push(block.span);
                    return;
                }
            }
        }
        if matches!(shape, Shape::Later) {
            let (place, name) = match (&kind.shape, &block.label) {
                (Shape::ByLabel(_), Some(label)) => (
                    label.span(),
                    format!("{} {}", kind.kind, fixed.clone().unwrap_or_default()),
                ),
                _ => (block.kind.span, kind.kind.to_string()),
            };
            self.later(place, &name, kind.span);
            self.poisoned.push(block.span);
            return;
        }
        self.count(block, kind, fixed.clone(), seen);
        let old = match mode {
            Mode::Overlay(known) => known
                .as_ref()
                .and_then(|known| overlaid(known, kind, &fixed)),
            _ => None,
        };
        let inner = match (mode, old) {
            (Mode::Block, _) => Mode::Block,
            // An instance that may become a block: what stands in it is whole.
            (Mode::Value, _) => Mode::Block,
            (Mode::Overlay(_), Some(old)) => Mode::Overlay(old),
            (Mode::Overlay(_), None) => Mode::Overlay(None),
        };
        self.block_of(block, shape, inner, Some(kind));
        if self.problems.len() > errors {
            seen.broken = true;
        }
    }

    /// How many there are of a kind, and whether labels are unique.
    fn count(&mut self, block: &Block, kind: &BlockKind, label: Option<SmolStr>, seen: &mut Seen) {
        let place = block.label.as_ref().map_or(block.kind.span, Label::span);
        let first = seen.kinds.get(&kind.kind).copied();
        seen.kinds.entry(kind.kind.clone()).or_insert(place);
        if kind.cardinality != Cardinality::Many {
            if let Some(first) = first {
                let diagnostic = Diagnostic::error(
                    &codes::TOO_MANY,
                    block.kind.span,
                    format!("there can be only one `{}` here", kind.kind),
                )
                .label("a second one")
                .also(first, "the first one")
                .also(kind.span, "declared as a single block here")
                .help("remove one, or write both as one");
                self.error(block.span, diagnostic);
            }
            return;
        }
        let Some(label) = label.filter(|_| !matches!(kind.shape, Shape::ByLabel(_))) else {
            return;
        };
        let key = (kind.kind.clone(), label);
        if let Some(first) = seen.labels.get(&key) {
            let first = *first;
            self.label_twice(&kind.kind, &key.1, place, first);
            self.poisoned.push(block.span);
            return;
        }
        seen.labels.insert(key, place);
    }

    /// Two blocks of a kind with one label.
    pub(super) fn label_twice(&mut self, kind: &str, name: &str, place: Span, first: Span) {
        let diagnostic = Diagnostic::error(
            &codes::LABEL_TWICE,
            place,
            format!("there are two of `{kind} {name}` here"),
        )
        .label("again here")
        .also(first, "first here")
        .help("give one of the two another label");
        self.error(place, diagnostic);
    }

    /// The schema that a label picks.
    fn choice<'s>(
        &mut self,
        block: &'p Block,
        choices: &'s crate::collections::IndexMap<SmolStr, Shape>,
    ) -> Option<&'s Shape> {
        let kind = &block.kind.name;
        let names: Vec<&str> = choices
            .iter()
            .filter(|(_, shape)| !matches!(shape, Shape::Later))
            .map(|(name, _)| name.as_str())
            .collect();
        let Some(label) = &block.label else {
            let diagnostic = Diagnostic::error(
                &codes::LABEL_MISSING,
                block.kind.span,
                format!("`{kind}` needs a label, which says what kind of `{kind}` it is"),
            )
            .label("no label")
            .help(format!(
                "write `{kind} LABEL`, with one of {}",
                list_names(names, 12)
            ));
            self.error(block.span, diagnostic);
            return None;
        };
        let Some(name) = label.fixed() else {
            let diagnostic = Diagnostic::error(
                &codes::LABEL_NOT_A_CHOICE,
                label.span(),
                format!("the label of `{kind}` says what it is made of and cannot be computed"),
            )
            .help(format!("write one of {}", list_names(names, 12)));
            self.error(label.span(), diagnostic);
            return None;
        };
        if let Some(shape) = choices.get(&name) {
            return Some(shape);
        }
        let diagnostic = Diagnostic::error(
            &codes::LABEL_NOT_A_CHOICE,
            label.span(),
            format!("there is no `{kind} {name}`"),
        );
        let diagnostic = match did_you_mean(&name, names.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                label.span(),
                near,
            ),
            None => diagnostic.note(format!("the labels are {}", list_names(names, 12))),
        };
        self.error(label.span(), diagnostic);
        None
    }

    /// A block of a shape: label and value.
    pub(super) fn block_of(
        &mut self,
        block: &'p Block,
        shape: &Shape,
        mode: Mode,
        kind: Option<&BlockKind>,
    ) {
        if let Some(label) = &block.label {
            self.label(label);
        }
        let id = match shape {
            Shape::Output(_) => return self.output_block(block),
            Shape::Schema(id) => *id,
            _ => return,
        };
        let Some(schema) = self.types.schema(self.program, id) else {
            return;
        };
        if !kind.is_some_and(|kind| matches!(kind.shape, Shape::ByLabel(_))) {
            self.label_allowed(block, &schema, &mode);
        }
        self.refers(id, block.kind.span);
        match &block.value {
            BlockValue::None => {
                if matches!(mode, Mode::Block) {
                    self.missing_in_empty(block, &schema);
                }
            }
            BlockValue::Body(body) => {
                let base = match &mode {
                    Mode::Overlay(known) => known.clone(),
                    _ => None,
                };
                self.heads.insert(body.span, head(block));
                self.body(body, &schema, &mode, base.as_deref());
            }
            BlockValue::Value(value) => {
                let wanted = Type::schema(id, schema.name.clone());
                let declared = kind.map_or(block.kind.span, |kind| kind.span);
                let role = Role::Block(&block.kind.name, declared);
                self.check(value, &wanted, &role);
            }
        }
    }

    /// Whether a block of this schema has the label that it must have, and none that it cannot have.
    fn label_allowed(&mut self, block: &Block, schema: &Schema, mode: &Mode) {
        let kind = &block.kind.name;
        match (&block.label, schema.label()) {
            (Some(label), None) => {
                let diagnostic = Diagnostic::error(
                    &codes::LABEL_NOT_ALLOWED,
                    label.span(),
                    format!("`{kind}` has no label"),
                )
                .label("not wanted")
                .help(format!("write `{kind} {{ … }}`"));
                let gap = Span::new(label.span().source, block.kind.span.end, label.span().end);
                let diagnostic = diagnostic.likely_fix("remove the label", gap, "");
                self.problems.push(diagnostic);
            }
            (None, Some(name)) if name.required && !matches!(mode, Mode::Overlay(Some(_))) => {
                let diagnostic = Diagnostic::error(
                    &codes::LABEL_MISSING,
                    block.kind.span,
                    format!("`{kind}` needs a label: its name"),
                )
                .label("no label")
                .also(name.span, "the label is declared here")
                .help(format!("write `{kind} NAME`"));
                self.error(block.span, diagnostic);
                self.incomplete.insert(match &block.value {
                    BlockValue::Body(body) => body.span,
                    _ => block.span,
                });
            }
            _ => {}
        }
    }

    /// `output VpcId`: a label, and nothing else.
    fn output_block(&mut self, block: &'p Block) {
        let kind = &block.kind.name;
        if block.label.is_none() {
            let diagnostic = Diagnostic::error(
                &codes::LABEL_MISSING,
                block.kind.span,
                format!("`{kind}` needs a label: the name of what the run makes"),
            )
            .label("no label")
            .help(format!("write `{kind} NAME`"));
            self.error(block.span, diagnostic);
        }
        let span = match &block.value {
            BlockValue::None => return,
            BlockValue::Body(body) => body.span,
            BlockValue::Value(value) => value.span,
        };
        let diagnostic = Diagnostic::error(
            &codes::OUTPUT_WITH_VALUE,
            span,
            format!("`{kind}` declares what a run makes, it has no value here"),
        )
        .label("not possible")
        .help(format!("write `{kind} NAME` alone"));
        self.error(block.span, diagnostic);
    }

    /// A kind of block that the schema does not have.
    fn no_kind(&mut self, block: &'p Block, schema: &Rc<Schema>, seen: &Seen) {
        let (kind, what) = (&block.kind, &seen.what);
        if self.is_partial(schema.id.module) {
            self.silent(block.span);
            return;
        }
        if let Some(field) = schema.fields.get(&kind.name) {
            if *field.ty.base() == Type::Later {
                self.later(kind.span, &kind.name, field.span);
                self.poisoned.push(block.span);
                return;
            }
            let mut diagnostic = Diagnostic::error(
                &codes::FIELD_AS_BLOCK,
                kind.span,
                format!("`{}` is a field, not a block", kind.name),
            )
            .label("written without `=`")
            .also(field.span, "declared as a field here")
            .help(format!("write `{} = …`", kind.name));
            if let (None, BlockValue::Body(body)) = (&block.label, &block.value)
                && body
                    .items
                    .iter()
                    .all(|item| matches!(item, BodyItem::Field(_)))
                && self.takes_object(&field.ty)
            {
                let place = Span::new(kind.span.source, kind.span.end, kind.span.end);
                diagnostic = diagnostic.fix("add the `=`", place, " =");
            }
            self.error(block.span, diagnostic);
            return;
        }
        let known: Vec<&str> = schema
            .blocks
            .values()
            .filter(|kind| !matches!(kind.shape, Shape::Later))
            .map(|kind| kind.kind.as_str())
            .collect();
        let mut diagnostic = Diagnostic::error(
            &codes::UNKNOWN_BLOCK,
            kind.span,
            format!("`{what}` has no block `{}`", kind.name),
        )
        .label("not known");
        diagnostic = if let Some(near) = did_you_mean(&kind.name, known.iter().copied()) {
            let single = schema.blocks.get(near);
            let single = single.is_some_and(|kind| kind.cardinality != Cardinality::Many);
            meant(
                diagnostic,
                kind.span,
                near,
                single && seen.written.contains(near),
            )
        } else if let Some(owner) = self.kind_owner(schema, &kind.name) {
            diagnostic.help(format!(
                "`{}` is a block of `{owner}`: write it in there",
                kind.name
            ))
        } else if known.is_empty() {
            diagnostic.note("it has no blocks")
        } else {
            diagnostic.note(format!("its blocks are {}", list_names(known, 24)))
        };
        self.error(block.span, diagnostic);
    }

    fn takes_object(&self, ty: &Type) -> bool {
        ty.base()
            .members()
            .iter()
            .any(|member| match member.base() {
                Type::Map(_) | Type::Object(_) => true,
                Type::Union(_) => self.takes_object(member),
                _ => false,
            })
    }

    /// The kind of a block within `schema` that has blocks of the kind `name`.
    fn kind_owner(&self, schema: &Schema, name: &str) -> Option<SmolStr> {
        schema.blocks.values().find_map(|kind| {
            let Shape::Schema(id) = kind.shape else {
                return None;
            };
            let inner = self.types.schema(self.program, id)?;
            inner.blocks.contains_key(name).then(|| kind.kind.clone())
        })
    }

    /// How a block of a kind is written.
    pub(super) fn block_example(&self, kind: &BlockKind) -> String {
        let labelled = match &kind.shape {
            Shape::ByLabel(_) | Shape::Output(_) => true,
            Shape::Schema(id) => self
                .types
                .schema(self.program, *id)
                .is_some_and(|schema| schema.label().is_some_and(|name| name.required)),
            _ => false,
        };
        match (&kind.shape, labelled) {
            (Shape::Output(_), _) => format!("{} NAME", kind.kind),
            (_, true) => format!("{} NAME {{ … }}", kind.kind),
            (_, false) => format!("{} {{ … }}", kind.kind),
        }
    }
}

/// The block that is overlaid: `Some(known)` where there is one of that kind and label.
fn overlaid(known: &Known, kind: &BlockKind, label: &Option<SmolStr>) -> Option<Option<Rc<Known>>> {
    let old = match label {
        Some(label) => known.labels.get(label).filter(|old| old.kind == kind.kind),
        None => known.singles.get(&kind.kind),
    }?;
    match &old.ty {
        Type::Schema(schema) => Some(schema.known.clone()),
        _ => Some(None),
    }
}

/// The kind and label of a block: what a message about the whole block points at.
pub(super) fn head(block: &Block) -> Span {
    match &block.label {
        Some(label) => block.kind.span.to(label.span()),
        None => block.kind.span,
    }
}
