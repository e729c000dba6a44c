//! Declarations: everything at the top of a file.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::HashSet;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{blocks, names};
use crate::resolve::{Binding, ItemId, ModuleId};
use crate::source::Span;
use crate::syntax::ast::{
    Assert, BlockDecl, BlockShape, Cardinality, Condition, Expr, FieldDecl, FieldModifier,
    Function, Ident, Item, Policy, SchemaItem, TypeDecl, TypeExpr, TypeKind,
};
use crate::types::check::Checker;
use crate::types::check::body::Mode;
use crate::types::check::recursion::Node;
use crate::types::check::role::Role;
use crate::types::check::scope::Frame;
use crate::types::{Lifted, Schema, SchemaLine, Shape, Type};

impl<'p> Checker<'p> {
    /// Checks everything that a module declares.
    pub(super) fn module(&mut self, module: ModuleId) {
        let program = self.program;
        let Some(file) = program.module(module).map(|module| &module.file) else {
            return;
        };
        self.place.module = module;
        let mut pipelines: Vec<(SmolStr, Span)> = Vec::new();
        for (index, item) in (0u32..).zip(&file.items) {
            let id = ItemId { module, index };
            match item {
                Item::Use(_) | Item::Error(_) => {}
                Item::Let(item) => {
                    if let Some(ty) = &item.ty {
                        self.conditions(module, ty);
                    }
                    self.top_let(id, item.name.span);
                }
                Item::Function(function) => {
                    self.elsewhere(module, Some(Node::Item(id)), |checker| {
                        checker.function_item(id, function)
                    });
                }
                Item::Type(declaration) => {
                    self.elsewhere(module, Some(Node::Item(id)), |checker| {
                        checker.type_item(id, declaration)
                    });
                }
                Item::Schema(_) => {
                    self.elsewhere(module, Some(Node::Item(id)), |checker| {
                        checker.schema_item(id)
                    });
                }
                Item::Policy(policy) => {
                    self.elsewhere(module, Some(Node::Item(id)), |checker| {
                        checker.policy_item(policy)
                    });
                }
                Item::Block(block) => {
                    let label = block.label.as_ref().and_then(|label| label.fixed());
                    if let (Some(name), Some(label)) = (label, &block.label) {
                        match pipelines.iter().find(|(other, _)| *other == name) {
                            Some((_, first)) => {
                                let first = *first;
                                self.label_twice(&block.kind.name, &name, label.span(), first);
                            }
                            None => pipelines.push((name, label.span())),
                        }
                    }
                    self.elsewhere(module, None, |checker| checker.top_level_block(block));
                }
            }
        }
    }

    fn function_item(&mut self, id: ItemId, function: &'p Function) {
        let Some(signature) = self.types.signature(self.program, id) else {
            return;
        };
        self.place.generics = &function.generics;
        self.distinct(function.generics.iter(), "type parameter");
        self.distinct(
            function.parameters.iter().map(|parameter| &parameter.name),
            "parameter",
        );
        for parameter in &function.parameters {
            self.conditions(id.module, &parameter.ty);
        }
        self.conditions(id.module, &function.result);
        self.depends_on(&signature.result, function.result.span);
        let mut locals = Vec::new();
        for (parameter, known) in function.parameters.iter().zip(&signature.parameters) {
            self.depends_on(&known.ty, parameter.ty.span);
            if let Some(default) = &parameter.default {
                let role = Role::Default(&parameter.name.name, parameter.ty.span);
                self.check(default, &known.ty, &role);
            }
            locals.push(self.local(&parameter.name, known.ty.clone(), None));
        }
        match &function.body {
            None if !self.program.is_standard(id.module) => {
                let diagnostic = Diagnostic::error(
                    &blocks::EXTERN,
                    function.span,
                    format!("the function `{}` has no body", function.name.name),
                )
                .help("write what it gives after `=`; built-in functions are declared by the standard library alone");
                self.error(function.span, diagnostic);
            }
            None => {}
            Some(body) => {
                let role = Role::Result(&function.name.name, function.result.span);
                self.with_locals(locals, |checker| {
                    checker.check(body, &signature.result, &role)
                });
            }
        }
    }

    /// Reports a name that stands twice in a list of names.
    fn distinct<'i>(&mut self, idents: impl Iterator<Item = &'i Ident>, what: &str) {
        let mut seen: Vec<&Ident> = Vec::new();
        for ident in idents {
            match seen.iter().find(|other| other.name == ident.name) {
                Some(first) => {
                    let diagnostic = Diagnostic::error(
                        &names::DECLARED_TWICE,
                        ident.span,
                        format!("there are two {what}s `{}`", ident.name),
                    )
                    .label("again here")
                    .also(first.span, "first here")
                    .help("give one of the two another name");
                    self.error(ident.span, diagnostic);
                }
                None => seen.push(ident),
            }
        }
    }

    fn type_item(&mut self, id: ItemId, declaration: &'p TypeDecl) {
        self.conditions(id.module, &declaration.ty);
        let Some(ty) = self.types.declared(self.program, id) else {
            return;
        };
        self.distinct(
            declaration.members.iter().map(|member| &member.name),
            "member",
        );
        let Type::Named(named) = &ty else { return };
        self.depends_on(&named.ty, declaration.ty.span);
        for member in &declaration.members {
            let found = self.apart(|checker| checker.type_member(named, member, member.span));
            if let Some(written) = &member.ty {
                self.conditions(id.module, written);
                self.with_self(member.span, ty.clone(), |checker| {
                    let role = Role::Variable(&member.name.name, written.span);
                    checker.check(&member.value, &found, &role)
                });
            }
        }
    }

    fn schema_item(&mut self, id: ItemId) {
        let (Some(schema), Some(Item::Schema(declaration))) =
            (self.types.schema(self.program, id), self.program.item(id))
        else {
            return;
        };
        for base in &schema.includes {
            if *base != id {
                self.refers(*base, declaration.name.span);
            }
        }
        for (index, item) in (0u32..).zip(&declaration.items) {
            let line = SchemaLine { schema: id, index };
            let frame = Frame::Schema(Rc::clone(&schema));
            self.within(frame, |checker| match item {
                SchemaItem::Field(field) => checker.field_decl(&schema, line, field),
                SchemaItem::Block(block) => checker.block_decl(&schema, block),
                SchemaItem::Let(member) => {
                    let found =
                        checker.apart(|checker| checker.computed(&schema, line, member.span));
                    if let Some(written) = &member.ty {
                        checker.conditions(id.module, written);
                        let role = Role::Variable(&member.name.name, written.span);
                        checker.check(&member.value, &found, &role);
                    }
                }
                SchemaItem::Assert(assert) => checker.assert(assert),
                SchemaItem::Error(_) => {}
            });
        }
    }

    /// Does something that the declaration around does not need.
    fn apart<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let owner = self.place.owner.take();
        let result = work(self);
        self.place.owner = owner;
        result
    }

    fn field_decl(&mut self, schema: &Rc<Schema>, line: SchemaLine, field: &'p FieldDecl) {
        self.conditions(line.schema.module, &field.ty);
        let Some(known) = schema
            .fields
            .get(&field.name.name)
            .filter(|known| known.line == line)
        else {
            return;
        };
        self.depends_on(&known.ty, field.ty.span);
        if let Some(default) = &field.default {
            if field.modifier == FieldModifier::Runtime {
                let diagnostic = Diagnostic::error(
                    &blocks::NOT_SETTABLE,
                    default.span,
                    format!(
                        "the runtime field `{}` cannot have a default",
                        field.name.name
                    ),
                )
                .help("what a run makes has no value before: drop the default");
                self.error(default.span, diagnostic);
                return;
            }
            let role = Role::Field {
                name: &field.name.name,
                schema: line.schema,
                declared: field.ty.span,
            };
            self.check(default, &known.ty, &role);
        }
        if field.modifier == FieldModifier::Inherit && !self.program.is_standard(line.schema.module)
        {
            self.inherited(field);
        }
    }

    /// `inherit` means something where some `defaults` block can set the field.
    fn inherited(&mut self, field: &FieldDecl) {
        let name = &field.name.name;
        let program = self.program;
        for module in &program.modules {
            for (index, item) in (0u32..).zip(&module.file.items) {
                let id = ItemId {
                    module: module.id,
                    index,
                };
                if !matches!(item, Item::Schema(_)) {
                    continue;
                }
                let Some(schema) = self.types.schema(program, id) else {
                    continue;
                };
                if let Some(Shape::Schema(defaults)) =
                    schema.blocks.get("defaults").map(|kind| &kind.shape)
                    && let Some(defaults) = self.types.schema(program, *defaults)
                    && defaults.fields.contains_key(name)
                {
                    return;
                }
            }
        }
        let diagnostic = Diagnostic::error(
            &blocks::INHERIT,
            field.name.span,
            format!("nothing can give `{name}` to a block that inherits it"),
        )
        .label("marked as `inherit`")
        .help(format!(
            "an inherited field is set by a `defaults` block around: give the schema of one a field `{name}`, or drop `inherit`"
        ));
        self.error(field.name.span, diagnostic);
    }

    fn block_decl(&mut self, schema: &Rc<Schema>, block: &'p BlockDecl) {
        if let BlockShape::ByLabel(choices) = &block.shape {
            self.distinct(choices.iter().map(|choice| &choice.label), "label");
        }
        let Some(known) = schema.blocks.get(&block.kind.name) else {
            return;
        };
        if let (Cardinality::One, Shape::Schema(id)) = (known.cardinality, &known.shape) {
            self.refers(*id, block.span);
        }
    }

    fn policy_item(&mut self, policy: &'p Policy) {
        let parameter = &policy.parameter;
        let ty = self.resolve(&parameter.ty);
        if !matches!(ty.base(), Type::Schema(_) | Type::Error) {
            let diagnostic = Diagnostic::error(
                &blocks::NOT_A_SCHEMA,
                parameter.ty.span,
                "a policy is about all instances of a schema",
            )
            .label("not a schema")
            .help("write `Pipeline`, or a schema of yours");
            self.error(parameter.ty.span, diagnostic);
            return;
        }
        if let Some(default) = &parameter.default {
            let diagnostic = Diagnostic::error(
                &blocks::POLICY,
                default.span,
                "the parameter of a policy has no default",
            )
            .help("a policy is not called, it looks at every instance: drop the default");
            self.error(default.span, diagnostic);
        }
        let local = self.local(&parameter.name, ty, None);
        self.with_locals(vec![local], |checker| checker.policy_body(&policy.body));
    }

    /// `pipeline shop { … }`
    fn top_level_block(&mut self, block: &'p crate::syntax::ast::Block) {
        let Some(Binding::Item(id)) = self.program.prelude.get("Pipeline").copied() else {
            return;
        };
        if block.kind.name == "pipeline" {
            self.block_of(block, &Shape::Schema(id), Mode::Block, None);
        }
    }

    /// `assert condition, "message", "help"`
    pub(super) fn assert(&mut self, assert: &'p Assert) {
        let lifted = self.condition(&assert.condition, "what is asserted");
        if lifted == Lifted::Yes {
            let role = Role::Other("what is asserted");
            self.too_early(&assert.condition, &role, "what is asserted");
        }
        let texts = std::iter::once(&assert.message).chain(&assert.help);
        self.assuming(&assert.condition, false, |checker| {
            for text in texts {
                checker.check(text, &Type::String, &Role::Message);
            }
        });
    }

    /// Checks the conditions in a written type, each once.
    pub(super) fn conditions(&mut self, module: ModuleId, written: &'p TypeExpr) {
        let mut open = vec![written];
        let mut seen: HashSet<Span> = HashSet::default();
        while let Some(ty) = open.pop() {
            if !seen.insert(ty.span) && !matches!(ty.kind, TypeKind::Refined(..)) {
                continue;
            }
            match &ty.kind {
                TypeKind::Name { arguments, .. } => open.extend(arguments),
                TypeKind::List(inner) | TypeKind::Optional(inner) => open.push(inner),
                TypeKind::Object(fields) => open.extend(fields.iter().map(|field| &field.ty)),
                TypeKind::Union(members) => open.extend(members),
                TypeKind::Refined(base, condition) => {
                    open.push(base);
                    if self.tested.insert(condition.condition.span) {
                        self.one_condition(module, base, condition);
                    }
                }
                TypeKind::Literal(_) | TypeKind::Error => {}
            }
        }
    }

    fn one_condition(
        &mut self,
        module: ModuleId,
        base: &'p TypeExpr,
        condition: &'p Rc<Condition>,
    ) {
        let of = self
            .types
            .resolve_generic(self.program, module, self.place.generics, base);
        let owner = self.place.owner;
        self.elsewhere(module, owner, |checker| {
            checker.with_self(base.span, of, |checker| {
                let lifted = checker.condition(&condition.condition, "a condition");
                if lifted == Lifted::Yes {
                    let role = Role::Other("a condition");
                    checker.too_early(&condition.condition, &role, "the condition of a type");
                }
                let texts: Vec<&'p Expr> =
                    condition.message.iter().chain(&condition.help).collect();
                checker.assuming(&condition.condition, false, |checker| {
                    for text in texts {
                        checker.check(text, &Type::String, &Role::Message);
                    }
                });
            });
        });
    }
}
