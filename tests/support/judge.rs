//! Argo's own code as a judge of manifests: see `tests/judge`.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::tools;

/// The releases that judge: the newest of the oldest line that is supported, and of the current one.
const RELEASES: [Release; 2] = [
    Release {
        name: "3.7",
        flags: &[],
    },
    Release {
        name: "3.6",
        flags: &["-modfile=argo-3.6.mod", "-tags=argo36"],
    },
];

struct Release {
    name: &'static str,
    flags: &'static [&'static str],
}

/// What is asked of the judge.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Question {
    id: String,
    manifests: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    arguments: BTreeMap<String, BTreeMap<String, String>>,
    pods: bool,
}

impl Question {
    /// Whether these manifests (YAML of any number of documents, or JSON) would be accepted.
    pub fn new(manifests: impl Into<String>) -> Question {
        Question {
            manifests: manifests.into(),
            ..Question::default()
        }
    }

    /// What is given when a workflow is made from a template: exactly these parameters. Templates for
    /// which nothing is said get a value for each parameter that has none.
    pub fn submitted<'a>(
        mut self,
        template: &str,
        arguments: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Question {
        let arguments = arguments
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        self.arguments.insert(template.to_owned(), arguments);
        self
    }

    /// Asks for the pods too, which a real API server can then judge.
    pub fn with_pods(mut self) -> Question {
        self.pods = true;
        self
    }
}

/// What the judges say.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// For each release, one a document.
    pub verdicts: Vec<Verdict>,
    /// The pods of the container templates, as the current release would make them, as JSON.
    pub pods: Vec<serde_json::Value>,
}

impl Answer {
    /// The documents that a release refuses.
    pub fn refusals(&self) -> Vec<&Verdict> {
        self.verdicts
            .iter()
            .filter(|verdict| !verdict.errors.is_empty())
            .collect()
    }
}

/// What one release says of one document.
#[derive(Clone, Debug, Deserialize)]
pub struct Verdict {
    /// The release: `3.7.18`.
    #[serde(skip)]
    pub argo: String,
    /// Which document, from 1.
    pub document: usize,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Why it is refused; empty where it is accepted.
    pub errors: Vec<String>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Argo {}: document {}, {} `{}`",
            self.argo, self.document, self.kind, self.name
        )?;
        for error in &self.errors {
            write!(formatter, "\n    {error}")?;
        }
        Ok(())
    }
}

/// What every release says of these manifests.
pub fn judge(manifests: &str) -> Vec<Verdict> {
    ask(&Question::new(manifests)).verdicts
}

/// Fails unless every release accepts every document, of which there is at least one.
#[track_caller]
pub fn assert_accepted(what: &str, question: &Question) {
    let answer = ask(question);
    assert!(!answer.verdicts.is_empty(), "{what}: no manifests");
    let refusals: Vec<String> = answer.refusals().iter().map(ToString::to_string).collect();
    assert!(
        refusals.is_empty(),
        "{what}: refused\n{}\n{}",
        refusals.join("\n"),
        question.manifests
    );
}

/// Asks every release. One process each serves all questions of a test program.
pub fn ask(question: &Question) -> Answer {
    static JUDGES: OnceLock<Vec<Mutex<Judge>>> = OnceLock::new();
    let judges = JUDGES.get_or_init(|| {
        RELEASES
            .iter()
            .map(|release| Mutex::new(Judge::start(release)))
            .collect()
    });
    let mut answer = Answer::default();
    for (number, judge) in judges.iter().enumerate() {
        // Another test that failed while it asked leaves the judge usable: it has read its answer or is broken itself.
        let mut judge = judge
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let reply = judge.ask(question);
        answer
            .verdicts
            .extend(reply.verdicts.into_iter().map(|verdict| Verdict {
                argo: reply.argo.clone(),
                ..verdict
            }));
        if number == 0 {
            answer.pods = reply.pods;
        }
    }
    answer
}

/// Whether the judge can be built here. Where it cannot, the test is skipped, or fails where nothing may be.
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

#[derive(Deserialize)]
struct Reply {
    argo: String,
    verdicts: Vec<Verdict>,
    #[serde(default)]
    pods: Vec<serde_json::Value>,
}

struct Judge {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Judge {
    fn start(release: &Release) -> Judge {
        let program = built(release);
        let mut process = Command::new(&program)
            .arg("--serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let questions = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("its output is piped"));
        Judge {
            process,
            questions,
            answers,
        }
    }

    fn ask(&mut self, question: &Question) -> Reply {
        let mut line = serde_json::to_string(question).expect("a question is JSON");
        line.push('\n');
        let questions = self.questions.as_mut().expect("open until the end");
        questions
            .write_all(line.as_bytes())
            .expect("the judge reads");
        line.clear();
        self.answers
            .read_line(&mut line)
            .expect("the judge answers in UTF-8");
        assert!(
            !line.is_empty(),
            "the judge has ended; what it said stands above. It was asked about:\n{}",
            question.manifests
        );
        serde_json::from_str(&line).expect("the judge answers in JSON")
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        self.questions = None;
        self.process.wait().ok();
    }
}

/// The program of a release, built where it is missing or older than its source.
fn built(release: &Release) -> PathBuf {
    let source = tools::root().join("tests/judge");
    let program = tools::tools().join(format!("judge-{}", release.name));
    let is_current = modified(&program)
        .is_some_and(|built| newest(&source).is_none_or(|written| written < built));
    if !is_current {
        eprintln!(
            "building the judge on Argo Workflows {} (two to four minutes when Go's caches are empty)",
            release.name
        );
        let mut go = Command::new("go");
        go.current_dir(&source)
            .arg("build")
            .args(release.flags)
            .arg("-o")
            .arg(&program)
            .arg(".");
        go.env("GOFLAGS", "-mod=readonly -buildvcs=false -trimpath")
            .env("CGO_ENABLED", "0");
        tools::output(&mut go).unwrap_or_else(|error| panic!("the judge does not build\n{error}"));
    }
    program
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
