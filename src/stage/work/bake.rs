//! The bake: after everything else it is seen whether the environment stays well.
//!
//! CloudFormation has triggers of its own that roll a stack back, but it watches alarms only while it changes that very stack: what it has
//! ended changing stays. So alarms are asked for here, and one that is in ALARM ends the run before the next environment.

use std::time::{Duration, Instant};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_process::STOPPED;
use crate::model::{Bake, Environment};
use crate::stage::process::time_in_words;
use crate::stage::work::{Context, Did};

/// How long it takes at most until alarms are looked at again; of a short bake a tenth.
const AGAIN: Duration = Duration::from_secs(15);
/// How long it takes until the log says again how long it still takes.
const TOLD: Duration = Duration::from_secs(5 * 60);

/// Waits, and fails as soon as an alarm is in ALARM.
pub fn perform(context: &Context, environment: &Environment, bake: &Bake) -> Did {
    let mut did = Did::default();
    let time = Duration::from_secs(bake.time.value);
    context.log.line(&match bake.alarms.len() {
        0 => format!("waiting for {}", time_in_words(time)),
        1 => format!("watching 1 alarm for {}", time_in_words(time)),
        many => format!("watching {many} alarms for {}", time_in_words(time)),
    });
    let began = Instant::now();
    let left = || time.saturating_sub(began.elapsed());
    let mut watch = match Watch::new(context, environment, bake) {
        Ok(watch) => watch,
        Err(problems) => {
            did.problems = problems;
            return did;
        }
    };
    let again = (time / 10).clamp(Duration::from_secs(1), AGAIN);
    let mut told = began;
    loop {
        // The last look is at the end.
        let is_over = left().is_zero();
        did.problems = watch.look(context, is_over);
        if is_over || !did.problems.is_empty() {
            return did;
        }
        if context.stop.wait(left().min(again)) {
            did.stopped(stopped(context, bake, left()));
            return did;
        }
        if told.elapsed() >= TOLD && !left().is_zero() {
            context
                .log
                .line(&format!("  {} left", time_in_words(left())));
            told = Instant::now();
        }
    }
}

fn stopped(context: &Context, bake: &Bake, left: Duration) -> Diagnostic {
    let why = context.stop.why().unwrap_or_default();
    let left = time_in_words(left);
    Diagnostic::error(
        &STOPPED,
        bake.span,
        format!("stopped by {why}, {left} before its end"),
    )
    .help("a run of the same commit begins it anew")
}

#[cfg(feature = "cloud")]
use asked::Watch;
#[cfg(not(feature = "cloud"))]
use unasked::Watch;

#[cfg(feature = "cloud")]
mod asked {
    use super::{Bake, Context, Diagnostic, Environment};
    use crate::cloud::aws::Failure;
    use crate::cloud::aws::cloudwatch::{self, Alarm, AlarmState};
    use crate::collections::IndexMap;
    use crate::diagnostics::codes::aws as codes;
    use crate::model::Text;
    use crate::rules::partition;
    use crate::stage::Seers;
    use crate::stage::accounts::DEFAULT_QUALIFIER;
    use crate::stage::work::variables;

    /// Alarms that are watched: all of the environment's account and region, which is a rule of the file.
    pub(super) struct Watch<'a> {
        alarms: &'a [Text],
        seers: Option<Seers>,
        /// The state of each that the log told last.
        told: IndexMap<&'a str, AlarmState>,
    }

    impl<'a> Watch<'a> {
        /// As the environment's role. Without one the CDK's role for lookups may read all that is in an account, and the
        /// stage's own identity may be of that account.
        pub(super) fn new(
            context: &Context,
            environment: &Environment,
            bake: &'a Bake,
        ) -> Result<Watch<'a>, Vec<Diagnostic>> {
            let mut problems = Vec::new();
            let seers = (!bake.alarms.is_empty()).then(|| {
                let region = environment.region.value.as_str();
                let mut env = context.inherited();
                variables::place(&mut env, region);
                let roles = match &environment.role {
                    Some(role) => {
                        variables::assume(&mut env, role, region, context, &mut problems);
                        Vec::new()
                    }
                    None => vec![lookup_role(&environment.account.value, region)],
                };
                Seers::new(
                    &env,
                    &roles,
                    region,
                    &context.run.run,
                    &context.folders.tmp(),
                )
            });
            if !problems.is_empty() {
                return Err(problems);
            }
            Ok(Watch {
                alarms: &bake.alarms,
                seers,
                told: IndexMap::default(),
            })
        }

        /// What is wrong: an alarm, one that is not there, or that nobody tells, which may be a moment's trouble and counts at
        /// first and at last.
        pub(super) fn look(&mut self, context: &Context, is_last: bool) -> Vec<Diagnostic> {
            let Some(first) = self.alarms.first() else {
                return Vec::new();
            };
            let (found, failure) = self.ask();
            match failure {
                Some(failure) if found.is_empty() && !is_last && !self.told.is_empty() => {
                    context.log.line(&format!(
                        "  warning: CloudWatch does not tell how the alarms are, and is asked again: {failure}"
                    ));
                    Vec::new()
                }
                Some(failure) if found.is_empty() => {
                    let message = "CloudWatch does not tell how the alarms are";
                    let problem = Diagnostic::error(&codes::NOT_WATCHED, first.span, message);
                    vec![failure.explain(problem)]
                }
                failure => {
                    let alarms = self.alarms.iter();
                    alarms
                        .filter_map(|alarm| {
                            let found = found.iter().find(|found| found.arn == alarm.value);
                            match found {
                                Some(found) => self.judge(context, alarm, found),
                                None => Some(missing(alarm, failure.as_ref())),
                            }
                        })
                        .collect()
                }
            }
        }

        /// The alarms as those see them who may, and why others do not. Another account may have alarms of the same names, so it is not
        /// enough that somebody answers.
        fn ask(&self) -> (Vec<Alarm>, Option<Failure>) {
            let names: Vec<&str> = self.alarms.iter().map(name_of).collect();
            let mut found: Vec<Alarm> = Vec::new();
            let mut failure = None;
            let seers = self.seers.iter();
            for answer in seers.flat_map(|seers| seers.each(|aws| cloudwatch::alarms(aws, &names)))
            {
                match answer {
                    Ok(more) => found.extend(more),
                    Err(why) => failure = Some(why),
                }
                let is_there = |alarm: &Text| found.iter().any(|found| found.arn == alarm.value);
                if self.alarms.iter().all(is_there) {
                    return (found, None);
                }
            }
            (found, failure)
        }

        fn judge(
            &mut self,
            context: &Context,
            alarm: &'a Text,
            found: &Alarm,
        ) -> Option<Diagnostic> {
            let name = name_of(alarm);
            if self.told.insert(&alarm.value, found.state) != Some(found.state) {
                let state = match found.state {
                    AlarmState::Ok => "OK",
                    AlarmState::Alarm => "ALARM",
                    AlarmState::Unknown => "too few values to tell",
                };
                context.log.line(&format!("  {name}: {state}"));
            }
            if found.state != AlarmState::Alarm {
                return None;
            }
            let since = found
                .since
                .and_then(|second| jiff::Timestamp::from_second(second).ok());
            let message = format!("the alarm `{name}` went off");
            let mut problem = Diagnostic::error(&codes::ALARM, alarm.span, message);
            if !found.reason.is_empty() {
                problem = problem.note(found.reason.clone());
            }
            if let Some(since) = since {
                problem = problem.note(format!("since {since}"));
            }
            Some(problem.help(
                "what was deployed stays: repair it, or deploy an older commit; the environments after this one were not begun",
            ))
        }
    }

    fn missing(alarm: &Text, failure: Option<&Failure>) -> Diagnostic {
        let message = format!("there is no alarm `{}`", name_of(alarm));
        let problem = Diagnostic::error(&codes::NO_ALARM, alarm.span, message).help(
            "an alarm that a stack makes is there once the stack is deployed: compare the name",
        );
        match failure {
            Some(failure) => problem.note(format!("not everybody was asked: {failure}")),
            None => problem,
        }
    }

    /// The role that the CDK's bootstrap makes for lookups, where nothing in it was renamed.
    fn lookup_role(account: &str, region: &str) -> String {
        let partition = partition(region);
        format!(
            "arn:{partition}:iam::{account}:role/cdk-{DEFAULT_QUALIFIER}-lookup-role-{account}-{region}"
        )
    }

    /// `arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME`
    fn name_of(alarm: &Text) -> &str {
        alarm.value.splitn(7, ':').nth(6).unwrap_or(&alarm.value)
    }
}

#[cfg(not(feature = "cloud"))]
mod unasked {
    use super::{Bake, Context, Diagnostic, Environment};
    use crate::diagnostics::codes::aws::NOT_WATCHED;

    /// Nobody watches.
    pub(super) struct Watch;

    impl Watch {
        pub(super) fn new(
            _: &Context,
            _: &Environment,
            bake: &Bake,
        ) -> Result<Watch, Vec<Diagnostic>> {
            match bake.alarms.first() {
                None => Ok(Watch),
                Some(alarm) => {
                    let message = "this Aphex was built without what talks to AWS";
                    Err(vec![Diagnostic::error(&NOT_WATCHED, alarm.span, message)])
                }
            }
        }

        pub(super) fn look(&mut self, _: &Context, _: bool) -> Vec<Diagnostic> {
            Vec::new()
        }
    }
}
