use super::failed::failed;
use super::state::State;
use super::*;

fn event(resource: &str, status: &str, reason: &str) -> Event {
    Event {
        id: String::new(),
        resource: resource.to_owned(),
        kind: "AWS::IAM::Role".to_owned(),
        physical: resource.to_lowercase(),
        status: status.to_owned(),
        reason: Some(reason.to_owned()),
        at: 0,
    }
}

fn found(status: &str) -> Found {
    Found {
        arn: "arn".to_owned(),
        tags: Vec::new(),
        stack: Stack {
            status: status.to_owned(),
            reason: None,
            outputs: IndexMap::default(),
        },
    }
}

/// GitHub's names have no capitals of their own: neither a repository's, nor that which it had before.
#[test]
fn a_stack_is_of_a_repository_in_any_case() {
    let of = |repository: &str, moved: Option<&str>| {
        let tag = ("repository", "acme/shop".to_owned());
        let mut found = found("CREATE_COMPLETE");
        found.tags = vec![("repository".to_owned(), repository.to_owned())];
        let moved = moved.map(|from| ("repository", from));
        super::deploy::own("shop", &[tag], moved, &found).is_ok()
    };
    assert!(of("acme/shop", None) && of("Acme/Shop", None));
    assert!(!of("acme/store", None) && !of("", None));
    assert!(of("acme/store", Some("ACME/Store")) && !of("acme/store", Some("acme/stores")));
}

/// Every status of a stack (the SDK's list) is one that can go on, ends by itself, or has words for what to do.
#[test]
fn every_status_has_its_way_on() {
    use aws_sdk_cloudformation::types::StackStatus;
    for status in StackStatus::values() {
        let state = State::of(status);
        let is = match *status {
            "REVIEW_IN_PROGRESS" => state == State::Announced,
            "ROLLBACK_COMPLETE" => state == State::Vain,
            "DELETE_COMPLETE" => state == State::Gone,
            status if status.ends_with("_IN_PROGRESS") => state == State::Busy,
            status if status.ends_with("_FAILED") => matches!(state, State::Stuck(_)),
            _ => state == State::Ready,
        };
        assert!(is, "{status}: {state:?}");
    }
}

#[test]
fn req_8_4_a_failure_names_the_resources_that_failed_by_themselves() {
    let events = [
        event("DeployRole", "CREATE_FAILED", "it exists\nalready"),
        event("BuildRole", "CREATE_FAILED", "Resource creation cancelled"),
        event("Bucket", "DELETE_COMPLETE", ""),
    ];
    let problem = failed(
        "shop",
        "created",
        "arn",
        &events,
        Some(&found("ROLLBACK_COMPLETE")),
    );
    assert_eq!(problem.message, "stack `shop` was not created");
    assert_eq!(problem.notes.len(), 2, "{:?}", problem.notes);
    assert!(problem.notes[0].starts_with("`DeployRole` (AWS::IAM::Role) CREATE_FAILED: it exists"));
    assert_eq!(problem.notes[1], "stack `shop` is ROLLBACK_COMPLETE now");
    assert!(problem.help.unwrap().contains("made anew"));
    let problem = failed(
        "shop",
        "updated",
        "arn",
        &[],
        Some(&found("UPDATE_ROLLBACK_FAILED")),
    );
    assert!(problem.help.unwrap().contains("continue-update-rollback"));
}
