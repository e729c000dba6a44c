//! The command line, as transcripts: `tests/cli/*.md` are run as they stand, each in an empty folder.

use std::process::Command;

use crate::support::{markdown, tools, transcript};

#[test]
fn transcripts() {
    let pages = markdown::pages(&tools::root().join("tests/cli"));
    assert!(!pages.is_empty());
    let differences: Vec<String> = pages
        .iter()
        .flat_map(|page| transcript::run(page, false, &|_| {}))
        .collect();
    assert!(
        differences.is_empty(),
        "{}\nAPHEX_UPDATE=1 cargo test --test compiler cli:: writes what is printed into the pages",
        differences.join("\n")
    );
}

/// What the next test starts: a fault.
#[test]
fn fault() {
    if std::env::var_os("APHEX_TEST_FAULT").is_some() {
        aphex::cli::fault::install();
        panic!("a plate fell");
    }
}

#[test]
fn a_fault_says_what_to_report() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cli::fault", "--nocapture"])
        .env("APHEX_TEST_FAULT", "1")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(70));
    for part in [
        "a fault of Aphex",
        "aphex 0.",
        "a plate fell",
        "tests/compiler/cli.rs:",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("panicked at"), "{said}");
}
