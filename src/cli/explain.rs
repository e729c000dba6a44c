//! `aphex explain`

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::Exit;
use crate::cli::console::Console;
use crate::diagnostics::codes::{self, Code};
use crate::diagnostics::{Role, did_you_mean};
use crate::tools::page;

/// Say what a code means: a wrong example, the right one, why it matters
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  aphex explain A0304       one code
  aphex explain             every code, a line each")]
pub struct Explain {
    /// The code, such as A0304; nothing: a list of all
    code: Option<String>,
    /// In which form
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: PageFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum PageFormat {
    /// For people
    #[default]
    Human,
    /// Markdown, as in docs/errors
    Markdown,
    /// A JSON array of objects with code, title and page
    Json,
}

impl Explain {
    /// Prints the page, or the list.
    pub fn run(self, console: &mut Console) -> Exit {
        let Some(id) = &self.code else {
            let all: Vec<&Code> = codes::all().collect();
            let text = match self.format {
                PageFormat::Json => as_json(&all),
                _ => list(&all, console),
            };
            console.print(&text);
            return Exit::Fine;
        };
        let Some(code) = codes::find(id.trim()) else {
            let ids = codes::all().map(|code| code.id);
            let help = match did_you_mean(&id.to_uppercase(), ids) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "`aphex explain` lists every code".to_owned(),
            };
            console.fail(&format!("there is no code `{id}`"), Some(&help));
            return Exit::Usage;
        };
        let text = match self.format {
            PageFormat::Human => page::draw(code.page, console.out),
            PageFormat::Markdown => code.page.to_owned(),
            PageFormat::Json => as_json(&[code]),
        };
        console.print(&text);
        Exit::Fine
    }
}

fn list(all: &[&Code], console: &Console) -> String {
    let mut text = String::new();
    for code in all {
        let id = console.out.paint(Role::Strong, code.id);
        text.push_str(&format!("{id}  {}\n", code.title));
    }
    text
}

fn as_json(all: &[&Code]) -> String {
    let object = |code: &&Code| json!({ "code": code.id, "title": code.title, "page": code.page });
    let list: Vec<_> = all.iter().map(object).collect();
    let mut text = serde_json::to_string_pretty(&list).unwrap_or_default();
    text.push('\n');
    text
}
