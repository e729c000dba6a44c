//! `aphex history`

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use crate::cli::Exit;
use crate::cli::console::Console;
use crate::cli::output::Listed;
use crate::cli::runs::{Runs, Whose};
use crate::diagnostics::{Paint, Report, Role, human, plural, safe};
use crate::ops::history::{History as Past, Killed};
use crate::stage::record::{
    Change, ErrorRecord, Outcome, RunRecord, StageRecord, StageResult, keys,
};
use crate::tools::picture::{self, Terminal, cut, ended, instant, took};

/// Show past runs, on this machine or in the cluster, or one of them in full
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  aphex history                    the newest runs
  aphex history last               the newest one in full: stages, times, errors, logs
  aphex history --cluster          those of the pipeline in its cluster
  aphex history --store s3://acme-artifacts
                                   those of a bucket, with the AWS credentials of this shell
  aphex history --format json | jq '.runs[] | select(.outcome == \"failed\") | .commit'

Exit codes: 0 fine, 1 where a record cannot be read, 64 wrong usage")]
pub struct History {
    /// One run, by its name; `last` is the newest
    #[arg(value_name = "ID")]
    run: Option<String>,
    /// How many runs to show
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    whose: Whose,
    /// In which form; json: schemas/history.v1.json, of one run schemas/run.v1.json
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Listed,
    /// The repository that is looked at [default: the one of the current directory]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl History {
    /// Shows what there is.
    pub fn run(self, console: &mut Console) -> Exit {
        let runs = match self.whose.open(self.root.as_ref(), console) {
            Ok(runs) => runs,
            Err(exit) => return exit,
        };
        let shown = match &self.run {
            Some(name) => runs
                .one(name)
                .and_then(|record| self.one(&runs, &record, console)),
            None => self.all(&runs, console),
        };
        shown.unwrap_or_else(|problem| {
            console.remark(&human::render(&[problem], console.err));
            Exit::Errors
        })
    }

    fn one(&self, runs: &Runs, record: &RunRecord, console: &mut Console) -> Result<Exit, Report> {
        let text = match self.format {
            Listed::Json => as_json(record),
            Listed::Human => in_full(runs, record, console.out),
        };
        console.print(&text);
        Ok(Exit::Fine)
    }

    fn all(&self, runs: &Runs, console: &mut Console) -> Result<Exit, Report> {
        let mut past = runs.newest(usize::try_from(self.limit).unwrap_or(usize::MAX))?;
        let problems = std::mem::take(&mut past.problems);
        match self.format {
            Listed::Json => console.print(&as_json(&json!({
                "version": 1,
                "runs": past.runs,
                "unfinished": past.unfinished,
                "killed": past.killed.iter().map(|killed| &killed.run).collect::<Vec<_>>(),
            }))),
            Listed::Human => {
                console.print(&table(&past, console.out));
                if past.older > 0 {
                    let total = past.older + past.runs.len() + past.killed.len();
                    let words = plural(past.older, "older run");
                    console.remark(&format!("{words}: `--limit {total}` shows all\n"));
                }
                if is_empty(&past) && problems.is_empty() {
                    console.remark(&match runs.address() {
                        Some(address) => format!("no run is recorded in {address}\n"),
                        None => "no run is recorded here; `aphex run` runs the pipeline on this machine\n".to_owned(),
                    });
                }
            }
        }
        if problems.is_empty() {
            return Ok(Exit::Fine);
        }
        Err(Report::without_sources(problems))
    }
}

fn as_json(value: &impl serde::Serialize) -> String {
    // What was read as JSON can be written as JSON.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// How an outcome is marked, and in which colour.
fn mark(outcome: Outcome) -> (&'static str, Role) {
    match outcome {
        Outcome::Succeeded => ("✓", Role::Added),
        Outcome::Failed | Outcome::TimedOut => ("✗", Role::Error),
        Outcome::Rejected | Outcome::Stopped => ("■", Role::Warning),
        Outcome::Skipped => ("–", Role::Faint),
    }
}

/// A line a run, and one more of what failed.
fn table(past: &Past, paint: Paint) -> String {
    if is_empty(past) {
        return String::new();
    }
    let runs = past.runs.iter().map(Ended::Recorded);
    let mut ended: Vec<Ended<'_>> = runs.chain(past.killed.iter().map(Ended::Killed)).collect();
    ended.sort_by_key(|ended| std::cmp::Reverse(ended.started_at()));
    let rows: Vec<[String; 5]> = ended.iter().map(cells).collect();
    let head = ["run", "began (UTC)", "commit", "cause", "outcome"].map(str::to_owned);
    let mut widths = head.each_ref().map(|name| name.width());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(widths);
        let cells =
            cells.map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut text = format!("  {}\n", paint.paint(Role::Faint, &line(&head)));
    for name in &past.unfinished {
        let said = "no record: it still runs, or was ended before it could write one";
        text.push_str(&format!(
            "{} {}  {said}\n",
            paint.paint(Role::Faint, "…"),
            safe::line(name)
        ));
    }
    for (row, ended) in rows.iter().zip(&ended) {
        let (record, (mark, role)) = match ended {
            Ended::Recorded(record) => (Some(record), mark(record.outcome)),
            Ended::Killed(_) => (None, mark(Outcome::Stopped)),
        };
        text.push_str(&format!("{} {}\n", paint.paint(role, mark), line(row)));
        if let Some(stage) = record.and_then(|record| record.culprit()) {
            let why = cut(&reason(stage), Console::width().saturating_sub(4));
            text.push_str(&format!("    {}\n", paint.paint(Role::Faint, &why)));
        }
    }
    text
}

fn is_empty(past: &Past) -> bool {
    past.runs.is_empty() && past.unfinished.is_empty() && past.killed.is_empty()
}

/// A run that goes on no more.
enum Ended<'p> {
    Recorded(&'p RunRecord),
    Killed(&'p Killed),
}

impl Ended<'_> {
    fn started_at(&self) -> Option<Timestamp> {
        match self {
            Ended::Recorded(record) => Some(record.started_at),
            Ended::Killed(killed) => killed.started_at,
        }
    }
}

fn cells(ended: &Ended<'_>) -> [String; 5] {
    let record = match ended {
        Ended::Recorded(record) => record,
        Ended::Killed(killed) => {
            return [
                cut(&safe::line(&killed.run), 32),
                killed.started_at.map(instant).unwrap_or_default(),
                String::new(),
                String::new(),
                "was killed".to_owned(),
            ];
        }
    };
    let short: String = record.commit.chars().take(7).collect();
    let changed = if record.local_changes { "+" } else { "" };
    let cause = record.cause();
    let event = cause.split(", by ").next().unwrap_or_default();
    let synth = if record.synth_only {
        ", synth only"
    } else {
        ""
    };
    [
        cut(&safe::line(&record.run), 32),
        instant(record.started_at),
        cut(&safe::line(&format!("{short}{changed}")), 8),
        cut(&safe::line(event), 26),
        format!("{}{synth}", picture::ended(record.outcome, record.seconds)),
    ]
}

/// `dev/deploy: A0950: …`, on one line.
fn reason(stage: &StageRecord) -> String {
    let last = stage.tries.last();
    let error = last.and_then(|last| last.error.as_ref());
    let why = match (error, &stage.reason, stage.outcome) {
        (Some(error), ..) => format!("{}: {}", error.code, error.message),
        (None, Some(reason), _) => reason.clone(),
        (None, None, Some(outcome)) => outcome.word().to_owned(),
        (None, None, None) => String::new(),
    };
    safe::line(&format!("{}: {why}", stage.path)).into_owned()
}

/// A run with everything that is known of it.
fn in_full(runs: &Runs, record: &RunRecord, paint: Paint) -> String {
    let picture = picture::of_run(record);
    let mut text = String::new();
    for (name, value) in picture
        .run
        .iter()
        .flatten()
        .filter(|(name, _)| *name != "logs")
    {
        let name = paint.paint(Role::Faint, &format!("{name:<12}"));
        text.push_str(&format!("{name}{value}\n"));
    }
    text.push('\n');
    let terminal = Terminal {
        width: Console::width(),
        paint,
    };
    text.push_str(&picture::draw(&[picture], terminal));
    text.push_str(&changes(record, paint));
    for stage in &record.stages {
        for (position, result) in stage.tries.iter().enumerate() {
            let next = stage.tries.get(position + 1);
            // What the next try failed with as well is told of that one.
            let is_told = next.is_some_and(|next| is_alike(result, next));
            if let (Some(error), false) = (&result.error, is_told) {
                text.push_str(&format!(
                    "\n{}",
                    failure(runs, record, stage, result, error, paint)
                ));
            }
        }
    }
    if record.stages.iter().any(|stage| !stage.tries.is_empty()) {
        let folder = runs.shown(keys::stages(&record.run).trim_end_matches('/'));
        let place = safe::line(&folder).into_owned();
        text.push_str(&format!("\nlogs and results of its stages: {place}\n"));
    }
    text
}

/// What a deployment would change, a line a stack.
fn changes(record: &RunRecord, paint: Paint) -> String {
    let mut text = String::new();
    for stage in &record.stages {
        let diffs = stage.tries.last().into_iter().flat_map(|last| &last.diff);
        for diff in diffs {
            let role = match (
                diff.change,
                diff.security || diff.replaced > 0 || diff.removed > 0,
            ) {
                (Change::Unchanged, _) => Role::Faint,
                (_, true) => Role::Warning,
                (_, false) => Role::Added,
            };
            let line = safe::line(&format!("{}: {}: {}", stage.path, diff.stack, diff.words()))
                .into_owned();
            text.push_str(&format!("\n{}", paint.paint(role, &line)));
        }
    }
    match text.is_empty() {
        true => text,
        false => text + "\n",
    }
}

/// Whether two tries failed in the same way, times aside.
fn is_alike(one: &StageResult, other: &StageResult) -> bool {
    let codes = |result: &StageResult| -> Vec<Option<i32>> {
        let commands = result.commands.iter();
        commands.map(|command| command.exit_code).collect()
    };
    let (Some(first), Some(second)) = (&one.error, &other.error) else {
        return false;
    };
    // The messages have times in them.
    let is_same_error = first.code == second.code && first.place == second.place;
    is_same_error
        && first.notes == second.notes
        && one.outcome == other.outcome
        && codes(one) == codes(other)
}

/// One try that failed.
fn failure(
    runs: &Runs,
    record: &RunRecord,
    stage: &StageRecord,
    result: &StageResult,
    error: &ErrorRecord,
    paint: Paint,
) -> String {
    let path = paint.paint(Role::Strong, &safe::line(&stage.path));
    let before = stage.tries.iter().rev();
    let before = before.skip_while(|other| other.attempt >= result.attempt);
    let alike = before.take_while(|other| is_alike(other, result)).count();
    let last = result.attempt.saturating_add(1);
    let tries = match (stage.tries.len(), alike) {
        (0 | 1, _) => String::new(),
        (tries, 0) => format!(", try {last} of {tries}"),
        (tries, _) => format!(
            ", tries {} to {last} of {tries} alike",
            last as usize - alike
        ),
    };
    let mut text = format!("{path}{tries}: {}\n", ended(result.outcome, result.seconds));
    for command in &result.commands {
        let code = match command.exit_code {
            Some(0) => String::new(),
            Some(code) => format!(", exit code {code}"),
            None => ", ended by a signal".to_owned(),
        };
        let first = command.command.lines().next().unwrap_or_default();
        let line = format!("  $ {}", cut(&safe::line(first), 70));
        let after = paint.paint(Role::Faint, &format!("  {}{code}", took(command.seconds)));
        text.push_str(&format!("{line}{after}\n"));
    }
    let code = paint.paint(Role::Error, &safe::line(&format!("error[{}]", error.code)));
    text.push_str(&format!("  {code}: {}\n", indented(&error.message)));
    if let Some(place) = &error.place {
        text.push_str(&format!("  at {}\n", safe::line(place)));
    }
    for note in &error.notes {
        text.push_str(&format!("  = note: {}\n", indented(note)));
    }
    if let Some(help) = &error.help {
        text.push_str(&format!("  = help: {}\n", indented(help)));
    }
    let log = runs.shown(&keys::log(&record.run, &stage.path, result.attempt));
    text.push_str(&format!("  log: {}\n", safe::line(&log)));
    text
}

/// Further lines below the first one.
fn indented(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| safe::line(line).into_owned())
        .collect();
    lines.join("\n          ")
}
