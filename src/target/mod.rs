//! Graph and model in, manifests out; pure.

pub mod argo;
