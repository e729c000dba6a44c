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
            BinaryOp::Equal | BinaryOp::NotEqual => self.equality(expr, op.1, left, right),
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
