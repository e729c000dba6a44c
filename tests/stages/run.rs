//! `aphex run`, tried as a person would: real Git, real shells, the real CDK CLI.
//!
//! A test whose name begins with `req_` proves the criterion of that number, as far as one machine can.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::project::{Project, stage, text};

/// An environment whose deployment is never reached in these tests.
const STACK: &str = "stack Site";

#[test]
fn req_2_1_2_2_13_2_the_build_runs_the_commands_of_the_file() {
    let project = Project::new(
        "build { run = [\"echo one > made\", \"test \\\"$(cat made)\\\" = one\", \"exit 3\"] }",
        STACK,
    );
    let (output, record) = project.run(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let tries = &stage(&record, "build")["tries"][0];
    let codes: Vec<&Value> = tries["commands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|command| &command["exit_code"])
        .collect();
    assert_eq!(codes, [0, 0, 3]);
}

#[test]
fn req_2_3_2_4_artifacts_are_stored_with_their_commit_and_time() {
    let project = Project::new(
        "build { run = [\"mkdir -p dist && echo hello > dist/a && chmod 755 dist/a && ln -s a dist/b\"], artifacts = [\"dist/**\"] }\n  \
         check later { run = [\"test ! -e dist\"] }",
        STACK,
    );
    let commit = project.commit();
    let (output, record) = project.run(&["--only", "dev"]);
    let artifact = &stage(&record, "build")["tries"][0]["artifact"];
    let key = artifact["key"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", text(&output)));
    assert!(key.contains(&commit), "{key}");
    let stored = project
        .path()
        .join(".aphex/store")
        .join(format!("{key}.json"));
    let manifest: Value = serde_json::from_slice(&fs::read(stored).unwrap()).unwrap();
    assert_eq!(manifest["commit"], commit.as_str());
    assert!(manifest["created_at"].as_str().is_some(), "{manifest:#}");
    // A check beside the build does not see what the build made, however fast it was.
    assert_eq!(
        stage(&record, "check/later".trim_start_matches("check/"))["outcome"],
        "succeeded"
    );
}

#[test]
fn req_2_5_8_4_a_failed_build_halts_the_run_and_says_why() {
    let project = Project::new("build { run = [\"echo the reason >&2; exit 7\"] }", STACK);
    let (output, record) = project.run(&[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output);
    assert!(said.contains("pipeline.aphex:7"), "{said}");
    assert_eq!(record["outcome"], "failed");
    let error = &stage(&record, "build")["tries"][0]["error"];
    assert!(
        error["notes"].to_string().contains("the reason"),
        "{error:#}"
    );
    assert_eq!(stage(&record, "dev/deploy")["outcome"], Value::Null);
    assert!(
        stage(&record, "dev")["reason"]
            .as_str()
            .unwrap()
            .contains("build"),
        "{record:#}"
    );
}

#[test]
fn req_8_2_every_run_leaves_a_record_and_its_logs() {
    let project = Project::new("build { run = [\"echo hello\", \"false\"] }", STACK);
    let (_, first) = project.run(&[]);
    let (_, second) = project.run(&[]);
    assert_ne!(first["run"], second["run"]);
    for run in [&first, &second] {
        let run = run["run"].as_str().unwrap();
        let log = project
            .path()
            .join(format!(".aphex/store/runs/{run}/stages/build/0.log"));
        assert!(fs::read_to_string(log).unwrap().contains("hello"));
    }
}

#[test]
fn req_9_1_9_2_a_wrong_file_runs_nothing() {
    let project = Project::new("build { run = [\"touch ran\"] }", "stack Site { output }");
    let output = project.aphex(&["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("error[A"), "{}", text(&output));
    assert!(!project.path().join(".aphex").exists());
}

#[test]
fn req_9_5_a_missing_tool_is_named_before_anything_runs() {
    let project = Project::new(
        "build { run = [\"touch ran\", \"frobnicate --all\"] }",
        STACK,
    );
    let (output, record) = project.run(&[]);
    assert!(
        text(&output).contains("`frobnicate` is not on this machine"),
        "{}",
        text(&output)
    );
    assert_eq!(stage(&record, "preflight")["outcome"], "failed");
    assert_eq!(stage(&record, "build")["outcome"], Value::Null);
}

#[test]
fn runs_what_is_there_and_touches_nothing() {
    let project = Project::new(
        "build { run = [\"test -e new && test ! -e ignored && test ! -e gone\"] }",
        STACK,
    );
    project.write("gone", "x");
    project.write(".gitignore", "ignored\n");
    project.commit();
    project.write("new", "x");
    project.write("ignored", "x");
    fs::remove_file(project.path().join("gone")).unwrap();
    let status = project.git(&["status", "--porcelain"]);
    let (output, record) = project.run(&[]);
    assert_eq!(
        stage(&record, "build")["outcome"],
        "succeeded",
        "{}",
        text(&output)
    );
    assert_eq!(record["local_changes"], true);
    assert_eq!(project.git(&["status", "--porcelain"]), status);
    assert_eq!(
        project.git(&["for-each-ref", "--format=%(refname)"]),
        "refs/heads/main"
    );
}

#[test]
fn req_1_5_runs_the_commit_that_is_named() {
    let project = Project::new(
        "build { run = [\"test ! -e later\", \"test \\\"$(git rev-parse HEAD)\\\" = \\\"$SHA\\\"\"], env = { SHA = run.commit } }",
        STACK,
    );
    let first = project.commit();
    project.write("later", "x");
    project.commit();
    let (output, record) = project.run(&["--sha", &first]);
    assert_eq!(
        stage(&record, "build")["outcome"],
        "succeeded",
        "{}",
        text(&output)
    );
    assert_eq!(record["commit"], first.as_str());
    assert_eq!(record["local_changes"], false);
}

#[test]
fn secrets_reach_the_step_that_declares_them_and_no_log() {
    let project = Project::new(
        "build { run = [\"echo \\\"it is $TOKEN\\\"; printf %s \\\"$TOKEN\\\" | base64\"], env = { TOKEN = secret(\"github\", key = \"token\") } }\n  \
         check other { run = [\"test -z \\\"${TOKEN:-}\\\"\", \"! env | grep -q and-more$\"] }",
        STACK,
    );
    let output = project
        .aphex(&["run"])
        .env("APHEX_SECRET_GITHUB__TOKEN", "hunter22-and-more")
        .output()
        .unwrap();
    let said = text(&output);
    let record = project.last_record();
    assert_eq!(stage(&record, "build")["outcome"], "succeeded", "{said}");
    assert_eq!(stage(&record, "other")["outcome"], "succeeded", "{said}");
    assert!(said.contains("it is ***"), "{said}");
    let mut files = vec![project.path().join(".aphex")];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let held = String::from_utf8_lossy(&bytes);
        assert!(!held.contains("hunter22"), "{}", path.display());
        assert!(!held.contains("aHVudGVyMjIt"), "{}", path.display());
    }
    let missing = project.aphex(&["run"]).output().unwrap();
    assert!(
        text(&missing).contains("APHEX_SECRET_GITHUB__TOKEN"),
        "{}",
        text(&missing)
    );
}

#[test]
fn ctrl_c_ends_what_runs_and_leaves_a_record() {
    let project = Project::new(
        "build { run = [\"touch $HOLD; sleep 300\"], env = { HOLD = run.input.hold } }\n  input hold {}",
        STACK,
    );
    let hold = project.path().join("began");
    let mut child = project
        .aphex(&["run", "--input"])
        .arg(format!("hold={}", hold.display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !hold.exists() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the build did not begin"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let record = project.last_record();
    assert_eq!(record["outcome"], "stopped");
    assert_eq!(stage(&record, "build")["outcome"], "stopped");
}

/// Where nobody can answer the answer is no, and the run goes on to its end from there.
#[test]
fn an_approval_that_nobody_can_give_is_rejected() {
    let project = Project::new(
        "build { run = [\"true\"] }",
        "approval {}\n    step copy { run = [\"touch ran\"] }",
    );
    let (output, record) = project.run(&["--deploy"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert_eq!(record["outcome"], "rejected");
    assert_eq!(stage(&record, "dev/approval")["outcome"], "rejected");
    assert_eq!(stage(&record, "dev/copy")["outcome"], Value::Null);
}

/// A run that is killed leaves nobody behind.
#[test]
fn what_runs_ends_with_its_run() {
    let project = Project::new(
        "build { run = [\"touch $HOLD; sleep 6; touch $HOLD.end\"], env = { HOLD = run.input.hold } }\n  input hold {}",
        STACK,
    );
    let hold = project.path().join("began");
    let mut child = project
        .aphex(&["run", "--input"])
        .arg(format!("hold={}", hold.display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !hold.exists() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the build did not begin"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // Its result is written by the stage itself, told by the system that nobody waits for it any more.
    let runs = project.path().join(".aphex/store/runs");
    let run = fs::read_dir(&runs).unwrap().next().unwrap().unwrap().path();
    let result = run.join("stages/build/0.json");
    while !result.exists() {
        assert!(
            began.elapsed() < Duration::from_secs(90),
            "the build goes on"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let result: Value = serde_json::from_slice(&fs::read(result).unwrap()).unwrap();
    assert_eq!(result["outcome"], "stopped", "{result:#}");
    assert!(!project.path().join("began.end").exists());
}

#[test]
fn a_step_that_fails_at_first_is_tried_again() {
    let project = Project::new(
        "build { run = [\"test \\\"$ATTEMPT\\\" = 2\"], env = { ATTEMPT = \"#{run.attempt}\" }, retry = { times = 2, wait = 1s } }",
        STACK,
    );
    let (output, record) = project.run(&[]);
    assert_eq!(
        stage(&record, "build")["outcome"],
        "succeeded",
        "{}",
        text(&output)
    );
    assert_eq!(
        stage(&record, "build")["tries"].as_array().unwrap().len(),
        2
    );
    let said = text(&output);
    let line = said.lines().find(|line| line.contains("↻")).unwrap();
    assert!(
        line.contains("build") && line.contains("↻ try 1 of 3 failed after "),
        "{line}"
    );
    assert!(
        line.contains("has failed with exit code 1 after ") && line.ends_with("; again in 1 s"),
        "{line}"
    );
}

/// What is wrong is how the directory is written, not the command.
#[test]
fn a_directory_that_is_missing_is_marked() {
    let project = Project::new(
        "build {\n    dir = \"srvices\"\n    run = [\"true\"]\n  }",
        STACK,
    );
    let (output, _) = project.run(&[]);
    let said = text(&output);
    assert!(said.contains("error[A0916]"), "{said}");
    let marked = said
        .lines()
        .position(|line| line.contains("dir = \"srvices\""));
    let marked = marked.unwrap_or_else(|| panic!("{said}"));
    assert!(
        said.lines().nth(marked + 1).unwrap().contains("^^^^^^^^^"),
        "{said}"
    );
    assert!(!said.contains("│     run = [\"true\"]"), "{said}");
}

#[test]
fn names_that_are_not_there_are_said() {
    let project = Project::new("build { run = [\"true\"] }", STACK);
    let output = project.aphex(&["run", "--only", "dve"]).output().unwrap();
    assert!(
        text(&output).contains("did you mean `dev`?"),
        "{}",
        text(&output)
    );
    // As they are printed, and the whole wave.
    let project = Project::new(
        "build { run = [\"true\"] }\n  wave regions {\n    environment a { account = \"111122223333\", region = \"eu-central-1\", stack Site }\n    environment b { account = \"111122223333\", region = \"eu-west-1\", stack Site }\n  }",
        STACK,
    );
    let not_chosen = |only: &str| {
        let (output, record) = project.run(&["--only", only]);
        let stages = record["stages"].as_array().unwrap().iter();
        let left = stages.filter(|stage| stage["reason"] == "not chosen by `--only`");
        let left = left.filter_map(|stage| stage["path"].as_str());
        let mut left: Vec<&str> = left.filter(|path| !path.ends_with("deploy")).collect();
        assert!(!left.is_empty(), "{only}: {}\n{record:#}", text(&output));
        left.sort_unstable();
        left.join(" ")
    };
    assert_eq!(not_chosen("regions/a"), "dev regions/b");
    assert_eq!(not_chosen("regions"), "dev");
    assert_eq!(not_chosen("b,dev"), "regions/a");
    for (wrong, near) in [("regions/c1", "regions/a"), ("regoins", "regions")] {
        let output = project.aphex(&["run", "--only", wrong]).output().unwrap();
        let said = text(&output);
        assert!(said.contains(&format!("did you mean `{near}`?")), "{said}");
    }
    let output = project.aphex(&["run", "--sha", "v9"]).output().unwrap();
    assert!(
        text(&output).contains("there is no commit `v9`"),
        "{}",
        text(&output)
    );
}

#[test]
fn req_6_1_6_2_6_3_tests_are_summed_up_and_kept_also_when_they_fail() {
    let report = |cases: &str| {
        format!(
            "mkdir -p out && printf '%s' '<testsuite name=\\\"s\\\">{cases}</testsuite>' > out/r.xml"
        )
    };
    let good = "<testcase name=\\\"a\\\"/><testcase name=\\\"b\\\"/>";
    let bad = "<testcase name=\\\"a\\\"/><testcase name=\\\"b\\\"><failure message=\\\"no\\\"/></testcase>";
    let check = |name: &str, run: &str| {
        format!("check {name} {{ run = [{run}], reports = [\"out/*.xml\"] }}")
    };
    let build = [
        "build { run = [\"true\"] }".to_owned(),
        check("good", &format!("\"{}\"", report(good))),
        check("bad", &format!("\"{}\", \"exit 1\"", report(bad))),
        check("hidden", &format!("\"{}\"", report(bad))),
        check("empty", &format!("\"{}\"", report(""))),
        check("nothing", "\"true\""),
    ];
    let project = Project::new(&build.join("\n  "), STACK);
    let (output, record) = project.run(&[]);
    let said = text(&output);
    let outcome = |name: &str| {
        stage(&record, name)["outcome"]
            .as_str()
            .unwrap_or("-")
            .to_owned()
    };
    assert_eq!(outcome("good"), "succeeded", "{said}");
    assert_eq!(
        stage(&record, "good")["tries"][0]["tests"]["passed"],
        2,
        "{record:#}"
    );
    for name in ["bad", "hidden", "empty", "nothing"] {
        assert_eq!(outcome(name), "failed", "{name}: {said}");
    }
    let kept = stage(&record, "bad")["tries"][0]["kept"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(project.path().join(".aphex/store").join(kept).exists());
}

#[test]
fn the_cdk_s_part_of_a_run_fails_with_a_reason() {
    // `NO_SUCH_ENVIRONMENT`, `NO_SECRET`, `NO_TOOL` are what tests above are told.
    // No CLI (`NO_CDK`), an app that breaks (`SYNTH_FAILED` or a command's own), a value that nothing has made (`VALUE_UNKNOWN`).
    let project = Project::new("build { run = [\"true\"] }", STACK);
    project.write("cdk.json", "{ \"app\": \"false\" }");
    let (output, _) = {
        let path = "/usr/bin:/bin";
        let output = project.aphex(&["run"]).env("PATH", path).output().unwrap();
        (output, ())
    };
    assert!(
        text(&output).contains("the CDK CLI is not there"),
        "{}",
        text(&output)
    );
    let project = Project::new(
        "build { run = [\"true\"] }",
        "stack Site { output Name }\n    stack Other { context = { name = Site.Name } }",
    );
    let (output, _) = project.run(&[]);
    assert!(
        text(&output).contains("the CDK CLI is not there")
            || text(&output).contains("error[A0953]"),
        "{}",
        text(&output)
    );
}

/// The quickstart, with the real CDK: what README begins with.
#[test]
fn req_12_1_12_5_13_3_the_quickstart_runs_to_its_end() {
    if Command::new("npm").arg("--version").output().is_err() {
        return crate::support::tools::skip(
            "the quickstart",
            "there is no npm",
            "install Node.js 20 or newer",
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
    let to = folder.path().join("quickstart");
    copy(&from, &to);
    let project = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_aphex"))
            .args(arguments)
            .current_dir(&to)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    };
    let output = project(&["run"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let said = text(&output);
    assert!(said.contains("Site → 111122223333 us-east-1"), "{said}");
    // Nobody who may deploy: the pre-flight says it, and nothing runs.
    let output = Command::new(env!("CARGO_BIN_EXE_aphex"))
        .args(["run", "--deploy"])
        .current_dir(&to)
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_MAX_ATTEMPTS", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("error[A0972]: AWS does not answer"), "{said}");
    assert!(said.contains("not run: `preflight` failed"), "{said}");
    // What the file says and the app does not have is found by the synth, before anything would be deployed.
    let pipeline = fs::read_to_string(to.join("pipeline.aphex")).unwrap();
    fs::write(
        to.join("pipeline.aphex"),
        pipeline.replace("BucketName", "BucketNme"),
    )
    .unwrap();
    let output = project(&["run"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("did you mean `BucketName`?"),
        "{}",
        text(&output)
    );
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if name == "node_modules" || name == ".aphex" || name == "dist" {
            continue;
        }
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(name)),
            false => {
                fs::copy(entry.path(), to.join(&name)).unwrap();
                let mode = entry.metadata().unwrap().permissions().mode();
                fs::set_permissions(to.join(name), fs::Permissions::from_mode(mode)).unwrap();
            }
        }
    }
}
