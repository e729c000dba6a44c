//! Runs in words.

use jiff::Timestamp;

use crate::diagnostics::{Paint, Role, list_names, safe};
use crate::ops::live::{Asked, Run, StageState, State};
use crate::stage::process::time_in_words;
use crate::tools::picture::instant;

/// How a run is marked, and in which colour.
pub fn mark(state: State) -> (&'static str, Role) {
    match state {
        State::Succeeded => ("✓", Role::Added),
        State::Failed | State::Error => ("✗", Role::Error),
        State::Waiting => ("?", Role::Advice),
        State::Running => ("▸", Role::Strong),
        State::Stopping | State::Rejected | State::Cancelled => ("■", Role::Warning),
        State::New | State::Queued => ("…", Role::Faint),
    }
}

/// `1a2b3c4 of main, push by octocat`
pub fn about(run: &Run) -> String {
    let commit: String = run.commit.chars().take(7).collect();
    let reference = ["refs/heads/", "refs/tags/", "refs/"]
        .iter()
        .find_map(|prefix| run.reference.strip_prefix(prefix))
        .unwrap_or(&run.reference);
    let mut text = match commit.is_empty() {
        true => "a commit that is looked up".to_owned(),
        false => commit,
    };
    if !reference.is_empty() {
        text.push_str(&format!(" of {reference}"));
    }
    if !run.event.is_empty() {
        text.push_str(&format!(", {}", run.event));
    }
    if let Some(number) = run.pull_request {
        text.push_str(&format!(" #{number}"));
    }
    if !run.actor.is_empty() {
        text.push_str(&format!(" by {}", run.actor));
    }
    if run.is_lookup {
        text.push_str("; looks up what a run is to be of");
    }
    safe::line(&text).into_owned()
}

/// `running for 4 min`, `queued for 2 min: position 1 behind shop-1`, `failed after 3 min, 2030-01-31 05:00:00 UTC`
pub fn standing(run: &Run, now: Timestamp) -> String {
    let words = run.state.words();
    if run.state.has_ended() {
        let took = run.started_at.zip(run.finished_at);
        let took = took.map(|(from, to)| format!(" after {}", between(from, to)));
        let at = run.finished_at.map(|at| format!(", {} UTC", instant(at)));
        return format!(
            "{words}{}{}",
            took.unwrap_or_default(),
            at.unwrap_or_default()
        );
    }
    let since = run.started_at.or(run.created_at);
    let since = since.map(|since| format!(" for {}", between(since, now)));
    format!("{words}{}", since.unwrap_or_default())
}

/// How long a stage goes on or went on.
pub fn time_of(stage: &StageState, now: Timestamp) -> String {
    match (stage.started_at, stage.finished_at) {
        (Some(from), Some(to)) => between(from, to),
        (Some(from), None) => between(from, now),
        _ => String::new(),
    }
}

fn between(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.as_second().saturating_sub(from.as_second());
    if seconds <= 0 {
        return "0 s".to_owned();
    }
    time_in_words(std::time::Duration::from_secs(
        u64::try_from(seconds).unwrap_or(0),
    ))
}

/// An active run with all that people want to know of it.
pub fn in_full(run: &Run, paint: Paint, now: Timestamp) -> String {
    let (sign, role) = mark(run.state);
    let mut text = format!(
        "{} {}  {}\n    {}\n",
        paint.paint(role, sign),
        paint.paint(Role::Strong, &safe::line(&run.name)),
        standing(run, now),
        about(run),
    );
    let mut line = |line: String| text.push_str(&format!("    {line}\n"));
    for waits in &run.waits {
        let behind = match &waits.holder {
            Some(holder) => format!(", which {} holds", safe::line(holder)),
            None => String::new(),
        };
        let lock = safe::line(&waits.lock);
        line(format!("position {} for {lock}{behind}", waits.position));
    }
    if !run.holds.is_empty() {
        let locks: Vec<_> = run.holds.iter().map(|lock| safe::line(lock)).collect();
        line(format!("holds {}", locks.join(", ")));
    }
    if run.is_offloaded {
        line("its stages are in a database of Argo's, and cannot be seen from here".to_owned());
    } else if run.waits.is_empty() && run.stages.is_empty() && !run.message.is_empty() {
        line(safe::line(&run.message).into_owned());
    }
    for stage in run.failures() {
        line(paint.paint(Role::Error, &format!("✗ {}", failure(stage))));
    }
    let active = run
        .stages
        .iter()
        .filter(|stage| stage.is_active() && stage.kind != "approval");
    for stage in active {
        let word = stage.phase.to_lowercase();
        let why = match stage.message.is_empty() {
            true => String::new(),
            false => format!(": {}", safe::line(&stage.message)),
        };
        line(format!(
            "{}  {word} for {}{why}",
            named(stage),
            time_of(stage, now)
        ));
    }
    for asked in &run.approvals {
        for row in approval(run, asked) {
            line(row);
        }
    }
    text
}

/// `dev/deploy`, `tools of node:22`
pub fn named(stage: &StageState) -> String {
    let of = stage.image.iter().map(|image| format!(" of {image}"));
    let name: String = std::iter::once(stage.path.clone()).chain(of).collect();
    safe::line(&name).into_owned()
}

/// `dev/deploy: Error (exit code 1): A0977: …`
pub fn failure(stage: &StageState) -> String {
    let why = match stage.message.is_empty() {
        true => stage.phase.to_lowercase(),
        false => stage.message.clone(),
    };
    safe::line(&format!("{}: {why}", named(stage))).into_owned()
}

/// What waits for a person, and how he answers.
pub fn approval(run: &Run, asked: &Asked) -> Vec<String> {
    let until = asked
        .until
        .map(|until| format!(" until {} UTC", instant(until)));
    let question = asked.message.as_ref().map(|message| format!(": {message}"));
    let path = safe::line(&asked.path);
    let first = format!(
        "{path} waits{}{}",
        until.unwrap_or_default(),
        question.unwrap_or_default()
    );
    let mut rows = vec![safe::line(&first).into_owned()];
    rows.extend(deploys(run, asked));
    if !asked.approvers.is_empty() {
        let names = list_names(asked.approvers.iter().map(String::as_str), 8);
        rows.push(format!("  may answer: {}", safe::line(&names)));
    }
    if asked.minimum > 1 {
        let have = asked.approved_by.len();
        let names = list_names(asked.approved_by.iter().map(String::as_str), 8);
        let names = match have {
            0 => String::new(),
            _ => format!(": {}", safe::line(&names)),
        };
        rows.push(format!(
            "  {have} of {} have approved{names}",
            asked.minimum
        ));
    }
    rows.push(format!(
        "  aphex approve {} {}",
        run.name,
        safe::line(&asked.before)
    ));
    rows
}

/// What a yes deploys.
pub fn deploys(run: &Run, asked: &Asked) -> Vec<String> {
    let commit: String = run.commit.chars().take(7).collect();
    match asked.deploys.is_empty() {
        true => vec![format!(
            "  would deploy {commit}; what, the file at hand does not say"
        )],
        false => {
            let rows = asked.deploys.iter();
            rows.map(|row| format!("  would deploy {commit} to {}", safe::line(row)))
                .collect()
        }
    }
}

/// A run that has ended: a line, and one for each stage that failed.
pub fn in_short(run: &Run, paint: Paint, now: Timestamp) -> String {
    let (sign, role) = mark(run.state);
    let mut text = format!(
        "{} {}  {}  {}\n",
        paint.paint(role, sign),
        safe::line(&run.name),
        about(run),
        standing(run, now),
    );
    // What was ended by hand has not failed by itself.
    let failures = match run.state {
        State::Cancelled => Vec::new(),
        _ => run.failures(),
    };
    for stage in &failures {
        text.push_str(&format!("    {}\n", failure(stage)));
    }
    let is_silent = matches!(run.state, State::Succeeded | State::Cancelled);
    if failures.is_empty() && !is_silent && !run.message.is_empty() {
        text.push_str(&format!("    {}\n", safe::line(&run.message)));
    }
    text
}
