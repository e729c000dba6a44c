//! The registry of codes. A family a file; a page a code, in `docs/errors/`.
//!
//! A new code is one line in its family's table and one page; without the page the crate does not
//! build. A test compiles the page's wrong and right examples.

/// One kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `A0304`: the family in the first two digits, see the modules of this folder.
    pub id: &'static str,
    /// One line: what this kind of problem is.
    pub title: &'static str,
    /// The page that `aphex explain` shows, Markdown.
    pub page: &'static str,
}

/// Declares the codes of a family: constants, and `ALL` with every one of them in order.
macro_rules! codes {
    ($($name:ident $id:literal $title:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $title, ".")]
            pub static $name: crate::diagnostics::Code = crate::diagnostics::Code {
                id: $id,
                title: $title,
                page: include_str!(concat!("../../../docs/errors/", $id, ".md")),
            };
        )*
        /// Every code of this family.
        pub static ALL: &[&crate::diagnostics::Code] = &[$(&$name),*];
    };
}

pub mod aws;
pub mod blocks;
pub mod cluster;
pub mod cluster_ready;
pub mod evaluation;
pub mod input;
pub mod names;
pub mod pipeline;
pub mod platform;
pub mod preflight;
pub mod run;
pub mod run_approval;
pub mod run_cdk;
pub mod run_checkout;
pub mod run_container;
pub mod run_process;
pub mod run_store;
pub mod run_tests;
pub mod syntax;
pub mod types;

/// Every code of every family, sorted by number.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [
        input::ALL,
        syntax::ALL,
        names::ALL,
        types::ALL,
        blocks::ALL,
        evaluation::ALL,
        pipeline::ALL,
        platform::ALL,
        preflight::ALL,
        run::ALL,
        run_process::ALL,
        run_checkout::ALL,
        run_store::ALL,
        run_cdk::ALL,
        run_tests::ALL,
        aws::ALL,
        run_container::ALL,
        cluster_ready::ALL,
        run_approval::ALL,
        cluster::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The code of that number, in any case of letters.
pub fn find(id: &str) -> Option<&'static Code> {
    all().find(|code| code.id.eq_ignore_ascii_case(id))
}
