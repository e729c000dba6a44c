//! The `aphex` program.

fn main() {}
