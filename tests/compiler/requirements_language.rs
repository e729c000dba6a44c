//! The requirements that the language itself fulfils, a test each; their numbers are in the names.

use aphex::analysis::analyse;
use aphex::model::{Deployment, EnvValue, Event, Pipeline, StepKind, Target};
use aphex::source::MemoryFiles;

/// The pipelines of a program, and what is wrong with it, one line each.
fn outcome(text: &str) -> (Vec<Pipeline>, Vec<String>) {
    let files = MemoryFiles::new().with("pipeline.aphex", text);
    let analysis = analyse("pipeline.aphex", &files);
    let messages = analysis.diagnostics.iter();
    let messages = messages.map(|problem| format!("{}: {}", problem.code.id, problem.message));
    (analysis.pipelines, messages.collect())
}

/// The one pipeline of a program that is accepted.
fn accepted(text: &str) -> Pipeline {
    let (mut pipelines, problems) = outcome(text);
    assert!(problems.is_empty(), "{problems:#?}");
    assert_eq!(pipelines.len(), 1);
    pipelines.remove(0)
}

/// What is said about a program.
fn refused(text: &str) -> Vec<String> {
    let (_, problems) = outcome(text);
    assert!(!problems.is_empty(), "accepted: {text}");
    problems
}

/// A pipeline with these lines in it.
fn pipeline(lines: &str) -> String {
    format!(
        "pipeline shop {{\n  cluster = \"company\"\n  repository = \"acme/shop\"\n  build {{ run = [\"make\"] }}\n{lines}\n}}\n"
    )
}

const DEV: &str =
    r#"environment dev { account = "111122223333", region = "us-east-1", stack Api }"#;

#[test]
fn req_4_1_environments_are_read_from_a_file() {
    let shop = accepted(&pipeline(DEV));
    let names: Vec<&str> = shop
        .environments()
        .map(|one| one.name.value.as_str())
        .collect();
    assert_eq!(names, ["dev"]);
    assert_eq!(shop.file, "pipeline.aphex");
}

#[test]
fn req_4_2_an_environment_says_region_account_and_stacks() {
    let shop = accepted(&pipeline(DEV));
    let dev = shop.environments().next().unwrap();
    assert_eq!(dev.account.value, "111122223333");
    assert_eq!(dev.region.value, "us-east-1");
    let stacks: Vec<&str> = dev
        .stacks()
        .map(|stack| stack.select.value.as_str())
        .collect();
    assert_eq!(stacks, ["Api"]);

    for (left_out, text) in [
        (
            "account",
            r#"environment dev { region = "us-east-1", stack Api }"#,
        ),
        (
            "region",
            r#"environment dev { account = "111122223333", stack Api }"#,
        ),
        (
            "deploys nothing",
            r#"environment dev { account = "111122223333", region = "us-east-1" }"#,
        ),
    ] {
        let problems = refused(&pipeline(text));
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].contains(left_out), "{problems:#?}");
    }
}

#[test]
fn req_4_3_stacks_are_in_the_order_written() {
    let shop = accepted(&pipeline(
        r##"environment dev {
            account = "111122223333"
            region  = "us-east-1"
            stack Zebra
            step middle { run = ["make"] }
            stack Alpha
            for name in ["One", "Two"] { stack "#{name}" }
        }"##,
    ));
    let dev = shop.environments().next().unwrap();
    let body: Vec<&str> = dev
        .body
        .iter()
        .map(|item| match item {
            Deployment::Stack(stack) => stack.name.value.as_str(),
            Deployment::Step(step) => step.name.value.as_str(),
        })
        .collect();
    assert_eq!(body, ["Zebra", "middle", "Alpha", "One", "Two"]);
}

#[test]
fn req_4_4_an_environment_may_have_hooks_before_and_after() {
    let bare = accepted(&pipeline(DEV));
    let dev = bare.environments().next().unwrap();
    assert!(dev.before.is_empty() && dev.after.is_empty());

    let shop = accepted(&pipeline(
        r#"environment dev {
            account = "111122223333"
            region  = "us-east-1"
            after  purge   { run = ["make purge"] }
            before migrate { run = ["make migrate"] }
            before warm    { run = ["make warm"] }
            stack Api
        }"#,
    ));
    let dev = shop.environments().next().unwrap();
    let before: Vec<_> = dev
        .before
        .iter()
        .map(|step| (step.kind, step.name.value.as_str()))
        .collect();
    assert_eq!(
        before,
        [(StepKind::Before, "migrate"), (StepKind::Before, "warm")]
    );
    assert_eq!(dev.after[0].kind, StepKind::After);
    assert_eq!(dev.after[0].run[0].value, "make purge");
}

#[test]
fn req_13_1_nothing_of_the_application_is_needed() {
    // No files but the pipeline's own, no language, no framework: only what and where.
    let shop = accepted(&pipeline(DEV));
    assert_eq!(shop.apps.len(), 1);
    assert_eq!(shop.apps[0].dir.value, ".");
    assert!(shop.apps[0].command.is_none() && shop.apps[0].setup.is_empty());
}

#[test]
fn req_13_2_build_commands_are_arbitrary_shell() {
    let shop = accepted(
        r##"pipeline shop {
          cluster    = "company"
          repository = "acme/shop"
          build {
            run = [
              "for f in *.c; do cc -c \"$f\" || exit 1; done",
              r"sed -e 's/\$(x)/{{y}}/' < a > b",
              """
              set -- "$@" ${HOME:-/root}
              make -j"$(nproc)"
              """,
            ]
          }
        }"##,
    );
    let run: Vec<&str> = shop
        .build
        .run
        .iter()
        .map(|text| text.value.as_str())
        .collect();
    assert_eq!(
        run,
        [
            r#"for f in *.c; do cc -c "$f" || exit 1; done"#,
            r"sed -e 's/\$(x)/{{y}}/' < a > b",
            "set -- \"$@\" ${HOME:-/root}\nmake -j\"$(nproc)\"",
        ]
    );
}

#[test]
fn req_13_3_any_stack_can_be_deployed() {
    let shop = accepted(&pipeline(
        r#"environment dev {
            account = "111122223333"
            region  = "us-east-1"
            stack A
            stack B { select = "Stage/With.Any_Id" }
            stack C { select = "Other/**" }
        }"#,
    ));
    let dev = shop.environments().next().unwrap();
    let selected: Vec<&str> = dev
        .stacks()
        .map(|stack| stack.select.value.as_str())
        .collect();
    assert_eq!(selected, ["A", "Stage/With.Any_Id", "Other/**"]);
}

#[test]
fn req_13_4_any_region_goes_with_any_account() {
    for account in ["000000000000", "999999999999"] {
        let shop = accepted(&pipeline(&format!(
            r##"for region in all_regions {{
              environment "at-#{{region}}" {{ account = "{account}", region = region, stack Api }}
            }}"##,
        )));
        let regions: Vec<&str> = shop
            .environments()
            .map(|one| one.region.value.as_str())
            .collect();
        assert!(regions.len() > 40);
        for region in [
            "us-east-1",
            "eu-central-2",
            "cn-north-1",
            "us-gov-west-1",
            "us-iso-east-1",
        ] {
            assert!(regions.contains(&region), "{region}");
        }
    }
}

#[test]
fn req_13_5_hooks_run_own_logic_with_their_own_image_and_values() {
    let shop = accepted(&pipeline(
        r#"environment dev {
            account = "111122223333"
            region  = "us-east-1"
            before own { run = "./own.sh", image = "acme/own:3", env = { COMMIT = run.commit }, role = "arn:aws:iam::111122223333:role/own" }
            stack Api { output Url }
            after tell { run = ["./tell.sh"], env = { URL = Api.Url }, when = "always" }
        }"#,
    ));
    let dev = shop.environments().next().unwrap();
    let own = &dev.before[0];
    assert_eq!(own.image.as_ref().unwrap().value, "acme/own:3");
    assert!(matches!(own.env["COMMIT"].value, EnvValue::Output(_)));
    assert!(matches!(dev.after[0].env["URL"].value, EnvValue::Output(_)));
}

#[test]
fn req_15_1_default_images_have_the_tag_latest() {
    let images = accepted(&pipeline(DEV)).images;
    for image in [images.runtime, images.builder, images.deployer] {
        assert!(image.value.ends_with(":latest"), "{}", image.value);
    }
}

#[test]
fn req_15_2_default_images_are_published_ones() {
    let images = accepted(&pipeline(DEV)).images;
    for image in [images.runtime, images.builder, images.deployer] {
        assert!(
            image.value.starts_with("public.ecr.aws/aphex/"),
            "{}",
            image.value
        );
    }
}

#[test]
fn req_15_3_the_users_images_are_used_unchanged() {
    let shop = accepted(
        r#"pipeline shop {
          cluster    = "company"
          repository = "acme/shop"
          images { deployer = "registry.acme.io:8443/tools/deployer:7" }
          defaults { image = "acme/base" }
          app { image = "acme/cdk:2" }
          build { run = ["make"], image = "node:22-alpine" }
          check lint { run = ["make lint"] }
        }"#,
    );
    assert_eq!(
        shop.images.deployer.value,
        "registry.acme.io:8443/tools/deployer:7"
    );
    assert_eq!(
        shop.images.runtime.value,
        "public.ecr.aws/aphex/runtime:latest"
    );
    assert_eq!(shop.build.image.unwrap().value, "node:22-alpine");
    assert_eq!(shop.checks[0].image.as_ref().unwrap().value, "acme/base");
    assert_eq!(shop.apps[0].image.as_ref().unwrap().value, "acme/cdk:2");
}

#[test]
fn req_15_4_latest_and_explicit_versions_are_both_accepted() {
    let digest = format!("node@sha256:{}", "0a".repeat(32));
    for image in ["node:latest", "node:22.1.0", "node", digest.as_str()] {
        let check = format!(r#"check c {{ run = ["make"], image = "{image}" }}"#);
        let shop = accepted(&pipeline(&check));
        assert_eq!(shop.checks[0].image.as_ref().unwrap().value, image);
    }
}

/// Without `on` and `app` a pipeline has what `on push {}`, `on pull_request {}` and `app {}` say.
#[test]
fn what_is_not_written_is_as_the_standard_library_says() {
    let bare = accepted(&pipeline(DEV));
    let written = accepted(&pipeline(&format!(
        "on push {{}}\non pull_request {{}}\napp {{}}\n{DEV}"
    )));
    let events = |shop: &Pipeline| -> Vec<String> {
        let events = shop.triggers.iter().map(|trigger| match &trigger.event {
            Event::Push {
                branches,
                paths,
                skip_message,
            } => {
                format!(
                    "{:?} {:?} {skip_message:?}",
                    values(branches),
                    values(paths)
                )
            }
            Event::PullRequest {
                branches,
                paths,
                drafts,
                forks,
                skip_authors,
                comment,
                role,
            } => format!(
                "{:?} {:?} {drafts} {forks:?} {skip_authors:?} {comment} {role:?}",
                values(branches),
                values(paths)
            ),
            other => format!("{other:?}"),
        });
        events.collect()
    };
    assert_eq!(events(&bare), events(&written));
    let app = |shop: &Pipeline| {
        let app = &shop.apps[0];
        let texts = (app.name.value.clone(), app.dir.value.clone());
        (
            texts,
            app.command.clone(),
            app.setup.clone(),
            app.env.clone(),
            app.image.clone(),
        )
    };
    assert_eq!(app(&bare), app(&written));
}

fn values(texts: &[aphex::model::Text]) -> Vec<&str> {
    texts.iter().map(|text| text.value.as_str()).collect()
}

/// `env` of the environment reaches every step, and the nearest `defaults` wins.
#[test]
fn defaults_and_environments_reach_every_step() {
    let shop = accepted(
        r#"pipeline shop {
          cluster    = "company"
          repository = "acme/shop"
          defaults { timeout = 5m, shell = "bash", env = { A = "pipeline", B = "pipeline", C = "pipeline" } }
          build { run = ["make"] }
          wave all {
            defaults { timeout = 6m, env = { B = "wave" } }
            environment dev {
              account = "111122223333"
              region  = "us-east-1"
              env     = { C = "environment", D = "environment" }
              stack Api
              test smoke { run = ["make"], env = { D = "step" } }
              test slow { run = ["make"], timeout = 2h }
            }
            test after { run = ["make"] }
          }
        }"#,
    );
    assert_eq!(shop.build.timeout.as_ref().unwrap().value, 5 * 60);
    let Target::Wave(wave) = &shop.targets[0] else {
        panic!("{:?}", shop.targets);
    };
    let smoke = &wave.environments[0].tests[0];
    assert_eq!(smoke.timeout.as_ref().unwrap().value, 6 * 60);
    assert_eq!(smoke.shell, aphex::model::Shell::Bash);
    let env: Vec<(&str, &EnvValue)> = smoke
        .env
        .iter()
        .map(|(name, value)| (name.as_str(), &value.value))
        .collect();
    let text = |value: &str| EnvValue::Text(value.to_owned());
    assert_eq!(
        env,
        [
            ("A", &text("pipeline")),
            ("B", &text("wave")),
            ("C", &text("environment")),
            ("D", &text("step")),
        ]
    );
    assert_eq!(
        wave.environments[0].tests[1]
            .timeout
            .as_ref()
            .unwrap()
            .value,
        2 * 3600
    );
    assert_eq!(wave.tests[0].env.len(), 3);
}
