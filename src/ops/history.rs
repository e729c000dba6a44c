//! The runs that a store remembers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

#[cfg(feature = "cloud")]
use crate::cloud::kubernetes::Cluster;
#[cfg(feature = "cloud")]
use crate::cloud::kubernetes::kinds::CONFIG_MAP;
use crate::diagnostics::codes::run as codes;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names, safe};
#[cfg(feature = "cloud")]
use crate::model::Pipeline;
#[cfg(feature = "cloud")]
use crate::ops::install::check_settings;
use crate::stage::record::{RunRecord, StageResult, keys, tries};
use crate::stage::store::{Key, Store, read};
#[cfg(feature = "cloud")]
use crate::target::names::{STORE_KEY, settings_name};

/// The version of records that is read.
const VERSION: u64 = 1;
/// The largest record that is read, in bytes.
const LARGEST: u64 = 64 << 20;
/// What names the newest run, where no run is called so.
const LAST: &str = "last";

/// So many records are read at once: most of the time of one is the way to a bucket and back.
const AT_ONCE: usize = 16;

/// What a store remembers.
#[derive(Debug, Default)]
pub struct History {
    /// The runs with a record, newest first.
    pub runs: Vec<RunRecord>,
    /// How many older ones there are.
    pub older: usize,
    /// The names of those without one: they still run, or were ended before they could write it. In order.
    pub unfinished: Vec<String>,
    /// Those of them that were killed, newest first; see [`History::bury`].
    pub killed: Vec<Killed>,
    /// What is wrong with each record that cannot be read.
    pub problems: Vec<Diagnostic>,
}

/// A run that was killed before it could write a record.
#[derive(Debug, PartialEq, Eq)]
pub struct Killed {
    /// Its name.
    pub run: String,
    /// When it began, where its name tells.
    pub started_at: Option<Timestamp>,
}

impl History {
    /// Moves those among the unfinished runs that do not live to the killed ones, and keeps the newest of all that have ended.
    pub fn bury(&mut self, most: usize, lives: impl Fn(&str) -> bool) {
        let (open, dead): (Vec<_>, Vec<_>) = self.unfinished.drain(..).partition(|run| lives(run));
        self.unfinished = open;
        self.killed = dead
            .into_iter()
            .map(|run| Killed {
                started_at: began(&run),
                run,
            })
            .collect();
        self.killed
            .sort_by(|a, b| (b.started_at, &a.run).cmp(&(a.started_at, &b.run)));
        while self.runs.len() + self.killed.len() > most {
            let oldest = self.killed.last().map(|killed| killed.started_at);
            let is_killed = match (self.runs.last(), oldest) {
                (Some(run), Some(killed)) => killed < Some(run.started_at),
                (run, _) => run.is_none(),
            };
            if is_killed {
                self.killed.pop();
            } else {
                self.runs.pop();
            }
            self.older += 1;
        }
    }

    /// Its newest runs. An `A0930` where the store cannot be listed.
    ///
    /// Names of runs do not tell their age, so every record is read, several at once, and no more of them kept than are wanted.
    pub fn newest(store: &dyn Store, most: usize) -> Result<History, Diagnostic> {
        History::of(store, most, |_| true)
    }

    /// The newest runs of which something is true.
    pub fn of(
        store: &dyn Store,
        most: usize,
        is_wanted: impl Fn(&RunRecord) -> bool + Sync,
    ) -> Result<History, Diagnostic> {
        let names = names(store)?;
        let next = AtomicUsize::new(0);
        let found = Mutex::new(Found::default());
        let read = || {
            while let Some(run) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                let record = record(store, run);
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                match record {
                    Ok(Some(record)) if is_wanted(&record) => found.add(record, most),
                    Ok(Some(_)) => {}
                    Ok(None) => found.unfinished.push(run.clone()),
                    Err(problem) => found.problems.push((run.clone(), problem)),
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..names.len().min(AT_ONCE) {
                scope.spawn(read);
            }
            read();
        });
        let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(found.sorted(most))
    }
}

/// What was read so far, in no order.
#[derive(Default)]
struct Found {
    runs: Vec<RunRecord>,
    older: usize,
    unfinished: Vec<String>,
    problems: Vec<(String, Diagnostic)>,
}

impl Found {
    fn add(&mut self, record: RunRecord, most: usize) {
        self.runs.push(record);
        if self.runs.len() > most.saturating_mul(2) {
            self.keep(most);
        }
    }

    fn keep(&mut self, most: usize) {
        self.runs
            .sort_by(|a, b| (b.started_at, &a.run).cmp(&(a.started_at, &b.run)));
        self.older += self.runs.len().saturating_sub(most);
        self.runs.truncate(most);
    }

    fn sorted(mut self, most: usize) -> History {
        self.keep(most);
        self.unfinished.sort();
        self.problems.sort_by(|(a, _), (b, _)| a.cmp(b));
        History {
            runs: self.runs,
            older: self.older,
            unfinished: self.unfinished,
            killed: Vec::new(),
            problems: self.problems.into_iter().map(|(_, why)| why).collect(),
        }
    }
}

/// Where a pipeline of a cluster keeps its runs: the address that its pods are given. `None` where it is not there, or has none; an error where what is there is another's of
/// the same name.
#[cfg(feature = "cloud")]
pub fn store_in_cluster(
    cluster: &Cluster,
    pipeline: &Pipeline,
) -> Result<Option<String>, Box<Diagnostic>> {
    let namespace = &pipeline.namespace.value;
    let settings = cluster.get(&CONFIG_MAP, namespace, &settings_name(&pipeline.name.value));
    let settings = settings.map_err(|failure| Box::new(failure.into_diagnostic()))?;
    check_settings(cluster, pipeline, settings.as_ref())?;
    let address = settings.and_then(|settings| {
        let data = settings.content.get("data")?;
        Some(data.get(STORE_KEY)?.as_str()?.to_owned())
    });
    Ok(address.filter(|address| !address.is_empty()))
}

/// One run: by its name, or `last` for the newest with a record. `lives`: whether it goes on, where that is known.
///
/// `A0906` where there is none, `A0907` and `A0908` where its record cannot be read, `A0909` where it has none yet.
pub fn find(store: &dyn Store, name: &str, lives: Option<bool>) -> Result<RunRecord, Diagnostic> {
    let all = names(store)?;
    if all.iter().any(|run| run == name) {
        return record(store, name)?.ok_or_else(|| unfinished(store, name, lives));
    }
    let history = match name {
        LAST => History::newest(store, 1)?,
        _ => History::default(),
    };
    match history.runs.into_iter().next() {
        Some(newest) => Ok(newest),
        None => Err(missing(name, &all)),
    }
}

/// There is no run of that name.
pub fn missing(name: &str, all: &[String]) -> Diagnostic {
    let message = format!("there is no run `{}`", safe::line(name));
    let problem = Diagnostic::without_place(&codes::NO_SUCH_RUN, message);
    let near = did_you_mean(name, all.iter().map(String::as_str));
    match (near, all.is_empty()) {
        (Some(near), _) => problem.help(format!("did you mean `{near}`?")),
        (None, true) => problem.note("no run is recorded there").help(
            "`aphex run` runs the pipeline on this machine, and records it in the repository",
        ),
        (None, false) => {
            let names = all.iter().rev().map(String::as_str);
            problem
                .note(format!("there are {}", list_names(names, 5)))
                .help("`aphex history` lists them")
        }
    }
}

/// When a run of this machine began: `shop-20300131-050000` and `shop-20300131-050000-2`.
fn began(run: &str) -> Option<Timestamp> {
    let parts: Vec<&str> = run.split('-').collect();
    parts.windows(2).rev().find_map(|pair| {
        let time = DateTime::strptime("%Y%m%d-%H%M%S", pair.join("-")).ok()?;
        TimeZone::UTC.to_timestamp(time).ok()
    })
}

fn names(store: &dyn Store) -> Result<Vec<String>, Diagnostic> {
    store.names(&Key::new(keys::RUNS)?)
}

/// The record of a run; `None` where it has none.
fn record(store: &dyn Store, run: &str) -> Result<Option<RunRecord>, Diagnostic> {
    let key = Key::new(keys::record(run))?;
    let Some(text) = read(store, &key, LARGEST)? else {
        return Ok(None);
    };
    let damaged = |why: String| {
        let message = format!("the record of the run `{}` is damaged", safe::line(run));
        Diagnostic::without_place(&codes::DAMAGED_RECORD, message)
            .note(format!("`{key}` in the store: {why}"))
    };
    #[derive(Deserialize)]
    struct Version {
        version: u64,
    }
    let Version { version } =
        serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    if version > VERSION {
        let message = format!(
            "the record of the run `{}` is of a newer form",
            safe::line(run)
        );
        return Err(Diagnostic::without_place(&codes::NEWER_RECORD, message)
            .note(format!(
                "it is of form {version}, and this version of Aphex, {}, reads form {VERSION}",
                env!("CARGO_PKG_VERSION")
            ))
            .help("use the version of Aphex that made the run, or a newer one"));
    }
    let record: RunRecord =
        serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    match record.run == run {
        true => Ok(Some(record)),
        false => Err(damaged(format!(
            "it is of the run `{}`",
            safe::line(&record.run)
        ))),
    }
}

/// A run without a record, with what its stages left so far.
fn unfinished(store: &dyn Store, run: &str, lives: Option<bool>) -> Diagnostic {
    let message = format!("the run `{}` has no record", safe::line(run));
    let problem = Diagnostic::without_place(&codes::UNFINISHED_RUN, message).note(match lives {
        Some(true) => "it still runs",
        Some(false) => "it was killed before it could write one",
        None => "it still runs, or was ended before it could write one",
    });
    let mut results: Vec<StageResult> = tries(store, run).into_values().flatten().collect();
    results.sort_by_key(|result| result.started_at);
    let lines: Vec<String> = results
        .iter()
        .map(|result| {
            safe::line(&format!("{} {}", result.stage, result.outcome.word())).into_owned()
        })
        .collect();
    let problem = match lines.is_empty() {
        true => problem,
        false => problem.note(format!("of its stages ended:\n{}", lines.join("\n"))),
    };
    match lives {
        Some(false) => problem.help("the next run is not in its way"),
        _ => problem.help("ask again once it has ended; the next run is not in its way"),
    }
}
