//! Looking on while CloudFormation works.

use std::thread;
use std::time::{Duration, Instant};

use aws_sdk_cloudformation::Client;

use crate::cloud::aws::cloudformation::state::State;
use crate::cloud::aws::cloudformation::{Event, Found, events_until, find, is_absent};
use crate::cloud::aws::{Aws, Failure, runtime};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::aws::STACK_STUCK;

/// What is told while something goes on.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// In words, on a line.
    Said(&'a str),
    /// Something happened to the stack.
    Happened(&'a Event),
}

/// How one looks on.
pub struct Watch<'a> {
    /// Is told what happens.
    pub tell: &'a mut dyn FnMut(Progress<'_>),
    /// Whether it is to end: CloudFormation goes on, and a later call continues.
    pub ends: &'a dyn Fn() -> bool,
    /// So long between two looks.
    pub pace: Duration,
    /// So long a stack may be busy.
    pub patience: Duration,
}

impl<'a> Watch<'a> {
    /// Every three seconds, for at most two hours.
    pub fn new(tell: &'a mut dyn FnMut(Progress<'_>), ends: &'a dyn Fn() -> bool) -> Watch<'a> {
        Watch {
            tell,
            ends,
            pace: Duration::from_secs(3),
            patience: Duration::from_secs(2 * 60 * 60),
        }
    }

    /// Says something.
    pub(super) fn say(&mut self, line: &str) {
        (self.tell)(Progress::Said(line));
    }

    /// Waits for the next look; an error where it is to end.
    pub(super) fn pause(&self) -> Result<(), Diagnostic> {
        // In small steps, so that an end is not waited for.
        let until = Instant::now() + self.pace;
        loop {
            if (self.ends)() {
                return Err(Failure::of_end().into_diagnostic().note(
                    "CloudFormation goes on with what it has begun; run it again to continue",
                ));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(Duration::from_millis(100)));
        }
    }
}

/// The newest event of a stack, to tell later ones by; empty where it has none.
pub(super) fn newest(aws: &Aws, stack: &str) -> Result<String, Failure> {
    let client = Client::new(aws.config());
    runtime::wait(async {
        let answer = client
            .describe_stack_events()
            .stack_name(stack)
            .send()
            .await;
        let events = match answer {
            Ok(answer) => answer.stack_events.unwrap_or_default(),
            Err(error) if is_absent(error.as_service_error()) => Vec::new(),
            Err(error) => return Err(Failure::of("cloudformation:DescribeStackEvents", error)),
        };
        let newest = events.into_iter().next();
        Ok(newest.and_then(|event| event.event_id).unwrap_or_default())
    })
}

/// Follows a stack, by its ARN, until nothing goes on any more. `since` is the newest event before; with `is_new` the stack must have ended
/// something since then: right after a change was asked for, it still is as it was.
///
/// The stack as it is then (`None`: it is gone), and what happened.
pub(super) fn follow(
    aws: &Aws,
    arn: &str,
    since: &str,
    is_new: bool,
    watch: &mut Watch<'_>,
) -> Result<(Option<Found>, Vec<Event>), Diagnostic> {
    let began = Instant::now();
    let mut last = since.to_owned();
    let mut all: Vec<Event> = Vec::new();
    loop {
        // The state first: what is told of events then is complete.
        let found = find(aws, arn).map_err(Failure::into_diagnostic)?;
        let events = match &found {
            None => Vec::new(),
            Some(_) => events_until(aws, arn, |event| event.id == last)
                .map_err(Failure::into_diagnostic)?,
        };
        for event in &events {
            (watch.tell)(Progress::Happened(event));
        }
        if let Some(event) = events.last() {
            last.clone_from(&event.id);
        }
        all.extend(events);
        let has_ended = |event: &Event| {
            event.physical == arn
                && !matches!(State::of(&event.status), State::Busy | State::Announced)
        };
        let state = found
            .as_ref()
            .map_or(State::Gone, |found| State::of(&found.stack.status));
        let is_over = match state {
            State::Gone => true,
            State::Busy | State::Announced => false,
            State::Ready | State::Vain | State::Stuck(_) => !is_new || all.iter().any(has_ended),
        };
        if is_over {
            return Ok((found.filter(|_| state != State::Gone), all));
        }
        if began.elapsed() > watch.patience {
            let message = format!("stack `{}` is busy for too long", name_of(arn));
            let status = found.map(|found| found.stack.status).unwrap_or_default();
            return Err(Diagnostic::without_place(&STACK_STUCK, message)
                .note(format!(
                    "it is {status} after {} minutes",
                    began.elapsed().as_secs() / 60
                ))
                .help("look at its events in CloudFormation, and run it again once it has ended"));
        }
        watch.pause()?;
    }
}

/// `arn:aws:cloudformation:eu-west-1:111122223333:stack/NAME/ID`
pub(super) fn name_of(arn: &str) -> &str {
    let mut parts = arn.split('/');
    parts.nth(1).unwrap_or(arn)
}
