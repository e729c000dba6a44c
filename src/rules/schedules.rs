//! Schedules that never fire, or all the time.

use crate::diagnostics::codes::pipeline::{SCHEDULE_NEVER, SCHEDULE_OFTEN};
use crate::diagnostics::{Diagnostic, Problems};
use crate::model::{Event, Pipeline};
use crate::rules::cron::Cron;

/// Runs of one pipeline queue; a schedule below this many minutes fills the queue.
const SHORTEST: u32 = 10;

/// Reports them.
pub fn check(pipeline: &Pipeline, problems: &mut Problems) {
    for trigger in &pipeline.triggers {
        let Event::Schedule { cron, .. } = &trigger.event else {
            continue;
        };
        let Some(read) = Cron::read(&cron.value) else {
            continue;
        };
        if read.never_fires() {
            problems.push(
                Diagnostic::error(
                    &SCHEDULE_NEVER,
                    cron.span,
                    format!("`{}` never fires", cron.value),
                )
                .label("no month of these has such a day")
                .help("the fields are minute, hour, day of the month, month, day of the week"),
            );
        } else if read.shortest_gap() < SHORTEST {
            let gap = read.shortest_gap();
            let every = if gap == 1 {
                "every minute".to_owned()
            } else {
                format!("every {gap} minutes")
            };
            problems.push(
                Diagnostic::warning(&SCHEDULE_OFTEN, cron.span, format!("`{}` starts a run {every}", cron.value))
                    .label("faster than a run ends: the queue of runs grows")
                    .help("the first field is the minute: `0 * * * *` is every hour, `0 5 * * *` every day at five"),
            );
        }
    }
}
