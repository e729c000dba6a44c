//! What `aphex compile` makes of pipelines: manifests as files, and their source map.

use crate::collections::HashMap;
use crate::diagnostics::codes::platform;
use crate::diagnostics::{Diagnostic, Problems};
use crate::graph::{self, Graph};
use crate::model::Pipeline;
use crate::source::{Sources, Span};
use crate::target::names::Stamp;
use crate::target::source_map::piece;
use crate::target::{Format, ManifestMap, SourceMap, argo, write};

/// The kinds of objects that a compilation can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Emit {
    /// One a way to start a pipeline.
    WorkflowTemplates,
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
    if !options.emit.contains(&Emit::WorkflowTemplates) {
        return Ok(compilation);
    }
    for (pipeline, spec) in pipelines {
        let graph = graph::build(pipeline);
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
        for compiled in argo::compile(pipeline, &graph, &stamp) {
            let metadata = &compiled.object.metadata;
            let extension = match options.format {
                Format::Yaml => "yaml",
                Format::Json => "json",
            };
            let file = format!("{}.workflow-template.{extension}", metadata.name);
            compilation.manifests.push(Manifest {
                file: file.clone(),
                text: write(&compiled.object, options.format, &header)?,
            });
            compilation.source_map.manifests.push(ManifestMap {
                kind: compiled.object.kind,
                namespace: metadata.namespace.clone(),
                name: metadata.name.clone(),
                file,
                pieces: argo::origins(pipeline, &compiled.object)
                    .into_iter()
                    .filter_map(|(pointer, span)| piece(pointer, span, sources))
                    .collect(),
            });
        }
    }
    Ok(compilation)
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
