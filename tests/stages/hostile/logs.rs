//! What programs write.

use std::fs;
use std::process::Stdio;

use super::{Canary, SECRET, assert_harmless, assert_nothing_leaked, names};
use crate::support::project::{Project, stage, text};

/// Escape sequences that do something else than colour, and what is no text at all.
const BYTES: [&[u8]; 27] = [
    b"\x1b[2J\x1b[H",
    b"\x1b[1;1Hx",
    b"\x1b[?1049h",
    b"\x1b[?25l",
    b"\x1b[6n",
    b"\x1b[c",
    b"\x1b[21t",
    b"\x1b[8;1;1t",
    b"\x1b]0;title\x07",
    b"\x1b]8;;http://x\x1b\\y\x1b]8;;\x1b\\",
    b"\x1b]52;c;eA==\x07",
    b"\x1b]1337;File=:eA==\x07",
    b"\x1bP$q\x1b\\",
    b"\x1b_x\x1b\\",
    b"\x1b^x\x1b\\",
    b"\x1bc",
    b"\x1b(0",
    b"\x1b#8",
    b"\x1b",
    b"\x1b[",
    b"\x1b[999999999999;1;1;1;1m",
    b"\x9b2J",
    b"\xc2\x9b2J",
    b"\x00\x01\x02\x07\x08\x0b\x0c\x0e\x7f",
    b"\xff\xfe\xc3\x28\xed\xa0\x80\xf4\x90\x80\x80",
    b"50%\r60%\r",
    b"a\x08\x08\x08b",
];

#[test]
fn what_programs_write_is_text() {
    let canary = Canary::new();
    let project = Project::new(
        "build { run = [\"echo \\\"$TOKEN\\\" | sed 's/-/\\\\x1b[2J-/g'; cat bytes; cat bytes >&2; exit 3\"], env = { TOKEN = secret(\"api\") } }",
        "stack Site",
    );
    let mut bytes: Vec<u8> = BYTES
        .iter()
        .flat_map(|bytes| [bytes, &b"|\n"[..]].concat())
        .collect();
    for name in names(&canary).iter().filter(|name| name.len() < 1_000) {
        bytes.extend(name.as_bytes());
        bytes.push(b'\n');
    }
    // At the end of all, in the middle of a sequence.
    bytes.extend(b"\x1b]0;");
    fs::write(project.path().join("bytes"), bytes).unwrap();
    project.commit();
    let output = project
        .aphex(&["run"])
        .env("APHEX_SECRET_API", SECRET)
        .output()
        .unwrap();
    let record = project.last_record();
    assert_eq!(
        stage(&record, "build")["outcome"],
        "failed",
        "{}",
        text(&output)
    );
    assert!(!text(&output).contains("hush"), "{}", text(&output));
    assert_is_text(&text(&output));
    canary.assert_alive("a log");
    let run = record["run"].as_str().unwrap();
    let log = project
        .path()
        .join(format!(".aphex/store/runs/{run}/stages/build/0.log"));
    assert_is_text(&fs::read_to_string(log).unwrap());
    assert_nothing_leaked(&project.path().join(".aphex/store"));
    for arguments in [
        &["history"][..],
        &["history", run],
        &["graph", "--run", run],
    ] {
        let output = project.aphex(arguments).output().unwrap();
        assert_harmless(&output, &canary, &format!("{arguments:?}"));
    }
}

/// Text with colours, and nothing else that a terminal obeys. Letters that turn the direction of writing are the program's own.
fn assert_is_text(said: &str) {
    let colours = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    let plain = colours.replace_all(said, "");
    for character in plain.chars() {
        assert!(
            !character.is_control() || "\n\t".contains(character),
            "{character:?}: {}",
            super::begin(said)
        );
    }
}

/// A line that does not end, of 300 MiB: neither the stage nor the run that shows it keeps it.
#[test]
fn a_line_without_end_takes_no_memory_of_a_run() {
    const KILOBYTES: u64 = 300_000;
    let project = Project::new(
        &format!("build {{ run = [\"head -c {KILOBYTES}k /dev/zero | tr '\\\\0' x\"] }}"),
        "step copy { run = [\"true\"] }",
    );
    let mut child = project
        .aphex(&["run", "--deploy"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<u64>().ok());
        most = most.max(peak.unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(
        stage(&project.last_record(), "build")["outcome"],
        "succeeded"
    );
    assert!(most > 0 && most < 120_000, "{most} KiB");
}
