//! What `aphex compile` makes of pipelines: manifests as files, and their source map.

use std::collections::HashMap;

use crate::diagnostics::codes::platform;
use crate::diagnostics::{Diagnostic, Problems};
use crate::graph::Graph;
use crate::model::Pipeline;
use crate::source::{Sources, Span};
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

/// The manifests of some pipelines.
#[derive(Debug, Default)]
pub struct Compilation {
    /// In order: pipelines as given, the entries of each as in its graph.
    pub manifests: Vec<Manifest>,
    /// Where their pieces come from.
    pub maps: Vec<ManifestMap>,
    names: HashMap<(String, String), Span>,
}

impl Compilation {
    /// Adds the manifests of a pipeline. `spec` is its [`crate::target::spec_hash`]. Errors go to `problems`; then what was added is of no use.
    pub fn add(
        &mut self,
        pipeline: &Pipeline,
        graph: &Graph<'_>,
        spec: &str,
        options: &Options,
        sources: &Sources,
        problems: &mut Problems,
    ) {
        let stamp = argo::Stamp {
            spec: spec.to_owned(),
            compiler: options.version.clone(),
        };
        let objects = argo::compile(pipeline, graph, &stamp);
        argo::check(pipeline, graph, &objects, problems);
        if !options.emit.contains(&Emit::WorkflowTemplates) {
            return;
        }
        let header = [
            format!(
                "Compiled by aphex {} from {} (pipeline {}).",
                options.version, pipeline.file, pipeline.name.value
            ),
            "Do not edit: change the source and compile again.".to_owned(),
            format!("spec {spec}"),
        ];
        for compiled in &objects {
            let metadata = &compiled.object.metadata;
            let name = (metadata.namespace.clone(), metadata.name.clone());
            if let Some(first) = self.names.insert(name, pipeline.name.span) {
                problems.push(equal(&metadata.name, first, pipeline.name.span));
            }
            let extension = match options.format {
                Format::Yaml => "yaml",
                Format::Json => "json",
            };
            let file = format!("{}.workflow-template.{extension}", metadata.name);
            match write(&compiled.object, options.format, &header) {
                Ok(text) => self.manifests.push(Manifest {
                    file: file.clone(),
                    text,
                }),
                Err(error) => problems.push(Diagnostic::error(
                    &platform::OBJECT_SIZE,
                    pipeline.name.span,
                    format!("`{}` cannot be written: {error}", metadata.name),
                )),
            }
            self.maps.push(ManifestMap {
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

    /// The source map of all manifests as JSON.
    pub fn source_map(self) -> SourceMap {
        SourceMap {
            version: 1,
            manifests: self.maps,
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
