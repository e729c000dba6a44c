//! What is asked of a cluster before anything is done there: which one it is, what it knows, what one may do.

use kube::api::{ListParams, PostParams};
use kube::core::DynamicObject;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::cloud::kubernetes::kinds::NAMESPACE;
use crate::cloud::kubernetes::{Cluster, Failure, Kind, Object, again, wait};

/// So many questions are on their way at once.
const AT_ONCE: usize = 8;
/// So many objects an answer holds; there may be more answers.
const PAGE: u32 = 500;

/// `kubectl auth can-i`
const REVIEW: Kind = Kind {
    group: "authorization.k8s.io",
    version: "v1",
    kind: "SelfSubjectAccessReview",
    plural: "selfsubjectaccessreviews",
};

/// Something that one wants to do in a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ask {
    /// `get`, `create`, …
    pub verb: &'static str,
    /// The API group; empty for the core.
    pub group: &'static str,
    /// The kind, as addresses have it.
    pub resource: &'static str,
    /// The only object; `None`: all.
    pub name: Option<String>,
}

impl Cluster {
    /// The version of its API server: `v1.34.1`. Whoever is known may ask this.
    pub fn version(&self) -> Result<String, Failure> {
        let asked = self.tried("ask", || self.client.apiserver_version());
        asked.map(|version| version.git_version)
    }

    /// The kinds that it knows of a group, as addresses have them; none where it does not know the group. Whoever is known may ask this.
    pub fn kinds(&self, group: &str, version: &str) -> Result<Vec<String>, Failure> {
        let address = format!("{group}/{version}");
        let asked = self.tried("ask", || self.client.list_api_group_resources(&address));
        match asked {
            Ok(found) => Ok(found.resources.into_iter().map(|one| one.name).collect()),
            Err(failure) if failure.is_missing() => Ok(Vec::new()),
            Err(failure) => Err(failure),
        }
    }

    /// One object of a kind that is in no namespace; `None` where there is none of the name.
    pub fn get_of_all(&self, kind: &Kind, name: &str) -> Result<Option<Object>, Failure> {
        let api = self.api_of(kind, None);
        let found = self.tried("get", || api.get_opt(name))?;
        Ok(found.map(Object::from))
    }

    /// Fails where there is no namespace of a name: without it a list is empty, and nothing is found. Who may not look at namespaces is not kept from what he may.
    pub fn check_namespace(&self, name: &str) -> Result<(), Failure> {
        match self.get_of_all(&NAMESPACE, name) {
            Ok(None) => Err(Failure::no_namespace(name).at(&self.place)),
            _ => Ok(()),
        }
    }

    /// Every object of a kind, in all namespaces.
    pub fn list_of_all(&self, kind: &Kind) -> Result<Vec<Object>, Failure> {
        let api = self.api_of(kind, None);
        let mut all = Vec::new();
        self.pages(&api, ListParams::default(), PAGE, |found| {
            all.push(Object::from(found));
            Ok(())
        })?;
        Ok(all)
    }

    /// Which of these one may not do in a namespace, in their order. Whoever is known may ask this.
    pub fn denied(&self, namespace: &str, asks: &[Ask]) -> Result<Vec<Ask>, Failure> {
        let mut denied = Vec::new();
        for some in asks.chunks(AT_ONCE) {
            let answers = wait(self.answers(namespace, some));
            let answers = answers.map_err(|failure| failure.at(&self.place))?;
            let some = some.iter().enumerate();
            denied.extend(
                some.filter(|(place, _)| !answers.contains(place))
                    .map(|(_, ask)| ask.clone()),
            );
        }
        Ok(denied)
    }

    /// The places of those that are allowed.
    async fn answers(&self, namespace: &str, asks: &[Ask]) -> Result<Vec<usize>, Failure> {
        let mut questions = JoinSet::new();
        for (place, ask) in asks.iter().enumerate() {
            let api = self.api_of(&REVIEW, None);
            let review = review(namespace, ask)?;
            questions.spawn(async move {
                let params = PostParams::default();
                let answer = again("ask", || api.create(&params, &review)).await?;
                let allowed = answer.data.pointer("/status/allowed");
                Ok((place, allowed.and_then(Value::as_bool) == Some(true)))
            });
        }
        let mut allowed = Vec::new();
        while let Some(answer) = questions.join_next().await {
            let (place, is_allowed) = answer.map_err(|error| Failure::of_system(&error))??;
            if is_allowed {
                allowed.push(place);
            }
        }
        Ok(allowed)
    }
}

fn review(namespace: &str, ask: &Ask) -> Result<DynamicObject, Failure> {
    let mut what = json!({
        "namespace": namespace,
        "verb": ask.verb,
        "group": ask.group,
        "resource": ask.resource,
    });
    if let (Some(what), Some(name)) = (what.as_object_mut(), &ask.name) {
        what.insert("name".to_owned(), json!(name));
    }
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": REVIEW.kind,
        "metadata": {},
        "spec": { "resourceAttributes": what },
    });
    serde_json::from_value(review).map_err(|error| Failure::malformed(&error))
}
