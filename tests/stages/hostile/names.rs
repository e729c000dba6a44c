//! Names: of branches, tags, people, inputs, environments, stacks, tests, runs, commits.

use std::fs;

use super::{
    Canary, SECRET, assert_harmless, assert_nothing_leaked, assert_shows_nothing_evil, begin, names,
};
use crate::finish::Pods;
use crate::support::project::{Project, text};
use aphex::analysis::analyse;
use aphex::diagnostics::{Paint, Report, human, short};
use aphex::source::MemoryFiles;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// What an event brings: it reaches a step's programs letter by letter as the value of a variable, and nothing else.
#[test]
fn an_event_s_words_are_values_and_nothing_else() {
    let canary = Canary::new();
    let project = Project::new(
        "input word { default = \"\" }\n  build { run = [\"true\"] }",
        "approval { message = \"Ship #{run.branch} of #{run.actor} (#{run.input.word})?\" }\n    \
         step show {\n      run = [\"printf %s \\\"$BRANCH\\\" > branch; printf %s \\\"$ACTOR\\\" > actor; printf %s \\\"$WORD\\\" > word; echo \\\"$TOKEN\\\"\"]\n      \
         env = { BRANCH = run.branch, ACTOR = run.actor, WORD = run.input.word, TOKEN = secret(\"api\", key = \"token\") }\n    }",
    );
    let pods = Pods::new(project);
    let show = ["step", "--environment", "dev", "--name", "show"];
    let ask = ["approval-request", "--environment", "dev"];
    let all = names(&canary);
    assert!(all.len() > 90, "{}", all.len());
    for (number, name) in all.iter().enumerate() {
        let pod = format!("{number}");
        let command = |words: &[&str]| {
            let mut command = pods.command(&pod, words);
            command
                .env("APHEX_RUN", format!("shop-{number}"))
                .env(
                    "APHEX_REF_BASE64",
                    STANDARD.encode(format!("refs/heads/{name}")),
                )
                .env("APHEX_ACTOR_BASE64", STANDARD.encode(name))
                .env(
                    "APHEX_INPUTS_BASE64",
                    STANDARD.encode(json!({ "word": name }).to_string()),
                );
            command
        };
        let output = command(&[
            "checkout", "--for", show[0], show[1], show[2], show[3], show[4],
        ])
        .output()
        .unwrap();
        assert!(output.status.success(), "{name:?}: {}", text(&output));
        assert_harmless(&output, &canary, name);
        let secret = pods.root(&pod).join("secrets/api/key/token");
        fs::create_dir_all(&secret).unwrap();
        fs::write(secret.join("value"), SECRET).unwrap();
        let output = command(&show).output().unwrap();
        assert_harmless(&output, &canary, name);
        assert!(
            output.status.success(),
            "{name:?}: {}",
            begin(&text(&output))
        );
        for file in ["branch", "actor", "word"] {
            let got = fs::read(pods.root(&pod).join("source").join(file)).unwrap();
            assert!(
                got == name.as_bytes(),
                "{file} of {name:?} is {:?}",
                String::from_utf8_lossy(&got)
            );
        }
        let output = command(&ask).output().unwrap();
        assert_harmless(&output, &canary, name);
        assert!(
            output.status.success(),
            "{name:?}: {}",
            begin(&text(&output))
        );
    }
    assert_nothing_leaked(&pods.store());
}

/// What an event cannot bring: it is refused before anything is done with it.
#[test]
fn what_is_no_event_is_refused() {
    let canary = Canary::new();
    let pods = Pods::new(Project::new("build { run = [\"true\"] }", "stack Site"));
    let touch = canary.touch();
    let deep = STANDARD.encode("[".repeat(100_000));
    let cases: Vec<(&str, String)> = vec![
        ("APHEX_RUN", "../../x".into()),
        ("APHEX_RUN", "a/b".into()),
        ("APHEX_RUN", "..".into()),
        ("APHEX_RUN", "-x".into()),
        ("APHEX_RUN", "x".repeat(5_000)),
        ("APHEX_RUN", "\u{1b}[2J".into()),
        ("APHEX_COMMIT", format!("--upload-pack={touch}")),
        ("APHEX_COMMIT", "HEAD".into()),
        ("APHEX_COMMIT", "a".repeat(39)),
        ("APHEX_COMMIT", format!("{}\n{touch}", "a".repeat(40))),
        ("APHEX_COMMIT", "\u{ff10}".repeat(40)),
        ("APHEX_STARTED_AT", "\u{202e}2026".into()),
        ("APHEX_STARTED_AT", "9".repeat(400)),
        ("APHEX_PULL_REQUEST", "1; x".into()),
        ("APHEX_PULL_REQUEST", "-1".into()),
        ("APHEX_PULL_REQUEST", "99999999999999999999".into()),
        ("APHEX_REF_BASE64", "%%%".into()),
        ("APHEX_REF_BASE64", STANDARD.encode([0xff, 0xfe])),
        ("APHEX_ACTOR_BASE64", "\u{1b}]0;x\u{7}".into()),
        ("APHEX_INPUTS_BASE64", STANDARD.encode("[]")),
        ("APHEX_INPUTS_BASE64", STANDARD.encode("{\"a\": {}}")),
        (
            "APHEX_INPUTS_BASE64",
            STANDARD.encode("{\"a\": \"\u{1b}[2J\""),
        ),
        ("APHEX_INPUTS_BASE64", deep[..100_000].to_owned()),
        ("APHEX_REMOTE", format!("ext::sh -c {touch}")),
        ("APHEX_REMOTE", format!("--upload-pack={touch}")),
        ("APHEX_REMOTE", format!("ssh://-oProxyCommand={touch}/x")),
        ("APHEX_REMOTE", "http://\u{1b}[2J/x".into()),
        ("APHEX_STORE", "ftp://x".into()),
        ("APHEX_STORE", "file://../x".into()),
    ];
    for (number, (name, value)) in cases.iter().enumerate() {
        let what = format!("{name}={}", begin(value));
        let mut command = pods.init(&format!("pod-{number}"), &["build"]);
        let output = command.env(name, value).output().unwrap();
        assert_harmless(&output, &canary, &what);
        assert_eq!(output.status.code(), Some(1), "{what}: {}", text(&output));
        assert!(
            text(&output).contains("error[A"),
            "{what}: {}",
            text(&output)
        );
        assert!(
            !pods
                .root(&format!("pod-{number}"))
                .join("run.json")
                .exists(),
            "{what}"
        );
    }
}

/// What a person types, or a script for them.
#[test]
fn arguments_are_names_and_nothing_else() {
    let canary = Canary::new();
    let project = Project::new(
        "build { run = [\"true\"] }",
        "step copy { run = [\"true\"] }",
    );
    for name in names(&canary) {
        let commands: [&[&str]; 7] = [
            &["run", &format!("--only={name}")],
            &["run", &format!("--sha={name}")],
            &["run", &format!("--from={name}")],
            &["run", &format!("--input={name}")],
            &["history", "--", &name],
            &["graph", &format!("--run={name}")],
            &["explain", "--", &name],
        ];
        for arguments in commands {
            let output = project.aphex(arguments).output().unwrap();
            assert_harmless(&output, &canary, &format!("{} {name:?}", arguments[0]));
            assert!(
                !output.status.success(),
                "{arguments:?}: {}",
                begin(&text(&output))
            );
        }
    }
}

/// What a file says: it is refused or it is a text, and either way it is shown without harm.
#[test]
fn names_in_a_file_are_refused_or_texts() {
    let canary = Canary::new();
    let file = |environment: &str, stack: &str, test: &str, texts: &str| {
        format!(
            "pipeline shop {{\n  cluster = \"c\"\n  repository = \"acme/shop\"\n  on push {{ branches = [\"main\"] }}\n  build {{ run = [\"true\"] }}\n  \
             environment {environment} {{\n    account = \"111122223333\"\n    region = \"us-east-1\"\n    stack {stack}\n    \
             test {test} {{ run = [\"true\"] }}\n    {texts}\n  }}\n}}\n"
        )
    };
    for name in names(&canary) {
        let quoted = serde_json::to_string(&name).unwrap();
        let files = [
            file(&name, "Site", "smoke", ""),
            file("dev", &name, "smoke", ""),
            file("dev", "Site", &name, ""),
            file("dev", "Site", "smoke", &format!("env = {{ A = {quoted} }}")),
            file("dev", "Site", "smoke", &format!("role = {quoted}")),
            file("dev", "Site", "smoke", "").replace("\"acme/shop\"", &quoted),
            file("dev", "Site", "smoke", "").replace("\"main\"", &quoted),
        ];
        for text in files {
            let project = MemoryFiles::new().with("pipeline.aphex", &text);
            let analysis = analyse("pipeline.aphex", &project);
            let reports = [Report::new(analysis.sources, analysis.diagnostics)];
            assert_shows_nothing_evil(&human::render(&reports, Paint::Plain), &name);
            assert_shows_nothing_evil(&short::render(&reports), &name);
        }
    }
    canary.assert_alive("a file");
}
