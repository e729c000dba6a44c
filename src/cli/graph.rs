//! `aphex graph`

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::console::Console;
use crate::cli::input;
use crate::cli::runs::Whose;
use crate::cli::{Exit, output, write};
use crate::diagnostics::{Paint, did_you_mean, human, list_names};
use crate::graph;
use crate::model::Pipeline;
use crate::tools::picture::{self, Picture, Terminal, dot, mermaid};

/// Draw a pipeline, or a run of one: stages, and what waits for what
#[derive(Args, Debug)]
#[command(after_help = "\
Without --entry it is what runs on a push; `--entry` names another way to start the pipeline. Without --format the end of the file's name says which: .svg, .html, .mmd, .dot, .txt.

Examples:
  aphex graph                              the one pipeline file of this repository, in the terminal
  aphex graph --synth                      with the stacks of each synth
  aphex graph --entry pull-request         what runs for a pull request
  aphex graph -o pipeline.svg              for a document; light and dark
  aphex graph --run last -o run.html       the newest run, with states and times, as one page
  aphex graph --run last --cluster         the newest run in the cluster
  aphex graph --format mermaid             for GitHub, between ```mermaid and ```

Exit codes: 0 fine, 1 errors, 64 wrong usage")]
pub struct Graph {
    /// The file, or `-` for standard input; nothing: the one of the repository
    #[arg(value_name = "FILE")]
    path: Option<PathBuf>,
    /// Which way to start it: `pull-request`, or the names of its environments joined by `-`
    #[arg(long, value_name = "NAME")]
    entry: Option<String>,
    /// In which form [default: terminal]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Draw what a synth group does: its synth, and its stacks in order
    #[arg(long)]
    synth: bool,
    /// Write to this file; `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Draw a run, with states and times; `last` is the newest
    #[arg(long, value_name = "ID", conflicts_with_all = ["path", "entry", "synth"])]
    run: Option<String>,
    #[command(flatten)]
    whose: Whose,
    /// The directory that paths in the pipeline start from [default: the repository's root]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

/// A form of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Characters, a line a stage
    Terminal,
    /// A Mermaid flowchart
    Mermaid,
    /// For Graphviz
    Dot,
    /// A picture for documents
    Svg,
    /// One page with the picture and a table of the stages
    Html,
}

impl Format {
    /// What the end of a file's name says.
    fn of(path: &Path) -> Option<Format> {
        Some(match path.extension()?.to_str()? {
            "mmd" | "mermaid" => Format::Mermaid,
            "dot" | "gv" => Format::Dot,
            "svg" => Format::Svg,
            "html" | "htm" => Format::Html,
            "txt" => Format::Terminal,
            _ => return None,
        })
    }
}

impl Graph {
    /// Draws.
    pub fn run(mut self, console: &mut Console) -> Exit {
        self.output = self.output.filter(|path| path.as_os_str() != "-");
        let format = match (self.format, &self.output) {
            (Some(format), _) => format,
            (None, None) => Format::Terminal,
            (None, Some(path)) => match Format::of(path) {
                Some(format) => format,
                None => {
                    let shown = path.display();
                    console.fail(
                        &format!("the name `{shown}` does not say in which form it is meant to be"),
                        Some("end it with .svg, .html, .mmd, .dot or .txt, or say --format"),
                    );
                    return Exit::Usage;
                }
            },
        };
        let drawn = match &self.run {
            Some(run) => self.of_run(run, console),
            None if self.whose.is_elsewhere() => {
                let help = "name the run: `--run last`, or one that `aphex history` lists";
                console.fail("`--store` and `--cluster` are for a run", Some(help));
                return Exit::Usage;
            }
            None => self.of_file(console),
        };
        let drawn = match drawn {
            Ok(drawn) => drawn,
            Err(exit) => return exit,
        };
        let text = render(&drawn, format, &self.output, console);
        let arrows: usize = drawn
            .pictures
            .iter()
            .map(|picture| picture.links().count())
            .sum();
        let is_much =
            arrows > mermaid::MOST_ARROWS || text.chars().count() > mermaid::MOST_CHARACTERS;
        if format == Format::Mermaid && is_much {
            console.remark(&format!(
                "note: {arrows} arrows in {} characters; Mermaid draws {} in {} unless `maxEdges` and `maxTextSize` say more\n",
                text.chars().count(),
                mermaid::MOST_ARROWS,
                mermaid::MOST_CHARACTERS
            ));
        }
        match &self.output {
            None => console.print(&text),
            Some(path) => {
                if let Err(why) = write::put(path, text.as_bytes()) {
                    let message = format!("`{}` could not be written: {why}", path.display());
                    console.fail(&message, None);
                    return Exit::Errors;
                }
            }
        }
        Exit::Fine
    }

    fn of_run(&self, run: &str, console: &mut Console) -> Result<Drawn, Exit> {
        let runs = self.whose.open(self.root.as_ref(), console)?;
        let record = runs.one(run).map_err(|problem| {
            console.remark(&human::render(&[problem], console.err));
            Exit::Errors
        })?;
        Ok(Drawn {
            pictures: vec![picture::of_run(&record)],
            others: Vec::new(),
        })
    }

    fn of_file(&self, console: &mut Console) -> Result<Drawn, Exit> {
        let input = input::one(self.root.as_deref(), self.path.as_deref(), console);
        let input = input.ok_or(Exit::Errors)?;
        let mut analysis = output::look(&input);
        let refused = analysis.has_errors();
        let pipelines = std::mem::take(&mut analysis.pipelines);
        let reports = [output::report(&input, analysis)];
        console.remark(&human::render(&reports, console.err));
        if refused {
            return Err(Exit::Errors);
        }
        if pipelines.is_empty() {
            console.fail("the file has no pipeline to draw", None);
            return Err(Exit::Errors);
        }
        self.draw(&pipelines).map_err(|(message, help)| {
            console.fail(&message, Some(&help));
            Exit::Usage
        })
    }

    /// The entry that is wanted of each pipeline that has it. Where none has: what to say, and what to do.
    fn draw(&self, pipelines: &[Pipeline]) -> Result<Drawn, (String, String)> {
        let wanted = self.entry.as_deref().unwrap_or_default();
        let mut pictures = Vec::new();
        let mut others = Vec::new();
        let mut names = Vec::new();
        for pipeline in pipelines {
            let graph = graph::build(pipeline);
            for entry in &graph.entries {
                if entry.name == wanted {
                    pictures.push(picture::of_entry(
                        pipeline,
                        entry,
                        self.synth,
                        pictures.len(),
                    ));
                    continue;
                }
                let starts = picture::starts(pipeline, entry);
                match entry.name.as_str() {
                    "" => others.push(("without --entry".to_owned(), starts)),
                    name => {
                        others.push((format!("--entry {name}"), starts));
                        names.push(name.to_owned());
                    }
                }
            }
        }
        if !pictures.is_empty() {
            return Ok(Drawn { pictures, others });
        }
        let known = names.iter().map(String::as_str);
        let help = match (did_you_mean(wanted, known.clone()), names.is_empty()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, true) => "it is started in one way alone, which needs no `--entry`".to_owned(),
            (None, false) => format!("there are {}", list_names(known, 10)),
        };
        Err((format!("there is no entry `{wanted}`"), help))
    }
}

/// What is drawn, and how to see the rest.
struct Drawn {
    pictures: Vec<Picture>,
    /// Other ways to start the pipelines: the argument that names one, and what starts it.
    others: Vec<(String, String)>,
}

fn render(drawn: &Drawn, format: Format, output: &Option<PathBuf>, console: &Console) -> String {
    let pictures = drawn.pictures.as_slice();
    match format {
        Format::Mermaid => mermaid::render(pictures),
        Format::Dot => dot::render(pictures),
        Format::Svg => picture::document(pictures),
        Format::Html => picture::page(pictures),
        Format::Terminal => {
            let terminal = match output {
                None => Terminal {
                    width: Console::width(),
                    paint: console.out,
                },
                Some(_) => Terminal {
                    width: Console::WIDTH,
                    paint: Paint::Plain,
                },
            };
            let mut text = picture::draw(pictures, terminal);
            if output.is_none() && !drawn.others.is_empty() {
                text.push_str("\nother ways to start it:\n");
                let width = drawn.others.iter().map(|(name, _)| name.len()).max();
                let width = width.unwrap_or(0);
                for (name, starts) in &drawn.others {
                    text.push_str(&format!("  {name:<width$}  {starts}\n"));
                }
            }
            text
        }
    }
}
