//! JUnit XML → suites and cases.
//!
//! There is no standard, only what Ant wrote first and every test runner has made of it since. Common to all: `testsuite` elements, possibly within
//! each other or within `testsuites`, hold `testcase` elements, which hold `failure`, `error` or `skipped` or nothing. Maven Surefire and cargo-nextest add
//! `flakyFailure` and `flakyError` to a case that has succeeded when it ran again, `rerunFailure` and `rerunError` to one that has not.
//!
//! Sums in attributes differ too much to be of use: what is counted are cases.

use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::collections::{HashMap, HashSet};

/// Elements are at most so deep.
const DEEPEST: usize = 128;
/// What is kept of a message, of a text and of a name, in bytes.
const MESSAGE: usize = 4 * 1024;
const TEXT: usize = 16 * 1024;
const NAME: usize = 1024;
/// No test takes longer, in seconds. What a sum of times is must stay a number, or no record with it could be read.
const LONGEST: f64 = 1e9;

/// Why a file is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The system does not give it.
    Unreadable(String),
    /// It is not well-formed here.
    NotXml { line: usize, why: String },
    /// There is nothing in it.
    Empty,
    /// Its root is another element.
    OtherRoot(String),
    /// It is larger or deeper than is read.
    Limit(String),
    /// It has a document type definition.
    Doctype,
}

/// Tests that were run together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suite {
    /// Its name; that of the file where it has none.
    pub name: String,
    /// How long it took as it says itself, in seconds.
    pub seconds: f64,
    /// Where it ran; Playwright has its project there.
    pub host: String,
    /// Its own tests, in order.
    pub cases: Vec<Case>,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// It has succeeded.
    #[default]
    Passed,
    /// It did not find what it expected.
    Failed,
    /// It could not be carried through.
    Error,
    /// It was not run.
    Skipped,
}

/// A test.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    /// Its class, file or package; may be empty.
    pub class: String,
    /// Its name.
    pub name: String,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// How it ended, the last time where it ran several times.
    pub end: End,
    /// How often it was run before and has failed.
    pub failed_before: usize,
    /// Why it has failed: the first reason. Where it has succeeded at last, why it had failed before.
    pub message: String,
    /// The details.
    pub text: String,
}

/// A report's bytes as text: UTF-8, or UTF-16 with a byte order mark. What is no text is replaced: only messages can suffer.
pub fn decode(bytes: Vec<u8>) -> String {
    let wide = |unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).skip(1);
        let units = units.map(|pair| {
            unit([
                pair.first().copied().unwrap_or(0),
                pair.last().copied().unwrap_or(0),
            ])
        });
        char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    }
}

/// The suites of a report; `file` names those that have no name.
pub fn read(text: &str, file: &str) -> Result<Vec<Suite>, Refusal> {
    let mut reader = Reader::from_str(text);
    // Some runners write a bare `&` into what tests have printed.
    reader.config_mut().allow_dangling_amp = true;
    let mut builder = Builder {
        file,
        open: Vec::new(),
        suites: Vec::new(),
        seen_root: false,
    };
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => builder.start(&start)?,
            Ok(Event::Empty(start)) => {
                builder.start(&start)?;
                builder.end();
            }
            Ok(Event::End(_)) => builder.end(),
            Ok(Event::Text(text)) => builder.text(&text),
            Ok(Event::CData(text)) => builder.text(&text),
            Ok(Event::GeneralRef(reference)) => {
                let written = format!("&{};", &*reference);
                // An entity of the reader's own would need a definition: it is shown as it is written.
                let meant = unescape(&written).map(|text| text.into_owned());
                builder.text(&meant.unwrap_or(written));
            }
            Ok(Event::DocType(_)) => return Err(Refusal::Doctype),
            Ok(Event::Eof) => break,
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
            Err(error) => return Err(not_xml(&reader, text, error.to_string())),
        }
    }
    match (builder.seen_root, builder.open.is_empty()) {
        (false, _) if text.trim().is_empty() => Err(Refusal::Empty),
        (false, _) => Err(not_xml(&reader, text, "there is no element".to_owned())),
        (true, false) => Err(not_xml(&reader, text, "it ends in the middle".to_owned())),
        (true, true) => Ok(told_apart(builder.suites)),
    }
}

/// Playwright runs a file once a project, each time as a suite of the same name: what differs is its "host".
fn told_apart(mut suites: Vec<Suite>) -> Vec<Suite> {
    let mut hosts: HashMap<String, HashSet<String>> = HashMap::default();
    for suite in &suites {
        hosts
            .entry(suite.name.clone())
            .or_default()
            .insert(suite.host.clone());
    }
    for suite in &mut suites {
        if hosts.get(&suite.name).is_some_and(|hosts| hosts.len() > 1) && !suite.host.is_empty() {
            suite.name = format!("{} ({})", suite.name, suite.host);
        }
    }
    suites
}

fn not_xml(reader: &Reader<&[u8]>, text: &str, why: String) -> Refusal {
    let at = usize::try_from(reader.error_position().max(reader.buffer_position()))
        .unwrap_or(usize::MAX);
    let before = text.as_bytes().get(..at.min(text.len())).unwrap_or(&[]);
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    Refusal::NotXml { line, why }
}

/// What an element is for us.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Open {
    Suites,
    Suite {
        index: usize,
        claims: u64,
    },
    Case {
        suite: usize,
    },
    /// Why a test has failed.
    Outcome,
    Other,
}

struct Builder<'a> {
    file: &'a str,
    open: Vec<Open>,
    suites: Vec<Suite>,
    seen_root: bool,
}

impl Builder<'_> {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), Refusal> {
        if self.open.len() >= DEEPEST {
            return Err(Refusal::Limit(format!(
                "its elements are more than {DEEPEST} deep"
            )));
        }
        let name = element.local_name();
        let name: &str = name.as_ref();
        let is_root = self.open.is_empty();
        self.seen_root = true;
        let parent = self.open.last().copied();
        let within_case = matches!(parent, Some(Open::Case { .. }));
        let open = match name {
            "testsuites" if is_root => Open::Suites,
            "testsuite" if matches!(parent, None | Some(Open::Suites | Open::Suite { .. })) => {
                self.suite(element)
            }
            _ if is_root => return Err(Refusal::OtherRoot(cut(name, 60))),
            "testcase" if matches!(parent, Some(Open::Suites | Open::Suite { .. })) => {
                self.case(element)
            }
            "failure" | "error" if within_case => self.outcome(element, name, false),
            "failure" | "error" if matches!(parent, Some(Open::Suite { .. })) => {
                self.outcome_of_suite(element, name)
            }
            "flakyFailure" | "flakyError" | "rerunFailure" | "rerunError" if within_case => {
                self.outcome(element, name, true)
            }
            "skipped" | "disabled" if within_case => self.skipped(element),
            // Surefire puts the details of an earlier try one deeper, beside what the test has printed.
            "stackTrace" if parent == Some(Open::Outcome) => Open::Outcome,
            _ => Open::Other,
        };
        self.open.push(open);
        Ok(())
    }

    fn suite(&mut self, element: &BytesStart<'_>) -> Open {
        let name = attribute(element, "name", NAME).filter(|name| !name.trim().is_empty());
        let outer = self.open.iter().rev().find_map(|open| match open {
            Open::Suite { index, .. } => self.suites.get(*index).map(|suite| suite.name.clone()),
            _ => None,
        });
        self.suites.push(Suite {
            name: name.or(outer).unwrap_or_else(|| self.file.to_owned()),
            seconds: seconds(element),
            host: attribute(element, "hostname", NAME).unwrap_or_default(),
            cases: Vec::new(),
        });
        let count = |name| attribute(element, name, NAME).and_then(|text| text.trim().parse().ok());
        Open::Suite {
            index: self.suites.len() - 1,
            claims: count("failures")
                .unwrap_or(0u64)
                .saturating_add(count("errors").unwrap_or(0)),
        }
    }

    fn case(&mut self, element: &BytesStart<'_>) -> Open {
        let suite = self.nearest_suite();
        let state =
            attribute(element, "status", NAME).or_else(|| attribute(element, "result", NAME));
        // GoogleTest lists what it has not run.
        let not_run = state.is_some_and(|state| {
            matches!(
                state.as_str(),
                "notrun" | "suppressed" | "disabled" | "skipped"
            )
        });
        let case = Case {
            class: attribute(element, "classname", NAME).unwrap_or_default(),
            name: attribute(element, "name", NAME).unwrap_or_default(),
            seconds: seconds(element),
            end: if not_run { End::Skipped } else { End::Passed },
            ..Case::default()
        };
        if let Some(suite) = self.suites.get_mut(suite) {
            suite.cases.push(case);
        }
        Open::Case { suite }
    }

    /// The suite that is open; one for the file where a case stands in none.
    fn nearest_suite(&mut self) -> usize {
        let open = self.open.iter().rev().find_map(|open| match open {
            Open::Suite { index, .. } => Some(*index),
            _ => None,
        });
        open.unwrap_or_else(|| {
            if self
                .suites
                .last()
                .is_none_or(|suite| suite.name != self.file)
            {
                self.suites.push(Suite {
                    name: self.file.to_owned(),
                    ..Suite::default()
                });
            }
            self.suites.len() - 1
        })
    }

    fn outcome(&mut self, element: &BytesStart<'_>, name: &str, before: bool) -> Open {
        let end = match name {
            "failure" | "flakyFailure" | "rerunFailure" => End::Failed,
            _ => End::Error,
        };
        if let Some(case) = self.current() {
            match before {
                true => case.failed_before += 1,
                false => {
                    // The last reason counts more than those of the tries before.
                    if matches!(case.end, End::Passed | End::Skipped) {
                        case.message.clear();
                        case.text.clear();
                    }
                    if case.end != End::Failed {
                        case.end = end;
                    }
                }
            }
            if case.message.is_empty() && case.text.is_empty() {
                let message = attribute(element, "message", MESSAGE);
                case.message = message
                    .or_else(|| attribute(element, "type", NAME))
                    .unwrap_or_default();
            }
        }
        Open::Outcome
    }

    /// A suite that could not even begin says so itself.
    fn outcome_of_suite(&mut self, element: &BytesStart<'_>, name: &str) -> Open {
        let suite = self.nearest_suite();
        if let Some(suite) = self.suites.get_mut(suite) {
            suite.cases.push(Case::default());
        }
        self.outcome(element, name, false)
    }

    fn skipped(&mut self, element: &BytesStart<'_>) -> Open {
        if let Some(case) = self.current()
            && case.end == End::Passed
        {
            case.end = End::Skipped;
            case.message = attribute(element, "message", MESSAGE).unwrap_or_default();
        }
        Open::Other
    }

    /// The case that is open, or was added last to the suite that is.
    fn current(&mut self) -> Option<&mut Case> {
        let suite = self.open.iter().rev().find_map(|open| match open {
            Open::Case { suite } => Some(*suite),
            Open::Suite { index, .. } => Some(*index),
            _ => None,
        })?;
        self.suites.get_mut(suite)?.cases.last_mut()
    }

    fn text(&mut self, text: &str) {
        if self.open.last() == Some(&Open::Outcome)
            && let Some(case) = self.current()
            && case.text.len() < TEXT
        {
            let room = TEXT - case.text.len();
            case.text.push_str(&cut(text, room));
        }
    }

    fn end(&mut self) {
        // A suite that counts failures and lists no test at all has failed as a whole.
        if let Some(Open::Suite { index, claims }) = self.open.pop()
            && claims > 0
            && self
                .suites
                .iter()
                .skip(index)
                .all(|suite| suite.cases.is_empty())
            && let Some(suite) = self.suites.get_mut(index)
        {
            suite.cases.push(Case {
                end: End::Error,
                message: format!("the report counts {claims} failures here, and lists no test"),
                ..Case::default()
            });
        }
    }
}

/// An attribute's value, cut; `None` where it is missing.
fn attribute(element: &BytesStart<'_>, name: &str, most: usize) -> Option<String> {
    let found = element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    let value = unescape(&found.value).unwrap_or_else(|_| found.value.clone());
    Some(cut(&value, most))
}

/// `time`; old versions of Surefire write `1,234.5`.
fn seconds(element: &BytesStart<'_>) -> f64 {
    let text = attribute(element, "time", NAME)
        .unwrap_or_default()
        .replace(',', "");
    let seconds: f64 = text.trim().parse().unwrap_or(0.0);
    if seconds.is_finite() && seconds > 0.0 {
        seconds.min(LONGEST)
    } else {
        0.0
    }
}

fn cut(text: &str, most: usize) -> String {
    text.get(..text.floor_char_boundary(most))
        .unwrap_or("")
        .to_owned()
}
