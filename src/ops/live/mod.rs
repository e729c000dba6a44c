//! The runs of a pipeline on its cluster: looking at them, starting one, answering what they ask, ending one, reading what their pods write.
//!
//! Everything is read from Argo's Workflows and pods; Argo's server is not needed.

mod answer;
mod cancel;
mod logs;
mod pending;
mod queue;
mod remote;
mod run;
mod stages;
mod trigger;

pub use answer::{Answer, Answered, Verdict, answer, offloaded};
pub use cancel::{Cancelled, Shutdown, cancel};
pub use logs::{Line, Wanted, logs};
pub use run::{Run, State};
pub use stages::{Asked, StageState};
pub use trigger::{Started, Wish, trigger};

use crate::cloud::kubernetes::kinds::WORKFLOW;
use crate::cloud::kubernetes::{Cluster, Glimpse, Workflow};
use crate::diagnostics::codes::run::NO_SUCH_RUN;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names, safe};
use crate::graph::{self, Graph};
use crate::model::Pipeline;
use crate::stage::apply::selector;
use crate::target::argo::entry_object_name;
use crate::target::events::start_name;
use crate::target::names::{PIPELINE, run_prefix};

/// Argo's label of a Workflow that has ended (`workflow/common/common.go`).
const COMPLETED: &str = "workflows.argoproj.io/completed";

/// The runs of a pipeline, as the file at hand knows it.
pub struct Runs<'p> {
    /// Where they are.
    pub cluster: Cluster,
    /// Whose they are.
    pub pipeline: &'p Pipeline,
    graph: Graph<'p>,
}

impl<'p> Runs<'p> {
    /// The runs of a pipeline; nothing is asked yet.
    pub fn new(cluster: Cluster, pipeline: &'p Pipeline) -> Self {
        Runs {
            cluster,
            pipeline,
            graph: graph::build(pipeline),
        }
    }

    fn namespace(&self) -> &str {
        &self.pipeline.namespace.value
    }

    /// Those that have not ended, oldest first, and the Workflows that look up what a run is to be of.
    pub fn active(&self) -> Result<Vec<Run>, Diagnostic> {
        let labels = format!("{},{COMPLETED}!=true", selector(&self.pipeline.name.value));
        let found = self.cluster.workflows(self.namespace(), &labels);
        let mut found = found.map_err(|failure| failure.into_diagnostic())?;
        // One that has ended this very moment has no label yet.
        found.retain(|workflow| !workflow.has_ended());
        found.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
        let mut runs = self.read(&found);
        for run in &mut runs {
            pending::explain(self, run);
        }
        Ok(runs)
    }

    /// The newest of those that have ended, newest first: at most so many.
    pub fn ended(&self, most: usize) -> Result<Vec<Run>, Diagnostic> {
        let labels = format!("{COMPLETED}=true");
        let mut newest = self.glimpses(&labels)?;
        let lookups = format!("{}-", run_prefix(&start_name(&self.pipeline.name.value)));
        newest.retain(|seen| !seen.name.starts_with(&lookups));
        newest.sort_by(|a, b| (b.created, &b.name).cmp(&(a.created, &a.name)));
        let mut runs = Vec::new();
        for seen in newest.iter().take(most) {
            runs.extend(self.workflow(&seen.name)?);
        }
        Ok(self.read(&runs))
    }

    /// One of them: by its name, or the newest one, of those that are active where some are.
    pub fn one(&self, name: Option<&str>) -> Result<Run, Diagnostic> {
        let name = match name {
            Some(name) => name.to_owned(),
            None => self.newest()?,
        };
        let workflow = self.own(&name)?;
        // Its place in the queue is that among the others.
        let others = match workflow.has_ended() {
            true => Vec::new(),
            false => self.active()?,
        };
        let mut runs = others.into_iter();
        match runs.find(|run| run.name == name) {
            Some(run) => Ok(run),
            None => Ok(self.as_run(&workflow, &[])),
        }
    }

    /// A run's Workflow, if it is one of this pipeline's; says what is wrong.
    fn own(&self, name: &str) -> Result<Workflow, Diagnostic> {
        let shown = safe::line(name);
        let Some(workflow) = self.workflow(name)? else {
            return Err(self.missing(name)?);
        };
        let pipeline = &self.pipeline.name.value;
        match workflow.labels.get(PIPELINE) {
            Some(owner) if owner == pipeline => Ok(workflow),
            Some(owner) => {
                let message = format!("`{shown}` is no run of `{pipeline}`");
                Err(Diagnostic::without_place(&NO_SUCH_RUN, message)
                    .note(format!("it is one of the pipeline `{}`", safe::line(owner)))
                    .help("name the file of that pipeline"))
            }
            None => {
                let message = format!("`{shown}` is no run of `{pipeline}`");
                Err(Diagnostic::without_place(&NO_SUCH_RUN, message)
                    .note("it is a Workflow of no pipeline of Aphex's"))
            }
        }
    }

    fn workflow(&self, name: &str) -> Result<Option<Workflow>, Diagnostic> {
        // What cannot be a name would ask for something else.
        if !crate::stage::is_name(name) {
            return Ok(None);
        }
        let found = self.cluster.workflow(self.namespace(), name);
        found.map_err(|failure| failure.into_diagnostic())
    }

    /// Of those that are active the newest that is not in the queue, which has pods; else the newest.
    fn newest(&self) -> Result<String, Diagnostic> {
        let mut active = self.active()?;
        active.retain(|run| !run.is_lookup);
        let begun = |run: &&Run| !matches!(run.state, State::New | State::Queued);
        let newest = active.iter().rev().find(begun).or(active.last());
        if let Some(run) = newest {
            return Ok(run.name.clone());
        }
        let newest = self.ended(1)?.into_iter().next();
        newest.map(|run| run.name).ok_or_else(|| {
            let message = format!("`{}` has no run", self.pipeline.name.value);
            Diagnostic::without_place(&NO_SUCH_RUN, message)
                .note(format!("in the namespace `{}`", self.namespace()))
                .help("`aphex trigger` starts one")
        })
    }

    fn glimpses(&self, labels: &str) -> Result<Vec<Glimpse>, Diagnostic> {
        let mut all = selector(&self.pipeline.name.value);
        if !labels.is_empty() {
            all = format!("{all},{labels}");
        }
        let found = self.cluster.glimpse(&WORKFLOW, self.namespace(), &all);
        found.map_err(|failure| failure.into_diagnostic())
    }

    fn missing(&self, name: &str) -> Result<Diagnostic, Diagnostic> {
        let mut all = self.glimpses("")?;
        all.sort_by(|a, b| (b.created, &b.name).cmp(&(a.created, &a.name)));
        let names: Vec<&str> = all.iter().map(|seen| seen.name.as_str()).collect();
        let message = format!("there is no run `{}`", safe::line(name));
        let problem = Diagnostic::without_place(&NO_SUCH_RUN, message);
        Ok(match did_you_mean(name, names.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None if names.is_empty() => problem
                .note(format!(
                    "`{}` has none in the namespace `{}`",
                    self.pipeline.name.value,
                    self.namespace()
                ))
                .help("`aphex trigger` starts one"),
            None => problem.note(format!("there are {}", list_names(names, 5))),
        })
    }

    fn read(&self, workflows: &[Workflow]) -> Vec<Run> {
        let queue = queue::queue(workflows);
        let runs = workflows.iter().enumerate();
        runs.map(|(index, workflow)| {
            let waits = queue.get(index).map(Vec::as_slice);
            self.as_run(workflow, waits.unwrap_or_default())
        })
        .collect()
    }

    fn as_run(&self, workflow: &Workflow, waits: &[queue::Waits]) -> Run {
        let template = &workflow.spec.workflow_template_ref.name;
        let mut entries = self.graph.entries.iter();
        let entry = entries.find(|entry| entry_object_name(self.pipeline, entry) == *template);
        let is_lookup = *template == start_name(&self.pipeline.name.value);
        Run::read(self.pipeline, workflow, entry, waits.to_vec(), is_lookup)
    }
}
