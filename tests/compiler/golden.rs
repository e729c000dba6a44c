//! Argo judges the golden manifests of `tests/golden/`: as they are, and as a run that a Sensor starts.

use crate::support::cluster::Cluster;
use crate::support::compile::{self, EVENT};
use crate::support::judge::{self, Question};

#[test]
fn argo_accepts_every_golden_manifest_3_5() {
    if !judge::is_available("argo_accepts_every_golden_manifest_3_5") {
        return;
    }
    for (name, manifests) in golden() {
        let mut question = Question::new(&*manifests).with_pods();
        for name in compile::object_names(&manifests) {
            question = question.submitted(name, EVENT);
        }
        judge::assert_accepted(&name, &question);
    }
}

#[test]
fn an_api_server_accepts_every_golden_manifest_and_its_pods() {
    let test = "an_api_server_accepts_every_golden_manifest_and_its_pods";
    let Some(cluster) = Cluster::find(test) else {
        return;
    };
    for (name, manifests) in golden() {
        let accepted = cluster.dry_run(&manifests);
        accepted.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        if judge::is_available(test) {
            let pods = judge::ask(&Question::new(manifests).with_pods()).pods;
            assert!(!pods.is_empty(), "{name}");
            let accepted = cluster.dry_run_pods(&pods);
            accepted.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        }
    }
}

/// The golden manifests and their names.
fn golden() -> Vec<(String, String)> {
    let folder = crate::support::tools::root().join("tests/golden");
    let paths = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let manifests: Vec<(String, String)> = paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "snap")
        })
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let (_, manifests) = text.split_once("\n---\n").unwrap();
            (path.display().to_string(), manifests.to_owned())
        })
        .collect();
    assert!(manifests.len() >= 4);
    manifests
}
