//! Aphex: a small typed language for deployment pipelines.
//!
//! The folders, lowest first; each may use those above it in this list and no other:
//!
//! | folder | what it is |
//! | --- | --- |
//! | [`collections`] | maps and sets |
//! | [`source`] | files, spans, lines, the one door to the disk |
//! | [`diagnostics`] | what is wrong, as data; the registry of codes; one renderer a file |
//! | [`syntax`] | text → syntax tree, with recovery |
//! | [`stdlib`] | the embedded texts of the standard library |
//! | [`resolve`] | modules, and what a name means |
//! | [`types`] | types, schemas, the checker |
//! | [`eval`] | values with provenance, the interpreter, the built-ins |
//! | [`model`] | the evaluated pipeline as Rust types |
//! | [`rules`] | what must hold across blocks, in the repository and at AWS, Kubernetes and Argo |
//! | [`graph`] | stages, edges, waves |
//! | [`target`] | manifests |
//! | [`analysis`] | all of the above, in order |
//! | [`cloud`] | what talks to AWS |
//! | [`project`] | which directory a pipeline file belongs to, and its files on disk |
//! | [`stage`] | what runs in a pod, and locally: processes and their log, reports, … |
//! | [`ops`] | what people do with pipelines: run them on this machine, look at past runs |
//! | [`tools`] | explain, new, fixes, pictures |
//! | [`cli`] | one file a command |
//!
//! Up to `target` nothing does IO, and nothing knows AWS, Kubernetes or a clock.

// Tests may state what must hold; the lints are about what input can reach.
#![cfg_attr(test, allow(clippy::string_slice, clippy::unreachable))]

pub mod analysis;
pub mod cli;
#[cfg(feature = "cloud")]
pub mod cloud;
pub mod collections;
pub mod diagnostics;
pub mod eval;
pub mod graph;
pub mod model;
pub mod ops;
pub mod project;
pub mod resolve;
pub mod rules;
pub mod source;
pub mod stage;
pub mod stdlib;
pub mod syntax;
pub mod target;
pub mod tools;
pub mod types;
