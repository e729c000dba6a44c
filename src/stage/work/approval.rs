//! An approval: what is asked, and what became of the answer (5.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::diagnostics::codes::run_approval as codes;
use crate::diagnostics::{Diagnostic, list_names, plural, safe};
use crate::graph::{Entry, StageId, StageKind};
use crate::model::{Approval, Environment, Message, Pipeline};
use crate::stage::path_of;
use crate::stage::record::ApprovalRecord;
use crate::stage::task::Decision;
use crate::stage::work::{Context, Did};

/// So many names may answer at once, and so long may each be.
const MOST: usize = 100;
const LONGEST: usize = 254;
/// So many characters of a reason are told.
const LONGEST_REASON: usize = 500;

/// Says what is asked, and what will be deployed.
pub fn request(
    context: &Context,
    pipeline: &Pipeline,
    entry: &Entry<'_>,
    id: StageId,
    approval: &Approval,
) -> Did {
    let message = message(approval);
    let run = &context.run;
    context.log.line(&safe::line(&message));
    context.log.line(&format!(
        "commit {} of {}, run {}",
        run.commit, run.repository, run.run
    ));
    let lines = summary(entry, id);
    for line in &lines {
        context.log.line(line);
    }
    tell(context, pipeline, &path_of(entry, id), &message, lines);
    let mut did = Did::default();
    did.approval = Some(ApprovalRecord {
        message,
        approved: None,
        by: Vec::new(),
    });
    did
}

/// Tells those who want to know that somebody is asked.
#[cfg(feature = "cloud")]
fn tell(context: &Context, pipeline: &Pipeline, path: &str, message: &str, lines: Vec<String>) {
    use crate::model::NotifyOn;
    use crate::stage::notify::News;
    use crate::stage::work::{news, tell};
    let place = path.replace('/', "-");
    tell::tell(context, pipeline, &[NotifyOn::Approval], &place, |on| {
        News {
            title: format!("{}: {path} waits: {message}", context.run.pipeline),
            lines: lines.clone(),
            ..news::about(context, pipeline, on)
        }
    });
}

#[cfg(not(feature = "cloud"))]
fn tell(context: &Context, pipeline: &Pipeline, _: &str, _: &str, _: Vec<String>) {
    if !pipeline.notify.is_empty() {
        context
            .log
            .line("note: nobody is told: this Aphex was built without what talks to the outside");
    }
}

/// What an approval asks, with what is known by now in it; else as it is written.
pub fn message(approval: &Approval) -> String {
    match &approval.message.value {
        Message::Text(text) => text.clone(),
        Message::Output(output) => output.expression.clone(),
    }
}

/// What a yes will deploy: a line an environment.
pub fn summary(entry: &Entry<'_>, approval: StageId) -> Vec<String> {
    let holder = entry.stage(approval).and_then(|stage| stage.parent);
    let holder = holder.and_then(|id| entry.stage(id));
    let environments: Vec<&Environment> = match holder.map(|holder| holder.kind) {
        Some(StageKind::Environment(environment)) => vec![environment],
        Some(StageKind::Wave(wave)) => wave.environments.iter().collect(),
        _ => Vec::new(),
    };
    let lines = environments.into_iter().map(|environment| {
        let stacks: Vec<&str> = environment
            .stacks()
            .map(|stack| stack.name.value.as_str())
            .collect();
        let what = match stacks.is_empty() {
            true => "steps, no stacks".to_owned(),
            false => list_names(stacks.iter().copied(), 20),
        };
        format!(
            "{} (account {}, {}): {what}",
            environment.name.value, environment.account.value, environment.region.value
        )
    });
    lines.collect()
}

/// Judges an answer. Whatever is not clearly a yes of enough people who may is a no.
pub fn decide(
    context: &Context,
    pipeline: &Pipeline,
    approval: &Approval,
    decision: &Decision,
) -> Did {
    let message = message(approval);
    let (by, problem) = match names(&decision.approver) {
        Ok(by) => {
            let members = members(context, pipeline, approval, &by);
            let problem = judge(approval, decision, &by, &members);
            if let (Members::Unknown(why), None) = (&members, &problem) {
                context.log.line(&format!(
                    "note: who is a member of a team is not known: {why}"
                ));
            }
            (by, problem)
        }
        Err(problem) => (Vec::new(), Some(problem)),
    };
    match &problem {
        None => context.log.line(&format!("approved by {}", said(&by))),
        Some(_) => context.log.line("not approved"),
    }
    let mut did = Did::default();
    did.rejected = problem.is_some();
    let asked = format!("asked was: {}", safe::line(&message));
    did.problems
        .extend(problem.map(|problem| problem.note(asked).at(approval.span)));
    did.approval = Some(ApprovalRecord {
        message,
        approved: Some(!did.rejected),
        by,
    });
    did
}

fn said(by: &[String]) -> String {
    match by.is_empty() {
        true => "somebody who gave no name".to_owned(),
        false => by.join(", "),
    }
}

/// Who of those that have answered is a member of a team that may.
#[cfg_attr(
    not(feature = "cloud"),
    expect(dead_code, reason = "nobody is asked then")
)]
enum Members {
    /// These.
    Known(Vec<String>),
    /// Nobody could be asked, for this reason.
    Unknown(String),
}

#[cfg(feature = "cloud")]
fn members(context: &Context, pipeline: &Pipeline, approval: &Approval, by: &[String]) -> Members {
    use crate::stage::work::teams::Teams;
    let names = || approval.approvers.iter().map(|name| name.value.as_str());
    let teams: Vec<&str> = approval.teams().collect();
    let mut open: Vec<&String> = by.iter().collect();
    open.retain(|name| !names().any(|other| is_same(other, name)));
    if teams.is_empty() || open.is_empty() {
        return Members::Known(Vec::new());
    }
    let mut known = Vec::new();
    let asked = Teams::open(context, pipeline).and_then(|github| {
        for name in open {
            for team in &teams {
                if github.has(team, name)? {
                    known.push(name.clone());
                    break;
                }
            }
        }
        Ok(())
    });
    match asked {
        Ok(()) => Members::Known(known),
        Err(why) => Members::Unknown(why),
    }
}

#[cfg(not(feature = "cloud"))]
fn members(_: &Context, _: &Pipeline, _: &Approval, _: &[String]) -> Members {
    Members::Unknown("this Aphex was built without what talks to the outside".to_owned())
}

/// Why an answer is a no; `None` where it is a yes.
fn judge(
    approval: &Approval,
    answer: &Decision,
    by: &[String],
    members: &Members,
) -> Option<Diagnostic> {
    let again = "to deploy this commit after all, start the pipeline again for it";
    if answer.decision != "approve" {
        let message = match (by.is_empty(), reason(&answer.reason)) {
            (true, _) => "nobody has approved in time".to_owned(),
            (false, None) => "the approval was rejected".to_owned(),
            (false, Some(reason)) => format!("the approval was rejected: {reason}"),
        };
        let problem = Diagnostic::without_place(&codes::REJECTED, message).help(again);
        return Some(match by.is_empty() {
            true => problem,
            false => problem.note(format!("answered by {}", said(by))),
        });
    }
    let approvers: Vec<&str> = approval
        .approvers
        .iter()
        .map(|name| name.value.as_str())
        .collect();
    let has_team = approval.teams().next().is_some();
    let is_one = |name: &&String| {
        approvers.iter().any(|other| is_same(other, name))
            || matches!(members, Members::Known(known) if known.contains(name))
    };
    // Where a team cannot be asked about, Argo's own access control is what keeps others out.
    let is_unknown = has_team && matches!(members, Members::Unknown(_));
    let is_open = approvers.is_empty() || is_unknown;
    if let Some(stranger) = by.iter().find(|name| !is_open && !is_one(name)) {
        let message = format!("`{stranger}` may not approve this");
        let known = list_names(approvers.iter().copied(), 5);
        return Some(
            Diagnostic::without_place(&codes::NOT_AN_APPROVER, message).help(format!(
                "`approvers` names {known}; start the pipeline again for this commit, and let one of them answer"
            )),
        );
    }
    // Where nobody is named, one yes without a name is one person.
    let count = match (approvers.is_empty(), by.len()) {
        (true, 0) => 1,
        (_, count) => count,
    };
    let minimum = approval.minimum.value as usize;
    (count < minimum).then(|| {
        let message = format!(
            "{} must approve, and {} did",
            plural(minimum, "person").replace("persons", "people"),
            count
        );
        Diagnostic::without_place(&codes::REJECTED, message)
            .note(format!("answered by {}", said(by)))
            .help(again)
    })
}

/// Whether two names are one person's. GitHub's names and mail addresses know no case; the `@` may be left out.
pub fn is_same(one: &str, other: &str) -> bool {
    let bare = |name: &str| name.trim_start_matches('@').to_lowercase();
    bare(one) == bare(other)
}

/// Why somebody says no, in a line; `None` where that was not said, or cannot be read.
fn reason(base64: &str) -> Option<String> {
    let bytes = STANDARD.decode(base64.trim()).ok()?;
    let text: String = String::from_utf8(bytes)
        .ok()?
        .chars()
        .take(LONGEST_REASON)
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| safe::line(text).into_owned())
}

/// The names of an answer, each once.
fn names(base64: &str) -> Result<Vec<String>, Diagnostic> {
    let unreadable = || {
        Diagnostic::without_place(&codes::REJECTED, "who has answered cannot be read")
            .help("give `approver` as base64, a name a line")
    };
    let bytes = STANDARD.decode(base64.trim()).map_err(|_| unreadable())?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable())?;
    let mut names: Vec<String> = Vec::new();
    for name in text.lines().map(str::trim).filter(|name| !name.is_empty()) {
        if name.len() > LONGEST || name.chars().any(char::is_control) || names.len() == MOST {
            return Err(unreadable());
        }
        if !names.iter().any(|other| is_same(other, name)) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}
