//! `aphex eval`

use std::path::PathBuf;

use clap::Args;

use crate::cli::Exit;
use crate::cli::console::Console;
use crate::cli::input;
use crate::cli::output;
use crate::diagnostics::human;
use crate::eval::json;

/// Print the evaluated pipelines as JSON, for tools of your own
#[derive(Args, Debug)]
#[command(after_help = "\
The form is schemas/eval.v1.json. Values known only in a run, and secrets, are shown by where they come from.

Examples:
  aphex eval                                 the one pipeline file of this repository
  aphex eval services/shop/pipeline.aphex | jq '.pipelines[].fields.name'")]
pub struct Eval {
    /// The file, or `-` for standard input; nothing: the one of the repository
    #[arg(value_name = "FILE")]
    path: Option<PathBuf>,
    /// The directory that paths in the pipeline start from [default: the repository's root]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl Eval {
    /// Prints what the file's pipelines are.
    pub fn run(self, console: &mut Console) -> Exit {
        let Some(input) = input::one(self.root.as_deref(), self.path.as_deref(), console) else {
            return Exit::Errors;
        };
        let analysis = output::look(&input);
        let refused = analysis.has_errors();
        let text = json::pipelines(analysis.objects.iter().map(|object| &**object));
        let reports = [output::report(&input, analysis)];
        console.remark(&human::render(&reports, console.err));
        if refused {
            return Exit::Errors;
        }
        match serde_json::to_string_pretty(&text) {
            Ok(text) => console.print(&format!("{text}\n")),
            Err(error) => console.fail(
                &format!("the pipelines could not be written as JSON: {error}"),
                None,
            ),
        }
        Exit::Fine
    }
}
