//! Schemas made flat: bases first, every name once, shapes of blocks looked up.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::blocks as codes;
use crate::resolve::{ItemId, Program};
use crate::source::Span;
use crate::syntax::ast::{self, BlockShape, FieldModifier, Item, SchemaItem, TypeExpr};
use crate::types::lower::MOST_DEPTH;
use crate::types::{BlockKind, Field, Member, Schema, SchemaLine, Shape, Type, Types};

impl Types {
    /// The schema with everything that it includes; `None` for any other declaration.
    pub fn schema(&self, program: &Program, id: ItemId) -> Option<Rc<Schema>> {
        if let Some(known) = self.schemas.borrow().get(&id) {
            return Some(Rc::clone(known));
        }
        let Item::Schema(declaration) = program.item(id)? else {
            return None;
        };
        let mut flat = Flat {
            types: self,
            program,
            schema: Schema {
                id,
                name: declaration.name.name.clone(),
                includes: vec![id],
                fields: IndexMap::default(),
                blocks: IndexMap::default(),
                members: IndexMap::default(),
                asserts: Vec::new(),
            },
        };
        self.open.borrow_mut().push(id);
        for base in &declaration.bases {
            flat.base(base);
        }
        self.open.borrow_mut().pop();
        for (index, item) in declaration.items.iter().enumerate() {
            let line = SchemaLine {
                schema: id,
                index: u32::try_from(index).unwrap_or(u32::MAX),
            };
            flat.line(line, item);
        }
        let schema = Rc::new(flat.schema);
        self.schemas.borrow_mut().insert(id, Rc::clone(&schema));
        Some(schema)
    }

    /// Whether `id` is `ancestor` or includes it.
    pub fn includes(&self, program: &Program, id: ItemId, ancestor: ItemId) -> bool {
        id == ancestor
            || self
                .schema(program, id)
                .is_some_and(|schema| schema.includes.contains(&ancestor))
    }
}

/// A schema that is being made flat.
struct Flat<'a> {
    types: &'a Types,
    program: &'a Program,
    schema: Schema,
}

impl Flat<'_> {
    /// Takes over what a base has.
    fn base(&mut self, written: &TypeExpr) {
        let module = self.schema.id.module;
        let ty = self.types.resolve(self.program, module, written);
        let base = match ty.base() {
            Type::Schema(base) => base.id,
            Type::Error => return,
            _ => {
                let diagnostic = Diagnostic::error(
                    &codes::NOT_A_SCHEMA,
                    written.span,
                    format!("`{}` can include schemas alone", self.schema.name),
                )
                .label("not a schema")
                .help("name a `schema` here, or make this a field");
                self.types.report(written.span, diagnostic);
                return;
            }
        };
        if let Some(cycle) = self.types.cycle(self.program, base) {
            let diagnostic = Diagnostic::error(
                &codes::INCLUDE_CYCLE,
                written.span,
                format!("the schema `{}` includes itself", self.schema.name),
            )
            .label("leads back")
            .note(format!("the cycle is {cycle}"))
            .help("remove one of these");
            self.types.report(written.span, diagnostic);
            return;
        }
        if self.types.open.borrow().len() >= MOST_DEPTH {
            let diagnostic = Diagnostic::error(
                &crate::diagnostics::codes::types::TYPE_TOO_LARGE,
                written.span,
                "too many schemas include each other",
            )
            .note(format!("a chain of schemas may have {MOST_DEPTH} links"));
            self.types.report(written.span, diagnostic);
            return;
        }
        let Some(base) = self.types.schema(self.program, base) else {
            return;
        };
        for id in &base.includes {
            if !self.schema.includes.contains(id) {
                self.schema.includes.push(*id);
            }
        }
        for (name, field) in &base.fields {
            if self.is_free(name, field.line, field.span, written.span) {
                self.schema.fields.insert(name.clone(), field.clone());
            }
        }
        for (name, kind) in &base.blocks {
            if self.is_free(name, kind.line, kind.span, written.span) {
                self.schema.blocks.insert(name.clone(), kind.clone());
            }
        }
        for (name, member) in &base.members {
            if self.is_free(name, member.line, member.span, written.span) {
                self.schema.members.insert(name.clone(), member.clone());
            }
        }
        for assert in &base.asserts {
            if !self.schema.asserts.contains(assert) {
                self.schema.asserts.push(*assert);
            }
        }
    }

    /// One line of the schema itself.
    fn line(&mut self, line: SchemaLine, item: &SchemaItem) {
        match item {
            SchemaItem::Field(field) => self.field(line, field),
            SchemaItem::Block(block) => self.block(line, block),
            SchemaItem::Let(member) => {
                let name = &member.name;
                if self.is_free(&name.name, line, name.span, name.span) {
                    let member = Member {
                        name: name.name.clone(),
                        line,
                        span: name.span,
                    };
                    self.schema.members.insert(name.name.clone(), member);
                }
            }
            SchemaItem::Assert(_) => self.schema.asserts.push(line),
            SchemaItem::Error(_) => {}
        }
    }

    fn field(&mut self, line: SchemaLine, field: &ast::FieldDecl) {
        let name = &field.name;
        if !self.is_free(&name.name, line, name.span, name.span) {
            return;
        }
        let module = self.schema.id.module;
        let ty = self.types.resolve(self.program, module, &field.ty);
        let given = field.default.is_some() || field.modifier == FieldModifier::Runtime;
        let known = Field {
            name: name.name.clone(),
            modifier: field.modifier,
            required: !given && !ty.holds_null(),
            ty,
            line,
            span: name.span,
        };
        self.schema.fields.insert(name.name.clone(), known);
    }

    fn block(&mut self, line: SchemaLine, block: &ast::BlockDecl) {
        let kind = &block.kind;
        if !self.is_free(&kind.name, line, kind.span, kind.span) {
            return;
        }
        let shape = match &block.shape {
            BlockShape::Type(ty) => self.shape(&kind.name, ty),
            BlockShape::ByLabel(choices) => {
                let shapes = choices.iter().map(|choice| {
                    let shape = self.shape(&kind.name, &choice.ty);
                    (choice.label.name.clone(), shape)
                });
                Shape::ByLabel(shapes.collect())
            }
        };
        let known = BlockKind {
            kind: kind.name.clone(),
            shape,
            cardinality: block.cardinality,
            line,
            span: kind.span,
        };
        self.schema.blocks.insert(kind.name.clone(), known);
    }

    /// What blocks of a kind are made of.
    fn shape(&self, kind: &str, written: &TypeExpr) -> Shape {
        let module = self.schema.id.module;
        let ty = self.types.resolve(self.program, module, written);
        match ty.base() {
            Type::Schema(schema) => Shape::Schema(schema.id),
            Type::Output(inner) => Shape::Output(Type::clone(inner)),
            Type::Later => Shape::Later,
            Type::Error => Shape::Error,
            _ => {
                let diagnostic = Diagnostic::error(
                    &codes::NOT_A_SCHEMA,
                    written.span,
                    format!("blocks of the kind `{kind}` must be made of a schema"),
                )
                .label("not a schema")
                .help(format!(
                    "name a `schema` here, or make `{kind}` a field: `{kind}: …`"
                ));
                self.types.report(written.span, diagnostic);
                Shape::Error
            }
        }
    }

    /// Whether a name may be taken; reports the clash at `place` where it may not. The same line
    /// included twice is no clash, and no news.
    fn is_free(&self, name: &SmolStr, line: SchemaLine, declared: Span, place: Span) -> bool {
        let schema = &self.schema;
        let other = schema
            .fields
            .get(name)
            .map(|field| (field.line, field.span, "field"))
            .or_else(|| {
                let kind = schema.blocks.get(name)?;
                Some((kind.line, kind.span, "block"))
            })
            .or_else(|| {
                let member = schema.members.get(name)?;
                Some((member.line, member.span, "computed member"))
            });
        let Some((first, span, what)) = other else {
            return true;
        };
        if first == line {
            return false;
        }
        let mut diagnostic = Diagnostic::error(
            &codes::MEMBER_TWICE,
            place,
            format!("`{name}` stands twice in the schema `{}`", schema.name),
        )
        .label("again here")
        .also(span, format!("already a {what}"));
        if declared != place {
            diagnostic = diagnostic.also(declared, "included from here");
        }
        let diagnostic = diagnostic.help(
            "fields, blocks and computed members of a schema share one set of names: rename one",
        );
        self.types.report(place, diagnostic);
        false
    }
}
