//! Every expression and string of a tree, without recursion.

use crate::syntax::ast::{
    BlockShape, BlockValue, Body, BodyItem, Clause, Expr, ExprKind, File, ForBinding, Item, Label,
    Pattern, SchemaItem, StringLiteral, StringPart, TypeExpr, TypeKind,
};

/// What a walk meets.
#[derive(Clone, Copy, Debug)]
pub enum Met<'a> {
    /// An expression.
    Expr(&'a Expr),
    /// A string: a literal, a label, a key.
    String(&'a StringLiteral),
}

enum Todo<'a> {
    Expr(&'a Expr),
    Body(&'a Body),
    Type(&'a TypeExpr),
    String(&'a StringLiteral),
    Label(&'a Label),
    Binding(&'a ForBinding),
}

/// Calls `visit` for every expression and every string of a file; the order is not that of the text.
pub fn file<'a>(file: &'a File, visit: &mut dyn FnMut(Met<'a>)) {
    let mut todo = Vec::new();
    for item in &file.items {
        match item {
            Item::Use(_) | Item::Error(_) => {}
            Item::Let(binding) => {
                todo.extend(binding.ty.as_ref().map(Todo::Type));
                todo.push(Todo::Expr(&binding.value));
            }
            Item::Function(function) => {
                for parameter in &function.parameters {
                    todo.push(Todo::Type(&parameter.ty));
                    todo.extend(parameter.default.as_ref().map(Todo::Expr));
                }
                todo.extend(function.body.as_ref().map(Todo::Expr));
            }
            Item::Type(declaration) => {
                todo.push(Todo::Type(&declaration.ty));
                todo.extend(
                    declaration
                        .members
                        .iter()
                        .map(|member| Todo::Expr(&member.value)),
                );
            }
            Item::Schema(schema) => {
                for item in &schema.items {
                    match item {
                        SchemaItem::Field(field) => {
                            todo.push(Todo::Type(&field.ty));
                            todo.extend(field.default.as_ref().map(Todo::Expr));
                        }
                        SchemaItem::Block(block) => {
                            if let BlockShape::Type(ty) = &block.shape {
                                todo.push(Todo::Type(ty));
                            }
                        }
                        SchemaItem::Let(binding) => todo.push(Todo::Expr(&binding.value)),
                        SchemaItem::Assert(assert) => {
                            todo.push(Todo::Expr(&assert.condition));
                            todo.push(Todo::Expr(&assert.message));
                            todo.extend(assert.help.as_ref().map(Todo::Expr));
                        }
                        SchemaItem::Error(_) => {}
                    }
                }
            }
            Item::Policy(policy) => todo.push(Todo::Body(&policy.body)),
            Item::Block(block) => {
                todo.extend(block.label.as_ref().map(Todo::Label));
                todo.extend(block_value(&block.value));
            }
        }
    }
    drain(todo, visit);
}

fn block_value(value: &BlockValue) -> Option<Todo<'_>> {
    match value {
        BlockValue::None => None,
        BlockValue::Body(body) => Some(Todo::Body(body)),
        BlockValue::Value(expr) => Some(Todo::Expr(expr)),
    }
}

fn drain<'a>(mut todo: Vec<Todo<'a>>, visit: &mut dyn FnMut(Met<'a>)) {
    while let Some(next) = todo.pop() {
        match next {
            Todo::Expr(expr) => {
                visit(Met::Expr(expr));
                children(expr, &mut todo);
            }
            Todo::Body(body) => items(body, &mut todo),
            Todo::Type(ty) => of_type(ty, &mut todo),
            Todo::Label(Label::String(literal)) | Todo::String(literal) => {
                visit(Met::String(literal));
                todo.extend(literal.parts.iter().filter_map(|part| match part {
                    StringPart::Expr(expr) => Some(Todo::Expr(expr)),
                    StringPart::Text(_) => None,
                }));
            }
            Todo::Label(Label::Name(_)) => {}
            Todo::Binding(binding) => todo.push(Todo::Expr(&binding.iterable)),
        }
    }
}

fn items<'a>(body: &'a Body, todo: &mut Vec<Todo<'a>>) {
    for item in &body.items {
        match item {
            BodyItem::Field(field) => todo.push(Todo::Expr(&field.value)),
            BodyItem::Block(block) => {
                todo.extend(block.label.as_ref().map(Todo::Label));
                todo.extend(block_value(&block.value));
            }
            BodyItem::Let(binding) => todo.push(Todo::Expr(&binding.value)),
            BodyItem::For(repeat) => {
                todo.push(Todo::Binding(&repeat.binding));
                todo.push(Todo::Body(&repeat.body));
            }
            BodyItem::If(choice) => {
                todo.push(Todo::Expr(&choice.condition));
                todo.push(Todo::Body(&choice.then));
                todo.extend(choice.otherwise.as_ref().map(Todo::Body));
            }
            BodyItem::Assert(assert) => {
                todo.push(Todo::Expr(&assert.condition));
                todo.push(Todo::Expr(&assert.message));
                todo.extend(assert.help.as_ref().map(Todo::Expr));
            }
            BodyItem::Error(_) => {}
        }
    }
}

fn of_type<'a>(ty: &'a TypeExpr, todo: &mut Vec<Todo<'a>>) {
    match &ty.kind {
        TypeKind::Name { arguments, .. } => todo.extend(arguments.iter().map(Todo::Type)),
        TypeKind::List(inner) | TypeKind::Optional(inner) => todo.push(Todo::Type(inner)),
        TypeKind::Object(fields) => todo.extend(fields.iter().map(|field| Todo::Type(&field.ty))),
        TypeKind::Union(members) => todo.extend(members.iter().map(Todo::Type)),
        TypeKind::Literal(expr) => todo.push(Todo::Expr(expr)),
        TypeKind::Refined(inner, condition) => {
            todo.push(Todo::Type(inner));
            todo.push(Todo::Expr(&condition.condition));
            todo.extend(condition.message.as_ref().map(Todo::Expr));
            todo.extend(condition.help.as_ref().map(Todo::Expr));
        }
        TypeKind::Error => {}
    }
}

fn clauses<'a>(list: &'a [Clause], todo: &mut Vec<Todo<'a>>) {
    todo.extend(list.iter().map(|clause| match clause {
        Clause::For(binding) => Todo::Binding(binding),
        Clause::If(condition) => Todo::Expr(condition),
    }));
}

fn children<'a>(expr: &'a Expr, todo: &mut Vec<Todo<'a>>) {
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Duration(_)
        | ExprKind::Size(_)
        | ExprKind::Name(_)
        | ExprKind::Error => {}
        ExprKind::String(literal) => todo.push(Todo::String(literal)),
        ExprKind::List(elements) => todo.extend(elements.iter().map(Todo::Expr)),
        ExprKind::Object(entries) => {
            for entry in entries {
                todo.push(Todo::Label(&entry.key));
                todo.push(Todo::Expr(&entry.value));
            }
        }
        ExprKind::ListFor {
            element,
            clauses: list,
        } => {
            todo.push(Todo::Expr(element));
            clauses(list, todo);
        }
        ExprKind::MapFor {
            key,
            value,
            clauses: list,
        } => {
            todo.push(Todo::Expr(key));
            todo.push(Todo::Expr(value));
            clauses(list, todo);
        }
        ExprKind::Instance { body, .. } => todo.push(Todo::Body(body)),
        ExprKind::Unary(_, inner) => todo.push(Todo::Expr(inner)),
        ExprKind::Binary { left, right, .. } => {
            todo.push(Todo::Expr(left));
            todo.push(Todo::Expr(right));
        }
        ExprKind::Member { base, .. } => todo.push(Todo::Expr(base)),
        ExprKind::Index(base, index) => {
            todo.push(Todo::Expr(base));
            todo.push(Todo::Expr(index));
        }
        ExprKind::Slice { base, start, end } => {
            todo.push(Todo::Expr(base));
            todo.extend(start.as_deref().map(Todo::Expr));
            todo.extend(end.as_deref().map(Todo::Expr));
        }
        ExprKind::Call {
            function,
            arguments,
        } => {
            todo.push(Todo::Expr(function));
            todo.extend(arguments.iter().map(|argument| Todo::Expr(&argument.value)));
        }
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => {
            todo.push(Todo::Expr(condition));
            todo.push(Todo::Expr(then));
            todo.push(Todo::Expr(otherwise));
        }
        ExprKind::Match { subject, arms } => {
            todo.push(Todo::Expr(subject));
            for arm in arms {
                todo.push(Todo::Expr(&arm.value));
                todo.extend(arm.patterns.iter().filter_map(|pattern| match pattern {
                    Pattern::Literal(literal) => Some(Todo::Expr(literal)),
                    _ => None,
                }));
            }
        }
        ExprKind::Let { lets, value } => {
            todo.extend(lets.iter().map(|binding| Todo::Expr(&binding.value)));
            todo.push(Todo::Expr(value));
        }
        ExprKind::As(value, ty) => {
            todo.push(Todo::Expr(value));
            todo.push(Todo::Type(ty));
        }
        ExprKind::With(value, body) => {
            todo.push(Todo::Expr(value));
            todo.push(Todo::Body(body));
        }
    }
}

/// Calls `visit` for an expression and every expression and string in it; the order is not that of the text.
pub fn expr<'a>(expr: &'a Expr, visit: &mut dyn FnMut(Met<'a>)) {
    drain(vec![Todo::Expr(expr)], visit);
}
