//! The whole story in a real cluster: a push arrives, and production changes.
//!
//! These tests take any cluster with the controllers of Argo Workflows and Argo Events: [`place::HELP`] says how it is named.
//! A test whose name begins with `req_` proves the criteria of those numbers.
#![cfg(feature = "cloud")]
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

mod approval;
mod failures;
mod faults;
mod guide;
mod image;
mod let_in;
mod place;
mod pull_request;
mod push;
mod queue;
mod rights;
mod same;
mod scale;
mod self_modification;
mod starts;
mod team;
mod two;
