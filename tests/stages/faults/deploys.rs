//! `aphex run --deploy` ended in the middle of a synth, of a hook and of a deployment: the real CDK, an emulator of AWS.
#![cfg(feature = "cloud")]

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::{Pauses, assert_whole, script};
use crate::deploy::{DEV, Shop, stage, text};
use crate::support::ministack::Faults;
use crate::support::project::{signal, wait_until};
use serde_json::{Value, json};

const REGION: &str = "us-east-1";
/// An operation of CloudFormation that is held so long is one that never answers.
const NEVER: u32 = 3_600_000;

/// An app that stays while it synthesises, as `./pause` does.
const SYNTH: &str = r#"
const { execFileSync } = require("child_process");
execFileSync("./pause", ["synth"]);
"#;

struct Room {
    shop: Shop,
    faults: Faults,
    pauses: Pauses,
}

impl Room {
    fn new(test: &str) -> Option<Room> {
        let pauses = Pauses::new();
        let dev = format!(
            "  environment dev {{\n    account = \"{DEV}\"\n    region = \"{REGION}\"\n    env = {{ STAGE = \"dev\", WAIT = \"{}\" }}\n    \
             before prepare {{ run = [\"./pause prepare\"] }}\n    stack Network {{ output VpcId }}\n    stack Api {{ output Url }}\n  }}",
            pauses.path().display()
        );
        let shop = Shop::new(test, &dev)?;
        let faults = shop.aws.faults(test)?;
        script(&shop.path().join("pause"), super::PAUSE);
        let app = fs::read_to_string(shop.path().join("app.js")).unwrap();
        shop.write("app.js", &format!("{SYNTH}{app}"));
        shop.commit();
        shop.bootstrap(DEV, REGION);
        Some(Room {
            shop,
            faults,
            pauses,
        })
    }

    fn begin(&self) -> Child {
        let program = Path::new(env!("CARGO_BIN_EXE_aphex"));
        self.shop
            .command(program, DEV, REGION)
            .envs(self.faults.environment(DEV, REGION))
            .args(["run", "--deploy", "--jobs", "1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Something must change, or nothing is executed.
    fn change(&self, to: &str) {
        let app = fs::read_to_string(self.shop.path().join("app.js")).unwrap();
        let new = format!("DisplayName: \"{to}\", TopicName: \"shop");
        self.shop
            .write("app.js", &app.replace("TopicName: \"shop", &new));
    }

    /// Waits until CloudFormation is asked for something, which is not answered.
    fn wait_for_call(&self, operation: &str) {
        wait_until(&format!("{operation} is asked for"), || {
            self.faults.fired().contains(operation)
        });
    }

    fn last_record(&self) -> Value {
        let mut records: Vec<_> = super::files(&self.shop.path().join(".aphex/store/runs"));
        records.retain(|path| path.ends_with("record.json"));
        records.sort_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
        serde_json::from_slice(&fs::read(records.last().unwrap()).unwrap()).unwrap()
    }

    fn end(&self, child: Child, path: &str, hold: &str) {
        let began = Instant::now();
        signal(&child, "TERM");
        let output = child.wait_with_output().unwrap();
        let said = text(&output);
        assert!(began.elapsed() < Duration::from_secs(25), "{hold}: {said}");
        assert_eq!(output.status.code(), Some(1), "{hold}: {said}");
        let record = self.last_record();
        assert_eq!(record["outcome"], "stopped", "{hold}: {said}");
        let own = stage(&record, path);
        assert_eq!(own["outcome"], "stopped", "{hold}: {own:#} {said}");
        assert_whole(&self.shop.path().join(".aphex/store"));
    }

    fn assert_goes_through(&self, hold: &str) {
        self.faults.set(&json!([]));
        let output = self.begin().wait_with_output().unwrap();
        assert!(output.status.success(), "{hold}: {}", text(&output));
        assert_eq!(self.shop.stacks(DEV, REGION), ["Api", "Network"], "{hold}");
        let record = self.last_record();
        let outputs = &stage(&record, "dev/deploy")["tries"][0]["outputs"];
        assert_eq!(outputs["dev.Network"]["VpcId"], "vpc-dev", "{hold}");
    }
}

#[test]
fn a_deployment_that_is_ended_anywhere_says_so_and_the_next_one_succeeds() {
    let test = "a_deployment_that_is_ended_anywhere_says_so_and_the_next_one_succeeds";
    let Some(room) = Room::new(test) else { return };
    for (hold, path) in [("prepare", "dev/prepare"), ("synth", "dev/deploy")] {
        room.pauses.hold(hold);
        let child = room.begin();
        room.pauses.wait_for(hold);
        room.end(child, path, hold);
        room.pauses.release(hold);
        assert_eq!(
            room.shop.stacks(DEV, REGION),
            Vec::<String>::new(),
            "{hold}"
        );
    }
    for operation in ["CreateChangeSet", "ExecuteChangeSet", "DescribeStackEvents"] {
        room.change(operation);
        room.faults.set(
            &json!([{ "service": "cloudformation", "operation": operation, "latency": NEVER }]),
        );
        let child = room.begin();
        room.wait_for_call(operation);
        room.end(child, "dev/deploy", operation);
        room.assert_goes_through(operation);
    }
}

/// CloudFormation is busy, does not allow it, or takes the credentials for expired in the middle of a deployment; so does STS before it.
#[test]
fn a_deployment_that_aws_interrupts_says_why_and_the_next_one_succeeds() {
    let test = "a_deployment_that_aws_interrupts_says_why_and_the_next_one_succeeds";
    let Some(room) = Room::new(test) else { return };
    let answer = |service: &str, operation: &str, code: &str, times: u32| {
        let status = if code == "Throttling" { 400 } else { 403 };
        let error = json!({ "code": code, "status": status, "message": "said by AWS" });
        json!([{ "service": service, "operation": operation, "times": times, "error": error }])
    };
    room.faults.set(&answer(
        "cloudformation",
        "CreateChangeSet",
        "Throttling",
        2,
    ));
    let output = room.begin().wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(room.faults.fired().contains("error:Throttling"));
    for (service, operation, code, path) in [
        (
            "cloudformation",
            "CreateChangeSet",
            "ExpiredToken",
            "dev/deploy",
        ),
        (
            "cloudformation",
            "ExecuteChangeSet",
            "AccessDenied",
            "dev/deploy",
        ),
        ("sts", "GetCallerIdentity", "ExpiredToken", "preflight"),
        ("ssm", "GetParameter", "ExpiredToken", "preflight"),
    ] {
        room.change(operation);
        room.faults.set(&answer(service, operation, code, 1));
        let output = room.begin().wait_with_output().unwrap();
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{operation}: {said}");
        let record = room.last_record();
        let own = stage(&record, path);
        assert_eq!(own["outcome"], "failed", "{operation}: {said}");
        let error = own["tries"][0]["error"].to_string();
        assert!(error.contains("said by AWS"), "{operation}: {error}");
        assert_whole(&room.shop.path().join(".aphex/store"));
        room.assert_goes_through(operation);
    }
}
