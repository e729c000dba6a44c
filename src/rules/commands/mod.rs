//! The commands of steps and apps, one by one, as shell text.

mod failures;
mod habits;
mod lost;
mod syntax;
mod terminal;
#[cfg(test)]
mod tests;
mod variables;

use std::ops::Range;
use std::rc::Rc;

use crate::collections::HashSet;
use crate::diagnostics::Problems;
use crate::model::{App, Env, Pipeline, Shell, Step, Target, Text};
use crate::rules::Rules;
use crate::rules::shell::{Script, SyntaxError};
use crate::source::Span;

/// Something that runs commands: a step, or the setup of an app.
pub struct Unit<'a> {
    /// What runs, in order; each text has a shell of its own.
    pub run: Vec<&'a Text>,
    /// Which shell.
    pub shell: Shell,
    /// Where it runs, relative to the repository.
    pub dir: Option<&'a Text>,
    /// The environment, where all of it is known.
    pub env: Option<&'a Env>,
    /// The image, where it is not the default one.
    pub image: Option<&'a Text>,
    /// The step, where it is one.
    pub step: Option<&'a Step>,
}

/// One command of a unit, read.
pub struct Command<'a> {
    /// The text.
    pub text: &'a Text,
    /// What the text does, or why it cannot be read.
    pub script: Rc<Result<Script, SyntaxError>>,
}

impl Command<'_> {
    /// What it does; `None` where it cannot be read.
    pub fn script(&self) -> Option<&Script> {
        self.script.as_ref().as_ref().ok()
    }
}

/// A place to report to: the parts of one command's text.
pub struct Place<'a> {
    /// What the rules share.
    pub(in crate::rules) rules: &'a Rules<'a>,
    /// The command's text.
    pub(in crate::rules) text: &'a Text,
}

impl Place<'_> {
    /// Where a part of the text stands in the file.
    pub fn of(&self, part: &Range<usize>) -> Span {
        self.rules.places.of(self.text, part.clone())
    }

    /// Where it stands, if it may be edited there.
    pub fn verbatim(&self, part: &Range<usize>) -> Option<Span> {
        self.rules.places.verbatim(self.text, part.clone())
    }

    /// The part as written.
    pub fn show(&self, part: &Range<usize>) -> &str {
        self.text.value.get(part.clone()).unwrap_or("")
    }
}

impl<'a> Unit<'a> {
    fn of_step(step: &'a Step) -> Self {
        Unit {
            run: step.run.iter().collect(),
            shell: step.shell,
            dir: step.dir.as_ref(),
            env: (!step.partial).then_some(&step.env),
            image: step.image.as_ref(),
            step: Some(step),
        }
    }

    fn of_app(app: &'a App) -> Self {
        Unit {
            run: app.setup.iter().chain(&app.command).collect(),
            shell: Shell::Sh,
            dir: Some(&app.dir),
            env: None,
            image: app.image.as_ref(),
            step: None,
        }
    }

    /// Its commands, read.
    pub fn commands(&self, rules: &Rules<'_>) -> Vec<Command<'a>> {
        self.run
            .iter()
            .map(|text| Command {
                text,
                script: rules.script(&text.value),
            })
            .collect()
    }
}

/// Every step of a pipeline, in order.
pub fn steps(pipeline: &Pipeline) -> impl Iterator<Item = &Step> {
    let targets = pipeline
        .targets
        .iter()
        .flat_map(|target| -> Box<dyn Iterator<Item = &Step>> {
            match target {
                Target::Environment(environment) => Box::new(environment.steps()),
                Target::Wave(wave) => Box::new(
                    wave.environments
                        .iter()
                        .flat_map(|environment| environment.steps())
                        .chain(&wave.tests),
                ),
            }
        });
    std::iter::once(&pipeline.build)
        .chain(&pipeline.checks)
        .chain(targets)
}

/// Everything in a pipeline that runs commands; what a function or loop made several times is there
/// once.
pub fn units(pipeline: &Pipeline) -> Vec<Unit<'_>> {
    let mut seen = HashSet::default();
    let apps = pipeline.apps.iter().map(Unit::of_app);
    apps.chain(steps(pipeline).map(Unit::of_step))
        .filter(|unit| {
            let key: Vec<(Span, &str)> = unit
                .run
                .iter()
                .map(|text| (text.span, text.value.as_str()))
                .collect();
            let names: Option<Vec<&str>> =
                unit.env.map(|env| env.keys().map(String::as_str).collect());
            let around = (
                unit.shell,
                unit.dir.map(|dir| &dir.value),
                unit.image.map(|image| &image.value),
                names,
            );
            seen.insert((key, around))
        })
        .collect()
}

/// Looks at every command.
pub fn check(rules: &Rules<'_>, pipeline: &Pipeline, problems: &mut Problems) {
    for unit in units(pipeline) {
        let commands = unit.commands(rules);
        for command in &commands {
            let place = Place {
                rules,
                text: command.text,
            };
            match command.script.as_ref() {
                Err(error) => syntax::report(error, &place, problems),
                Ok(script) => {
                    syntax::check(&unit, script, &place, problems);
                    failures::check(&unit, script, &place, problems);
                    habits::check(&unit, script, &place, problems);
                    terminal::check(script, &place, problems);
                    variables::check(pipeline, &unit, script, &place, problems);
                }
            }
        }
        lost::check(rules, &unit, &commands, problems);
    }
    // What asks whether a service is ready runs in the service's image; only that it can be read is known.
    for text in steps(pipeline)
        .flat_map(|step| &step.services)
        .flat_map(|service| &service.ready)
    {
        if let Err(error) = rules.script(&text.value).as_ref() {
            syntax::report(error, &Place { rules, text }, problems);
        }
    }
}
