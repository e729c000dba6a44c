//! Operators: which types they take, and what comes out.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::types as codes;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, UnaryOp};
use crate::types::check::Checker;
use crate::types::check::role::Role;
use crate::types::{Lifted, Literal, Type, holds_secret, unlifted};

/// The kinds of values that arithmetic tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Int,
    Float,
    String,
    Duration,
    Size,
    List,
    Other,
}

impl<'p> Checker<'p> {
    /// `!a`, `-a`
    pub(super) fn unary(&mut self, expr: &'p Expr, op: UnaryOp, inner: &'p Expr) -> Type {
        if op == UnaryOp::Not {
            return match self.condition(inner, "what `!` turns round") {
                Lifted::No => Type::Bool,
                _ => Type::output(Type::Bool),
            };
        }
        let ty = self.infer(inner, None);
        let (of, lifted) = unlifted(&ty);
        let result = match (&of, kind(&of)) {
            (Type::Error, _) => return Type::Error,
            (Type::Literal(Literal::Int(value)), _) => {
                Type::Literal(Literal::Int(value.saturating_neg()))
            }
            (Type::Literal(Literal::Float(value)), _) => Type::Literal(Literal::Float(-value)),
            (_, Kind::Int) => Type::Int,
            (_, Kind::Float) => Type::Float,
            (_, Kind::Duration) => Type::Duration,
            _ => {
                let diagnostic = Diagnostic::error(
                    &codes::OPERATOR,
                    expr.span,
                    format!(
                        "`-` needs a number or a duration, and this is `{}`",
                        of.shown()
                    ),
                );
                return self.error(expr.span, diagnostic);
            }
        };
        lift(result, lifted)
    }

    /// `a + b`, `a == b`, `a && b` and their like.
    pub(super) fn binary(
        &mut self,
        expr: &'p Expr,
        op: (BinaryOp, Span),
        left: &'p Expr,
        right: &'p Expr,
        wanted: Option<(&Type, &Role<'_>)>,
    ) -> Type {
        match op.0 {
            BinaryOp::And | BinaryOp::Or => self.logic(op.0, left, right),
            BinaryOp::Coalesce => self.coalesce(left, right, wanted),
            BinaryOp::Equal | BinaryOp::NotEqual => self.equality(expr, op, left, right),
            BinaryOp::In => self.contained(expr, left, right),
            BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual
            | BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder => self.arithmetic(expr, op, left, right, wanted),
        }
    }

    fn logic(&mut self, op: BinaryOp, left: &'p Expr, right: &'p Expr) -> Type {
        let what = if op == BinaryOp::And {
            "a side of `&&`"
        } else {
            "a side of `||`"
        };
        let one = self.condition(left, what);
        let holds = op == BinaryOp::And;
        let other = self.assuming(left, holds, |checker| checker.condition(right, what));
        match (one, other) {
            (Lifted::No, Lifted::No) => Type::Bool,
            _ => Type::output(Type::Bool),
        }
    }

    fn coalesce(
        &mut self,
        left: &'p Expr,
        right: &'p Expr,
        wanted: Option<(&Type, &Role<'_>)>,
    ) -> Type {
        let ty = self.infer(left, None);
        let (inner, lifted) = unlifted(&ty);
        if inner == Type::Any {
            return self.untyped(left);
        }
        let other = self.branch(right, wanted);
        let rest = match lifted {
            Lifted::No => inner.without_null(),
            _ => ty.without_null(),
        };
        self.types.join(self.program, rest, other)
    }

    fn equality(
        &mut self,
        expr: &'p Expr,
        (_, op_span): (BinaryOp, Span),
        left: &'p Expr,
        right: &'p Expr,
    ) -> Type {
        let a = self.infer(left, None);
        let b = self.infer(right, None);
        if a.is_error() || b.is_error() {
            return Type::Error;
        }
        let (one, one_lifted) = unlifted(&a);
        let (other, other_lifted) = unlifted(&b);
        for (side, ty, against) in [(left, &one, &other), (right, &other, &one)] {
            if *ty == Type::Secret
                || (*ty == Type::optional(Type::Secret) && *against != Type::Null)
            {
                return self.secret_shown(side, "cannot be compared");
            }
            if *ty == Type::Any && *against != Type::Null {
                return self.untyped(side);
            }
        }
        // That a `let` is set to one text says nothing about what it is compared with.
        let widened = (one.clone().widened(), other.clone().widened());
        let choices = match (&one, &other) {
            (Type::Literal(_), Type::Literal(_)) => (&widened.0, &widened.1),
            _ => (&one, &other),
        };
        if !self.types.overlap(self.program, choices.0, choices.1) {
            return self.never_equal(expr, op_span, (left, &one), (right, &other));
        }
        // Of a union the value decides, when it is known.
        match (one_lifted, other_lifted) {
            (Lifted::Yes, _) | (_, Lifted::Yes) => Type::output(Type::Bool),
            _ => Type::Bool,
        }
    }

    fn never_equal(
        &mut self,
        expr: &'p Expr,
        op_span: Span,
        (left, one): (&'p Expr, &Type),
        (right, other): (&'p Expr, &Type),
    ) -> Type {
        let diagnostic = match (one, other) {
            (ty, Type::Null) | (Type::Null, ty) => {
                let side = if *one == Type::Null { right } else { left };
                Diagnostic::error(
                    &codes::NEVER_EQUAL,
                    op_span,
                    format!("`{}` is never null", self.short_text(side.span)),
                )
                .also(side.span, format!("`{}`", ty.shown()))
            }
            _ => Diagnostic::error(
                &codes::NEVER_EQUAL,
                op_span,
                format!("`{one}` and `{other}` are never equal"),
            )
            .also(left.span, format!("`{}`", one.shown()))
            .also(right.span, format!("`{}`", other.shown())),
        };
        let diagnostic = self.near_literal(diagnostic, (left, one), (right, other));
        self.error(expr.span, diagnostic)
    }

    /// `x == "prdo"`, where `x` is one of some literals.
    fn near_literal(
        &self,
        diagnostic: Diagnostic,
        one: (&Expr, &Type),
        other: (&Expr, &Type),
    ) -> Diagnostic {
        for ((_, of), (expr, literal)) in [(one, other), (other, one)] {
            let Type::Literal(Literal::String(text)) = literal else {
                continue;
            };
            let choices = super::mismatch::string_literals(of);
            let near = crate::diagnostics::did_you_mean(text, choices.iter().map(|c| c.as_str()));
            if let Some(near) = near {
                return diagnostic.help(format!("did you mean `{near:?}`?")).fix(
                    format!("write `{near:?}`"),
                    expr.span,
                    format!("{near:?}"),
                );
            }
        }
        diagnostic
    }

    /// `x in xs`, `key in map`
    fn contained(&mut self, expr: &'p Expr, left: &'p Expr, right: &'p Expr) -> Type {
        let a = self.infer(left, None);
        let b = self.infer(right, None);
        if a.is_error() || b.is_error() {
            return Type::Error;
        }
        let (item, item_lifted) = unlifted(&a);
        let (of, of_lifted) = unlifted(&b);
        if holds_secret(&item) && item.base().members().iter().all(holds_secret) {
            return self.secret_shown(left, "cannot be compared");
        }
        let mut lifted = match (item_lifted, of_lifted) {
            (Lifted::Yes, _) | (_, Lifted::Yes) => Lifted::Yes,
            _ => Lifted::No,
        };
        for member in of.base().members() {
            match member.base() {
                Type::Error => return Type::Error,
                Type::List(element) => {
                    let (element, inside) = unlifted(element);
                    if inside == Lifted::Yes {
                        lifted = Lifted::Yes;
                    }
                    if element != Type::Never
                        && !self
                            .types
                            .overlap(self.program, &item.clone().widened(), &element)
                    {
                        let diagnostic = Diagnostic::error(
                            &codes::NEVER_EQUAL,
                            expr.span,
                            format!(
                                "`{}` is never in a list of `{}`",
                                self.short_text(left.span),
                                element.shown()
                            ),
                        )
                        .also(left.span, format!("`{}`", item.shown()))
                        .also(right.span, format!("`[{}]`", element.shown()));
                        let diagnostic =
                            self.near_literal(diagnostic, (right, &element), (left, &item));
                        return self.error(expr.span, diagnostic);
                    }
                }
                Type::Map(_) | Type::Object(_) => {
                    self.accept(left, item.clone(), &Type::String, &Role::Other("a key"));
                }
                Type::String | Type::Literal(Literal::String(_)) => {
                    let (text, part) = (self.short_text(right.span), self.short_text(left.span));
                    let diagnostic = Diagnostic::error(
                        &codes::OPERATOR,
                        expr.span,
                        "`in` looks into lists and maps, not into texts",
                    )
                    .help(format!("write `contains({text}, {part})`"))
                    .fix(
                        format!("write `contains({text}, {part})`"),
                        expr.span,
                        format!(
                            "contains({}, {})",
                            self.sources.text(right.span),
                            self.sources.text(left.span)
                        ),
                    );
                    return self.error(expr.span, diagnostic);
                }
                Type::Any => return self.untyped(right),
                _ => {
                    let diagnostic = Diagnostic::error(
                        &codes::OPERATOR,
                        right.span,
                        format!("`in` looks into lists and maps, and this is `{of}`"),
                    );
                    return self.error(expr.span, diagnostic);
                }
            }
        }
        lift(Type::Bool, lifted)
    }

    fn arithmetic(
        &mut self,
        expr: &'p Expr,
        (op, op_span): (BinaryOp, Span),
        left: &'p Expr,
        right: &'p Expr,
        wanted: Option<(&Type, &Role<'_>)>,
    ) -> Type {
        let hint =
            wanted.filter(|(ty, _)| op == BinaryOp::Add && matches!(ty.base(), Type::List(_)));
        let a = self.infer(left, hint);
        let b = self.infer(right, hint);
        if a.is_error() || b.is_error() {
            return Type::Error;
        }
        let (one, one_lifted) = unlifted(&a);
        let (other, other_lifted) = unlifted(&b);
        let lifted = match (one_lifted, other_lifted) {
            (Lifted::No, Lifted::No) => Lifted::No,
            _ => Lifted::Yes,
        };
        for (side, ty) in [(left, &one), (right, &other)] {
            if *ty == Type::Any {
                return self.untyped(side);
            }
            if holds_secret(ty) && !matches!(ty.base(), Type::List(_)) {
                return self.secret_shown(side, "cannot be computed with");
            }
            if ty.holds_null() && kind(&ty.without_null()) != Kind::Other {
                let text = self.short_text(side.span);
                let diagnostic = Diagnostic::error(
                    &codes::MAY_BE_NULL,
                    side.span,
                    format!("`{text}` may be null, which cannot be computed with"),
                )
                .label(format!("`{ty}`"))
                .help(format!("say what stands for it then: `({text} ?? …)`"));
                return self.error(expr.span, diagnostic);
            }
        }
        match self.computed_kind(op, &one, &other) {
            Some(ty) => {
                let ty = self.bounded(expr.span, ty);
                lift(ty, lifted)
            }
            None => self.no_operator(expr, (op, op_span), (left, &one), (right, &other)),
        }
    }

    fn computed_kind(&mut self, op: BinaryOp, one: &Type, other: &Type) -> Option<Type> {
        use BinaryOp::{Add, Divide, Multiply, Remainder, Subtract};
        let (a, b) = (kind(one), kind(other));
        Some(match (op, a, b) {
            (Add, Kind::List, Kind::List) => {
                let (x, y) = (one.base().clone(), other.base().clone());
                self.types.join(self.program, x, y)
            }
            (Add, Kind::String, Kind::String) => Type::String,
            (Add | Subtract | Multiply | Remainder, Kind::Int, Kind::Int) => Type::Int,
            (
                Add | Subtract | Multiply | Divide,
                Kind::Int | Kind::Float,
                Kind::Int | Kind::Float,
            ) => Type::Float,
            (Add | Subtract, Kind::Duration, Kind::Duration) => Type::Duration,
            (Add | Subtract, Kind::Size, Kind::Size) => Type::Size,
            (Multiply | Divide, Kind::Duration, Kind::Int)
            | (Multiply, Kind::Int, Kind::Duration) => Type::Duration,
            (Multiply | Divide, Kind::Size, Kind::Int) | (Multiply, Kind::Int, Kind::Size) => {
                Type::Size
            }
            (Divide, Kind::Duration, Kind::Duration) | (Divide, Kind::Size, Kind::Size) => {
                Type::Float
            }
            (
                BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual,
                a,
                b,
            ) if comparable(a, b) => Type::Bool,
            _ => return None,
        })
    }

    fn no_operator(
        &mut self,
        expr: &'p Expr,
        (op, op_span): (BinaryOp, Span),
        (left, one): (&'p Expr, &Type),
        (right, other): (&'p Expr, &Type),
    ) -> Type {
        let sign = sign(op);
        let (one, other) = (one.shown(), other.shown());
        let mut diagnostic = Diagnostic::error(
            &codes::OPERATOR,
            op_span,
            format!("`{sign}` does not go with `{one}` and `{other}`"),
        )
        .also(left.span, format!("`{one}`"))
        .also(right.span, format!("`{other}`"));
        let (a, b) = (kind(&one), kind(&other));
        if op == BinaryOp::Add && (a == Kind::String || b == Kind::String) {
            let part = |side: &Expr, of: Kind| {
                let text = self.short_text(side.span);
                match (
                    of,
                    text.strip_prefix('"')
                        .and_then(|text| text.strip_suffix('"')),
                ) {
                    (Kind::String, Some(inner)) => inner.to_owned(),
                    _ => format!("#{{{text}}}"),
                }
            };
            diagnostic = diagnostic.help(format!(
                "write the text as one string: `\"{}{}\"`",
                part(left, a),
                part(right, b)
            ));
        } else if op == BinaryOp::Add
            && matches!(one.base(), Type::Map(_) | Type::Object(_))
            && matches!(other.base(), Type::Map(_) | Type::Object(_))
        {
            let (x, y) = (self.short_text(left.span), self.short_text(right.span));
            diagnostic = diagnostic.help(format!("write `merge({x}, {y})`"));
        } else if op == BinaryOp::Add && (a == Kind::List) != (b == Kind::List) {
            let single = if a == Kind::List { right } else { left };
            let text = self.short_text(single.span);
            diagnostic = diagnostic.help(format!("a list is added to a list: write `[{text}]`"));
        }
        self.error(expr.span, diagnostic)
    }
}

fn lift(ty: Type, lifted: Lifted) -> Type {
    match lifted {
        Lifted::No => ty,
        _ => Type::output(ty),
    }
}

/// The kind that all values of a type are of.
fn kind(ty: &Type) -> Kind {
    match ty.base() {
        Type::Int | Type::Literal(Literal::Int(_)) => Kind::Int,
        Type::Float | Type::Literal(Literal::Float(_)) => Kind::Float,
        Type::String | Type::Literal(Literal::String(_)) => Kind::String,
        Type::Duration | Type::Literal(Literal::Duration(_)) => Kind::Duration,
        Type::Size | Type::Literal(Literal::Size(_)) => Kind::Size,
        Type::List(_) => Kind::List,
        Type::Union(members) => {
            let mut kinds = members.iter().map(kind);
            let Some(first) = kinds.next() else {
                return Kind::Other;
            };
            kinds.fold(first, |all, one| match (all, one) {
                (a, b) if a == b => a,
                (Kind::Int | Kind::Float, Kind::Int | Kind::Float) => Kind::Float,
                _ => Kind::Other,
            })
        }
        _ => Kind::Other,
    }
}

fn comparable(a: Kind, b: Kind) -> bool {
    let number = |kind| matches!(kind, Kind::Int | Kind::Float);
    (number(a) && number(b)) || (a == b && matches!(a, Kind::String | Kind::Duration | Kind::Size))
}

fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Coalesce => "??",
        BinaryOp::Or => "||",
        BinaryOp::And => "&&",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEqual => ">=",
        BinaryOp::In => "in",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Remainder => "%",
    }
}
