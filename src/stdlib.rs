//! The standard library: the domain of pipelines, written in the language itself.
//!
//! The texts of `stdlib/*.aphex`, embedded. A new module is one line in [`MODULES`].

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
pub static MODULES: &[StandardModule] = &[
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
