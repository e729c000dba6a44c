//! `aphex run` with containers: a step's own, and side-cars. Real podman, images that are made here.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::containers::{BOX, Podman, SERVER};
use crate::support::project::{Project, signal, stage, text, wait_until};

const STACK: &str = "stack Site";

/// `aphex run` with these arguments and this podman.
fn aphex(project: &Project, podman: &Podman, arguments: &[&str]) -> Command {
    let mut command = project.aphex(&["run"]);
    command.args(arguments).envs(podman.variables());
    command
}

fn run(project: &Project, podman: &Podman, arguments: &[&str]) -> (Output, Value) {
    let output = aphex(project, podman, arguments).output().unwrap();
    let said = text(&output);
    assert!(project.path().join(".aphex/store/runs").exists(), "{said}");
    (output, project.last_record())
}

/// Starts a run that is told to go on until it is ended.
fn begin(project: &Project, podman: &Podman, arguments: &[&str]) -> Child {
    let mut command = aphex(project, podman, arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Whether a file of this name is in a working tree of a run.
fn is_there(project: &Project, name: &str) -> bool {
    let runs = project.path().join(".aphex/runs");
    let find = Command::new("find")
        .arg(runs)
        .args(["-name", name])
        .output();
    !find.unwrap().stdout.is_empty()
}

/// A port of this machine that nobody uses.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn req_13_2_15_3_steps_that_name_an_image_run_in_it() {
    let Some(podman) = Podman::get("steps in containers") else {
        return;
    };
    let project = Project::new(
        &format!(
            "build {{\n    image = \"{BOX}\"\n    dir = \"web\"\n    env = {{ WORD = \"a 'b' $c\", TOKEN = secret(\"token\") }}\n    run = [\n\
             \"cat /etc/in-the-image && test \\\"$(pwd)\\\" = /aphex/source/web && mkdir ../out\",\n\
             \"printf '%s' \\\"$WORD\\\" > ../out/word; test \\\"$TOKEN\\\" = \\\"$(printf 'two\\\\nlines-of-it')\\\"\",\n\
             \"(sleep 1; echo still here; sleep 60) & echo left running\",\n\
             \"sleep 2; test -z \\\"${{HIDDEN:-}}\\\"; test $HOME = /aphex/home; touch $HOME/x $TMPDIR/x\",\n    ]\n    artifacts = [\"out/**\"]\n  }}\n  \
             check here {{ run = [\"test ! -e /etc/in-the-image; test \\\"$HIDDEN\\\" = of-the-shell\"] }}"
        ),
        STACK,
    );
    project.write("web/index.html", "x");
    project.commit();
    let output = aphex(&project, podman, &["--container"])
        .env("APHEX_SECRET_TOKEN", "two\nlines-of-it")
        .env("HIDDEN", "of-the-shell")
        .output()
        .unwrap();
    let said = text(&output);
    let record = project.last_record();
    assert_eq!(stage(&record, "build")["outcome"], "succeeded", "{said}");
    assert_eq!(stage(&record, "here")["outcome"], "succeeded", "{said}");
    // What one command leaves running writes on while the next one runs, and ends with the last.
    let late = said.rfind("still here").unwrap();
    assert!(late > said.find("$ sleep 2").unwrap(), "{said}");
    assert!(
        stage(&record, "build")["seconds"].as_f64().unwrap() < 20.0,
        "{record:#}"
    );
    assert!(!said.contains("lines-of-it"), "{said}");
    let run = record["run"].as_str().unwrap();
    assert!(podman.containers(project.path()).is_empty());
    let word = project
        .path()
        .join(format!(".aphex/runs/{run}/build/0/source/out/word"));
    assert_eq!(fs::read_to_string(&word).unwrap(), "a 'b' $c");
    assert_eq!(
        fs::metadata(&word).unwrap().uid(),
        rustix::process::getuid().as_raw()
    );
}

/// No argument of any process holds it, and none is left in a file.
#[test]
fn req_7_5_a_secret_is_in_no_argument() {
    let Some(podman) = Podman::get("secrets of containers") else {
        return;
    };
    let env = "env = { TOKEN = secret(\"token\", key = \"value\") }";
    let project = Project::new(
        &format!(
            "build {{ image = \"{BOX}\", {env}, run = [\"touch began; sleep 300\"]\n    service web {{ image = \"{SERVER}\", port = 8080, {env} }} }}"
        ),
        STACK,
    );
    let mut command = aphex(&project, podman, &["--container"]);
    command.env("APHEX_SECRET_TOKEN__VALUE", "hunter22-and-more");
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    wait_until("the build begins", || is_there(&project, "began"));
    for process in fs::read_dir("/proc").unwrap() {
        let line = fs::read(process.unwrap().path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        assert!(!line.contains("hunter22"), "{line}");
    }
    let inspected = podman.containers(project.path());
    assert_eq!(inspected.len(), 2, "{inspected:?}");
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let found = Command::new("grep")
        .args(["-r", "hunter22"])
        .arg(project.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
}

#[test]
fn failures_in_a_container_are_told_as_those_of_a_process() {
    let Some(podman) = Podman::get("failures in containers") else {
        return;
    };
    let check =
        |name: &str, fields: &str| format!("check {name} {{ image = \"{BOX}\", {fields} }}");
    let checks = [
        check("code", "run = [\"echo before; exit 7\", \"touch never\"]"),
        check("shell", "run = [\"true\"], shell = \"bash\", tools = []"),
        check(
            "late",
            "run = [\"trap 'echo cleaned up; exit 3' TERM; echo waits; sleep 60 & wait\"], timeout = 3s",
        ),
        check("nowhere", "run = [\"mkdir -p x; cd x\"], dir = \"gone\""),
    ];
    let project = Project::new(
        &format!("build {{ run = [\"true\"] }}\n  {}", checks.join("\n  ")),
        STACK,
    );
    project.write("gone/file", "x");
    project.commit();
    fs::remove_dir_all(project.path().join("gone")).unwrap();
    let (output, record) = run(&project, podman, &["--container"]);
    let said = text(&output);
    let error = |name: &str| {
        stage(&record, name)["tries"][0]["error"]["message"]
            .as_str()
            .unwrap_or("-")
            .to_owned()
    };
    assert!(
        error("code").contains("has failed with exit code 7"),
        "{}: {said}",
        error("code")
    );
    assert_eq!(
        stage(&record, "code")["tries"][0]["commands"][0]["exit_code"],
        7
    );
    assert!(
        error("shell").contains("there is no `bash` in the image"),
        "{}: {said}",
        error("shell")
    );
    assert_eq!(stage(&record, "late")["outcome"], "timed-out", "{said}");
    assert!(said.contains("cleaned up"), "{said}");
    assert!(
        error("nowhere").contains("gone` does not exist"),
        "{}: {said}",
        error("nowhere")
    );
    assert!(podman.containers(project.path()).is_empty());
}

#[test]
fn an_image_that_cannot_be_had_is_said_before_anything_runs() {
    let Some(podman) = Podman::get("missing images") else {
        return;
    };
    let project = Project::new(
        "build { run = [\"true\"] }\n  check other { image = \"localhost/no-such/image:1\", run = [\"frobnicate\"] }\n  \
         check tools { image = \"aphex-test/box:4\", run = [\"terraform plan\"] }",
        STACK,
    );
    let (output, record) = run(&project, podman, &["--container"]);
    let said = text(&output);
    assert_eq!(stage(&record, "preflight")["outcome"], "failed", "{said}");
    assert_eq!(stage(&record, "build")["outcome"], Value::Null, "{said}");
    // NOT_STARTED
    assert!(
        said.contains("no container of `localhost/no-such/image:1`"),
        "{said}"
    );
    assert!(said.contains("`terraform` is not in the image"), "{said}");
}

/// What is not seen of a process that is killed is seen of what it has left.
#[test]
fn nothing_is_left_whoever_is_ended() {
    let Some(podman) = Podman::get("ended runs with containers") else {
        return;
    };
    for (who, name) in [("run", "INT"), ("run", "KILL"), ("stage", "KILL")] {
        let project = Project::new(
            &format!(
                "build {{ image = \"{BOX}\", run = [\"touch began; trap '' TERM; sleep 300\"]\n    service web {{ image = \"{SERVER}\", port = 8080 }} }}"
            ),
            STACK,
        );
        let child = begin(&project, podman, &["--container"]);
        wait_until("the build begins", || is_there(&project, "began"));
        assert_eq!(podman.containers(project.path()).len(), 2);
        match who {
            "run" => signal(&child, name),
            _ => {
                let stages = Command::new("pgrep")
                    .args(["-P", &child.id().to_string()])
                    .output();
                let stages = String::from_utf8(stages.unwrap().stdout).unwrap();
                for stage in stages.lines() {
                    let killed = Command::new("kill").args(["-KILL", stage]).status();
                    assert!(killed.unwrap().success());
                }
            }
        }
        let output = child.wait_with_output().unwrap();
        wait_until(&format!("{who} {name}: {}", text(&output)), || {
            podman.containers(project.path()).is_empty()
        });
    }
}

/// Commands of this machine reach a side-car at its port, and steps that want the same one wait for each other.
#[test]
fn side_cars_are_ready_reached_kept_and_removed() {
    let Some(podman) = Podman::get("side-cars") else {
        return;
    };
    let port = free_port();
    let get = format!("wget -qO- http://localhost:{port}/ || curl -sf http://localhost:{port}/");
    let serves = format!("image = \"{SERVER}\", port = {port}");
    let project = Project::new(
        &format!(
            "build {{ run = [\"{get}\"]\n    service web {{ {serves}, env = {{ GREETING = \"hello $HOME\", PORT = \"{port}\" }} }} }}\n  \
             check beside {{ run = [\"{get}\"]\n    service web {{ {serves}, env = {{ PORT = \"{port}\" }}, ready = \"wget -qO- http://localhost:{port}/\" }}\n    \
             service other {{ image = \"{BOX}\", ready = \"wget -qO- http://localhost:{port}/\" }} }}"
        ),
        STACK,
    );
    let (output, record) = run(&project, podman, &["--jobs", "3"]);
    let said = text(&output);
    assert_eq!(stage(&record, "build")["outcome"], "succeeded", "{said}");
    // BusyBox' shell has no input: `other` ends at once, and a pod would start it again and again.
    assert_eq!(stage(&record, "beside")["outcome"], "failed", "{said}");
    assert!(
        said.contains("the side-car `other` has ended with exit code 0 before it was ready"),
        "{said}"
    );
    assert!(said.contains("build") && said.contains("served"), "{said}");
    let run = record["run"].as_str().unwrap();
    let log = project
        .path()
        .join(format!(".aphex/store/runs/{run}/stages/build/0.web.log"));
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("greeting: hello $HOME\n"), "{log}");
    let kept = &stage(&record, "build")["tries"][0]["kept"];
    assert!(
        kept[0].as_str().unwrap().ends_with("/build/0.web.log"),
        "{kept}"
    );
    assert!(podman.containers(project.path()).is_empty());
}

#[test]
fn a_side_car_that_does_not_come_up_is_said() {
    let Some(podman) = Podman::get("side-cars that fail") else {
        return;
    };
    let port = free_port();
    let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let project = Project::new(
        &format!(
            "build {{ run = [\"true\"] }}\n  \
             check dies {{ run = [\"touch never\"]\n    service a {{ image = \"{BOX}\", port = {} }} }}\n  \
             check taken {{ run = [\"touch never\"]\n    service a {{ image = \"{SERVER}\", port = {port} }} }}",
            free_port()
        ),
        STACK,
    );
    let (output, _) = run(&project, podman, &[]);
    let said = text(&output);
    // NOT_READY, PORT_TAKEN.
    assert!(
        said.contains("the side-car `a` has ended with exit code 0 before it was ready"),
        "{said}"
    );
    assert!(
        said.contains(&format!(
            "the port {port} of the side-car `a` is used by another program"
        )),
        "{said}"
    );
    assert!(!is_there(&project, "never"));
    assert!(podman.containers(project.path()).is_empty());
    drop(taken);
}

/// `NO_CONTAINERS`
#[test]
fn without_an_engine_it_is_said_before_anything_runs() {
    let project = Project::new(
        "build { image = \"node:22\", run = [\"true\"] }\n  check db { run = [\"true\"]\n    service db { image = \"postgres:16\", port = 5432 } }",
        STACK,
    );
    let empty = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(which("git"), empty.path().join("git")).unwrap();
    let began = Instant::now();
    let output = project
        .aphex(&["run", "--container"])
        .env("PATH", empty.path())
        .output()
        .unwrap();
    let said = text(&output);
    assert!(
        said.contains("error[A0919]: there is neither podman nor docker on this machine"),
        "{said}"
    );
    assert_eq!(
        stage(&project.last_record(), "build")["outcome"],
        Value::Null,
        "{said}"
    );
    assert!(began.elapsed() < Duration::from_secs(60));

    let silent = empty.path().join("docker");
    fs::write(&silent, "#!/bin/sh\n[ \"$1\" = info ] && { echo 'no daemon here' >&2; exit 1; }\necho Docker version 1\n").unwrap();
    fs::set_permissions(&silent, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = project
        .aphex(&["run", "--container"])
        .env("PATH", empty.path())
        .output()
        .unwrap();
    let said = text(&output);
    assert!(
        said.contains("`docker` is there, but does not answer") && said.contains("no daemon here"),
        "{said}"
    );
}

fn which(program: &str) -> std::path::PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let mut programs = std::env::split_paths(&path).map(|folder| folder.join(program));
    programs.find(|path| path.is_file()).unwrap()
}

/// The cluster's question to a side-car: the `ready` of the commit, with the variables of the container.
#[test]
fn a_side_car_is_asked_by_the_commit_s_command() {
    let project = Project::new(
        "build { run = [\"true\"]\n    service db { image = \"postgres:16\", port = 5432, ready = \"test -e $FLAG\" }\n    service web { image = \"nginx:1\", port = 80 } }",
        STACK,
    );
    let root = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(project.path(), root.path().join("source")).unwrap();
    let run = serde_json::json!({
        "pipeline": "shop", "file": "pipeline.aphex", "repository": "acme/shop", "remote": "file:///x", "engine": "argo",
        "entry": "", "run": "shop-1", "started_at": "2030-01-31T05:00:00Z", "commit": "0".repeat(40), "event": "push", "reference": "",
        "actor": "", "pull_request": null, "inputs": {}, "store": "s3://nowhere",
    });
    fs::write(root.path().join("run.json"), run.to_string()).unwrap();
    let ask = |service: &str| {
        let output = project
            .aphex(&["stage", "ready", "--service", service, "--for", "build"])
            .env("APHEX_ROOT", root.path())
            .env("FLAG", project.path().join("up"))
            .output()
            .unwrap();
        (output.status.code(), text(&output))
    };
    let (code, said) = ask("db");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the side-car `db` is not ready"), "{said}");
    project.write("up", "");
    assert_eq!(ask("db").0, Some(0));
    // Asked for by its port alone; and one that the commit no longer has.
    assert_eq!(ask("web").0, Some(0));
    assert_eq!(ask("gone").0, Some(0));
    let entries = fs::read_dir(root.path()).unwrap().count();
    assert_eq!(entries, 2, "it writes nothing: the volume is read-only");
}
