//! `a.b` and `a?.b`.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::diagnostics::codes::{names, types as codes};
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::resolve::Binding;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Ident, Item};
use crate::types::check::Checker;
use crate::types::check::recursion::Node;
use crate::types::check::scope::Found;
use crate::types::{Known, Lifted, Named, Schema, SchemaType, Shape, Type, unlifted};

impl<'p> Checker<'p> {
    /// The type of a member.
    pub(super) fn member(
        &mut self,
        expr: &'p Expr,
        base: &'p Expr,
        name: &'p Ident,
        safe: bool,
    ) -> Type {
        if let Some((module, alias)) = self.module_named(base) {
            return match self.in_module(module, &alias, name) {
                Some(id) => self.top(Binding::Item(id), &name.name, expr.span),
                None => self.silent(expr.span),
            };
        }
        let of = self.infer(base, None);
        let ty = self.member_of(expr, base, &of, name, safe);
        match self.path(expr) {
            Some((path, facts)) => self.fact(&path, facts).unwrap_or(ty),
            None => ty,
        }
    }

    /// The module that an expression names.
    pub(super) fn module_named(&self, expr: &Expr) -> Option<(crate::resolve::ModuleId, Ident)> {
        let ExprKind::Name(name) = &expr.kind else {
            return None;
        };
        match self.find(name)? {
            Found::Top(Binding::Module(module)) => {
                let ident = Ident {
                    name: name.clone(),
                    span: expr.span,
                };
                Some((module, ident))
            }
            _ => None,
        }
    }

    fn member_of(
        &mut self,
        expr: &'p Expr,
        base: &'p Expr,
        of: &Type,
        name: &'p Ident,
        safe: bool,
    ) -> Type {
        if of.is_error() {
            return Type::Error;
        }
        let (inner, lifted) = unlifted(of);
        let null = inner.holds_null() && !matches!(inner, Type::Any);
        if null && !safe {
            let text = self.short_text(base.span);
            let diagnostic = Diagnostic::error(
                &codes::MAY_BE_NULL,
                base.span,
                format!("`{text}` may be null, and null has no `{}`", name.name),
            )
            .label(format!("`{of}`"))
            .help(format!(
                "write `{text}?.{}`, which is null then, or ask first: `if {text} != null {{ … }}`",
                name.name
            ));
            return self.error(expr.span, diagnostic);
        }
        let inner = inner.without_null();
        let mut ty = Type::Never;
        for member in inner.members() {
            let Some(one) = self.member_of_one(expr, base, member, name) else {
                return self.no_member(expr, member, &inner, name);
            };
            ty = self.types.join(self.program, ty, one);
        }
        if null {
            ty = Type::optional(ty);
        }
        if lifted != Lifted::No {
            ty = Type::output(unlifted(&ty).0);
        }
        ty
    }

    /// The member of one type that is no union; `None` where it has none of that name.
    fn member_of_one(
        &mut self,
        expr: &'p Expr,
        base: &'p Expr,
        of: &Type,
        name: &'p Ident,
    ) -> Option<Type> {
        match of {
            Type::Error | Type::Never => Some(Type::Error),
            Type::Any => Some(self.untyped(base)),
            Type::Named(named) => self.named_member(expr, base, named, name),
            Type::Refined(refined) => self.member_of_one(expr, base, &refined.base, name),
            Type::Union(members) => {
                let mut ty = Type::Never;
                for member in members.iter() {
                    let one = self.member_of_one(expr, base, member, name)?;
                    ty = self.types.join(self.program, ty, one);
                }
                Some(ty)
            }
            Type::Object(object) => {
                let field = object.fields.get(&name.name)?;
                Some(if field.optional {
                    Type::optional(field.ty.clone())
                } else {
                    field.ty.clone()
                })
            }
            Type::Map(value) => {
                let value = Type::clone(value);
                if crate::types::holds_output(&value) {
                    self.origin_through(expr.span, base.span);
                }
                Some(value)
            }
            Type::Schema(schema) => self.instance_member(expr, schema, name),
            _ => None,
        }
    }

    /// A member of a schema's instance: its own names, then the labels in it.
    fn instance_member(&mut self, expr: &Expr, of: &SchemaType, name: &Ident) -> Option<Type> {
        let schema = self.types.schema(self.program, of.id)?;
        if let Some(kind) = schema.blocks.get(&name.name) {
            let known = of.known.as_ref();
            if let Some(block) = known.and_then(|known| known.singles.get(&name.name)) {
                return Some(block.ty.clone());
            }
            if matches!(kind.shape, Shape::Later) {
                return Some(self.later(name.span, &name.name, kind.span));
            }
        }
        if let Some(field) = schema.fields.get(&name.name)
            && *field.ty.base() == Type::Later
        {
            return Some(self.later(name.span, &name.name, field.span));
        }
        if let Some(ty) = self.schema_member(&schema, &name.name, expr.span) {
            let text = self.short_text(expr.span);
            self.runtime_field(&schema, &name.name, expr.span, &text);
            return Some(ty);
        }
        let known = of.known.as_ref()?;
        let Some(block) = known.labels.get(&name.name).cloned() else {
            return known.partial.then(|| self.silent(expr.span));
        };
        let text = self.short_text(expr.span);
        Some(self.known_block(&block, expr.span, &text))
    }

    /// A computed member of a named type, else a member of what it stands for.
    fn named_member(
        &mut self,
        expr: &'p Expr,
        base: &'p Expr,
        named: &Rc<Named>,
        name: &'p Ident,
    ) -> Option<Type> {
        if let Some(Item::Type(declaration)) = self.program.item(named.id) {
            let mut members = declaration.members.iter();
            if let Some(member) = members.find(|member| member.name.name == name.name) {
                return Some(self.type_member(named, member, expr.span));
            }
        }
        self.member_of_one(expr, base, &named.ty, name)
    }

    /// The type of a computed member of a named type, which is asked for at `span`.
    pub(super) fn type_member(
        &mut self,
        named: &Rc<Named>,
        member: &'p crate::syntax::ast::Let,
        span: Span,
    ) -> Type {
        let module = named.id.module;
        let node = Node::Member(module, member.name.span);
        self.needs(node, span);
        if let Some(written) = &member.ty {
            return self.types.resolve(self.program, module, written);
        }
        match self.members.get(&member.span) {
            Some(Some(ty)) => return ty.clone(),
            Some(None) => return self.silent(span),
            None => {}
        }
        self.members.insert(member.span, None);
        let this = Type::Named(Rc::clone(named));
        let ty = self.elsewhere(module, Some(node), |checker| {
            checker.with_self(member.span, this, |checker| {
                checker.infer(&member.value, None)
            })
        });
        self.members.insert(member.span, Some(ty.clone()));
        ty
    }

    fn no_member(&mut self, expr: &Expr, of: &Type, whole: &Type, name: &Ident) -> Type {
        let declared = match of.base() {
            Type::Schema(schema) => schema.id.module,
            _ => self.place.module,
        };
        if self.is_partial(self.place.module) || self.is_partial(declared) {
            return self.silent(expr.span);
        }
        let known = self.member_names(of);
        let known: Vec<&str> = known.iter().map(SmolStr::as_str).collect();
        let mut diagnostic = Diagnostic::error(
            &names::UNKNOWN_MEMBER,
            name.span,
            match of.base() {
                Type::Schema(schema) => {
                    format!("`{}` has no member `{}`", schema.name, name.name)
                }
                _ => format!("there is no `{}` in this value", name.name),
            },
        )
        .label("not known");
        if of != whole {
            diagnostic = diagnostic.note(format!(
                "the value is `{whole}`, and `{of}` has no such member"
            ));
        }
        diagnostic = if let Some(near) = did_you_mean(&name.name, known.iter().copied()) {
            diagnostic
                .help(format!("did you mean `{near}`?"))
                .meant(&name.name, near, name.span, near)
        } else if known.is_empty() {
            diagnostic.note(format!("a value of type `{of}` has no members"))
        } else {
            diagnostic.note(format!("it has {}", list_names(known, 16)))
        };
        if let Type::Schema(schema) = of.base() {
            diagnostic = self.no_label(diagnostic, schema, name);
        }
        self.error(expr.span, diagnostic)
    }

    /// What can be said of a label that is not there: which block could have declared it.
    fn no_label(&self, diagnostic: Diagnostic, of: &SchemaType, name: &Ident) -> Diagnostic {
        let Some(schema) = self.types.schema(self.program, of.id) else {
            return diagnostic;
        };
        let output = schema
            .blocks
            .values()
            .find(|kind| matches!(kind.shape, Shape::Output(_)));
        match output {
            Some(kind) if diagnostic.fixes.is_empty() => diagnostic.help(format!(
                "declare it where the block stands: `{} {}`",
                kind.kind, name.name
            )),
            _ => diagnostic,
        }
    }

    /// The names of the members of a type.
    pub(super) fn member_names(&self, of: &Type) -> Vec<SmolStr> {
        match of {
            Type::Named(named) => {
                let mut names = self.member_names(&named.ty);
                if let Some(Item::Type(declaration)) = self.program.item(named.id) {
                    let members = declaration.members.iter();
                    names.extend(members.map(|member| member.name.name.clone()));
                }
                names
            }
            Type::Refined(refined) => self.member_names(&refined.base),
            Type::Object(object) => object.fields.keys().cloned().collect(),
            Type::Schema(schema) => {
                let labels = schema.known.iter();
                let mut names: Vec<SmolStr> = labels
                    .flat_map(|known: &Rc<Known>| known.labels.keys().cloned())
                    .collect();
                if let Some(schema) = self.types.schema(self.program, schema.id) {
                    names.extend(own_names(&schema));
                }
                names
            }
            _ => Vec::new(),
        }
    }

    /// Something that is planned and not there yet.
    pub(super) fn later(&mut self, span: Span, name: &str, declared: Span) -> Type {
        let diagnostic = Diagnostic::error(
            &crate::diagnostics::codes::blocks::LATER,
            span,
            format!("`{name}` comes with a later version"),
        )
        .label("not there yet")
        .also(declared, "planned here")
        .help("leave it out");
        self.error(span, diagnostic)
    }
}

fn own_names(schema: &Schema) -> impl Iterator<Item = SmolStr> + '_ {
    let fields = schema.fields.values();
    let fields = fields.filter(|field| *field.ty.base() != Type::Later);
    let kinds = schema.blocks.values();
    let kinds = kinds.filter(|kind| !matches!(kind.shape, Shape::Later));
    fields
        .map(|field| field.name.clone())
        .chain(kinds.map(|kind| kind.kind.clone()))
        .chain(schema.members.keys().cloned())
}
