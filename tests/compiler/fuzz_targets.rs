//! The fuzz targets of `fuzz/`, on stable Rust: the same bodies, with inputs from a generator.
//!
//! `APHEX_FUZZ_CASES` is how many inputs each target gets, `APHEX_FUZZ_SEED` the first seed. An input that ends the whole
//! process (a stack that overflows, memory that ends) is the last one in `target/tmp/fuzz-TARGET-THREAD`; `APHEX_FUZZ_FILE`
//! gives a target one file, `APHEX_FUZZ_SLOW` prints the seeds that take so many milliseconds.

#[path = "../../fuzz/bodies.rs"]
mod bodies;

use std::panic::catch_unwind;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support::soup::Soup;

/// No input may take as long as this, in the slowest build on the busiest machine.
const LONGEST: Duration = Duration::from_secs(120);

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Gives the target its inputs: this many, where the setting does not say otherwise.
fn fuzz(target: &str, soup: &Soup, cases: u64) {
    let (_, body) = bodies::TARGETS
        .into_iter()
        .find(|(name, _)| *name == target)
        .unwrap();
    if let Ok(file) = std::env::var("APHEX_FUZZ_FILE") {
        let started = Instant::now();
        body(&std::fs::read(file).unwrap());
        println!("{:?}", started.elapsed());
        return;
    }
    let first = setting("APHEX_FUZZ_SEED").unwrap_or(0);
    let many = setting("APHEX_FUZZ_CASES");
    let end = first + many.unwrap_or(cases);
    let next = AtomicU64::new(first);
    let failures: Mutex<Vec<String>> = Mutex::default();
    let work = |thread: usize| {
        let file = format!("fuzz-{target}-{thread}");
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end || failures.lock().unwrap().len() >= 5 {
                break;
            }
            let input = soup.input(seed);
            if many.is_some() {
                std::fs::write(&file, &input).unwrap();
            }
            let started = Instant::now();
            let done = catch_unwind(|| body(&input));
            if done.is_err() || started.elapsed() > LONGEST {
                let input = String::from_utf8_lossy(&input);
                let failure = format!("seed {seed}, {:?}:\n{input}", started.elapsed());
                failures.lock().unwrap().push(failure);
            }
            if setting("APHEX_FUZZ_SLOW")
                .is_some_and(|least| started.elapsed().as_millis() >= least.into())
            {
                println!("seed {seed}: {:?}", started.elapsed());
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            // As small a stack as any thread has by default.
            let worker = std::thread::Builder::new().stack_size(2 << 20);
            worker.spawn_scoped(scope, move || work(thread)).unwrap();
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{target}: {}", failures.join("\n\n"));
}

#[test]
fn the_parser_answers_every_text() {
    fuzz("parser", &Soup::programs(), 2000);
}

#[test]
fn the_checker_answers_every_program() {
    fuzz("checker", &Soup::programs(), 400);
}

#[test]
fn the_evaluator_answers_every_program() {
    fuzz("evaluator", &Soup::programs(), 400);
}

#[test]
fn any_data_file_can_be_read() {
    fuzz("data", &Soup::data(), 400);
}

#[test]
fn any_shell_text_can_be_read() {
    fuzz("shell", &Soup::shell(), 2000);
}

#[test]
fn every_phase_answers_every_program() {
    fuzz("whole", &Soup::programs(), 400);
}

#[test]
fn any_report_can_be_read() {
    fuzz("report", &Soup::reports(), 2000);
}

#[test]
fn anything_that_is_printed_is_safe_in_a_log() {
    fuzz("log", &Soup::output(), 2000);
}

/// What libFuzzer runs and what is run here are the same.
#[test]
fn every_target_is_a_program_of_the_fuzzer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for (name, _) in bodies::TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        let text = std::fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(text.contains(&format!("bodies::{name}(input)")), "{name}");
    }
    let programs = std::fs::read_dir(folder.join("fuzz_targets")).unwrap();
    assert_eq!(programs.count(), bodies::TARGETS.len());
}
