//! The secret that GitHub signs its calls with. It is made once, and never shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cloud::kubernetes::Cluster;
use crate::cloud::kubernetes::kinds::SECRET;
use crate::cloud::random;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::cluster_ready::NOT_READY;
use crate::diagnostics::codes::run_process::SYSTEM;
use crate::model::Pipeline;
use crate::target::events::{WEBHOOK_KEY, webhook_secret_name};
use crate::target::names::{hex, labels};

/// So many bytes of the system's randomness it has.
const BYTES: usize = 32;

/// Whether the Secret was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Webhook {
    /// It is new.
    Made,
    /// It was there, and is as it was.
    Kept,
}

/// Makes the Secret of the webhook where there is none. One that is there is never written, whoever made it: GitHub knows what is in it.
pub fn webhook(cluster: &Cluster, pipeline: &Pipeline) -> Result<Webhook, Diagnostic> {
    let namespace = &pipeline.namespace.value;
    let name = webhook_secret_name(&pipeline.name.value);
    let found = cluster.get(&SECRET, namespace, &name);
    if let Some(found) = found.map_err(|failure| failure.into_diagnostic())? {
        let value = found
            .content
            .get("data")
            .and_then(|data| data.get(WEBHOOK_KEY));
        return match value.and_then(Value::as_str).is_some_and(|value| !value.is_empty()) {
            true => Ok(Webhook::Kept),
            false => Err(Diagnostic::without_place(
                &NOT_READY,
                format!("the Secret `{name}` has no key `{WEBHOOK_KEY}`"),
            )
            .help(format!(
                "nothing can be signed with it: remove it, `kubectl delete secret {name} --namespace {namespace}`, and run it again, which makes one"
            ))),
        };
    }
    let mut bytes = [0; BYTES];
    random::fill(&mut bytes).map_err(|reason| Diagnostic::without_place(&SYSTEM, reason))?;
    let object = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels(&pipeline.name.value),
        },
        "type": "Opaque",
        "data": { WEBHOOK_KEY: STANDARD.encode(hex(&bytes, BYTES)) },
    });
    let made = cluster.create(&SECRET, namespace, &object);
    // Somebody else may have been faster.
    Ok(match made.map_err(|failure| failure.into_diagnostic())? {
        true => Webhook::Made,
        false => Webhook::Kept,
    })
}
