//! What every stage works with.

use std::cell::OnceCell;
use std::env;
use std::fs;
use std::path::Path;

use crate::analysis::{self, Analysis};
use crate::collections::IndexMap;
use crate::diagnostics::{Diagnostic, FileName, Found, Report};
use crate::eval::data::RuntimeSource;
use crate::eval::{Bindings, Known};
use crate::graph::{self, Entry};
use crate::model::{Environment, Pipeline};
use crate::project::Project;
use crate::project::disk::Disk;
use crate::stage::log::Log;
use crate::stage::process::{Environment as Variables, Stop};
use crate::stage::record::{self, StageResult};
use crate::stage::store::Store;
use crate::stage::work::parameters::Parameters;
use crate::stage::{Folders, RunInfo};
use crate::target::argo;

/// What every stage works with.
pub struct Context {
    /// Its folders.
    pub folders: Folders,
    /// Its run.
    pub run: RunInfo,
    /// Where the run keeps things.
    pub store: Box<dyn Store>,
    /// Where its text goes.
    pub log: Log,
    /// Whether it is to end.
    pub stop: Stop,
    /// 0 for the first try.
    pub attempt: u32,
    /// The stage's path in the run, where the runner gave it one.
    pub path: Option<String>,
    /// Where its environment is, once the stage is known and has one.
    pub place: OnceCell<Place>,
}

/// Where an environment is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its region.
    pub region: String,
    /// Its role.
    pub role: Option<String>,
}

impl Place {
    /// That of an environment.
    pub fn of(environment: &Environment) -> Place {
        Place {
            region: environment.region.value.clone(),
            role: environment.role.as_ref().map(|role| role.value.clone()),
        }
    }
}

/// The pipeline at the commit, with everything in it that the run knows by now.
pub struct Commit {
    /// The files it was made of.
    pub report: Report,
    /// The pipeline.
    pub pipeline: Pipeline,
    /// The same before any output was known, where some are known by now. The run's stages follow from it: what waits for an output, and where a synth group
    /// ends, is so whether or not the output is there yet.
    shape: Option<Pipeline>,
}

impl Commit {
    /// The way through the pipeline that the run takes: that of the manifest, or, where the commit no longer has it, the default one.
    pub fn with_entry<T>(&self, run: &RunInfo, ask: impl FnOnce(&Entry<'_>) -> T) -> Option<T> {
        let graph = graph::build(self.shape.as_ref().unwrap_or(&self.pipeline));
        let mut entries = graph.entries.iter();
        // A manifest gives the name of its object, a local run that of the entry.
        let named = entries.find(|entry| {
            entry.name == run.entry || argo::entry_object_name(&self.pipeline, entry) == run.entry
        });
        named.or(graph.entries.first()).map(ask)
    }

    /// `pipeline.aphex:15:13`
    pub fn place(&self, diagnostic: &Diagnostic) -> Option<String> {
        let report = &self.report;
        Found { diagnostic, report }.place()
    }
}

impl Context {
    /// The region of its environment.
    pub fn region(&self) -> Option<&str> {
        self.place.get().map(|place| place.region.as_str())
    }

    /// What the stages of this run have left so far, the last try of each.
    pub fn results(&self) -> Vec<StageResult> {
        let tries = record::tries(self.store.as_ref(), &self.run.run);
        let mut last: Vec<StageResult> = tries
            .into_values()
            .filter_map(|mut tries| tries.pop())
            .collect();
        last.sort_by_key(|result| result.started_at);
        last
    }

    /// Reads the pipeline's file at the commit, and evaluates it with what is known of the run. The error is what is wrong with it.
    pub fn commit(&self, results: &[StageResult]) -> Result<Commit, Report> {
        self.commit_with(results, &Parameters::default())
    }

    /// The same, with parameters that were asked for.
    pub fn commit_with(
        &self,
        results: &[StageResult],
        parameters: &Parameters,
    ) -> Result<Commit, Report> {
        read(&self.folders, &self.run, self.attempt, results, parameters)
    }

    /// The files of the working tree.
    pub fn files(&self) -> Disk {
        files(&self.folders)
    }

    /// The environment that commands inherit: this process's, less what is Aphex's own.
    pub fn inherited(&self) -> Variables {
        let own = |name: &std::ffi::OsStr| {
            let name = name.to_string_lossy();
            name.starts_with("APHEX_")
        };
        let mut inherited: Variables = env::vars_os().filter(|(name, _)| !own(name)).collect();
        inherited.insert("TMPDIR".into(), self.folders.tmp().into());
        inherited
            .entry("CI".into())
            .or_insert_with(|| "true".into());
        inherited
    }

    /// A directory of the working tree.
    pub fn directory(&self, path: Option<&str>) -> std::path::PathBuf {
        let source = self.folders.source();
        match path {
            Some(path) if Path::new(path) != Path::new(".") => source.join(path),
            _ => source,
        }
    }
}

/// See [`Context::commit`].
pub fn read(
    folders: &Folders,
    run: &RunInfo,
    attempt: u32,
    results: &[StageResult],
    parameters: &Parameters,
) -> Result<Commit, Report> {
    let files = files(folders);
    let known = known(run, attempt);
    let first = analysis::at_run_time(&run.file, &files, &known);
    let Some(more) = with_outputs(&known, &first, results, parameters) else {
        return choose(folders, run, first);
    };
    let second = analysis::at_run_time(&run.file, &files, &more);
    let shape = choose(folders, run, first)?.pipeline;
    Ok(Commit {
        shape: Some(shape),
        ..choose(folders, run, second)?
    })
}

fn files(folders: &Folders) -> Disk {
    let source = folders.source();
    let source = fs::canonicalize(&source).unwrap_or(source);
    Project::at(source.clone(), &source).disk()
}

fn choose(folders: &Folders, run: &RunInfo, analysis: Analysis) -> Result<Commit, Report> {
    let is_ours = |pipeline: &Pipeline| pipeline.name.value == run.pipeline;
    let has_errors = analysis.has_errors();
    let pipeline = analysis.pipelines.into_iter().find(is_ours);
    let named = |name: &str| FileName {
        shown: name.to_owned(),
        tracked: name.to_owned(),
        standard: !folders.source().join(name).exists(),
    };
    let mut diagnostics = analysis.diagnostics;
    if pipeline.is_none() && !has_errors {
        let message = format!("`{}` has no pipeline `{}`", run.file, run.pipeline);
        let code = &crate::diagnostics::codes::input::NO_PIPELINE;
        diagnostics.push(Diagnostic::without_place(code, message));
    }
    let report = Report::with_names(analysis.sources, diagnostics, named);
    match pipeline {
        Some(pipeline) if !has_errors => Ok(Commit {
            report,
            pipeline,
            shape: None,
        }),
        _ => Err(report),
    }
}

/// The run-time values that every stage knows.
fn known(run: &RunInfo, attempt: u32) -> Bindings {
    let text = |value: &str| Known::String(value.into());
    let number = run.pull_request.map(|number| number.to_string());
    let values = [
        ("commit", text(&run.commit)),
        ("branch", text(run.branch())),
        ("tag", text(run.tag())),
        ("id", text(&run.run)),
        ("attempt", Known::Int(i64::from(attempt) + 1)),
        ("actor", text(&run.actor)),
        ("pull_request", text(&number.unwrap_or_default())),
        ("started_at", text(&run.started_at.to_string())),
    ];
    let mut known = Bindings::new();
    for (name, value) in values {
        known = known.with(RuntimeSource::Run(vec![name.into()]), value);
    }
    for (name, value) in &run.inputs {
        let parts = vec!["input".into(), name.as_str().into()];
        known = known.with(RuntimeSource::Run(parts), text(value));
    }
    known
}

/// Adds the outputs of stacks, the places of artifacts and parameters; `None` where there are none.
fn with_outputs(
    known: &Bindings,
    analysis: &Analysis,
    results: &[StageResult],
    parameters: &Parameters,
) -> Option<Bindings> {
    let mut outputs: IndexMap<&str, &record::StackOutputs> = IndexMap::default();
    for result in results {
        outputs.extend(
            result
                .outputs
                .iter()
                .map(|(path, outputs)| (path.as_str(), outputs)),
        );
    }
    let build = results.iter().find(|result| result.stage == "build");
    let artifact = build.and_then(|result| result.artifact.as_ref());
    if outputs.is_empty() && artifact.is_none() && parameters.is_empty() {
        return None;
    }
    let mut known = known.clone();
    for (name, value) in parameters {
        let source = RuntimeSource::Ssm(name.as_str().into());
        known = known.with(source, Known::String(value.as_str().into()));
    }
    for pipeline in &analysis.pipelines {
        if let Some(artifact) = artifact {
            let source = RuntimeSource::Block {
                path: pipeline.build.path.clone(),
                name: "artifact".into(),
            };
            known = known.with(source, Known::String(artifact.key.as_str().into()));
        }
        let stacks = pipeline.environments().flat_map(Environment::stacks);
        for stack in stacks {
            let Some(values) = outputs.get(stack.path.to_string().as_str()) else {
                continue;
            };
            for (name, value) in *values {
                let source = RuntimeSource::Block {
                    path: stack.path.clone(),
                    name: name.as_str().into(),
                };
                known = known.with(source, Known::String(value.as_str().into()));
            }
        }
    }
    Some(known)
}
