//! Programs in Go that judge: how they are built and asked.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::tools;

/// Whether such a program can be built here. Where it cannot, the test is skipped, or fails where nothing may be.
pub fn is_available(test: &str) -> bool {
    let go = Command::new("go")
        .arg("version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let found = go.is_ok_and(|status| status.success());
    if !found {
        tools::skip(
            test,
            "there is no `go` on this machine",
            "install Go 1.26 or newer",
        );
    }
    found
}

/// A program.
pub struct Program {
    /// Its name in the folder of tools.
    pub name: &'static str,
    /// What it is on, as a person reads it.
    pub what: &'static str,
    /// The folder of its source in `tests`.
    pub source: &'static str,
    /// Flags of `go build`.
    pub flags: &'static [&'static str],
}

impl Program {
    /// Where it is, built where it is missing or older than its source.
    fn built(&self) -> PathBuf {
        let tests = tools::root().join("tests");
        let source = tests.join(self.source);
        let program = tools::tools().join(self.name);
        let written = [&source, &tests.join("judge-common")].map(|folder| newest(folder));
        let is_current = modified(&program)
            .is_some_and(|built| written.iter().flatten().all(|written| *written < built));
        if !is_current {
            eprintln!(
                "building the judge on {} (two to four minutes when Go's caches are empty)",
                self.what
            );
            let mut go = Command::new("go");
            go.current_dir(&source)
                .arg("build")
                .args(self.flags)
                .arg("-o")
                .arg(&program)
                .arg(".");
            go.env("GOFLAGS", "-mod=readonly -buildvcs=false -trimpath")
                .env("CGO_ENABLED", "0");
            tools::output(&mut go)
                .unwrap_or_else(|error| panic!("the judge does not build\n{error}"));
        }
        program
    }
}

/// A program that answers a question a line, until it is dropped.
pub struct Server {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Server {
    /// Starts a program.
    pub fn start(program: &Program) -> Server {
        let program = program.built();
        let mut process = Command::new(&program)
            .arg("--serve")
            // Memory is there, and processors are few: Go collects what is unused a fifth as often.
            .env("GOGC", "500")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let questions = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("its output is piped"));
        Server {
            process,
            questions,
            answers,
        }
    }

    /// Asks, and waits for the answer.
    pub fn ask<Question: Serialize, Answer: DeserializeOwned>(
        &mut self,
        question: &Question,
    ) -> Answer {
        let asked = serde_json::to_string(question).expect("a question is JSON");
        let questions = self.questions.as_mut().expect("open until the end");
        questions
            .write_all(format!("{asked}\n").as_bytes())
            .expect("the judge reads");
        let mut line = String::new();
        self.answers
            .read_line(&mut line)
            .expect("the judge answers in UTF-8");
        assert!(
            !line.is_empty(),
            "the judge has ended; what it said stands above. It was asked:\n{asked}"
        );
        serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("the judge answers in JSON: {error}\n{line}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.questions = None;
        self.process.wait().ok();
    }
}

fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = std::fs::read_dir(folder).ok()?;
    entries
        .filter_map(|entry| modified(&entry.ok()?.path()))
        .max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}
