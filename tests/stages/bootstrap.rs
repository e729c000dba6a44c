//! The first time in a real API server: `aphex bootstrap`; and what becomes of a pipeline where it, `apply` or `destroy` is killed.
//!
//! A test whose name begins with `req_` proves the criterion of that number.
#![cfg(feature = "cloud")]

use std::fs;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::install::{DEV, Shop, TRIGGERS, names, text};
use crate::stack::{Place, REGION};
use crate::support::cluster::Cluster;
use crate::support::http;
use crate::support::ministack::Ministack;
use aphex::cloud::aws::s3::About;
use aphex::diagnostics::codes::cluster::{DENIED, NO_CLUSTER};
use aphex::diagnostics::codes::cluster_ready::{NOT_READY, REFERENCING, UNKNOWN};
use aphex::target::names::{Account, MANAGED_BY, PIPELINE, REPOSITORY};

const STORE: [&str; 3] = ["--objects-only", "--store", "s3://shop"];

/// Makes an EventBus of a kind.
pub fn bus(shop: &Shop<'_>, kind: &str) {
    let object = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "EventBus", "metadata": { "name": "default" },
        "spec": { kind: { "version": "latest" } },
    });
    shop.kubectl(&["apply", "--filename=-"], &object.to_string());
}

/// The secret of the webhook, as it was made.
fn secret(shop: &Shop<'_>) -> Option<String> {
    let all = shop.everything();
    let is_it =
        |item: &&Value| item["kind"] == "Secret" && item["metadata"]["name"] == "shop-webhook";
    let data = all.iter().find(is_it)?["data"]["secret"].as_str().unwrap();
    Some(String::from_utf8(STANDARD.decode(data).unwrap()).unwrap())
}

/// Neither a text nor an object but the Secret itself holds it, plain or encoded.
fn is_kept(shop: &Shop<'_>, secret: &str, texts: &[String]) {
    let objects = shop.everything();
    let objects = objects.iter().filter(|item| item["kind"] != "Secret");
    let objects: Vec<String> = objects.map(Value::to_string).collect();
    for form in [secret.to_owned(), STANDARD.encode(secret)] {
        for text in texts.iter().chain(&objects) {
            assert!(!text.contains(&form), "{text}");
        }
    }
}

fn with(word: &'static str, rest: &[&'static str]) -> Vec<&'static str> {
    [&[word], rest].concat()
}

/// 11.1, 11.2, 11.3, 11.4, 11.5, 10.2, 10.5: what is missing is told at once, and nothing is changed; then all of it is put there, and again, and taken away with all that was ever stored.
#[test]
fn req_10_2_10_5_11_1_11_2_11_3_11_4_11_5_bootstrap_from_nothing_to_a_pipeline() {
    let test = "req_10_2_10_5_11_1_11_2_11_3_11_4_11_5_bootstrap";
    let (Some(cluster), Some(aws)) = (Cluster::find(test), Ministack::start(test)) else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(1, &format!("{TRIGGERS}{DEV}"));
    let run = |arguments: &[&str]| {
        let mut command = shop.command(arguments);
        let output = command
            .envs(aws.environment("111122223333", REGION))
            .output()
            .unwrap();
        (output.status.code(), text(&output))
    };
    let (code, said) = run(&["bootstrap"]);
    assert_eq!(code, Some(1), "{said}");
    for line in [
        "ok       Kubernetes v1.",
        "ok       definitions of Argo Events",
        "missing  EventBus default",
        "| kubectl apply --namespace",
        "missing  exports of cluster company",
        "AphexCluster-company-OIDCProviderArn",
        "2 things are missing, and nothing was changed",
        NOT_READY.id,
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert_eq!(shop.everything(), Vec::<Value>::new());

    bus(&shop, "jetstream");
    let place = Place::new(&aws.url, "111122223333").with_cluster();
    let (code, first) = run(&["bootstrap"]);
    assert_eq!(code, Some(0), "{first}");
    let secret = secret(&shop).unwrap();
    assert_eq!(secret.len(), 64);
    let settings = [
        "get",
        "configmap",
        "shop-settings",
        "--output=jsonpath={.data.store}",
    ];
    let store = shop.kubectl(&settings, "");
    let command = format!(
        "kubectl get secret shop-webhook --namespace {} --output jsonpath='{{.data.secret}}' | base64 -d",
        shop.namespace
    );
    for line in [
        "stack aphex-company-shop: created",
        "Secret shop-webhook: made",
        "+ EventSource shop",
        &format!("store             {store}"),
        "deploy role       arn:aws:iam::111122223333:role/",
        "https://github.com/acme/shop/settings/hooks/new",
        "Payload URL       https://hooks.acme.dev/shop",
        "application/json",
        &command,
        "Pushes, Pull requests",
    ] {
        assert!(first.contains(line), "{line}: {first}");
    }
    for account in Account::AWS {
        assert!(
            names(&shop.everything()).contains(&format!("ServiceAccount {}", account.name("shop")))
        );
    }
    let before = shop.everything();
    let (code, again) = run(&["bootstrap"]);
    assert_eq!(code, Some(0), "{again}");
    for line in [
        "was there, and stays as it is",
        "aphex-company-shop: nothing to change",
        "nothing to change\n\nwhere shop is",
    ] {
        assert!(again.contains(line), "{line}: {again}");
    }
    assert_eq!(shop.everything(), before);

    // What was ever stored, and what marks it as removed, goes with the bucket where somebody says so.
    let bucket = store.trim_start_matches("s3://");
    for key in ["runs/a", "runs/a", "artifacts/b"] {
        let put = place.bucket(bucket).put(key, b"x", &About::default());
        put.unwrap();
    }
    let (code, gone) = run(&["destroy", "--yes", "--with-artifacts"]);
    assert_eq!(code, Some(0), "{gone}");
    assert!(
        gone.contains(&format!("removed bucket {bucket}, with 3 versions")),
        "{gone}"
    );
    assert!(
        gone.contains("- Secret shop-webhook") && gone.contains("removed the stack"),
        "{gone}"
    );
    assert!(place.bucket(bucket).list("").is_err());
    let (code, again_gone) = run(&["destroy", "--yes"]);
    assert_eq!(code, Some(0));
    assert!(again_gone.contains("there is no stack"), "{again_gone}");

    // One that was kept is found by its tags when the stack is gone; one of another repository is not.
    let (code, third) = run(&["bootstrap"]);
    assert_eq!(code, Some(0), "{third}");
    let store = shop.kubectl(&settings, "");
    let bucket = store.trim_start_matches("s3://");
    let put = place.bucket(bucket).put("runs/a", b"x", &About::default());
    put.unwrap();
    let s3 = |path: &str, body: &str| {
        let authorization = http::authorization("111122223333", REGION, "s3");
        let headers = [("Authorization", authorization.as_str())];
        let (status, said) = http::ask(&format!("{}/{path}", aws.url), "PUT", &headers, body);
        assert!(matches!(status, 200 | 204), "{path}: {status} {said}");
    };
    // The emulator's CloudFormation gives buckets no tags.
    let tag = |bucket: &str, repository: &str| {
        let tags = [
            MANAGED_BY,
            (PIPELINE, "shop"),
            ("aphex.dev/cluster", "company"),
            ("aphex.dev/namespace", &shop.namespace),
            (REPOSITORY, repository),
        ];
        let tags =
            tags.map(|(key, value)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>"));
        let body = format!("<Tagging><TagSet>{}</TagSet></Tagging>", tags.concat());
        s3(&format!("{bucket}?tagging"), &body);
    };
    let other = format!("{bucket}-x");
    s3(
        &other,
        &format!(
            "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        ),
    );
    tag(bucket, "Acme/Shop");
    tag(&other, "acme/store");
    let (code, kept) = run(&["destroy", "--yes"]);
    assert_eq!(code, Some(0), "{kept}");
    let line =
        format!("left: AWS::S3::Bucket {bucket}; `aphex destroy --with-artifacts` removes it");
    assert!(kept.contains(&line), "{kept}");
    let (code, asked) = run(&["destroy", "--with-artifacts"]);
    assert_eq!(code, Some(1), "{asked}");
    assert!(asked.contains("nothing was removed"), "{asked}");
    assert!(place.bucket(bucket).list("").is_ok());
    let (code, late) = run(&["destroy", "--yes", "--with-artifacts"]);
    assert_eq!(code, Some(0), "{late}");
    assert!(
        late.contains(&format!("removed bucket {bucket}, with 1 version"))
            && !late.contains(&other),
        "{late}"
    );
    assert!(place.bucket(bucket).list("").is_err() && place.bucket(&other).list("").is_ok());
    let (code, nothing) = run(&["destroy", "--yes", "--with-artifacts"]);
    assert_eq!(code, Some(0));
    assert!(nothing.contains("there is no bucket"), "{nothing}");
    is_kept(&shop, &secret, &[first, again, gone]);
    assert_eq!(shop.everything(), Vec::<Value>::new());
}

/// A Secret that somebody has made stays his; Secrets that nobody but their owner can make are asked for by their commands; a token registers the webhook.
#[test]
fn secrets_are_asked_for_and_never_overwritten() {
    let Some(cluster) = Cluster::find("secrets_are_asked_for_and_never_overwritten") else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    bus(&shop, "jetstream");
    let expose = "expose ingress { host = \"hooks.acme.dev\", token = secret(\"github\", key = \"hooks\"), tls = \"cert\" }";
    let app =
        "app main { env = { NPM = secret(\"npm\", key = \"token\") } }\n registries = [\"pull\"]";
    shop.commit(1, &format!("on push {{}}\n{expose}\n{app}\n{DEV}"));
    let output = shop.aphex(&with("bootstrap", &STORE));
    let said = text(&output);
    let place = format!("--namespace {}", shop.namespace);
    for line in [
        format!("kubectl create secret generic github {place} --from-file=hooks=FILE"),
        format!("kubectl create secret generic npm {place} --from-file=token=FILE"),
        format!("kubectl create secret docker-registry pull {place}"),
        "?        Secret cert is not there".to_owned(),
        "3 things are missing".to_owned(),
    ] {
        assert!(said.contains(&line), "{line}: {said}");
    }
    for (name, key) in [
        ("github", "hooks"),
        ("npm", "other"),
        ("pull", "x"),
        ("shop-webhook", "secret"),
    ] {
        shop.kubectl(
            &[
                "create",
                "secret",
                "generic",
                name,
                &format!("--from-literal={key}=canary"),
            ],
            "",
        );
    }
    let said = text(&shop.aphex(&with("bootstrap", &STORE)));
    assert!(said.contains("Secret npm has no key token"), "{said}");
    shop.kubectl(&["delete", "secret", "npm"], "");
    shop.kubectl(
        &[
            "create",
            "secret",
            "generic",
            "npm",
            "--from-literal=token=canary",
        ],
        "",
    );
    let said = shop.good(&with("bootstrap", &STORE));
    assert!(
        said.contains("registers the webhook by itself, with the token in Secret github"),
        "{said}"
    );
    assert!(!said.contains("canary"), "{said}");
    assert_eq!(secret(&shop).as_deref(), Some("canary"));
    shop.good(&["destroy", "--objects-only", "--yes"]);
    assert_eq!(secret(&shop).as_deref(), Some("canary"));

    // One that nothing can be signed with.
    shop.kubectl(
        &["create", "secret", "generic", "other", "--from-literal=a=b"],
        "",
    );
    shop.kubectl(&["delete", "secret", "shop-webhook"], "");
    shop.kubectl(
        &[
            "create",
            "secret",
            "generic",
            "shop-webhook",
            "--from-literal=a=b",
        ],
        "",
    );
    let output = shop.aphex(&with("bootstrap", &STORE));
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("the Secret `shop-webhook` has no key `secret`"),
        "{}",
        text(&output)
    );
}

/// What a cluster does not have, or has otherwise than it must, and what one may not do there.
#[test]
fn req_11_2_what_a_cluster_lacks_is_told_at_once() {
    let Some(cluster) = Cluster::find("req_11_2_what_a_cluster_lacks_is_told_at_once") else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    shop.commit(1, &format!("on push {{}}\n{DEV}"));
    bus(&shop, "nats");
    // Controllers of this namespace alone, of versions that are too old.
    let controller = |name: &str, image: &str, arguments: Value| {
        let object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name },
            "spec": {
                "replicas": 0,
                "selector": { "matchLabels": { "app": name } },
                "template": {
                    "metadata": { "labels": { "app": name } },
                    "spec": { "containers": [{ "name": "a", "image": image, "args": arguments }] },
                },
            },
        });
        shop.kubectl(&["apply", "--filename=-"], &object.to_string());
    };
    controller(
        "workflow-controller",
        "quay.io/argoproj/workflow-controller:v3.5.1",
        json!(["--namespaced", "--configmap", "own"]),
    );
    controller(
        "controller-manager",
        "quay.io/argoproj/argo-events:latest",
        json!(["--namespaced"]),
    );
    let settings = |data: Value| {
        let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "own" }, "data": data });
        shop.kubectl(&["apply", "--filename=-"], &object.to_string());
    };
    settings(json!({ "config": "workflowRestrictions:\n  templateReferencing: Secure\n" }));
    let said = text(&shop.aphex(&with("bootstrap", &STORE)));
    for line in [
        "missing  Argo Workflows 3.5",
        "?        version of Argo Events",
        "missing  controller of Argo Workflows: it ends runs whose template changes",
        "missing  EventBus default",
        "on NATS Streaming",
        "?        way from GitHub to the webhook",
        "3 things are missing",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    // Nor does apply.
    for data in [
        json!({ "config": "workflowRestrictions:\n  templateReferencing: Secure\n" }),
        json!({ "workflowRestrictions": "templateReferencing: \"Secure\"" }),
        json!({ "config": "workflowRestrictions: {templateReferencing: Secure}" }),
    ] {
        settings(data);
        let output = shop.aphex(&with("apply", &STORE));
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output).contains(REFERENCING.id), "{}", text(&output));
    }
    for data in [
        json!({ "config": "workflowRestrictions:\n  templateReferencing: Strict\n" }),
        json!({ "config": "# templateReferencing: Secure\n" }),
    ] {
        settings(data);
        shop.good(&with("apply", &STORE));
    }
    controller(
        "workflow-controller",
        "quay.io/argoproj/workflow-controller:v3.7.18",
        json!(["--namespaced"]),
    );
    bus(&shop, "jetstream");
    let said = shop.good(&with("bootstrap", &STORE));
    assert!(said.contains("ok       Argo Workflows 3.7"), "{said}");

    // Somebody who may do little, and nobody.
    let config = cluster
        .kubectl(&["config", "view", "--raw", "--output=json"], "")
        .unwrap();
    let as_other = |change: &dyn Fn(&mut Value)| {
        let mut config: Value = serde_json::from_str(&config).unwrap();
        change(&mut config["users"][0]["user"]);
        let file = shop.folder.path().join("other.kubeconfig");
        fs::write(&file, config.to_string()).unwrap();
        let run = |arguments: &[&str]| {
            let output = shop
                .command(arguments)
                .env("KUBECONFIG", &file)
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(1), "{}", text(&output));
            text(&output)
        };
        (run(&with("bootstrap", &STORE)), run(&["plan"]))
    };
    let (said, plan) = as_other(&|user| user["as"] = json!("somebody"));
    for line in [
        "?        controllers of Argo: you may not look",
        "missing  your rights in namespace",
        "you may not get, list, create, patch, delete roles.rbac.authorization.k8s.io",
        "you may not get, create secrets",
        "?        namespace",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(plan.contains(DENIED.id), "{plan}");
    let (said, plan) = as_other(&|user| *user = json!({ "token": "canary-token" }));
    assert!(
        said.contains("missing  cluster: the cluster does not know who asks"),
        "{said}"
    );
    assert!(
        plan.contains(UNKNOWN.id) && plan.contains("the cluster is https://"),
        "{plan}"
    );
    assert!(!format!("{said}{plan}").contains("canary"), "{said}{plan}");

    // A kubeconfig that is none: its cause, and nothing that stands in it.
    for broken in [
        "users:\n- user: { token: canary-token\n",
        "users: canary-token\n",
        "clusters: [{ name: canary-token }",
    ] {
        let file = shop.folder.path().join("broken.kubeconfig");
        fs::write(&file, broken).unwrap();
        let output = shop
            .command(&["plan"])
            .env("KUBECONFIG", &file)
            .output()
            .unwrap();
        let said = text(&output);
        assert!(
            said.contains(NO_CLUSTER.id) && said.contains("kubeconfig"),
            "{said}"
        );
        assert!(!said.contains("canary"), "{said}");
    }
}

/// A number that follows from a seed, below a limit.
pub fn pick(seed: u64, limit: u64) -> u64 {
    let mixed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (mixed >> 33) % limit
}

/// `kill -9` at fifty moments of bootstrap, apply and destroy; then once more to the end, and all is as if nothing had happened. No secret is made twice, and none is anywhere but in its Secret.
#[test]
fn req_11_1_14_5_killed_at_fifty_moments_it_is_finished_by_the_next() {
    let Some(cluster) = Cluster::find("req_11_1_14_5_killed_at_fifty_moments") else {
        return;
    };
    let namespace = cluster.namespace();
    let shop = Shop::new(&cluster, &namespace, "shop");
    bus(&shop, "jetstream");
    shop.commit(1, &format!("{TRIGGERS}{DEV}"));
    let words = [
        with("bootstrap", &STORE),
        with("apply", &STORE),
        vec!["destroy", "--objects-only", "--yes"],
    ];
    let mut texts = Vec::new();
    let mut whole = Vec::new();
    let mut wanted = Vec::new();
    for word in &words {
        let begun = Instant::now();
        texts.push(shop.good(word));
        whole.push(u64::try_from(begun.elapsed().as_millis()).unwrap());
        wanted.push(shop.contents());
        if word[0] == "apply" {
            assert_eq!(wanted[0], wanted[1], "bootstrap leaves nothing to do");
        }
    }
    // An apply from nothing takes as long as a bootstrap.
    whole[1] = whole[0];
    assert_eq!(wanted[2], Vec::<Value>::new());
    let mut secrets: Vec<String> = Vec::new();
    // How many there were when the row began.
    let mut before = 0;
    let mut killed = 0;
    // So much of the whole time the moments are spread over: less after one that came too late, so that a machine that has become faster needs no luck.
    let mut share = 1.0_f64;
    for seed in 0.. {
        assert!(seed < 200, "only {killed} were killed before their end");
        if killed >= 50 && seed % 5 == 0 {
            break;
        }
        // Five in a row, each from where the one before was killed: first from nothing, then from all that there is, and so on.
        let (is_made, place) = ((seed / 5) % 2 == 0, seed % 5);
        let which = match (is_made, pick(seed, 3)) {
            (true, 0) | (false, 0) => 0,
            (true, _) => 1,
            (false, _) => 2,
        };
        let moment = Duration::from_millis(pick(seed + 1000, whole[which])).mul_f64(share);
        let mut child = shop.command(&words[which]);
        let mut child = child
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(moment);
        // SIGKILL.
        child.kill().unwrap();
        let output: Output = child.wait_with_output().unwrap();
        match output.status.code() {
            None => killed += 1,
            Some(_) => share *= 0.8,
        }
        texts.push(text(&output));
        if let Some(secret) = secret(&shop)
            && !secrets.contains(&secret)
        {
            // Nothing that is killed while it puts the pipeline there makes a second one.
            let others = secrets.len();
            assert!(!is_made || others == before, "seed {seed}: made twice");
            secrets.push(secret);
        }
        // So that nobody waits until the Lease of the dead one has run out.
        shop.kubectl(&["delete", "lease", "shop-apply", "--ignore-not-found"], "");
        if place == 4 {
            let last = if is_made { 0 } else { 2 };
            texts.push(shop.good(&words[last]));
            assert_eq!(shop.contents(), wanted[last], "seed {seed}");
            if let Some(secret) = secret(&shop) {
                assert!(
                    secrets.contains(&secret) || secrets.len() == before,
                    "seed {seed}: made twice"
                );
                secrets.push(secret);
            }
            before = secrets.len();
        }
    }
    assert!(!secrets.is_empty());
    for secret in &secrets {
        is_kept(&shop, secret, &texts);
    }
    shop.good(&words[2]);
    assert_eq!(shop.contents(), Vec::<Value>::new());
}
