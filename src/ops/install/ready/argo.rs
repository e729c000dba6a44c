//! Argo Workflows and Argo Events: what of them the cluster knows, their versions, and how runs may refer to templates.

use regex_lite::Regex;
use serde_json::Value;

use crate::cloud::kubernetes::kinds::{CONFIG_MAP, DEPLOYMENT};
use crate::cloud::kubernetes::{Cluster, Failure, Object};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::cluster_ready::REFERENCING;
use crate::ops::install::ready::Check;
use crate::ops::install::ready::version::Version;

/// The kinds that are written, and those that the components use for themselves.
const DEFINITIONS: [(&str, &[&str]); 2] = [
    (
        "Argo Workflows",
        &[
            "workflows",
            "workflowtemplates",
            "cronworkflows",
            "workflowtaskresults",
        ],
    ),
    ("Argo Events", &["eventbus", "eventsources", "sensors"]),
];

/// A controller: whose it is, what its image and its program are called, and the versions that it was tried with.
struct Controller {
    of: &'static str,
    image: &'static str,
    name: &'static str,
    first: Version,
    last: u32,
}

const WORKFLOWS: Controller = Controller {
    of: "Argo Workflows",
    image: "workflow-controller",
    name: "",
    first: Version(3, 6),
    last: 4,
};

/// Its image is also that of the pods of EventSources and Sensors.
const EVENTS: Controller = Controller {
    of: "Argo Events",
    image: "argo-events",
    name: "controller",
    first: Version(1, 9),
    last: 1,
};

/// The ConfigMap of Argo's controller where nothing else is said (`cmd/workflow-controller/main.go`, `--configmap`).
const SETTINGS: &str = "workflow-controller-configmap";

/// Whether the definitions are installed.
pub fn definitions(cluster: &Cluster) -> Vec<Check> {
    let known = match cluster.kinds("argoproj.io", "v1alpha1") {
        Ok(known) => known,
        Err(failure) => return vec![Check::of_failure("definitions of Argo", failure)],
    };
    let check = |(of, kinds): &(&str, &[&str])| {
        let missing: Vec<&str> = kinds
            .iter()
            .copied()
            .filter(|kind| !known.iter().any(|known| known == kind))
            .collect();
        match missing.is_empty() {
            true => Check::good(format!("definitions of {of}")),
            false => {
                let what = format!("definitions of {of}: no {}", missing.join(", "));
                Check::missing(
                    what,
                    [format!(
                        "install {of} in the cluster, with its custom resource definitions"
                    )],
                )
            }
        }
    };
    DEFINITIONS.iter().map(check).collect()
}

/// The versions of the controllers, and how runs may refer to templates.
pub fn controllers(cluster: &Cluster, namespace: &str) -> Vec<Check> {
    let programs = match programs(cluster, namespace) {
        Ok(programs) => programs,
        Err(failure) => {
            let mut check = Check::of_failure("controllers of Argo", failure);
            check.todo.push(format!(
                "somebody who may should look: {} {} or later, {} {} or later, and `templateReferencing` not `Secure`",
                WORKFLOWS.of, WORKFLOWS.first, EVENTS.of, EVENTS.first
            ));
            return vec![check];
        }
    };
    let mut checks = vec![WORKFLOWS.check(&programs), EVENTS.check(&programs)];
    checks.extend(match secure(cluster, &programs) {
        Ok(Some(problem)) => Some(Check::failed("controller of Argo Workflows", problem)),
        Ok(None) => None,
        Err(failure) => Some(Check::of_failure(
            "settings of the controller of Argo Workflows",
            failure,
        )),
    });
    checks
}

/// That the controller ends runs whose template changes, which every update of a pipeline does; `None` where it does not, or that cannot be seen.
pub fn refuses_changes(cluster: &Cluster, namespace: &str) -> Option<Diagnostic> {
    let programs = programs(cluster, namespace).ok()?;
    secure(cluster, &programs).ok().flatten()
}

impl Controller {
    fn check(&self, programs: &[Object]) -> Check {
        let Controller { of, first, .. } = self;
        let images: Vec<&str> = programs
            .iter()
            .filter(|program| program.name.contains(self.name))
            .flat_map(containers)
            .filter_map(|container| container.get("image")?.as_str())
            .filter(|image| self.is_it(image))
            .collect();
        let Some(image) = images.first() else {
            let todo = format!(
                "no Deployment has an image `{}`: it must run somewhere, as {first} or later",
                self.image
            );
            return Check::unseen(format!("controller of {of}"), [todo]);
        };
        // Several of them: the oldest may be the one that sees to this namespace.
        let versions: Option<Vec<Version>> = images
            .iter()
            .map(|image| Version::of_image(image))
            .collect();
        match versions.and_then(|versions| versions.into_iter().min()) {
            None => {
                let todo =
                    format!("`{image}` does not tell its version: it must be {first} or later");
                Check::unseen(format!("version of {of}"), [todo])
            }
            Some(version) if version < *first => Check::missing(
                format!("{of} {version}"),
                [format!("{of} {first} or later is needed")],
            ),
            Some(version) if version.0 > self.last => {
                let todo = format!("Aphex was tried with {first} to {}", self.last);
                Check::unseen(format!("{of} {version}"), [todo])
            }
            Some(version) => Check::good(format!("{of} {version}")),
        }
    }

    /// Whether an image is its own, whatever registry it is from.
    fn is_it(&self, image: &str) -> bool {
        let name = image.split('@').next().unwrap_or_default();
        let last = name.rsplit('/').next().unwrap_or_default();
        last.split(':').next() == Some(self.image)
    }
}

/// The Deployments of the cluster, less those that see to other namespaces alone.
fn programs(cluster: &Cluster, namespace: &str) -> Result<Vec<Object>, Failure> {
    let mut programs = cluster.list_of_all(&DEPLOYMENT)?;
    programs.retain(|program| {
        containers(program).all(|container| sees_to(program, container, namespace))
    });
    Ok(programs)
}

/// With `--namespaced` a controller, of Workflows as of Events, sees to its own namespace, or to that of `--managed-namespace`.
fn sees_to(program: &Object, container: &Value, namespace: &str) -> bool {
    let is_alone = arguments(container).any(|argument| argument == "--namespaced");
    let managed = value_of(container, "--managed-namespace").unwrap_or(&program.namespace);
    !is_alone || managed == namespace
}

fn arguments(container: &Value) -> impl Iterator<Item = &str> {
    let lists = ["command", "args"].into_iter();
    let all = lists
        .filter_map(|name| container.get(name)?.as_array())
        .flatten();
    all.filter_map(Value::as_str)
}

/// The value of an option, in one argument or in two.
fn value_of<'c>(container: &'c Value, option: &str) -> Option<&'c str> {
    let mut arguments = arguments(container);
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix(option) {
            Some("") => return arguments.next(),
            Some(rest) if rest.starts_with('=') => return rest.strip_prefix('='),
            _ => {}
        }
    }
    None
}

fn containers(program: &Object) -> impl Iterator<Item = &Value> {
    let containers = program.content.pointer("/spec/template/spec/containers");
    containers.and_then(Value::as_array).into_iter().flatten()
}

/// Looks at the ConfigMap of each controller of Argo Workflows. With `templateReferencing: Secure` a run ends with an error as soon as the template that it was made from is
/// another one (`workflow/controller/operator.go`); `Strict` asks only that runs are made from templates, as all of a pipeline's are.
fn secure(cluster: &Cluster, programs: &[Object]) -> Result<Option<Diagnostic>, Failure> {
    let said = Regex::new(r#"(?m)^[^#\n]*\btemplateReferencing["']?\s*:\s*["']?Secure\b"#);
    for program in programs {
        for container in containers(program) {
            let image = container.get("image").and_then(Value::as_str);
            if !image.is_some_and(|image| WORKFLOWS.is_it(image)) {
                continue;
            }
            let name = value_of(container, "--configmap").unwrap_or(SETTINGS);
            let settings = cluster.get(&CONFIG_MAP, &program.namespace, name)?;
            let data = settings
                .as_ref()
                .and_then(|settings| settings.content.get("data"));
            let data = data.and_then(Value::as_object).into_iter().flatten();
            let mut texts =
                data.filter_map(|(name, text)| Some(format!("{name}: {}", text.as_str()?)));
            if texts.any(|text| said.as_ref().is_ok_and(|said| said.is_match(&text))) {
                let place = format!("ConfigMap {name} in namespace {}", program.namespace);
                return Ok(Some(referencing(&place)));
            }
        }
    }
    Ok(None)
}

fn referencing(place: &str) -> Diagnostic {
    Diagnostic::without_place(&REFERENCING, "it ends runs whose template changes")
        .note(format!("`templateReferencing: Secure` in the {place}; a pipeline updates its templates, also while runs are active"))
        .help("have it be `Strict`, which allows only runs that are made from templates, as all of a pipeline's are")
}
