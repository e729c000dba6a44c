//! `aphex plan`

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::Exit;
use crate::cli::cluster::{Which, changes, cluster, refuse};
use crate::cli::console::Console;
use crate::ops::install;

/// Show what an apply would change in the cluster
#[derive(Args, Debug)]
#[command(after_help = "\
Asks the cluster of your kubeconfig, which judges everything and changes nothing. The pipeline's stack in AWS is not looked at: `cdk diff --app DIR` of what
`aphex compile --emit stack -o OUT` writes shows that.

Examples:
  aphex plan                        the one pipeline file of this repository
  aphex plan --format markdown      for a comment at a pull request
  aphex plan --format json | jq -e '.changes == []'

Exit codes: 0 nothing would change, 2 something would, 1 errors, 64 wrong usage")]
pub struct Plan {
    #[command(flatten)]
    which: Which,
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
        let (pipeline, spec) = self.which.pick(&source, console)?;
        let cluster = cluster(console)?;
        let mark = install::mark(source.input.project.root());
        let facts = install::known(&cluster, pipeline)
            .map_err(|failure| refuse(vec![failure.into_diagnostic()], console))?;
        let wanted = install::all(pipeline, &spec, mark.as_ref(), &facts);
        let wanted = wanted.map_err(|problem| refuse(vec![problem], console))?;
        let plan = install::plan(&cluster, pipeline, &wanted, mark.as_ref());
        let plan = plan.map_err(|problems| refuse(problems, console))?;
        let found = plan.changes();
        let text = match self.format {
            Format::Json => {
                let json = json!({
                    "version": 1,
                    "pipeline": pipeline.name.value,
                    "namespace": pipeline.namespace.value,
                    "newer": plan.newer,
                    "changes": changes::as_json(&found),
                });
                // What is JSON can be written as JSON.
                serde_json::to_string_pretty(&json).unwrap_or_default() + "\n"
            }
            Format::Markdown if found.is_empty() => {
                format!(
                    "`{}`: nothing would change in the cluster.\n",
                    pipeline.name.value
                )
            }
            Format::Markdown => format!(
                "`{}` in the cluster, namespace `{}`:\n\n{}",
                pipeline.name.value,
                pipeline.namespace.value,
                changes::as_markdown(&found)
            ),
            Format::Human => {
                let mut text = String::new();
                for change in &found {
                    text.push_str(&changes::lines(change, console.out));
                }
                text
            }
        };
        console.print(&text);
        if let Some(newer) = &plan.newer {
            console.remark(&super::put::younger(newer));
            return Ok(Exit::Fine);
        }
        if self.format == Format::Human {
            let total = match found.is_empty() {
                true => "nothing would change".to_owned(),
                false => changes::total(&found, "to be "),
            };
            let place = format!(
                "{} in namespace {}",
                pipeline.name.value, pipeline.namespace.value
            );
            console.print(&format!("{place}: {total}\n"));
        }
        Ok(match found.is_empty() {
            true => Exit::Fine,
            false => Exit::Changes,
        })
    }
}
