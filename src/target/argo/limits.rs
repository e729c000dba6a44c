//! What Kubernetes and Argo take at most, counted on what is really emitted.

use std::io;

use crate::collections::HashMap;
use crate::diagnostics::codes::platform;
use crate::diagnostics::{Diagnostic, Problems};
use crate::eval::data::SecretStore;
use crate::graph::{Graph, StageKind};
use crate::model::{EnvValue, Pipeline, Service, Step, Target, Text};
use crate::source::Span;
use crate::target::argo::entry::TASK_LIMIT;
use crate::target::argo::leaf;
use crate::target::argo::manifest::{Template, WorkflowTemplate};
use crate::target::argo::object::Compiled;

/// A Workflow, with the template it was made from and the states of its stages, is refused above this many bytes:
/// `MAX_WORKFLOW_SIZE` in Argo's `workflow/packer`, below the 1.5 MiB of etcd.
const WORKFLOW_LIMIT: usize = 1 << 20;
/// Argo 4's definitions allow so many templates.
const TEMPLATE_LIMIT: usize = 200;
/// What the state of one node takes in a Workflow, compressed: measured, see `docs/compile.md`.
const NODE_BYTES: usize = 100;

/// Reports what the cluster would refuse, at the places it comes from.
pub fn check(
    pipeline: &Pipeline,
    graph: &Graph<'_>,
    objects: &[Compiled],
    problems: &mut Problems,
) {
    let before = problems.len();
    tags(pipeline, problems);
    side_cars(pipeline, graph, problems);
    if problems.len() > before {
        return;
    }
    for compiled in objects {
        tasks(pipeline, &compiled.object, problems);
        templates(pipeline, &compiled.object, problems);
        size(pipeline, &compiled.object, problems);
        if problems.len() > before {
            return;
        }
    }
}

/// A writer that counts.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The bytes of an object as the cluster keeps it: JSON without spaces.
pub fn bytes(object: &WorkflowTemplate) -> usize {
    let mut counter = Counter(0);
    match serde_json::to_writer(&mut counter, object) {
        Ok(()) => counter.0,
        Err(_) => usize::MAX,
    }
}

fn size(pipeline: &Pipeline, object: &WorkflowTemplate, problems: &mut Problems) {
    let bytes = bytes(object);
    let environments = pipeline.environments().count();
    if bytes > WORKFLOW_LIMIT {
        problems.push(
            Diagnostic::error(
                &platform::OBJECT_SIZE,
                pipeline.name.span,
                format!(
                    "the WorkflowTemplate `{}` has {} KiB, Argo takes at most {} KiB",
                    object.metadata.name,
                    bytes.div_ceil(1024),
                    WORKFLOW_LIMIT / 1024
                ),
            )
            .label("too large a pipeline")
            .note(format!(
                "it holds {environments} environments in {} templates; a run carries the whole of it",
                object.spec.templates.len()
            ))
            .help("put environments that may go side by side into a `wave`, which takes a tenth of the room, or divide the pipeline"),
        );
        return;
    }
    let nodes = nodes(&object.spec.templates, &object.spec.entrypoint);
    let states = nodes * NODE_BYTES;
    if bytes + states > WORKFLOW_LIMIT {
        problems.push(
            Diagnostic::warning(
                &platform::RUN_SIZE,
                pipeline.name.span,
                format!("a run of `{}` may outgrow what Argo keeps of one", object.metadata.name),
            )
            .label(format!("a run has {nodes} nodes"))
            .note(format!(
                "the template has {} KiB, the states of {nodes} nodes about {} KiB; together Argo keeps at most {} KiB",
                bytes.div_ceil(1024),
                states.div_ceil(1024),
                WORKFLOW_LIMIT / 1024
            ))
            .help("let Argo keep states in a database (`persistence` with `nodeStatusOffLoad: true` in its configuration), or divide the pipeline"),
        );
    }
}

/// How many nodes a run has at most: every task, the pods of it, and its retries' parent.
fn nodes(templates: &[Template], entry: &str) -> usize {
    let by_name: HashMap<&str, &Template> = templates
        .iter()
        .map(|template| (&*template.name, template))
        .collect();
    // A template calls others at most four deep: run, part, wave, environment, stage.
    fn count(name: &str, templates: &HashMap<&str, &Template>, depth: u32) -> usize {
        let Some(template) = templates.get(name).filter(|_| depth < 8) else {
            return 0;
        };
        let own = 1 + usize::from(template.retry_strategy.is_some());
        let tasks = template.dag.iter().flat_map(|dag| &dag.tasks);
        let mut counts: HashMap<&str, usize> = HashMap::default();
        let inner: usize = tasks
            .map(|task| {
                let once = *counts
                    .entry(&task.template)
                    .or_insert_with(|| count(&task.template, templates, depth + 1));
                once * task.with_items.len().max(1)
            })
            .sum();
        own + inner
    }
    count(entry, &by_name, 0)
}

fn templates(pipeline: &Pipeline, object: &WorkflowTemplate, problems: &mut Problems) {
    let templates = &object.spec.templates;
    if templates.len() <= TEMPLATE_LIMIT {
        return;
    }
    let with = |prefix: &str| {
        let mut names = templates.iter().map(|template| &template.name);
        let shapes = names.by_ref().filter(|name| name.starts_with(prefix));
        shapes.count()
    };
    let environments = with("environment");
    let waves = with("wave-");
    let mut diagnostic = Diagnostic::error(
        &platform::TEMPLATE_COUNT,
        pipeline.name.span,
        format!(
            "the WorkflowTemplate `{}` has {} templates, Argo takes at most {TEMPLATE_LIMIT}",
            object.metadata.name,
            templates.len()
        ),
    )
    .label("too many different parts")
    .note(format!(
        "{environments} are for environments that differ in structure, {waves} for waves, the others for pods that differ"
    ))
    .help("give steps of environments that are alike the same names: environments of one structure share one template");
    let mut different: Vec<Span> = templates
        .iter()
        .filter(|template| template.name.starts_with("environment"))
        .filter_map(|template| template.origin)
        .map(|block| name_of(pipeline, block))
        .collect();
    different.dedup();
    for span in different.into_iter().take(2) {
        diagnostic = diagnostic.also(span, "differs in structure");
    }
    problems.push(diagnostic);
}

/// The name of the environment or wave that is this block; the block itself for others.
fn name_of(pipeline: &Pipeline, block: Span) -> Span {
    let waves = pipeline.targets.iter().filter_map(|target| match target {
        Target::Wave(wave) => Some((wave.span, wave.name.span)),
        Target::Environment(_) => None,
    });
    let environments = pipeline.environments();
    let mut named = environments
        .map(|environment| (environment.span, environment.name.span))
        .chain(waves)
        .chain([(pipeline.span, pipeline.name.span)]);
    let found = named.find(|(span, _)| *span == block);
    found.map_or(block, |(_, name)| name)
}

fn tasks(pipeline: &Pipeline, object: &WorkflowTemplate, problems: &mut Problems) {
    for template in &object.spec.templates {
        let count = template.dag.as_ref().map_or(0, |dag| dag.tasks.len());
        let Some(span) = template.origin.filter(|_| count > TASK_LIMIT) else {
            continue;
        };
        problems.push(
            Diagnostic::error(
                &platform::TASK_COUNT,
                name_of(pipeline, span),
                format!("{count} stages in one graph, Argo takes at most {TASK_LIMIT}"),
            )
            .label(format!("becomes the template `{}`", template.name))
            .help(if template.name.starts_with("environment") {
                "join steps, or divide the environment"
            } else if span == pipeline.span && pipeline.checks.len() * 2 > count {
                "join checks: one `check` can run several commands"
            } else {
                "put environments that may go side by side into a `wave` without `needs` among them"
            }),
        );
    }
}

/// Every text of the user's that stands in a manifest, with a word for it.
fn texts(pipeline: &Pipeline) -> Vec<(&'static str, &Text)> {
    let images = &pipeline.images;
    let mut all = vec![
        ("image", &images.runtime),
        ("image", &images.builder),
        ("image", &images.deployer),
        ("repository", &pipeline.repository),
        ("cluster", &pipeline.cluster),
        ("namespace", &pipeline.namespace),
    ];
    all.extend(pipeline.registries.iter().map(|name| ("secret", name)));
    all.extend(
        pipeline
            .apps
            .iter()
            .filter_map(|app| app.image.as_ref())
            .map(|image| ("image", image)),
    );
    for step in leaf::steps(pipeline) {
        all.extend(step.image.iter().map(|image| ("image", image)));
        all.extend(
            step.services
                .iter()
                .map(|service| ("image", &service.image)),
        );
    }
    all
}

/// Argo replaces `{{…}}` wherever it stands.
fn tags(pipeline: &Pipeline, problems: &mut Problems) {
    let mut report = |what: &str, text: &str, span: Span| {
        if text.contains("{{") {
            problems.push(
                Diagnostic::error(
                    &platform::ARGO_TAG,
                    span,
                    format!("`{{{{` in the {what} `{text}`, which Argo would replace"),
                )
                .label("stands in the manifest as it is")
                .help("write it without `{{`"),
            );
        }
    };
    for (what, text) in texts(pipeline) {
        report(what, &text.value, text.span);
    }
    report("path", &pipeline.file, pipeline.span);
    for step in leaf::steps(pipeline) {
        for service in &step.services {
            for value in service.env.values() {
                if let EnvValue::Text(text) = &value.value {
                    report("environment of a side-car", text, value.span);
                }
            }
        }
    }
}

/// A side-car starts before anything could fetch a value for it.
fn side_cars(pipeline: &Pipeline, graph: &Graph<'_>, problems: &mut Problems) {
    let stages = graph.entries.iter().flat_map(|entry| &entry.stages);
    let reached: crate::collections::HashSet<Span> = stages
        .filter_map(|stage| match stage.kind {
            StageKind::Step(step) => Some(step.span),
            _ => None,
        })
        .collect();
    let steps = leaf::steps(pipeline).filter(|step: &&Step| reached.contains(&step.span));
    let services = steps.flat_map(|step| &step.services);
    for (service, name, value) in services.flat_map(variables) {
        let (what, help) = match &value.value {
            EnvValue::Text(_) => continue,
            EnvValue::Output(output) => (
                format!("`{}`, known only in a run", output.expression),
                "write the text itself, or a secret of Kubernetes: `secret(\"name\", key = \"key\")`",
            ),
            EnvValue::Secret(secret) if secret.store != SecretStore::Kubernetes => (
                format!("the secret `{}` of AWS", secret.name),
                "keep it in Kubernetes: `secret(\"name\", key = \"key\")`",
            ),
            EnvValue::Secret(secret) if secret.key.is_none() => (
                format!("the secret `{}` without its key", secret.name),
                "name the key: `secret(\"name\", key = \"key\")`",
            ),
            EnvValue::Secret(_) => continue,
        };
        problems.push(
            Diagnostic::error(
                &platform::SIDE_CAR_ENV,
                value.span,
                format!("the side-car `{}` cannot be given {what}", service.name.value),
            )
            .label(format!("value of `{name}`"))
            .note("a side-car starts before the stage does, so Kubernetes must know all of its environment")
            .help(help),
        );
    }
}

fn variables(
    service: &Service,
) -> impl Iterator<Item = (&Service, &String, &crate::source::Spanned<EnvValue>)> {
    service
        .env
        .iter()
        .map(move |(name, value)| (service, name, value))
}
