//! Variables that nobody sets: the shell stops there (`-u`), after everything before it has run.

use crate::diagnostics::codes::pipeline::VARIABLE_UNSET;
use crate::diagnostics::{Diagnostic, Problems, did_you_mean};
use crate::model::{Pipeline, Shell};
use crate::rules::commands::{Place, Unit, steps};
use crate::rules::shell::{BASH_VARIABLES, Call, Script};

/// Set by the system, the shell, the image or Aphex.
const KNOWN: &[&str] = &[
    "HOME",
    "PATH",
    "PWD",
    "OLDPWD",
    "HOSTNAME",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "IFS",
    "PPID",
    "OPTARG",
    "OPTIND",
    "OPTERR",
    "LINENO",
    "PS1",
    "PS2",
    "PS4",
    "CI",
    "SHARD",
    "SHARDS",
    "EDITOR",
    "DEBIAN_FRONTEND",
    "JAVA_HOME",
    "GOPATH",
    "GOROOT",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "NODE_VERSION",
    "YARN_VERSION",
    "PYTHON_VERSION",
    "NODE_OPTIONS",
    "NODE_PATH",
    "NVM_DIR",
    "DOCKER_HOST",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "_",
];
const KNOWN_PREFIXES: &[&str] = &[
    "APHEX_",
    "AWS_",
    "CDK_",
    "KUBERNETES_",
    "LC_",
    "XDG_",
    "npm_",
];

/// What other CI systems call what a run knows.
const FOREIGN: &[(&str, &str)] = &[
    ("GITHUB_SHA", "run.commit"),
    ("CI_COMMIT_SHA", "run.commit"),
    ("GIT_COMMIT", "run.commit"),
    ("CIRCLE_SHA1", "run.commit"),
    ("BUILDKITE_COMMIT", "run.commit"),
    ("BITBUCKET_COMMIT", "run.commit"),
    ("CODEBUILD_RESOLVED_SOURCE_VERSION", "run.commit"),
    ("BUILD_SOURCEVERSION", "run.commit"),
    ("CI_COMMIT_SHORT_SHA", "run.commit.short"),
    ("GITHUB_REF_NAME", "run.branch"),
    ("GITHUB_HEAD_REF", "run.branch"),
    ("CI_COMMIT_BRANCH", "run.branch"),
    ("CI_COMMIT_REF_NAME", "run.branch"),
    ("BRANCH_NAME", "run.branch"),
    ("GIT_BRANCH", "run.branch"),
    ("CIRCLE_BRANCH", "run.branch"),
    ("BUILDKITE_BRANCH", "run.branch"),
    ("BITBUCKET_BRANCH", "run.branch"),
    ("CI_COMMIT_TAG", "run.tag"),
    ("CIRCLE_TAG", "run.tag"),
    ("BUILDKITE_TAG", "run.tag"),
    ("BITBUCKET_TAG", "run.tag"),
    ("BUILD_NUMBER", "run.id"),
    ("BUILD_ID", "run.id"),
    ("GITHUB_RUN_ID", "run.id"),
    ("GITHUB_RUN_NUMBER", "run.id"),
    ("CI_PIPELINE_ID", "run.id"),
    ("CIRCLE_BUILD_NUM", "run.id"),
    ("BUILDKITE_BUILD_NUMBER", "run.id"),
    ("CODEBUILD_BUILD_ID", "run.id"),
    ("GITHUB_ACTOR", "run.actor"),
    ("GITLAB_USER_LOGIN", "run.actor"),
    ("GITHUB_RUN_ATTEMPT", "run.attempt"),
    ("CI_MERGE_REQUEST_IID", "run.pull_request"),
    ("CHANGE_ID", "run.pull_request"),
];

/// Reports variables that are read and never set.
pub fn check(
    pipeline: &Pipeline,
    unit: &Unit<'_>,
    script: &Script,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    let Some(env) = unit.env else { return };
    if script.opaque {
        return;
    }
    arguments(script, place, problems);
    let mut reported: Vec<&str> = Vec::new();
    for read in &script.reads {
        let name = read.name.as_str();
        let bash = unit.shell == Shell::Bash && BASH_VARIABLES.contains(&name);
        if read.guarded
            || bash
            || (read.bash && unit.shell == Shell::Sh)
            || reported.contains(&name)
            || env.contains_key(name)
            || script.assigned.iter().any(|assigned| assigned == name)
            || KNOWN.contains(&name)
            || KNOWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        {
            continue;
        }
        let foreign = FOREIGN
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, value)| *value);
        let near = did_you_mean(
            name,
            env.keys()
                .map(String::as_str)
                .chain(KNOWN.iter().copied().filter(|_| name.len() > 3)),
        );
        let sister = steps(pipeline).find(|step| step.env.contains_key(name));
        // The user's own image may set what it likes.
        if unit.image.is_some() && foreign.is_none() && near.is_none() && sister.is_none() {
            continue;
        }
        reported.push(name);
        let mut diagnostic = Diagnostic::warning(
            &VARIABLE_UNSET,
            place.of(&read.at),
            format!("nothing sets the variable `{name}`"),
        )
        .label("the command stops here: the shell runs with `-u`");
        diagnostic = match (foreign, near, sister) {
            (Some(value), _, _) => {
                diagnostic.help(format!("add `env = {{ {name} = {value} }}` to the step"))
            }
            (None, Some(near), _) => {
                let shown = place.show(&read.at);
                let fixed = shown.replacen(name, near, 1);
                let diagnostic = diagnostic.help(format!("did you mean `${near}`?"));
                match place.verbatim(&read.at) {
                    Some(span) if shown.contains(name) => diagnostic.meant(name, near, span, fixed),
                    _ => diagnostic,
                }
            }
            (None, None, Some(step)) => {
                let diagnostic = diagnostic.help(format!(
                    "add `{name} = …` to the `env` of the step or of its environment"
                ));
                match step.env.get(name) {
                    Some(value) => diagnostic.also(value.span, format!("`{}` has it", step.path)),
                    None => diagnostic,
                }
            }
            (None, None, None) if BASH_VARIABLES.contains(&name) => {
                diagnostic.help("bash sets it: set `shell = \"bash\"` on the step")
            }
            (None, None, None) => diagnostic.help(format!(
                "add `{name} = …` to `env`, or say what stands in for it: `${{{name}:-}}`"
            )),
        };
        problems.push(diagnostic);
    }
}

/// `$1` in a command, which has no arguments: most often of a program in double quotes, as in `awk "{print $1}"`.
fn arguments(script: &Script, place: &Place<'_>, problems: &mut Problems) {
    let sets = |call: &Call| matches!(call.name(), "set" | "eval" | "source" | ".");
    if !script.functions.is_empty() || script.calls.iter().any(sets) {
        return;
    }
    for at in &script.arguments {
        let shown = place.show(at);
        problems.push(
            Diagnostic::warning(
                &VARIABLE_UNSET,
                place.of(at),
                format!("nothing sets `{shown}`: a command has no arguments"),
            )
            .label("the command stops here: the shell runs with `-u`")
            .help(format!(
                "where another program is to read it, as in `awk '{{print $1}}'`, put its text in single quotes; else say what stands in for it: `${{{}:-}}`",
                shown.trim_matches(['$', '{', '}'])
            )),
        );
    }
}
