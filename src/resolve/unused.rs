//! Imports that nobody needs.

use smol_str::SmolStr;

use crate::collections::HashSet;
use crate::diagnostics::codes::names as codes;
use crate::diagnostics::{Diagnostic, Problems};
use crate::resolve::{Binding, Module, heads};
use crate::source::Span;
use crate::syntax::ast::{File, Item, Use};

/// The names that begin a path somewhere in the file.
pub(super) fn used_names(file: &File) -> HashSet<SmolStr> {
    let mut used = HashSet::default();
    heads::walk(file, &mut |name| {
        if !used.contains(name) {
            used.insert(name.clone());
        }
    });
    used
}

/// Warns of every import whose name is used nowhere in the file. A module of policies is used by
/// being named: `use "./policies.aphex"` alone is no mistake.
///
/// To be asked of a module whose names all mean something: one that is misspelt may be meant for the import.
pub(crate) fn check(program: &crate::resolve::Program, module: &Module, problems: &mut Problems) {
    if module.partial {
        return;
    }
    let file = &module.file;
    let uses = file.items.iter().filter_map(|item| match item {
        Item::Use(item) => Some(item),
        _ => None,
    });
    let mut used = None;
    for item in uses {
        let used = used.get_or_insert_with(|| used_names(file));
        let Some(names) = &item.names else {
            whole(program, module, item, used, problems);
            continue;
        };
        let unused = |name: &crate::syntax::ast::UseName| {
            let ident = name.alias.as_ref().unwrap_or(&name.name);
            !used.contains(&ident.name) && is_known(module, &ident.name)
        };
        if !names.is_empty() && names.iter().all(unused) {
            let plural = if names.len() == 1 { "" } else { "s" };
            report(
                problems,
                item.span,
                format!("nothing uses the name{plural} imported here"),
                item.span,
            );
            continue;
        }
        for (index, name) in names.iter().enumerate() {
            if !unused(name) {
                continue;
            }
            let ident = name.alias.as_ref().unwrap_or(&name.name);
            let own = name.name.span.to(ident.span);
            let before = index.checked_sub(1).and_then(|index| names.get(index));
            let after = names.get(index + 1);
            let gap = match (before, after) {
                (_, Some(next)) => Span::new(own.source, own.start, next.name.span.start),
                (Some(last), None) => {
                    let end = last.alias.as_ref().unwrap_or(&last.name).span.end;
                    Span::new(own.source, end, own.end)
                }
                (None, None) => own,
            };
            report(
                problems,
                own,
                format!("`{}` is imported and never used", ident.name),
                gap,
            );
        }
    }
}

/// `use "./fleet.aphex"`: of use also where the module holds policies.
fn whole(
    program: &crate::resolve::Program,
    module: &Module,
    item: &Use,
    used: &HashSet<SmolStr>,
    problems: &mut Problems,
) {
    let introduced = module.names.iter().find(|(_, (binding, span))| {
        matches!(binding, Binding::Module(_)) && item.span.contains(*span)
    });
    let Some((name, (Binding::Module(id), _))) = introduced else {
        return;
    };
    let policies = |file: &File| {
        let mut items = file.items.iter();
        items.any(|item| matches!(item, Item::Policy(_)))
    };
    let mut open = vec![*id];
    let mut seen = HashSet::default();
    while let Some(id) = open.pop() {
        let Some(other) = program.module(id).filter(|_| seen.insert(id)) else {
            continue;
        };
        if policies(&other.file) || other.partial {
            return;
        }
        open.extend(&other.uses);
    }
    if !used.contains(name) {
        report(
            problems,
            item.span,
            format!("the module `{name}` is imported and never used"),
            item.span,
        );
    }
}

fn is_known(module: &Module, name: &str) -> bool {
    let known = module.names.get(name);
    known.is_some_and(|(binding, _)| *binding != Binding::Unknown)
}

fn report(problems: &mut Problems, span: Span, message: String, removed: Span) {
    problems.push(
        Diagnostic::warning(&codes::UNUSED_IMPORT, span, message)
            .label("not used in this file")
            .help("remove it")
            .fix("remove it", removed, ""),
    );
}
