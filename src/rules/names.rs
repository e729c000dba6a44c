//! Names that become too long, or equal, once the cluster or AWS has had its way with them.

use crate::collections::HashMap;
use crate::diagnostics::codes::pipeline::NAMES_EQUAL;
use crate::diagnostics::codes::platform::NAME_TOO_LONG;
use crate::diagnostics::{Diagnostic, Problems};
use crate::model::{Pipeline, Target, Text};

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
pub fn check(pipeline: &Pipeline, problems: &mut Problems) {
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
