//! The pipeline's own stack, deployed to an emulator of AWS: by Aphex itself, and by the real CDK CLI.
#![cfg(feature = "cloud")]

use std::cell::Cell;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use aphex::cloud::aws::cloudformation::{self, Change, Deployed, Progress, Wanted, Watch};
use aphex::cloud::aws::s3::Bucket;
use aphex::cloud::aws::{Access, Aws, Profile};
use aphex::diagnostics::Diagnostic;
use aphex::diagnostics::codes::aws::{DENIED, FAILED, NO_EXPORT, STACK_FAILED, STACK_STUCK};
use aphex::target::names::Account;
use aphex::target::stack::{Assembly, EXPORTS, Export, output_of};
use serde_json::{Value, json};

use crate::support::cdk::node_modules;
use crate::support::ministack::Ministack;
use crate::support::stack::{DEV, FULL, assembly, pipeline};

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";
pub const REGION: &str = "eu-west-1";

/// An account and region of an emulator, or of what stands in front of it.
pub struct Place {
    aws: Aws,
    /// The lines that were told.
    told: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Place {
    pub fn new(url: &str, account: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        let text = format!(
            "[profile test]\nregion = {REGION}\nendpoint_url = {url}\naws_access_key_id = {account}\naws_secret_access_key = testing\n"
        );
        std::fs::write(&file, text).unwrap();
        let profile = Profile {
            file,
            name: "test".to_owned(),
        };
        let access = Access {
            profile: Some(profile),
            ..Access::default()
        };
        Place {
            aws: Aws::new(&access).unwrap(),
            told: Vec::new(),
            _folder: folder,
        }
    }

    /// A bucket of the account.
    pub fn bucket(&self, name: &str) -> Bucket {
        Bucket::new(&self.aws, name)
    }

    /// The template of a stack, as it is.
    pub fn template_of(&self, stack: &str) -> String {
        cloudformation::template(&self.aws, stack)
            .unwrap()
            .unwrap_or_default()
    }

    /// The stack of the cluster that pipelines are on.
    pub fn with_cluster(self) -> Place {
        let output = |export: Export, value: &str| {
            let name = export.name(EXPORTS, "company");
            json!({ "Value": value, "Export": { "Name": name } })
        };
        let template = json!({
            "Resources": { "Topic": { "Type": "AWS::SNS::Topic", "Properties": { "TopicName": "cluster" } } },
            "Outputs": {
                "Name": output(Export::ClusterName, "company"),
                "Provider": output(Export::OidcProviderArn, "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123"),
                "Kubectl": output(Export::KubectlRoleArn, "arn:aws:iam::111122223333:role/kubectl"),
            },
        });
        let mut place = self;
        place.template("cluster", &template.to_string()).unwrap();
        place
    }

    fn template(&mut self, stack: &str, template: &str) -> Result<Deployed, Diagnostic> {
        self.deploy_until(stack, template, &[], &|| false)
    }

    fn deploy(&mut self, assembly: &Assembly) -> Result<Deployed, Diagnostic> {
        self.deploy_until(&assembly.stack, &assembly.template, &assembly.tags, &|| {
            false
        })
    }

    fn deploy_until(
        &mut self,
        stack: &str,
        template: &str,
        tags: &[(&'static str, String)],
        ends: &dyn Fn() -> bool,
    ) -> Result<Deployed, Diagnostic> {
        let wanted = Wanted {
            stack,
            template,
            tags,
            moved: None,
        };
        let told = &mut self.told;
        let mut tell = tell(told);
        let mut watch = Watch {
            pace: Duration::from_millis(20),
            ..Watch::new(&mut tell, ends)
        };
        cloudformation::deploy(&self.aws, &wanted, &mut watch)
    }

    fn delete(
        &mut self,
        stack: &str,
        tags: &[(&'static str, String)],
    ) -> Result<Option<cloudformation::Deleted>, Diagnostic> {
        let told = &mut self.told;
        let mut tell = tell(told);
        let mut watch = Watch {
            pace: Duration::from_millis(20),
            ..Watch::new(&mut tell, &|| false)
        };
        cloudformation::delete(&self.aws, stack, tags, &mut watch)
    }

    fn status(&self, stack: &str) -> String {
        let found = cloudformation::stack(&self.aws, stack).unwrap();
        found.map(|stack| stack.status).unwrap_or_default()
    }

    fn events(&self, stack: &str) -> usize {
        cloudformation::events(&self.aws, stack, 0).unwrap().len()
    }
}

fn tell(told: &mut Vec<String>) -> impl FnMut(Progress<'_>) {
    |progress| {
        told.push(match progress {
            Progress::Said(line) => line.to_owned(),
            Progress::Happened(event) => format!("{} {}", event.resource, event.status),
        });
    }
}

/// A template of things, of which one whose name is taken fails.
fn things(names: &[&str]) -> String {
    let things = names.iter().map(|name| {
        let thing = json!({ "Type": "AWS::IoT::Thing", "Properties": { "ThingName": name } });
        (format!("Thing{}", name.replace('-', "")), thing)
    });
    let things: serde_json::Map<String, Value> = things.collect();
    json!({ "Resources": things }).to_string()
}

#[test]
fn req_3_3_10_5_a_stack_is_made_changed_and_left_alone() {
    let test = "req_3_3_10_5_a_stack_is_made_changed_and_left_alone";
    let Some(ministack) = Ministack::start(test) else {
        return;
    };
    let mut place = Place::new(&ministack.url, ACCOUNT).with_cluster();
    let cluster = (
        place.events("cluster"),
        cloudformation::template(&place.aws, "cluster"),
    );
    let first = assembly(&pipeline(DEV));
    let made = place.deploy(&first).unwrap();
    assert_eq!(made.change, Change::Created);
    let role =
        |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/aphex-company-shop-{name}-{REGION}");
    for account in Account::AWS {
        assert_eq!(made.outputs[&output_of(account)], role(account.word()));
    }
    assert_eq!(made.outputs["WorkflowExecutionRoleArn"], role("deploy"));
    assert!(made.outputs["WebhookUrl"].contains("shop"));
    let bucket = made.outputs["ArtifactBucketName"].clone();
    assert!(bucket.starts_with("aphex-company-shop-"), "{bucket}");
    assert!(
        place
            .told
            .contains(&"DeployRole CREATE_COMPLETE".to_owned()),
        "{:?}",
        place.told
    );
    let last = place.told.last().unwrap();
    assert_eq!(last, "aphex-company-shop CREATE_COMPLETE");

    // The trust policy is a document in which the issuer is a name.
    let (_, answer) = ministack.ask(
        ACCOUNT,
        "iam",
        "GET",
        "/?Action=GetRole&Version=2010-05-08&RoleName=aphex-company-shop-deploy-eu-west-1",
    );
    for part in [
        "oidc.eks.eu-west-1.amazonaws.com",
        "sts.amazonaws.com",
        "system%3Aserviceaccount%3Aaphex%3Ashop-deploy",
    ] {
        let plain = part.replace("%3A", ":");
        assert!(
            answer.contains(part) || answer.contains(&plain),
            "{part}: {answer}"
        );
    }
    assert!(!answer.contains("Issuer"), "{answer}");

    // No changes: nothing is written, not even an event.
    let events = place.events(&first.stack);
    place.told.clear();
    let again = place.deploy(&first).unwrap();
    assert_eq!(again.change, Change::None);
    assert_eq!(again.outputs, made.outputs);
    assert_eq!(place.events(&first.stack), events);
    assert_eq!(place.told, [""; 0]);

    let second = assembly(&pipeline(&format!(
        "{DEV}\nenvironment prod {{ account = \"{OTHER}\", region = \"eu-west-1\", stack Api }}"
    )));
    let changed = place.deploy(&second).unwrap();
    assert_eq!(changed.change, Change::Updated);
    assert_eq!(changed.outputs["ArtifactBucketName"], bucket);
    assert!(
        place
            .told
            .contains(&"DeployRole UPDATE_COMPLETE".to_owned()),
        "{:?}",
        place.told
    );

    // The cluster's own stack is as it was (3.3, 10.3, 14.4).
    let now = (
        place.events("cluster"),
        cloudformation::template(&place.aws, "cluster"),
    );
    assert_eq!(now, cluster);
}

#[test]
fn req_10_1_10_2_a_missing_export_is_named_with_what_there_is() {
    let test = "req_10_1_10_2_a_missing_export_is_named_with_what_there_is";
    let Some(ministack) = Ministack::start(test) else {
        return;
    };
    let names = |cluster: &str| {
        Export::ALL
            .map(|export| export.name(EXPORTS, cluster))
            .to_vec()
    };
    let require = |place: &Place, cluster: &str| {
        cloudformation::require(&place.aws, &names(cluster), EXPORTS)
    };
    let mut place = Place::new(&ministack.url, ACCOUNT);
    let problem = require(&place, "company").unwrap_err();
    assert_eq!(problem.code, &NO_EXPORT);
    assert!(
        problem
            .message
            .contains("`AphexCluster-company-ClusterName`"),
        "{}",
        problem.message
    );
    assert_eq!(problem.notes, ["there are no exports at all"]);

    // CloudFormation itself says no, and nothing is left that is in the way.
    let stack = assembly(&pipeline(DEV));
    let problem = place.deploy(&stack).unwrap_err();
    assert_eq!(problem.code, &STACK_FAILED, "{problem:?}");
    assert!(
        format!("{problem:?}").contains("AphexCluster-company-OIDCProviderArn"),
        "{problem:?}"
    );

    let mut place = place.with_cluster();
    let values = require(&place, "company").unwrap();
    assert_eq!(values[0], "company");
    assert!(values[1].contains(":oidc-provider/"));
    let problem = require(&place, "compny").unwrap_err();
    assert!(
        problem.notes[0].contains("`AphexCluster-company-ClusterName`"),
        "{:?}",
        problem.notes
    );
    // In another account there is nothing.
    let other = Place::new(&ministack.url, OTHER);
    assert!(require(&other, "company").is_err());
    assert_eq!(place.deploy(&stack).unwrap().change, Change::Created);
}

#[test]
fn req_8_4_what_fails_is_rolled_back_named_and_made_anew() {
    let test = "req_8_4_what_fails_is_rolled_back_named_and_made_anew";
    let Some(ministack) = Ministack::start(test) else {
        return;
    };
    let mut place = Place::new(&ministack.url, ACCOUNT);
    place.template("others", &things(&["taken"])).unwrap();
    // A creation that fails.
    let problem = place
        .template("mine", &things(&["first", "taken"]))
        .unwrap_err();
    assert_eq!(problem.code, &STACK_FAILED);
    assert_eq!(problem.message, "stack `mine` was not created");
    assert!(
        problem.notes[0].starts_with("`Thingtaken` (AWS::IoT::Thing) CREATE_FAILED: "),
        "{:?}",
        problem.notes
    );
    assert_eq!(place.status("mine"), "ROLLBACK_COMPLETE");
    // What was never there as a whole is deleted, and made.
    place.told.clear();
    let made = place.template("mine", &things(&["first"])).unwrap();
    assert_eq!(made.change, Change::Created);
    assert!(
        place.told[0].contains("was never there as a whole"),
        "{:?}",
        place.told
    );
    // An update that fails leaves what was there, and is no reason to delete it.
    let problem = place
        .template("mine", &things(&["first", "taken"]))
        .unwrap_err();
    assert_eq!(problem.message, "stack `mine` was not updated");
    assert!(problem.help.unwrap().contains("rolled back"));
    assert_eq!(place.status("mine"), "UPDATE_ROLLBACK_COMPLETE");
    place.told.clear();
    let changed = place
        .template("mine", &things(&["first", "second"]))
        .unwrap();
    assert_eq!(changed.change, Change::Updated);
    assert_eq!(changed.arn, made.arn);
}

#[test]
fn req_14_3_a_stack_of_somebody_else_is_left_alone() {
    let test = "req_14_3_a_stack_of_somebody_else_is_left_alone";
    let Some(ministack) = Ministack::start(test) else {
        return;
    };
    let mut place = Place::new(&ministack.url, ACCOUNT).with_cluster();
    let stack = assembly(&pipeline(DEV));
    place.template(&stack.stack, &things(&["theirs"])).unwrap();
    let events = place.events(&stack.stack);
    let problem = place.deploy(&stack).unwrap_err();
    assert_eq!(problem.code, &STACK_STUCK);
    assert_eq!(
        problem.message,
        "stack `aphex-company-shop` is not this pipeline's"
    );
    assert_eq!(place.events(&stack.stack), events);
}

/// Two accounts, and two pipelines of one: each is removed by itself, and its bucket is kept (14.5).
#[test]
fn req_14_3_14_5_pipelines_are_apart() {
    let test = "req_14_3_14_5_pipelines_are_apart";
    let Some(ministack) = Ministack::start(test) else {
        return;
    };
    let shop = assembly(&pipeline(DEV));
    let web = assembly(&pipeline(DEV).replace("pipeline shop", "pipeline web"));
    let mut one = Place::new(&ministack.url, ACCOUNT).with_cluster();
    let mut other = Place::new(&ministack.url, OTHER).with_cluster();
    let first = one.deploy(&shop).unwrap();
    let second = other.deploy(&shop).unwrap();
    let third = one.deploy(&web).unwrap();
    for name in ["DeployRoleArn", "ArtifactBucketName"] {
        assert_ne!(first.outputs[name], second.outputs[name]);
        assert_ne!(first.outputs[name], third.outputs[name]);
    }
    let before = (one.events(&web.stack), one.events("cluster"));
    let bucket = &first.outputs["ArtifactBucketName"];
    let deleted = one.delete(&shop.stack, &shop.tags).unwrap().unwrap();
    assert!(
        deleted.kept.iter().any(|kept| &kept.physical == bucket),
        "{deleted:?} {:?}",
        one.told
    );
    assert_eq!(one.status(&shop.stack), "");
    assert_eq!(one.delete(&shop.stack, &shop.tags).unwrap(), None);
    assert_eq!((one.events(&web.stack), one.events("cluster")), before);
    assert_eq!(one.deploy(&web).unwrap().change, Change::None);
    assert_eq!(other.deploy(&shop).unwrap().change, Change::None);
    let (status, _) = ministack.ask(ACCOUNT, "s3", "GET", &format!("/{bucket}?list-type=2"));
    // Another region's endpoint says where it is, and not that there is none.
    assert!(status == 200 || status == 301, "{status}");
    // And once more from the beginning: the kept bucket is in nobody's way.
    assert_eq!(one.deploy(&shop).unwrap().change, Change::Created);
}

/// AWS that is busy is asked again, whatever it was asked; who may not is told so, and what was begun by then goes on when he may.
#[test]
fn req_3_3_busy_and_denied_calls() {
    let test = "req_3_3_busy_and_denied_calls";
    let Some(ministack) = Ministack::start(test) else {
        return;
    };
    let Some(faults) = ministack.faults(test) else {
        return;
    };
    let mut place = Place::new(&faults.url, ACCOUNT).with_cluster();
    let rule = |operation: &str, fault: Value| {
        let mut rule = json!({ "service": "cloudformation", "operation": operation });
        rule.as_object_mut()
            .unwrap()
            .extend(fault.as_object().unwrap().clone());
        json!([rule])
    };
    let busy = json!({ "error": { "code": "Throttling", "status": 400, "message": "Rate exceeded" }, "times": 2 });
    let denied = json!({ "error": { "code": "AccessDenied", "status": 403, "message": "no" } });
    let operations = [
        "DescribeStacks",
        "CreateChangeSet",
        "DescribeChangeSet",
        "DescribeStackEvents",
        "ExecuteChangeSet",
    ];
    let stack = assembly(&pipeline(DEV));
    for operation in operations {
        faults.set(&rule(operation, busy.clone()));
        let made = place
            .deploy(&stack)
            .unwrap_or_else(|problem| panic!("{operation}: {problem:?}"));
        assert_eq!(made.change, Change::Created, "{operation}");
        assert!(
            faults.fired().contains(operation),
            "{operation}: {}",
            faults.fired()
        );
        faults.set(&json!([]));
        place.delete(&stack.stack, &stack.tags).unwrap();
    }
    for operation in operations {
        faults.set(&rule(operation, denied.clone()));
        let problem = place.deploy(&stack).unwrap_err();
        assert_eq!(problem.code, &DENIED, "{operation}: {problem:?}");
        let said = problem.notes.join(" ");
        assert!(
            said.contains(&format!("cloudformation:{operation}")),
            "{operation}: {said}"
        );
        faults.set(&json!([]));
        let made = place
            .deploy(&stack)
            .unwrap_or_else(|problem| panic!("{operation}: {problem:?}"));
        assert_ne!(made.change, Change::Updated, "{operation}");
        assert_eq!(place.status(&stack.stack), "CREATE_COMPLETE", "{operation}");
        place.delete(&stack.stack, &stack.tags).unwrap();
    }
    // What needs no change asks for none.
    place.deploy(&stack).unwrap();
    faults.set(&rule("CreateChangeSet", denied));
    assert_eq!(place.deploy(&stack).unwrap().change, Change::None);
    let for_ever =
        json!({ "error": { "code": "Throttling", "status": 400, "message": "Rate exceeded" } });
    faults.set(&rule("GetTemplate", for_ever));
    assert_eq!(place.deploy(&stack).unwrap_err().code, &FAILED);
}

/// What a process that may be killed does: see the next test.
#[test]
#[ignore = "a process of its own, which the next test starts"]
fn a_deployment_in_a_process() {
    let url = std::env::var("APHEX_TEST_STACK_URL").unwrap();
    let mut place = Place::new(&url, ACCOUNT);
    place.deploy(&assembly(&pipeline(DEV))).unwrap();
    let stack = assembly(&pipeline(DEV));
    place.delete(&stack.stack, &stack.tags).unwrap();
}

/// Killed at any moment, it is called again and comes to the same.
#[test]
fn req_3_3_killed_at_any_moment_it_continues() {
    let test = "req_3_3_killed_at_any_moment_it_continues";
    let Some(ministack) = Ministack::start(test) else {
        return;
    };
    let mut place = Place::new(&ministack.url, ACCOUNT).with_cluster();
    let stack = assembly(&pipeline(DEV));
    let mut found = std::collections::BTreeSet::new();
    for round in 0..30_u64 {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "stack::a_deployment_in_a_process", "--ignored"])
            .env("APHEX_TEST_STACK_URL", &ministack.url)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(20 + round * 10));
        let _ = process.kill();
        process.wait().unwrap();
        found.insert(place.status(&stack.stack));
        let done = place.deploy(&stack).unwrap();
        let role = &done.outputs["DeployRoleArn"];
        assert_eq!(&done.outputs["WorkflowExecutionRoleArn"], role);
        assert_eq!(place.status(&stack.stack), "CREATE_COMPLETE");
        place.delete(&stack.stack, &stack.tags).unwrap();
    }
    assert!(found.len() > 1, "{found:?}");
}

/// Told to end, it ends at its next look, with a word that CloudFormation goes on.
#[test]
fn req_3_3_told_to_end_it_ends() {
    let test = "req_3_3_told_to_end_it_ends";
    let Some(ministack) = Ministack::start(test) else {
        return;
    };
    let Some(faults) = ministack.faults(test) else {
        return;
    };
    let mut place = Place::new(&faults.url, ACCOUNT).with_cluster();
    let stack = assembly(&pipeline(DEV));
    // The stack stays in the state in which it was announced: CloudFormation is asked to go on, and does not hear it.
    let unheard = json!({ "error": { "code": "InvalidChangeSetStatus", "status": 400, "message": "not now" } });
    faults.set(&json!([{ "service": "cloudformation", "operation": "ExecuteChangeSet", "error": unheard["error"] }]));
    let looks = Cell::new(0);
    let ends = || {
        looks.set(looks.get() + 1);
        looks.get() > 3
    };
    let problem = place
        .deploy_until(&stack.stack, &stack.template, &stack.tags, &ends)
        .unwrap_err();
    assert!(
        problem.notes.join(" ").contains("run it again to continue"),
        "{problem:?}"
    );
    faults.set(&json!([]));
    assert_eq!(place.deploy(&stack).unwrap().change, Change::Created);
}

/// A stack that somebody else changes is waited for, and compared then.
#[test]
fn req_3_3_what_somebody_else_changes_is_waited_for() {
    let test = "req_3_3_what_somebody_else_changes_is_waited_for";
    let Some(ministack) = Ministack::start(test) else {
        return;
    };
    let template = json!({ "Resources": {
        "Handle": { "Type": "AWS::CloudFormation::WaitConditionHandle" },
        "Wait": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "Properties": { "Handle": { "Ref": "Handle" }, "Timeout": "60", "Count": 1 },
        },
    } })
    .to_string();
    let url = ministack.url.as_str();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| Place::new(url, ACCOUNT).template("slow", &template));
        let looker = Place::new(url, ACCOUNT);
        let wait_for = |wanted: &dyn Fn() -> bool| {
            let began = std::time::Instant::now();
            while !wanted() {
                assert!(began.elapsed() < Duration::from_secs(30));
                std::thread::sleep(Duration::from_millis(20));
            }
        };
        wait_for(&|| looker.status("slow") == "CREATE_IN_PROGRESS");
        let second = scope.spawn(|| {
            let mut place = Place::new(url, ACCOUNT);
            (place.template("slow", &template), place.told)
        });
        std::thread::sleep(Duration::from_millis(500));
        assert!(!second.is_finished());
        let events = cloudformation::events(&looker.aws, "slow", 0).unwrap();
        let handle = events
            .iter()
            .find(|event| event.resource == "Handle" && event.status == "CREATE_COMPLETE")
            .unwrap();
        let signal = r#"{"Status": "SUCCESS", "UniqueId": "1", "Data": "", "Reason": ""}"#;
        let (status, answer) = crate::support::http::ask(&handle.physical, "PUT", &[], signal);
        assert_eq!(status, 200, "{answer}");
        assert_eq!(first.join().unwrap().unwrap().change, Change::Created);
        let (second, told) = second.join().unwrap();
        assert_eq!(second.unwrap().change, Change::None);
        assert_eq!(
            told[0],
            "stack slow is CREATE_IN_PROGRESS: waiting until that has ended"
        );
        assert_eq!(told.last().unwrap(), "slow CREATE_COMPLETE");
    });
}

/// Of two that deploy at once each comes to its end, and the stack is what one of them wanted.
#[test]
fn req_3_3_two_at_once_take_turns() {
    let test = "req_3_3_two_at_once_take_turns";
    let Some(ministack) = Ministack::start(test) else {
        return;
    };
    let url = ministack.url.as_str();
    let templates = [things(&["a"]), things(&["b"])];
    for _ in 0..15 {
        std::thread::scope(|scope| {
            let both = templates.each_ref().map(|template| {
                scope.spawn(|| Place::new(url, ACCOUNT).template("both", template))
            });
            for one in both {
                one.join().unwrap().unwrap();
            }
        });
        let mut place = Place::new(url, ACCOUNT);
        let there = cloudformation::template(&place.aws, "both")
            .unwrap()
            .unwrap();
        let there: Value = serde_json::from_str(&there).unwrap();
        let is_one = templates
            .iter()
            .any(|template| serde_json::from_str::<Value>(template).unwrap() == there);
        assert!(is_one, "{there}");
        assert!(place.status("both").ends_with("E_COMPLETE"));
        place.delete("both", &[]).unwrap();
    }
}

fn cdk(modules: &Path, ministack: &Ministack, folder: &Path, words: &[&str]) -> (bool, String) {
    let output = Command::new(modules.join(".bin/cdk"))
        .args(words)
        .args(["--no-notices", "--app"])
        .arg(folder)
        .current_dir(folder.parent().unwrap())
        .envs(ministack.environment(ACCOUNT, REGION))
        .envs([
            ("CDK_DISABLE_CLI_TELEMETRY", "true"),
            ("CDK_VALIDATION", "false"),
            ("NODE_OPTIONS", "--no-warnings"),
        ])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// The CDK's own CLI takes the assembly for what it is: it deploys it, finds nothing to change after either of us, and Aphex goes on from what it deployed.
#[test]
fn req_3_2_3_3_the_cdk_cli_deploys_the_same_assembly() {
    let test = "req_3_2_3_3_the_cdk_cli_deploys_the_same_assembly";
    let (Some(modules), Some(ministack)) = (node_modules(test), Ministack::start(test)) else {
        return;
    };
    let mut place = Place::new(&ministack.url, ACCOUNT).with_cluster();
    let room = tempfile::tempdir().unwrap();
    let write = |assembly: &Assembly| {
        let folder = room.path().join(assembly.folder());
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in assembly.files() {
            std::fs::write(folder.join(name), text).unwrap();
        }
        folder
    };
    let first = assembly(FULL);
    let folder = write(&first);
    let (good, said) = cdk(
        &modules,
        &ministack,
        &folder,
        &["deploy", "--require-approval", "never", "--ci"],
    );
    assert!(good, "{said}");
    let (good, said) = cdk(&modules, &ministack, &folder, &["diff", "--fail"]);
    assert!(good, "{said}");
    assert!(said.contains("There were no differences"), "{said}");
    let there = place.deploy(&first).unwrap();
    assert_eq!(there.change, Change::None);

    let second = assembly(&FULL.replace("retention = 30d", "retention = 60d"));
    let folder = write(&second);
    let (good, said) = cdk(&modules, &ministack, &folder, &["diff", "--fail"]);
    assert!(!good && said.contains("ArtifactBucket"), "{said}");
    let changed = place.deploy(&second).unwrap();
    assert_eq!(changed.change, Change::Updated);
    let (good, said) = cdk(&modules, &ministack, &folder, &["diff", "--fail"]);
    assert!(good, "{said}");
}
