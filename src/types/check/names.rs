//! Names in expressions, and the declarations behind them.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::diagnostics::codes::names as codes;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::resolve::{Binding, ItemId, ModuleId};
use crate::source::Span;
use crate::syntax::ast::{BlockValue, Ident, Item};
use crate::types::check::Checker;
use crate::types::check::expression::annotated;
use crate::types::check::recursion::Node;
use crate::types::check::role::Role;
use crate::types::check::scope::{Found, Frame};
use crate::types::hints::{add_use, suggest};
use crate::types::{KnownBlock, Schema, SchemaLine, SchemaType, Type};

impl<'p> Checker<'p> {
    /// The type of a name.
    pub(super) fn name(&mut self, name: &SmolStr, span: Span) -> Type {
        let found = self.find(name);
        let ty = match found {
            Some(Found::Local(local)) => {
                if crate::types::holds_output(&local.ty) {
                    match local.value {
                        Some(value) => self.origin_through(span, value.span),
                        None => self.origin(
                            span,
                            "is known only while the pipeline runs".to_owned(),
                            Some(local.span),
                        ),
                    }
                }
                let facts = local.facts;
                return self
                    .fact(std::slice::from_ref(name), facts)
                    .unwrap_or(local.ty);
            }
            Some(Found::Block(block)) => self.known_block(&block, span, name),
            Some(Found::Member(schema)) => {
                let ty = self
                    .schema_member(&schema, name, span)
                    .unwrap_or(Type::Error);
                self.runtime_field(&schema, name, span, name);
                ty
            }
            Some(Found::Top(binding)) => self.top(binding, name, span),
            None => self.unknown_name(name, span),
        };
        self.fact(std::slice::from_ref(name), 0).unwrap_or(ty)
    }

    /// A block named by its label or kind.
    pub(super) fn known_block(&mut self, block: &KnownBlock, span: Span, text: &str) -> Type {
        if let Some((rival, place)) = &block.rival {
            let kind = &block.kind;
            let diagnostic = Diagnostic::error(
                &codes::TWO_BLOCKS,
                span,
                format!("`{text}` is the label of a `{kind}` and of a `{rival}`"),
            )
            .label("which of them?")
            .also(block.span, format!("the `{kind}`"))
            .also(*place, format!("the `{rival}`"))
            .help("give one of them another label");
            return self.error(span, diagnostic);
        }
        if matches!(block.ty, Type::Output(_)) {
            let why = format!(
                "is known only once the {} `{text}` is made in a run",
                block.kind
            );
            self.origin(span, why, Some(block.span));
        }
        block.ty.clone()
    }

    /// Notes where a `runtime` field is read.
    pub(super) fn runtime_field(
        &mut self,
        schema: &Rc<Schema>,
        name: &str,
        span: Span,
        _text: &str,
    ) {
        let Some(field) = schema.fields.get(name) else {
            return;
        };
        if field.modifier == crate::syntax::ast::FieldModifier::Runtime {
            self.origin(
                span,
                "is known only while the pipeline runs".to_owned(),
                Some(field.span),
            );
        }
    }

    /// The type of something at the top of a file.
    pub(super) fn top(&mut self, binding: Binding, name: &SmolStr, span: Span) -> Type {
        let id = match binding {
            Binding::Unknown => return self.silent(span),
            Binding::Module(_) => {
                let diagnostic = Diagnostic::error(
                    &codes::WRONG_KIND,
                    span,
                    format!("`{name}` is a module, not a value"),
                )
                .help(format!("write `{name}.NAME` for one of its names"));
                return self.error(span, diagnostic);
            }
            Binding::Item(id) => id,
        };
        self.refers(id, span);
        match self.program.item(id) {
            Some(Item::Let(_)) => {
                let ty = self.top_let(id, span);
                if let Some(Item::Let(item)) = self.program.item(id)
                    && crate::types::holds_output(&ty)
                {
                    self.origin_through(span, item.value.span);
                }
                ty
            }
            Some(Item::Block(block)) => self.top_block(block),
            Some(item) => {
                let what = item.what();
                let diagnostic = Diagnostic::error(
                    &codes::WRONG_KIND,
                    span,
                    format!("`{name}` is {what}, not a value"),
                )
                .label("a value is wanted here");
                let diagnostic = match item {
                    Item::Function(_) => diagnostic.help(format!(
                        "call it: `{name}(…)`; functions cannot be passed on"
                    )),
                    Item::Schema(_) => diagnostic.help(format!("make one: `{name} {{ … }}`")),
                    _ => diagnostic,
                };
                self.error(span, diagnostic)
            }
            None => self.silent(span),
        }
    }

    /// A pipeline by its label.
    fn top_block(&mut self, block: &'p crate::syntax::ast::Block) -> Type {
        let Some(Binding::Item(id)) = self.program.prelude.get("Pipeline").copied() else {
            return Type::Error;
        };
        let (Some(schema), BlockValue::Body(body)) =
            (self.types.schema(self.program, id), &block.value)
        else {
            return self.types.declared(self.program, id).unwrap_or(Type::Error);
        };
        let here = self.here();
        let known = self.known_body(here, body, &schema, None);
        Type::Schema(SchemaType {
            id,
            name: schema.name.clone(),
            known: Some(Rc::new(known)),
        })
    }

    /// The type of a top-level `let`, found when it is first asked for.
    pub(super) fn top_let(&mut self, id: ItemId, span: Span) -> Type {
        match self.lets.get(&id) {
            Some(Some(ty)) => return ty.clone(),
            // It is made of itself, which is reported with all circles.
            Some(None) => return self.silent(span),
            None => {}
        }
        let Some(Item::Let(item)) = self.program.item(id) else {
            return Type::Error;
        };
        self.lets.insert(id, None);
        let ty = self.elsewhere(id.module, Some(Node::Item(id)), |checker| {
            let Some(written) = &item.ty else {
                return checker.infer(&item.value, None);
            };
            let wanted = checker.resolve(written);
            checker.depends_on(&wanted, written.span);
            let role = Role::Variable(&item.name.name, written.span);
            let actual = checker.check(&item.value, &wanted, &role);
            annotated(wanted, actual)
        });
        self.lets.insert(id, Some(ty.clone()));
        ty
    }

    /// The type of a computed member of a schema, found when it is first asked for.
    pub(super) fn computed(&mut self, schema: &Rc<Schema>, line: SchemaLine, span: Span) -> Type {
        let Some(member) = line.member(self.program) else {
            return Type::Error;
        };
        let node = Node::Member(line.schema.module, member.name.span);
        self.needs(node, span);
        if let Some(written) = &member.ty {
            return self
                .types
                .resolve(self.program, line.schema.module, written);
        }
        match self.members.get(&member.span) {
            Some(Some(ty)) => return ty.clone(),
            Some(None) => return self.silent(span),
            None => {}
        }
        self.members.insert(member.span, None);
        let home = self.types.schema(self.program, line.schema);
        let frame = Frame::Schema(home.unwrap_or_else(|| Rc::clone(schema)));
        let ty = self.elsewhere(line.schema.module, Some(node), |checker| {
            checker.within(frame, |checker| checker.infer(&member.value, None))
        });
        self.members.insert(member.span, Some(ty.clone()));
        ty
    }

    /// The declaration that a (dotted) name stands for, such as that of an instance.
    pub(super) fn declaration(&mut self, path: &'p [Ident], what: &str) -> Option<(ItemId, Span)> {
        let (first, rest) = path.split_first()?;
        let span = path
            .last()
            .map_or(first.span, |last| first.span.to(last.span));
        match (self.program.lookup(self.place.module, &first.name), rest) {
            (Some(Binding::Unknown), _) => {
                self.silent(span);
                None
            }
            (Some(Binding::Item(id)), []) => Some((id, span)),
            (Some(Binding::Module(module)), [name]) => match self.in_module(module, first, name) {
                Some(id) => Some((id, span)),
                None => {
                    self.silent(span);
                    None
                }
            },
            (Some(_), _) => {
                let diagnostic = Diagnostic::error(
                    &codes::WRONG_KIND,
                    span,
                    format!("`{}` is no {what}", self.short_text(span)),
                );
                self.error(span, diagnostic);
                None
            }
            (None, _) => {
                self.unknown(first, what);
                self.silent(span);
                None
            }
        }
    }

    /// `module.name`
    pub(super) fn in_module(
        &mut self,
        module: ModuleId,
        alias: &Ident,
        name: &Ident,
    ) -> Option<ItemId> {
        if let Some(id) = self.program.declared(module, &name.name) {
            return Some(id);
        }
        let holder = self.program.module(module)?;
        if holder.partial {
            self.silent(name.span);
            return None;
        }
        let names: Vec<&str> = holder.file.items.iter().filter_map(Item::name).collect();
        let diagnostic = Diagnostic::error(
            &codes::NOT_IN_MODULE,
            name.span,
            format!("there is no `{}` in `{}`", name.name, alias.name),
        );
        let mut diagnostic = suggest(diagnostic, name, names.iter().copied());
        if diagnostic.fixes.is_empty() && !names.is_empty() {
            diagnostic = diagnostic.note(format!("it declares {}", list_names(names, 12)));
        }
        self.error(name.span, diagnostic);
        None
    }

    fn unknown_name(&mut self, name: &SmolStr, span: Span) -> Type {
        let ident = Ident {
            name: name.clone(),
            span,
        };
        self.unknown(&ident, "value");
        self.silent(span)
    }

    /// Reports a name that means nothing here.
    pub(super) fn unknown(&mut self, ident: &Ident, what: &str) {
        let Some(module) = self.program.module(self.place.module) else {
            return;
        };
        let around = self.place.frames.iter();
        let mut bodies =
            around.filter(|frame| matches!(frame, Frame::Body(known) if known.partial));
        if module.partial || bodies.next().is_some() {
            return;
        }
        let name = &ident.name;
        let diagnostic = Diagnostic::error(
            &codes::UNKNOWN_NAME,
            ident.span,
            format!("there is no {what} `{name}`"),
        );
        if let Some(library) = self.program.standard_module_with(name) {
            let first = self.types.first_unimported(self.place.module, name);
            let diagnostic = diagnostic.label("not imported");
            let diagnostic = add_use(diagnostic, module, library, name, first);
            self.problems.push(diagnostic);
            return;
        }
        if let Some(label) = self.nested_label(name) {
            let diagnostic = diagnostic
                .also(
                    label.0,
                    "there is a block of that name here, inside another",
                )
                .help(format!("write `{}`", label.1))
                .likely_fix(format!("write `{}`", label.1), ident.span, label.1);
            self.problems.push(diagnostic);
            return;
        }
        let local = self.names_in_scope();
        let wanted = |binding: Binding| match binding {
            Binding::Item(id) => match self.program.item(id) {
                Some(Item::Function(_)) => what == "function",
                Some(Item::Let(_)) => what == "value",
                Some(Item::Schema(_)) => what == "schema",
                Some(Item::Block(_)) => what == "value",
                _ => false,
            },
            Binding::Module(_) => true,
            Binding::Unknown => false,
        };
        let top = self.program.visible(self.place.module);
        let top: Vec<&str> = top
            .filter(|(_, binding)| wanted(*binding))
            .map(|(name, _)| name)
            .collect();
        let near = local
            .iter()
            .map(SmolStr::as_str)
            .filter(|_| what == "value");
        let near = did_you_mean(name, near.chain(top.iter().copied()));
        let known = |part: &str| local.iter().any(|known| known == part) || top.contains(&part);
        let number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
        let minus = name.split_once('-').filter(|(left, right)| {
            what == "value" && known(left) && (known(right) || number(right))
        });
        if let Some((left, right)) = minus {
            let meant = format!("{left} - {right}");
            self.problems.push(
                diagnostic
                    .label("`-` is a letter of a name here")
                    .help(format!("to subtract write `{meant}`"))
                    .likely_fix(format!("write `{meant}`"), ident.span, meant),
            );
            return;
        }
        let diagnostic = match (near, name.as_str()) {
            (Some(near), _) => diagnostic
                .label("not known here")
                .help(format!("did you mean `{near}`?"))
                .meant(name, near, ident.span, near),
            (None, "self") => diagnostic.help("`self` is the value of a type's condition, and known there alone"),
            (None, _) if what == "value" && self.is_sibling_field(name) => diagnostic
                .label("not known here")
                .help(format!(
                    "fields beside it are no names: put `let {name} = …` before both, and use it in both"
                )),
            (None, _) => diagnostic.label("not declared or imported, and no block of this label around"),
        };
        self.problems.push(diagnostic);
    }

    /// Whether `name` is a field of a block around, which is no name there.
    fn is_sibling_field(&self, name: &str) -> bool {
        self.place
            .frames
            .iter()
            .any(|frame| matches!(frame, Frame::Body(known) if known.fields.contains(name)))
    }

    /// A block with this label inside one of the blocks in scope, and how it is written from here.
    fn nested_label(&self, name: &str) -> Option<(Span, String)> {
        let mut found = Vec::new();
        for frame in &self.place.frames {
            let Frame::Body(known) = frame else { continue };
            for (label, block) in &known.labels {
                let Type::Schema(schema) = &block.ty else {
                    continue;
                };
                let inner = schema
                    .known
                    .as_ref()
                    .and_then(|known| known.labels.get(name));
                if let Some(inner) = inner {
                    found.push((inner.span, format!("{label}.{name}")));
                }
            }
        }
        match found.len() {
            1 => found.pop(),
            _ => None,
        }
    }
}
