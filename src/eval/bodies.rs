//! Bodies: their labels, read from the syntax; their items, once `for` and `if` are unrolled.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::{HashMap, HashSet};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::types;
use crate::eval::busy::Busy;
use crate::eval::instance::{Content, Given, GivenBlock, GivenField, Instance};
use crate::eval::interpreter::Interpreter;
use crate::eval::limits;
use crate::eval::operands::Stop;
use crate::eval::scope::{Names, Scope};
use crate::eval::thunk::Thunk;
use crate::eval::value::{Kind, Value};
use crate::syntax::ast::{Block, Body, BodyItem, For, ForBinding, If, Label, Let};

/// What a body's syntax tells without evaluating anything.
#[derive(Debug, Default)]
pub struct BodyInfo {
    /// Fixed labels outside of `for` and `if`, with their kind: these are names.
    pub labels: HashMap<SmolStr, SmolStr>,
    /// Fields within a `for` or an `if`.
    pub conditional: HashSet<SmolStr>,
    /// Whether nothing has to be evaluated to know its items.
    pub plain: bool,
}

impl BodyInfo {
    fn read(body: &Body) -> Self {
        let mut info = BodyInfo {
            plain: true,
            ..BodyInfo::default()
        };
        let mut todo: Vec<(&Body, bool)> = vec![(body, false)];
        while let Some((body, within)) = todo.pop() {
            for item in &body.items {
                match item {
                    BodyItem::Field(field) if within => {
                        info.conditional.insert(field.name.name.clone());
                    }
                    BodyItem::Block(block) => {
                        let Some(label) = &block.label else { continue };
                        match label.fixed() {
                            Some(label) if !within => {
                                let labels = info.labels.entry(label);
                                labels.or_insert_with(|| block.kind.name.clone());
                            }
                            Some(_) => {}
                            None => info.plain = false,
                        }
                    }
                    BodyItem::For(item) => {
                        info.plain = false;
                        todo.push((&item.body, true));
                    }
                    BodyItem::If(item) => {
                        info.plain = false;
                        todo.push((&item.then, true));
                        todo.extend(item.otherwise.as_ref().map(|body| (body, true)));
                    }
                    BodyItem::Field(_)
                    | BodyItem::Let(_)
                    | BodyItem::Assert(_)
                    | BodyItem::Error(_) => {}
                }
            }
        }
        info
    }
}

/// How far the items of a body are followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// What stands outside of `for` and `if` and has no computed label.
    Direct,
    /// All.
    Full,
}

impl<'a> Interpreter<'a> {
    /// What the syntax of a body tells.
    pub(super) fn body_info(&self, body: &'a Body) -> Rc<BodyInfo> {
        let key = std::ptr::from_ref(body);
        if let Some(known) = self.bodies.borrow().get(&key) {
            return Rc::clone(known);
        }
        let info = Rc::new(BodyInfo::read(body));
        self.bodies.borrow_mut().insert(key, Rc::clone(&info));
        info
    }

    /// The names that the items of a layer see.
    fn layer_scope(instance: &'a Instance<'a>, index: usize, outer: &Scope<'a>) -> Scope<'a> {
        outer.with(Names::Body(instance, index))
    }

    /// The items of a layer that need no evaluation to be known.
    pub(super) fn direct(&self, instance: &'a Instance<'a>, index: usize) -> Rc<Content<'a>> {
        let Some(layer) = instance.layers.get(index) else {
            return Rc::default();
        };
        if let Some(known) = layer.direct.get() {
            return Rc::clone(known);
        }
        let content = match &layer.given {
            Given::Data(_) => Rc::default(),
            Given::Body(body, outer) => {
                let mut content = Content::default();
                let scope = Self::layer_scope(instance, index, outer);
                self.items(body, scope, Depth::Direct, &mut content);
                Rc::new(content)
            }
        };
        Rc::clone(layer.direct.get_or_init(|| content))
    }

    /// The items of a layer, `for` and `if` unrolled.
    pub(super) fn content(&self, instance: &'a Instance<'a>, index: usize) -> Rc<Content<'a>> {
        let Some(layer) = instance.layers.get(index) else {
            return Rc::default();
        };
        if let Some(known) = layer.content.get() {
            return Rc::clone(known);
        }
        let Given::Body(body, outer) = &layer.given else {
            return Rc::default();
        };
        if self.body_info(body).plain {
            let content = self.direct(instance, index);
            return Rc::clone(layer.content.get_or_init(|| content));
        }
        let what = Busy::Body(instance);
        if self.is_busy(&what) {
            self.cycle(&what);
            return Rc::default();
        }
        self.begin(what);
        let mut content = Content::default();
        let scope = Self::layer_scope(instance, index, outer);
        self.aloud(Some(&scope), || {
            self.items(body, scope.clone(), Depth::Full, &mut content)
        });
        self.done();
        Rc::clone(layer.content.get_or_init(|| Rc::new(content)))
    }

    /// Goes through the items of a body.
    fn items(&self, body: &'a Body, scope: Scope<'a>, depth: Depth, into: &mut Content<'a>) {
        let mut scope = scope;
        for item in &body.items {
            if !self.meter.step(1) {
                self.report_limit(body.span);
                return;
            }
            match item {
                BodyItem::Field(field) => into.fields.push(GivenField {
                    name: &field.name.name,
                    span: field.name.span,
                    item: field.span,
                    value: &field.value,
                    scope: scope.clone(),
                }),
                BodyItem::Block(block) => self.block_item(block, &scope, depth, into),
                BodyItem::Let(item) => {
                    let (next, thunk) = self.bind_let(item, &scope);
                    scope = next;
                    if depth == Depth::Full || self.body_info(body).plain {
                        into.lets.push(thunk);
                    }
                }
                BodyItem::Assert(assert) => into.asserts.push((assert, scope.clone())),
                BodyItem::For(item) if depth == Depth::Full => self.for_item(item, &scope, into),
                BodyItem::If(item) if depth == Depth::Full => self.if_item(item, &scope, into),
                BodyItem::For(_) | BodyItem::If(_) => {}
                BodyItem::Error(_) => into.partial = true,
            }
        }
    }

    /// One more name, whose value is found when somebody asks.
    pub(super) fn bind_let(&self, item: &'a Let, scope: &Scope<'a>) -> (Scope<'a>, Rc<Thunk<'a>>) {
        let name = &item.name;
        let thunk = Rc::new(Thunk::new(
            &name.name,
            name.span,
            item.ty.as_ref(),
            &item.value,
            scope.clone(),
        ));
        if !self.enough_names(scope, name.span) {
            return (scope.clone(), thunk);
        }
        (scope.bind_lazy(&name.name, Rc::clone(&thunk)), thunk)
    }

    /// Whether there is room for one more name; reports it where there is not.
    pub(super) fn enough_names(&self, scope: &Scope<'a>, span: crate::source::Span) -> bool {
        if scope.depth() < limits::NAMES {
            return true;
        }
        self.report(
            Diagnostic::error(
                &crate::diagnostics::codes::evaluation::TOO_DEEP,
                span,
                "too many names are in scope here",
            )
            .note(format!("at most {} are", limits::NAMES))
            .help("put them into an object, or at the top of the file"),
        );
        false
    }

    fn block_item(
        &self,
        block: &'a Block,
        scope: &Scope<'a>,
        depth: Depth,
        into: &mut Content<'a>,
    ) {
        let label = match &block.label {
            None => None,
            Some(label) => match (label.fixed(), depth, label) {
                (Some(label), ..) => Some(label),
                (None, Depth::Direct, _) | (None, _, Label::Name(_)) => return,
                (None, Depth::Full, Label::String(literal)) => {
                    let value = self.string(literal, scope);
                    match self.shape_value(value, "a label", scope) {
                        Some(Kind::String(text)) => Some(text),
                        _ => {
                            into.partial = true;
                            return;
                        }
                    }
                }
            },
        };
        if self.checked.poisoned.contains(&block.span) {
            into.partial = true;
            return;
        }
        if !self.meter.block() {
            self.report_limit(block.span);
            return;
        }
        let kind = &block.kind.name;
        if label.is_none() && !into.unlabelled.contains(&kind) {
            into.unlabelled.push(kind);
        }
        into.blocks.push(GivenBlock {
            block,
            label,
            scope: scope.clone(),
        });
    }

    fn for_item(&self, item: &'a For, scope: &Scope<'a>, into: &mut Content<'a>) {
        let iterable = self.eval(&item.binding.iterable, scope);
        let Some(kind) = self.shape_value(Ok(iterable), "what `for` goes through", scope) else {
            into.partial = true;
            return;
        };
        let value = Value::new(kind, item.binding.iterable.span);
        let rounds = self.rounds(&item.binding, &value, scope, |scope| {
            self.items(&item.body, scope, Depth::Full, into);
            match self.meter.reached() {
                Some(_) => Err(Stop::Error),
                None => Ok(()),
            }
        });
        into.partial |= rounds.is_err();
    }

    fn if_item(&self, item: &'a If, scope: &Scope<'a>, into: &mut Content<'a>) {
        let condition = self.eval(&item.condition, scope);
        match self.shape_value(
            Ok(condition),
            "the condition of an `if` among blocks",
            scope,
        ) {
            Some(Kind::Bool(true)) => self.items(&item.then, scope.clone(), Depth::Full, into),
            Some(Kind::Bool(false)) => {
                if let Some(body) = &item.otherwise {
                    self.items(body, scope.clone(), Depth::Full, into);
                }
            }
            _ => into.partial = true,
        }
    }

    /// A value that decides the shape of the pipeline: known when compiling. Reports one that is not;
    /// `None` for it, and for errors.
    pub(super) fn shape_value(
        &self,
        value: Result<Value<'a>, Stop>,
        what: &str,
        scope: &Scope<'a>,
    ) -> Option<Kind<'a>> {
        match value {
            Ok(value) => match value.kind {
                Kind::Error => None,
                Kind::Output(output) => {
                    self.report_in(scope, self.too_late(&output, output.expression, what));
                    None
                }
                kind => Some(kind),
            },
            Err(Stop::Needs(needs, span)) => {
                let output = crate::eval::value::Output {
                    needs,
                    expression: span,
                };
                self.report_in(scope, self.too_late(&output, span, what));
                None
            }
            Err(Stop::Error) => None,
        }
    }

    /// Something is needed when compiling, and is known only in a run.
    pub(super) fn too_late(
        &self,
        output: &crate::eval::value::Output,
        span: crate::source::Span,
        what: &str,
    ) -> Diagnostic {
        let names: Vec<String> = output
            .needs
            .iter()
            .map(|need| need.source.to_string())
            .collect();
        let names = crate::diagnostics::list_names(names.iter().map(String::as_str), 4);
        let mut diagnostic = Diagnostic::error(
            &types::RUNTIME_VALUE,
            span,
            format!("{what} must be known when compiling, and this is known only in a run"),
        )
        .label(format!("needs {names}"))
        .help("run-time values go into `env`, `context`, `parameters`, `when` and messages");
        for need in output.needs.iter().take(2) {
            if need.span != span {
                diagnostic = diagnostic.also(need.span, "the run-time value comes from here");
            }
        }
        diagnostic
    }

    /// Does something for each round of a `for`, in the scope of that round, until it says false.
    pub(super) fn rounds(
        &self,
        binding: &'a ForBinding,
        value: &Value<'a>,
        scope: &Scope<'a>,
        mut each: impl FnMut(Scope<'a>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let span = binding.iterable.span;
        if !self.enough_names(scope, span) {
            return Err(Stop::Error);
        }
        match &value.kind {
            Kind::List(list) => {
                for (item, index) in list.items.iter().zip(0i64..) {
                    self.charge(1, span)?;
                    each(match &binding.second {
                        Some(second) => scope
                            .bind(&binding.first.name, Value::new(Kind::Int(index), span))
                            .bind(&second.name, item.clone()),
                        None => scope.bind(&binding.first.name, item.clone()),
                    })?;
                }
                Ok(())
            }
            Kind::Map(map) => {
                for (key, item) in &map.entries {
                    self.charge(1, span)?;
                    let key = Value::new(Kind::String(key.clone()), item.span);
                    let scope = scope.bind(&binding.first.name, key);
                    each(match &binding.second {
                        Some(second) => scope.bind(&second.name, item.clone()),
                        None => scope,
                    })?;
                }
                Ok(())
            }
            _ => Err(self.wrong_value(value, "a list or a map", span)),
        }
    }

    /// Whether something is being evaluated right now.
    pub(super) fn is_busy(&self, what: &Busy<'a>) -> bool {
        self.busy.borrow().iter().any(|other| other.is(what))
    }
}
