//! Runs as they go on.

use std::io::IsTerminal;
use std::time::Duration;

use jiff::Timestamp;

use crate::cli::Exit;
use crate::cli::console::Console;
use crate::cli::live::show;
use crate::cli::live::status::Seen;
use crate::collections::HashMap;
use crate::diagnostics::{Diagnostic, safe};
use crate::ops::live::{Run, Runs};

/// How often it is looked.
const TICK: Duration = Duration::from_secs(2);

/// Shows runs until none is active.
pub fn watch(runs: &Runs<'_>, most: usize, console: &mut Console) -> Result<Exit, Diagnostic> {
    match std::io::stdout().is_terminal() {
        true => drawn(runs, most, console),
        false => lines(runs, most, console),
    }
}

/// Drawn anew each time.
fn drawn(runs: &Runs<'_>, most: usize, console: &mut Console) -> Result<Exit, Diagnostic> {
    let mut rows = 0;
    loop {
        let seen = Seen::look(runs, most)?;
        let text = seen.text(runs, console.out, Timestamp::now());
        let size = terminal_size::terminal_size();
        let (width, height) = size.map_or((usize::MAX, usize::MAX), |(width, height)| {
            (usize::from(width.0), usize::from(height.0))
        });
        // Rows that are longer than the terminal would break, and what is above its top cannot be drawn over.
        let shown: Vec<String> = text
            .lines()
            .take(height.saturating_sub(1))
            .map(|line| console::cut(line, width))
            .collect();
        let up = match rows {
            0 => String::new(),
            rows => format!("\u{1b}[{rows}A"),
        };
        console.print(&format!("{up}\u{1b}[J{}\n", shown.join("\n")));
        rows = shown.len();
        if seen.active.is_empty() {
            return Ok(Exit::Fine);
        }
        std::thread::sleep(TICK);
    }
}

/// A line a change.
fn lines(runs: &Runs<'_>, most: usize, console: &mut Console) -> Result<Exit, Diagnostic> {
    let mut known: HashMap<String, String> = HashMap::default();
    let mut active: Vec<String> = Vec::new();
    let mut is_first = true;
    loop {
        let mut seen = Seen::look(runs, most)?;
        // Those that were active when it was looked last, and are not any more.
        for name in &active {
            let is_seen = |run: &Run| run.name == *name;
            if !seen.active.iter().chain(&seen.ended).any(is_seen) {
                seen.ended.extend(runs.one(Some(name)).ok());
            }
        }
        for run in seen.active.iter().chain(&seen.ended) {
            for (what, how) in facts(run) {
                let is_news = known.insert(what.clone(), how.clone()).as_ref() != Some(&how);
                let was_watched = active.contains(&run.name) || !run.state.has_ended();
                if is_news && was_watched {
                    console.print(&format!("{what}  {how}\n"));
                }
            }
        }
        if is_first && seen.active.is_empty() {
            console.print("nothing runs\n");
        }
        if seen.active.is_empty() {
            return Ok(Exit::Fine);
        }
        is_first = false;
        active = seen.active.into_iter().map(|run| run.name).collect();
        std::thread::sleep(TICK);
    }
}

/// What is told of a run once it changes.
fn facts(run: &Run) -> Vec<(String, String)> {
    let name = safe::line(&run.name).into_owned();
    let mut facts = Vec::new();
    for stage in &run.stages {
        let how = match (stage.has_failed(), stage.kind.as_str()) {
            (true, _) => format!("failed: {}", safe::line(&stage.message)),
            (_, "approval") => stage.message.clone(),
            _ if stage.is_active() && !stage.message.is_empty() => {
                format!("{}: {}", stage.phase.to_lowercase(), stage.message)
            }
            _ => stage.phase.to_lowercase(),
        };
        let how = safe::line(&how).into_owned();
        if !how.is_empty() {
            let try_of = match stage.attempt {
                0 => String::new(),
                number => format!(" (try {})", number + 1),
            };
            // `dev/deploy` says what it does by its name.
            let kind = match stage.path.rsplit('/').next() == Some(&stage.kind) {
                true => String::new(),
                false => format!(" {}", stage.kind),
            };
            let what = format!("{name}  {}{try_of}{kind}", show::named(stage));
            facts.push((what, how));
        }
    }
    for asked in &run.approvals {
        let rows: Vec<String> = show::approval(run, asked)
            .iter()
            .map(|row| row.trim().to_owned())
            .collect();
        facts.push((
            format!("{name}  {}", safe::line(&asked.path)),
            rows.join("; "),
        ));
    }
    let waits = run.waits.iter().map(|waits| {
        let behind = waits
            .holder
            .as_ref()
            .map(|holder| format!(" behind {}", safe::line(holder)));
        format!(
            ": position {} for {}{}",
            waits.position,
            safe::line(&waits.lock),
            behind.unwrap_or_default()
        )
    });
    let waits: Vec<String> = waits.collect();
    facts.push((name, format!("{}{}", run.state.words(), waits.join(""))));
    facts
}

mod console {
    use unicode_width::UnicodeWidthChar;

    /// The line as far as it fits; escape sequences of colours take no room.
    pub fn cut(line: &str, width: usize) -> String {
        let (mut used, mut in_escape) = (0, false);
        let mut text = String::new();
        for character in line.chars() {
            match (in_escape, character) {
                (false, '\u{1b}') => in_escape = true,
                (true, 'm') => in_escape = false,
                (true, _) => {}
                (false, _) => used += character.width().unwrap_or(0),
            }
            if used <= width || in_escape || character == 'm' && text.contains('\u{1b}') {
                text.push(character);
            }
        }
        text
    }
}
