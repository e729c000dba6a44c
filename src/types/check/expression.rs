//! Expressions: the type of each, from the inside out, with what is wanted from the outside in.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::types as codes;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Let};
use crate::types::check::Checker;
use crate::types::check::known::partial;
use crate::types::check::role::Role;
use crate::types::{Lifted, Literal, SchemaType, Type, unlifted};

/// How deep expressions are followed, through the declarations that they ask for.
const MOST_NESTING: usize = 288;

impl<'p> Checker<'p> {
    /// The type of `expr` where a `wanted` is needed for `role`; reports where it does not fit.
    pub(super) fn check(&mut self, expr: &'p Expr, wanted: &Type, role: &Role<'_>) -> Type {
        let actual = self.infer(expr, Some((wanted, role)));
        self.accept(expr, actual, wanted, role)
    }

    /// `actual`, if it fits; else what is wrong is said at `expr`.
    pub(super) fn accept(
        &mut self,
        expr: &'p Expr,
        actual: Type,
        wanted: &Type,
        role: &Role<'_>,
    ) -> Type {
        if self.fits(&actual, wanted) {
            return actual;
        }
        if role.lifts() && self.fits_without_outputs(&actual, wanted) {
            return actual;
        }
        self.mismatch(expr, &actual, wanted, role)
    }

    /// The type of `expr`. What is wanted, where something is, guides literals and branches: they
    /// report within themselves; for the rest the caller looks whether the type fits.
    pub(super) fn infer(&mut self, expr: &'p Expr, wanted: Option<(&Type, &Role<'_>)>) -> Type {
        if self.depth >= MOST_NESTING {
            if std::mem::replace(&mut self.too_deep, true) {
                return self.silent(expr.span);
            }
            let diagnostic = Diagnostic::error(
                &codes::TYPE_TOO_LARGE,
                expr.span,
                "this expression leads through too many others",
            )
            .note(format!("at most {MOST_NESTING} levels are followed"))
            .help("declare values before the values that use them, or make them less nested");
            return self.error(expr.span, diagnostic);
        }
        self.depth += 1;
        let ty = self.infer_kind(expr, wanted);
        self.depth -= 1;
        self.too_deep &= self.depth > 0;
        ty
    }

    fn infer_kind(&mut self, expr: &'p Expr, wanted: Option<(&Type, &Role<'_>)>) -> Type {
        match &expr.kind {
            ExprKind::Null => Type::Null,
            ExprKind::Bool(value) => Type::Literal(Literal::Bool(*value)),
            ExprKind::Int(value) => Type::Literal(Literal::Int(*value)),
            ExprKind::Float(value) => Type::Literal(Literal::Float(*value)),
            ExprKind::Duration(value) => Type::Literal(Literal::Duration(*value)),
            ExprKind::Size(value) => Type::Literal(Literal::Size(*value)),
            ExprKind::String(literal) => self.string(literal),
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::List(items) => self.list(expr, items, wanted),
            ExprKind::Object(entries) => self.object(expr, entries, wanted),
            ExprKind::ListFor { element, clauses } => self.list_for(expr, element, clauses, wanted),
            ExprKind::MapFor {
                key,
                value,
                clauses,
            } => self.map_for(expr, (key, value), clauses, wanted),
            ExprKind::Instance { schema, body } => self.instance(expr, schema, body),
            ExprKind::Unary(op, inner) => self.unary(expr, *op, inner),
            ExprKind::Binary {
                op,
                op_span,
                left,
                right,
            } => self.binary(expr, (*op, *op_span), left, right, wanted),
            ExprKind::Member { base, name, safe } => self.member(expr, base, name, *safe),
            ExprKind::Index(base, index) => self.index(expr, base, index),
            ExprKind::Slice { base, start, end } => {
                self.slice(expr, base, start.as_deref(), end.as_deref())
            }
            ExprKind::Call {
                function,
                arguments,
            } => self.call(expr, function, arguments),
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => self.if_else(condition, then, otherwise, wanted),
            ExprKind::Match { subject, arms } => self.match_arms(expr, subject, arms, wanted),
            ExprKind::Let { lets, value } => self.lets(lets, value, wanted),
            ExprKind::As(inner, ty) => self.cast(expr, inner, ty),
            ExprKind::With(base, body) => self.with(expr, base, body),
            ExprKind::Error => Type::Error,
        }
    }

    /// A branch or arm: checked against what is wanted, where something is.
    pub(super) fn branch(&mut self, expr: &'p Expr, wanted: Option<(&Type, &Role<'_>)>) -> Type {
        match wanted {
            Some((ty, role)) => self.check(expr, ty, role),
            None => self.infer(expr, None),
        }
    }

    /// A condition: a `Bool`, perhaps of a run.
    pub(super) fn condition(&mut self, expr: &'p Expr, what: &'static str) -> Lifted {
        let role = Role::Other(what);
        let ty = self.infer(expr, Some((&Type::Bool, &role)));
        let (inner, lifted) = unlifted(&ty);
        if self.fits(&inner, &Type::Bool) {
            return lifted;
        }
        self.mismatch(expr, &inner, &Type::Bool, &role);
        Lifted::No
    }

    fn if_else(
        &mut self,
        condition: &'p Expr,
        then: &'p Expr,
        otherwise: &'p Expr,
        wanted: Option<(&Type, &Role<'_>)>,
    ) -> Type {
        let lifted = self.condition(condition, "a condition");
        let a = self.assuming(condition, true, |checker| checker.branch(then, wanted));
        let b = self.assuming(condition, false, |checker| {
            checker.branch(otherwise, wanted)
        });
        let ty = self.types.join(self.program, a, b);
        if lifted == Lifted::No {
            ty
        } else {
            Type::output(unlifted(&ty).0)
        }
    }

    fn lets(
        &mut self,
        lets: &'p [Let],
        value: &'p Expr,
        wanted: Option<(&Type, &Role<'_>)>,
    ) -> Type {
        self.with_locals(Vec::new(), |checker| {
            for item in lets {
                checker.bind_let(item);
            }
            checker.branch(value, wanted)
        })
    }

    /// `let name: T = value` among expressions or in a body.
    pub(super) fn bind_let(&mut self, item: &'p Let) {
        let ty = self.let_type(item);
        let local = self.local(&item.name, ty, Some(&item.value));
        self.bind(local);
    }

    /// The type of a `let`'s name: as annotated, else as found.
    pub(super) fn let_type(&mut self, item: &'p Let) -> Type {
        let Some(written) = &item.ty else {
            return self.infer(&item.value, None);
        };
        let wanted = self.resolve(written);
        self.depends_on(&wanted, written.span);
        let role = Role::Variable(&item.name.name, written.span);
        let actual = self.check(&item.value, &wanted, &role);
        annotated(wanted, actual)
    }

    /// `value as T`
    fn cast(
        &mut self,
        expr: &'p Expr,
        inner: &'p Expr,
        written: &'p crate::syntax::ast::TypeExpr,
    ) -> Type {
        let wanted = self.resolve(written);
        self.depends_on(&wanted, written.span);
        let actual = self.infer(inner, None);
        if actual.is_error() || wanted.is_error() {
            return wanted;
        }
        let (known, lifted) = unlifted(&actual);
        if lifted != Lifted::No && !self.fits(&actual, &wanted) {
            let role = Role::Other("what is read by `as`");
            return self.too_early(inner, &role, "what is read by `as`");
        }
        if !self.types.overlap(self.program, &known, &wanted) || known == Type::Secret {
            let diagnostic = Diagnostic::error(
                &codes::CAST_NEVER_HOLDS,
                expr.span,
                format!("this can never be `{wanted}`"),
            )
            .also(inner.span, format!("this is `{}`", known.shown()))
            .help("`as` gives read data its type, and narrows a union; it converts nothing");
            return self.error(expr.span, diagnostic);
        }
        wanted
    }

    /// An iterable for `for`: what its first and its second name stand for.
    pub(super) fn iterated(
        &mut self,
        iterable: &'p Expr,
        pair: bool,
        shape: bool,
    ) -> (Type, Type, Lifted) {
        let ty = self.infer(iterable, None);
        let (inner, lifted) = unlifted(&ty);
        if shape && lifted != Lifted::No {
            let role = Role::Other("what a `for` goes through");
            self.too_early(iterable, &role, "what a `for` goes through");
            return (Type::Error, Type::Error, Lifted::No);
        }
        let mut first = Type::Never;
        let mut second = Type::Never;
        for member in inner.base().members() {
            let (key, value) = match member.base() {
                Type::List(element) if pair => (Type::Int, Type::clone(element)),
                Type::List(element) => (Type::clone(element), Type::Never),
                Type::Map(value) if pair => (Type::String, Type::clone(value)),
                Type::Object(object) if pair => {
                    let values = object.fields.values().map(|field| field.ty.clone());
                    (Type::String, Type::union(values))
                }
                Type::Error => (Type::Error, Type::Error),
                other => {
                    let other = other.clone();
                    self.not_iterable(iterable, &inner, &other);
                    return (Type::Error, Type::Error, Lifted::No);
                }
            };
            first = self.types.join(self.program, first, key);
            second = self.types.join(self.program, second, value);
        }
        (first, second, lifted)
    }

    fn not_iterable(&mut self, iterable: &'p Expr, ty: &Type, member: &Type) {
        if *member == Type::Any {
            self.untyped(iterable);
            return;
        }
        let text = self.short_text(iterable.span);
        let diagnostic = Diagnostic::error(
            &codes::NOT_ITERABLE,
            iterable.span,
            format!(
                "`for` goes through lists and maps, and this is `{}`",
                ty.shown()
            ),
        )
        .label("neither a list nor a map");
        let diagnostic = match member {
            Type::Map(_) | Type::Object(_) => {
                diagnostic.help("a map needs two names: `for key, value in …`")
            }
            Type::Null => diagnostic.help(format!(
                "where it is `null`, go through nothing: `{text} ?? []`"
            )),
            Type::Int | Type::Literal(Literal::Int(_)) => {
                diagnostic.help(format!("to count, write `range({text})`"))
            }
            Type::String | Type::Literal(Literal::String(_)) => {
                diagnostic.help("for its lines write `lines(…)`, for its parts `split(…, \",\")`")
            }
            Type::Secret => diagnostic.help("a secret cannot be looked into"),
            _ => diagnostic,
        };
        let diagnostic = self.hidden(diagnostic, iterable);
        self.error(iterable.span, diagnostic);
    }

    /// Data that was read, and used before it has a type.
    pub(super) fn untyped(&mut self, expr: &'p Expr) -> Type {
        let text = self.short_text(expr.span);
        let diagnostic = Diagnostic::error(
            &codes::UNTYPED,
            expr.span,
            "this data was read from a file and has no type yet",
        )
        .label("could be anything")
        .help(format!(
            "say what it is, and it is checked: `{text} as [Account]`, with a `schema Account {{ … }}` of yours"
        ));
        self.error(expr.span, diagnostic)
    }

    /// Refuses a type that grew too large; else gives it back.
    pub(super) fn bounded(&mut self, span: Span, ty: Type) -> Type {
        if crate::types::is_bounded(&ty) {
            return ty;
        }
        let mut inner = &ty;
        while let Type::List(element) | Type::Map(element) = inner {
            inner = element;
        }
        if inner.is_error() {
            // Nobody knows what it would be; brackets too many have been reported.
            return Type::Error;
        }
        let diagnostic = Diagnostic::error(
            &codes::TYPE_TOO_LARGE,
            span,
            "the type of this value is nested too deep or has too many parts",
        )
        .help("use a `schema` for its inner parts, or split it");
        self.error(span, diagnostic)
    }
}

/// The type of a name with an annotation: the annotation, with what is known of the very value.
pub(super) fn annotated(wanted: Type, actual: Type) -> Type {
    match (&wanted, &actual) {
        (Type::Schema(a), Type::Schema(b)) if a.id == b.id => actual,
        (Type::Schema(schema), Type::Error) => Type::Schema(SchemaType {
            known: partial(),
            ..schema.clone()
        }),
        _ => wanted,
    }
}
