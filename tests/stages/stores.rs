//! A directory and a bucket keep the same promises, the bucket also when calls fail.
#![cfg(feature = "cloud")]

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::ministack::{Faults, Ministack};
use aphex::cloud::aws::{Access, Aws, Profile};
use aphex::stage::store::{
    self, About, BucketStore, Content, Counting, Key, LocalStore, Store, put_from,
};
use serde_json::json;

const ACCOUNT: &str = "111122223333";
const BUCKET: &str = "acme-artifacts";

fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

fn text(store: &dyn Store, name: &str) -> Option<String> {
    let bytes = store::read(store, &key(name), 1 << 20).unwrap()?;
    Some(String::from_utf8(bytes).unwrap())
}

/// Bytes that no compression and no repetition makes equal to others.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..bytes).map(|_| next()).collect()
}

/// A bucket's store, as the account sees it at that address.
fn bucket(folder: &Path, url: &str, prefix: &str) -> BucketStore {
    let file = folder.join("aws.config");
    let text = format!(
        "[profile test]\nregion = us-east-1\nendpoint_url = {url}\naws_access_key_id = {ACCOUNT}\naws_secret_access_key = testing\n"
    );
    std::fs::write(&file, text).unwrap();
    let access = Access {
        region: None,
        profile: Some(Profile {
            file,
            name: "test".to_owned(),
        }),
        ..Access::default()
    };
    BucketStore::with(&Aws::new(&access).unwrap(), BUCKET, prefix)
}

fn with_bucket(test: &str) -> Option<Ministack> {
    let ministack = Ministack::start(test)?;
    let (status, body) = ministack.ask(ACCOUNT, "s3", "PUT", &format!("/{BUCKET}"));
    assert_eq!(status, 200, "{body}");
    Some(ministack)
}

/// A bucket, and what lets its calls fail.
fn with_faults(test: &str) -> Option<(Ministack, Faults)> {
    let ministack = with_bucket(test)?;
    let faults = ministack.faults(test)?;
    Some((ministack, faults))
}

/// What every store promises.
fn keeps_its_promises(store: &dyn Store) {
    // What is put is got.
    assert_eq!(text(store, "a/b"), None);
    store.put(&key("a/b"), b"one").unwrap();
    store.put(&key("a/b"), b"two").unwrap();
    assert_eq!(text(store, "a/b").unwrap(), "two");
    assert_eq!(text(store, "a"), None, "a folder is no object");
    store.put(&key("empty"), b"").unwrap();
    assert_eq!(text(store, "empty").unwrap(), "");
    store.put(&key("runs/größe 日本+&%/x y"), b"names").unwrap();
    assert_eq!(text(store, "runs/größe 日本+&%/x y").unwrap(), "names");

    // Of several who try at once, one writes what is new.
    let name = key("runs/x/record.json");
    let wrote: Vec<bool> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u8)
            .map(|number| {
                let name = &name;
                scope.spawn(move || store.put_new(name, &[b'0' + number]).unwrap())
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let winner = wrote.iter().position(|wrote| *wrote).unwrap();
    assert_eq!(wrote.iter().filter(|wrote| **wrote).count(), 1);
    assert_eq!(text(store, name.as_str()).unwrap(), winner.to_string());

    // Lists.
    for name in ["list/b/1", "list/a/2/3", "list/a/1", "list/c", "listx"] {
        store.put(&key(name), b"xyz").unwrap();
    }
    let listed = store.list(&key("list")).unwrap();
    let names: Vec<&str> = listed.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(names, ["list/a/1", "list/a/2/3", "list/b/1", "list/c"]);
    assert!(listed.iter().all(|entry| entry.bytes == 3));
    let age = jiff::Timestamp::now().duration_since(listed[0].modified);
    assert!(age.as_secs().abs() < 60, "{age:?}");
    assert_eq!(store.names(&key("list")).unwrap(), ["a", "b", "c"]);
    assert_eq!(store.names(&key("nothing")).unwrap(), Vec::<String>::new());
    assert_eq!(store.list(&key("nothing")).unwrap(), []);

    // An upload is seen once it is finished, whatever its size, and only if it is whole.
    for (number, size) in [0, 1, 5 << 20, (20 << 20) + 1].into_iter().enumerate() {
        let name = key(&format!("uploads/{number}"));
        let sent = noise(size);
        let mut upload = Counting::new(store.upload(&name, &About::default()).unwrap());
        upload.write_all(&sent).unwrap();
        assert!(store.get(&name).unwrap().is_none(), "{size}");
        let content = upload.content();
        let upload = upload.into_inner();
        upload.finish(&content).unwrap();
        let mut got = Vec::new();
        let mut reader = store.get(&name).unwrap().unwrap();
        reader.read_to_end(&mut got).unwrap();
        assert!(got == sent, "{size}: {} bytes", got.len());
    }
    for size in [10, 20 << 20] {
        let name = key("uploads/given-up");
        let begin = || {
            let mut upload = store.upload(&name, &About::default()).unwrap();
            upload.write_all(&noise(size)).unwrap();
            upload
        };
        begin().abort();
        drop(begin());
        let content = Content {
            bytes: size as u64 + 1,
            sha256: aphex::stage::store::Digest([0; 32]),
        };
        let problem = begin().finish(&content).unwrap_err();
        assert_eq!(problem.code.id, "A0930");
        assert!(store.get(&name).unwrap().is_none());
    }
}

#[test]
fn a_directory_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    keeps_its_promises(&LocalStore::open(folder.path()).unwrap());
}

#[test]
fn a_bucket_keeps_its_promises() {
    let Some(ministack) = with_bucket("a_bucket_keeps_its_promises") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    keeps_its_promises(&bucket(folder.path(), &ministack.url, ""));
    let below = bucket(folder.path(), &ministack.url, "teams/shop");
    keeps_its_promises(&below);
    // What stands beside the prefix is not seen below it.
    let (_, body) = ministack.ask(ACCOUNT, "s3", "GET", &format!("/{BUCKET}/teams/shop/a/b"));
    assert_eq!(body, "two");
    // No parts of uploads that were given up are left.
    let (_, uploads) = ministack.ask(ACCOUNT, "s3", "GET", &format!("/{BUCKET}?uploads"));
    assert!(!uploads.contains("<UploadId>"), "{uploads}");
}

#[test]
fn long_lists_are_whole() {
    let Some(ministack) = with_bucket("long_lists_are_whole") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let store = bucket(folder.path(), &ministack.url, "");
    let names: Vec<String> = (0..1_100)
        .map(|number| format!("many/{number:04}"))
        .collect();
    std::thread::scope(|scope| {
        for names in names.chunks(275) {
            let store = &store;
            scope.spawn(move || {
                for name in names {
                    store.put(&key(name), b"x").unwrap();
                }
            });
        }
    });
    let listed = store.list(&key("many")).unwrap();
    let listed: Vec<&str> = listed.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(listed, names);
    assert_eq!(store.names(&key("many")).unwrap().len(), 1_100);
}

/// 2.3: what an artifact is tagged with can be read in the bucket.
#[test]
fn req_2_3_uploads_carry_their_tags() {
    let test = "req_2_3_uploads_carry_their_tags";
    let Some((ministack, faults)) = with_faults(test) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let store = bucket(folder.path(), &faults.url, "");
    let about = About {
        content_type: Some("application/zstd"),
        tags: vec![
            ("commit", "0123abcd".into()),
            ("time", "2030-01-31T05:00:00Z".into()),
        ],
    };
    put_from(&store, &key("small"), &about, &mut noise(10).as_slice()).unwrap();
    let (status, tags) = ministack.ask(ACCOUNT, "s3", "GET", &format!("/{BUCKET}/small?tagging"));
    assert_eq!(status, 200);
    for tag in [
        "<Key>commit</Key><Value>0123abcd</Value>",
        "<Key>time</Key><Value>2030-01-31T05:00:00Z</Value>",
    ] {
        assert!(tags.contains(tag), "{tags}");
    }
    // ministack drops the tags of an upload in parts, so they are looked for on their way.
    let tagged = json!({"x-amz-tagging": "commit=0123abcd&time=2030%2D01%2D31T05%3A00%3A00Z"});
    let denied = json!({"code": "AccessDenied", "status": 403, "message": "seen"});
    faults.set(&json!([{"service": "s3", "headers": tagged, "error": denied}]));
    let sent = noise(20 << 20);
    let problem = put_from(&store, &key("large"), &about, &mut sent.as_slice()).unwrap_err();
    assert!(problem.notes[0].ends_with("seen"), "{problem:?}");
}

/// A rule of microburst for an operation of S3. It takes parts for `PutObject` and the end of an upload for its beginning, which
/// their headers tell apart.
pub fn rule(operation: &str, fault: serde_json::Value) -> serde_json::Value {
    let (operation, headers) = match operation {
        "UploadPart" => ("PutObject", json!({})),
        "CreateMultipartUpload" => (operation, json!({"x-amz-checksum-algorithm": ""})),
        "CompleteMultipartUpload" => ("CreateMultipartUpload", json!({"content-type": "xml"})),
        other => (other, json!({})),
    };
    let mut rule = json!({"service": "s3", "operation": operation, "headers": headers});
    let fields = fault.as_object().unwrap().clone();
    rule.as_object_mut().unwrap().extend(fields);
    rule
}

#[test]
fn what_fails_once_is_tried_again() {
    let test = "what_fails_once_is_tried_again";
    let Some((_ministack, faults)) = with_faults(test) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let store = bucket(folder.path(), &faults.url, "");
    let sent = noise(20 << 20);
    let slow = json!({"times": 2, "error": {"code": "SlowDown", "status": 503}});
    faults.set(&json!([rule("PutObject", slow.clone())]));
    assert!(store.put_new(&key("record"), b"x").unwrap());
    faults.set(&json!([
        rule("CreateMultipartUpload", slow.clone()),
        rule("UploadPart", slow),
        rule(
            "UploadPart",
            json!({"times": 2, "request": {"cut_upload": {"after_bytes": 100_000}}})
        ),
        rule(
            "CompleteMultipartUpload",
            json!({"times": 1, "reset": true})
        ),
        rule(
            "GetObject",
            json!({"times": 3, "response": {"abort_bytes": 3_000_000}})
        ),
    ]));
    put_from(
        &store,
        &key("large"),
        &About::default(),
        &mut sent.as_slice(),
    )
    .unwrap();
    let mut got = Vec::new();
    let mut reader = store.get(&key("large")).unwrap().unwrap();
    reader.read_to_end(&mut got).unwrap();
    assert!(got == sent, "{} bytes", got.len());
    let fired = faults.fired();
    for (what, times) in [
        ("error:SlowDown", 6),
        ("request:cut", 2),
        ("\"action\": \"reset\"", 1),
        ("response:abort", 3),
    ] {
        assert_eq!(fired.matches(what).count(), times, "{what}: {fired}");
    }
}

/// What S3 wrote although its answer never came is found to be ours; what another one wrote is not.
#[test]
fn an_answer_that_is_lost_is_asked_for() {
    let test = "an_answer_that_is_lost_is_asked_for";
    let Some((ministack, faults)) = with_faults(test) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let store = bucket(folder.path(), &faults.url, "");
    let direct = bucket(folder.path(), &ministack.url, "");
    let unheard = json!({"times": 1, "response": {"abort_bytes": 1}});
    faults.set(&json!([rule("PutObject", unheard.clone())]));
    assert!(store.put_new(&key("ours"), b"ours").unwrap());
    assert_eq!(read(&direct, "ours"), b"ours");
    // An answer was lost, but somebody was there before.
    assert!(direct.put_new(&key("theirs"), b"theirs").unwrap());
    faults.set(&json!([rule(
        "PutObject",
        json!({"times": 1, "reset": true})
    )]));
    assert!(!store.put_new(&key("theirs"), b"ours").unwrap());
    assert_eq!(read(&direct, "theirs"), b"theirs");
    // Without a lost answer even the same content is not ours.
    assert!(!store.put_new(&key("theirs"), b"theirs").unwrap());
    // The end of an upload in parts: what is there is compared by its checksum.
    faults.set(&json!([rule("CompleteMultipartUpload", unheard)]));
    let sent = noise(20 << 20);
    put_from(
        &store,
        &key("large"),
        &About::default(),
        &mut sent.as_slice(),
    )
    .unwrap();
    assert!(read(&direct, "large") == sent);
    assert!(
        faults.fired().matches("response:abort").count() >= 2,
        "{}",
        faults.fired()
    );
}

fn read(store: &dyn Store, name: &str) -> Vec<u8> {
    let mut content = Vec::new();
    store
        .get(&key(name))
        .unwrap()
        .unwrap()
        .read_to_end(&mut content)
        .unwrap();
    content
}

#[test]
fn what_fails_for_good_is_said_and_leaves_nothing() {
    let test = "what_fails_for_good_is_said_and_leaves_nothing";
    let Some((ministack, faults)) = with_faults(test) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let store = bucket(folder.path(), &faults.url, "");
    let direct = bucket(folder.path(), &ministack.url, "");
    let large = |name: &str| {
        let sent = noise(20 << 20);
        put_from(&store, &key(name), &About::default(), &mut sent.as_slice())
    };
    let denied = json!({"code": "AccessDenied", "status": 403, "message": "not authorized to perform: s3:PutObject"});
    for operation in [
        "CreateMultipartUpload",
        "UploadPart",
        "CompleteMultipartUpload",
    ] {
        faults.set(&json!([rule(operation, json!({"error": denied}))]));
        let problem = large("denied").unwrap_err();
        assert_eq!(problem.code.id, "A0930", "{operation}");
        let note = &problem.notes[0];
        assert!(
            note.starts_with(&format!("s3:{operation}: AccessDenied")),
            "{note}"
        );
        assert!(
            problem.help.as_deref().unwrap().contains("policy"),
            "{problem:?}"
        );
        assert!(direct.get(&key("denied")).unwrap().is_none());
    }
    faults.set(&json!([rule("PutObject", json!({"error": denied}))]));
    assert_eq!(
        store.put(&key("denied"), b"x").unwrap_err().code.id,
        "A0930"
    );
    faults.set(&json!([rule("GetObject", json!({"error": denied}))]));
    assert!(store.get(&key("denied")).is_err(), "denied is not absent");
    let (_, uploads) = ministack.ask(ACCOUNT, "s3", "GET", &format!("/{BUCKET}?uploads"));
    assert!(!uploads.contains("<UploadId>"), "{uploads}");
    // The next try does it.
    faults.set(&json!([]));
    large("denied").unwrap();
    assert!(direct.get(&key("denied")).unwrap().is_some());
}

#[test]
fn a_bucket_that_is_not_there_is_said() {
    let Some(ministack) = Ministack::start("a_bucket_that_is_not_there_is_said") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let store = bucket(folder.path(), &ministack.url, "");
    for problem in [
        store.put(&key("a"), b"x").unwrap_err(),
        store.get(&key("a")).err().unwrap(),
        store.list(&key("a")).unwrap_err(),
    ] {
        assert_eq!(problem.code.id, "A0930");
        assert!(problem.notes[0].contains("NoSuchBucket"), "{problem:?}");
    }
}

/// In a child process: uploads without an end, until somebody ends it.
#[test]
fn as_child_that_uploads() {
    let Ok(url) = std::env::var("APHEX_TEST_UPLOAD_TO") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let store = bucket(folder.path(), &url, "");
    let mut upload = store.upload(&key("killed"), &About::default()).unwrap();
    let piece = noise(9 << 20);
    loop {
        upload.write_all(&piece).unwrap();
        println!("a part");
    }
}

#[test]
fn a_process_that_is_killed_leaves_no_object() {
    let Some(ministack) = with_bucket("a_process_that_is_killed_leaves_no_object") else {
        return;
    };
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "stores::as_child_that_uploads", "--nocapture"])
        .env("APHEX_TEST_UPLOAD_TO", &ministack.url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let parts = || {
        let (_, uploads) = ministack.ask(ACCOUNT, "s3", "GET", &format!("/{BUCKET}?uploads"));
        uploads.contains("<UploadId>")
    };
    for _ in 0..600 {
        if parts() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(parts(), "no upload was begun");
    child.kill().unwrap();
    child.wait().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = bucket(folder.path(), &ministack.url, "");
    assert!(store.get(&key("killed")).unwrap().is_none());
    assert_eq!(store.list(&key("killed")).unwrap(), []);
}
