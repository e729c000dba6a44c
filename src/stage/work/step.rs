//! Steps: build, checks, hooks, steps among the stacks, tests.

use std::ffi::OsStr;
use std::fs;
use std::time::{Duration, SystemTime};

use crate::model::{Pipeline, Step, When};
use crate::stage::process::{Commands, GRACE};
use crate::stage::record::Engine;
use crate::stage::reports;
use crate::stage::work::beside::{self, Beside};
use crate::stage::work::{Context, Did, keep, variables};

/// Runs a step's commands, and keeps what it is to keep, also when they fail.
pub fn perform(context: &Context, pipeline: &Pipeline, path: &str, step: &Step) -> Did {
    match &step.when.value {
        When::Known(false) => return Did::nothing("its condition does not hold"),
        When::Output(output) => {
            let mut did = Did::default();
            did.problems
                .push(variables::unknown("when", output, step.when.span));
            return did;
        }
        When::Known(true) | When::Success | When::Failure | When::Always => {}
    }
    let mut did = Did::default();
    let mut env = context.inherited();
    if let Some(region) = context.region() {
        variables::place(&mut env, region);
    }
    if let Some(role) = &step.role {
        let region = env
            .get(OsStr::new("AWS_REGION"))
            .and_then(|region| region.to_str());
        let region = region.unwrap_or("us-east-1").to_owned();
        variables::assume(&mut env, role, &region, context, &mut did.problems);
    }
    variables::add(&mut env, &step.env, context, &mut did.problems);
    if !did.problems.is_empty() {
        return did;
    }
    let engine = match beside::engine(context, step) {
        Ok(engine) => engine,
        Err(problem) => {
            did.problems.push(problem);
            return did;
        }
    };
    let beside = match Beside::start(context, path, step, engine.as_ref()) {
        Ok(beside) => beside,
        Err(problems) => {
            did.problems.extend(problems);
            return did;
        }
    };
    let dir = step.dir.as_ref().map(|dir| dir.value.as_str());
    let commands = Commands {
        run: &step.run,
        shell: step.shell,
        image: match context.run.engine {
            Engine::Argo => Some(
                &step
                    .image
                    .as_ref()
                    .unwrap_or(&pipeline.images.builder)
                    .value,
            ),
            Engine::Local => None,
        },
        dir: context.directory(dir),
        dir_span: step.dir.as_ref().map(|dir| dir.span),
        env,
        timeout: step
            .timeout
            .as_ref()
            .map(|timeout| Duration::from_secs(timeout.value)),
        grace: GRACE,
    };
    let since = file_time(context);
    let outcome = commands.run_in(beside.inside(), &context.log, &context.stop);
    let succeeded = did.commands(outcome);
    beside.end(context, path, &mut did);
    keep::files(context, path, step, &mut did);
    if !step.reports.is_empty() {
        read_reports(context, step, since, succeeded, &mut did);
    }
    if succeeded && did.problems.is_empty() && !step.artifacts.is_empty() {
        keep::artifacts(context, path, step, &mut did);
    }
    did
}

/// The time that the file system gives to a file that is written now. The kernel's clock for files is behind the other one by some milliseconds,
/// and some file systems keep whole seconds: a report that is written at once would seem to be older than the commands.
fn file_time(context: &Context) -> Option<SystemTime> {
    let mark = context.folders.tmp().join("began");
    fs::write(&mark, "").ok()?;
    fs::metadata(&mark).ok()?.modified().ok()
}

/// Reads what a test runner has written. After commands that failed, what is wrong with the reports follows from that.
fn read_reports(
    context: &Context,
    step: &Step,
    since: Option<SystemTime>,
    succeeded: bool,
    did: &mut Did,
) {
    let read = reports::read(&context.folders.source(), &step.reports, since);
    for line in reports::table(&read.summary) {
        context.log.line(&line);
    }
    if succeeded {
        did.problems.extend(read.problems);
        did.problems
            .extend(reports::contradiction(&read.summary, step.span));
    } else {
        for problem in read.problems {
            context.log.line(&format!("note: {}", problem.message));
        }
    }
    did.tests = Some(read.summary);
}
