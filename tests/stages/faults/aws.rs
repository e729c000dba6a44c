//! AWS that is busy, refuses, does not answer or takes credentials for expired, in each service that a stage of a pod asks.
#![cfg(feature = "cloud")]

use std::process::Output;

use crate::bake::make_alarm;
use crate::pods::{ACCOUNT, BUCKET, Run, pipeline};
use crate::stores::rule;
use crate::support::ministack::Faults;
use crate::support::project::text;
use serde_json::{Value, json};

const REGION: &str = "eu-central-1";

/// What a stage asks: the service, the operation, whether the stage does without an answer, and the words of its pod.
struct Case {
    service: &'static str,
    operation: &'static str,
    does_without: bool,
    words: &'static [&'static str],
}

const USE: &[&str] = &["step", "--environment", "dev", "--name", "use"];
const PARAM: &[&str] = &["step", "--environment", "dev", "--name", "param"];

const CASES: [Case; 6] = [
    Case {
        service: "s3",
        operation: "CreateMultipartUpload",
        does_without: false,
        words: &["build"],
    },
    Case {
        service: "secretsmanager",
        operation: "GetSecretValue",
        does_without: false,
        words: USE,
    },
    Case {
        service: "ssm",
        operation: "GetParameter",
        does_without: false,
        words: PARAM,
    },
    Case {
        service: "cloudwatch",
        operation: "DescribeAlarms",
        does_without: false,
        words: &["bake", "--environment", "dev"],
    },
    Case {
        service: "cloudwatch",
        operation: "PutMetricData",
        does_without: true,
        words: &["finish", "--status", "Succeeded"],
    },
    Case {
        service: "sns",
        operation: "Publish",
        does_without: true,
        words: &["finish", "--status", "Failed"],
    },
];

struct Room {
    run: Run,
    faults: Faults,
    number: usize,
}

impl Room {
    fn new(test: &str) -> Option<Room> {
        let topic = format!("arn:aws:sns:{REGION}:{ACCOUNT}:ops");
        let build = format!(
            "notify ops {{ on = [\"failure\"], to = sns(\"{topic}\") }}\n  \
             build {{ run = [\"head -c 20000000 /dev/urandom > big\"], artifacts = [\"big\"] }}"
        );
        let environment = format!(
            r#"step use {{ run = ["test ${{#DB}} = 9"], env = {{ DB = secrets_manager("shop/db") }} }}
    step param {{ run = ["test ${{#DB}} = 12"], env = {{ DB = ssm_secure("/shop/param") }} }}
    bake {{ time = 1s, alarms = ["arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:errors"] }}"#
        );
        let file = format!(
            "use std.notify.{{sns}}\n\n{}",
            pipeline(&build, &environment)
        );
        let run = Run::new(test, &file, |_| {})?;
        let faults = run.aws.faults(test)?;
        let room = Room {
            run,
            faults,
            number: 0,
        };
        room.prepare();
        Some(room)
    }

    /// What the stages ask for is there.
    fn prepare(&self) {
        let call = |service: &str, target: &str, kind: &str, body: &str| {
            let authorization = crate::support::http::authorization(ACCOUNT, REGION, service);
            let headers = [
                ("Authorization", authorization.as_str()),
                ("X-Amz-Target", target),
                ("Content-Type", kind),
            ];
            let url = &self.run.aws.url;
            let (status, answer) = crate::support::http::ask(url, "POST", &headers, body);
            assert_eq!(status, 200, "{answer}");
        };
        let json = "application/x-amz-json-1.1";
        call(
            "secretsmanager",
            "secretsmanager.CreateSecret",
            json,
            r#"{"Name": "shop/db", "SecretString": "canary-db", "ClientRequestToken": "0123456789abcdef0123456789abcdef"}"#,
        );
        call(
            "ssm",
            "AmazonSSM.PutParameter",
            json,
            r#"{"Name": "/shop/param", "Value": "canary-param", "Type": "SecureString"}"#,
        );
        let form = "application/x-www-form-urlencoded";
        call(
            "sns",
            "",
            form,
            "Action=CreateTopic&Version=2010-03-31&Name=ops",
        );
        make_alarm(&self.run.aws, ACCOUNT, REGION, "errors");
    }

    /// The pod of a stage, in a run of its own, with these rules between its main container and AWS.
    fn pod(&mut self, case: &Case, rules: &Value) -> Output {
        self.number += 1;
        let pod = format!("pod-{}", self.number);
        let name = format!("shop-{}", self.number);
        let command = |words: &[&str]| {
            let mut command = self.run.command(&pod, words);
            command.env("APHEX_RUN", &name);
            command
        };
        self.faults.set(&json!([]));
        let checkout = [&["checkout", "--for"], case.words].concat();
        let output = command(&checkout).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        self.faults.set(rules);
        let mut main = command(case.words);
        main.envs(self.faults.environment(ACCOUNT, "us-east-1"));
        main.output().unwrap()
    }

    /// Nothing is seen in the bucket of the run's artifacts, and no parts are left.
    fn assert_nothing_packed(&self, said: &str) {
        let (_, objects) =
            self.run
                .aws
                .ask(ACCOUNT, "s3", "GET", &format!("/{BUCKET}?list-type=2"));
        let own = format!("shop-{}-0", self.number);
        let packed = objects
            .lines()
            .any(|line| line.contains("artifacts/") && line.contains(&own));
        assert!(!packed, "{objects} {said}");
        let (_, uploads) = self
            .run
            .aws
            .ask(ACCOUNT, "s3", "GET", &format!("/{BUCKET}?uploads"));
        assert!(!uploads.contains("<UploadId>"), "{uploads} {said}");
    }
}

/// A rule for what a case asks.
fn rules(case: &Case, fault: Value) -> Value {
    let mut rule = match case.service {
        "s3" => return json!([rule(case.operation, fault)]),
        service => json!({ "service": service, "operation": case.operation }),
    };
    let fields = fault.as_object().unwrap().clone();
    rule.as_object_mut().unwrap().extend(fields);
    json!([rule])
}

fn answer(code: &str, status: u16, message: &str) -> Value {
    json!({ "error": { "code": code, "status": status, "message": message } })
}

#[test]
fn what_is_busy_is_waited_for_in_every_service() {
    let Some(mut room) = Room::new("what_is_busy_is_waited_for_in_every_service") else {
        return;
    };
    for case in &CASES {
        let code = match case.service {
            "s3" => "SlowDown",
            "cloudwatch" => "Throttling",
            "sns" => "Throttled",
            _ => "ThrottlingException",
        };
        let status = match case.service {
            "s3" => 503,
            "sns" => 429,
            _ => 400,
        };
        let mut fault = answer(code, status, "Rate exceeded");
        fault["times"] = json!(2);
        let output = room.pod(case, &rules(case, fault));
        let said = text(&output);
        assert!(output.status.success(), "{}: {said}", case.operation);
        assert!(
            !said.contains("Rate exceeded"),
            "{}: {said}",
            case.operation
        );
        let fired = room.faults.fired();
        let times = fired.matches(&format!("error:{code}")).count();
        assert!(times >= 2, "{}: {fired} {said}", case.operation);
        http_clear(&room.faults);
    }
}

/// Forgets what has fired.
fn http_clear(faults: &Faults) {
    let url = format!("{}/_microburst/fired", faults.url);
    crate::support::http::ask(&url, "DELETE", &[], "");
}

#[test]
fn what_is_denied_and_credentials_that_expire_are_said_in_every_service() {
    let test = "what_is_denied_and_credentials_that_expire_are_said_in_every_service";
    let Some(mut room) = Room::new(test) else {
        return;
    };
    for case in &CASES {
        for (code, help) in [
            ("AccessDenied", "allow it in the policy"),
            ("ExpiredToken", "sign in again, and run it again"),
        ] {
            let fault = answer(code, 403, "no longer yours");
            let output = room.pod(case, &rules(case, fault));
            let said = text(&output);
            let what = format!("{}, {code}: {said}", case.operation);
            assert_eq!(output.status.success(), case.does_without, "{what}");
            let service = if case.service == "cloudwatch" {
                "cloudwatch"
            } else {
                case.service
            };
            let words = format!("{service}:{}: {code}: no longer yours", case.operation);
            assert!(said.contains(&words), "{what}");
            assert_eq!(said.contains(help), !case.does_without, "{what}");
            assert!(!said.contains("canary"), "{what}");
            // Trying again does not help, and so is not done.
            let fired = room.faults.fired();
            let times = fired.matches(&format!("error:{code}")).count();
            assert!((1..3).contains(&times), "{times}: {fired} {what}");
            http_clear(&room.faults);
            if case.service == "s3" {
                room.assert_nothing_packed(&said);
            }
        }
        let output = room.pod(case, &json!([]));
        let said = text(&output);
        assert!(output.status.success(), "{}: {said}", case.operation);
        assert!(!said.contains("warning"), "{}: {said}", case.operation);
    }
}

/// The connection breaks in the middle of a part: once, and every time.
#[test]
fn an_upload_that_is_cut_in_the_middle_is_whole_or_not_there() {
    let test = "an_upload_that_is_cut_in_the_middle_is_whole_or_not_there";
    let Some(mut room) = Room::new(test) else {
        return;
    };
    let case = &CASES[0];
    let cut = json!({ "request": { "cut_upload": { "after_bytes": 100_000 } } });
    let output = room.pod(case, &json!([rule("UploadPart", cut.clone())]));
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("error[A0930]"), "{said}");
    assert!(
        said.contains("s3:UploadPart: ") && said.contains("artifacts/"),
        "{said}"
    );
    room.assert_nothing_packed(&said);

    let mut once = cut;
    once["times"] = json!(1);
    let output = room.pod(case, &json!([rule("UploadPart", once)]));
    assert!(output.status.success(), "{}", text(&output));
    assert!(room.faults.fired().contains("request:cut"));
    let name = format!("shop-{}", room.number);
    let output = room
        .run
        .command(
            "after",
            &[
                "checkout",
                "--for",
                "step",
                "--environment",
                "dev",
                "--name",
                "use",
            ],
        )
        .env("APHEX_RUN", name)
        .output()
        .unwrap();
    let said = text(&output);
    assert!(
        output.status.success() && said.contains("restored the artifacts of build"),
        "{said}"
    );
}
