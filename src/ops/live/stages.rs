//! The nodes of a Workflow as stages of the pipeline.

use jiff::Timestamp;
use serde::Serialize;

use crate::cloud::kubernetes::{Node, Workflow, is_about_to_begin};
use crate::graph::{Entry, StageId, StageKind};
use crate::model::Approval;
use crate::stage::nodes::{path_of_task, task_of};
use crate::stage::{Task, path_of, work};

/// The annotation of a run with who has approved so far, where several must: a JSON object of lists of names, by the ids of nodes.
pub const APPROVALS: &str = "aphex.dev/approvals";

/// A pod of a run, or an approval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageState {
    /// As people call it: `dev/deploy`.
    pub path: String,
    /// What it does: `deploy`, `approval-request`; `approval` is the wait for a person.
    pub kind: String,
    /// Argo's word: `Pending`, `Running`, `Succeeded`, `Failed`, `Error`, `Skipped`, `Omitted`.
    pub phase: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Argo's words for why.
    pub message: String,
    /// The id of the node.
    pub node: String,
    /// The name of the node.
    #[serde(skip)]
    pub name: String,
    /// Which try of it, from 0.
    pub attempt: u32,
    /// The image whose tools it looks for, where it does that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

impl StageState {
    /// Whether it goes on, or is about to.
    pub fn is_active(&self) -> bool {
        matches!(self.phase.as_str(), "" | "Pending" | "Running")
    }

    /// Whether it has ended well.
    pub fn is_good(&self) -> bool {
        self.phase == "Succeeded"
    }

    /// Whether it has failed.
    pub fn has_failed(&self) -> bool {
        matches!(self.phase.as_str(), "Failed" | "Error")
    }
}

/// An approval that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Asked {
    /// As people call it: `prod/approval`.
    pub path: String,
    /// The environment or wave that it is before.
    pub before: String,
    /// When it was asked.
    pub asked_at: Option<Timestamp>,
    /// When it counts as rejected; `null` where the run does not say.
    pub until: Option<Timestamp>,
    /// What is asked; `null` where the file at hand has no such approval.
    pub message: Option<String>,
    /// What a yes deploys: a line an environment.
    pub deploys: Vec<String>,
    /// Who may answer; empty: whoever may change Workflows.
    pub approvers: Vec<String>,
    /// How many must say yes.
    pub minimum: u32,
    /// Who has.
    pub approved_by: Vec<String>,
    /// The id of the node that waits.
    pub node: String,
}

/// The pods and approvals of a run, in the order in which they began.
pub fn stages(workflow: &Workflow, entry: Option<&Entry<'_>>) -> Vec<StageState> {
    let mut all: Vec<StageState> = Vec::new();
    for (id, node) in &workflow.nodes {
        let mut image = None;
        let (path, kind) = match node.kind.as_str() {
            "Pod" => match task_of(workflow, node) {
                Some(task) => {
                    if let Task::Tools(tools) = &task {
                        image = Some(tools.image.clone());
                    }
                    (path_of_task(&task, entry), task.word().to_owned())
                }
                None => (node.display_name.clone(), "start".to_owned()),
            },
            "Suspend" if is_question(node) => {
                (approval_path(workflow, node, entry), "approval".to_owned())
            }
            _ => continue,
        };
        all.push(StageState {
            path,
            kind,
            phase: node.phase.clone(),
            started_at: node.started_at,
            finished_at: node.finished_at,
            // That a pod begins is no news of it.
            message: match is_about_to_begin(&node.message) {
                true => String::new(),
                false => node.message.clone(),
            },
            node: id.clone(),
            name: node.name.clone(),
            attempt: attempt(node),
            image,
        });
    }
    all.sort_by(|a, b| (a.started_at, &a.path, a.attempt).cmp(&(b.started_at, &b.path, b.attempt)));
    all
}

/// The approvals that wait for a person.
pub fn asked(workflow: &Workflow, entry: Option<&Entry<'_>>) -> Vec<Asked> {
    let waiting = workflow.nodes.iter().filter(|(_, node)| waits(node));
    let mut all: Vec<Asked> = waiting
        .map(|(id, node)| {
            let path = approval_path(workflow, node, entry);
            let known = entry.and_then(|entry| approval_at(entry, &path));
            let approval = known.map(|(_, approval)| approval);
            let deploys = entry
                .zip(known)
                .map(|(entry, (id, _))| work::summary(entry, id));
            let approvers = approval
                .into_iter()
                .flat_map(|approval| &approval.approvers);
            let (begun, seconds) = (node.started_at, patience(workflow, node));
            let until = begun.zip(seconds).and_then(|(begun, seconds)| {
                begun
                    .checked_add(jiff::SignedDuration::from_secs(seconds))
                    .ok()
            });
            Asked {
                before: before(&path),
                asked_at: node.started_at,
                until,
                message: approval.map(work::message),
                deploys: deploys.unwrap_or_default(),
                approvers: approvers.map(|name| name.value.clone()).collect(),
                minimum: approval.map_or(1, |approval| approval.minimum.value),
                approved_by: approved_by(workflow, id),
                node: id.clone(),
                path,
            }
        })
        .collect();
    all.sort_by(|a, b| (a.asked_at, &a.path).cmp(&(b.asked_at, &b.path)));
    all
}

/// The name of what an approval is before: `eu` of `world/eu/approval`.
fn before(path: &str) -> String {
    let holder = path.rsplit_once('/').map_or(path, |(holder, _)| holder);
    holder.rsplit('/').next().unwrap_or(holder).to_owned()
}

/// The approval of a path, as the file at hand has it.
pub fn approval_at<'p>(entry: &Entry<'p>, path: &str) -> Option<(StageId, &'p Approval)> {
    entry.stages.iter().find_map(|stage| match stage.kind {
        StageKind::Approval(approval) if path_of(entry, stage.id) == path => {
            Some((stage.id, approval))
        }
        _ => None,
    })
}

/// Who has approved so far, where several must.
pub fn approved_by(workflow: &Workflow, node: &str) -> Vec<String> {
    let said = workflow.annotations.get(APPROVALS);
    let said = said.and_then(|said| serde_json::from_str::<serde_json::Value>(said).ok());
    let names = said.as_ref().and_then(|said| said.get(node)?.as_array());
    let names = names.into_iter().flatten().filter_map(|name| name.as_str());
    names.map(str::to_owned).collect()
}

/// Whether a node waits for somebody to supply a decision.
pub fn waits(node: &Node) -> bool {
    node.is_suspended() && node.outputs.awaits("decision") && node.outputs.awaits("approver")
}

fn is_question(node: &Node) -> bool {
    let mut outputs = node.outputs.parameters.iter();
    outputs.any(|parameter| parameter.name == "decision")
}

/// Seconds: a template says them as such (`ParseStringToDuration`).
fn patience(workflow: &Workflow, node: &Node) -> Option<i64> {
    let templates = &workflow.status.stored_workflow_template_spec.templates;
    let mut templates = templates.iter();
    let template = templates.find(|template| template.name == node.template_name)?;
    template.suspend.duration.parse().ok()
}

/// The template of a question says of whom; the pod that has asked, which stands beside it, does.
fn approval_path(workflow: &Workflow, node: &Node, entry: Option<&Entry<'_>>) -> String {
    let beside = workflow
        .nodes
        .values()
        .filter(|other| other.boundary == node.boundary);
    let mut tasks = beside.filter_map(|other| task_of(workflow, other));
    let task = tasks.find(|task| matches!(task, Task::ApprovalRequest(_)));
    match task {
        Some(task) => path_of_task(&task, entry),
        None => node.display_name.clone(),
    }
}

/// The nodes of tries are called `NAME(0)`, `NAME(1)`, …
fn attempt(node: &Node) -> u32 {
    let number = node.display_name.strip_suffix(')');
    let number = number.and_then(|name| name.rsplit_once('(')?.1.parse().ok());
    number.unwrap_or(0)
}
