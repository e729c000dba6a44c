//! Argo's own code as a judge of manifests: see `tests/judge`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

pub use super::go::is_available;
use super::go::{Program, Server};

/// The releases that judge: the newest of the oldest line that is supported, and of the current one.
const RELEASES: [Program; 2] = [
    Program {
        name: "judge-3.7",
        what: "Argo Workflows 3.7",
        source: "judge",
        flags: &[],
    },
    Program {
        name: "judge-3.6",
        what: "Argo Workflows 3.6",
        source: "judge",
        flags: &["-modfile=argo-3.6.mod", "-tags=argo36"],
    },
];

/// What is asked of the judge.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Question {
    id: String,
    manifests: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    arguments: BTreeMap<String, BTreeMap<String, String>>,
    pods: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tries: Vec<Try>,
}

/// How a pod has ended.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Try {
    /// As text; `-1` where it left none.
    pub exit_code: &'static str,
    /// `Failed` or `Error`.
    pub status: &'static str,
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

    /// Asks too, after which of these ends of a pod there is a further try.
    pub fn with_tries(mut self, tries: &[Try]) -> Question {
        self.tries = tries.to_vec();
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
    /// For each release: of each `OBJECT/TEMPLATE` that is tried again at all, after which of the tries.
    pub again: Vec<BTreeMap<String, Vec<bool>>>,
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
    /// The release: `Argo 3.7.18`.
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
            "{}: document {}, {} `{}`",
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

/// Asks every release at once. One process each serves all questions of a test program.
pub fn ask(question: &Question) -> Answer {
    static JUDGES: OnceLock<Vec<Mutex<Server>>> = OnceLock::new();
    let judges = JUDGES.get_or_init(|| {
        RELEASES
            .iter()
            .map(|release| Mutex::new(Server::start(release)))
            .collect()
    });
    // Another test that failed while it asked leaves a judge usable: it has read its answer or is broken itself.
    let ask_one = |judge: &Mutex<Server>| -> Reply {
        judge
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .ask(question)
    };
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let asked: Vec<_> = judges
            .iter()
            .map(|judge| scope.spawn(|| ask_one(judge)))
            .collect();
        asked
            .into_iter()
            .map(|reply| reply.join().expect("a judge answers"))
            .collect()
    });
    let mut answer = Answer::default();
    for (number, reply) in replies.into_iter().enumerate() {
        answer
            .verdicts
            .extend(reply.verdicts.into_iter().map(|verdict| Verdict {
                argo: format!("Argo {}", reply.argo),
                ..verdict
            }));
        answer.again.push(reply.again);
        if number == 0 {
            answer.pods = reply.pods;
        }
    }
    answer
}

#[derive(Deserialize)]
struct Reply {
    argo: String,
    verdicts: Vec<Verdict>,
    #[serde(default)]
    pods: Vec<serde_json::Value>,
    #[serde(default)]
    again: BTreeMap<String, Vec<bool>>,
}
