//! What is done with a pipeline in its cluster.

mod against;
mod apply;
mod aws;
mod bootstrap;
mod changes;
mod destroy;
mod plan;
mod put;
mod region;
mod shown;
mod whereabouts;

use std::path::{Path, PathBuf};

use clap::Args;

use crate::analysis::Analysis;
use crate::cli::console::Console;
use crate::cli::input::{self, Input};
use crate::cli::{Exit, names, output, pick};
use crate::cloud::kubernetes::Cluster;
use crate::diagnostics::{Diagnostic, Report, human};
use crate::eval::data::Object;
use crate::model::Pipeline;
use crate::stage::apply::Owner;

pub use apply::Apply;
pub use bootstrap::Bootstrap;
pub use destroy::Destroy;
pub use plan::Plan;

/// Which pipeline.
#[derive(Args, Debug)]
pub struct Which {
    /// The file, or `-` for standard input; nothing: the one of the repository
    #[arg(value_name = "FILE")]
    path: Option<PathBuf>,
    /// The pipeline, where the file has several
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,
    /// The directory that paths in the pipeline start from [default: the repository's root]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

/// Whose what is there may be.
#[derive(Args, Debug)]
pub struct Moved {
    /// What the repository was called when the pipeline was applied last, where it was renamed
    #[arg(long, value_name = "OWNER/NAME", value_parser = repository)]
    moved_from: Option<String>,
}

fn repository(text: &str) -> Result<String, &'static str> {
    let pattern = regex::Regex::new(names::REPOSITORY);
    match pattern.is_ok_and(|pattern| pattern.is_match(text)) && !text.ends_with(".git") {
        true => Ok(text.to_owned()),
        false => Err("a repository at GitHub is `owner/name`"),
    }
}

impl Moved {
    /// The owner of a pipeline's objects.
    fn owner<'a>(&'a self, pipeline: &'a Pipeline) -> Owner<'a> {
        Owner {
            moved_from: self.moved_from.as_deref(),
            ..Owner::of(pipeline)
        }
    }
}

/// A file that has no errors.
pub struct Source {
    input: Input,
    analysis: Analysis,
}

impl Source {
    /// The directory that paths in the pipeline start from.
    pub fn root(&self) -> &Path {
        self.input.project.root()
    }
}

impl Which {
    /// As a command says it that has arguments of its own.
    pub fn new(path: Option<PathBuf>, pipeline: Option<String>, root: Option<PathBuf>) -> Self {
        Which {
            path,
            pipeline,
            root,
        }
    }

    /// Reads and checks the file; says what is wrong.
    pub fn read(&self, console: &mut Console) -> Result<Source, Exit> {
        let input = input::one(self.root.as_deref(), self.path.as_deref(), console);
        let input = input.ok_or(Exit::Errors)?;
        let analysis = output::look(&input);
        let has_errors = analysis.has_errors();
        match has_errors {
            false => Ok(Source { input, analysis }),
            true => {
                let report = output::report(&input, analysis);
                console.remark(&human::render(&[report], console.err));
                Err(Exit::Errors)
            }
        }
    }

    /// The pipeline that is meant, and what the file says of it.
    pub fn pick<'s>(
        &self,
        source: &'s Source,
        console: &mut Console,
    ) -> Result<(&'s Pipeline, &'s Object), Exit> {
        let pipelines = &source.analysis.pipelines;
        let pipeline = pick::one(pipelines, self.pipeline.as_deref(), console)?;
        let mut all = pipelines.iter().zip(&source.analysis.objects);
        let object = all.find_map(|(one, object)| std::ptr::eq(one, pipeline).then_some(object));
        match object {
            Some(object) => Ok((pipeline, object)),
            None => Err(Exit::Errors),
        }
    }
}

/// The cluster of the kubeconfig; says what is wrong.
pub fn cluster(console: &mut Console) -> Result<Cluster, Exit> {
    Cluster::find().map_err(|failure| refuse(vec![failure.into_diagnostic()], console))
}

/// Says problems that have no place in the file.
pub fn refuse(problems: Vec<Diagnostic>, console: &mut Console) -> Exit {
    let report = Report::without_sources(problems);
    console.remark(&human::render(&[report], console.err));
    Exit::Errors
}
