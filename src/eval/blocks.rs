//! Blocks of an instance, and what they hold.

use smol_str::SmolStr;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{blocks as codes, types};
use crate::eval::block::{Cell, CellKey, CellState, Makes};
use crate::eval::busy::Busy;
use crate::eval::instance::{Given, GivenBlock, Instance};
use crate::eval::interpreter::Interpreter;
use crate::eval::order::{Order, Placing};
use crate::eval::schemas::{KindInfo, KindShape, SchemaInfo};
use crate::eval::scope::Scope;
use crate::eval::value::Kind;
use crate::resolve::ItemId;
use crate::source::Span;
use crate::syntax::ast::{Block, BlockValue, Cardinality};
use crate::types::Type;

impl<'a> Interpreter<'a> {
    /// A `pipeline` block at the top of a file.
    pub(super) fn top_block(&self, id: ItemId, block: &'a Block) -> Option<&'a Cell<'a>> {
        let schema = self.standard_schema("Pipeline")?;
        let scope = Scope::module(id.module);
        let label = block.label.as_ref().and_then(|label| label.fixed());
        let key = CellKey {
            kind: block.kind.name.clone(),
            label: label.clone(),
            ordinal: 0,
        };
        let cell = Cell::new(None, key, Makes::Schema(schema));
        cell.add_source(GivenBlock {
            block,
            label,
            scope,
        });
        Some(self.arena.cells.alloc(cell))
    }

    /// The block of that key, made where it was not asked for before; `None` where its kind or label
    /// says nothing about what it is made of.
    pub(super) fn cell(&self, instance: &'a Instance<'a>, key: CellKey) -> Option<&'a Cell<'a>> {
        if let Some(known) = instance.cells.borrow().get(&key) {
            return Some(known);
        }
        let kind = instance.schema.blocks.get(&key.kind)?;
        let makes = self.makes(kind, key.label.as_ref())?;
        let cell = Cell::new(Some(instance), key.clone(), makes);
        let cell: &'a Cell<'a> = self.arena.cells.alloc(cell);
        instance.cells.borrow_mut().insert(key, cell);
        Some(cell)
    }

    /// What a block of a kind is made of.
    fn makes(&self, kind: &'a KindInfo<'a>, label: Option<&SmolStr>) -> Option<Makes<'a>> {
        match &kind.shape {
            KindShape::Schema(id) => Some(Makes::Schema(self.schema(*id)?)),
            KindShape::Output(ty) => Some(Makes::Output(ty)),
            KindShape::ByLabel(choices) => {
                let id = choices.get(label?)?.as_ref()?;
                Some(Makes::Schema(self.schema(*id)?))
            }
            KindShape::Silent => None,
        }
    }

    /// All blocks of an instance, in order: `for` and `if` unrolled, later layers laid over earlier ones.
    pub(super) fn blocks(&self, instance: &'a Instance<'a>) -> &'a [&'a Cell<'a>] {
        self.order(instance).map_or(&[], |order| &order.cells)
    }

    /// The same, to look for one; `None` where they are being found out.
    pub(super) fn order(&self, instance: &'a Instance<'a>) -> Option<&'a Order<'a>> {
        if let Some(known) = instance.order.get() {
            return Some(known);
        }
        if self.is_busy(&Busy::Body(instance)) {
            self.cycle(&Busy::Body(instance));
            return None;
        }
        let mut placing = Placing::default();
        for layer in 0..instance.layers.len() {
            let content = self.content(instance, layer);
            for given in &content.blocks {
                self.place(instance, given, layer, &mut placing);
                if self.meter.reached().is_some() {
                    break;
                }
            }
        }
        for (kind, info) in &instance.schema.blocks {
            if info.cardinality == Cardinality::One && !placing.has_single(kind) {
                self.implied(instance, kind, info, &mut placing);
            }
        }
        Some(instance.order.get_or_init(|| placing.done()))
    }

    /// Adds a block, or lays it over the one of the same name from an earlier layer.
    fn place(
        &self,
        instance: &'a Instance<'a>,
        given: &GivenBlock<'a>,
        layer: usize,
        placing: &mut Placing<'a>,
    ) {
        let kind = &given.block.kind.name;
        let Some(info) = instance.schema.blocks.get(kind) else {
            return;
        };
        let single = info.cardinality != Cardinality::Many;
        let by_label = matches!(info.shape, KindShape::ByLabel(_));
        let like = placing.like(kind, info, given.label.as_ref());
        let (below, beside) = like.split_at(like.partition_point(|(at, _)| *at < layer));
        // Of a kind that may stand once and is picked by label, those like it may have another label.
        let choice = single && by_label;
        let same = |cell: &Cell<'a>| !choice || cell.key.label == given.label;
        let earlier = below.iter().find(|(_, cell)| same(cell));
        if let Some((_, earlier)) = earlier
            && (given.label.is_some() || single)
        {
            earlier.add_source(given.clone());
            return;
        }
        let repeats = by_label && !single;
        let unnamed = given.label.is_none() && !single;
        if let Some((_, first)) = beside.first()
            && !repeats
            && !unnamed
        {
            self.twice(given, first, single);
            return;
        }
        let used = if single { 0 } else { like.len() };
        if single && !like.is_empty() {
            // Another choice of a kind that may stand once takes its place.
            placing.remove(kind);
        }
        let key = CellKey {
            kind: kind.clone(),
            label: given.label.clone(),
            ordinal: u32::try_from(used).unwrap_or(u32::MAX),
        };
        // A label that picks no schema is the checker's to report.
        if let Some(cell) = self.cell(instance, key) {
            cell.add_source(given.clone());
            placing.add(layer, cell, info);
        }
    }

    /// A block that stands as if it were written empty.
    fn implied(
        &self,
        instance: &'a Instance<'a>,
        kind: &SmolStr,
        info: &KindInfo<'a>,
        placing: &mut Placing<'a>,
    ) {
        let key = CellKey {
            kind: kind.clone(),
            label: None,
            ordinal: 0,
        };
        let Some(cell) = self.cell(instance, key) else {
            return;
        };
        let Makes::Schema(schema) = cell.makes else {
            return;
        };
        let missing = schema.fields.iter().any(|(_, field)| field.required);
        if !missing {
            placing.add(instance.layers.len(), cell, info);
        }
    }

    /// The block of a kind that may stand once.
    pub(super) fn single(&self, instance: &'a Instance<'a>, kind: &str) -> Option<&'a Cell<'a>> {
        let info = instance.schema.blocks.get(kind)?;
        // Written plainly, or always there: then nothing has to be unrolled to know it.
        if !matches!(info.shape, KindShape::ByLabel(_)) {
            let plain = (0..instance.layers.len()).any(|layer| {
                self.direct(instance, layer)
                    .unlabelled
                    .iter()
                    .any(|k| *k == kind)
            });
            if plain {
                let key = CellKey {
                    kind: SmolStr::new(kind),
                    label: None,
                    ordinal: 0,
                };
                return self.cell(instance, key);
            }
        }
        self.order(instance)?.single(kind)
    }

    /// What a block holds; `None` where it has an error or is a run-time value.
    pub(super) fn force(&self, cell: &'a Cell<'a>) -> Option<&'a Instance<'a>> {
        let state = *cell.state.borrow();
        match state {
            CellState::Done(instance) => return instance,
            CellState::Busy => {
                self.cycle(&Busy::Block(cell));
                return None;
            }
            CellState::Todo => {}
        }
        if let Some(parent) = cell.parent {
            // What was written for it is known once its parent's body is.
            self.blocks(parent);
        }
        *cell.state.borrow_mut() = CellState::Busy;
        self.begin(Busy::Block(cell));
        let instance = self.aloud(None, || self.held(cell));
        self.done();
        *cell.state.borrow_mut() = CellState::Done(instance);
        instance
    }

    fn held(&self, cell: &'a Cell<'a>) -> Option<&'a Instance<'a>> {
        let Makes::Schema(declared) = cell.makes else {
            return None;
        };
        let mut schema = declared;
        let mut given: Vec<Given<'a>> = Vec::new();
        let sources = cell.sources.borrow().clone();
        for source in &sources {
            match &source.block.value {
                BlockValue::None => {}
                BlockValue::Body(body) => given.push(Given::Body(body, source.scope.clone())),
                BlockValue::Value(expr) => {
                    let value = self.eval(expr, &source.scope);
                    let instance = match value.kind {
                        Kind::Instance(instance) => instance,
                        Kind::Block(other) => self.force(other)?,
                        Kind::Error => return None,
                        Kind::Output(ref output) => {
                            let what = format!("the {} `{}`", cell.key.kind, cell.name());
                            let late = self.too_late(output, output.expression, &what);
                            self.report_in(&source.scope, late);
                            return None;
                        }
                        _ => {
                            let wanted = format!("a `{}`", declared.name);
                            self.wrong_value(&value, &wanted, expr.span);
                            return None;
                        }
                    };
                    if !instance.schema.includes.contains(&declared.id) {
                        self.wrong_schema(expr.span, declared, instance.schema);
                        return None;
                    }
                    schema = instance.schema;
                    given = instance.given();
                }
            }
        }
        let span = cell.span();
        let instance = Instance::new(schema, Some(cell), given, span);
        Some(self.arena.instances.alloc(instance))
    }

    fn wrong_schema(&self, span: Span, wanted: &SchemaInfo<'a>, given: &SchemaInfo<'a>) {
        self.report(Diagnostic::error(
            &types::MISMATCH,
            span,
            format!(
                "a `{}` is wanted, and this is a `{}`",
                wanted.name, given.name
            ),
        ));
    }

    fn twice(&self, given: &GivenBlock<'a>, first: &'a Cell<'a>, single: bool) {
        let kind = &given.block.kind.name;
        let place = match &given.block.label {
            Some(label) if !single => label.span(),
            _ => given.block.kind.span,
        };
        let (code, message, help) = match &given.label {
            Some(label) if !single => (
                &codes::LABEL_TWICE,
                format!("there are two blocks `{kind} {label}`"),
                "give each a label of its own",
            ),
            _ => (
                &codes::TOO_MANY,
                format!("`{kind}` may stand once, and stands twice"),
                "remove one, or join the two",
            ),
        };
        let mut diagnostic = Diagnostic::error(code, place, message).label("again here");
        if first.name_span() != place {
            diagnostic = diagnostic.also(first.name_span(), "first here");
        } else {
            diagnostic = diagnostic.note("the same place makes it more than once");
        }
        self.report_in(&given.scope, diagnostic.help(help));
    }

    /// The declared type of what a block makes, where that is a schema.
    pub(super) fn made_schema(cell: &Cell<'a>) -> Option<&'a SchemaInfo<'a>> {
        match cell.makes {
            Makes::Schema(schema) => Some(schema),
            Makes::Output(_) => None,
        }
    }

    /// Whether a type wants a value of a schema, and which.
    pub(super) fn wants_schema(ty: &Type) -> Option<ItemId> {
        match ty {
            Type::Schema(schema) => Some(schema.id),
            _ => None,
        }
    }
}
