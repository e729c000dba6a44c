//! A pipeline has one place: one stack in AWS, and its objects in one namespace. Who names another one, or changes what binds the two, is told.
//!
//! A test whose name begins with `req_` proves the criterion of that number.
#![cfg(feature = "cloud")]

use std::fs;

use aphex::diagnostics::codes::aws::STACK_STUCK;
use aphex::diagnostics::codes::cluster::CONFLICT;
use serde_json::{Value, json};

use crate::install::{DEV, Shop, TRIGGERS, text};
use crate::stack::{Place, REGION};
use crate::support::cluster::Cluster;
use crate::support::ministack::Ministack;

const ACCOUNT: &str = "111122223333";

/// What a command says in an account and a region, and how it ends.
fn said(shop: &Shop<'_>, aws: &Ministack, account: &str, arguments: &[&str]) -> (i32, String) {
    let mut command = shop.command(arguments);
    let output = command.envs(aws.environment(account, REGION)).output();
    let output = output.unwrap();
    (output.status.code().unwrap(), text(&output))
}

/// Whoever uses a pipeline that was applied, with its stack, in a namespace of its own.
fn with_shop(test: &str, then: impl FnOnce(&Cluster, &Shop<'_>, &Ministack)) {
    let (Some(cluster), Some(aws)) = (Cluster::find(test), Ministack::start(test)) else {
        return;
    };
    let _place = Place::new(&aws.url, ACCOUNT).with_cluster();
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(1, &format!("{TRIGGERS}{DEV}"));
    let (code, words) = said(&shop, &aws, ACCOUNT, &["apply"]);
    assert_eq!(code, 0, "{words}");
    then(&cluster, &shop, &aws);
}

#[test]
fn req_14_3_a_pipeline_in_two_namespaces_is_refused() {
    with_shop(
        "req_14_3_a_pipeline_in_two_namespaces_is_refused",
        |cluster, shop, aws| {
            let second = cluster.namespace();
            let twin = Shop::new(cluster, &second, "shop");
            twin.commit(1, &format!("{TRIGGERS}{DEV}"));
            let before = shop.everything();
            for command in [&["plan"][..], &["apply"], &["destroy", "--yes"]] {
                let (code, words) = said(&twin, aws, ACCOUNT, command);
                assert_eq!(code, 1, "{command:?}: {words}");
                for part in [STACK_STUCK.id, "aphex.dev/namespace", &shop.namespace] {
                    assert!(words.contains(part), "{command:?}: no `{part}` in {words}");
                }
                assert_eq!(twin.everything(), Vec::<Value>::new(), "{command:?}");
            }
            assert_eq!(shop.everything(), before);
            let (code, words) = said(shop, aws, ACCOUNT, &["plan"]);
            assert_eq!(code, 0, "{words}");
        },
    );
}

#[test]
fn req_14_1_a_stack_that_is_elsewhere_gets_no_twin() {
    with_shop(
        "req_14_1_a_stack_that_is_elsewhere_gets_no_twin",
        |_, shop, aws| {
            let before = shop.everything();
            let elsewhere = ["--region", "eu-central-1"];
            for command in [&["plan"][..], &["apply"], &["destroy", "--yes"]] {
                for (account, place) in [(ACCOUNT, &elsewhere[..]), ("444455556666", &[])] {
                    let all = [command, place].concat();
                    let (code, words) = said(shop, aws, account, &all);
                    assert_eq!(code, 1, "{all:?}: {words}");
                    let stands = format!("is in {REGION}, account {ACCOUNT}");
                    assert!(words.contains(&stands), "{all:?}: {words}");
                    assert!(words.contains(STACK_STUCK.id), "{all:?}: {words}");
                    assert_eq!(shop.everything(), before, "{all:?}");
                }
            }
            // That of the shell may be as wrong as one of the command line.
            let mut slip = shop.command(&["apply"]);
            slip.envs(aws.environment(ACCOUNT, "us-esat-1"));
            let output = slip.output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{}", text(&output));
            let near = "did you mean `us-east-1`?";
            assert!(text(&output).contains(near), "{}", text(&output));
            // Who names a region wants AWS to be looked at.
            let mut nobody = shop.command(&["plan", "--region", REGION]);
            let output = nobody.env("HOME", "/nonexistent").output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{}", text(&output));
            let mut nobody = shop.command(&["plan"]);
            let output = nobody.env("HOME", "/nonexistent").output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", text(&output));
            assert!(text(&output).contains("was not looked at"));
        },
    );
}

/// A stack is named after its cluster: with another one, a second would be made, and the first forgotten.
#[test]
fn req_14_1_another_cluster_in_the_file_gets_no_twin() {
    with_shop(
        "req_14_1_another_cluster_in_the_file_gets_no_twin",
        |_, shop, aws| {
            let before = shop.everything();
            let file = shop.folder.path().join("pipeline.aphex");
            let text_of = fs::read_to_string(&file).unwrap();
            let changed = text_of.replace("cluster = \"company\"", "cluster = \"other\"");
            assert_ne!(changed, text_of);
            fs::write(&file, changed).unwrap();
            for command in [&["plan"][..], &["apply"], &["destroy", "--yes"]] {
                let (code, words) = said(shop, aws, ACCOUNT, command);
                assert_eq!(code, 1, "{command:?}: {words}");
                for part in [STACK_STUCK.id, "aphex-company-shop", "aphex-other-shop"] {
                    assert!(words.contains(part), "{command:?}: no `{part}` in {words}");
                }
                assert_eq!(shop.everything(), before, "{command:?}");
            }
        },
    );
}

#[test]
fn req_7_1_a_role_that_somebody_has_changed_is_seen() {
    with_shop(
        "req_7_1_a_role_that_somebody_has_changed_is_seen",
        |_, shop, aws| {
            let role = "arn:aws:iam::111122223333:role/another";
            let patch =
                json!({ "metadata": { "annotations": { "eks.amazonaws.com/role-arn": role } } });
            let patch = patch.to_string();
            let by_hand = [
                "patch",
                "serviceaccount",
                "shop-deploy",
                "--type=merge",
                "--patch",
                &patch,
            ];
            shop.kubectl(&by_hand, "");
            for command in ["plan", "apply"] {
                let (code, words) = said(shop, aws, ACCOUNT, &[command]);
                assert_eq!(code, 1, "{command}: {words}");
                for part in [CONFLICT.id, "shop-deploy"] {
                    assert!(words.contains(part), "{command}: no `{part}` in {words}");
                }
            }
        },
    );
}
