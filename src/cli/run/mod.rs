//! `aphex run`

mod ask;
mod chosen;
mod home;
pub mod inputs;
mod live;
mod past;
mod plain;
mod sweep;
mod turn;
mod words;

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use jiff::Timestamp;

use crate::cli::console::Console;
use crate::cli::input::{self, Input};
use crate::cli::run::home::Home;
use crate::cli::{Exit, Refused, output, pick};
use crate::diagnostics::{Report, human};
use crate::graph;
use crate::model::Pipeline;
use crate::ops::run::{Plan, Progress, resume, run};
use crate::stage::checkout::{Snapshot, Wish};
use crate::stage::process::Stop;
use crate::stage::record::{Engine, Outcome, keys};
use crate::stage::store::{Address, Key};
use crate::stage::{self, RunInfo};

pub use sweep::is_alive;

const WAITS: &str = "waiting for another run here that deploys; Ctrl-C ends this one\n";

/// Run a pipeline on this machine
#[derive(Args, Debug)]
#[command(after_help = "\
The same stages as in the cluster, as processes of this machine, from a snapshot of the working tree as it is. Stacks are synthesised and held against the pipeline. Without --deploy nothing is deployed, and what comes after a deployment is left out.

Examples:
  aphex run                     build, check, synthesise every environment
  aphex run --only dev          one environment
  aphex run --only dev --deploy deploy it, with the AWS credentials of this shell
  aphex run --deploy --from dev/smoke
                                the rest of a run of this commit that got as far as there
  aphex run --container         steps that name an image run in it, as in the cluster
  aphex run --store s3://acme-artifacts
                                artifacts and records go to a bucket, with the credentials of this shell

Exit codes: 0 fine, 1 the pipeline or the run has errors, 64 wrong usage")]
pub struct Run {
    /// The file; nothing: the one of the repository
    #[arg(value_name = "FILE")]
    path: Option<PathBuf>,
    /// Only these environments, by their names or paths (`regions/eu`), or those of a wave
    #[arg(long, value_name = "ENV", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
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
    /// This commit and its pipeline, in place of the working tree
    #[arg(long, value_name = "COMMIT")]
    sha: Option<String>,
    /// How many stages at once [default: the number of processors]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    jobs: Option<u32>,
    /// Keep artifacts and records in this store, such as `s3://BUCKET/PREFIX` [default: `.aphex` of the project]
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// The pipeline, where the file has several
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,
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
        self.done(console).unwrap_or_else(|exit| exit)
    }

    fn done(self, console: &mut Console) -> Result<Exit, Exit> {
        if let Some(store) = &self.store {
            let address = Address::parse(store).map_err(Refused::usage);
            address.map_err(|refused| refused_with(refused, console))?;
        }
        let past = match &self.sha {
            None => None,
            Some(sha) => {
                let (root, path) = (self.root.as_deref(), self.path.as_deref());
                let past = past::at(sha, root, path, self.store.as_deref());
                Some(past.map_err(|reports| told(&reports, console))?)
            }
        };
        let own = match &past {
            Some(_) => None,
            None => input::one(self.root.as_deref(), self.path.as_deref(), console),
        };
        let input = past.as_ref().map(|past| &past.input).or(own.as_ref());
        let input = input.ok_or(Exit::Errors)?;
        let mut analysis = output::look(input);
        let refused = analysis.has_errors();
        let pipelines = std::mem::take(&mut analysis.pipelines);
        told(&[output::report(input, analysis)], console);
        if refused {
            return Err(Exit::Errors);
        }
        let pipeline = pick::one(&pipelines, self.pipeline.as_deref(), console)?;
        let commit = past.as_ref().map(|past| past.commit.clone());
        self.go(console, input, pipeline, commit)
            .map_err(|refused| refused_with(refused, console))
    }

    fn go(
        self,
        console: &mut Console,
        input: &Input,
        pipeline: &Pipeline,
        commit: Option<Snapshot>,
    ) -> Result<Exit, Refused> {
        let graph = graph::build(pipeline);
        let chosen = chosen::entry(&graph, &self.only).map_err(Refused::usage)?;
        let Some((entry, only)) = chosen else {
            return Ok(Exit::Fine);
        };
        let inputs = inputs::of(pipeline, &self.inputs).map_err(Refused::usage)?;
        let stop = Stop::on_signals()?;
        let home = Home::open(input.project.root(), self.store.as_deref())?;
        let beginning = home.sweep()?;
        let commit = match commit {
            Some(commit) => commit,
            None => {
                let wish = Wish {
                    revision: None,
                    submodules: pipeline.checkout.submodules,
                    lfs: pipeline.checkout.lfs,
                };
                home.commit(wish, &stop)?
            }
        };
        let mut info = RunInfo {
            pipeline: pipeline.name.value.clone(),
            file: input.name.clone(),
            repository: pipeline.repository.value.clone(),
            remote: commit.remote.to_string(),
            github: std::env::var("APHEX_GITHUB").unwrap_or_else(|_| stage::github()),
            engine: Engine::Local,
            entry: entry.name.clone(),
            run: String::new(),
            started_at: Timestamp::now(),
            commit: commit.commit,
            event: "manual".to_owned(),
            reference: commit.reference,
            actor: std::env::var("USER").unwrap_or_default(),
            pull_request: None,
            inputs,
            store: home.store_url(),
            local_changes: commit.local_changes,
            synth_only: !self.deploy,
            only,
            from: None,
            containers: self.container,
        };
        let store = home.store()?;
        let store = store.as_ref();
        let earlier = match &self.from {
            Some(stage) => {
                resume::check(entry, &info, stage).map_err(Refused::usage)?;
                let earlier = resume::find(store, entry, &info, stage, self.of.as_deref())?;
                info.from = Some(stage::From {
                    stage: stage.clone(),
                    run: earlier.run.clone(),
                });
                Some(earlier)
            }
            None => None,
        };
        let _deploying = match self.deploy {
            false => None,
            true => {
                let tell = || console.remark(WAITS);
                let Some(deploying) = home.deploying(&stop, tell)? else {
                    return Ok(Exit::Errors);
                };
                Some(deploying)
            }
        };
        info.started_at = Timestamp::now();
        // What is refused leaves nothing: from here on there is a run.
        info.run = home.new_run(&info.pipeline, store)?;
        let run_name = info.run.clone();
        let _alive = home.alive(&run_name)?;
        if let Some(earlier) = &earlier {
            resume::take(store, entry, &info, earlier)?;
        }
        drop(beginning);
        let most = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let plan = Plan {
            pipeline,
            entry,
            info,
            folder: home.folder_of(&run_name),
            most: self.jobs.map_or(most, |jobs| jobs as usize),
        };
        let mut progress: Box<dyn Progress> = match std::io::stdout().is_terminal() && !self.verbose
        {
            true => Box::new(live::Live::new(console.out)),
            false => Box::new(plain::Plain::new(console.out, &plan)),
        };
        console.print(&words::heading(&plan, console));
        let record = run(&plan, store, progress.as_mut(), &|| stop.is_set());
        drop(progress);
        let json = serde_json::to_vec_pretty(&record).unwrap_or_default();
        store.put_new(&Key::new(keys::record(&run_name))?, &json)?;
        if record.outcome == Outcome::Succeeded {
            home.tidy(&run_name);
        }
        console.print(&words::closing(&record, &home, console));
        Ok(match record.outcome {
            Outcome::Succeeded => Exit::Fine,
            _ => Exit::Errors,
        })
    }
}

fn refused_with(refused: Refused, console: &mut Console) -> Exit {
    told(&[Report::without_sources(vec![refused.problem])], console);
    refused.exit
}

fn told(reports: &[Report], console: &mut Console) -> Exit {
    console.remark(&human::render(reports, console.err));
    Exit::Errors
}
