//! Whether one may do what an apply does.

use crate::cloud::kubernetes::kinds::{APPLIED, CONFIG_MAP, LEASE, SECRET};
use crate::cloud::kubernetes::{Ask, Cluster, Kind};
use crate::collections::IndexMap;
use crate::model::Pipeline;
use crate::ops::install::ready::Check;
use crate::stage::apply::Wanted;
use crate::target::kubernetes::rights;
use crate::target::names::Account;

/// What is written is looked at, judged and written by server-side apply, and removed where it is no longer wanted.
const WRITE: [&str; 5] = ["get", "list", "create", "patch", "delete"];

/// Asks for all of it.
pub fn all(cluster: &Cluster, pipeline: &Pipeline, wanted: &[Wanted]) -> Check {
    let namespace = &pipeline.namespace.value;
    let what = format!("your rights in namespace {namespace}");
    let denied = denied(cluster, pipeline, wanted);
    match denied {
        Err(failure) => Check::of_failure(&what, failure),
        Ok(denied) if denied.is_empty() => Check::good(what),
        Ok(denied) => {
            let mut verbs: IndexMap<String, Vec<&str>> = IndexMap::default();
            for ask in &denied {
                let mut object = ask.resource.to_owned();
                if !ask.group.is_empty() {
                    object = format!("{object}.{}", ask.group);
                }
                if let Some(name) = &ask.name {
                    object = format!("{object} {name}");
                }
                let verbs = verbs.entry(object).or_default();
                if !verbs.contains(&ask.verb) {
                    verbs.push(ask.verb);
                }
            }
            let lines = verbs
                .into_iter()
                .map(|(object, verbs)| format!("you may not {} {object}", verbs.join(", ")));
            let help = format!(
                "somebody who may must give you a Role there, or do this: `admin` of Kubernetes in {namespace}, with the rights of Argo's `argo-aggregate-to-admin`, has most of it"
            );
            Check::missing(what, lines.chain([help]))
        }
    }
}

fn denied(
    cluster: &Cluster,
    pipeline: &Pipeline,
    wanted: &[Wanted],
) -> Result<Vec<Ask>, crate::cloud::kubernetes::Failure> {
    let namespace = &pipeline.namespace.value;
    let ask = |kind: &Kind, verb| Ask {
        verb,
        group: kind.group,
        resource: kind.plural,
        name: None,
    };
    let mut asks = Vec::new();
    for kind in APPLIED {
        let is_wanted = kind == CONFIG_MAP || wanted.iter().any(|wanted| wanted.kind == kind.kind);
        let verbs: &[&str] = match is_wanted {
            true => &WRITE,
            // Whether there is one that is wanted no longer.
            false => &["list"],
        };
        asks.extend(verbs.iter().map(|verb| ask(&kind, verb)));
    }
    for verb in ["get", "create", "patch", "delete"] {
        asks.push(ask(&LEASE, verb));
    }
    for verb in ["get", "create"] {
        asks.push(ask(&SECRET, verb));
    }
    let mut denied = cluster.denied(namespace, &asks)?;
    // Nobody gives what he does not have, but for who may `escalate`.
    let escalate = Ask {
        verb: "escalate",
        group: "rbac.authorization.k8s.io",
        resource: "roles",
        name: None,
    };
    if !cluster.denied(namespace, &[escalate])?.is_empty() {
        denied.extend(cluster.denied(namespace, &given(&pipeline.name.value))?);
    }
    Ok(denied)
}

/// Every right that the Roles of a pipeline give.
fn given(pipeline: &str) -> Vec<Ask> {
    let mut asks: Vec<Ask> = Vec::new();
    for right in Account::ALL
        .into_iter()
        .flat_map(|account| rights(account, pipeline))
    {
        let names = match right.names.is_empty() {
            true => vec![None],
            false => right.names.iter().cloned().map(Some).collect(),
        };
        for resource in &right.resources {
            for verb in &right.verbs {
                for name in &names {
                    let ask = Ask {
                        verb,
                        group: right.group,
                        resource,
                        name: name.clone(),
                    };
                    if !asks.contains(&ask) {
                        asks.push(ask);
                    }
                }
            }
        }
    }
    asks
}
