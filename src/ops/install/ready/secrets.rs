//! The Secrets that a file names. Aphex makes that of the webhook; what others give out, people must put there.

use crate::cloud::kubernetes::kinds::SECRET;
use crate::cloud::kubernetes::{Cause, Cluster};
use crate::collections::{IndexMap, IndexSet};
use crate::eval::data::{Secret, SecretStore};
use crate::model::{Env, EnvValue, Expose, Notifier, Pipeline};
use crate::ops::install::ready::Check;
use crate::rules;

/// What kind of Secret it is, for the command that makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sort {
    /// One with keys.
    Keys(IndexSet<String>),
    /// Credentials for a registry of images.
    Registry,
    /// A certificate and its key. Often something in the cluster makes it.
    Tls,
}

/// Looks for each.
pub fn named(cluster: &Cluster, pipeline: &Pipeline, has_no_namespace: bool) -> Vec<Check> {
    let namespace = &pipeline.namespace.value;
    let mut checks = Vec::new();
    for (name, sort) in all(pipeline) {
        let what = format!("Secret {name}");
        let make = sort.command(&name, namespace);
        let found = match has_no_namespace {
            true => Ok(None),
            false => cluster.get(&SECRET, namespace, &name),
        };
        checks.push(match found {
            Ok(Some(found)) => {
                let data = found.content.get("data");
                let lacks = |key: &&String| data.and_then(|data| data.get(key.as_str())).is_none();
                let missing: Vec<&str> = sort.keys().filter(lacks).map(String::as_str).collect();
                match missing.is_empty() {
                    true => Check::good(what),
                    false => Check::missing(format!("{what} has no key {}", missing.join(", ")), [format!("kubectl edit secret {name} --namespace {namespace}")]),
                }
            }
            Ok(None) if sort == Sort::Tls => Check::unseen(
                format!("{what} is not there"),
                ["the certificate of the webhook: where nothing in the cluster makes it, as cert-manager does, make it".to_owned(), make],
            ),
            Ok(None) => Check::missing(format!("{what} is not there"), [make]),
            Err(failure) if failure.cause == Cause::Denied => {
                Check::unseen(format!("{what}: you may not look"), [format!("where it is not there: {make}")])
            }
            Err(failure) => Check::of_failure(&what, failure),
        });
    }
    checks
}

impl Sort {
    fn keys(&self) -> impl Iterator<Item = &String> {
        let keys = match self {
            Sort::Keys(keys) => Some(keys),
            Sort::Registry | Sort::Tls => None,
        };
        keys.into_iter().flatten()
    }

    /// What makes one. Values are read from files: what is typed stays in the history of a shell.
    fn command(&self, name: &str, namespace: &str) -> String {
        let place = format!("{name} --namespace {namespace}");
        match self {
            Sort::Keys(keys) if keys.is_empty() => {
                format!(
                    "kubectl create secret generic {place} --from-file=KEY=FILE …, as `aphex explain A0925` says"
                )
            }
            Sort::Keys(keys) => {
                let keys = keys.iter().map(|key| format!(" --from-file={key}=FILE"));
                format!(
                    "kubectl create secret generic {place}{}",
                    keys.collect::<String>()
                )
            }
            Sort::Registry => format!(
                "kubectl create secret docker-registry {place} --docker-server=HOST --docker-username=NAME --docker-password=\"$(cat FILE)\""
            ),
            Sort::Tls => format!("kubectl create secret tls {place} --cert=FILE --key=FILE"),
        }
    }
}

/// Every Secret that pods of the pipeline need, or what leads to its webhook, less that of the webhook itself.
fn all(pipeline: &Pipeline) -> IndexMap<String, Sort> {
    let mut all: IndexMap<String, Sort> = IndexMap::default();
    let mut add = |secret: &Secret| {
        if secret.store != SecretStore::Kubernetes {
            return;
        }
        let sort = all
            .entry(secret.name.to_string())
            .or_insert_with(|| Sort::Keys(IndexSet::default()));
        if let (Sort::Keys(keys), Some(key)) = (sort, &secret.key) {
            keys.insert(key.to_string());
        }
    };
    let (token, tls) = match &pipeline.expose {
        Expose::None => (None, None),
        Expose::Ingress {
            token, tls_secret, ..
        } => (token.as_ref(), tls_secret.as_ref()),
        Expose::Gateway { token, .. } => (token.as_ref(), None),
    };
    pipeline
        .checkout
        .credentials
        .iter()
        .chain(token)
        .for_each(&mut add);
    for notify in &pipeline.notify {
        let secret = match &notify.to {
            Notifier::Slack { webhook, .. } => Some(webhook),
            Notifier::Webhook { secret, .. } => secret.as_ref(),
            Notifier::GithubStatus { token, .. } => Some(token),
            Notifier::Sns { .. } => None,
        };
        secret.into_iter().for_each(&mut add);
    }
    let steps = rules::steps(pipeline);
    let of_steps = steps.flat_map(|step| {
        step.services
            .iter()
            .map(|service| &service.env)
            .chain([&step.env])
    });
    let of_environments = pipeline.environments().map(|environment| &environment.env);
    let of_apps = pipeline.apps.iter().map(|app| &app.env);
    for env in of_steps.chain(of_environments).chain(of_apps) {
        secrets_of(env).for_each(&mut add);
    }
    let registries = pipeline
        .registries
        .iter()
        .map(|name| (name, Sort::Registry));
    for (name, sort) in registries.chain(tls.map(|name| (name, Sort::Tls))) {
        all.entry(name.value.clone()).or_insert(sort);
    }
    all
}

fn secrets_of(env: &Env) -> impl Iterator<Item = &Secret> {
    env.values().filter_map(|value| match &value.value {
        EnvValue::Secret(secret) => Some(&**secret),
        EnvValue::Text(_) | EnvValue::Output(_) => None,
    })
}
