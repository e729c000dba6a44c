//! The end of an evaluation: everything is asked for, and becomes a plain tree.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::eval::block::{Cell, Makes};
use crate::eval::data::{self, Block, Data, Field, Fields, Node, Object, RuntimeRef};
use crate::eval::instance::Instance;
use crate::eval::interpreter::{Interpreter, one_line};
use crate::eval::value::{Kind, Output, Value};
use crate::syntax::ast::FieldModifier;

impl<'a> Interpreter<'a> {
    /// A block with all that it holds.
    pub(super) fn freeze_block(&self, cell: &'a Cell<'a>) -> Rc<Object> {
        if let Some(known) = cell.frozen.get() {
            return Rc::clone(known);
        }
        let object = match (cell.makes, self.force(cell)) {
            (Makes::Schema(_), Some(instance)) => self.freeze_instance(instance),
            (Makes::Schema(schema), None) => Rc::new(Object {
                schema: schema.name.clone(),
                ..self.hollow(cell)
            }),
            (Makes::Output(_), _) => Rc::new(self.hollow(cell)),
        };
        Rc::clone(cell.frozen.get_or_init(|| object))
    }

    /// A block of which nothing but its name is known.
    fn hollow(&self, cell: &'a Cell<'a>) -> Object {
        Object {
            schema: SmolStr::new_static("Output"),
            path: cell.path(),
            name_span: cell.name_span(),
            span: cell.span(),
            fields: Fields::default(),
            blocks: Vec::new(),
        }
    }

    /// An instance with all that it holds; its asserts are tested.
    pub(super) fn freeze_instance(&self, instance: &'a Instance<'a>) -> Rc<Object> {
        if let Some(known) = instance.frozen.get() {
            return Rc::clone(known);
        }
        if !self.meter.enter() {
            self.report_limit(instance.span);
            self.meter.leave();
            return Rc::new(self.empty(instance));
        }
        let object = stacker::maybe_grow(96 * 1024, 2 * 1024 * 1024, || {
            let mut object = self.empty(instance);
            for (index, info) in instance.schema.fields.values().enumerate() {
                if info.modifier == FieldModifier::Runtime {
                    continue;
                }
                let (value, given) = self.field(instance, index, instance.name_span());
                let node = self.freeze(&value);
                object.fields.push(Field { node, given });
            }
            for cell in self.blocks(instance) {
                object.blocks.push(Block {
                    kind: cell.key.kind.clone(),
                    label: cell.key.label.clone(),
                    object: self.freeze_block(cell),
                });
            }
            self.ask_lets(instance);
            self.test_asserts(instance);
            Rc::new(object)
        });
        self.meter.leave();
        Rc::clone(instance.frozen.get_or_init(|| object))
    }

    fn empty(&self, instance: &'a Instance<'a>) -> Object {
        Object {
            schema: instance.schema.name.clone(),
            path: instance.cell.map(Cell::path).unwrap_or_default(),
            name_span: instance.name_span(),
            span: instance.span,
            fields: Fields::of(&instance.schema.names),
            blocks: Vec::new(),
        }
    }

    /// A value as a plain tree.
    fn freeze(&self, value: &Value<'a>) -> Node {
        let span = value.span;
        if !self.meter.node() {
            self.report_limit(span);
            return Node {
                data: Data::Error,
                span,
            };
        }
        let data = match &value.kind {
            Kind::Null => Data::Null,
            Kind::Bool(value) => Data::Bool(*value),
            Kind::Int(value) => Data::Int(*value),
            Kind::Float(value) => Data::Float(*value),
            Kind::String(text) => Data::String(text.clone()),
            Kind::Duration(value) => Data::Duration(*value),
            Kind::Size(value) => Data::Size(*value),
            Kind::List(list) => {
                Data::List(list.items.iter().map(|item| self.freeze(item)).collect())
            }
            Kind::Map(map) => {
                let entries = map.entries.iter();
                let entries = entries.map(|(key, item)| (key.clone(), self.freeze(item)));
                Data::Map(Rc::new(entries.collect()))
            }
            Kind::Instance(instance) => Data::Object(self.freeze_instance(instance)),
            Kind::Block(cell) => Data::Ref(cell.path()),
            Kind::Output(output) => Data::Output(Rc::new(self.freeze_output(output))),
            Kind::Secret(secret) => Data::Secret(Rc::clone(secret)),
            Kind::Module(_) | Kind::Error => Data::Error,
        };
        Node { data, span }
    }

    fn freeze_output(&self, output: &Output) -> data::Output {
        let needs: Vec<RuntimeRef> = output.needs.iter().map(|need| (**need).clone()).collect();
        let text = self.text_of(output.expression);
        data::Output {
            needs,
            expression: one_line(&text),
        }
    }
}
