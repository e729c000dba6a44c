//! What is said before a run and after it.

use std::time::Duration;

use crate::cli::console::Console;
use crate::cli::run::home::Home;
use crate::diagnostics::Role;
use crate::ops::run::Plan;
use crate::stage::process::time_in_words;
use crate::stage::record::{Outcome, RunRecord, keys};

/// What is run.
pub fn heading(plan: &Plan<'_, '_>, console: &Console) -> String {
    let info = &plan.info;
    let commit: String = info.commit.chars().take(7).collect();
    let changes = match info.local_changes {
        true => ", with local changes",
        false => "",
    };
    let deploys = match info.synth_only {
        true => "nothing is deployed (--deploy does)",
        false => "deploys",
    };
    let name = console.out.paint(Role::Strong, &info.run);
    let from = match &info.from {
        Some(from) => format!(
            "; from `{}` on, with what `{}` has left",
            from.stage, from.run
        ),
        None => String::new(),
    };
    format!("{name} at {commit}{changes}; {deploys}{from}\n")
}

/// How it ended, and where more is.
pub fn closing(record: &RunRecord, home: &Home, console: &Console) -> String {
    let (role, word) = match record.outcome {
        Outcome::Succeeded => (Role::Added, "succeeded"),
        other => (Role::Error, other.word()),
    };
    let word = console.out.paint(role, word);
    let record_path = home.shown(&keys::record(&record.run));
    let trees = match record.outcome {
        Outcome::Succeeded => String::new(),
        _ => format!("  its working trees: {}\n", home.shown_folder(&record.run)),
    };
    format!(
        "\n{} {word} after {}\n  {record_path}\n  aphex history {run}{store}\n  aphex graph --run {run}{store}\n{trees}",
        record.run,
        time_in_words(Duration::from_secs_f64(record.seconds.max(0.0))),
        run = record.run,
        store = home.arguments(),
    )
}
