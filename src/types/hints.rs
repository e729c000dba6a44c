//! What several messages say: "did you mean", "add this `use`".

use crate::diagnostics::{Diagnostic, did_you_mean};
use crate::resolve::Module;
use crate::syntax::ast;

/// Adds "did you mean" with its fix.
pub(crate) fn suggest<'a>(
    diagnostic: Diagnostic,
    name: &ast::Ident,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    match did_you_mean(&name.name, candidates) {
        Some(near) => diagnostic
            .help(format!("did you mean `{near}`?"))
            .meant(&name.name, near, name.span, near),
        None => diagnostic,
    }
}

/// Says that a module of the standard library has the name; the first time in a file the fix adds the
/// `use`.
pub(crate) fn add_use(
    diagnostic: Diagnostic,
    module: &Module,
    library: &str,
    name: &str,
    first: bool,
) -> Diagnostic {
    let line = format!("use std.{library}.{{{name}}}");
    let diagnostic = diagnostic.help(format!("it is in `std.{library}`: add `{line}`"));
    if !first {
        return diagnostic;
    }
    diagnostic.fix(
        format!("add `{line}`"),
        module.insertion,
        format!("{line}\n"),
    )
}
