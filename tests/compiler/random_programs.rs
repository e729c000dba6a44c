//! What `check` accepts, Argo accepts: random programs, and random programs with a mistake in them.
//!
//! `APHEX_TEST_PROGRAMS` is how many (1,000), `APHEX_TEST_SEED` the first seed (0).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use aphex::target::Emit;

use crate::support::cluster::Cluster;
use crate::support::compile::{self, EVENT};
use crate::support::judge::{self, Question};
use crate::support::judge_events;
use crate::support::random::{self, Chance};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// Runs a check for every seed, on all processors, and fails with what went wrong first.
fn for_every_seed(check: impl Fn(u64) -> Result<(), String> + Sync) {
    let first = setting("APHEX_TEST_SEED", 0);
    let next = AtomicU64::new(first);
    let end = first + setting("APHEX_TEST_PROGRAMS", 1000);
    let failures: Mutex<BTreeMap<u64, String>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            // The depth of a program is limited for the stack of the main thread.
            let worker = std::thread::Builder::new().stack_size(8 << 20);
            let work = || loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= end || failures.lock().unwrap().len() >= 3 {
                    break;
                }
                if let Err(failure) = check(seed) {
                    failures.lock().unwrap().insert(seed, failure);
                }
            };
            worker.spawn_scoped(scope, work).expect("a thread");
        }
    });
    let failures = failures.into_inner().unwrap();
    let told: Vec<String> = failures
        .iter()
        .map(|(seed, failure)| format!("seed {seed}: {failure}"))
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n\n"));
}

/// Whether Argo's releases and, where there is one, the API server accept these manifests and their pods.
fn accepted(manifests: &str, cluster: Option<&Cluster>) -> Result<(), String> {
    let mut question = Question::new(manifests);
    if cluster.is_some() {
        question = question.with_pods();
    }
    for name in compile::object_names(manifests) {
        question = question.submitted(name, EVENT);
    }
    let answer = judge::ask(&question);
    let refusals: Vec<String> = answer.refusals().iter().map(ToString::to_string).collect();
    if answer.verdicts.is_empty() {
        return Err("no manifests".to_owned());
    }
    if !refusals.is_empty() {
        return Err(refusals.join("\n"));
    }
    if let Some(cluster) = cluster {
        cluster.dry_run(manifests)?;
        cluster.dry_run_pods(&answer.pods)?;
    }
    Ok(())
}

#[test]
fn argo_accepts_a_thousand_random_programs() {
    if !judge::is_available("argo_accepts_a_thousand_random_programs") {
        return;
    }
    for_every_seed(|seed| {
        let text = random::program(seed);
        compile::compile(&text)
            .map_err(|refusal| format!("refused by check\n{refusal}"))
            .and_then(|manifests| accepted(&manifests, None))
            .map_err(|refusal| format!("{refusal}\n{text}"))
    });
}

#[test]
fn argo_events_accepts_what_starts_a_thousand_random_programs() {
    if !judge::is_available("argo_events_accepts_what_starts_a_thousand_random_programs") {
        return;
    }
    for_every_seed(|seed| {
        let text = random::program(seed);
        let manifests = compile::compile_to(&text, vec![Emit::Events])?;
        let mut verdicts = judge_events::judge(&manifests);
        let started = compile::of_kinds(&manifests, &["WorkflowTemplate", "CronWorkflow"]);
        verdicts.extend(judge::judge(&started));
        let refused = verdicts.iter().filter(|verdict| !verdict.errors.is_empty());
        let refusals: Vec<String> = refused.map(ToString::to_string).collect();
        match refusals.is_empty() && !verdicts.is_empty() {
            true => Ok(()),
            false => Err(format!("{}\n{text}\n{manifests}", refusals.join("\n"))),
        }
    });
}

#[test]
fn an_api_server_accepts_random_programs_and_their_pods() {
    let test = "an_api_server_accepts_random_programs_and_their_pods";
    let Some(cluster) = Cluster::find(test) else {
        return;
    };
    if !judge::is_available(test) {
        return;
    }
    // One call of kubectl costs more than all that it asks: thirty programs stand in each.
    let batches = setting("APHEX_TEST_PROGRAMS", 1000).div_ceil(30).min(7);
    for batch in 0..batches {
        let mut manifests = String::new();
        let mut pods = Vec::new();
        for seed in (0..30).map(|number| setting("APHEX_TEST_SEED", 0) + batch * 30 + number) {
            if let Ok(text) = compile::compile(&random::program(seed)) {
                pods.extend(judge::ask(&Question::new(&*text).with_pods()).pods);
                manifests.push_str("---\n");
                manifests.push_str(&text);
            }
        }
        if let Err(refusal) = cluster
            .dry_run(&manifests)
            .and_then(|()| cluster.dry_run_pods(&pods))
        {
            panic!(
                "seeds from {}: {refusal}",
                setting("APHEX_TEST_SEED", 0) + batch * 30
            );
        }
    }
}

#[test]
fn what_argo_refuses_check_refuses_first() {
    if !judge::is_available("what_argo_refuses_check_refuses_first") {
        return;
    }
    let (refused, passed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    for_every_seed(|seed| {
        let mut chance = Chance::new(!seed);
        let mut text = random::program(seed);
        for _ in 0..chance.few(1, 3) {
            text = random::mutate(&text, &mut chance);
        }
        match compile::compile(&text) {
            Ok(manifests) if manifests.is_empty() => Ok(()),
            Ok(manifests) => {
                passed.fetch_add(1, Ordering::Relaxed);
                accepted(&manifests, None).map_err(|refusal| format!("{refusal}\n{text}"))
            }
            Err(_) => {
                refused.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        }
    });
    let (refused, passed) = (refused.into_inner(), passed.into_inner());
    eprintln!("mutated programs: {refused} refused, {passed} accepted");
    if setting("APHEX_TEST_PROGRAMS", 1000) >= 100 {
        assert!(
            refused > 10 && passed > 10,
            "{refused} refused, {passed} accepted: the mutations prove nothing"
        );
    }
}
