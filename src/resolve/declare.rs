//! The names of one module: what it declares and what it imports.

use smol_str::SmolStr;

use crate::diagnostics::codes::names as codes;
use crate::diagnostics::{Diagnostic, Problems, did_you_mean, list_names};
use crate::resolve::{Binding, ItemId, ModuleId, Program, unused};
use crate::source::Span;
use crate::syntax::ast::{Ident, Item, Use, UseName, UsePath};

/// A `use` and the module that it names; `None` where that could not be had, which was reported.
pub(super) struct Import<'a> {
    pub item: &'a Use,
    pub module: Option<ModuleId>,
}

/// Finds what every name of a module means.
pub(super) fn declare(
    program: &mut Program,
    id: ModuleId,
    imported: &[Import<'_>],
    problems: &mut Problems,
) {
    own_names(program, id, problems);
    imports(program, id, imported, problems);
}

/// Adds what the module declares itself.
pub(super) fn own_names(program: &mut Program, id: ModuleId, problems: &mut Problems) {
    let Some(module) = program.modules.get_mut(id.0 as usize) else {
        return;
    };
    let file = std::rc::Rc::clone(&module.file);
    let is_block = |item: &Item| matches!(item, Item::Block(_));
    for (index, item) in (0u32..).zip(&file.items) {
        if let Some(ident) = item.ident().filter(|_| !is_block(item)) {
            let declared = Binding::Item(ItemId { module: id, index });
            add(&mut module.names, ident, declared, problems);
        }
    }
    // A pipeline's label is a name where nothing else has it.
    for (index, item) in (0u32..).zip(&file.items) {
        if let Some(ident) = item.ident().filter(|_| is_block(item)) {
            let declared = Binding::Item(ItemId { module: id, index });
            let names = &mut module.names;
            names
                .entry(ident.name.clone())
                .or_insert((declared, ident.span));
        }
    }
}

/// Adds what the module imports.
pub(super) fn imports(
    program: &mut Program,
    id: ModuleId,
    imported: &[Import<'_>],
    problems: &mut Problems,
) {
    for import in imported {
        let names: Vec<(Ident, Binding)> = match &import.item.names {
            Some(names) => names
                .iter()
                .map(|name| match import.module {
                    Some(module) => taken(program, module, (id, import.item), name, problems),
                    None => (local_name(name), Binding::Unknown),
                })
                .collect(),
            None => whole_name(import.item)
                .map(|ident| {
                    let binding = import.module.map_or(Binding::Unknown, Binding::Module);
                    (ident, binding)
                })
                .into_iter()
                .collect(),
        };
        let Some(module) = program.modules.get_mut(id.0 as usize) else {
            return;
        };
        for (ident, binding) in names {
            add(&mut module.names, &ident, binding, problems);
        }
        if let Some(used) = import.module
            && !module.uses.contains(&used)
        {
            module.uses.push(used);
        }
    }
}

/// The name that a module as a whole gets.
fn whole_name(item: &Use) -> Option<Ident> {
    if let Some(alias) = &item.alias {
        return Some(alias.clone());
    }
    match &item.path {
        UsePath::Std(parts) => parts.last().cloned(),
        UsePath::File(path) => {
            let file = path.name.rsplit('/').next().unwrap_or(&path.name);
            let stem = file.strip_suffix(".aphex").unwrap_or(file);
            Some(Ident {
                name: SmolStr::new(stem),
                span: path.span,
            })
        }
    }
}

/// The name that an imported one gets.
fn local_name(name: &UseName) -> Ident {
    name.alias.clone().unwrap_or_else(|| name.name.clone())
}

/// The name that the file gets for `name` of `module`, and what it means. Where it is misspelt and the
/// file uses the right one, that is what it gets.
fn taken(
    program: &Program,
    module: ModuleId,
    (user, item): (ModuleId, &Use),
    name: &UseName,
    problems: &mut Problems,
) -> (Ident, Binding) {
    let mut found = (local_name(name), Binding::Unknown);
    if let Some(id) = program.declared(module, &name.name.name) {
        found.1 = Binding::Item(id);
        return found;
    }
    let Some(holder) = program.module(module) else {
        return found;
    };
    let imported = holder.names.get(&name.name.name);
    if holder.partial && imported.is_none() {
        return found;
    }
    let path = match &item.path {
        UsePath::File(path) => path.name.to_string(),
        UsePath::Std(parts) => {
            let parts: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
            parts.join(".")
        }
    };
    let mut diagnostic = Diagnostic::error(
        &codes::NOT_IN_MODULE,
        name.name.span,
        format!("`{path}` does not declare `{}`", name.name.name),
    );
    let declared: Vec<&str> = holder.file.items.iter().filter_map(Item::name).collect();
    if let Some((_, span)) = imported {
        diagnostic = diagnostic
            .also(*span, "it is imported there, and imports are not passed on")
            .help("import it from the module that declares it");
    } else if let Some(near) = did_you_mean(&name.name.name, declared.iter().copied()) {
        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        let user = program.module(user);
        let user = user.map(|user| unused::used_names(&user.file));
        let is_used = user.is_some_and(|names| names.contains(near));
        if let (true, None, Some(id)) = (is_used, &name.alias, program.declared(module, near)) {
            found.0.name = SmolStr::new(near);
            found.1 = Binding::Item(id);
        }
        let text = if name.alias.is_some() || is_used {
            near.to_owned()
        } else {
            format!("{near} as {}", name.name.name)
        };
        diagnostic = diagnostic.meant(&name.name.name, near, name.name.span, text);
    } else if declared.is_empty() {
        diagnostic = diagnostic.note("it declares nothing");
    } else {
        diagnostic = diagnostic.note(format!("it declares {}", list_names(declared, 12)));
    }
    problems.push(diagnostic);
    found
}

/// Adds a name; the first of two stays.
fn add(
    names: &mut crate::collections::IndexMap<SmolStr, (Binding, Span)>,
    ident: &Ident,
    binding: Binding,
    problems: &mut Problems,
) {
    if crate::resolve::is_built_in(&ident.name) {
        problems.push(
            Diagnostic::error(
                &codes::DECLARED_TWICE,
                ident.span,
                format!("`{}` is the name of a built-in type", ident.name),
            )
            .help("choose another name"),
        );
        return;
    }
    let Some((first, span)) = names.get(&ident.name) else {
        names.insert(ident.name.clone(), (binding, ident.span));
        return;
    };
    if *first == Binding::Unknown || binding == Binding::Unknown {
        return;
    }
    let (before, after) = ((*span).min(ident.span), (*span).max(ident.span));
    let (message, help) = if *first == binding {
        (
            format!("`{}` is imported twice", ident.name),
            "remove one of the two",
        )
    } else {
        (
            format!("the name `{}` is declared twice in this file", ident.name),
            "give one of the two another name; an import is renamed by `as`",
        )
    };
    problems.push(
        Diagnostic::error(&codes::DECLARED_TWICE, after, message)
            .label("again here")
            .also(before, "first here")
            .help(help),
    );
}
