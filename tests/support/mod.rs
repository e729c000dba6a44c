//! What the integration tests share. Each test file takes what it needs.
#![allow(dead_code, unused_imports)]

pub mod cdk;
pub mod cluster;
pub mod compile;
pub mod containers;
pub mod go;
pub mod http;
pub mod judge;
pub mod judge_events;
pub mod markdown;
pub mod ministack;
pub mod moto;
pub mod npm;
pub mod payloads;
pub mod project;
pub mod python;
pub mod random;
pub mod soup;
pub mod stack;
pub mod starts;
pub mod tools;
pub mod transcript;
