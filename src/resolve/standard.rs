//! The standard library as modules of a program.

use std::cell::RefCell;
use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::diagnostics::Problems;
use crate::resolve::declare::{self, Import};
use crate::resolve::{Binding, Module, ModuleId, ModulePath, Program};
use crate::source::{SourceId, Sources, Span};
use crate::stdlib::{self, StandardModule};
use crate::syntax;
use crate::syntax::ast::{File, Item, UsePath};

/// A program of the standard library alone; its texts are added to `sources` where they are not yet.
pub(super) fn program(sources: &mut Sources, problems: &mut Problems) -> Program {
    let mut program = Program {
        modules: Vec::with_capacity(stdlib::MODULES.len() + 4),
        root: ModuleId(0),
        prelude: IndexMap::default(),
        standard: IndexMap::default(),
    };
    let texts: Vec<SourceId> = stdlib::MODULES
        .iter()
        .map(|standard| source(standard, sources))
        .collect();
    let trees = trees(&texts, problems);
    let modules = stdlib::MODULES.iter().zip(texts).zip(trees);
    for (id, ((standard, source), file)) in (0u32..).map(ModuleId).zip(modules) {
        program.standard.insert(SmolStr::new(standard.name), id);
        program.modules.push(Module {
            id,
            path: ModulePath::Std(standard.name.into()),
            source,
            names: IndexMap::default(),
            uses: Vec::new(),
            partial: false,
            insertion: Span::new(source, 0, 0),
            file,
        });
    }
    for (id, standard) in (0u32..).map(ModuleId).zip(stdlib::MODULES) {
        declare::own_names(&mut program, id, problems);
        if standard.prelude
            && let Some(module) = program.module(id)
        {
            let names = module.names.iter();
            let names: Vec<(SmolStr, Binding)> = names
                .map(|(name, (binding, _))| (name.clone(), *binding))
                .collect();
            program.prelude.extend(names);
        }
    }
    for id in (0u32..).map(ModuleId).take(stdlib::MODULES.len()) {
        let Some(file) = program.module(id).map(|module| Rc::clone(&module.file)) else {
            continue;
        };
        let imports: Vec<Import<'_>> = file
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Use(item) => Some(Import {
                    item,
                    module: match &item.path {
                        UsePath::Std(parts) => parts
                            .get(1)
                            .and_then(|name| program.standard.get(&name.name).copied()),
                        UsePath::File(_) => None,
                    },
                }),
                _ => None,
            })
            .collect();
        declare::imports(&mut program, id, &imports, problems);
    }
    program
}

/// Trees, and the sources that they are of.
type Trees = (Vec<SourceId>, Vec<Rc<File>>);

thread_local! {
    /// The trees of the standard library, once they were read, with the sources that they are of.
    static READ: RefCell<Option<Trees>> = const { RefCell::new(None) };
}

/// The trees of the standard modules, read once a thread.
fn trees(texts: &[SourceId], problems: &mut Problems) -> Vec<Rc<File>> {
    let known = READ.with_borrow(|read| match read {
        Some((of, trees)) if of == texts => Some(trees.clone()),
        _ => None,
    });
    if let Some(trees) = known {
        return trees;
    }
    let read = embedded(texts).unwrap_or_else(|| parsed(texts, problems));
    let trees: Vec<Rc<File>> = read.into_iter().map(Rc::new).collect();
    READ.set(Some((texts.to_vec(), trees.clone())));
    trees
}

/// The embedded trees, whose texts are the first sources.
fn embedded(texts: &[SourceId]) -> Option<Vec<File>> {
    if !texts
        .iter()
        .copied()
        .eq((0..).map(SourceId).take(texts.len()))
    {
        return None;
    }
    postcard::from_bytes(stdlib::trees()?).ok()
}

/// The trees as the texts say.
fn parsed(texts: &[SourceId], problems: &mut Problems) -> Vec<File> {
    let modules = stdlib::MODULES.iter().zip(texts);
    modules
        .map(|(standard, source)| syntax::parse(*source, standard.text, problems))
        .collect()
}

/// The text of a standard module among the sources.
fn source(standard: &StandardModule, sources: &mut Sources) -> SourceId {
    let name = standard.file();
    let known = sources.iter().find(|(_, file)| file.name == name);
    let known = known.map(|(id, _)| id);
    known.unwrap_or_else(|| sources.add(name, standard.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With `APHEX_UPDATE=1` it writes them.
    #[test]
    fn trees_of_the_standard_library_are_those_of_its_texts() {
        let texts: Vec<SourceId> = (0..).map(SourceId).take(stdlib::MODULES.len()).collect();
        let parsed = parsed(&texts, &mut Problems::new());
        if std::env::var_os("APHEX_UPDATE").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/stdlib/trees.postcard");
            let mut bytes = stdlib::FINGERPRINT.to_le_bytes().to_vec();
            bytes.extend(postcard::to_allocvec(&parsed).unwrap());
            std::fs::write(path, bytes).unwrap();
            return;
        }
        let embedded = embedded(&texts);
        assert!(
            embedded.is_some_and(|embedded| embedded == parsed),
            "stdlib/trees.postcard is not of these texts: run \
             `APHEX_UPDATE=1 cargo test --lib trees_of_the_standard_library`"
        );
    }

    #[test]
    fn trees_of_other_sources_are_parsed() {
        let mut sources = Sources::new();
        sources.add("pipeline.aphex", "");
        let program = program(&mut sources, &mut Problems::new());
        for module in &program.modules {
            assert_eq!(module.file.source, module.source);
            assert_ne!(module.source, SourceId(0));
            assert!(!module.file.items.is_empty());
        }
    }
}
