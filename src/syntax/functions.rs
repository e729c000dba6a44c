//! Functions.

use smol_str::SmolStr;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::syntax::ast::{Expr, Function, Ident, Parameter, TypeExpr, TypeKind};
use crate::syntax::parser::Parser;
use crate::syntax::parts::Subject;
use crate::syntax::recovery::Items;
use crate::syntax::token::TokenKind;

impl Parser<'_> {
    /// `fn name<T>(parameters) -> Type = body`, `extern fn …`
    pub fn function(&mut self, docs: Option<SmolStr>) -> Option<Function> {
        let start = self.start();
        let is_extern = self.at(TokenKind::Word);
        if is_extern {
            self.bump();
        }
        self.bump();
        let name = self.name("a function")?;
        let generics = self.generics();
        if !self.at_same_line(TokenKind::OpenParen) {
            self.missing_parameters(&name);
            return None;
        }
        let parameters = self.parameters();
        let result = self.result_type(&name);
        let what = self.subject(&name);
        let ends = self.at_new_line()
            || self.kind().is_closer()
            || matches!(
                self.kind(),
                TokenKind::Comma | TokenKind::Semicolon | TokenKind::End
            );
        let body = if is_extern {
            if !ends {
                self.body_of_extern();
            }
            None
        } else if ends {
            Some(self.missing_body(what))
        } else if self.at(TokenKind::OpenBrace) {
            Some(self.branch())
        } else if self.equals(what) {
            Some(self.value(what))
        } else {
            Some(self.error_expr(self.after().start))
        };
        Some(Function {
            docs,
            name,
            generics,
            parameters,
            result,
            body,
            span: self.span_from(start),
        })
    }

    #[cold]
    fn missing_parameters(&mut self, name: &Ident) {
        let (place, found) = self.place_of_missing();
        let problem = Diagnostic::error(
            &codes::MISSING,
            place,
            "a function has parameters in parentheses",
        )
        .label(found)
        .help(format!("write `fn {}() -> Type = …`", name.name));
        self.fail(problem);
    }

    #[cold]
    fn missing_body(&mut self, what: Subject<'_>) -> Expr {
        let place = self.after();
        let problem = Diagnostic::error(
            &codes::MISSING,
            place,
            format!("the function {what} has no body"),
        )
        .label("`= value` is missing here")
        .help("write `= value`, or `{ let …; value }`");
        self.fail(problem);
        self.error_expr(place.start)
    }

    #[cold]
    fn body_of_extern(&mut self) {
        let problem = Diagnostic::error(
            &codes::UNEXPECTED,
            self.here(),
            "an `extern fn` has no body",
        )
        .help("leave out `extern`, or the body");
        self.fail(problem);
    }

    fn generics(&mut self) -> Vec<Ident> {
        let mut generics = Vec::new();
        if self.eat(TokenKind::Less).is_none() {
            return generics;
        }
        while let Some(name) = self.name("a type parameter") {
            generics.push(name);
            if self.eat(TokenKind::Comma).is_none() || self.at(TokenKind::Greater) {
                break;
            }
        }
        if !self.failed && !self.eat_greater() {
            self.expect(
                TokenKind::Greater,
                ">",
                "type parameters stand between `<` and `>`",
            );
        }
        generics
    }

    /// The `(…)` of a function.
    pub fn parameters(&mut self) -> Vec<Parameter> {
        self.bump();
        let outside = self.enter(false);
        let parameters = self.items(Items::Arguments, Parser::parameter);
        self.bump();
        self.leave(outside);
        parameters.into_iter().flatten().collect()
    }

    fn parameter(&mut self) -> Option<Parameter> {
        let name = self.name("a parameter")?;
        let ty = if self.eat(TokenKind::Colon).is_some() {
            self.refined_type()
        } else {
            let place = self.after();
            let problem = Diagnostic::error(
                &codes::MISSING,
                place,
                format!("the parameter `{}` has no type", name.name),
            )
            .label("`: Type` is missing here")
            .help(format!("write `{}: String`, or another type", name.name));
            self.fail(problem);
            TypeExpr {
                kind: TypeKind::Error,
                span: place,
            }
        };
        let default = if self.eat(TokenKind::Equal).is_some() {
            Some(self.value(self.subject(&name)))
        } else {
            None
        };
        Some(Parameter { name, ty, default })
    }

    fn result_type(&mut self, name: &Ident) -> TypeExpr {
        if self.eat(TokenKind::Arrow).is_some() {
            return self.type_expr();
        }
        let span = self.here();
        if matches!(self.kind(), TokenKind::Colon | TokenKind::FatArrow) && !self.at_new_line() {
            self.bump();
            let problem = Diagnostic::error(
                &codes::OTHER_NOTATION,
                span,
                "the type of a function's result stands after `->`",
            )
            .help("write `->`")
            .fix("write `->`", span, " ->");
            self.report(problem);
            return self.type_expr();
        }
        let place = self.after();
        let problem = Diagnostic::error(
            &codes::MISSING,
            place,
            format!("the function `{}` does not say what it gives", name.name),
        )
        .label("`-> Type` is missing here")
        .help("write `->` and the type of its result");
        self.fail(problem);
        TypeExpr {
            kind: TypeKind::Error,
            span: place,
        }
    }
}
