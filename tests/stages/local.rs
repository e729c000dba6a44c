//! What `aphex run` makes of a working tree, of secrets and of what programs write. Real Git, real shells.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::project::{Project, signal, stage, text, wait_until};

const STACK: &str = "stack Site";

/// `depth`, submodules and further repositories of the file hold on this machine, too.
#[test]
fn the_checkout_of_the_file_holds_here() {
    let other = Project::new("build { run = [\"true\"] }", STACK);
    other.write("shared.txt", "shared");
    other.git(&["rm", "--quiet", "pipeline.aphex"]);
    other.commit();
    let shelf = tempfile::tempdir().unwrap();
    let bare = shelf.path().join("acme/config.git");
    fs::create_dir_all(bare.parent().unwrap()).unwrap();
    other.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);

    let counted = "test $(git rev-list --count HEAD) =";
    for (settings, tests) in [
        (
            "",
            [
                format!("{counted} 1"),
                "test ! -e part/shared.txt".to_owned(),
            ],
        ),
        (
            "checkout { depth = 2, submodules = true }\n  source config { repository = \"acme/config\" }",
            [
                format!("{counted} 2; test -z \\\"$(git status --porcelain)\\\""),
                "cat part/shared.txt; cat config/shared.txt".to_owned(),
            ],
        ),
        (
            "checkout { depth = 0 }",
            [format!("{counted} 4"), "true".to_owned()],
        ),
    ] {
        let tests = tests.map(|test| format!("\"{test}\"")).join(", ");
        let project = Project::new(&format!("{settings}\n  build {{ run = [{tests}] }}"), STACK);
        let url = format!("file://{}", bare.display());
        let allow = ["-c", "protocol.file.allow=always"];
        project.git(&[&allow[..], &["submodule", "--quiet", "add", &url, "part"]].concat());
        project.commit();
        project.commit();
        // A fourth commit is the snapshot that is run.
        project.write("new.txt", "");
        let output = project
            .aphex(&["run"])
            .env("APHEX_GITHUB", format!("file://{}", shelf.path().display()))
            .output()
            .unwrap();
        let said = text(&output);
        assert!(said.contains("build"), "{said}");
        assert_eq!(
            stage(&project.last_record(), "build")["outcome"],
            "succeeded",
            "{settings}: {said}"
        );
    }
}

#[test]
fn a_repository_that_cannot_be_had_has_its_place() {
    let project = Project::new(
        "source config { repository = \"acme/nothing\" }\n  build { run = [\"true\"] }",
        STACK,
    );
    let output = project
        .aphex(&["run"])
        .env(
            "APHEX_GITHUB",
            format!("file://{}", project.path().display()),
        )
        .output()
        .unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("acme/nothing"), "{said}");
    assert!(!said.contains("kubectl") && !said.contains("pod"), "{said}");
}

/// All of them at once, before anything runs; and only those of what is run.
#[test]
fn missing_secrets_are_named_before_anything_runs() {
    let project = Project::new(
        "build { run = [\"touch ran\"], env = { A = secret(\"one\", key = \"a\") } }\n  \
         check lint { run = [\"true\"], env = { B = secret(\"two\"), C = secret(\"one\", key = \"a\") } }",
        "env = { D = secret(\"three\") }\n    step copy { run = [\"true\"], env = { E = secret(\"four\") } }\n    stack Site",
    );
    let (output, record) = project.run(&[]);
    let said = text(&output);
    assert_eq!(stage(&record, "preflight")["outcome"], "failed", "{said}");
    assert_eq!(stage(&record, "build")["outcome"], Value::Null);
    for name in ["ONE__A", "TWO", "THREE"] {
        assert!(
            said.contains(&format!("the variable `APHEX_SECRET_{name}`")),
            "{name}: {said}"
        );
    }
    assert_eq!(said.matches("set the variable").count(), 3, "{said}");

    let output = project.aphex(&["run", "--deploy"]).output().unwrap();
    assert!(
        text(&output).contains("APHEX_SECRET_FOUR"),
        "{}",
        text(&output)
    );
}

/// Ten thousand states of a progress bar are a line.
#[test]
fn progress_of_a_program_is_its_last_state() {
    let project = Project::new(
        "build { run = [\"i=0; while [ $i -lt 10000 ]; do i=$((i+1)); printf '\\\\r%d %%' $i; done; echo; echo done\"] }",
        STACK,
    );
    let (output, record) = project.run(&[]);
    let said = text(&output);
    assert_eq!(stage(&record, "build")["outcome"], "succeeded", "{said}");
    assert!(
        said.contains("10000 %") && !said.contains("9999 %"),
        "{said}"
    );
    assert!(!said.contains('\r'));
    let run = record["run"].as_str().unwrap();
    let log = project
        .path()
        .join(format!(".aphex/store/runs/{run}/stages/build/0.log"));
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("10000 %\ndone\n") && log.len() < 1000, "{log}");
}

/// Who has ended a run knows it: nothing sends him to a cluster.
#[test]
fn ctrl_c_is_told_to_who_pressed_it() {
    let project = Project::new("build { run = [\"touch began; sleep 300\"] }", STACK);
    let mut child = project
        .aphex(&["run"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let runs = project.path().join(".aphex/runs");
    wait_until("the build begins", || {
        let find = Command::new("find")
            .arg(&runs)
            .args(["-name", "began"])
            .output();
        !find.unwrap().stdout.is_empty()
    });
    signal(&child, "INT");
    let _ = child.wait();
    let said = text(&child.wait_with_output().unwrap());
    assert!(said.contains(": the run was ended"), "{said}");
    assert!(
        !said.contains("kubectl") && !said.contains("SIGTERM"),
        "{said}"
    );
}

/// Two that deploy at once would change the same stacks: the second waits, and Ctrl-C ends it without a run.
#[test]
fn one_run_at_a_time_deploys() {
    let project = Project::new(
        "build { run = [\"true\"] }",
        "step one { run = [\"echo $HOLD; touch $HOLD.$$; while test -e $HOLD; do sleep 0.1; done\"], env = { HOLD = run.input.hold } }",
    );
    let source = fs::read_to_string(project.path().join("pipeline.aphex")).unwrap();
    let source = source.replacen("build {", "input hold {}\n  build {", 1);
    project.write("pipeline.aphex", &source);
    let room = tempfile::tempdir().unwrap();
    let hold = room.path().join("hold");
    fs::write(&hold, "").unwrap();
    let input = format!("--input=hold={}", hold.display());
    let start = || {
        let mut command = project.aphex(&["run", "--deploy", &input]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let begun = || fs::read_dir(room.path()).unwrap().count() - usize::from(hold.exists());
    let first = start();
    wait_until("the first deploys", || begun() == 1);
    let second = start();
    let told = tempfile::NamedTempFile::new().unwrap();
    let mut third = project.aphex(&["run", "--deploy", &input]);
    third.stderr(told.reopen().unwrap());
    let mut third = third.spawn().unwrap();
    let waits = "waiting for another run here that deploys";
    let said_by_third = || fs::read_to_string(told.path()).unwrap();
    wait_until("the third waits", || said_by_third().contains(waits));
    // One that deploys nothing is in nobody's way.
    let output = project.aphex(&["run", &input]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    signal(&third, "INT");
    assert_eq!(third.wait().unwrap().code(), Some(1));
    assert!(!said_by_third().contains("build"), "{}", said_by_third());
    assert_eq!(begun(), 1);
    fs::remove_file(&hold).unwrap();
    let (first, second) = (
        first.wait_with_output().unwrap(),
        second.wait_with_output().unwrap(),
    );
    for (output, has_waited) in [(&first, false), (&second, true)] {
        assert!(output.status.success(), "{}", text(output));
        assert_eq!(text(output).contains(waits), has_waited, "{}", text(output));
    }
    assert_eq!(begun(), 2);
    let past = project.aphex(&["history"]).output().unwrap();
    assert_eq!(
        text(&past).matches("succeeded").count(),
        3,
        "{}",
        text(&past)
    );
}

/// What is before the stage is not run again: its artifacts and outputs are those of the earlier run.
#[test]
fn a_run_goes_on_from_a_stage() {
    let project = Project::new(
        "input hold {}\n  build { run = [\"echo built >> $HOLD; cp $HOLD out.txt\"], env = { HOLD = run.input.hold }, artifacts = [\"out.txt\"] }",
        "step copy { run = [\"cat out.txt; test -e $HOLD.ok\"], env = { HOLD = run.input.hold } }\n    step last { run = [\"true\"] }",
    );
    let room = tempfile::tempdir().unwrap();
    let hold = room.path().join("hold");
    let input = format!("--input=hold={}", hold.display());
    let run = |arguments: &[&str]| {
        let output = project
            .aphex(&["run", &input])
            .args(arguments)
            .output()
            .unwrap();
        (output.status.code(), text(&output))
    };
    // NOT_RESUMED, with every reason.
    let (code, said) = run(&["--from", "dev"]);
    assert!(
        code == Some(1) && said.contains("error[A0905]: there is no earlier run of"),
        "{said}"
    );
    let (_, said) = run(&["--from", "dev/cpy"]);
    assert!(
        said.contains("there is no stage `dev/cpy`") && said.contains("did you mean `dev/copy`?"),
        "{said}"
    );

    let (code, said) = run(&["--deploy"]);
    assert_eq!(code, Some(1), "{said}");
    let first = project.last_record();
    let name = first["run"].as_str().unwrap();
    assert_eq!(stage(&first, "dev/copy")["outcome"], "failed", "{said}");
    let (_, said) = run(&["--deploy", "--from", "dev/last"]);
    assert!(
        said.contains(&format!("the newest is `{name}`: `dev/copy` failed")),
        "{said}"
    );

    fs::write(hold.with_extension("ok"), "").unwrap();
    let (code, said) = run(&["--deploy", "--from", "dev/copy"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(fs::read_to_string(&hold).unwrap(), "built\n", "{said}");
    let second = project.last_record();
    assert_eq!(second["outcome"], "succeeded");
    assert_eq!(stage(&second, "build")["outcome"], Value::Null);
    assert_eq!(
        stage(&second, "build")["reason"],
        format!("taken from `{name}`")
    );
    assert_eq!(stage(&second, "dev/copy")["outcome"], "succeeded");
    // And on from that one, whose build was itself taken.
    let (code, said) = run(&[
        "--deploy",
        "--from",
        "dev/last",
        "--of",
        second["run"].as_str().unwrap(),
    ]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        stage(&project.last_record(), "dev/copy")["outcome"],
        Value::Null,
        "{said}"
    );
    let (code, said) = run(&["--deploy", "--from", "dev/last", "--of", name]);
    assert!(
        code == Some(1) && said.contains("has not left what `dev/last` needs"),
        "{said}"
    );

    project.write("new.txt", "a change");
    let (code, said) = run(&["--from", "dev", "--of", name]);
    assert!(
        code == Some(1) && said.contains("is of another commit"),
        "{said}"
    );
}

/// Old trees and records go, young ones and those of runs that go on stay.
#[test]
fn what_is_old_is_swept() {
    let project = Project::new("build { run = [\"true\"] }", STACK);
    let home = project.path().join(".aphex");
    let make = |path: &str, days: u32| {
        let path = home.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "{}").unwrap();
        let time = format!("{days} days ago");
        for path in [path.as_path(), path.parent().unwrap()] {
            assert!(
                Command::new("touch")
                    .args(["-d", &time])
                    .arg(path)
                    .status()
                    .unwrap()
                    .success()
            );
        }
    };
    for number in 0..60 {
        make(&format!("runs/old-{number}/file"), 100 + number);
        make(
            &format!("store/runs/old-{number}/record.json"),
            100 + number,
        );
        make(
            &format!("store/artifacts/{number}/build/old-{number}-0.tar.zst"),
            100 + number,
        );
    }
    make("store/artifacts/1/build/young-0.json", 0);
    make("store/runs/old-0/stages/build/0.json", 100);
    let result = serde_json::json!({
        "version": 1, "stage": "build", "kind": "build", "attempt": 0, "outcome": "succeeded", "started_at": "2030-01-31T05:00:00Z", "seconds": 1.0,
        "artifact": { "key": "artifacts/0/build/old-0-0", "sha256": "0", "bytes": 1, "files": 1 },
    });
    fs::write(
        home.join("store/runs/old-0/stages/build/0.json"),
        result.to_string(),
    )
    .unwrap();
    let lives = fs::File::create(home.join("runs/old-59/alive")).unwrap();
    rustix::fs::flock(&lives, rustix::fs::FlockOperation::LockShared).unwrap();
    assert!(
        Command::new("touch")
            .args(["-d", "159 days ago"])
            .arg(home.join("runs/old-59"))
            .status()
            .unwrap()
            .success()
    );

    let (output, _) = project.run(&[]);
    let said = text(&output);
    let there = |path: &str| home.join(path).exists();
    assert!(
        there("runs/old-4") && !there("runs/old-5") && there("runs/old-59"),
        "{said}"
    );
    assert!(
        there("store/runs/old-49") && !there("store/runs/old-50"),
        "{said}"
    );
    assert!(there("store/runs/old-59"), "its run goes on: {said}");
    assert!(
        there("store/artifacts/0/build/old-0-0.tar.zst"),
        "a record names it"
    );
    assert!(there("store/artifacts/1/build/young-0.json") && !there("store/artifacts/2"));
}

/// `aphex run` at a terminal of its own; gives what it has shown, and its exit code. `type_when` is typed once a text is there.
fn at_terminal(
    project: &Project,
    arguments: &str,
    type_when: &[(&str, &str)],
) -> (Option<i32>, String) {
    use std::io::{Read, Write};
    let aphex = env!("CARGO_BIN_EXE_aphex");
    // `exec`, or a shell that stays (dash) is interrupted too and its 130 is what `script` gives back.
    let line = format!("exec {aphex} run {arguments}");
    let mut script = Command::new("script")
        .args([
            "--quiet",
            "--flush",
            "--return",
            "--command",
            &line,
            "/dev/null",
        ])
        .current_dir(project.path())
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = script.stdin.take().unwrap();
    let mut screen = script.stdout.take().unwrap();
    let mut shown = Vec::new();
    let mut chunk = [0; 4096];
    let mut waits = type_when.iter();
    let mut next = waits.next();
    let mut from = 0;
    while let Ok(count @ 1..) = screen.read(&mut chunk) {
        shown.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&shown[from..]).into_owned();
        if let Some((wanted, typed)) = next
            && text.contains(wanted)
        {
            keys.write_all(typed.as_bytes()).unwrap();
            from = shown.len();
            next = waits.next();
        }
    }
    let code = script.wait().unwrap().code();
    (code, String::from_utf8_lossy(&shown).into_owned())
}

/// A try that is followed by another is a line; what the last one has said is shown, once.
#[test]
fn at_a_terminal_a_try_that_failed_is_a_line() {
    let project = Project::new(
        "build { run = [\"true\"] }\n  check flaky { run = [\"echo said-$TRY; test $TRY = 2\"], env = { TRY = \"#{run.attempt}\" }, retry = { times = 1, wait = 1s } }\n  check wrong { run = [\"echo told-$TRY; exit 3\"], env = { TRY = \"#{run.attempt}\" }, retry = { times = 2, wait = 1s } }",
        "stack Site",
    );
    let (code, shown) = at_terminal(&project, "--only dev", &[]);
    assert_eq!(code, Some(1), "{shown}");
    let colours = regex::Regex::new("\u{1b}\\[[0-9;?]*[A-Za-z]").unwrap();
    let plain = colours.replace_all(&shown, "");
    let lines = |start: &str| {
        let found = plain
            .split(['\r', '\n'])
            .filter(|line| line.contains(start));
        found.collect::<Vec<_>>()
    };
    assert_eq!(lines("flaky  try 1 of 2 failed").len(), 1, "{shown}");
    assert_eq!(lines("wrong  try ").len(), 2, "{shown}");
    let again = lines("wrong  try 2 of 3 failed after ");
    assert!(
        again[0].contains("has failed with exit code 3 after ")
            && again[0].contains("; again in 2 s"),
        "{shown}"
    );
    // Neither those of earlier tries, nor those of one that was good in the end.
    let errors = lines("│ error[A0911]");
    assert_eq!(errors.len(), 1, "{shown}");
    assert_eq!(lines("│ told-3").len(), 1, "{shown}");
    for gone in ["│ told-1", "│ told-2", "│ said-"] {
        assert!(lines(gone).is_empty(), "{gone}: {shown}");
    }
}

#[test]
fn at_a_terminal_a_person_decides_or_ends_the_run() {
    let project = Project::new(
        "build { run = [\"true\"] }",
        "approval { message = \"Deploy?\" }\n    step copy { run = [\"true\"] }",
    );
    let (code, shown) = at_terminal(
        &project,
        "--deploy",
        &[("[yes/no]", "perhaps\n"), ("[yes/no]", "yes\n")],
    );
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("approved"), "{shown}");
    // Ctrl-C ends the run while it asks, too.
    let (code, shown) = at_terminal(&project, "--deploy", &[("[yes/no]", "\u{3}")]);
    assert_eq!(code, Some(1), "{shown}");
    let record = project.last_record();
    assert_eq!(record["outcome"], "stopped", "{shown}");
    assert_eq!(stage(&record, "dev/approval")["outcome"], "stopped");
}
