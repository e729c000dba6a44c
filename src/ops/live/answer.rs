//! Answering an approval, as `argo node set` does it (`updateSuspendedNode` in Argo's `workflow/util/util.go`): the outputs that the node waits for are supplied, and it has
//! succeeded. Whoever comes second finds that it waits no longer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::cloud::kubernetes::kinds::WORKFLOW;
use crate::cloud::kubernetes::{Cause, Workflow};
use crate::diagnostics::codes::cluster::CONFLICT;
use crate::diagnostics::codes::run_approval::{NOT_AN_APPROVER, NOT_ASKED};
use crate::diagnostics::{Diagnostic, list_names, safe};
use crate::model::is_team;
use crate::ops::live::Runs;
use crate::ops::live::stages::{APPROVALS, Asked, approved_by, waits};
use crate::stage::work::is_same;

/// How often it is tried again where the controller has written meanwhile, which it does all the time.
const TRIES: usize = 20;
/// The longest reason, in characters.
const LONGEST: usize = 500;

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Approve,
    /// Do not.
    Reject,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// What it is.
    pub verdict: Verdict,
    /// Whose it is: a name as `approvers` has them.
    pub by: &'a str,
    /// Whom the API server takes him for.
    pub user: &'a str,
    /// Why, where he says so.
    pub reason: Option<&'a str>,
}

/// What became of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The run goes on with it.
    Done,
    /// It counts, and more people must say yes: these have.
    Counted(Vec<String>),
}

/// Answers. What the file at hand knows to be in vain (somebody who may not, twice the same) is refused before anything is written: the run would take it for a no.
pub fn answer(
    runs: &Runs<'_>,
    run: &str,
    asked: &Asked,
    answer: &Answer<'_>,
) -> Result<Answered, Diagnostic> {
    check(asked, answer)?;
    // What was sent before: where the connection breaks, the server may have taken it.
    let (mut sent, mut was_counted) = (None, false);
    for _ in 0..TRIES {
        let workflow = runs.own(run)?;
        if workflow.is_offloaded() {
            return Err(offloaded(run));
        }
        if !workflow.nodes.get(&asked.node).is_some_and(waits) {
            let node = workflow.nodes.get(&asked.node);
            let is_ours = node.is_some_and(|node| sent.as_ref() == Some(&node.message));
            return match is_ours {
                true => Ok(Answered::Done),
                false => Err(too_late(run, asked, &workflow)),
            };
        }
        let mut names = approved_by(&workflow, &asked.node);
        if was_counted && names.iter().any(|name| is_same(name, answer.by)) {
            return Ok(Answered::Counted(names));
        }
        names.push(answer.by.to_owned());
        let counts = answer.verdict == Verdict::Approve && names.len() < asked.minimum as usize;
        let change = match counts {
            true => counted(&workflow, &asked.node, &names),
            false => {
                let (change, message) = decided(&workflow, &asked.node, answer, &names);
                sent = Some(message);
                change
            }
        };
        was_counted |= counts;
        let namespace = &runs.pipeline.namespace.value;
        match runs.cluster.merge(&WORKFLOW, namespace, run, &change) {
            Ok(_) if counts => return Ok(Answered::Counted(names)),
            Ok(_) => return Ok(Answered::Done),
            Err(failure) if matches!(failure.cause, Cause::Conflict(_)) => {}
            Err(failure) => return Err(failure.into_diagnostic()),
        }
    }
    let message = format!("`{run}` is being changed all the time");
    Err(Diagnostic::without_place(&CONFLICT, message).help("run it again"))
}

fn check(asked: &Asked, answer: &Answer<'_>) -> Result<(), Diagnostic> {
    let by = answer.by;
    let mut approved_by = asked.approved_by.iter();
    if answer.verdict == Verdict::Approve
        && let Some(twice) = approved_by.find(|name| is_same(name, by))
    {
        let message = format!("`{}` has approved already", safe::line(twice));
        let missing = asked.minimum as usize - asked.approved_by.len().min(asked.minimum as usize);
        return Err(Diagnostic::without_place(&NOT_AN_APPROVER, message)
            .help(format!("{missing} more must, each with a name of his own")));
    }
    let is_known = asked.approvers.iter().any(|name| is_same(name, by));
    let has_team = asked.approvers.iter().any(|name| is_team(name));
    if asked.approvers.is_empty() || is_known || has_team {
        return Ok(());
    }
    let (word, note) = match answer.verdict {
        Verdict::Approve => (
            "approve",
            "nothing was answered: the run would have taken it for a no",
        ),
        Verdict::Reject => (
            "reject",
            "nothing was answered; whoever may end runs can `aphex cancel` this one",
        ),
    };
    let message = format!("`{}` may not {word} this", safe::line(by));
    let names = list_names(asked.approvers.iter().map(String::as_str), 5);
    Err(Diagnostic::without_place(&NOT_AN_APPROVER, message)
        .note(note)
        .help(format!(
            "`approvers` names {names}; where you are one of them, say so with `--as NAME`"
        )))
}

/// One more that has said yes.
fn counted(workflow: &Workflow, node: &str, names: &[String]) -> Value {
    let said = workflow.annotations.get(APPROVALS);
    let said = said.and_then(|said| serde_json::from_str::<Map<String, Value>>(said).ok());
    let mut said = said.unwrap_or_default();
    said.insert(node.to_owned(), json!(names));
    json!({
        "metadata": {
            "resourceVersion": workflow.version,
            "annotations": { APPROVALS: Value::Object(said).to_string() },
        },
    })
}

/// The node as it is once it is answered, and what stands at it.
fn decided(
    workflow: &Workflow,
    node: &str,
    answer: &Answer<'_>,
    names: &[String],
) -> (Value, String) {
    let (word, names) = match answer.verdict {
        Verdict::Approve => ("approve", names.join("\n")),
        Verdict::Reject => ("reject", answer.by.to_owned()),
    };
    let message = message(answer, &names);
    let approver = STANDARD.encode(&names);
    let reason = STANDARD.encode(answer.reason.map(cut).unwrap_or_default());
    let change = workflow.with_node(node, |node| {
        let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        node.insert("phase".to_owned(), json!("Succeeded"));
        node.insert("finishedAt".to_owned(), json!(now));
        node.insert("message".to_owned(), json!(message));
        let outputs = node
            .get_mut("outputs")
            .and_then(|outputs| outputs.get_mut("parameters"));
        let outputs = outputs.and_then(Value::as_array_mut).into_iter().flatten();
        for output in outputs.filter_map(Value::as_object_mut) {
            let value = match output.get("name").and_then(Value::as_str) {
                Some("decision") => word,
                Some("approver") => &approver,
                Some("reason") => &reason,
                _ => continue,
            };
            output.insert("value".to_owned(), json!(value));
            output.remove("valueFrom");
        }
    });
    (change, message)
}

/// `approved by ann (arn:aws:sts::111122223333:assumed-role/deployer/ann)`, in Argo's interface.
fn message(answer: &Answer<'_>, names: &str) -> String {
    let word = match answer.verdict {
        Verdict::Approve => "approved",
        Verdict::Reject => "rejected",
    };
    let by = names.replace('\n', ", ");
    let mut text = format!("{word} by {by}");
    if answer.user != answer.by {
        text.push_str(&format!(" ({})", answer.user));
    }
    if let Some(reason) = answer.reason {
        text.push_str(&format!(": {}", cut(reason)));
    }
    safe::line(&text).into_owned()
}

fn cut(reason: &str) -> String {
    reason.chars().take(LONGEST).collect()
}

fn too_late(run: &str, asked: &Asked, workflow: &Workflow) -> Diagnostic {
    let node = workflow.nodes.get(&asked.node);
    let problem = Diagnostic::without_place(
        &NOT_ASKED,
        format!("`{}` of `{run}` waits for nobody any more", asked.path),
    );
    match node.map(|node| (node.phase.as_str(), node.message.as_str())) {
        Some((_, message)) if !message.is_empty() => {
            problem.note(format!("Argo says: {}", safe::line(message)))
        }
        Some(("Succeeded", _)) => problem.note("somebody has answered it, or its time was over"),
        Some((phase, _)) => problem.note(format!("it is now `{}`", safe::line(phase))),
        None => problem,
    }
}

/// What cannot be seen cannot be answered.
pub fn offloaded(run: &str) -> Diagnostic {
    Diagnostic::without_place(
        &NOT_ASKED,
        format!("what `{run}` asks cannot be seen: Argo keeps its stages in a database of its own"),
    )
    .note("`nodeStatusOffLoad` of Argo's controller is on, and this run is large")
    .help("answer it in Argo's interface, or with `argo node set` through Argo's server")
}
