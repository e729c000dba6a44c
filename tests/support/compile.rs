//! A program through every phase.

use aphex::analysis::{Analysis, analyse};
use aphex::diagnostics::Diagnostic;
use aphex::source::{FileSystem, MemoryFiles, Sources};
use aphex::target::{self, Emit, Format, Options};

use super::random;

/// The manifests of an accepted program as YAML documents, or why it is refused.
pub fn manifests(analysis: &Analysis) -> Result<String, String> {
    written(analysis, Format::Yaml)
}

/// The manifests of an accepted program as one text, or why it is refused.
pub fn written(analysis: &Analysis, format: Format) -> Result<String, String> {
    emitted(analysis, format, vec![Emit::WorkflowTemplates])
}

/// The manifests of these kinds of an accepted program as one text, or why it is refused.
fn emitted(analysis: &Analysis, format: Format, emit: Vec<Emit>) -> Result<String, String> {
    if analysis.has_errors() {
        let lines = analysis
            .diagnostics
            .iter()
            .map(|one| line(one, &analysis.sources));
        return Err(lines.collect::<Vec<_>>().join("\n"));
    }
    let options = Options {
        format,
        emit,
        version: "0.1.0".to_owned(),
    };
    let models = analysis.pipelines.iter().zip(&analysis.objects);
    let hashed: Vec<_> = models
        .map(|(model, data)| (model, target::spec_hash(data)))
        .collect();
    Ok(target::compile(&hashed, &analysis.sources, &options)?.together(format))
}

/// The file `root` of a project.
pub fn compile_file(root: &str, files: &dyn FileSystem) -> Result<String, String> {
    manifests(&analyse(root, files))
}

/// A program that stands in a repository of [`random::FILES`].
pub fn compile(text: &str) -> Result<String, String> {
    compile_to(text, vec![Emit::WorkflowTemplates])
}

/// The manifests of these kinds of a program that stands in a repository of [`random::FILES`].
pub fn compile_to(text: &str, emit: Vec<Emit>) -> Result<String, String> {
    let mut files = MemoryFiles::new().with("pipeline.aphex", text);
    for (path, text) in random::FILES {
        files = files.with_executable(path, text);
    }
    emitted(&analyse("pipeline.aphex", &files), Format::Yaml, emit)
}

/// A diagnostic as a line.
pub fn line(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let place = diagnostic.primary.as_ref().map(|label| {
        sources
            .text(label.span)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    });
    format!(
        "{:?} {}: {} at `{}`",
        diagnostic.severity,
        diagnostic.code.id,
        diagnostic.message,
        place.unwrap_or_default()
    )
}

/// What a Sensor gives a run.
pub const EVENT: [(&str, &str); 6] = [
    ("commit", "0123456789abcdef0123456789abcdef01234567"),
    ("event", "push"),
    ("ref", "cmVmcy9oZWFkcy9tYWlu"),
    ("actor", "b2N0b2NhdA=="),
    ("pull-request", ""),
    ("inputs", "e30="),
];

/// Those of the YAML documents that are objects of these kinds.
pub fn of_kinds(manifests: &str, kinds: &[&str]) -> String {
    let wanted = manifests.split("\n---\n").filter(|document| {
        let kind = document
            .lines()
            .find_map(|line| line.strip_prefix("kind: "));
        kinds.contains(&kind.unwrap_or_else(|| panic!("no kind: {document}")))
    });
    wanted.collect::<Vec<_>>().join("\n---\n")
}

/// The names of the objects in YAML documents of manifests.
pub fn object_names(manifests: &str) -> impl Iterator<Item = &str> {
    let names = manifests
        .lines()
        .filter_map(|line| line.strip_prefix("  name: "));
    names.map(|name| name.trim_matches('"'))
}
