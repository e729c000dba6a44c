//! Commands as processes: what concerns this whole process, its memory and its signals. So it is a program of its own.
// Tests may state what must hold: these lints are about paths that input can reach.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable
)]

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aphex::model::Shell;
use aphex::stage::log::{Log, Memory};
use aphex::stage::process::{Command, Status, Stop, run};

fn script(text: &str) -> Command {
    Command::script(Shell::Sh, text, "/").env([("PATH", std::env::var("PATH").unwrap())])
}

/// What this process has in memory, in KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

struct Counter(Arc<AtomicU64>);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_without_end_takes_no_memory() {
    let count = Arc::new(AtomicU64::new(0));
    let log = Log::new(vec![Box::new(Counter(count.clone()))]);
    assert!(log.hide("a secret"));
    let before = resident();
    let bytes = 32 * 1024 * 1024;
    let command = script(&format!("head -c {bytes} /dev/zero | tr '\\0' x"));
    let ended = run(&command, &log, &Stop::new().unwrap()).unwrap();
    assert!(ended.is_good());
    assert_eq!(count.load(Ordering::Relaxed), bytes + 1);
    let grown = resident().saturating_sub(before);
    assert!(grown < 20_000, "{grown} KiB more are in use");
    assert!(ended.tail[0].len() < 2000);
}

#[test]
fn sigterm_reaches_the_group_and_then_the_record_can_be_written() {
    let stop = Stop::on_signals().unwrap();
    let (log, text) = Memory::log();
    let mut command = script(
        "trap 'echo cleaned up; exit 0' TERM; kill -TERM $PPID; while :; do sleep 0.01; done",
    );
    command.grace = Duration::from_secs(20);
    let ended = run(&command, &log, &stop).unwrap();
    assert_eq!(ended.status, Status::Stopped);
    assert_eq!(stop.why().as_deref(), Some("SIGTERM"));
    assert!(text.text().ends_with("cleaned up\n"), "{}", text.text());
}
