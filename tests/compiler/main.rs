//! From the text of a file to manifests: what needs neither AWS nor a cluster. One program for all of it, since each one that is linked takes space and time.
// Tests may state what must hold: these lints are about paths that input can reach.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable
)]

#[path = "../support/mod.rs"]
mod support;

mod architecture;
mod argo;
mod checker_total;
mod cli;
mod corrections;
mod docs;
mod editors;
mod error_pages;
mod evaluator_properties;
mod events;
mod fixes;
mod formats;
mod fuzz_targets;
mod golden;
mod grammar;
mod language;
mod language_inventory;
mod manifests;
mod pictures;
mod random_programs;
mod requirements_compile;
mod requirements_language;
mod rights;
mod size;
mod stack;
mod syntax;
