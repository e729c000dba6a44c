//! `aphex run`

mod ask;
mod home;
mod live;
mod plain;
mod sweep;

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use crate::cli::console::Console;
use crate::cli::input::{self, Input};
use crate::cli::run::home::Home;
use crate::cli::{Exit, output};
use crate::diagnostics::codes::run as codes;
use crate::diagnostics::{Diagnostic, Report, Role, did_you_mean, human, list_names};
use crate::graph::{self, Entry, StageKind};
use crate::model::Pipeline;
use crate::ops::run::{Plan, Progress, resume, run};
use crate::stage::log::Log;
use crate::stage::process::Stop;
use crate::stage::record::{Engine, Outcome, RunRecord, keys};
use crate::stage::store::{Key, Store};
use crate::stage::{self, RunInfo};

/// Run a pipeline on this machine
#[derive(Args, Debug)]
#[command(after_help = "\
The same stages as in the cluster, as processes of this machine, from a snapshot of the working tree as it is. Stacks are
synthesised and held against the pipeline; without --deploy nothing is deployed, and what comes after a deployment is left out.

Examples:
  aphex run                     build, check, synthesise every environment
  aphex run --only dev          one environment
  aphex run --only dev --deploy deploy it, with the AWS credentials of this shell
  aphex run --from dev/smoke    the rest of a run of this commit that got as far as there
  aphex run --container         steps that name an image run in it, as in the cluster

Exit codes: 0 fine, 1 the pipeline or the run has errors, 64 wrong usage")]
pub struct Run {
    /// The file; nothing: the one of the repository
    #[arg(value_name = "FILE")]
    path: Option<PathBuf>,
    /// Only these environments
    #[arg(long, value_name = "ENV", value_delimiter = ',')]
    only: Vec<String>,
    /// Deploy what is synthesised
    #[arg(long)]
    deploy: bool,
    /// Begin at this stage (`dev/smoke`, `prod`), with what an earlier run of this commit has left of those before
    #[arg(long, value_name = "STAGE")]
    from: Option<String>,
    /// That earlier run [default: the newest that has it]
    #[arg(long, value_name = "RUN", requires = "from")]
    of: Option<String>,
    /// Run the steps that name an image in containers of it, by podman or docker
    #[arg(long)]
    container: bool,
    /// This commit, in place of the working tree
    #[arg(long, value_name = "COMMIT")]
    sha: Option<String>,
    /// How many stages at once [default: the number of processors]
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// Show every line, also in a terminal
    #[arg(long, short)]
    verbose: bool,
    /// Values of the pipeline's inputs
    #[arg(long = "input", value_name = "NAME=VALUE")]
    inputs: Vec<String>,
    /// The directory that paths in the pipeline start from [default: the repository's root]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl Run {
    /// Runs it, and says how it went.
    pub fn run(self, console: &mut Console) -> Exit {
        let Some(input) = input::one(self.root.as_deref(), self.path.as_deref(), console) else {
            return Exit::Errors;
        };
        let mut analysis = output::look(&input);
        let refused = analysis.has_errors();
        let pipelines = std::mem::take(&mut analysis.pipelines);
        let report = [output::report(&input, analysis)];
        console.remark(&human::render(&report, console.err));
        if refused {
            return Exit::Errors;
        }
        let Some(pipeline) = pipelines.first() else {
            console.fail("the file has no pipeline to run", None);
            return Exit::Errors;
        };
        match self.go(console, &input, pipeline) {
            Ok(exit) => exit,
            Err(problem) => {
                let report = Report::without_sources(vec![problem]);
                console.remark(&human::render(&[report], console.err));
                Exit::Errors
            }
        }
    }

    fn go(
        self,
        console: &mut Console,
        input: &Input,
        pipeline: &Pipeline,
    ) -> Result<Exit, Diagnostic> {
        let graph = graph::build(pipeline);
        let Some(entry) = graph.entries.first() else {
            return Ok(Exit::Fine);
        };
        let entry = graph
            .entries
            .iter()
            .find(|entry| self.is_reached(entry))
            .unwrap_or(entry);
        self.check_names(entry)?;
        let stop = Stop::on_signals()?;
        let home = Home::open(input.project.root())?;
        let beginning = home.sweep()?;
        let commit = home.commit(
            self.sha.as_deref(),
            &pipeline.checkout,
            &Log::new(Vec::new()),
            &stop,
        )?;
        let run_name = home.new_run(&pipeline.name.value)?;
        let _alive = home.alive(&run_name)?;
        let mut info = RunInfo {
            pipeline: pipeline.name.value.clone(),
            file: input.name.clone(),
            repository: pipeline.repository.value.clone(),
            remote: commit.remote.to_string(),
            github: std::env::var("APHEX_GITHUB").unwrap_or_else(|_| stage::github()),
            engine: Engine::Local,
            entry: entry.name.clone(),
            run: run_name.clone(),
            started_at: Timestamp::now(),
            commit: commit.commit.clone(),
            event: "manual".to_owned(),
            reference: commit.reference.clone(),
            actor: std::env::var("USER").unwrap_or_default(),
            pull_request: None,
            inputs: self.inputs(pipeline)?,
            store: home.store_url()?,
            local_changes: commit.local_changes,
            synth_only: !self.deploy,
            only: self.only.clone(),
            from: None,
            containers: self.container,
        };
        let store = home.store()?;
        if let Some(stage) = &self.from {
            let earlier = resume::find(&store, entry, &info, stage, self.of.as_deref());
            // A run that does not begin leaves nothing.
            let earlier = earlier.inspect_err(|_| home.tidy(&run_name))?;
            info.from = Some(stage::From {
                stage: stage.clone(),
                run: earlier.run.clone(),
            });
            resume::take(&store, entry, &info, &earlier)?;
        }
        drop(beginning);
        let most = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let plan = Plan {
            pipeline,
            entry,
            info,
            folder: home.folder_of(&run_name),
            most: self.jobs.unwrap_or(most),
        };
        let mut progress: Box<dyn Progress> = match std::io::stdout().is_terminal() && !self.verbose
        {
            true => Box::new(live::Live::new(console.out)),
            false => Box::new(plain::Plain::new(console.out, &plan)),
        };
        console.print(&heading(&plan, console));
        let record = run(&plan, &store, progress.as_mut(), &|| stop.is_set());
        drop(progress);
        let json = serde_json::to_vec_pretty(&record).unwrap_or_default();
        store.put_new(&Key::new(keys::record(&run_name))?, &json)?;
        if record.outcome == Outcome::Succeeded {
            home.tidy(&run_name);
        }
        console.print(&closing(&record, &home, console));
        Ok(match record.outcome {
            Outcome::Succeeded => Exit::Fine,
            _ => Exit::Errors,
        })
    }

    /// Whether an entry has every environment that is wanted; the first one does where none is.
    fn is_reached(&self, entry: &Entry<'_>) -> bool {
        let names = environments(entry);
        self.only
            .iter()
            .all(|wanted| names.contains(&wanted.as_str()))
            && entry.kind != graph::EntryKind::Validate
    }

    fn check_names(&self, entry: &Entry<'_>) -> Result<(), Diagnostic> {
        let names = environments(entry);
        let Some(wrong) = self
            .only
            .iter()
            .find(|wanted| !names.contains(&wanted.as_str()))
        else {
            return Ok(());
        };
        let problem = Diagnostic::without_place(
            &codes::NO_SUCH_ENVIRONMENT,
            format!("there is no environment `{wrong}`"),
        )
        .note(format!(
            "there are {}",
            list_names(names.iter().copied(), 12)
        ));
        Err(match did_you_mean(wrong, names.iter().copied()) {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None => problem,
        })
    }

    /// The inputs as given, with the defaults of those that are not (the pipeline's own rules for them hold).
    fn inputs(
        &self,
        pipeline: &Pipeline,
    ) -> Result<crate::collections::IndexMap<String, String>, Diagnostic> {
        let wrong = |message: String| Diagnostic::without_place(&codes::MALFORMED, message);
        let mut given: crate::collections::IndexMap<String, String> =
            crate::collections::IndexMap::default();
        for pair in &self.inputs {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| wrong(format!("`--input {pair}` is no NAME=VALUE")))?;
            given.insert(name.to_owned(), value.to_owned());
        }
        let mut inputs = crate::collections::IndexMap::default();
        for input in &pipeline.inputs {
            let name = &input.name.value;
            let value = given.shift_remove(name);
            let value =
                value.or_else(|| input.default.as_ref().map(|default| default.value.clone()));
            let value = value.ok_or_else(|| {
                wrong(format!("the input `{name}` has no value"))
                    .help(format!("give it: `--input {name}=…`"))
            })?;
            let mut choices = input.choices.iter();
            if !input.choices.is_empty() && !choices.any(|choice| choice.value == value) {
                let names = input.choices.iter().map(|choice| choice.value.as_str());
                return Err(wrong(format!("the input `{name}` cannot be `{value}`"))
                    .note(format!("it is one of {}", list_names(names, 12))));
            }
            if let Some(pattern) = &input.pattern
                && !regex::Regex::new(&format!("^(?:{})$", pattern.value))
                    .is_ok_and(|regex| regex.is_match(&value))
            {
                return Err(wrong(format!("the input `{name}` cannot be `{value}`"))
                    .note(format!("it must match `{}`", pattern.value)));
            }
            inputs.insert(name.clone(), value);
        }
        match given.keys().next() {
            None => Ok(inputs),
            Some(name) => {
                let problem = wrong(format!("the pipeline has no input `{name}`"));
                let names = pipeline
                    .inputs
                    .iter()
                    .map(|input| input.name.value.as_str());
                Err(match did_you_mean(name, names) {
                    Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                    None => problem,
                })
            }
        }
    }
}

/// The names of an entry's environments.
fn environments<'e>(entry: &'e Entry<'_>) -> Vec<&'e str> {
    let stages = entry.stages.iter();
    stages
        .filter(|stage| matches!(stage.kind, StageKind::Environment(_)))
        .map(|stage| stage.name.as_str())
        .collect()
}

fn heading(plan: &Plan<'_, '_>, console: &Console) -> String {
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

fn closing(record: &RunRecord, home: &Home, console: &Console) -> String {
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
        "\n{} {word} after {}\n  {record_path}\n  aphex history {run}\n  aphex graph --run {run}\n{trees}",
        record.run,
        crate::stage::process::time_in_words(std::time::Duration::from_secs_f64(
            record.seconds.max(0.0)
        )),
        run = record.run,
    )
}
