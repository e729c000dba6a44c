use proptest::prelude::*;

use super::*;
use crate::collections::{HashMap, HashSet};
use crate::graph::build;
use crate::model::fixture::*;
use crate::model::{Environment, Pipeline, Step, StepKind, Target, When};

/// Plays a run to its end: `fails` says which paths fail, `order` which of the running stages ends next.
/// Returns what ran, in the order it started, and the largest number that ran at once.
fn play(
    schedule: &mut Schedule<'_, '_>,
    fails: &dyn Fn(&Stage<'_>) -> bool,
    order: &[usize],
) -> (Vec<StageId>, usize) {
    let mut started = Vec::new();
    let mut running: Vec<StageId> = Vec::new();
    let mut most = 0;
    let mut dice = order.iter().copied().cycle();
    loop {
        let new = schedule.advance();
        started.extend(&new);
        running.extend(&new);
        most = most.max(running.len());
        if running.is_empty() {
            break;
        }
        let next = running.remove(dice.next().unwrap_or(0) % running.len());
        let stage = schedule.entry.stage(next).unwrap();
        schedule.ended(
            next,
            match fails(stage) {
                true => Outcome::Failed,
                false => Outcome::Succeeded,
            },
        );
    }
    (started, most)
}

fn names(schedule: &Schedule<'_, '_>, ids: &[StageId]) -> Vec<String> {
    ids.iter()
        .map(|id| crate::stage::path_of(schedule.entry, *id))
        .collect()
}

fn nothing(_: &Stage<'_>) -> Option<String> {
    None
}

fn two_in_a_wave(fail_fast: bool, most: Option<u32>) -> Pipeline {
    let members = ["a", "b", "c"].map(|name| environment("wave w", name));
    let mut wave = wave("w", members.to_vec());
    wave.fail_fast = fail_fast;
    wave.max_parallel = most.map(at);
    pipeline(vec![Target::Wave(wave), target(environment("", "last"))])
}

#[test]
fn goes_in_order_and_stops_at_a_failure_2_5_5_4() {
    let pipeline = pipeline(vec![
        target(environment("", "dev")),
        target(environment("", "prod")),
    ]);
    let graph = build(&pipeline);
    let mut schedule = Schedule::new(&graph.entries[0], 4, nothing);
    let (started, _) = play(&mut schedule, &|stage| stage.name == "deploy", &[0]);
    let names = names(&schedule, &started);
    assert_eq!(names.last().unwrap(), "finish");
    assert!(names.contains(&"dev/deploy".to_owned()), "{names:?}");
    assert!(
        !names.iter().any(|name| name.starts_with("prod")),
        "{names:?}"
    );
    assert!(schedule.is_done());
    assert_eq!(schedule.outcome(), Outcome::Failed);
    let prod = graph.entries[0]
        .stages
        .iter()
        .find(|stage| stage.name == "prod")
        .unwrap();
    assert_eq!(
        *schedule.state(prod.id),
        State::LeftOut("`dev` failed".to_owned())
    );
}

#[test]
fn what_need_not_succeed_is_not_blamed() {
    let mut pipeline = pipeline(vec![target(environment("", "dev"))]);
    let mut unit = step(StepKind::Check, "", "unit");
    unit.required = false;
    pipeline.checks = vec![unit, step(StepKind::Check, "", "lint")];
    let graph = build(&pipeline);
    let mut schedule = Schedule::new(&graph.entries[0], 4, nothing);
    let fails = |stage: &Stage<'_>| ["unit", "lint"].contains(&&*stage.name);
    play(&mut schedule, &fails, &[0]);
    let mut stages = graph.entries[0].stages.iter();
    let dev = stages.find(|stage| stage.name == "dev").unwrap();
    assert_eq!(
        *schedule.state(dev.id),
        State::LeftOut("`lint` failed".to_owned())
    );
}

#[test]
fn a_wave_begins_nothing_more_where_it_fails_fast() {
    for (fail_fast, expected) in [(false, 3), (true, 1)] {
        let pipeline = two_in_a_wave(fail_fast, Some(1));
        let graph = build(&pipeline);
        let mut schedule = Schedule::new(&graph.entries[0], 9, nothing);
        let (started, _) = play(&mut schedule, &|stage| stage.name == "deploy", &[0]);
        let deployed = names(&schedule, &started);
        let deployed = deployed
            .iter()
            .filter(|name| name.ends_with("/deploy"))
            .count();
        assert_eq!(deployed, expected);
    }
}

#[test]
fn a_stopped_run_begins_nothing_more() {
    let pipeline = two_in_a_wave(false, None);
    let graph = build(&pipeline);
    let mut schedule = Schedule::new(&graph.entries[0], 9, nothing);
    let first = schedule.advance();
    schedule.stop();
    for id in first {
        schedule.ended(id, Outcome::Stopped);
    }
    let rest = schedule.advance();
    assert_eq!(names(&schedule, &rest), ["finish"]);
    schedule.ended(rest[0], Outcome::Succeeded);
    assert!(schedule.advance().is_empty());
    assert!(schedule.is_done());
    assert_eq!(schedule.outcome(), Outcome::Stopped);
}

#[test]
fn what_is_left_out_still_orders_what_is_around_it() {
    let mut pipeline = pipeline(vec![target(environment("", "dev"))]);
    pipeline.self_update.enabled = true;
    let graph = build(&pipeline);
    let mut schedule = Schedule::new(&graph.entries[0], 9, |stage| {
        (stage.name == "self-update").then(|| "not here".to_owned())
    });
    let first = schedule.advance();
    assert_eq!(names(&schedule, &first), ["preflight"]);
    schedule.ended(first[0], Outcome::Succeeded);
    let second = schedule.advance();
    assert_eq!(names(&schedule, &second), ["build"]);
    schedule.ended(second[0], Outcome::Succeeded);
    let third = schedule.advance();
    assert_eq!(names(&schedule, &third), ["dev/deploy"]);
}

fn a_step(kind: StepKind, name: &'static str) -> impl Strategy<Value = Option<Step>> {
    let when =
        prop_oneof![3 => Just(When::Success), 1 => Just(When::Failure), 1 => Just(When::Always)];
    let step = (when, prop::bool::weighted(0.7)).prop_map(move |(when, required)| Step {
        when: at(when),
        required,
        ..step(kind, "environment dev", name)
    });
    prop::option::weighted(0.7, step)
}

fn an_environment() -> impl Strategy<Value = Environment> {
    let steps = (
        a_step(StepKind::Before, "b1"),
        a_step(StepKind::After, "a1"),
        a_step(StepKind::After, "a2"),
        a_step(StepKind::Test, "t1"),
        a_step(StepKind::Test, "t2"),
    );
    (steps, any::<bool>(), 1..4u32).prop_map(|((b1, a1, a2, t1, t2), asked, most)| Environment {
        approval: asked.then(approval),
        max_parallel: at(most),
        before: b1.into_iter().collect(),
        after: [a1, a2].into_iter().flatten().collect(),
        tests: [t1, t2].into_iter().flatten().collect(),
        ..environment("", "dev")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever fails and whatever is fast: every stage is decided, nothing begins before what it waits for, and what ran
    /// is what the graph says.
    #[test]
    fn every_run_comes_to_its_end_in_order(
        environment in an_environment(),
        dice in any::<u32>(),
        order in prop::collection::vec(0..8usize, 1..20),
        most in 1..5usize,
    ) {
        let own = environment.max_parallel.value as usize;
        let later = super::tests::environment("", "later");
        let pipeline = pipeline(vec![target(environment), target(later)]);
        let graph = build(&pipeline);
        let entry = &graph.entries[0];
        let mut schedule = Schedule::new(entry, most, nothing);
        let fails = |stage: &Stage<'_>| dice >> (stage.id.0 % 32) & 1 == 1 && dice.count_ones() % 2 == 1;
        let (started, at_once) = play(&mut schedule, &fails, &order);
        prop_assert!(schedule.is_done());
        prop_assert!(at_once <= most.min(own.max(2)));
        prop_assert_eq!(started.iter().collect::<HashSet<_>>().len(), started.len());
        let place = |id: StageId| started.iter().position(|other| *other == id);
        for stage in &entry.stages {
            let mut endings: HashMap<StageId, Ending> = HashMap::default();
            for id in entry.before(stage.id) {
                if let State::Ended(outcome) = schedule.state(id) {
                    let ending = if outcome.is_good() { Ending::Succeeded } else { Ending::Failed };
                    endings.insert(id, ending);
                }
            }
            let parent = stage.parent.map(|id| schedule.state(id));
            let has_turn = !matches!(parent, Some(State::LeftOut(_)));
            let ran = matches!(schedule.state(stage.id), State::Ended(_));
            if has_turn && !is_group(stage) && stage.name != "finish" {
                prop_assert_eq!(ran, entry.runs(stage, &endings), "{}", stage.name);
            }
            for edge in &stage.after {
                if let (Some(before), Some(own)) = (place(edge.from), place(stage.id)) {
                    prop_assert!(before < own, "{} began before what it waits for", stage.name);
                }
            }
        }
    }
}
