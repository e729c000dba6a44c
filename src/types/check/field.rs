//! Fields in a body, and what they are taken for that are none.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::diagnostics::codes::blocks as codes;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Field, FieldModifier};
use crate::types::check::Checker;
use crate::types::check::body::{Mode, Seen, meant};
use crate::types::check::role::Role;
use crate::types::{BlockKind, Schema, Shape, Type};

impl<'p> Checker<'p> {
    /// `field = value`
    pub(super) fn body_field(
        &mut self,
        field: &'p Field,
        schema: &Rc<Schema>,
        mode: &Mode,
        seen: &mut Seen,
    ) {
        let name = &field.name;
        if let Some(first) = seen.fields.get(&name.name) {
            let diagnostic = Diagnostic::error(
                &codes::FIELD_TWICE,
                name.span,
                format!("`{}` is set twice", name.name),
            )
            .label("again here")
            .also(*first, "first here")
            .help("remove one of the two");
            self.infer(&field.value, None);
            self.error(field.span, diagnostic);
            return;
        }
        let Some(known) = schema.fields.get(&name.name) else {
            seen.broken = true;
            seen.unknown.push(name.name.clone());
            // After the kind of a block a name is a label.
            let is_label = matches!(field.value.kind, ExprKind::Name(_))
                && schema.blocks.contains_key(&name.name);
            if !is_label {
                self.quiet_value(&field.value);
            }
            self.no_field(field, schema, seen);
            return;
        };
        seen.fields.insert(name.name.clone(), name.span);
        if known.modifier == FieldModifier::Runtime {
            let diagnostic = Diagnostic::error(
                &codes::NOT_SETTABLE,
                name.span,
                format!("`{}` is made in a run and cannot be set", name.name),
            )
            .label("a runtime field")
            .also(known.span, "declared here")
            .help("remove it");
            self.error(field.span, diagnostic);
            return;
        }
        if *known.ty.base() == Type::Later {
            self.later(name.span, &name.name, known.span);
            self.poisoned.push(field.span);
            return;
        }
        if name.name == "name" && matches!(mode, Mode::Block) {
            let diagnostic = Diagnostic::error(
                &codes::NAME_IS_LABEL,
                name.span,
                "the name of a block is its label",
            )
            .label("not written as a field")
            .also(known.span, "declared here")
            .help("write it after the kind: `environment dev { … }`");
            self.error(field.span, diagnostic);
            return;
        }
        let role = Role::Field {
            name: &name.name,
            schema: schema.id,
            declared: known.span,
        };
        if self.check(&field.value, &known.ty, &role).is_error() {
            seen.broken = true;
        }
    }

    /// Looks at a value of which nobody knows what it is for: names in it can still be wrong.
    fn quiet_value(&mut self, value: &'p Expr) {
        if !matches!(value.kind, ExprKind::Object(_)) {
            self.infer(value, None);
        }
    }

    /// A field that the schema does not have.
    fn no_field(&mut self, field: &'p Field, schema: &Rc<Schema>, seen: &Seen) {
        let (name, what) = (&field.name, &seen.what);
        if self.is_partial(schema.id.module) {
            self.silent(field.span);
            return;
        }
        if let Some(kind) = schema.blocks.get(&name.name) {
            if matches!(kind.shape, Shape::Later) {
                self.later(name.span, &name.name, kind.span);
                self.poisoned.push(field.span);
                return;
            }
            let diagnostic = self.block_as_field(field, kind);
            self.error(field.span, diagnostic);
            return;
        }
        if let Some(member) = schema.members.get(&name.name) {
            let diagnostic = Diagnostic::error(
                &codes::NOT_SETTABLE,
                name.span,
                format!("`{}` is computed and cannot be set", name.name),
            )
            .label("a computed member")
            .also(member.span, "computed here")
            .help("remove it");
            self.error(field.span, diagnostic);
            return;
        }
        let settable: Vec<&str> = schema
            .fields
            .values()
            .filter(|field| {
                field.modifier != FieldModifier::Runtime && *field.ty.base() != Type::Later
            })
            .map(|field| field.name.as_str())
            .collect();
        let mut diagnostic = Diagnostic::error(
            &codes::UNKNOWN_FIELD,
            name.span,
            format!("`{what}` has no field `{}`", name.name),
        )
        .label("not known");
        diagnostic = if let Some(near) = did_you_mean(&name.name, settable.iter().copied()) {
            meant(diagnostic, name.span, near, seen.written.contains(near))
        } else if let Some(near) =
            did_you_mean(&name.name, schema.blocks.keys().map(SmolStr::as_str))
        {
            diagnostic.help(format!("did you mean the block `{near} {{ … }}`?"))
        } else if let Some((kind, other)) = self.inner_owner(schema, &name.name) {
            diagnostic
                .help(format!(
                    "`{}` is a field of `{kind}`: write it there",
                    name.name
                ))
                .note(format!("`{other}` has it"))
        } else {
            diagnostic.note(format!("its fields are {}", list_names(settable, 24)))
        };
        self.error(field.span, diagnostic);
    }

    /// A block that is written as a field, with `=` or with what was reported in its place: this says more.
    fn block_as_field(&mut self, field: &Field, kind: &BlockKind) -> Diagnostic {
        let (name, value) = (&field.name, &field.value);
        let between = Span::new(name.span.source, name.span.end, value.span.start);
        self.replaced.push(between);
        let sign = self.sources.text(between).trim();
        let diagnostic = Diagnostic::error(
            &codes::BLOCK_AS_FIELD,
            name.span,
            format!("`{}` is a block, not a field", name.name),
        )
        .label(format!("written with `{sign}`"))
        .also(kind.span, "declared as a block here");
        let example = self.block_example(kind);
        let labelled = example.contains("NAME");
        let drop = format!("drop the `{sign}`");
        let diagnostic = match &value.kind {
            ExprKind::Object(_) if !labelled => diagnostic.fix(drop, between, " "),
            ExprKind::Name(_) if labelled => diagnostic.likely_fix(drop, between, " "),
            _ => diagnostic,
        };
        diagnostic.help(format!("write `{example}`"))
    }

    /// A kind of block in this one that has a field of that name.
    fn inner_owner(&self, schema: &Schema, name: &str) -> Option<(SmolStr, SmolStr)> {
        schema.blocks.values().find_map(|kind| {
            let crate::types::Shape::Schema(id) = kind.shape else {
                return None;
            };
            let inner = self.types.schema(self.program, id)?;
            inner
                .fields
                .contains_key(name)
                .then(|| (kind.kind.clone(), inner.name.clone()))
        })
    }
}
