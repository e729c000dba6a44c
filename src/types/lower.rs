//! From types as written to types as known: names looked up.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::diagnostics::codes::{names, types as codes};
use crate::diagnostics::{Diagnostic, list_names};
use crate::resolve::{BUILT_IN_TYPES, Binding, ItemId, ModuleId, Program};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, Item, TypeExpr, TypeKind};
use crate::types::hints::{add_use, suggest};
use crate::types::{Literal, ObjectField, ObjectType, Refined, Type, Types};

/// How deep and how large a type may be: enough for every table that people write.
pub const MOST_DEPTH: usize = 64;
/// See [`MOST_DEPTH`]: the number of its parts.
pub const MOST_PARTS: usize = 50_000;

/// One written type that is being looked at.
pub(super) struct Lower<'a> {
    pub types: &'a Types,
    pub program: &'a Program,
    pub module: ModuleId,
    pub generics: &'a [ast::Ident],
}

impl Lower<'_> {
    /// The meaning of a whole type; refused where it is too deep or too large.
    pub fn bounded(&self, written: &TypeExpr) -> Type {
        let nesting = self.types.nesting.get();
        if nesting >= MOST_DEPTH {
            return self.too_large(written.span);
        }
        self.types.nesting.set(nesting + 1);
        let ty = self.lower(written);
        self.types.nesting.set(nesting);
        if is_bounded(&ty) {
            ty
        } else {
            self.too_large(written.span)
        }
    }

    fn too_large(&self, span: Span) -> Type {
        self.error(
            span,
            Diagnostic::error(
                &codes::TYPE_TOO_LARGE,
                span,
                "this type is nested too deep or has too many parts",
            )
            .note(format!(
                "a type may be nested {MOST_DEPTH} levels deep and have {MOST_PARTS} parts"
            ))
            .help("use a `schema` for the inner parts"),
        )
    }

    fn error(&self, span: Span, diagnostic: Diagnostic) -> Type {
        self.types.report(span, diagnostic);
        Type::Error
    }

    fn lower(&self, written: &TypeExpr) -> Type {
        match &written.kind {
            TypeKind::Name { path, arguments } => self.name(written, path, arguments),
            TypeKind::List(element) => wrap(self.lower(element), Type::list),
            TypeKind::Object(fields) => self.object(fields),
            TypeKind::Optional(inner) => Type::optional(self.lower(inner)),
            TypeKind::Union(members) => {
                Type::union(members.iter().map(|member| self.lower(member)))
            }
            TypeKind::Literal(literal) => self.literal(literal),
            TypeKind::Refined(base, condition) => wrap(self.lower(base), |base| {
                Type::Refined(Rc::new(Refined {
                    base,
                    condition: Rc::clone(condition),
                    module: self.module,
                    span: written.span,
                }))
            }),
            TypeKind::Error => Type::Error,
        }
    }

    fn object(&self, fields: &[ast::ObjectTypeField]) -> Type {
        let mut known: IndexMap<SmolStr, ObjectField> = IndexMap::default();
        for field in fields {
            let name = &field.name.name;
            if known.contains_key(name) {
                let first = fields.iter().find(|other| other.name.name == *name);
                let first = first.map_or(field.name.span, |other| other.name.span);
                let diagnostic = Diagnostic::error(
                    &names::DECLARED_TWICE,
                    field.name.span,
                    format!("`{name}` stands twice in this object type"),
                )
                .label("again")
                .also(first, "first here")
                .help("remove one, or give it another name");
                self.types.report(field.name.span, diagnostic);
                continue;
            }
            known.insert(
                name.clone(),
                ObjectField {
                    ty: self.lower(&field.ty),
                    optional: field.optional,
                },
            );
        }
        Type::Object(Rc::new(ObjectType { fields: known }))
    }

    fn literal(&self, expr: &ast::Expr) -> Type {
        let literal = match &expr.kind {
            ExprKind::Null => return Type::Null,
            ExprKind::Error => return Type::Error,
            ExprKind::Bool(value) => Some(Literal::Bool(*value)),
            ExprKind::Int(value) => Some(Literal::Int(*value)),
            ExprKind::Float(value) => Some(Literal::Float(*value)),
            ExprKind::Duration(value) => Some(Literal::Duration(*value)),
            ExprKind::Size(value) => Some(Literal::Size(*value)),
            ExprKind::String(text) => text.fixed().map(Literal::String),
            _ => None,
        };
        match literal {
            Some(literal) => Type::Literal(literal),
            None => self.error(
                expr.span,
                Diagnostic::error(&names::NOT_A_TYPE, expr.span, "a type cannot be computed")
                    .label("this is an expression")
                    .help("write the value itself, as in `\"push\" | \"tag\"`, or a type's name"),
            ),
        }
    }

    fn name(&self, written: &TypeExpr, path: &[ast::Ident], arguments: &[TypeExpr]) -> Type {
        let [first, rest @ ..] = path else {
            return Type::Error;
        };
        if rest.is_empty() {
            if self.generics.iter().any(|ident| ident.name == first.name) {
                let ty = Type::Parameter(first.name.clone());
                return self.without_arguments(first, arguments, ty);
            }
            if let Some(ty) = self.built_in(written, first, arguments) {
                return ty;
            }
        }
        let Some((id, last)) = self.find(first, rest) else {
            return Type::Error;
        };
        match self.types.declared(self.program, id) {
            Some(ty) => self.without_arguments(last, arguments, ty),
            None => self.error(
                last.span,
                Diagnostic::error(
                    &names::NOT_A_TYPE,
                    last.span,
                    format!(
                        "`{}` is {}, not a type",
                        last.name,
                        self.program.item(id).map_or("something else", Item::what)
                    ),
                )
                .label("a type is wanted here")
                .help("write the name of a `type` or a `schema`, or a built-in type"),
            ),
        }
    }

    /// The declaration that a dotted name means.
    fn find<'i>(
        &self,
        first: &'i ast::Ident,
        rest: &'i [ast::Ident],
    ) -> Option<(ItemId, &'i ast::Ident)> {
        let Some(binding) = self.program.lookup(self.module, &first.name) else {
            self.unknown(first);
            return None;
        };
        match (binding, rest) {
            (Binding::Unknown, _) => None,
            (Binding::Item(id), []) => Some((id, first)),
            (Binding::Item(_), [next, ..]) => {
                self.error(
                    next.span,
                    Diagnostic::error(
                        &names::NOT_A_TYPE,
                        next.span,
                        format!("`{}` is no module, it holds no types", first.name),
                    ),
                );
                None
            }
            (Binding::Module(_), []) => {
                self.error(
                    first.span,
                    Diagnostic::error(
                        &names::NOT_A_TYPE,
                        first.span,
                        format!("`{}` is a module, not a type", first.name),
                    )
                    .help(format!("write `{}.NAME`", first.name)),
                );
                None
            }
            (Binding::Module(module), [next, more @ ..]) => {
                if let [extra, ..] = more {
                    self.error(
                        extra.span,
                        Diagnostic::error(
                            &names::NOT_A_TYPE,
                            extra.span,
                            format!("`{}` holds no types", next.name),
                        ),
                    );
                    return None;
                }
                match self.program.declared(module, &next.name) {
                    Some(id) => Some((id, next)),
                    None => {
                        self.not_in_module(module, first, next);
                        None
                    }
                }
            }
        }
    }

    fn not_in_module(&self, module: ModuleId, alias: &ast::Ident, name: &ast::Ident) {
        let Some(holder) = self.program.module(module) else {
            return;
        };
        if holder.partial {
            self.types.poisoned.borrow_mut().insert(name.span);
            return;
        }
        let types = holder.file.items.iter().filter(|item| item.is_type());
        let known: Vec<&str> = types.filter_map(Item::name).collect();
        let mut diagnostic = Diagnostic::error(
            &names::NOT_IN_MODULE,
            name.span,
            format!("there is no type `{}` in `{}`", name.name, alias.name),
        );
        diagnostic = suggest(diagnostic, name, known.iter().copied());
        if !known.is_empty() && diagnostic.fixes.is_empty() {
            diagnostic = diagnostic.note(format!("its types are {}", list_names(known, 12)));
        }
        self.error(name.span, diagnostic);
    }

    fn unknown(&self, ident: &ast::Ident) {
        let Some(module) = self.program.module(self.module) else {
            return;
        };
        if module.partial {
            self.types.poisoned.borrow_mut().insert(ident.span);
            return;
        }
        let mut diagnostic = Diagnostic::error(
            &names::UNKNOWN_TYPE,
            ident.span,
            format!("there is no type `{}`", ident.name),
        )
        .label("not declared, imported or built in");
        if let Some(library) = self.program.standard_module_with(&ident.name) {
            diagnostic = {
                let first = self.types.first_unimported(self.module, &ident.name);
                add_use(diagnostic, module, library, &ident.name, first)
            };
        } else {
            let visible = self.program.visible(self.module);
            let types = visible
                .filter(|(_, binding)| self.is_type(*binding))
                .map(|(name, _)| name);
            let candidates = BUILT_IN_TYPES
                .iter()
                .copied()
                .chain(self.generics.iter().map(|ident| ident.name.as_str()))
                .chain(types);
            diagnostic = suggest(diagnostic, ident, candidates);
            if diagnostic.fixes.is_empty() {
                diagnostic = diagnostic.help(match ident.name.as_str() {
                    "Any" => "write what it really is; read data is given a type by `as`".into(),
                    name => format!("declare it with `type {name} = …` or `schema {name} {{ … }}`"),
                });
            }
        }
        self.error(ident.span, diagnostic);
    }

    fn is_type(&self, binding: Binding) -> bool {
        matches!(binding, Binding::Item(id) if self.program.item(id).is_some_and(Item::is_type))
    }

    /// A built-in type by its name.
    fn built_in(
        &self,
        written: &TypeExpr,
        name: &ast::Ident,
        arguments: &[TypeExpr],
    ) -> Option<Type> {
        let plain = match name.name.as_str() {
            "String" => Type::String,
            "Int" => Type::Int,
            "Float" => Type::Float,
            "Bool" => Type::Bool,
            "Duration" => Type::Duration,
            "Size" => Type::Size,
            "Null" => Type::Null,
            "Secret" => Type::Secret,
            "Any" if self.program.is_standard(self.module) => Type::Any,
            "Later" if self.program.is_standard(self.module) => Type::Later,
            "Map" => return Some(self.with_argument(written, name, arguments, Type::map)),
            "Output" => return Some(self.with_argument(written, name, arguments, Type::output)),
            _ => return None,
        };
        Some(self.without_arguments(name, arguments, plain))
    }

    fn with_argument(
        &self,
        written: &TypeExpr,
        name: &ast::Ident,
        arguments: &[TypeExpr],
        make: impl Fn(Type) -> Type,
    ) -> Type {
        if let [argument] = arguments {
            return wrap(self.lower(argument), make);
        }
        self.error(
            written.span,
            Diagnostic::error(
                &codes::TYPE_ARGUMENTS,
                written.span,
                format!(
                    "`{}` takes one type in `<…>`, {} given",
                    name.name,
                    match arguments.len() {
                        0 => "none is".to_owned(),
                        count => format!("{count} are"),
                    }
                ),
            )
            .label("say of what")
            .help(format!("for example `{}<String>`", name.name)),
        )
    }

    fn without_arguments(&self, name: &ast::Ident, arguments: &[TypeExpr], ty: Type) -> Type {
        let [first, .., last] = arguments else {
            let [only] = arguments else { return ty };
            return self.no_arguments(name, only.span);
        };
        self.no_arguments(name, first.span.to(last.span))
    }

    fn no_arguments(&self, name: &ast::Ident, span: Span) -> Type {
        self.error(
            span,
            Diagnostic::error(
                &codes::TYPE_ARGUMENTS,
                span,
                format!("`{}` takes no types in `<…>`", name.name),
            )
            .label("not wanted here")
            .help(format!("write `{}` alone", name.name)),
        )
    }
}

/// Wraps a type; an error stays an error.
fn wrap(ty: Type, make: impl FnOnce(Type) -> Type) -> Type {
    match ty {
        Type::Error => Type::Error,
        ty => make(ty),
    }
}

/// Whether a type keeps within [`MOST_DEPTH`] and [`MOST_PARTS`].
pub(crate) fn is_bounded(ty: &Type) -> bool {
    let mut parts = MOST_PARTS;
    within(ty, MOST_DEPTH, &mut parts)
}

fn within(ty: &Type, depth: usize, parts: &mut usize) -> bool {
    let (Some(depth), Some(rest)) = (depth.checked_sub(1), parts.checked_sub(1)) else {
        return false;
    };
    *parts = rest;
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::Output(inner) => within(inner, depth, parts),
        Type::Named(named) => within(&named.ty, depth, parts),
        Type::Refined(refined) => within(&refined.base, depth, parts),
        Type::Union(members) => members.iter().all(|member| within(member, depth, parts)),
        Type::Object(object) => object
            .fields
            .values()
            .all(|field| within(&field.ty, depth, parts)),
        _ => true,
    }
}
