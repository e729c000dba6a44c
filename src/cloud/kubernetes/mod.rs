//! A Kubernetes cluster: objects by their kind and name, written by server-side apply.
//!
//! Objects come and go as JSON: their types are the manifests' own.

mod ask;
mod failure;
pub mod kinds;
mod object;
mod pods;
mod workflow;

use std::fmt::Debug;
use std::time::Duration;

use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use kube::config::Kubeconfig;
use kube::core::{ApiResource, DynamicObject};
use kube::{Client, Config};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use ask::Ask;
pub use failure::{Cause, Failure};
pub use object::{Kind, Object};
pub use pods::{Container, Pod, is_about_to_begin};
pub use workflow::{Glimpse, Io, Node, Workflow};

use crate::cloud::aws::runtime;
use crate::cloud::roots;
use crate::diagnostics::safe;

/// Who writes, in `managedFields`: the fields of an object that Aphex has written are its alone.
pub const MANAGER: &str = "aphex";
/// So long a connection may take to be made, and an answer.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(60);
/// How often a call is tried where the API server is busy or does not answer; the wait doubles.
const TRIES: u32 = 5;
const WAIT: Duration = Duration::from_millis(500);

/// A cluster, in the name of whoever asks.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    place: String,
}

impl Cluster {
    /// The cluster of `KUBECONFIG` or `~/.kube/config`, else the one that this pod runs in. Nothing is asked yet.
    pub fn find() -> Result<Cluster, Failure> {
        wait(async {
            let mut config = Config::infer().await.map_err(Failure::no_cluster)?;
            config.connect_timeout = Some(CONNECT);
            config.read_timeout = Some(ANSWER);
            config.write_timeout = Some(ANSWER);
            if config.root_cert.is_none()
                && let Some(roots) = roots::built_in()
            {
                config.root_cert = Some(roots.iter().map(|root| root.to_vec()).collect());
            }
            let place = place(&config);
            let client = Client::try_from(config).map_err(|error| Failure::of("connect", error))?;
            Ok(Cluster { client, place })
        })
    }

    /// Which one it is: ``https://203.0.113.7 (context `dev`)``.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// One object; `None` where there is none of the name.
    pub fn get(&self, kind: &Kind, namespace: &str, name: &str) -> Result<Option<Object>, Failure> {
        let api = self.api(kind, namespace);
        let found = self.tried("get", || api.get_opt(name))?;
        Ok(found.map(Object::from))
    }

    /// Those that have these labels, in no order.
    pub fn list(&self, kind: &Kind, namespace: &str, labels: &str) -> Result<Vec<Object>, Failure> {
        let api = self.api(kind, namespace);
        let wanted = ListParams::default().labels(labels);
        let found = self.tried("list", || api.list(&wanted))?;
        Ok(found.items.into_iter().map(Object::from).collect())
    }

    /// Writes an object by server-side apply, as [`MANAGER`], and takes nothing from another manager: that is a [`Cause::Conflict`]. A trial is
    /// judged by the server and changes nothing. Gives the object as it is then.
    pub fn apply(
        &self,
        kind: &Kind,
        namespace: &str,
        object: &Value,
        is_trial: bool,
    ) -> Result<Object, Failure> {
        let api = self.api(kind, namespace);
        let name = name_of(object);
        let mut params = PatchParams::apply(MANAGER).validation_strict();
        params.dry_run = is_trial;
        let patch = Patch::Apply(object);
        self.tried("apply", || api.patch(name, &params, &patch))
            .map(Object::from)
    }

    /// Changes some fields of an object as they are in `change` (RFC 7386). With a `resourceVersion` in it, one that somebody has changed since is a
    /// [`Cause::Conflict`].
    pub fn merge(
        &self,
        kind: &Kind,
        namespace: &str,
        name: &str,
        change: &Value,
    ) -> Result<Object, Failure> {
        let api = self.api(kind, namespace);
        let params = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Merge(change);
        self.tried("patch", || api.patch(name, &params, &patch))
            .map(Object::from)
    }

    /// Makes an object; `false` where one of the name is there already, which stays as it is.
    pub fn create(&self, kind: &Kind, namespace: &str, object: &Value) -> Result<bool, Failure> {
        let api = self.api(kind, namespace);
        let object: DynamicObject =
            serde_json::from_value(object.clone()).map_err(|error| Failure::malformed(&error))?;
        let params = PostParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PostParams::default()
        };
        match self.tried("create", || api.create(&params, &object)) {
            Ok(_) => Ok(true),
            Err(failure) if failure.cause == Cause::Exists => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Removes an object as it was seen: one that somebody has changed since stays, as a [`Cause::Conflict`].
    pub fn delete(&self, kind: &Kind, namespace: &str, object: &Object) -> Result<(), Failure> {
        let api = self.api(kind, namespace);
        let params = DeleteParams {
            preconditions: Some(Preconditions {
                uid: object.uid.clone(),
                resource_version: object.version.clone(),
            }),
            ..DeleteParams::default()
        };
        match self.tried("delete", || api.delete(&object.name, &params)) {
            Err(failure) if failure.cause == Cause::NotFound => Ok(()),
            done => done.map(|_| ()),
        }
    }

    fn api(&self, kind: &Kind, namespace: &str) -> Api<DynamicObject> {
        self.api_of(kind, Some(namespace))
    }

    /// `None`: of all namespaces, or of a kind that is in none.
    fn api_of(&self, kind: &Kind, namespace: Option<&str>) -> Api<DynamicObject> {
        let resource = ApiResource {
            group: kind.group.to_owned(),
            version: kind.version.to_owned(),
            api_version: match kind.group {
                "" => kind.version.to_owned(),
                group => format!("{group}/{}", kind.version),
            },
            kind: kind.kind.to_owned(),
            plural: kind.plural.to_owned(),
        };
        match namespace {
            None => Api::all_with(self.client.clone(), &resource),
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
        }
    }

    /// Lists in pages of `size` objects, each of which is taken as it comes.
    fn pages<K>(
        &self,
        api: &Api<K>,
        wanted: ListParams,
        size: u32,
        mut take: impl FnMut(K) -> Result<(), Failure>,
    ) -> Result<(), Failure>
    where
        K: Clone + DeserializeOwned + Debug,
    {
        let mut wanted = wanted.limit(size);
        loop {
            let page = self.tried("list", || api.list(&wanted))?;
            page.items.into_iter().try_for_each(&mut take)?;
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => wanted = wanted.continue_token(&token),
                None => return Ok(()),
            }
        }
    }

    /// Asks again where that may help. Every call here may be made twice.
    fn tried<T, F>(&self, verb: &'static str, ask: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, kube::Error>>,
    {
        wait(again(verb, ask)).map_err(|failure| failure.at(&self.place))
    }
}

/// The address of its API server, and the context that names it.
fn place(config: &Config) -> String {
    let address = config.cluster_url.to_string();
    let address = safe::line(address.trim_end_matches('/')).into_owned();
    let file = match Kubeconfig::from_env() {
        Ok(None) => Kubeconfig::read().ok(),
        found => found.ok().flatten(),
    };
    match file.and_then(|file| file.current_context) {
        Some(context) => format!("{address} (context `{}`)", safe::line(&context)),
        None => address,
    }
}

fn name_of(object: &Value) -> &str {
    let name = object
        .get("metadata")
        .and_then(|metadata| metadata.get("name"));
    name.and_then(Value::as_str).unwrap_or_default()
}

async fn again<T, F>(verb: &'static str, ask: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, kube::Error>>,
{
    let mut pause = WAIT;
    let mut left = TRIES;
    loop {
        left -= 1;
        match ask().await.map_err(|error| Failure::of(verb, error)) {
            Err(failure) if failure.may_pass() && left > 0 => {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            answer => return answer,
        }
    }
}

fn wait<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = runtime::runtime().map_err(|error| Failure::of_system(&error))?;
    runtime.block_on(future)
}
