//! What the pods of a run write (8.1), by the stages that people know; of pods that are gone, what the stages have kept in the store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use crate::cloud::kubernetes::{Cluster, Pod};
use crate::diagnostics::codes::run::NO_SUCH_RUN;
use crate::diagnostics::{Diagnostic, did_you_mean, list_names, safe};
use crate::ops::install::known;
use crate::ops::live::stages::StageState;
use crate::ops::live::{Run, Runs};
use crate::stage::record::keys;
use crate::stage::store::{self, Address, Key};

/// Argo's label of a run's pods, and its annotation with the node's name (`workflow/common/common.go`).
const WORKFLOW: &str = "workflows.argoproj.io/workflow";
const NODE_NAME: &str = "workflows.argoproj.io/node-name";
/// The container that does the work of a stage (`common.MainContainerName`), and those that prepare it.
const MAIN: &str = "main";
/// How often the run is looked at.
const TICK: Duration = Duration::from_secs(2);
/// The largest log that is read from the store, in bytes.
const LARGEST: u64 = 256 << 20;

/// Whose logs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The path of a stage, or of what holds it; `None`: all.
    pub stage: Option<&'a str>,
    /// Those alone that have failed.
    pub failed: bool,
    /// Until the run ends.
    pub follow: bool,
}

/// Something to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A stage has written it.
    Log(&'a str, &'a str),
    /// What is known of a stage.
    Note(&'a str, &'a str),
}

/// Tells what the pods of a run have written; with `follow` what they write until it ends. Gives the run as it was seen last.
pub fn logs(
    runs: &Runs<'_>,
    run: Run,
    wanted: Wanted<'_>,
    tell: &mut dyn FnMut(Line<'_>),
) -> Result<Run, Diagnostic> {
    match wanted.follow && !run.state.has_ended() {
        true => follow(runs, run, wanted, tell),
        false => once(runs, run, wanted, tell),
    }
}

fn once(
    runs: &Runs<'_>,
    run: Run,
    wanted: Wanted<'_>,
    tell: &mut dyn FnMut(Line<'_>),
) -> Result<Run, Diagnostic> {
    let chosen = chosen(&run, wanted)?;
    let pods = pods(runs, &run)?;
    let mut kept = Kept::new(runs);
    for stage in chosen {
        let Some(pod) = pods.get(&stage.name) else {
            kept.tell(&run, stage, tell);
            continue;
        };
        show(&runs.cluster, runs.namespace(), pod, stage, tell)?;
    }
    Ok(run)
}

/// The stages that are wanted and have pods; says where none is called so.
fn chosen<'r>(run: &'r Run, wanted: Wanted<'_>) -> Result<Vec<&'r StageState>, Diagnostic> {
    let has_pod = |stage: &&StageState| stage.kind != "approval" && stage.started_at.is_some();
    let pods = || run.stages.iter().filter(has_pod);
    if let Some(path) = wanted.stage
        && !pods().any(|stage| is_at(stage, path))
    {
        let mut paths: Vec<&str> = pods().map(|stage| stage.path.as_str()).collect();
        paths.dedup();
        let message = format!("`{}` has no stage `{}` so far", run.name, safe::line(path));
        let problem = Diagnostic::without_place(&NO_SUCH_RUN, message);
        return Err(match did_you_mean(path, paths.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None if paths.is_empty() => problem.note("none of its stages has begun"),
            None => problem.note(format!("there are {}", list_names(paths, 12))),
        });
    }
    Ok(pods().filter(|stage| is_wanted(stage, wanted)).collect())
}

fn is_wanted(stage: &StageState, wanted: Wanted<'_>) -> bool {
    (!wanted.failed || stage.has_failed()) && wanted.stage.is_none_or(|path| is_at(stage, path))
}

fn is_at(stage: &StageState, path: &str) -> bool {
    let rest = stage.path.strip_prefix(path.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The pods of a run, by the names of their nodes.
pub(super) fn pods(runs: &Runs<'_>, run: &Run) -> Result<BTreeMap<String, Pod>, Diagnostic> {
    let labels = format!("{WORKFLOW}={}", run.name);
    let pods = runs.cluster.pods(runs.namespace(), &labels);
    let pods = pods.map_err(|failure| failure.into_diagnostic())?;
    let named = pods
        .into_iter()
        .filter_map(|pod| Some((pod.annotations.get(NODE_NAME)?.clone(), pod)));
    Ok(named.collect())
}

/// The containers of a pod whose logs say something: what has failed before the stage could begin, and the stage itself.
fn telling(pod: &Pod) -> Vec<&str> {
    let has_failed = |code: Option<i32>| code.is_some_and(|code| code != 0);
    let containers = pod.containers.iter().filter(|one| match one.is_init {
        true => one.has_begun && has_failed(one.exit_code),
        false => one.name == MAIN && one.has_begun,
    });
    containers.map(|one| one.name.as_str()).collect()
}

fn show(
    cluster: &Cluster,
    namespace: &str,
    pod: &Pod,
    stage: &StageState,
    tell: &mut dyn FnMut(Line<'_>),
) -> Result<(), Diagnostic> {
    let containers = telling(pod);
    for container in &containers {
        let read = cluster.log(namespace, &pod.name, container, false, |line| {
            if !is_argos(line) {
                tell(Line::Log(&stage.path, line));
            }
            true
        });
        read.map_err(|failure| failure.into_diagnostic())?;
    }
    if containers.is_empty() {
        tell(Line::Note(&stage.path, &what_it_waits_for(pod)));
    } else if stage.has_failed() && !stage.message.is_empty() {
        tell(Line::Note(&stage.path, &stage.message));
    }
    Ok(())
}

/// What a pod waits for that writes nothing yet.
fn what_it_waits_for(pod: &Pod) -> String {
    match pod.waits() {
        Some(reason) => format!("its pod `{}` waits: {reason}", pod.name),
        None => format!("its pod `{}` has written nothing yet", pod.name),
    }
}

/// The logs that the stages have kept.
struct Kept {
    address: Option<String>,
    store: Option<Box<dyn store::Store>>,
    problem: Option<String>,
}

impl Kept {
    fn new(runs: &Runs<'_>) -> Kept {
        // Whoever may not read it is told where the pods are gone.
        let facts = known(&runs.cluster, runs.pipeline).ok();
        Kept {
            address: facts.and_then(|facts| facts.store),
            store: None,
            problem: None,
        }
    }

    fn tell(&mut self, run: &Run, stage: &StageState, tell: &mut dyn FnMut(Line<'_>)) {
        let key = keys::log(&run.name, &stage.path, stage.attempt);
        match self.read(&key) {
            Ok(Some(text)) => {
                for line in text.lines() {
                    tell(Line::Log(&stage.path, line));
                }
            }
            Ok(None) => tell(Line::Note(
                &stage.path,
                "its pod is gone, and has kept no log",
            )),
            Err(why) => tell(Line::Note(&stage.path, &why)),
        }
        if stage.has_failed() && !stage.message.is_empty() {
            tell(Line::Note(&stage.path, &stage.message));
        }
    }

    fn read(&mut self, key: &str) -> Result<Option<String>, String> {
        let Some(address) = &self.address else {
            return Err("its pod is gone; where its log is kept is not known".to_owned());
        };
        let place = format!("{}/{key}", address.trim_end_matches('/'));
        let gone = |why: &str| format!("its pod is gone; its log is kept at {place}{why}");
        // What has failed once is not tried for every stage: it may take long.
        if self.problem.is_some() {
            return Err(gone(""));
        }
        let opened = match self.store.take() {
            Some(store) => Ok(store),
            None => Address::parse(address).and_then(|address| store::open(&address)),
        };
        let read = opened.and_then(|store| {
            let bytes = store::read(&*store, &Key::new(key)?, LARGEST);
            self.store = Some(store);
            bytes
        });
        match read {
            Ok(bytes) => Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())),
            Err(problem) => {
                let why = gone(&format!(
                    ", which cannot be read from here: {}",
                    problem.message
                ));
                self.problem = Some(problem.message);
                Err(why)
            }
        }
    }
}

/// A line of a pod that is followed, or its end.
enum Said {
    Line(String, String),
    Broken(String, Diagnostic),
}

fn follow(
    runs: &Runs<'_>,
    mut run: Run,
    wanted: Wanted<'_>,
    tell: &mut dyn FnMut(Line<'_>),
) -> Result<Run, Diagnostic> {
    let (sender, lines) = channel::<Said>();
    let mut followed: BTreeSet<(String, String)> = BTreeSet::new();
    let mut ended: BTreeSet<String> = BTreeSet::new();
    let mut waiting: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut threads = Vec::new();
    let mut last = String::new();
    loop {
        let before = standing(&run);
        if before != last {
            tell(Line::Note("", &before));
            last = before;
        }
        let pods = pods(runs, &run)?;
        for stage in run.stages.iter().filter(|stage| is_wanted(stage, wanted)) {
            let Some(pod) = pods.get(&stage.name) else {
                continue;
            };
            for container in telling(pod) {
                if !followed.insert((pod.name.clone(), container.to_owned())) {
                    continue;
                }
                threads.push(attend(runs, stage, pod, container, sender.clone()));
            }
        }
        pass_on(&lines, TICK, tell);
        threads.retain(|thread| !thread.is_finished());
        run = runs.one(Some(&run.name))?;
        for stage in run.stages.iter().filter(|stage| is_wanted(stage, wanted)) {
            let waits = stage.is_active() && stage.kind != "approval" && !stage.message.is_empty();
            let now = waits.then(|| stage.message.clone());
            let before = waiting.insert(stage.node.clone(), now.clone()).flatten();
            if let Some(why) = now.filter(|why| before.as_ref() != Some(why)) {
                tell(Line::Note(&stage.path, &format!("waits: {why}")));
            }
            let is_news = stage.has_failed() && ended.insert(stage.node.clone());
            if is_news && !stage.message.is_empty() {
                tell(Line::Note(
                    &stage.path,
                    &format!("failed: {}", stage.message),
                ));
            }
        }
        if run.state.has_ended() {
            break;
        }
    }
    // What the last pods have written.
    while threads.iter().any(|thread| !thread.is_finished()) {
        pass_on(&lines, Duration::from_millis(100), tell);
    }
    pass_on(&lines, Duration::ZERO, tell);
    Ok(run)
}

/// What a run waits for before its pods write anything.
fn standing(run: &Run) -> String {
    if let Some(waits) = run.waits.first() {
        let behind = waits
            .holder
            .as_deref()
            .map(|name| format!(", behind {name}"));
        let behind = behind.unwrap_or_default();
        return format!(
            "queued for {}: position {}{behind}",
            waits.lock, waits.position
        );
    }
    match run.approvals.first() {
        Some(asked) => format!(
            "{} waits: `aphex approve {} {}`",
            asked.path, run.name, asked.before
        ),
        None => run.state.words().to_owned(),
    }
}

fn attend(
    runs: &Runs<'_>,
    stage: &StageState,
    pod: &Pod,
    container: &str,
    sender: Sender<Said>,
) -> std::thread::JoinHandle<()> {
    let cluster = runs.cluster.clone();
    let namespace = runs.namespace().to_owned();
    let (pod, container, path) = (pod.name.clone(), container.to_owned(), stage.path.clone());
    std::thread::spawn(move || {
        let read = cluster.log(&namespace, &pod, &container, true, |line| {
            is_argos(line)
                || sender
                    .send(Said::Line(path.clone(), line.to_owned()))
                    .is_ok()
        });
        if let Err(failure) = read {
            let _ = sender.send(Said::Broken(path, failure.into_diagnostic()));
        }
    })
}

/// Whether a line is one of Argo's executor, which writes among those of the stage: `time="…" level=info msg="sub-process exited" argo=true`.
fn is_argos(line: &str) -> bool {
    line.starts_with("time=") && line.contains(" argo=true")
}

fn pass_on(lines: &Receiver<Said>, time: Duration, tell: &mut dyn FnMut(Line<'_>)) {
    let until = std::time::Instant::now() + time;
    loop {
        let left = until.saturating_duration_since(std::time::Instant::now());
        match lines.recv_timeout(left) {
            Ok(Said::Line(path, line)) => tell(Line::Log(&path, &line)),
            Ok(Said::Broken(path, problem)) => {
                let why = problem.notes.first().cloned().unwrap_or_default();
                let text = format!("its log cannot be followed: {} ({why})", problem.message);
                tell(Line::Note(&path, &text));
            }
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_argos_executor_writes_is_left_out() {
        let own = r#"time="2030-01-31T05:00:00.953Z" level=info msg="sub-process exited" argo=true error="<nil>""#;
        assert!(is_argos(own));
        assert!(!is_argos("time=\"now\" of another program"));
        assert!(!is_argos("kubectl apply --set argo=true"));
    }
}
