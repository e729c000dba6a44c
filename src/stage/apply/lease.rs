//! One at a time: who changes a pipeline's objects holds a Lease meanwhile, as Kubernetes' own controllers do.
//!
//! Whoever is killed lets go of it by not renewing it.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::cloud::kubernetes::kinds::LEASE;
use crate::cloud::kubernetes::{Cause, Cluster, Failure, Object};
use crate::diagnostics::codes::cluster::BUSY;
use crate::diagnostics::{Diagnostic, safe};
use crate::target::names::{labels, lease_name};

/// How often it is renewed.
const RENEWED: Duration = Duration::from_secs(4);

/// A Lease that is held; let go of when it is dropped.
pub struct Lease {
    cluster: Cluster,
    namespace: String,
    name: String,
    holder: String,
    ends: Option<Sender<()>>,
    renewing: Option<JoinHandle<()>>,
}

impl Lease {
    /// So long it holds without being renewed.
    pub const HOLDS: Duration = Duration::from_secs(15);

    /// Takes the Lease of a pipeline for `holder`, which names this process and no other. Waits for somebody else at most `patience`; `tell` is told once whom for.
    pub fn take(
        cluster: &Cluster,
        namespace: &str,
        pipeline: &str,
        holder: &str,
        patience: Duration,
        mut tell: impl FnMut(&str),
    ) -> Result<Lease, Box<Diagnostic>> {
        let name = lease_name(pipeline);
        let problem = |failure: Failure| Box::new(failure.into_diagnostic());
        let begun = Instant::now();
        let mut told = false;
        loop {
            let wanted = object(namespace, &name, pipeline, holder);
            if cluster
                .create(&LEASE, namespace, &wanted)
                .map_err(problem)?
            {
                break;
            }
            let Some(found) = cluster.get(&LEASE, namespace, &name).map_err(problem)? else {
                continue;
            };
            match held_by(&found) {
                None => {
                    let change = change(holder, found.version.as_deref());
                    match cluster.merge(&LEASE, namespace, &name, &change) {
                        Ok(_) => break,
                        // Somebody was faster, or it is gone.
                        Err(failure)
                            if matches!(failure.cause, Cause::Conflict(_) | Cause::NotFound) => {}
                        Err(failure) => return Err(problem(failure)),
                    }
                }
                Some(other) if begun.elapsed() >= patience => {
                    return Err(Box::new(busy(pipeline, &other)));
                }
                Some(other) if !told => {
                    tell(&other);
                    told = true;
                }
                Some(_) => {}
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        let (ends, ended) = channel();
        let mut lease = Lease {
            cluster: cluster.clone(),
            namespace: namespace.to_owned(),
            name,
            holder: holder.to_owned(),
            ends: Some(ends),
            renewing: None,
        };
        let (cluster, namespace, name) =
            (cluster.clone(), namespace.to_owned(), lease.name.clone());
        let holder = holder.to_owned();
        let renew = move || {
            while ended.recv_timeout(RENEWED) == Err(RecvTimeoutError::Timeout) {
                let found = cluster.get(&LEASE, &namespace, &name);
                let own = found.ok().flatten().filter(|found| is_of(found, &holder));
                if let Some(own) = own {
                    let change = change(&holder, own.version.as_deref());
                    let _ = cluster.merge(&LEASE, &namespace, &name, &change);
                }
            }
        };
        // Without it, the Lease ends early, and the worst is that two write the same.
        lease.renewing = std::thread::Builder::new().spawn(renew).ok();
        Ok(lease)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        drop(self.ends.take());
        if let Some(renewing) = self.renewing.take() {
            let _ = renewing.join();
        }
        let found = self.cluster.get(&LEASE, &self.namespace, &self.name);
        let own = found.ok().flatten();
        if let Some(own) = own.filter(|found| is_of(found, &self.holder)) {
            let _ = self.cluster.delete(&LEASE, &self.namespace, &own);
        }
    }
}

fn object(namespace: &str, name: &str, pipeline: &str, holder: &str) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels(pipeline),
        },
        "spec": held(holder),
    })
}

/// Takes over, or renews, the version that was seen.
fn change(holder: &str, version: Option<&str>) -> Value {
    json!({ "metadata": { "resourceVersion": version }, "spec": held(holder) })
}

fn held(holder: &str) -> Value {
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ");
    json!({
        "holderIdentity": holder,
        "leaseDurationSeconds": Lease::HOLDS.as_secs(),
        "renewTime": now.to_string(),
    })
}

fn spec<'o>(found: &'o Object, field: &str) -> Option<&'o Value> {
    found.content.get("spec")?.get(field)
}

fn is_of(found: &Object, holder: &str) -> bool {
    spec(found, "holderIdentity").and_then(Value::as_str) == Some(holder)
}

/// Who holds it; `None` where that one has not renewed it in time.
fn held_by(found: &Object) -> Option<String> {
    let holder = spec(found, "holderIdentity").and_then(Value::as_str)?;
    let renewed: Timestamp = spec(found, "renewTime")?.as_str()?.parse().ok()?;
    let seconds = spec(found, "leaseDurationSeconds")?.as_i64()?;
    let ends = renewed
        .checked_add(SignedDuration::from_secs(seconds))
        .ok()?;
    (ends > Timestamp::now()).then(|| safe::line(holder).into_owned())
}

fn busy(pipeline: &str, other: &str) -> Diagnostic {
    let message = format!("somebody else is changing the pipeline `{pipeline}` just now");
    Diagnostic::without_place(&BUSY, message)
        .note(format!("it is {other}"))
        .help("run it again when that has ended; nothing was changed")
}
