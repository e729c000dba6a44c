//! Schemas as the interpreter uses them: every part with the expression behind it.

use std::cell::RefCell;
use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::eval::interpreter::Interpreter;
use crate::eval::value::Value;
use crate::resolve::{Binding, ItemId, ModuleId};
use crate::source::Span;
use crate::syntax::ast::{Assert, Cardinality, Expr, ExprKind, FieldModifier, Let};
use crate::syntax::walk::{self, Met};
use crate::types::{Shape, Type};

/// A schema with everything that it includes.
#[derive(Debug)]
pub struct SchemaInfo<'a> {
    /// Its declaration.
    pub id: ItemId,
    /// Its name.
    pub name: SmolStr,
    /// Itself, and every schema that it includes.
    pub includes: Vec<ItemId>,
    /// Its fields, in order.
    pub fields: IndexMap<SmolStr, FieldInfo<'a>>,
    /// The names of those that have a value when a program is checked: all but `runtime` ones.
    pub names: Rc<[SmolStr]>,
    /// Its kinds of blocks, in order.
    pub blocks: IndexMap<SmolStr, KindInfo<'a>>,
    /// Its computed members, in order.
    pub members: IndexMap<SmolStr, (&'a Let, ModuleId)>,
    /// Its asserts, in order.
    pub asserts: Vec<(&'a Assert, ModuleId)>,
}

/// A field.
#[derive(Debug)]
pub struct FieldInfo<'a> {
    /// `inherit`, `runtime` or nothing.
    pub modifier: FieldModifier,
    /// Its type.
    pub ty: &'a Type,
    /// Its default.
    pub default: Option<&'a Expr>,
    /// The module whose names the default uses.
    pub module: ModuleId,
    /// Whether it must be given.
    pub required: bool,
    /// Where it is declared.
    pub span: Span,
    /// Whether the default is the same for every instance.
    pub closed: bool,
    /// The value of such a default, once it was asked for.
    pub constant: RefCell<Option<Value<'a>>>,
}

/// A kind of blocks.
#[derive(Debug)]
pub struct KindInfo<'a> {
    /// What such blocks are made of.
    pub shape: KindShape<'a>,
    /// How many there may be.
    pub cardinality: Cardinality,
}

/// What blocks of a kind are made of.
#[derive(Debug)]
pub enum KindShape<'a> {
    /// Instances of a schema.
    Schema(ItemId),
    /// Run-time values by label.
    Output(&'a Type),
    /// The label picks the schema; `None` for what comes later or has an error.
    ByLabel(IndexMap<SmolStr, Option<ItemId>>),
    /// Comes later, or its declaration has an error.
    Silent,
}

impl<'a> Interpreter<'a> {
    /// The schema; `None` for any other declaration.
    pub fn schema(&self, id: ItemId) -> Option<&'a SchemaInfo<'a>> {
        if let Some(known) = self.schemas.borrow().get(&id) {
            return Some(known);
        }
        let flat = self.types.schema(self.program, id)?;
        let names = |name: &str| {
            flat.fields.contains_key(name)
                || flat.blocks.contains_key(name)
                || flat.members.contains_key(name)
        };
        let fields = flat.fields.iter().map(|(name, field)| {
            let default = field
                .line
                .field(self.program)
                .and_then(|line| line.default.as_ref());
            let info = FieldInfo {
                modifier: field.modifier,
                ty: self.arena.types.alloc(field.ty.clone()),
                default,
                module: field.line.schema.module,
                required: field.required,
                span: field.span,
                closed: default.is_none_or(|default| !mentions(default, &names)),
                constant: RefCell::new(None),
            };
            (name.clone(), info)
        });
        let fields: IndexMap<SmolStr, FieldInfo<'a>> = fields.collect();
        let known = fields
            .iter()
            .filter(|(_, field)| field.modifier != FieldModifier::Runtime);
        let names = known.map(|(name, _)| name.clone()).collect();
        let blocks = flat.blocks.iter().map(|(name, kind)| {
            let info = KindInfo {
                shape: self.shape(&kind.shape),
                cardinality: kind.cardinality,
            };
            (name.clone(), info)
        });
        let blocks = blocks.collect();
        let members = flat.members.iter().filter_map(|(name, member)| {
            let line = member.line.member(self.program)?;
            Some((name.clone(), (line, member.line.schema.module)))
        });
        let asserts = flat
            .asserts
            .iter()
            .filter_map(|line| Some((line.assert(self.program)?, line.schema.module)));
        let info: &'a SchemaInfo<'a> = self.arena.schemas.alloc(SchemaInfo {
            id,
            name: flat.name.clone(),
            includes: flat.includes.clone(),
            fields,
            names,
            blocks,
            members: members.collect(),
            asserts: asserts.collect(),
        });
        self.schemas.borrow_mut().insert(id, info);
        Some(info)
    }

    /// The schema of that name among the standard ones.
    pub fn standard_schema(&self, name: &str) -> Option<&'a SchemaInfo<'a>> {
        match self.program.prelude.get(name)? {
            Binding::Item(id) => self.schema(*id),
            _ => None,
        }
    }

    fn shape(&self, shape: &Shape) -> KindShape<'a> {
        match shape {
            Shape::Schema(id) => KindShape::Schema(*id),
            Shape::Output(ty) => KindShape::Output(self.arena.types.alloc(ty.clone())),
            Shape::ByLabel(choices) => {
                let choices = choices.iter().map(|(label, shape)| {
                    let id = match shape {
                        Shape::Schema(id) => Some(*id),
                        _ => None,
                    };
                    (label.clone(), id)
                });
                KindShape::ByLabel(choices.collect())
            }
            Shape::Later | Shape::Error => KindShape::Silent,
        }
    }
}

/// Whether a name that `is_own` holds for stands in an expression.
fn mentions(expr: &Expr, is_own: &dyn Fn(&str) -> bool) -> bool {
    let mut found = false;
    walk::expr(expr, &mut |met| {
        if let Met::Expr(Expr {
            kind: ExprKind::Name(name),
            ..
        }) = met
        {
            found |= is_own(name);
        }
    });
    found
}
