//! Calls: which function, which argument for which parameter, what comes out.

use smol_str::SmolStr;

use crate::diagnostics::codes::{names, types as codes};
use crate::diagnostics::{Diagnostic, did_you_mean, list_names};
use crate::resolve::{Binding, ItemId};
use crate::source::Span;
use crate::syntax::ast::{Argument, Expr, ExprKind, Function, Ident, Item};
use crate::types::check::Checker;
use crate::types::check::body::meant;
use crate::types::check::generics::{Solved, mentions};
use crate::types::check::role::Role;
use crate::types::check::scope::Found;
use crate::types::{Lifted, SchemaType, Signature, Type, unlifted, without_outputs};

impl<'p> Checker<'p> {
    /// `f(a, name = b)`
    pub(super) fn call(
        &mut self,
        expr: &'p Expr,
        function: &'p Expr,
        arguments: &'p [Argument],
    ) -> Type {
        let Some(id) = self.called(function) else {
            for argument in arguments {
                self.infer(&argument.value, None);
            }
            return self.silent(expr.span);
        };
        let (Some(signature), Some(Item::Function(declaration))) = (
            self.types.signature(self.program, id),
            self.program.item(id),
        ) else {
            return self.silent(expr.span);
        };
        self.refers(id, expr.span);
        let matched = self.matched(expr, arguments, &signature, declaration);
        let mut solved = Solved::new(&signature.generics);
        let mut lifted = false;
        let mut failed = matched.is_none();
        for (argument, at) in matched.into_iter().flatten() {
            let Some(parameter) = signature.parameters.get(at) else {
                continue;
            };
            let declared = declaration.parameters.get(at);
            let role = Role::Argument {
                parameter: &parameter.name,
                function: &signature.name,
                declared: declared.map_or(declaration.name.span, |parameter| parameter.name.span),
            };
            let generic = mentions(&parameter.ty);
            let actual = if generic {
                self.infer(&argument.value, None)
            } else {
                self.check(&argument.value, &parameter.ty, &role)
            };
            if actual.is_error() {
                failed = true;
                continue;
            }
            let mut given = actual;
            if generic {
                let (inner, outer) = unlifted(&given);
                if outer != Lifted::No && !matches!(parameter.ty.base(), Type::Parameter(_)) {
                    lifted = true;
                    given = inner;
                }
                solved.unify(self, &parameter.ty, &given);
            }
            let wanted = solved.apply(&parameter.ty);
            if self.fits(&given, &wanted) {
                continue;
            }
            if self.fits(&without_outputs(&given), &wanted) {
                lifted = true;
            } else if generic {
                let wanted = solved.shown(&parameter.ty);
                self.mismatch(&argument.value, &given, &wanted, &role);
                failed = true;
            } else {
                failed = true;
            }
        }
        let result = solved.apply(&signature.result);
        self.made_by(expr, declaration, id, &result);
        if failed && !signature.generics.is_empty() && mentions(&signature.result) {
            return Type::Error;
        }
        let result = self.known_result(id, result);
        if lifted {
            return Type::output(unlifted(&result).0);
        }
        result
    }

    /// Notes where a built-in function brings a run-time value in.
    fn made_by(&mut self, expr: &Expr, declaration: &Function, id: ItemId, result: &Type) {
        if matches!(result, Type::Output(_)) && self.program.is_standard(id.module) {
            self.origin(
                expr.span,
                "is known only while the pipeline runs".to_owned(),
                Some(declaration.name.span),
            );
        }
    }

    /// What is known of the blocks in the result of a function, added to its type.
    fn known_result(&mut self, id: ItemId, result: Type) -> Type {
        let Type::Schema(schema) = &result else {
            return result;
        };
        match self.result_known(id) {
            Some(known) => Type::Schema(SchemaType {
                known: Some(known),
                ..schema.clone()
            }),
            None => result,
        }
    }

    /// The function that is called; what is wrong is reported.
    fn called(&mut self, function: &'p Expr) -> Option<ItemId> {
        match &function.kind {
            ExprKind::Name(name) => {
                let ident = Ident {
                    name: name.clone(),
                    span: function.span,
                };
                match self.find(name) {
                    Some(Found::Top(Binding::Item(id))) => self.function(id, &ident),
                    Some(Found::Top(Binding::Unknown)) => None,
                    Some(Found::Top(Binding::Module(_))) => {
                        self.not_a_function(&ident, "a module");
                        None
                    }
                    Some(_) => {
                        // A local name or label hides no function: functions are no values.
                        match self.program.lookup(self.place.module, name) {
                            Some(Binding::Item(id))
                                if matches!(self.program.item(id), Some(Item::Function(_))) =>
                            {
                                Some(id)
                            }
                            _ => {
                                self.not_a_function(&ident, "a value");
                                None
                            }
                        }
                    }
                    None => {
                        self.unknown(&ident, "function");
                        None
                    }
                }
            }
            ExprKind::Member { base, name, .. } => {
                if let Some((module, alias)) = self.module_named(base) {
                    let id = self.in_module(module, &alias, name)?;
                    return self.function(id, name);
                }
                let of = self.infer(base, None);
                if !of.is_error() {
                    self.method(function, base, name);
                }
                None
            }
            _ => {
                if !self.infer(function, None).is_error() {
                    let diagnostic = Diagnostic::error(
                        &codes::NOT_A_FUNCTION,
                        function.span,
                        "only a function can be called",
                    )
                    .label("this is a value");
                    self.error(function.span, diagnostic);
                }
                None
            }
        }
    }

    fn function(&mut self, id: ItemId, ident: &Ident) -> Option<ItemId> {
        match self.program.item(id)? {
            Item::Function(_) => Some(id),
            item => {
                self.not_a_function(ident, item.what());
                None
            }
        }
    }

    fn not_a_function(&mut self, ident: &Ident, what: &str) {
        let diagnostic = Diagnostic::error(
            &codes::NOT_A_FUNCTION,
            ident.span,
            format!("`{}` is {what}, not a function", ident.name),
        )
        .label("cannot be called");
        let diagnostic = match what {
            "a schema" => diagnostic.help(format!("write `{} {{ … }}`", ident.name)),
            _ => diagnostic,
        };
        self.error(ident.span, diagnostic);
    }

    /// `text.upper()`: functions are no members.
    fn method(&mut self, function: &Expr, base: &Expr, name: &Ident) {
        let text = self.short_text(base.span);
        let mut diagnostic = Diagnostic::error(
            &codes::NOT_A_FUNCTION,
            name.span,
            format!(
                "values have no functions of their own, there is no `.{}(…)`",
                name.name
            ),
        );
        let is_function = matches!(
            self.program.lookup(self.place.module, &name.name),
            Some(Binding::Item(id)) if matches!(self.program.item(id), Some(Item::Function(_)))
        );
        if is_function {
            diagnostic = diagnostic.help(format!("write `{}({text}, …)`", name.name));
        }
        self.error(function.span, diagnostic);
    }

    /// Every argument with the index of its parameter; `None` where they do not fit together, which
    /// is reported.
    fn matched(
        &mut self,
        expr: &'p Expr,
        arguments: &'p [Argument],
        signature: &Signature,
        declaration: &'p Function,
    ) -> Option<Vec<(&'p Argument, usize)>> {
        let mut given: Vec<(&'p Argument, usize)> = Vec::new();
        let mut failed = false;
        let mut next = 0;
        let mut too_many: Option<Span> = None;
        for argument in arguments {
            let at = match &argument.name {
                None => {
                    let at = next;
                    next += 1;
                    if at >= signature.parameters.len() {
                        let span = argument.value.span;
                        too_many = Some(too_many.map_or(span, |first| first.to(span)));
                        self.infer(&argument.value, None);
                        continue;
                    }
                    at
                }
                Some(name) => {
                    let mut parameters = signature.parameters.iter();
                    match parameters.position(|parameter| parameter.name == name.name) {
                        Some(at) => at,
                        None => {
                            self.infer(&argument.value, None);
                            self.unknown_argument(name, arguments, signature, declaration);
                            failed = true;
                            continue;
                        }
                    }
                }
            };
            if let Some((first, _)) = given.iter().find(|(_, other)| *other == at) {
                let first = first.value.span;
                let name = signature
                    .parameters
                    .get(at)
                    .map_or("", |parameter| &parameter.name);
                let span = argument
                    .name
                    .as_ref()
                    .map_or(argument.value.span, |name| name.span);
                let diagnostic = Diagnostic::error(
                    &codes::ARGUMENT_TWICE,
                    span,
                    format!("the argument `{name}` is given twice"),
                )
                .label("again here")
                .also(first, "first here")
                .note(written(signature))
                .help("remove one of the two");
                self.error(span, diagnostic);
                failed = true;
                continue;
            }
            given.push((argument, at));
        }
        if let Some(span) = too_many {
            let most = signature.parameters.len();
            let diagnostic = Diagnostic::error(
                &codes::TOO_MANY_ARGUMENTS,
                span,
                match most {
                    0 => format!("`{}` takes no arguments", signature.name),
                    1 => format!(
                        "`{}` takes one argument, {} are given",
                        signature.name,
                        arguments.len()
                    ),
                    most => format!(
                        "`{}` takes at most {most} arguments, {} are given",
                        signature.name,
                        arguments.len()
                    ),
                },
            )
            .label("not wanted")
            .note(written(signature));
            self.error(span, diagnostic);
            failed = true;
        }
        let missing: Vec<&SmolStr> = signature
            .parameters
            .iter()
            .enumerate()
            .filter(|(at, parameter)| {
                !parameter.has_default && !given.iter().any(|(_, other)| other == at)
            })
            .map(|(_, parameter)| &parameter.name)
            .collect();
        if !missing.is_empty() && !failed {
            let names = list_names(missing.iter().map(|name| name.as_str()), 8);
            let what = if missing.len() == 1 {
                "argument"
            } else {
                "arguments"
            };
            let diagnostic = Diagnostic::error(
                &codes::MISSING_ARGUMENT,
                expr.span,
                format!("`{}` lacks the {what} {names}", signature.name),
            )
            .also(declaration.name.span, "declared here")
            .note(written(signature));
            self.error(expr.span, diagnostic);
            failed = true;
        }
        if failed {
            self.poisoned.push(expr.span);
            for (argument, _) in given {
                self.infer(&argument.value, None);
            }
            return None;
        }
        Some(given)
    }

    fn unknown_argument(
        &mut self,
        name: &Ident,
        arguments: &[Argument],
        signature: &Signature,
        declaration: &Function,
    ) {
        let known = signature
            .parameters
            .iter()
            .map(|parameter| parameter.name.as_str());
        let mut diagnostic = Diagnostic::error(
            &names::UNKNOWN_ARGUMENT,
            name.span,
            format!("`{}` has no parameter `{}`", signature.name, name.name),
        )
        .also(declaration.name.span, "declared here")
        .note(written(signature));
        if let Some(near) = did_you_mean(&name.name, known) {
            let mut names = arguments
                .iter()
                .filter_map(|argument| argument.name.as_ref());
            let is_there = names.any(|name| name.name == near);
            diagnostic = meant(diagnostic, name.span, near, is_there);
        }
        self.error(name.span, diagnostic);
    }
}

/// A signature as it is declared, for a note.
pub(super) fn written(signature: &Signature) -> String {
    let parameters: Vec<String> = signature
        .parameters
        .iter()
        .map(|parameter| {
            let mark = if parameter.has_default { " = …" } else { "" };
            format!("{}: {}{mark}", parameter.name, parameter.ty)
        })
        .collect();
    let generics: Vec<&str> = signature.generics.iter().map(SmolStr::as_str).collect();
    let generics = match generics.as_slice() {
        [] => String::new(),
        names => format!("<{}>", names.join(", ")),
    };
    format!(
        "the signature is `{}{generics}({}) -> {}`",
        signature.name,
        parameters.join(", "),
        signature.result
    )
}
