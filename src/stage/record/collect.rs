//! Records from what the stages of a run left in the store.

use crate::collections::HashMap;
use crate::stage::record::{StageRecord, StageResult, keys};
use crate::stage::store::{self, Key, Store};

/// A record of a stage has at most so many bytes.
const LARGEST: u64 = 64 << 20;

/// Every try of every stage of a run, by the stage's path, in order. What cannot be read is passed over: a record with
/// a gap is better than none.
pub fn tries(store: &dyn Store, run: &str) -> HashMap<String, Vec<StageResult>> {
    let mut tries: HashMap<String, Vec<StageResult>> = HashMap::default();
    let folder = Key::new(keys::stages(run).trim_end_matches('/'));
    let entries = folder.and_then(|folder| store.list(&folder));
    for entry in entries.unwrap_or_default() {
        let name = entry.key.as_str();
        // `…/0.json`; what a stage keeps is deeper, below `…/0.kept/`.
        if !name.ends_with(".json") || name.contains(".kept/") {
            continue;
        }
        let Ok(Some(bytes)) = store::read(store, &entry.key, LARGEST) else {
            continue;
        };
        if let Ok(result) = serde_json::from_slice::<StageResult>(&bytes) {
            tries.entry(result.stage.clone()).or_default().push(result);
        }
    }
    for tries in tries.values_mut() {
        tries.sort_by_key(|result| result.attempt);
    }
    tries
}

/// Gives each group the time from its first stage's beginning to its last one's end.
pub fn time_groups(stages: &mut [StageRecord]) {
    let times: Vec<(String, jiff::Timestamp, f64)> = stages
        .iter()
        .filter(|stage| stage.outcome.is_some() && !stage.tries.is_empty())
        .filter_map(|stage| Some((stage.path.clone(), stage.started_at?, stage.seconds?)))
        .collect();
    for group in stages.iter_mut().filter(|stage| stage.seconds.is_none()) {
        let inside = format!("{}/", group.path);
        let members = times
            .iter()
            .filter(|(path, _, _)| path.starts_with(&inside));
        let Some(first) = members.clone().map(|(_, began, _)| *began).min() else {
            continue;
        };
        let ends =
            members.map(|(_, began, seconds)| began.duration_since(first).as_secs_f64() + seconds);
        group.started_at = Some(first);
        group.seconds = Some(ends.fold(0.0, f64::max));
    }
}
