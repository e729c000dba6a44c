use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::{Log, Memory};

#[test]
fn lines_of_two_streams_do_not_mix() {
    let (log, text) = Memory::log();
    let (mut one, mut two) = (log.stream(), log.stream());
    one.write_all(b"one, fir").unwrap();
    two.write_all(b"two\ntwo, ").unwrap();
    one.write_all(b"st\none, second").unwrap();
    log.line("Aphex");
    two.write_all(b"last\n").unwrap();
    drop(two);
    drop(one);
    assert_eq!(
        text.text(),
        "two\none, first\nAphex\ntwo, last\none, second\n"
    );
    assert_eq!(log.tail(2), ["two, last", "one, second"]);
}

#[test]
fn of_progress_the_last_state_is_written() {
    let (log, text) = Memory::log();
    let mut stream = log.stream();
    stream.write_all(b"10%\r20%\r30").unwrap();
    assert_eq!(text.text(), "");
    log.line("Aphex");
    stream.write_all(b"%\rdone\nnext\n").unwrap();
    assert_eq!(text.text(), "Aphex\ndone\nnext\n");
    assert_eq!(stream.tail(9), ["done", "next"]);
    // The line is drawn over with nothing: what was there last is what it said.
    stream.write_all(b"\x1b[32m50%\r60%\r\n").unwrap();
    stream.write_all(b"\x1b[0m70%\r80%\r").unwrap();
    drop(stream);
    assert_eq!(log.tail(2), ["60%", "80%"]);
    assert_eq!(
        text.text(),
        "Aphex\ndone\nnext\n\x1b[0;32m60%\x1b[0m\n80%\n"
    );
}

#[test]
fn a_very_long_line_that_is_drawn_over_ends_there() {
    let (log, text) = Memory::log();
    let mut stream = log.stream();
    let long = "x".repeat(40_000);
    stream.write_all(long.as_bytes()).unwrap();
    stream.write_all(b"\rshort\n").unwrap();
    assert!(text.text() == format!("{long}\nshort\n"));
}

#[test]
fn a_colour_ends_with_its_line_and_goes_on_in_the_next() {
    let (log, text) = Memory::log();
    let mut stream = log.stream();
    stream.write_all(b"a\x1b[31mb\n\nc\x1b[0md\n").unwrap();
    assert_eq!(text.text(), "a\x1b[0;31mb\x1b[0m\n\n\x1b[0;31mc\x1b[0md\n");
    assert_eq!(stream.tail(2), ["ab", "cd"]);
}

#[test]
fn a_secret_with_a_colour_in_it_is_hidden() {
    let (log, text) = Memory::log();
    assert!(log.hide("hunter2!"));
    log.line("key=hun\x1b[1;31mter\x1b[0m2! ok");
    assert_eq!(text.text(), "key=*** ok\n");
}

#[test]
fn a_secret_in_one_of_aphexs_own_lines_is_hidden() {
    let (log, text) = Memory::log();
    assert!(log.hide("line one\nline two\n"));
    log.line("failed: line one, line two");
    assert_eq!(text.text(), "failed: ***, ***\n");
    assert_eq!(log.mask("line two"), "***");
    assert!(!log.hide("12"));
}

#[test]
fn a_secret_that_is_named_later_is_hidden_in_what_is_not_written_yet() {
    let (log, text) = Memory::log();
    let mut stream = log.stream();
    stream.write_all(b"hunter2! and ").unwrap();
    assert!(log.hide("hunter2!"));
    stream.write_all(b"on\n").unwrap();
    assert_eq!(text.text(), "*** and on\n");
}

/// A sink that fails after so many writes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_sink_that_fails_is_given_up_and_the_others_go_on() {
    let text = Memory::default();
    let log = Log::new(vec![Box::new(Full(1)), Box::new(text.clone())]);
    for line in ["one", "two", "three"] {
        log.line(line);
    }
    assert_eq!(text.text(), "one\ntwo\nthree\n");
    assert_eq!(log.lost(), ["no storage space"]);
}

/// Counts what is written, and keeps nothing.
#[derive(Clone, Default)]
struct Counter(std::sync::Arc<std::sync::Mutex<(usize, usize)>>);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut counted = self.0.lock().unwrap();
        counted.0 += bytes.len();
        counted.1 = counted.1.max(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_without_end_is_written_in_parts() {
    for secret in ["hunter2!".to_owned(), "x".repeat(20_000)] {
        let counter = Counter::default();
        let log = Log::new(vec![Box::new(counter.clone())]);
        assert!(log.hide(&secret));
        let mut stream = log.stream();
        let chunk = vec![b'.'; 64 * 1024];
        for _ in 0..64 {
            stream.write_all(&chunk).unwrap();
        }
        let (all, most) = *counter.0.lock().unwrap();
        let held = 64 * chunk.len() - all;
        assert!(held < 200_000, "{held} bytes are held back");
        assert!(most < 400_000, "{most} bytes were kept for one write");
        drop(stream);
        let (all, _) = *counter.0.lock().unwrap();
        assert_eq!(all, 64 * chunk.len() + 1);
        assert_eq!(log.tail(1)[0].chars().count(), 1025);
    }
}

#[test]
fn a_secret_at_the_place_where_a_long_line_is_cut_is_hidden_whole() {
    // The place depends on the longest form, so each one around it is tried.
    for before in 16 * 1024 - 120..16 * 1024 + 20 {
        let (log, text) = Memory::log();
        assert!(log.hide("hunter2!hunter3!"));
        let mut stream = log.stream();
        let line = format!("{}hunter2!hunter3!{}", ".".repeat(before), ".".repeat(300));
        stream.write_all(line.as_bytes()).unwrap();
        drop(stream);
        let expected = format!("{}***{}\n", ".".repeat(before), ".".repeat(300));
        assert!(
            text.text() == expected,
            "after {before}: {}",
            text.text().replace('.', "")
        );
    }
}

#[test]
fn sequences_without_end_take_no_memory() {
    for flood in [
        "\x1b[31m\x1b[32m",
        "\x1b]0;x",
        "\x1b[1;2;3",
        "\x1bPx",
        "\x1b[1m\x1b[0m",
        "\r",
    ] {
        let counter = Counter::default();
        let log = Log::new(vec![Box::new(counter.clone())]);
        let mut stream = log.stream();
        for _ in 0..20_000 {
            stream.write_all(flood.as_bytes()).unwrap();
        }
        stream.write_all(b"\nend\n").unwrap();
        assert_eq!(log.tail(1), ["end"], "{flood:?}");
    }
}

/// Writes bytes cut as `cuts` says, and gives the text that was written without its colours.
fn written(log: &Log, memory: &Memory, bytes: &[u8], cuts: &[usize]) -> String {
    let mut stream = log.stream();
    let mut rest = bytes;
    for cut in cuts
        .iter()
        .cycle()
        .take(if cuts.is_empty() { 0 } else { bytes.len() })
    {
        let (now, later) = rest.split_at((*cut).min(rest.len()));
        stream.write_all(now).unwrap();
        rest = later;
    }
    stream.write_all(rest).unwrap();
    drop(stream);
    let text = memory.text();
    let mut plain = String::new();
    for (index, piece) in text.split("\x1b[").enumerate() {
        let shown = if index == 0 {
            Some(piece)
        } else {
            piece.split_once('m').map(|(_, rest)| rest)
        };
        plain.push_str(shown.unwrap());
    }
    plain
}

/// The part of a text's base64 that does not depend on what stands beside it.
fn core(before: usize, secret: &str) -> String {
    let encoded = STANDARD.encode(format!("{}{secret}", "x".repeat(before)));
    let (first, last) = ((before * 8).div_ceil(6), (before + secret.len()) * 8 / 6);
    encoded[first..last].to_owned()
}

fn url(secret: &str) -> String {
    let reserved = |byte: &u8| !(byte.is_ascii_alphanumeric() || b"-._~".contains(byte));
    let encode = |byte: u8| {
        if reserved(&byte) {
            format!("%{byte:02X}")
        } else {
            char::from(byte).to_string()
        }
    };
    secret.bytes().map(encode).collect()
}

/// How a secret is put into the text.
fn embed(secret: &str, how: usize) -> Vec<u8> {
    match how % 7 {
        0 => secret.as_bytes().to_vec(),
        1 => STANDARD.encode(secret).into_bytes(),
        2 => STANDARD.encode(format!("a{secret}zz")).into_bytes(),
        3 => STANDARD.encode(format!("ab{secret}")).into_bytes(),
        4 => url(secret).into_bytes(),
        5 => secret
            .chars()
            .flat_map(|c| format!("\x1b[3{}m{c}", u32::from(c) % 8).into_bytes())
            .collect(),
        _ => serde_json::to_string(secret).unwrap().into_bytes(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn req_7_5_no_secret_survives_any_split(
        secrets in prop::collection::vec("[a-cXY ä€\"'/%+=.-]{2,12}[a-c0-9]{3,4}", 1..4),
        parts in prop::collection::vec((0usize..5, 0usize..7, "[a-c .:\n\r]{0,6}|\\PC{0,3}"), 1..12),
        cuts in prop::collection::vec(1usize..9, 0..6),
        long in prop::bool::ANY,
    ) {
        let (log, memory) = Memory::log();
        let mut hidden = Vec::new();
        for secret in &secrets {
            // White space around a secret does not count.
            if log.hide(secret) {
                hidden.push(secret.trim().to_owned());
            }
        }
        let mut bytes = if long { vec![b'.'; 16 * 1024 - 30] } else { Vec::new() };
        for (which, how, between) in &parts {
            bytes.extend_from_slice(between.as_bytes());
            if let Some(secret) = secrets.get(*which) {
                bytes.extend(embed(secret, *how));
            }
        }
        let plain = written(&log, &memory, &bytes, &cuts);
        for secret in &hidden {
            let forms = [secret.clone(), url(secret), core(0, secret), core(1, secret), core(2, secret)];
            for form in forms {
                prop_assert!(!plain.contains(&form), "{:?} of {:?} is in {:?}", form, secret, plain);
            }
        }
        for line in log.tail(100) {
            for secret in &hidden {
                prop_assert!(!line.contains(secret.as_str()));
            }
        }
    }

    #[test]
    fn what_is_no_secret_and_no_sequence_is_written_as_it_is(
        text in "([a-zäß€ \t.]{0,30}\n){0,20}",
        cuts in prop::collection::vec(1usize..9, 0..6),
    ) {
        let (log, memory) = Memory::log();
        prop_assert!(log.hide("another secret"));
        prop_assert_eq!(written(&log, &memory, text.as_bytes(), &cuts), text);
    }

    #[test]
    fn nothing_but_text_and_colours_reaches_a_sink(bytes in prop::collection::vec(any::<u8>(), 0..400), cuts in prop::collection::vec(1usize..9, 0..6)) {
        let (log, memory) = Memory::log();
        let plain = written(&log, &memory, &bytes, &cuts);
        for character in plain.chars() {
            prop_assert!(!character.is_control() || "\n\t".contains(character), "{character:?}");
        }
    }

    #[test]
    fn where_it_is_cut_makes_no_difference(bytes in prop::collection::vec(prop::sample::select(b"ab\n\r\x1b[31m;]0\xc3\xa4\x07\\".to_vec()), 0..80), cuts in prop::collection::vec(1usize..4, 1..6)) {
        let (log, memory) = Memory::log();
        let (whole_log, whole) = Memory::log();
        prop_assert!(log.hide("abab") && whole_log.hide("abab"));
        written(&log, &memory, &bytes, &cuts);
        written(&whole_log, &whole, &bytes, &[]);
        prop_assert_eq!(memory.text(), whole.text());
    }
}
