//! Pods and what they write, and who asks.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::AsyncReadExt;
use jiff::Timestamp;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod as RawPod};
use kube::api::{Api, ListParams, LogParams, PostParams};

use crate::cloud::kubernetes::{Cause, Cluster, Failure, wait};

/// A line longer than this is cut, in bytes.
const LONGEST: usize = 1 << 20;
/// What a container says that waits for others, or is about to begin.
const ABOUT_TO_BEGIN: [&str; 2] = ["PodInitializing", "ContainerCreating"];
/// The wait before a log is asked for again that ended before its container did.
const AGAIN: Duration = Duration::from_secs(1);

/// A pod, as far as its logs matter.
#[derive(Clone, Debug)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// The containers that prepare it, then the others.
    pub containers: Vec<Container>,
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Whether it comes before the others.
    pub is_init: bool,
    /// Whether it has begun.
    pub has_begun: bool,
    /// The exit code, where it has ended for good.
    pub exit_code: Option<i32>,
    /// What it waits for: `ImagePullBackOff: …`
    pub waits: Option<String>,
}

impl Pod {
    /// A container by its name.
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|one| one.name == name)
    }

    /// What keeps it from beginning: `ErrImagePull: …`
    pub fn waits(&self) -> Option<&str> {
        let all = self.containers.iter();
        let mut reasons = all.filter_map(|one| one.waits.as_deref());
        reasons.find(|why| !is_about_to_begin(why))
    }
}

/// Whether this says no more than that a pod is about to begin.
pub fn is_about_to_begin(why: &str) -> bool {
    ABOUT_TO_BEGIN.iter().any(|other| why.starts_with(other))
}

impl From<RawPod> for Pod {
    fn from(pod: RawPod) -> Pod {
        let status = pod.status.unwrap_or_default();
        let init = status.init_container_statuses.unwrap_or_default();
        let main = status.container_statuses.unwrap_or_default();
        let init = init.into_iter().map(|one| container(one, true));
        let main = main.into_iter().map(|one| container(one, false));
        Pod {
            name: pod.metadata.name.unwrap_or_default(),
            annotations: pod.metadata.annotations.unwrap_or_default(),
            containers: init.chain(main).collect(),
        }
    }
}

fn container(status: ContainerStatus, is_init: bool) -> Container {
    let state = status.state.unwrap_or_default();
    let waits = state.waiting.map(|waiting| {
        let parts = [waiting.reason, waiting.message];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        parts.join(": ")
    });
    Container {
        name: status.name,
        is_init,
        has_begun: state.running.is_some() || state.terminated.is_some(),
        exit_code: state.terminated.map(|ended| ended.exit_code),
        waits,
    }
}

impl Cluster {
    /// The pods that have these labels, in no order.
    pub fn pods(&self, namespace: &str, labels: &str) -> Result<Vec<Pod>, Failure> {
        let api: Api<RawPod> = Api::namespaced(self.client.clone(), namespace);
        let wanted = ListParams::default().labels(labels);
        let found = self.tried("list", || api.list(&wanted))?;
        Ok(found.items.into_iter().map(Pod::from).collect())
    }

    /// Gives `tell` each line that a container has written; with `follow` until it ends or `tell` says that it wants no more. A stream that breaks is
    /// taken up where it was.
    pub fn log(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        follow: bool,
        mut tell: impl FnMut(&str) -> bool,
    ) -> Result<(), Failure> {
        let api: Api<RawPod> = Api::namespaced(self.client.clone(), namespace);
        let mut seen = Seen::default();
        loop {
            let params = LogParams {
                container: Some(container.to_owned()),
                follow,
                timestamps: true,
                // Kubernetes' crate has another version of the same type.
                since_time: seen.at.and_then(|at| at.to_string().parse().ok()),
                ..LogParams::default()
            };
            seen.begin();
            let wants_more = wait(async {
                let stream = api.log_stream(pod, &params).await;
                let stream = stream.map_err(|error| Failure::of("log", error))?;
                let mut stream = std::pin::pin!(stream);
                let mut rest: Vec<u8> = Vec::new();
                let mut chunk = vec![0; 16 << 10];
                loop {
                    let count = match stream.read(&mut chunk).await {
                        Ok(0) => break,
                        Ok(count) => count,
                        // What is quiet for a while is closed on the way; it goes on below.
                        Err(_) if follow => break,
                        Err(error) => return Err(Failure::of_system(&error)),
                    };
                    rest.extend_from_slice(chunk.get(..count).unwrap_or_default());
                    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                        let line: Vec<u8> = rest.drain(..=end).collect();
                        if !seen.take(&line, &mut tell) {
                            return Ok(false);
                        }
                    }
                    if rest.len() > LONGEST {
                        let line = std::mem::take(&mut rest);
                        if !seen.take(&line, &mut tell) {
                            return Ok(false);
                        }
                    }
                }
                Ok(rest.is_empty() || seen.take(&rest, &mut tell))
            });
            if !wants_more? || !follow {
                return Ok(());
            }
            match self.tried("get", || api.get_opt(pod))? {
                None => return Ok(()),
                Some(found) => {
                    let found = Pod::from(found);
                    let ended = found.container(container).and_then(|one| one.exit_code);
                    if ended.is_some() && !seen.got_any {
                        return Ok(());
                    }
                }
            }
            std::thread::sleep(AGAIN);
        }
    }

    /// Who asks, as the API server knows him: `ann@example.com`, `arn:aws:sts::111122223333:assumed-role/deployer/ann`.
    pub fn whoami(&self) -> Result<String, Failure> {
        let api: Api<SelfSubjectReview> = Api::all(self.client.clone());
        let (params, nothing) = (PostParams::default(), SelfSubjectReview::default());
        let review = self.tried("ask", || api.create(&params, &nothing))?;
        let user = review.status.and_then(|status| status.user_info);
        user.and_then(|user| user.username).ok_or(Failure {
            cause: Cause::Other,
            verb: "ask",
            place: None,
            message: "the cluster does not say who asks".to_owned(),
        })
    }
}

/// How far a log was read: a stream that is asked for anew begins with the second that the last line is of.
#[derive(Default)]
struct Seen {
    at: Option<Timestamp>,
    /// Lines at that very moment.
    count: usize,
    /// Of those, how many are still to be left out.
    skip: usize,
    until: Option<Timestamp>,
    got_any: bool,
}

impl Seen {
    fn begin(&mut self) {
        self.until = self.at;
        self.skip = self.count;
        self.got_any = false;
    }

    /// Tells a line that was not told before. The kubelet writes the time before it, and a space.
    fn take(&mut self, line: &[u8], tell: &mut impl FnMut(&str) -> bool) -> bool {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\n', '\r']);
        let stamped = text
            .split_once(' ')
            .and_then(|(time, rest)| Some((time.parse::<Timestamp>().ok()?, rest)));
        let Some((time, rest)) = stamped else {
            self.got_any = true;
            return tell(text);
        };
        if let Some(until) = self.until {
            if time < until {
                return true;
            }
            if time == until && self.skip > 0 {
                self.skip -= 1;
                return true;
            }
        }
        match self.at == Some(time) {
            true => self.count += 1,
            false => (self.at, self.count) = (Some(time), 1),
        }
        self.got_any = true;
        tell(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_is_asked_for_anew_tells_no_line_twice() {
        let mut seen = Seen::default();
        let mut told: Vec<String> = Vec::new();
        let first = [
            "2030-01-31T05:00:00.1Z a",
            "2030-01-31T05:00:00.2Z b",
            "2030-01-31T05:00:00.2Z b",
        ];
        let second = [
            "2030-01-31T05:00:00.1Z a",
            "2030-01-31T05:00:00.2Z b",
            "2030-01-31T05:00:00.2Z b",
            "2030-01-31T05:00:00.2Z c",
            "2030-01-31T05:00:01Z  d",
        ];
        for lines in [&first[..], &second[..], &second[..]] {
            seen.begin();
            for line in lines {
                seen.take(line.as_bytes(), &mut |line| {
                    told.push(line.to_owned());
                    true
                });
            }
        }
        assert_eq!(told, ["a", "b", "b", "c", " d"]);
        assert!(!seen.got_any);
    }
}
