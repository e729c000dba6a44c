//! The stages and `aphex run`, with real repositories, containers, the CDK and an AWS emulator.
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

mod assemblies;
mod aws;
mod bake;
mod bootstrap;
mod containers;
mod deploy;
mod deploy_python;
mod deploy_together;
mod diff;
mod elsewhere;
mod faults;
mod finish;
mod hostile;
mod images;
mod install;
mod launch;
mod live;
mod local;
mod notifications;
mod places;
mod plan;
mod pods;
mod preflight;
mod records;
mod run;
mod secrets;
mod self_update;
mod stack;
mod stage_reports;
mod stores;
mod usage;
