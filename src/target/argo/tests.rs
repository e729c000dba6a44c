//! Golden manifests of pipelines made by hand: `tests/golden/`. `tests/compiler/golden.rs` lets Argo judge them.

use crate::graph::build;
use crate::model::fixture::*;
use crate::model::{
    Arch, Bake, Deployment, EnvValue, Pipeline, Queue, Resources, Retry, RetryOn, Service, Start,
    Step, StepKind, Target, When,
};
use crate::target::argo::compile;
use crate::target::names::Stamp;
use crate::target::{Format, write};

fn stamp() -> Stamp {
    Stamp {
        spec: "sha256:0123456789abcdef".into(),
        compiler: "0.1.0".into(),
    }
}

fn yaml(pipeline: &Pipeline) -> String {
    let graph = build(pipeline);
    let objects = compile(pipeline, &graph, &stamp());
    let texts: Vec<String> = objects
        .iter()
        .map(|compiled| write(&compiled.object, Format::Yaml, &[]).unwrap())
        .collect();
    texts.join("---\n")
}

/// Compares with `tests/golden/NAME.snap`.
fn golden(name: &str, pipeline: &Pipeline) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, yaml(pipeline)));
}

fn secret(name: &str, key: &str) -> crate::source::Spanned<EnvValue> {
    at(EnvValue::Secret(std::rc::Rc::new(
        crate::eval::data::Secret {
            store: crate::eval::data::SecretStore::Kubernetes,
            name: name.into(),
            key: Some(key.into()),
        },
    )))
}

#[test]
fn the_smallest_pipeline_3_5() {
    golden("smallest", &pipeline(vec![target(environment("", "dev"))]));
}

/// Everything that an environment can have; of the runs only the one for pull requests is left out.
#[test]
fn an_environment_in_full_2_1_6_1() {
    let own = "environment dev";
    let test = |name: &str| step(StepKind::Test, own, name);
    let mut dev = environment("", "dev");
    dev.approval = Some(approval());
    let mut migrate = step(StepKind::Before, own, "migrate");
    migrate.env.insert("DB".into(), secret("shop-db", "url"));
    dev.before = vec![migrate];
    dev.body = vec![
        Deployment::Stack(Box::new(stack(own, "Network"))),
        Deployment::Stack(Box::new(stack(own, "Api"))),
        Deployment::Step(Box::new(step(StepKind::Step, own, "web"))),
        Deployment::Stack(Box::new(stack(own, "Web"))),
    ];
    let conditional = |name: &str, when: When| Step {
        when: at(when),
        ..step(StepKind::After, own, name)
    };
    dev.after = vec![
        conditional("rescue", When::Failure),
        conditional("purge", When::Always),
    ];
    dev.tests = vec![
        Step {
            required: false,
            retry: Some(Retry {
                times: at(2),
                wait: 30,
                on: RetryOn::Failure,
                span: span(9),
            }),
            ..test("flaky")
        },
        Step {
            image: Some(text("mcr.microsoft.com/playwright:v1.50.0")),
            timeout: Some(at(600)),
            arch: Some(at(Arch::Arm64)),
            resources: Resources {
                cpu: Some(at(1500)),
                memory: Some(at(4 << 30)),
                disk: None,
            },
            services: vec![Service {
                name: text("postgres"),
                image: text("postgres:16"),
                port: Some(at(5432)),
                env: [
                    (
                        "POSTGRES_PASSWORD".to_owned(),
                        at(EnvValue::Text("a$(b)".into())),
                    ),
                    ("POSTGRES_USER".to_owned(), secret("db", "user")),
                ]
                .into_iter()
                .collect(),
                ready: Some(text("pg_isready")),
                span: span(10),
            }],
            ..test("e2e")
        },
    ];
    dev.bake = Some(Bake {
        time: at(1800),
        alarms: Vec::new(),
        span: span(11),
    });
    golden("environment", &pipeline(vec![target(dev)]));
}

#[test]
fn pull_requests_waves_and_picks_1_2() {
    let member = |name: &str| environment("wave europe", name);
    let mut europe = wave(
        "europe",
        vec![member("north"), member("south"), member("west")],
    );
    europe.max_parallel = Some(at(2));
    europe.approval = Some(approval());
    europe.tests = vec![step(StepKind::Test, "wave europe", "all")];
    let mut sandbox = environment("", "sandbox");
    sandbox.start = Start::Manual;
    let mut pipeline = pipeline(vec![
        target(environment("", "dev")),
        target(sandbox),
        Target::Wave(europe),
    ]);
    let mut tag = push();
    tag.deploy = Some(vec![needs("wave europe environment south")]);
    pipeline.triggers = vec![push(), tag, pull_request()];
    pipeline.checks = vec![Step {
        required: false,
        ..step(StepKind::Check, "", "lint")
    }];
    golden("entries", &pipeline);
}

#[test]
fn a_queue_for_each_environment_1_4() {
    let mut fast = wave("world", vec![]);
    fast.environments = ["a", "b", "c"]
        .map(|name| {
            let mut own = environment("wave world", name);
            let within = format!("wave world environment {name}");
            let mut smoke = step(StepKind::Test, &within, "smoke");
            smoke
                .env
                .insert("KEY".into(), secret(&format!("key-{name}"), "value"));
            own.tests = vec![smoke];
            own
        })
        .to_vec();
    fast.fail_fast = true;
    fast.max_parallel = Some(at(1));
    let mut pipeline = pipeline(vec![target(environment("", "dev")), Target::Wave(fast)]);
    pipeline.queue = Queue::Environment;
    golden("queue", &pipeline);
}

/// Every task and template of many environments, and how long they take to write.
fn many(count: usize, wave_size: Option<usize>) -> Pipeline {
    let environments: Vec<_> = (0..count)
        .map(|number| {
            let within = if wave_size.is_some() { "wave w" } else { "" };
            let name = format!("customer-{number:05}");
            let mut own = environment(within, &name);
            let path = format!("{within} environment {name}");
            own.tests = vec![step(StepKind::Test, &path, "smoke")];
            own
        })
        .collect();
    match wave_size {
        None => pipeline(environments.into_iter().map(target).collect()),
        Some(size) => {
            let waves = environments.chunks(size).enumerate();
            let waves = waves.map(|(number, members)| {
                let mut own = wave(&format!("w{number}"), members.to_vec());
                own.max_parallel = Some(at(20));
                Target::Wave(own)
            });
            pipeline(waves.collect())
        }
    }
}

#[test]
fn a_thousand_environments_fit() {
    for (count, wave_size) in [(1000, None), (1000, Some(1000)), (10_000, Some(1000))] {
        let pipeline = many(count, wave_size);
        let start = std::time::Instant::now();
        let graph = build(&pipeline);
        let built = start.elapsed();
        let objects = compile(&pipeline, &graph, &stamp());
        let compiled = start.elapsed();
        let bytes = crate::target::argo::limits::bytes(&objects[0].object);
        let text = write(&objects[0].object, Format::Yaml, &[]).unwrap();
        eprintln!(
            "{count} {wave_size:?}: {bytes} bytes JSON, {} YAML, {} templates, graph {built:?}, compiled {compiled:?}, written {:?}",
            text.len(),
            objects[0].object.spec.templates.len(),
            start.elapsed()
        );
        assert!(bytes < 1 << 20);
        let mut problems = crate::diagnostics::Problems::new();
        crate::target::argo::check(&pipeline, &graph, &objects, &mut problems);
        assert!(!problems.has_errors());
    }
}

/// The last stages may fail: the environment has not, whatever they do, and waits for them all the same.
#[test]
fn optional_stages_at_the_end_5_5() {
    let own = "environment dev";
    let mut dev = environment("", "dev");
    dev.max_parallel = at(2);
    let optional = |name: &str| Step {
        required: false,
        ..step(StepKind::Test, own, name)
    };
    dev.tests = vec![
        optional("a11y"),
        optional("load"),
        step(StepKind::Test, own, "smoke"),
    ];
    golden(
        "optional",
        &pipeline(vec![target(dev), target(environment("", "prod"))]),
    );
}

/// What is too much is named: checks, where they are it.
#[test]
fn too_many_stages_name_their_cause() {
    let helps = |pipeline: &Pipeline| -> Vec<String> {
        let graph = build(pipeline);
        let objects = compile(pipeline, &graph, &stamp());
        let mut problems = crate::diagnostics::Problems::new();
        crate::target::argo::check(pipeline, &graph, &objects, &mut problems);
        let found = problems.into_sorted().into_iter();
        found
            .filter(|problem| problem.code.id == "A0752")
            .filter_map(|problem| problem.help)
            .collect()
    };
    let mut checks = pipeline(vec![target(environment("", "dev"))]);
    for number in 0..250 {
        let name = format!("case-{number}");
        checks.checks.push(step(StepKind::Check, "", &name));
    }
    assert!(
        helps(&checks)[0].starts_with("join checks"),
        "{:?}",
        helps(&checks)
    );
    let mut tests = environment("", "dev");
    for number in 0..250 {
        let test = step(StepKind::Test, "environment dev", &format!("case-{number}"));
        tests.body.push(Deployment::Step(Box::new(test)));
    }
    assert!(helps(&pipeline(vec![target(tests)]))[0].contains("divide the environment"));
}
