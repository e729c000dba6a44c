//! `aphex bootstrap`

use clap::Args;

use crate::cli::Exit;
use crate::cli::cluster::aws::Place;
use crate::cli::cluster::put::{self, NO_STORE, Put};
use crate::cli::cluster::{Which, refuse, whereabouts};
use crate::cli::console::Console;
use crate::cloud::kubernetes::Cluster;
use crate::diagnostics::codes::cluster_ready::NOT_READY;
use crate::diagnostics::{Diagnostic, Paint, Role, plural};
use crate::eval::data::Object;
use crate::graph;
use crate::model::Pipeline;
use crate::ops::install::{self, Check, State, Webhook};
use crate::stage::apply::{Facts, Mark, Owner};
use crate::target::events::{github_events, webhook_secret_name};

/// Put a pipeline on a cluster for the first time: look, make the webhook's secret, apply, say what is left to do
#[derive(Args, Debug)]
#[command(after_help = "\
Looks at everything that the pipeline needs, and tells at once what is missing; nothing is changed then. The secret that GitHub signs its calls with is made where there is none, and never shown. The rest is what `aphex apply` does. Running it again is safe: what is there stays.

Examples:
  aphex bootstrap --region eu-central-1    the one pipeline file of this repository
  aphex bootstrap --objects-only --store s3://BUCKET
                                           the cluster alone, with a bucket that is there

Exit codes: 0 fine, 1 something is missing or has failed, 64 wrong usage")]
pub struct Bootstrap {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    place: Place,
    /// Where runs keep artifacts and records, in place of the stack's bucket; needed once with --objects-only
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

impl Bootstrap {
    /// Does it.
    pub fn run(self, console: &mut Console) -> Exit {
        self.done(console).unwrap_or_else(|exit| exit)
    }

    fn done(self, console: &mut Console) -> Result<Exit, Exit> {
        let source = self.which.read(console)?;
        let (pipeline, said) = self.which.pick(&source, console)?;
        if let Some(store) = &self.store {
            put::check_store(store, console)?;
        }
        let mark = install::mark(source.input.project.root());
        let mark = mark.as_ref();
        let (cluster, facts) = self.looked(pipeline, said, mark, console)?;
        let put = Put {
            source: &source,
            pipeline,
            said,
            owner: Owner::of(pipeline),
            mark,
            cluster: &cluster,
            place: &self.place,
            store: self.store.clone(),
        };
        put.judge(&facts, console)?;
        if !github_events(pipeline, &graph::build(pipeline)).is_empty() {
            let secret = webhook_secret_name(&pipeline.name.value);
            let done = install::webhook(&cluster, pipeline);
            let what = match done.map_err(|problem| refuse(vec![problem], console))? {
                Webhook::Made => "made, with a new secret",
                Webhook::Kept => "was there, and stays as it is",
            };
            console.print(&format!("Secret {secret}: {what}\n"));
        }
        let facts = put.run(console)?;
        console.print(&whereabouts::text(pipeline, &facts, console.out));
        Ok(Exit::Fine)
    }

    /// Looks at everything there must be, and what is known of the pipeline already. Where something is missing, that is told.
    fn looked(
        &self,
        pipeline: &Pipeline,
        said: &Object,
        mark: Option<&Mark>,
        console: &mut Console,
    ) -> Result<(Cluster, Facts), Exit> {
        let wanted = install::all(pipeline, said, mark, &Facts::default());
        let wanted = wanted.map_err(|problem| refuse(vec![problem], console))?;
        let found = Cluster::find();
        let mut checks = match &found {
            Ok(cluster) => install::ready(cluster, pipeline, &wanted),
            Err(failure) => vec![Check::failed("cluster", failure.clone().into_diagnostic())],
        };
        checks.extend(self.place.ready(pipeline));
        let is_missing = |check: &&Check| check.state == State::Missing;
        let mut facts = Facts::default();
        if let Ok(cluster) = &found
            && checks.iter().find(is_missing).is_none()
        {
            let known = install::known(cluster, pipeline);
            facts = known.map_err(|failure| refuse(vec![failure.into_diagnostic()], console))?;
        }
        facts.store = self.store.clone().or(facts.store);
        if self.place.objects_only && facts.store.is_none() {
            checks.push(Check::missing(
                "store for artifacts and records",
                [NO_STORE.to_owned()],
            ));
        }
        console.print(&list(&checks, console.out));
        let missing = checks.iter().filter(is_missing).count();
        match found {
            Ok(cluster) if missing == 0 => Ok((cluster, facts)),
            _ => {
                let are = match missing {
                    1 => "is",
                    _ => "are",
                };
                let message = format!(
                    "{} {are} missing, and nothing was changed",
                    plural(missing, "thing")
                );
                let problem = Diagnostic::without_place(&NOT_READY, message);
                let help = "do what stands below each, and run it again";
                Err(refuse(vec![problem.help(help)], console))
            }
        }
    }
}

/// A line for each, and below it what is to be done.
fn list(checks: &[Check], paint: Paint) -> String {
    let mut text = String::new();
    for check in checks {
        let (word, role) = match check.state {
            State::Good => ("ok", Role::Added),
            State::Unseen => ("?", Role::Warning),
            State::Missing => ("missing", Role::Error),
        };
        text.push_str(&format!(
            "  {} {}\n",
            paint.paint(role, &format!("{word:<8}")),
            check.what
        ));
        for line in &check.todo {
            text.push_str(&format!("             {line}\n"));
        }
    }
    text
}
