//! `aphex plan`

use clap::{Args, ValueEnum};

use crate::cli::Exit;
use crate::cli::cluster::aws::Place;
use crate::cli::cluster::shown::Shown;
use crate::cli::cluster::{Moved, Source, Which, against, cluster, put, refuse};
use crate::cli::console::Console;
use crate::eval::data::Object;
use crate::model::Pipeline;
use crate::ops::install;
use crate::stage::apply::{Applied, Change};
use crate::target::names::settings_name;

/// Show what an apply would change in AWS and in the cluster
#[derive(Args, Debug)]
#[command(after_help = "\
Asks the cluster of your kubeconfig, which judges everything and changes nothing, and compares the pipeline's stack in AWS by its template. Where AWS cannot be asked, that is said; with --region it is an error. With --against nobody is asked: the file is compared with what it was at a commit, or with a folder that `aphex compile -o` wrote.

Examples:
  aphex plan --region eu-central-1  the one pipeline file of this repository
  aphex plan --objects-only         the cluster alone
  aphex plan --against origin/main  what this branch changes
  aphex plan --format markdown      for a comment at a pull request
  aphex plan --format json | jq -e '.changes == []'

Exit codes: 0 nothing would change, 2 something would, 1 errors, 64 wrong usage")]
pub struct Plan {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    place: Place,
    /// Compare with a folder of compiled manifests, or with a commit, branch or tag
    #[arg(long, value_name = "DIR|GITREF", conflicts_with_all = ["objects_only", "region"])]
    against: Option<String>,
    #[command(flatten)]
    moved: Moved,
    /// In which form; json: schemas/plan.v1.json
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Human,
    /// For programs
    Json,
    /// For a comment at a pull request
    Markdown,
}

impl Plan {
    /// Shows it.
    pub fn run(self, console: &mut Console) -> Exit {
        self.shown(console).unwrap_or_else(|exit| exit)
    }

    fn shown(self, console: &mut Console) -> Result<Exit, Exit> {
        let source = self.which.read(console)?;
        let (pipeline, said) = self.which.pick(&source, console)?;
        let shown = match &self.against {
            Some(other) => against::shown(other, &source, pipeline, said, console)?,
            None => self.asked(&source, pipeline, said, console)?,
        };
        match (&shown.newer, self.format) {
            (_, Format::Json) => console.print(&shown.as_json()),
            // A comment is there to be read.
            (Some(newer), Format::Markdown) => console.print(&put::younger(newer)),
            (Some(_), _) => {}
            (None, Format::Markdown) => console.print(&shown.as_markdown()),
            (None, Format::Human) => console.print(&shown.as_text(console.out)),
        }
        if let Some(newer) = &shown.newer {
            console.remark(&put::younger(newer));
        }
        Ok(match shown.is_some() {
            false => Exit::Fine,
            true => Exit::Changes,
        })
    }

    /// Asks AWS and the cluster.
    fn asked<'a>(
        &self,
        source: &Source,
        pipeline: &'a Pipeline,
        said: &Object,
        console: &mut Console,
    ) -> Result<Shown<'a>, Exit> {
        let cluster = cluster(console)?;
        let mark = install::mark(source.input.project.root());
        let owner = self.moved.owner(pipeline);
        let known = install::known(&cluster, pipeline)
            .map_err(|failure| refuse(vec![failure.into_diagnostic()], console))?;
        let stack = self.place.plan(source, pipeline, owner, &known, console)?;
        // What the objects are told of the stack is what it says, and not what stands in them, which somebody may have changed.
        let (stack, told) = stack.unzip();
        let is_new = told == Some(None);
        let facts = told.flatten().unwrap_or(known);
        let wanted = install::all(pipeline, said, mark.as_ref(), &facts);
        let wanted = wanted.map_err(|problem| refuse(vec![problem], console))?;
        let plan = install::plan(&cluster, owner, pipeline, &wanted, mark.as_ref());
        let plan = plan.map_err(|problems| refuse(problems, console))?;
        let mut objects = plan.changes();
        if (facts.store.is_none() || is_new) && plan.newer.is_none() {
            // What stands in them is known once the stack is there.
            let (change, lines) = match facts.store {
                None => (Change::Made, Vec::new()),
                Some(_) => (Change::Updated, vec!["~ store".to_owned()]),
            };
            let settings = Applied {
                kind: "ConfigMap".to_owned(),
                name: settings_name(&pipeline.name.value),
                change,
                difference: None,
                lines,
            };
            objects
                .retain(|object| (&object.kind, &object.name) != (&settings.kind, &settings.name));
            objects.insert(0, settings);
        }
        Ok(Shown {
            pipeline,
            stack,
            objects,
            newer: plan.newer.clone(),
        })
    }
}
