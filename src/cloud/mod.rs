//! What talks to the outside: AWS, Kubernetes, and other services by HTTPS.
//!
//! Its callers are ordinary, blocking code: a stage does one thing after another. What waits for the network runs on a small
//! runtime of its own behind these functions. With the feature `cloud`, which is on by default.

pub mod aws;
pub mod github;
pub mod http;
pub mod kubernetes;
pub mod random;
pub mod roots;
pub mod tries;
