//! What stands between the braces of a block or an instance.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::{HashMap, HashSet, IndexMap};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::blocks as codes;
use crate::source::Span;
use crate::syntax::ast::{Body, BodyItem, Expr, For, Ident, If, Item};
use crate::types::check::Checker;
use crate::types::check::role::Role;
use crate::types::check::scope::Frame;
use crate::types::{Known, Lifted, Schema, SchemaType, Type, unlifted};

/// What a body is for.
#[derive(Clone, Debug)]
pub(super) enum Mode {
    /// It is all that a block has: what is required must be in it.
    Block,
    /// An instance that may become a block later: things may be missing.
    Value,
    /// Laid over something that exists, of which this is known.
    Overlay(Option<Rc<Known>>),
}

/// What was met in a body so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The block or instance, as a message speaks of it.
    pub what: String,
    /// Fields, and where each was set first.
    pub fields: IndexMap<SmolStr, Span>,
    /// The first block of each kind.
    pub kinds: IndexMap<SmolStr, Span>,
    /// Blocks by kind and label.
    pub labels: HashMap<(SmolStr, SmolStr), Span>,
    /// Names that the schema does not have, each perhaps meant to be one that is missing.
    pub unknown: Vec<SmolStr>,
    /// Every field and kind that is written somewhere in the body, also further down.
    pub written: HashSet<SmolStr>,
    /// Whether something was left out because of an error.
    pub broken: bool,
    /// Whether something could not be read, which may have been anything.
    pub unreadable: bool,
}

/// The names of the fields and blocks of a body, those in its `for` and `if` included.
fn written(body: &Body, names: &mut HashSet<SmolStr>) {
    for item in &body.items {
        match item {
            BodyItem::Field(field) => drop(names.insert(field.name.name.clone())),
            BodyItem::Block(block) => drop(names.insert(block.kind.name.clone())),
            BodyItem::For(item) => written(&item.body, names),
            BodyItem::If(item) => {
                written(&item.then, names);
                if let Some(otherwise) = &item.otherwise {
                    written(otherwise, names);
                }
            }
            BodyItem::Let(_) | BodyItem::Assert(_) | BodyItem::Error(_) => {}
        }
    }
}

/// Says which name was probably meant, and proposes it where it does not stand there already.
pub(super) fn meant(diagnostic: Diagnostic, wrong: Span, near: &str, is_there: bool) -> Diagnostic {
    match is_there {
        true => diagnostic.help(format!("`{near}` is there already: remove this one")),
        false => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            wrong,
            near,
        ),
    }
}

impl<'p> Checker<'p> {
    /// `Environment { … }`
    pub(super) fn instance(&mut self, expr: &'p Expr, path: &'p [Ident], body: &'p Body) -> Type {
        let Some((id, span)) = self.declaration(path, "schema") else {
            self.silent_body(body);
            return self.silent(expr.span);
        };
        let ty = self.types.declared(self.program, id);
        let ty = match ty.as_ref().map(Type::base) {
            Some(Type::Schema(schema)) => schema.clone(),
            Some(Type::Error) => return self.silent(expr.span),
            _ => {
                let item = self.program.item(id);
                let name = self.short_text(span);
                let diagnostic = Diagnostic::error(
                    &codes::NOT_A_SCHEMA,
                    span,
                    format!(
                        "`{name}` is {}, not a schema",
                        item.map_or("something else", Item::what)
                    ),
                )
                .label("only a schema has instances")
                .help("for an object without a schema write `{ … }` alone");
                self.silent_body(body);
                return self.error(expr.span, diagnostic);
            }
        };
        self.refers(ty.id, span);
        let Some(schema) = self.types.schema(self.program, ty.id) else {
            return self.silent(expr.span);
        };
        let known = self.body(body, &schema, &Mode::Value, None);
        Type::Schema(SchemaType {
            known: Some(known),
            ..ty
        })
    }

    /// `value with { … }`
    pub(super) fn with(&mut self, expr: &'p Expr, base: &'p Expr, body: &'p Body) -> Type {
        let of = self.infer(base, None);
        let (inner, lifted) = unlifted(&of);
        match inner.base() {
            Type::Error => {
                self.silent_body(body);
                Type::Error
            }
            _ if lifted != Lifted::No => {
                self.silent_body(body);
                let role = Role::Other("what `with` changes");
                self.too_early(base, &role, "what `with` changes")
            }
            Type::Any => self.untyped(base),
            Type::Schema(schema) => {
                let schema = schema.clone();
                let Some(flat) = self.types.schema(self.program, schema.id) else {
                    return Type::Error;
                };
                let mode = Mode::Overlay(schema.known.clone());
                let known = self.body(body, &flat, &mode, schema.known.as_deref());
                if self.incomplete.contains(&body.span) {
                    // What was to make it differ from its base is not there.
                    self.poisoned.push(expr.span);
                }
                Type::Schema(SchemaType {
                    known: Some(known),
                    ..schema
                })
            }
            Type::Map(_) | Type::Object(_) => {
                let text = self.short_text(base.span);
                let diagnostic = Diagnostic::error(
                    &codes::WITH,
                    expr.span,
                    "`with` changes instances of schemas, and this is a map or an object",
                )
                .help(format!("write `merge({text}, {{ … }})`"));
                self.silent_body(body);
                self.error(expr.span, diagnostic)
            }
            _ => {
                let diagnostic = Diagnostic::error(
                    &codes::WITH,
                    expr.span,
                    format!(
                        "`with` changes instances of schemas, and this is `{}`",
                        of.shown()
                    ),
                );
                let diagnostic = if inner.holds_null() {
                    diagnostic.help("ask first whether it is null")
                } else {
                    diagnostic
                };
                self.silent_body(body);
                self.error(expr.span, diagnostic)
            }
        }
    }

    /// Marks a body whose schema is not known as not to be looked at.
    pub(super) fn silent_body(&mut self, body: &Body) {
        self.incomplete.insert(body.span);
    }

    /// Checks a body against its schema; gives what is known of the result.
    pub(super) fn body(
        &mut self,
        body: &'p Body,
        schema: &Rc<Schema>,
        mode: &Mode,
        base: Option<&Known>,
    ) -> Rc<Known> {
        let what = match self.heads.get(&body.span) {
            Some(head) => self.short_text(*head),
            None => schema.name.to_string(),
        };
        let mut seen = Seen {
            what,
            ..Seen::default()
        };
        written(body, &mut seen.written);
        let here = self.here();
        let known = Rc::new(self.known_body(here, body, schema, base));
        self.within(Frame::Body(Rc::clone(&known)), |checker| {
            checker.items(body, schema, mode, &mut seen);
        });
        if matches!(mode, Mode::Block) {
            self.missing(body.span, schema, &seen);
        }
        if seen.broken {
            self.incomplete.insert(body.span);
        }
        known
    }

    /// The items of a body, or of a `for` or `if` in it.
    fn items(&mut self, body: &'p Body, schema: &Rc<Schema>, mode: &Mode, seen: &mut Seen) {
        self.with_locals(Vec::new(), |checker| {
            for item in &body.items {
                match item {
                    BodyItem::Field(field) => checker.body_field(field, schema, mode, seen),
                    BodyItem::Block(block) => checker.body_block(block, schema, mode, seen),
                    BodyItem::Let(item) => {
                        if let Some(ty) = &item.ty {
                            let module = checker.place.module;
                            checker.conditions(module, ty);
                        }
                        checker.bind_let(item);
                    }
                    BodyItem::For(item) => checker.body_for(item, schema, mode, seen),
                    BodyItem::If(item) => checker.body_if(item, schema, mode, seen),
                    BodyItem::Assert(assert) => checker.assert(assert),
                    BodyItem::Error(_) => {
                        seen.broken = true;
                        seen.unreadable = true;
                    }
                }
            }
        });
    }

    fn body_for(&mut self, item: &'p For, schema: &Rc<Schema>, mode: &Mode, seen: &mut Seen) {
        let binding = &item.binding;
        let (first, second, _) = self.iterated(&binding.iterable, binding.second.is_some(), true);
        self.bound(binding, first, second, |checker| {
            checker.inner_body(&item.body, schema, mode, seen);
        });
    }

    fn body_if(&mut self, item: &'p If, schema: &Rc<Schema>, mode: &Mode, seen: &mut Seen) {
        self.shape_condition(&item.condition);
        let mut other = item.otherwise.as_ref().map(|_| seen.clone());
        self.assuming(&item.condition, true, |checker| {
            checker.inner_body(&item.then, schema, mode, seen);
        });
        let (Some(otherwise), Some(mut other)) = (&item.otherwise, other.take()) else {
            return;
        };
        self.assuming(&item.condition, false, |checker| {
            checker.inner_body(otherwise, schema, mode, &mut other);
        });
        for (name, span) in other.fields {
            seen.fields.entry(name).or_insert(span);
        }
        for (kind, span) in other.kinds {
            seen.kinds.entry(kind).or_insert(span);
        }
        for (label, span) in other.labels {
            seen.labels.entry(label).or_insert(span);
        }
        seen.unknown.extend(other.unknown);
        seen.broken |= other.broken;
        seen.unreadable |= other.unreadable;
    }

    /// A body in a body: its labels are names within it alone.
    fn inner_body(&mut self, body: &'p Body, schema: &Rc<Schema>, mode: &Mode, seen: &mut Seen) {
        let here = self.here();
        let mut known = self.known_body(here, body, schema, None);
        // Blocks that are one of a kind keep the name that they have around.
        known.singles.retain(|_, block| block.span != body.span);
        known.lists.clear();
        self.within(Frame::Body(Rc::new(known)), |checker| {
            checker.items(body, schema, mode, seen);
        });
    }

    /// What decides the shape of a pipeline: it must be known when compiling.
    pub(super) fn shape_condition(&mut self, condition: &'p Expr) {
        let lifted = self.condition(condition, "the condition of an `if`");
        if lifted == Lifted::Yes {
            let role = Role::Other("the condition of an `if` among blocks");
            self.too_early(condition, &role, "the condition of an `if` among blocks");
        }
    }
}
