//! Rules on models made by hand; programs are in `tests/language/rules`.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::diagnostics::Problems;
use crate::eval::data::{Output, RuntimeRef, RuntimeSource, Secret, SecretStore};
use crate::model::fixture::*;
use crate::model::*;
use crate::rules::{Context, check};
use crate::source::{MemoryFiles, Sources};

/// What is said of these pipelines: `CODE message`.
fn said(pipelines: &[Pipeline]) -> Vec<String> {
    let files = MemoryFiles::new();
    let sources = Sources::new();
    let mut problems = Problems::new();
    let graphs: Vec<_> = pipelines.iter().map(crate::graph::build).collect();
    let context = Context {
        pipelines,
        graphs: &graphs,
        program: None,
        files: &files,
        sources: &sources,
    };
    check(&context, &mut problems);
    problems
        .into_sorted()
        .into_iter()
        .map(|problem| format!("{} {}", problem.code.id, problem.message))
        .collect()
}

#[track_caller]
fn wrong(pipeline: Pipeline, expected: &[&str]) {
    assert_eq!(said(&[pipeline]), expected);
}

#[track_caller]
fn fine(pipeline: Pipeline) {
    wrong(pipeline, &[]);
}

fn output(source: RuntimeSource) -> EnvValue {
    let expression = source.to_string();
    EnvValue::Output(Rc::new(Output {
        needs: vec![RuntimeRef {
            source,
            span: span(20),
        }],
        expression,
    }))
}

/// The output `Url` of a stack.
fn url(of: &str) -> EnvValue {
    output(RuntimeSource::Block {
        path: path(of),
        name: SmolStr::new("Url"),
    })
}

fn input(name: &str) -> EnvValue {
    output(RuntimeSource::Run(vec![
        SmolStr::new("input"),
        SmolStr::new(name),
    ]))
}

fn set(env: &mut Env, name: &str, value: EnvValue) {
    env.insert(name.to_owned(), at(value));
}

fn plain(text: &str) -> EnvValue {
    EnvValue::Text(text.to_owned())
}

/// Two environments, in two accounts.
fn two() -> (Environment, Environment) {
    let dev = environment("", "dev");
    let mut prod = environment("", "prod");
    prod.account = text("444455556666");
    (dev, prod)
}

fn both(dev: Environment, prod: Environment) -> Pipeline {
    pipeline(vec![target(dev), target(prod)])
}

fn stacks(environment: &mut Environment) -> Vec<&mut Stack> {
    environment
        .body
        .iter_mut()
        .filter_map(|item| match item {
            Deployment::Stack(stack) => Some(&mut **stack),
            Deployment::Step(_) => None,
        })
        .collect()
}

#[test]
fn a_plain_pipeline_is_fine() {
    let (dev, prod) = two();
    fine(both(dev, prod));
}

#[test]
fn values_are_used_after_they_are_made() {
    let (mut dev, prod) = two();
    let mut test = step(StepKind::Test, "environment dev", "e2e");
    set(&mut test.env, "URL", url("environment dev stack Api"));
    dev.tests.push(test);
    fine(both(dev, prod));

    let (mut dev, prod) = two();
    let mut before = step(StepKind::Before, "environment dev", "migrate");
    set(&mut before.env, "URL", url("environment dev stack Api"));
    dev.before.push(before);
    wrong(
        both(dev, prod),
        &["A0603 `dev.Api.Url` is used by `dev.migrate`, which does not wait for `dev.Api`"],
    );

    let (mut dev, prod) = two();
    let mut test = step(StepKind::Test, "environment dev", "e2e");
    set(&mut test.env, "URL", url("environment prod stack Api"));
    dev.tests.push(test);
    wrong(
        both(dev, prod),
        &["A0603 `prod.Api.Url` is used by `dev.e2e`, which does not wait for `prod.Api`"],
    );
}

#[test]
fn stacks_use_what_earlier_ones_made() {
    let second = |user: usize, maker: &str| {
        let mut dev = environment("", "dev");
        dev.body
            .push(Deployment::Stack(Box::new(stack("environment dev", "Web"))));
        set(&mut stacks(&mut dev)[user].parameters, "Url", url(maker));
        pipeline(vec![target(dev)])
    };
    fine(second(1, "environment dev stack Api"));
    wrong(
        second(0, "environment dev stack Web"),
        &["A0603 `dev.Web.Url` is used by `dev.Api`, which does not wait for `dev.Web`"],
    );
    wrong(
        second(1, "environment dev stack Web"),
        &["A0603 `dev.Web.Url` is used by `dev.Web` itself, which makes it"],
    );
}

#[test]
fn members_of_a_wave_do_not_wait_for_each_other() {
    let mut west = environment("wave europe", "west");
    let mut central = environment("wave europe", "central");
    central.region = text("eu-central-1");
    let mut test = step(StepKind::Test, "wave europe environment west", "e2e");
    set(
        &mut test.env,
        "URL",
        url("wave europe environment central stack Api"),
    );
    west.tests.push(test);
    let mut after = step(StepKind::Test, "wave europe", "all");
    set(
        &mut after.env,
        "URL",
        url("wave europe environment central stack Api"),
    );
    let mut group = wave("europe", vec![west, central]);
    group.tests.push(after);
    let found = said(&[pipeline(vec![Target::Wave(group)])]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("A0603 `europe.central.Api.Url` is used by `europe.west.e2e`"),
        "{found:?}"
    );
}

#[test]
fn manual_environments_have_runs_of_their_own() {
    let (mut dev, mut prod) = two();
    dev.start = Start::Manual;
    let mut test = step(StepKind::Test, "environment prod", "e2e");
    set(&mut test.env, "URL", url("environment dev stack Api"));
    prod.tests.push(test);
    wrong(
        both(dev, prod),
        &["A0604 `dev.Api.Url` comes from `dev`, which only a person starts"],
    );
}

#[test]
fn picks_have_what_they_need() {
    let tag = |deploy: &[&str]| Trigger {
        event: Event::Tag {
            matches: vec![text("v*")],
        },
        deploy: Some(deploy.iter().map(|name| needs(name)).collect()),
        name: text("tag"),
        ..push()
    };
    let case = |deploy: &[&str]| {
        let (dev, mut prod) = two();
        set(
            &mut stacks(&mut prod)[0].parameters,
            "Url",
            url("environment dev stack Api"),
        );
        let mut pipeline = both(dev, prod);
        pipeline.triggers.push(tag(deploy));
        pipeline
    };
    fine(case(&["environment dev", "environment prod"]));
    wrong(
        case(&["environment prod"]),
        &["A0605 `on tag` deploys `prod` without `dev`, whose `dev.Api.Url` it uses"],
    );

    let (dev, mut prod) = two();
    prod.needs = Some(vec![needs("environment dev")]);
    let mut pipeline = both(dev, prod);
    pipeline.triggers.push(tag(&["environment prod"]));
    wrong(
        pipeline,
        &["A0605 `on tag` deploys `prod` without `dev`, which it needs"],
    );
}

#[test]
fn inputs_are_declared() {
    let case = |name: &str| {
        let mut pipeline = pipeline(vec![target(environment("", "dev"))]);
        pipeline.inputs.push(Input {
            name: text("reason"),
            default: None,
            choices: Vec::new(),
            pattern: None,
            help: None,
            span: span(9),
        });
        set(&mut pipeline.build.env, "REASON", input(name));
        pipeline
    };
    fine(case("reason"));
    wrong(
        case("reasn"),
        &["A0621 the pipeline declares no input `reasn`"],
    );
}

#[test]
fn circles_are_named_in_full() {
    let (mut dev, prod) = two();
    dev.needs = Some(vec![needs("environment prod")]);
    wrong(
        both(dev, prod),
        &["A0601 these wait for each other: `dev` → `prod` → `dev`"],
    );

    let mut dev = environment("", "dev");
    let mut a = step(StepKind::Before, "environment dev", "a");
    a.needs.push(needs("environment dev before c"));
    dev.before = vec![
        a,
        step(StepKind::Before, "environment dev", "b"),
        step(StepKind::Before, "environment dev", "c"),
    ];
    wrong(
        pipeline(vec![target(dev)]),
        &["A0601 these wait for each other: `dev.a` → `dev.c` → `dev.b` → `dev.a`"],
    );
}

#[test]
fn needs_name_what_can_be_waited_for() {
    let (mut dev, prod) = two();
    dev.needs = Some(vec![needs("environment dev")]);
    let found = said(&[both(dev, prod)]);
    assert!(
        found.contains(&"A0602 `dev` needs itself".to_owned()),
        "{found:?}"
    );

    let (dev, mut prod) = two();
    stacks(&mut prod)[0]
        .needs
        .push(needs("environment dev stack Api"));
    wrong(
        both(dev, prod),
        &["A0602 `prod.Api` cannot wait for `dev.Api`, which is in another environment"],
    );

    let mut dev = environment("", "dev");
    dev.body
        .push(Deployment::Stack(Box::new(stack("environment dev", "Web"))));
    stacks(&mut dev)[0]
        .needs
        .push(needs("environment dev stack Web"));
    wrong(
        pipeline(vec![target(dev)]),
        &["A0602 `dev.Api` needs `dev.Web`, which is deployed after it"],
    );

    let mut lint = step(StepKind::Check, "", "lint");
    lint.needs.push(needs("build _"));
    let mut pipeline = pipeline(vec![target(environment("", "dev"))]);
    pipeline.checks.push(lint);
    wrong(
        pipeline,
        &["A0602 `lint` cannot wait for `build`: build and checks begin together"],
    );

    let (mut dev, mut prod) = two();
    dev.start = Start::Manual;
    prod.needs = Some(vec![needs("environment dev")]);
    wrong(
        both(dev, prod),
        &["A0602 `prod` needs `dev`, which only a person starts"],
    );
}

#[test]
fn a_stack_is_deployed_once() {
    let twin = |select: &str, stage: bool| {
        let mut dev = environment("", "dev");
        let mut test = environment("", "test");
        stacks(&mut test)[0].select = text(select);
        if stage {
            set(&mut dev.env, "STAGE", plain("dev"));
            set(&mut test.env, "STAGE", plain("test"));
        }
        both(dev, test)
    };
    wrong(
        twin("Api", false),
        &[
            "A0607 `dev.Api` and `test.Api` are one stack, in account 111122223333 and region eu-west-1",
        ],
    );
    wrong(
        twin("*", false),
        &[
            "A0607 `dev.Api` and `test.Api` are one stack, in account 111122223333 and region eu-west-1",
        ],
    );
    fine(twin("Web", false));
    fine(twin("Prod/*", false));
    fine(twin("Api", true));

    let one = pipeline(vec![target(environment("", "dev"))]);
    let mut other = one.clone();
    other.name = text("web");
    let found = said(&[one, other]);
    assert_eq!(
        found,
        [
            "A0607 `dev.Api` of pipeline `shop` and `dev.Api` of pipeline `web` are one stack, in account 111122223333 and region eu-west-1"
        ]
    );
}

#[test]
fn sisters_have_the_same_settings() {
    let case = |all: &[&[&str]]| {
        let regions = ["eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1"];
        let names = ["a", "b", "c", "d"];
        let environments = all
            .iter()
            .zip(regions)
            .zip(names)
            .map(|((keys, region), name)| {
                let mut environment = environment("", name);
                environment.region = text(region);
                for key in *keys {
                    set(&mut environment.env, key, plain("x"));
                }
                target(environment)
            });
        pipeline(environments.collect())
    };
    wrong(
        case(&[&["STAGE", "URL"], &["STAGE"]]),
        &["A0608 `env` of `b` lacks `URL`, which `a` has"],
    );
    wrong(
        case(&[&["STAGE", "URL"], &["STAGE"], &["STAGE", "URL"]]),
        &["A0608 `env` of `b` lacks `URL`, which each of `a` and 1 more has"],
    );
    fine(case(&[&["STAGE", "DEBUG"], &["STAGE"], &["STAGE"]]));
    fine(case(&[&["STAGE", "URL"], &["URL", "STAGE"]]));
    fine(case(&[&[], &[]]));
}

#[test]
fn arns_are_of_their_environment() {
    let case = |role: &str| {
        let mut dev = environment("", "dev");
        dev.role = Some(text(role));
        pipeline(vec![target(dev)])
    };
    fine(case("arn:aws:iam::111122223333:role/x"));
    wrong(
        case("arn:aws:iam::444455556666:role/x"),
        &["A0614 the role is in account 444455556666, and `dev` deploys to 111122223333"],
    );
    wrong(
        case("arn:aws-cn:iam::111122223333:role/x"),
        &["A0614 the role is in partition `aws-cn`, and `dev` is in `aws`"],
    );
}

#[test]
fn names_stay_apart() {
    wrong(
        both(environment("", "prod-eu"), {
            let mut other = environment("", "prod_eu");
            other.region = text("eu-west-2");
            other
        }),
        &["A0609 `prod-eu` and `prod_eu` are one name in the cluster: `prod-eu`"],
    );
    let mut long = pipeline(vec![target(environment("", &"e".repeat(50)))]);
    long.name = text(&"p".repeat(40));
    assert!(said(&[long])[0].starts_with("A0701"));
}

#[test]
fn triggers_and_schedules() {
    let trigger = |event: Event| Trigger { event, ..push() };
    let pushes = |branches: &[&str], paths: &[&str]| {
        trigger(Event::Push {
            branches: branches.iter().map(|branch| text(branch)).collect(),
            paths: paths.iter().map(|path| text(path)).collect(),
            skip_message: None,
        })
    };
    let case = |triggers: Vec<Trigger>| {
        let mut pipeline = pipeline(vec![target(environment("", "dev"))]);
        pipeline.triggers = triggers;
        pipeline
    };
    fine(case(vec![
        pushes(&["main"], &[]),
        pushes(&["release/*"], &[]),
    ]));
    fine(case(vec![
        pushes(&["main"], &["web/**"]),
        pushes(&["main"], &["api/**"]),
    ]));
    wrong(
        case(vec![pushes(&["main"], &[]), pushes(&["*"], &[])]),
        &["A0610 a push to `main` starts two runs"],
    );
    wrong(
        case(vec![pushes(&["refs/heads/main"], &[])]),
        &["A0611 no branch can match `refs/heads/main`"],
    );
    wrong(
        case(vec![pushes(&["main"], &["src/**", "!**"])]),
        &["A0611 nothing passes `paths`"],
    );
    let schedule = |cron: &str| {
        trigger(Event::Schedule {
            cron: text(cron),
            timezone: text("UTC"),
        })
    };
    fine(case(vec![schedule("0 5 * * 1-5")]));
    wrong(
        case(vec![schedule("0 5 31 2 *")]),
        &["A0612 `0 5 31 2 *` never fires"],
    );
    wrong(
        case(vec![schedule("* * * * *")]),
        &["A0613 `* * * * *` starts a run every minute"],
    );
}

#[test]
fn retries_do_not_create_twice() {
    let case = |command: &str, times: u32, timeout: u64| {
        let mut pipeline = pipeline(vec![target(environment("", "dev"))]);
        pipeline.build.run = vec![text(command)];
        pipeline.build.retry = Some(Retry {
            times: at(times),
            wait: 60,
            on: RetryOn::Failure,
            span: span(30),
        });
        pipeline.build.timeout = Some(at(timeout));
        pipeline
    };
    fine(case("npm ci", 2, 3600));
    fine(case("aws ec2 create-image --name x --dry-run", 2, 3600));
    wrong(
        case("npm publish", 2, 3600),
        &["A0618 a second try of `build` fails where the first has published it"],
    );
    wrong(
        case("aws ec2 create-image --name x", 1, 3600),
        &["A0618 a second try of `build` fails where the first has created it"],
    );
    wrong(
        case("npm ci", 3, 8 * 3600),
        &["A0623 `build` may take 1d8h7m before it has failed"],
    );
}

#[test]
fn credentials_are_copied_for_an_hour() {
    let mut pipeline = pipeline(vec![target(environment("", "dev"))]);
    pipeline.build.run = vec![text("aws configure export-credentials --format env > x")];
    pipeline.build.timeout = Some(at(7200));
    wrong(
        pipeline.clone(),
        &["A0622 these credentials last an hour, and `build` may run for 2h"],
    );
    pipeline.build.timeout = Some(at(3600));
    fine(pipeline);
}

#[test]
fn secrets_stay_secret() {
    let secret = || {
        EnvValue::Secret(Rc::new(Secret {
            store: SecretStore::Kubernetes,
            name: SmolStr::new("x"),
            key: None,
        }))
    };
    let case = |command: &str| {
        let mut pipeline = pipeline(vec![target(environment("", "dev"))]);
        set(&mut pipeline.build.env, "TOKEN", secret());
        pipeline.build.run = vec![text(command)];
        pipeline
    };
    fine(case(
        "curl -H \"Authorization: Bearer $TOKEN\" https://example.com",
    ));
    fine(case("echo \"$TOKEN\" | docker login -u x --password-stdin"));
    fine(case("echo \"//registry/:_authToken=$TOKEN\" > .npmrc"));
    wrong(
        case("echo $TOKEN"),
        &["A0620 the secret `TOKEN` is written to the log"],
    );
    wrong(
        case("docker login -u x -p $TOKEN"),
        &["A0620 the secret `TOKEN` stands on a command line, where every process can read it"],
    );
    wrong(
        case("docker build --build-arg T=$TOKEN ."),
        &["A0620 the secret `TOKEN` becomes a part of the image's history"],
    );

    let with = |name: &str, value: &str| {
        let mut pipeline = pipeline(vec![target(environment("", "dev"))]);
        set(&mut pipeline.build.env, name, plain(value));
        pipeline
    };
    fine(with("TOKEN_URL", "https://example.com"));
    fine(with("DATABASE_URL", "postgres://postgres@localhost/shop"));
    fine(with("SECRET_NAME", "shop/dev/database0123"));
    wrong(
        with("API_TOKEN", "hT7x9QmZ2vLp4Kw8"),
        &["A0619 this looks like a credential that is written into the file"],
    );
    wrong(
        with("DATABASE_URL", "postgres://app:hT7x9Qm@db.example.com/shop"),
        &["A0619 the password in this URL is written into the file"],
    );
}

#[test]
fn sizes_have_limits() {
    let mut pipeline = pipeline(vec![target(environment("", "dev"))]);
    set(&mut pipeline.build.env, "TEXT", plain(&"x".repeat(200_000)));
    set(&mut pipeline.build.env, "AWS_ROLE_ARN", plain("x"));
    let found = said(&[pipeline]);
    assert!(
        found[0].starts_with("A0703") && found[1].starts_with("A0705"),
        "{found:?}"
    );

    let mut dev = environment("", "dev");
    for index in 0..201 {
        set(
            &mut stacks(&mut dev)[0].parameters,
            &format!("P{index}"),
            plain("x"),
        );
    }
    set(
        &mut stacks(&mut dev)[0].parameters,
        "P0",
        plain(&"x".repeat(5000)),
    );
    let found = said(&[crate::model::fixture::pipeline(vec![target(dev)])]);
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn steps_that_nothing_reaches() {
    let mut dev = environment("", "dev");
    let mut alarm = step(StepKind::Before, "environment dev", "alarm");
    alarm.when = at(When::Failure);
    dev.before.push(alarm);
    wrong(
        pipeline(vec![target(dev)]),
        &["A0617 `dev.alarm` can never run"],
    );
    let mut dev = environment("", "dev");
    let mut alarm = step(StepKind::After, "environment dev", "alarm");
    alarm.when = at(When::Failure);
    dev.after.push(alarm);
    fine(pipeline(vec![target(dev)]));
}

#[test]
fn a_thousand_environments_take_no_time() {
    let mut environments = Vec::new();
    for index in 0..1000 {
        let mut environment = environment("wave all", &format!("e{index}"));
        environment.account = text(&format!("{index:012}"));
        set(&mut environment.env, "STAGE", plain("x"));
        environments.push(environment);
    }
    let start = std::time::Instant::now();
    fine(pipeline(vec![Target::Wave(wave("all", environments))]));
    assert!(start.elapsed().as_secs() < 10);
}
