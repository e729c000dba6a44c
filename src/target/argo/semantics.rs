//! What Argo does with our DAGs, for any steps and any of them failing: played by the rules of its controller
//! (`evaluateDependsLogic` and `assessDAGPhase` in `workflow/controller/dag.go`) and compared with what the words mean.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::collections::HashMap;
use crate::graph::{Ending, Stage, StageId, StageKind, build};
use crate::model::fixture::*;
use crate::model::{Environment, Step, StepKind, When};
use crate::target::argo::compile;
use crate::target::argo::manifest::{Dag, Task};
use crate::target::names::Stamp;

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Succeeded,
    Failed,
    Omitted,
}

/// The tasks that `depends` names, with the result that is asked for; terms joined by `&&`, alternatives by `||`.
fn terms(task: &Task) -> Vec<Vec<(&str, &str)>> {
    let terms = task.depends.split(" && ").filter(|term| !term.is_empty());
    terms
        .map(|term| {
            let alternatives = term.trim_matches(['(', ')']).split(" || ");
            alternatives
                .map(|alternative| alternative.split_once('.').unwrap())
                .collect()
        })
        .collect()
}

/// Runs a DAG, in which these tasks fail if they run. Tasks stand after those they wait for.
fn run(dag: &Dag, failing: &BTreeSet<String>) -> (BTreeMap<String, End>, bool) {
    let mut ends: BTreeMap<String, End> = BTreeMap::new();
    // The phase that a branch has up to a task: its own, or, where it did not run, that of what is before it.
    let mut branches: BTreeMap<&str, bool> = BTreeMap::new();
    let mut leaves: BTreeSet<&str> = dag.tasks.iter().map(|task| &*task.name).collect();
    for task in &dag.tasks {
        let terms = terms(task);
        let holds = |(name, result): &(&str, &str)| match ends[*name] {
            End::Succeeded => *result == "Succeeded",
            End::Failed => *result == "Failed",
            End::Omitted => *result == "Omitted",
        };
        let end = match terms.iter().all(|term| term.iter().any(holds)) {
            false => End::Omitted,
            true if failing.contains(&task.name) => End::Failed,
            true => End::Succeeded,
        };
        let before: Vec<&str> = terms.iter().flatten().map(|(name, _)| *name).collect();
        let broken = match end {
            End::Succeeded => false,
            End::Failed => true,
            End::Omitted => before.iter().any(|name| branches[name]),
        };
        for name in &before {
            leaves.remove(name);
        }
        branches.insert(&task.name, broken);
        ends.insert(task.name.clone(), end);
    }
    let named: BTreeSet<&str> = dag.target.split_whitespace().collect();
    let targets = if named.is_empty() { leaves } else { named };
    // Argo runs what a target waits for, and nothing else.
    let mut reached: BTreeSet<&str> = targets.clone();
    for task in dag.tasks.iter().rev() {
        if reached.contains(&*task.name) {
            reached.extend(terms(task).into_iter().flatten().map(|(name, _)| name));
        }
    }
    assert_eq!(
        reached.len(),
        dag.tasks.len(),
        "a task that nobody waits for"
    );
    let broken = targets.iter().any(|name| branches[name]);
    (ends, broken)
}

fn a_step(kind: StepKind, name: &'static str) -> impl Strategy<Value = Option<Step>> {
    let when = prop_oneof![
        3 => Just(When::Success),
        1 => Just(When::Failure),
        1 => Just(When::Always),
    ];
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
        a_step(StepKind::Before, "b2"),
        a_step(StepKind::After, "a1"),
        a_step(StepKind::After, "a2"),
        a_step(StepKind::After, "a3"),
        a_step(StepKind::Test, "t1"),
        a_step(StepKind::Test, "t2"),
        a_step(StepKind::Test, "t3"),
    );
    (steps, any::<bool>(), 1..3u32).prop_map(|(steps, asked, most)| {
        let (b1, b2, a1, a2, a3, t1, t2, t3) = steps;
        Environment {
            approval: asked.then(approval),
            max_parallel: at(most),
            before: [b1, b2].into_iter().flatten().collect(),
            after: [a1, a2, a3].into_iter().flatten().collect(),
            tests: [t1, t2, t3].into_iter().flatten().collect(),
            ..environment("", "dev")
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn stages_run_when_their_words_say_so_5_4_6_2(environment in an_environment(), dice in any::<u32>()) {
        let pipeline = pipeline(vec![target(environment)]);
        let graph = build(&pipeline);
        let entry = &graph.entries[0];
        let stamp = Stamp { spec: String::new(), compiler: String::new() };
        let objects = compile(&pipeline, &graph, &stamp);
        let mut templates = objects[0].object.spec.templates.iter();
        let template = templates.find(|template| template.name == "environment").unwrap();
        let dag = template.dag.as_ref().unwrap();

        let owner = entry.stages.iter().find(|stage| matches!(stage.kind, StageKind::Environment(_))).unwrap();
        let task_of = |stage: &Stage<'_>| match stage.kind {
            StageKind::Approval(_) => "approval-decision".to_owned(),
            _ => stage.name.clone(),
        };
        let failing: BTreeSet<String> = entry
            .children(Some(owner.id))
            .enumerate()
            .filter(|(index, _)| dice >> index & 1 == 1 && dice >> (index + 16) & 1 == 1)
            .map(|(_, stage)| task_of(stage))
            .collect();
        let (ends, broken) = run(dag, &failing);

        let mut expected: HashMap<StageId, Ending> = HashMap::default();
        for stage in entry.children(Some(owner.id)) {
            let task = task_of(stage);
            let runs = entry.runs(stage, &expected);
            let ran = ends.get(&task).is_some_and(|end| *end != End::Omitted);
            prop_assert_eq!(runs, ran, "{} of {:#?}, failing {:?}", task, dag, failing);
            if runs {
                let ending = match failing.contains(&task) {
                    true => Ending::Failed,
                    false => Ending::Succeeded,
                };
                expected.insert(stage.id, ending);
            }
        }
        let failed = entry
            .children(Some(owner.id))
            .any(|stage| stage.required && expected.get(&stage.id) == Some(&Ending::Failed));
        prop_assert_eq!(failed, broken, "{:#?}, failing {:?}", dag, failing);
    }
}
