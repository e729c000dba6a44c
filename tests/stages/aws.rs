//! What Aphex asks of AWS, asked of an emulator.
#![cfg(feature = "cloud")]

use crate::support::ministack::Ministack;
use aphex::cloud::aws::{Access, Aws, Cause, Profile, sts};

/// A profile that leads to an account of the emulator.
fn profile(folder: &std::path::Path, url: &str, account: &str) -> Profile {
    let file = folder.join(format!("{account}.config"));
    let text = format!(
        "[profile test]\nregion = eu-central-1\nendpoint_url = {url}\naws_access_key_id = {account}\naws_secret_access_key = testing\n"
    );
    std::fs::write(&file, text).unwrap();
    Profile {
        file,
        name: "test".to_owned(),
    }
}

fn aws(folder: &std::path::Path, url: &str, account: &str) -> Aws {
    let access = Access {
        region: None,
        profile: Some(profile(folder, url, account)),
        ..Access::default()
    };
    Aws::new(&access).unwrap()
}

#[test]
fn a_profile_says_who_one_is_and_where() {
    let Some(ministack) = Ministack::start("a_profile_says_who_one_is_and_where") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for account in ["111122223333", "444455556666"] {
        let aws = aws(folder.path(), &ministack.url, account);
        assert_eq!(aws.region(), Some("eu-central-1"));
        assert_eq!(sts::caller(&aws).unwrap().account, account);
    }
}

#[test]
fn who_does_not_answer_is_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    let aws = aws(folder.path(), "http://127.0.0.1:9", "111122223333");
    let failure = sts::caller(&aws).unwrap_err();
    assert_eq!(failure.cause, Cause::Unreachable, "{failure}");
    let problem = failure.into_diagnostic();
    assert_eq!(problem.code.id, "A0972");
    assert!(
        problem.notes[0].starts_with("sts:GetCallerIdentity: "),
        "{:?}",
        problem.notes
    );
}

/// Somebody takes the call and says nothing: a limit ends it, with all of its tries.
#[test]
fn who_says_nothing_is_not_waited_for() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let access = Access {
        profile: Some(profile(folder.path(), &url, "111122223333")),
        limit: Some(std::time::Duration::from_secs(1)),
        ..Access::default()
    };
    let failure = sts::caller(&Aws::new(&access).unwrap()).unwrap_err();
    assert_eq!(failure.cause, Cause::Unreachable, "{failure}");
}

#[test]
fn a_profile_without_credentials_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut profile = profile(folder.path(), "http://127.0.0.1:9", "111122223333");
    std::fs::write(&profile.file, "[profile test]\nregion = eu-central-1\n").unwrap();
    for name in ["test", "absent"] {
        profile.name = name.to_owned();
        let access = Access {
            region: Some("eu-central-1".to_owned()),
            profile: Some(profile.clone()),
            ..Access::default()
        };
        let failure = sts::caller(&Aws::new(&access).unwrap()).unwrap_err();
        assert_eq!(failure.cause, Cause::NoCredentials, "{failure}");
        assert_eq!(failure.into_diagnostic().code.id, "A0970");
    }
}
