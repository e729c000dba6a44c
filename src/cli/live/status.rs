//! `aphex status`

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::Exit;
use crate::cli::cluster::Which;
use crate::cli::console::Console;
use crate::cli::live::{said, show, watch, with_runs};
use crate::cli::output::Listed;
use crate::diagnostics::{Diagnostic, Paint};
use crate::ops::live::{Run, Runs};

/// So many runs that have ended are shown.
const ENDED: usize = 3;

/// Show the runs in the cluster: what runs, what waits for whom, what asks for an approval
#[derive(Args, Debug)]
#[command(after_help = "\
Reads Argo's Workflows with your kubeconfig. Runs stand in the order in which they were started; the newest that have ended stand below.

Examples:
  aphex status                    the one pipeline file of this repository
  aphex status --watch            until nothing runs any more
  aphex status --format json | jq -r '.active[].approvals[].path'

Exit codes: 0 fine, 1 errors, 64 wrong usage")]
pub struct Status {
    #[command(flatten)]
    which: Which,
    /// Every run that the cluster still has, not only the newest that have ended
    #[arg(long)]
    all: bool,
    /// Go on until nothing runs any more: drawn anew in a terminal, else a line a change
    #[arg(long, short, conflicts_with = "format")]
    watch: bool,
    /// In which form; json: schemas/status.v1.json
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Listed,
}

impl Status {
    /// Shows them.
    pub fn run(self, console: &mut Console) -> Exit {
        with_runs(&self.which, console, |runs, _, console| {
            let most = if self.all { usize::MAX } else { ENDED };
            if self.watch {
                return watch::watch(runs, most, console).map_err(|problem| said(problem, console));
            }
            let seen = Seen::look(runs, most).map_err(|problem| said(problem, console))?;
            console.print(&match self.format {
                Listed::Json => seen.as_json(runs),
                Listed::Human => seen.text(runs, console.out, Timestamp::now()),
            });
            Ok(Exit::Fine)
        })
    }
}

/// The runs of a pipeline at a moment.
pub struct Seen {
    /// Oldest first.
    pub active: Vec<Run>,
    /// Newest first.
    pub ended: Vec<Run>,
}

impl Seen {
    /// Looks.
    pub fn look(runs: &Runs<'_>, most: usize) -> Result<Seen, Diagnostic> {
        // One that ends between the two is seen twice rather than never.
        let active = runs.active()?;
        let mut ended = runs.ended(most)?;
        ended.retain(|run| active.iter().all(|other| other.name != run.name));
        Ok(Seen { active, ended })
    }

    /// For people.
    pub fn text(&self, runs: &Runs<'_>, paint: Paint, now: Timestamp) -> String {
        let pipeline = runs.pipeline;
        let place = format!(
            "{} in namespace {}",
            pipeline.name.value, pipeline.namespace.value
        );
        let mut text = match self.active.is_empty() {
            true => format!("{place}: nothing runs\n"),
            false => format!("{place}\n"),
        };
        for run in &self.active {
            text.push_str(&format!("\n{}", show::in_full(run, paint, now)));
        }
        match self.ended.is_empty() {
            true => text.push_str("\nno run has ended that the cluster still has\n"),
            false => text.push_str("\nended:\n"),
        }
        for run in &self.ended {
            text.push_str(&show::in_short(run, paint, now));
        }
        text
    }

    fn as_json(&self, runs: &Runs<'_>) -> String {
        let json = json!({
            "version": 1,
            "pipeline": runs.pipeline.name.value,
            "namespace": runs.pipeline.namespace.value,
            "active": self.active,
            "ended": self.ended,
        });
        // What is JSON can be written as JSON.
        serde_json::to_string_pretty(&json).unwrap_or_default() + "\n"
    }
}
