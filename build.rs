//! How the program is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let built_for = |name: &str| std::env::var(name).unwrap_or_default();
    // The libraries of AWS hold tens of thousands of addresses, which the loader of a position-independent
    // program writes anew at every start: a millisecond, a third of what a check may take.
    if built_for("CARGO_CFG_TARGET_OS") == "linux" && built_for("CARGO_CFG_TARGET_ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bin=aphex=-no-pie");
    }
}
