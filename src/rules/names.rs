//! Names that become too long, or equal, once the cluster or AWS has had its way with them.

use crate::collections::HashMap;
use crate::diagnostics::codes::pipeline::NAMES_EQUAL;
use crate::diagnostics::codes::platform::NAME_TOO_LONG;
use crate::diagnostics::{Diagnostic, Problems};
use crate::graph::{Entry, EntryKind, Graph};
use crate::model::{Environment, Pipeline, Target, Text};
use crate::source::Span;

/// A name as Kubernetes takes it: lower case, everything else `-`.
fn folded(name: &str) -> String {
    let plain: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    plain.trim_matches('-').to_owned()
}

/// Reports names that clash, and stack names that are too long for CloudFormation.
pub fn check(pipeline: &Pipeline, graph: &Graph<'_>, problems: &mut Problems) {
    environments(pipeline, problems);
    entries(pipeline, graph, problems);
    let targets = pipeline.targets.iter().flat_map(|target| -> Vec<&Text> {
        match target {
            Target::Environment(environment) => vec![&environment.name],
            Target::Wave(wave) => std::iter::once(&wave.name)
                .chain(
                    wave.environments
                        .iter()
                        .map(|environment| &environment.name),
                )
                .collect(),
        }
    });
    distinct("environment or wave", targets, problems);
    for environment in pipeline.environments() {
        for group in [&environment.before, &environment.after, &environment.tests] {
            distinct("step", group.iter().map(|step| &step.name), problems);
        }
    }
    distinct(
        "check",
        pipeline.checks.iter().map(|check| &check.name),
        problems,
    );
    distinct(
        "input",
        pipeline.inputs.iter().map(|input| &input.name),
        problems,
    );
    distinct(
        "notify",
        pipeline.notify.iter().map(|notify| &notify.name),
        problems,
    );
    for step in crate::rules::commands::steps(pipeline) {
        distinct(
            "service",
            step.services.iter().map(|service| &service.name),
            problems,
        );
    }
    for environment in pipeline.environments() {
        lengths(pipeline, &environment.name, problems);
    }
}

/// Reports environments of one name that stand in different places. A stage is told its environment by name alone, and so are locks, picks and records. (Two of one
/// name in the same place are refused as any two blocks are.)
fn environments(pipeline: &Pipeline, problems: &mut Problems) {
    let mut seen: HashMap<&str, &Environment> = HashMap::default();
    for environment in pipeline.environments() {
        let name = environment.name.value.as_str();
        let Some(other) = seen.get(name) else {
            seen.insert(name, environment);
            continue;
        };
        if other.path == environment.path {
            continue;
        }
        problems.push(
            Diagnostic::error(
                &NAMES_EQUAL,
                environment.name.span,
                format!("two environments are called `{name}`: a stage is told its environment by name alone"),
            )
            .label("this environment")
            .also(other.name.span, "and this one")
            .help("give each environment of a pipeline a name of its own, also in different waves"),
        );
    }
}

/// Reports ways to start the pipeline whose names become the same: each is a WorkflowTemplate of that name.
fn entries(pipeline: &Pipeline, graph: &Graph<'_>, problems: &mut Problems) {
    let mut seen: HashMap<&str, &Entry<'_>> = HashMap::default();
    for entry in graph.entries.iter().filter(|entry| !entry.name.is_empty()) {
        let Some(other) = seen.insert(&entry.name, entry) else {
            continue;
        };
        let (own, first) = (started(pipeline, entry), started(pipeline, other));
        // Environments of one name have been refused already.
        if let (Some(own), Some(first)) = (own, first)
            && own != first
        {
            problems.push(
                Diagnostic::error(
                    &NAMES_EQUAL,
                    own,
                    format!("two ways to start `{}` are called `{}`", pipeline.name.value, entry.name),
                )
                .label("this one")
                .also(first, "and this one")
                .note("a way to start is named after the environments that it deploys, with `-` between them; each becomes a WorkflowTemplate of that name")
                .help("give one of the environments another name"),
            );
        }
    }
}

/// What in the file makes a way to start.
fn started(pipeline: &Pipeline, entry: &Entry<'_>) -> Option<Span> {
    let trigger = entry.triggers.first();
    if let Some(trigger) = trigger.and_then(|index| pipeline.triggers.get(*index)) {
        return Some(trigger.name.span);
    }
    let manual = |environment: &&Environment| {
        entry.kind == EntryKind::Pick && environment.name.value == entry.name
    };
    pipeline
        .environments()
        .find(manual)
        .map(|environment| environment.name.span)
}

/// Reports names that are different in the file and equal in the cluster.
fn distinct<'a>(what: &str, names: impl IntoIterator<Item = &'a Text>, problems: &mut Problems) {
    let mut seen: HashMap<String, &Text> = HashMap::default();
    for name in names {
        let key = folded(&name.value);
        // An empty text is one whose error has been reported.
        if key.is_empty() {
            continue;
        }
        match seen.get(&key) {
            Some(other) if other.value != name.value => problems.push(
                Diagnostic::error(
                    &NAMES_EQUAL,
                    name.span,
                    format!(
                        "`{}` and `{}` are one name in the cluster: `{key}`",
                        other.value, name.value
                    ),
                )
                .label(format!("this {what}"))
                .also(other.span, "and this one")
                .help("tell them apart by more than case, `-`, `_` and `.`"),
            ),
            Some(_) => {}
            None => {
                seen.insert(key, name);
            }
        }
    }
}

/// How long a pipeline's and an environment's own name may be, which their types say.
const LONGEST: (usize, usize) = (40, 50);

/// Names that AWS is given, made of the pipeline's and an environment's.
fn lengths(pipeline: &Pipeline, environment: &Text, problems: &mut Problems) {
    if pipeline.name.value.len() > LONGEST.0 || environment.value.len() > LONGEST.1 {
        return;
    }
    // STS, RoleSessionName: 64 characters. The commit tells runs apart.
    let session = format!("{}-{}-1234567", pipeline.name.value, environment.value);
    let length = session.chars().count();
    if length > 64 {
        problems.push(
            Diagnostic::error(
                &NAME_TOO_LONG,
                environment.span,
                format!("the name of the AWS session of `{}` becomes {length} characters long, and 64 is the limit", environment.value),
            )
            .label(format!("{} characters", environment.value.chars().count()))
            .also(pipeline.name.span, format!("{} characters", pipeline.name.value.chars().count()))
            .note(format!("it is `PIPELINE-ENVIRONMENT-COMMIT`: `{session}`"))
            .help("make the name of the pipeline or of the environment shorter"),
        );
    }
}
