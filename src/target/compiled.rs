//! What `aphex compile` makes of pipelines: manifests as files, and their source map.

use crate::collections::HashMap;
use crate::diagnostics::codes::platform;
use crate::diagnostics::{Diagnostic, Problems};
use crate::graph::{self, Graph};
use crate::model::Pipeline;
use crate::source::{Sources, Span};
use crate::target::names::{Stamp, stack_name};
use crate::target::object::Object;
use crate::target::source_map::piece;
use crate::target::{Format, ManifestMap, SourceMap, argo, events, kubernetes, write};

/// The kinds of objects that a compilation can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Emit {
    /// One a way to start a pipeline.
    WorkflowTemplates,
    /// What starts them: EventSource, Sensor, Service, Ingress or HTTPRoute, CronWorkflows, and the WorkflowTemplate that looks up commits.
    Events,
    /// Service accounts, Roles, RoleBindings.
    Accounts,
}

/// What is wanted of a compilation.
#[derive(Clone, Debug)]
pub struct Options {
    /// The language of the manifests.
    pub format: Format,
    /// Which kinds of objects.
    pub emit: Vec<Emit>,
    /// The version of the compiler, for the stamp.
    pub version: String,
}

/// One manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The name of its file in a folder.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// The manifests of some pipelines: pipelines as given, the entries of each as in its graph.
#[derive(Debug, Default)]
pub struct Compilation {
    /// The manifests.
    pub manifests: Vec<Manifest>,
    /// Where their pieces come from.
    pub source_map: SourceMap,
}

/// The names of the WorkflowTemplates that a pipeline becomes.
pub fn object_names(pipeline: &Pipeline) -> Vec<String> {
    let graph = graph::build(pipeline);
    let entries = graph.entries.iter();
    entries
        .map(|entry| argo::entry_object_name(pipeline, entry))
        .collect()
}

/// Reports what the cluster would refuse of these pipelines, which stand in one file; each with its graph.
pub fn check<'p>(
    pipelines: impl IntoIterator<Item = (&'p Pipeline, &'p Graph<'p>)>,
    problems: &mut Problems,
) {
    let stamp = Stamp {
        spec: format!("sha256:{:064}", 0),
        compiler: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut names: HashMap<(String, String), Span> = HashMap::default();
    let mut stacks: HashMap<String, (Span, &str)> = HashMap::default();
    for (pipeline, graph) in pipelines {
        let objects = argo::compile(pipeline, graph, &stamp);
        for compiled in &objects {
            let metadata = &compiled.object.metadata;
            let name = (metadata.namespace.clone(), metadata.name.clone());
            if let Some(first) = names.insert(name, pipeline.name.span)
                && first != pipeline.name.span
            {
                problems.push(equal(&metadata.name, first, pipeline.name.span));
            }
        }
        let start = events::start_name(&pipeline.name.value);
        let name = (pipeline.namespace.value.clone(), start.clone());
        if let Some(first) = names.insert(name, pipeline.name.span)
            && first != pipeline.name.span
        {
            problems.push(equal(&start, first, pipeline.name.span));
        }
        let stack = stack_name(&pipeline.cluster.value, &pipeline.name.value);
        let namespace = &*pipeline.namespace.value;
        let (first, other) = *stacks
            .entry(stack.clone())
            .or_insert((pipeline.name.span, namespace));
        // In one namespace their WorkflowTemplates have one name, too.
        if first != pipeline.name.span && other != namespace {
            problems.push(one_stack(&stack, first, pipeline.name.span));
        }
        argo::check(pipeline, graph, &objects, problems);
    }
}

/// Compiles pipelines that [`check`] has nothing against, each with its [`crate::target::spec_hash`]. In words why a
/// manifest could not be written.
pub fn compile(
    pipelines: &[(&Pipeline, String)],
    sources: &Sources,
    options: &Options,
) -> Result<Compilation, String> {
    let mut compilation = Compilation::default();
    for (pipeline, spec) in pipelines {
        let stamp = Stamp {
            spec: spec.clone(),
            compiler: options.version.clone(),
        };
        let header = [
            format!(
                "Compiled by aphex {} from {} (pipeline {}).",
                options.version, pipeline.file, pipeline.name.value
            ),
            "Do not edit: change the source and compile again.".to_owned(),
            format!("spec {spec}"),
        ];
        for object in objects(pipeline, &stamp, &options.emit)? {
            let file = file_name(&object, options.format);
            compilation.manifests.push(Manifest {
                file: file.clone(),
                text: write(&object.value, options.format, &header)?,
            });
            compilation.source_map.manifests.push(ManifestMap {
                kind: object.kind,
                namespace: object.namespace,
                name: object.name,
                file,
                pieces: object
                    .origins
                    .into_iter()
                    .filter_map(|(pointer, span)| piece(pointer, span, sources))
                    .collect(),
            });
        }
    }
    Ok(compilation)
}

/// The objects of a pipeline in the order in which they are to be there: nothing comes before what it needs. In words why one could not be made.
pub fn objects(pipeline: &Pipeline, stamp: &Stamp, emit: &[Emit]) -> Result<Vec<Object>, String> {
    let graph = graph::build(pipeline);
    let mut objects = Vec::new();
    if emit.contains(&Emit::Accounts) {
        objects.extend(kubernetes::compile(pipeline, stamp));
    }
    if emit.contains(&Emit::WorkflowTemplates) {
        for compiled in argo::compile(pipeline, &graph, stamp) {
            objects.push(argo::as_object(pipeline, &compiled.object)?);
        }
    }
    if emit.contains(&Emit::Events) {
        objects.push(events::start_template(pipeline, stamp)?);
        objects.extend(events::compile(pipeline, &graph, stamp));
    }
    Ok(objects)
}

/// `shop.workflow-template.yaml`
fn file_name(object: &Object, format: Format) -> String {
    let mut kind = String::new();
    let mut after_small = false;
    for letter in object.kind.chars() {
        if letter.is_ascii_uppercase() && after_small {
            kind.push('-');
        }
        after_small = letter.is_ascii_lowercase();
        kind.push(letter.to_ascii_lowercase());
    }
    let extension = match format {
        Format::Yaml => "yaml",
        Format::Json => "json",
    };
    format!("{}.{kind}.{extension}", object.name)
}

impl Compilation {
    /// All manifests as one text: YAML documents, or a JSON list.
    pub fn together(&self, format: Format) -> String {
        let texts: Vec<&str> = self
            .manifests
            .iter()
            .map(|manifest| &*manifest.text)
            .collect();
        match (format, &*texts) {
            (Format::Yaml, _) => texts.join("---\n"),
            (Format::Json, [one]) => (*one).to_owned(),
            (Format::Json, _) => {
                let items: Vec<String> = texts
                    .iter()
                    .map(|text| format!("    {}", text.trim_end().replace('\n', "\n    ")))
                    .collect();
                format!(
                    "{{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [\n{}\n  ]\n}}\n",
                    items.join(",\n")
                )
            }
        }
    }
}

fn one_stack(name: &str, first: Span, second: Span) -> Diagnostic {
    Diagnostic::error(
        &platform::OBJECTS_EQUAL,
        second,
        format!("this pipeline and another one both make the stack `{name}`"),
    )
    .label("this one")
    .also(first, "the other one")
    .note("a cluster has one pipeline of a name, whatever its namespace: its stack and its roles are named after both")
    .help("give one of the pipelines another name")
}

fn equal(name: &str, first: Span, second: Span) -> Diagnostic {
    Diagnostic::error(
        &platform::OBJECTS_EQUAL,
        second,
        format!("this pipeline and another one both make a WorkflowTemplate `{name}`"),
    )
    .label("this one")
    .also(first, "the other one")
    .help("give one of the pipelines another name, or another namespace")
}
