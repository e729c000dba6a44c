//! Every name that begins a path in a file: what could refer to a declaration or an import.

use smol_str::SmolStr;

use crate::syntax::ast::{
    Assert, Block, BlockShape, BlockValue, Body, BodyItem, Clause, Condition, Expr, ExprKind, File,
    ForBinding, Function, Item, Label, Parameter, Pattern, SchemaItem, StringLiteral, StringPart,
    TypeExpr, TypeKind,
};

/// Calls `seen` with every such name, in no order.
pub(super) fn walk(file: &File, seen: &mut dyn FnMut(&SmolStr)) {
    let mut walk = Walk { seen };
    for item in &file.items {
        walk.item(item);
    }
}

struct Walk<'a> {
    seen: &'a mut dyn FnMut(&SmolStr),
}

impl Walk<'_> {
    fn item(&mut self, item: &Item) {
        match item {
            Item::Use(_) | Item::Error(_) => {}
            Item::Let(item) => {
                self.types(item.ty.iter());
                self.expr(&item.value);
            }
            Item::Function(function) => self.function(function),
            Item::Type(item) => {
                self.ty(&item.ty);
                for member in &item.members {
                    self.types(member.ty.iter());
                    self.expr(&member.value);
                }
            }
            Item::Schema(schema) => {
                self.types(schema.bases.iter());
                for line in &schema.items {
                    self.line(line);
                }
            }
            Item::Policy(policy) => {
                self.parameter(&policy.parameter);
                self.body(&policy.body);
            }
            Item::Block(block) => self.block(block),
        }
    }

    fn function(&mut self, function: &Function) {
        for parameter in &function.parameters {
            self.parameter(parameter);
        }
        self.ty(&function.result);
        self.exprs(function.body.iter());
    }

    fn parameter(&mut self, parameter: &Parameter) {
        self.ty(&parameter.ty);
        self.exprs(parameter.default.iter());
    }

    fn line(&mut self, line: &SchemaItem) {
        match line {
            SchemaItem::Field(field) => {
                self.ty(&field.ty);
                self.exprs(field.default.iter());
            }
            SchemaItem::Block(block) => match &block.shape {
                BlockShape::Type(ty) => self.ty(ty),
                BlockShape::ByLabel(choices) => {
                    self.types(choices.iter().map(|choice| &choice.ty));
                }
            },
            SchemaItem::Let(member) => {
                self.types(member.ty.iter());
                self.expr(&member.value);
            }
            SchemaItem::Assert(assert) => self.assert(assert),
            SchemaItem::Error(_) => {}
        }
    }

    fn assert(&mut self, assert: &Assert) {
        self.expr(&assert.condition);
        self.expr(&assert.message);
        self.exprs(assert.help.iter());
    }

    fn types<'e>(&mut self, types: impl Iterator<Item = &'e TypeExpr>) {
        types.for_each(|ty| self.ty(ty));
    }

    fn ty(&mut self, ty: &TypeExpr) {
        match &ty.kind {
            TypeKind::Name { path, arguments } => {
                if let Some(head) = path.first() {
                    (self.seen)(&head.name);
                }
                self.types(arguments.iter());
            }
            TypeKind::List(inner) | TypeKind::Optional(inner) => self.ty(inner),
            TypeKind::Object(fields) => self.types(fields.iter().map(|field| &field.ty)),
            TypeKind::Union(members) => self.types(members.iter()),
            TypeKind::Refined(base, condition) => {
                self.ty(base);
                self.condition(condition);
            }
            TypeKind::Literal(_) | TypeKind::Error => {}
        }
    }

    fn condition(&mut self, condition: &Condition) {
        self.expr(&condition.condition);
        self.exprs(condition.message.iter());
        self.exprs(condition.help.iter());
    }

    fn body(&mut self, body: &Body) {
        for item in &body.items {
            match item {
                BodyItem::Field(field) => self.expr(&field.value),
                BodyItem::Block(block) => self.block(block),
                BodyItem::Let(item) => {
                    self.types(item.ty.iter());
                    self.expr(&item.value);
                }
                BodyItem::For(item) => {
                    self.binding(&item.binding);
                    self.body(&item.body);
                }
                BodyItem::If(item) => {
                    self.expr(&item.condition);
                    self.body(&item.then);
                    item.otherwise.iter().for_each(|body| self.body(body));
                }
                BodyItem::Assert(assert) => self.assert(assert),
                BodyItem::Error(_) => {}
            }
        }
    }

    fn block(&mut self, block: &Block) {
        if let Some(Label::String(literal)) = &block.label {
            self.string(literal);
        }
        match &block.value {
            BlockValue::None => {}
            BlockValue::Body(body) => self.body(body),
            BlockValue::Value(value) => self.expr(value),
        }
    }

    fn string(&mut self, literal: &StringLiteral) {
        for part in &literal.parts {
            if let StringPart::Expr(expr) = part {
                self.expr(expr);
            }
        }
    }

    fn binding(&mut self, binding: &ForBinding) {
        self.expr(&binding.iterable);
    }

    fn exprs<'e>(&mut self, exprs: impl Iterator<Item = &'e Expr>) {
        exprs.for_each(|expr| self.expr(expr));
    }

    fn clauses(&mut self, clauses: &[Clause]) {
        for clause in clauses {
            match clause {
                Clause::For(binding) => self.binding(binding),
                Clause::If(condition) => self.expr(condition),
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Duration(_)
            | ExprKind::Size(_)
            | ExprKind::Error => {}
            ExprKind::String(literal) => self.string(literal),
            ExprKind::Name(name) => (self.seen)(name),
            ExprKind::List(items) => self.exprs(items.iter()),
            ExprKind::Object(entries) => {
                for entry in entries {
                    if let Label::String(literal) = &entry.key {
                        self.string(literal);
                    }
                    self.expr(&entry.value);
                }
            }
            ExprKind::ListFor { element, clauses } => {
                self.expr(element);
                self.clauses(clauses);
            }
            ExprKind::MapFor {
                key,
                value,
                clauses,
            } => {
                self.expr(key);
                self.expr(value);
                self.clauses(clauses);
            }
            ExprKind::Instance { schema, body } => {
                if let Some(head) = schema.first() {
                    (self.seen)(&head.name);
                }
                self.body(body);
            }
            ExprKind::Unary(_, inner) => self.expr(inner),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Member { base, .. } => self.expr(base),
            ExprKind::Index(base, index) => {
                self.expr(base);
                self.expr(index);
            }
            ExprKind::Slice { base, start, end } => {
                self.expr(base);
                self.exprs(start.iter().chain(end).map(|part| &**part));
            }
            ExprKind::Call {
                function,
                arguments,
            } => {
                self.expr(function);
                self.exprs(arguments.iter().map(|argument| &argument.value));
            }
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => {
                self.expr(condition);
                self.expr(then);
                self.expr(otherwise);
            }
            ExprKind::Match { subject, arms } => {
                self.expr(subject);
                for arm in arms {
                    for pattern in &arm.patterns {
                        if let Pattern::Typed(_, ty) = pattern {
                            self.ty(ty);
                        }
                    }
                    self.expr(&arm.value);
                }
            }
            ExprKind::Let { lets, value } => {
                for item in lets {
                    self.types(item.ty.iter());
                    self.expr(&item.value);
                }
                self.expr(value);
            }
            ExprKind::As(inner, ty) => {
                self.expr(inner);
                self.ty(ty);
            }
            ExprKind::With(base, body) => {
                self.expr(base);
                self.body(body);
            }
        }
    }
}
