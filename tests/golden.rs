//! Argo judges the golden manifests of `tests/golden/`: as they are, and as a run that a Sensor starts.

mod support;

use support::judge::{self, Question};

/// What a Sensor gives a run.
const EVENT: [(&str, &str); 6] = [
    ("commit", "0123456789abcdef0123456789abcdef01234567"),
    ("event", "push"),
    ("ref", "cmVmcy9oZWFkcy9tYWlu"),
    ("actor", "b2N0b2NhdA=="),
    ("pull-request", ""),
    ("inputs", "e30="),
];

#[test]
fn argo_accepts_every_golden_manifest_3_5() {
    if !judge::is_available("argo_accepts_every_golden_manifest_3_5") {
        return;
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "snap") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let (_, manifests) = text.split_once("\n---\n").unwrap();
        let mut question = Question::new(manifests).with_pods();
        for name in manifests
            .lines()
            .filter_map(|line| line.strip_prefix("  name: "))
        {
            question = question.submitted(name, EVENT);
        }
        judge::assert_accepted(&path.display().to_string(), &question);
        count += 1;
    }
    assert!(count >= 4);
}
