//! `aphex compile`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::console::Console;
use crate::cli::folder;
use crate::cli::input;
use crate::cli::{Exit, output};
use crate::diagnostics::{Report, human, plural};
use crate::graph;
use crate::model::Pipeline;
use crate::target::stack::{self, Assembly};
use crate::target::{self, Emit, Format, Options, spec_hash};
use crate::tools::picture::{self, Terminal};

/// Compile a pipeline to manifests
#[derive(Args, Debug)]
#[command(after_help = "\
Without -o the manifests go to standard output, for
`kubectl apply --server-side --field-manager=aphex -f -`.

Examples:
  aphex compile                          the one pipeline file of this repository
  aphex compile pipeline.aphex -o out    a file for each manifest; out holds the old set or the new, never half of one
  aphex compile --format json --emit workflow-templates,events
  aphex compile --emit stack             the template of the pipeline's own stack in AWS
  aphex compile --source-map             which piece comes from which line, as JSON

Exit codes: 0 fine, 1 errors, 64 wrong usage")]
pub struct Compile {
    /// The file, or `-` for standard input; nothing: the one of the repository
    #[arg(value_name = "FILE")]
    path: Option<PathBuf>,
    /// Write a file for each manifest into this directory, which is then its alone
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// The language of the manifests
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Language,
    /// What is wanted [default: all]. Without -o the stack, which is nothing for kubectl, is printed where it alone is wanted
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KIND")]
    emit: Vec<Kind>,
    /// Say which piece of a manifest comes from which line: schemas/source-map.v1.json. With -o as a file
    /// beside the manifests, without as the only output
    #[arg(long)]
    source_map: bool,
    /// The directory that paths in the pipeline start from [default: the repository's root]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

/// A language of manifests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Language {
    /// YAML
    #[default]
    Yaml,
    /// JSON
    Json,
}

/// A kind of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// WorkflowTemplates: one for each way to start the pipeline
    WorkflowTemplates,
    /// What starts them: EventSource, Sensor, Service, Ingress or HTTPRoute, CronWorkflows, and the WorkflowTemplate that looks up commits
    Events,
    /// Service accounts, and what each may do in the cluster
    Accounts,
    /// The pipeline's own stack in AWS: with -o a cloud assembly, for `cdk deploy --app DIR/NAME.stack`
    Stack,
}

impl Kind {
    /// What is compiled where nothing is picked, in the order in which it is to be there.
    const ALL: [Kind; 4] = [
        Kind::Stack,
        Kind::Accounts,
        Kind::WorkflowTemplates,
        Kind::Events,
    ];

    /// `None`: it is nothing for the cluster.
    fn emit(self) -> Option<Emit> {
        match self {
            Kind::WorkflowTemplates => Some(Emit::WorkflowTemplates),
            Kind::Events => Some(Emit::Events),
            Kind::Accounts => Some(Emit::Accounts),
            Kind::Stack => None,
        }
    }
}

/// The file of the source map, in a directory of manifests. `kubectl apply -f DIR` reads every `.json`, and must not read this.
const SOURCE_MAP: &str = "source.map";

impl Compile {
    /// Compiles, and prints or writes the manifests.
    pub fn run(self, console: &mut Console) -> Exit {
        let Some(input) = input::one(self.root.as_deref(), self.path.as_deref(), console) else {
            return Exit::Errors;
        };
        let analysis = output::look(&input);
        let refused = analysis.has_errors();
        let wanted = match &*self.emit {
            [] => Kind::ALL.as_slice(),
            some => some,
        };
        let stacks: Vec<Assembly> = match refused || !wanted.contains(&Kind::Stack) {
            true => Vec::new(),
            false => {
                let pipelines = analysis.pipelines.iter();
                let options = stack::Options::default();
                pipelines
                    .map(|pipeline| stack::synthesise(pipeline, &input.files, &options))
                    .collect()
            }
        };
        let format = match self.format {
            Language::Yaml => Format::Yaml,
            Language::Json => Format::Json,
        };
        let options = Options {
            format,
            emit: wanted.iter().filter_map(|kind| kind.emit()).collect(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        // A model was built of every object, in order, or there are errors.
        let pipelines: Vec<_> = analysis
            .pipelines
            .iter()
            .zip(&analysis.objects)
            .map(|(model, object)| (model, spec_hash(object)))
            .collect();
        let compiled = match refused {
            true => None,
            false => Some(target::compile(&pipelines, &analysis.sources, &options)),
        };
        let picture = picture(&analysis.pipelines, console);
        let reports = [output::report(&input, analysis)];
        console.remark(&human::render(&reports, console.err));
        let compilation = match compiled {
            None => return Exit::Errors,
            Some(Ok(compilation)) => compilation,
            Some(Err(reason)) => {
                console.fail(&reason, None);
                return Exit::Fault;
            }
        };
        if compilation.manifests.is_empty() && stacks.is_empty() {
            console.fail(
                "the file has no pipeline to compile",
                Some("a file that others `use` is checked with them"),
            );
            return Exit::Errors;
        }
        let map = match serde_json::to_string_pretty(&compilation.source_map) {
            Ok(map) => format!("{map}\n"),
            Err(error) => {
                console.fail(
                    &format!("the source map could not be written as JSON: {error}"),
                    None,
                );
                return Exit::Fault;
            }
        };
        if self.output.is_none() && self.emit.len() > 1 && self.emit.contains(&Kind::Stack) {
            console.fail(
                "a template for CloudFormation cannot stand among manifests for kubectl",
                Some("`--emit stack` alone prints it; with `-o DIR` everything gets files of its own"),
            );
            return Exit::Usage;
        }
        let Some(directory) = &self.output else {
            match (self.source_map, &*self.emit) {
                (true, _) => console.print(&map),
                (false, [Kind::Stack]) => return print_template(&stacks, console),
                (false, _) => console.print(&compilation.together(format)),
            }
            return Exit::Fine;
        };
        let manifests = compilation.manifests.iter();
        let mut files: Vec<(String, String)> = manifests
            .map(|manifest| (manifest.file.clone(), manifest.text.clone()))
            .collect();
        for stack in &stacks {
            let folder = stack.folder();
            let parts = stack.files().into_iter();
            files.extend(parts.map(|(name, text)| (format!("{folder}/{name}"), text.to_owned())));
        }
        if self.source_map {
            files.push((SOURCE_MAP.to_owned(), map));
        }
        match folder::write(directory, &files) {
            Ok(changed) => {
                console.print(&picture);
                let count = plural(files.len(), "file");
                let place = directory.display();
                console.print(&match changed {
                    true => format!("wrote {count} to {place}\n"),
                    false => format!("{count} in {place}, none of them changed\n"),
                });
                Exit::Fine
            }
            Err(error) => {
                let problem = [Report::without_sources(vec![error.diagnostic(directory)])];
                console.remark(&human::render(&problem, console.err));
                Exit::Errors
            }
        }
    }
}

/// Prints the template of the one stack. Several are no text that anything reads.
fn print_template(stacks: &[Assembly], console: &mut Console) -> Exit {
    let [stack] = stacks else {
        console.fail(
            "the file has several pipelines, and each has a stack of its own",
            Some("with `-o DIR` each becomes a folder"),
        );
        return Exit::Usage;
    };
    console.print(&stack.template);
    Exit::Fine
}

/// What each way to start each pipeline does.
fn picture(pipelines: &[Pipeline], console: &Console) -> String {
    let mut pictures = Vec::new();
    for pipeline in pipelines {
        for entry in &graph::build(pipeline).entries {
            pictures.push(picture::of_entry(pipeline, entry, false, pictures.len()));
        }
    }
    let terminal = Terminal {
        width: Console::width(),
        paint: console.out,
    };
    picture::draw(&pictures, terminal) + "\n"
}
