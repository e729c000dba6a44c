//! The standard library: the domain of pipelines, written in the language itself.
//!
//! The texts of `stdlib/*.aphex`, embedded, and their syntax trees, so that nothing is parsed at a start. A new module is one
//! line in [`MODULES`].
//!
//! The trees are `stdlib/trees.postcard`, which `APHEX_UPDATE=1 cargo test --lib trees_of_the_standard_library` writes and a
//! test holds to the texts. Trees that are not of these texts, or of another kind of tree, are not used: then the texts are parsed.

/// One module of the standard library.
#[derive(Debug, PartialEq, Eq)]
pub struct StandardModule {
    /// `aws` for `std.aws`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// Whether its names are seen everywhere without `use`.
    pub prelude: bool,
}

impl StandardModule {
    /// How its file is named in messages: `std/aws.aphex`.
    pub fn file(&self) -> String {
        format!("std/{}.aphex", self.name)
    }
}

/// A module whose text is `stdlib/NAME.aphex`.
macro_rules! module {
    ($name:literal, prelude: $prelude:literal) => {
        StandardModule {
            name: $name,
            text: include_str!(concat!("../stdlib/", $name, ".aphex")),
            prelude: $prelude,
        }
    };
}

/// Every module; the order has no meaning.
pub const MODULES: &[StandardModule] = &[
    module!("builtins", prelude: true),
    module!("text", prelude: true),
    module!("time", prelude: true),
    module!("aws", prelude: true),
    module!("kubernetes", prelude: true),
    module!("git", prelude: true),
    module!("step", prelude: true),
    module!("environment", prelude: true),
    module!("trigger", prelude: true),
    module!("pipeline", prelude: true),
    module!("notify", prelude: false),
];

/// The trees of [`MODULES`], in that order, as postcard of a `Vec<File>`; `None` where they are not those of the texts.
pub fn trees() -> Option<&'static [u8]> {
    const TREES: Option<&[u8]> = fresh(include_bytes!("../stdlib/trees.postcard"));
    TREES
}

/// What defines a tree.
const DEFINITIONS: &[&[u8]] = &[
    include_bytes!("syntax/ast/mod.rs"),
    include_bytes!("syntax/ast/items.rs"),
    include_bytes!("syntax/ast/schemas.rs"),
    include_bytes!("syntax/ast/bodies.rs"),
    include_bytes!("syntax/ast/types.rs"),
    include_bytes!("syntax/ast/expressions.rs"),
    include_bytes!("syntax/ast/strings.rs"),
];

/// What the embedded trees were made of: the texts, in order, and the definition of trees.
pub const FINGERPRINT: u64 = {
    let mut hash = 0;
    let mut definitions = DEFINITIONS;
    while let [definition, rest @ ..] = definitions {
        hash = hashed(hash, definition);
        definitions = rest;
    }
    let mut modules = MODULES;
    while let [module, rest @ ..] = modules {
        hash = hashed(hash, module.text.as_bytes());
        modules = rest;
    }
    hash
};

/// The trees, where the fingerprint before them is the one of today.
const fn fresh(embedded: &'static [u8]) -> Option<&'static [u8]> {
    match embedded.split_first_chunk() {
        Some((fingerprint, trees)) if u64::from_le_bytes(*fingerprint) == FINGERPRINT => {
            Some(trees)
        }
        _ => None,
    }
}

/// FNV-1a over words of eight bytes, which tells texts apart that were not made to collide.
const fn hashed(hash: u64, mut bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x0100_0000_01b3;
    let mut hash = (hash ^ 0xcbf2_9ce4_8422_2325 ^ bytes.len() as u64).wrapping_mul(PRIME);
    while let Some((word, rest)) = bytes.split_first_chunk::<8>() {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(PRIME);
        hash ^= hash >> 32;
        bytes = rest;
    }
    while let [byte, rest @ ..] = bytes {
        hash = (hash ^ *byte as u64).wrapping_mul(PRIME);
        bytes = rest;
    }
    hash
}

/// The module of that name.
pub fn find(name: &str) -> Option<&'static StandardModule> {
    MODULES.iter().find(|module| module.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_parses() {
        for module in MODULES {
            let mut problems = crate::diagnostics::Problems::new();
            let mut sources = crate::source::Sources::new();
            let source = sources.add(module.file(), module.text);
            crate::syntax::parse(source, module.text, &mut problems);
            if let Some(problem) = problems.into_sorted().first() {
                let place = problem
                    .span()
                    .map(|span| sources.get(source).unwrap().line_column(span.start));
                panic!(
                    "{} {place:?}: {}: {}",
                    module.file(),
                    problem.code.id,
                    problem.message
                );
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_a_module() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".aphex").map(str::to_owned))
            .collect();
        let mut modules: Vec<String> = MODULES.iter().map(|module| module.name.into()).collect();
        files.sort();
        modules.sort();
        assert_eq!(files, modules);
    }
}
