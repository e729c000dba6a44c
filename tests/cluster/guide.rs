//! The guide for a new team, command by command.

use std::cell::{Cell, OnceCell};
use std::path::Path;
use std::time::Duration;

use crate::place::{ACCOUNT, OTHER, REGION};
use crate::support::project::git;
use crate::support::{tools, transcript};
use crate::team::{Hook, Team};

/// What people of the team type stands in the page; GitHub does the rest.
#[test]
fn req_3_2_10_1_10_5_12_3_what_the_guide_tells_a_new_team_is_so() {
    let test = "what_the_guide_tells_a_new_team_is_so";
    let Some(team) = Team::new(test, "shop") else {
        return;
    };
    // What another run of this test has deployed.
    for (account, stack) in [ACCOUNT, OTHER]
        .into_iter()
        .flat_map(|account| ["ShopOrders", "ShopTills"].map(|stack| (account, stack)))
    {
        let body = format!("Action=DeleteStack&Version=2010-05-15&StackName={stack}");
        let (status, said) =
            team.place
                .ask_aws(account, "us-east-1", "cloudformation", "POST", "/", &body);
        assert_eq!(status, 200, "{said}");
    }
    let prepare = |folder: &Path| {
        team.clone_into(folder);
        git(folder, &["config", "user.name", "a"]);
        git(folder, &["config", "user.email", "a@example.com"]);
    };
    let is_there = Cell::new(false);
    let hook: OnceCell<Hook<'_>> = OnceCell::new();
    let after = |command: &str, folder: &Path| {
        if command.starts_with("aphex bootstrap") {
            is_there.set(true);
        }
        if command.starts_with("git push") && is_there.get() {
            let commit = git(folder, &["rev-parse", "HEAD"]);
            let hook = hook.get_or_init(|| team.hook());
            assert_eq!(hook.pushed(test, "main", &commit), 200);
            team.wait("the push starts a run", Duration::from_secs(60), || {
                team.run_of(&commit).is_some()
            });
        }
    };
    let mut environment = team.place.aws(ACCOUNT, REGION);
    environment.push(("KUBECONFIG".to_owned(), team.place.kubeconfig().to_owned()));
    let setting = transcript::Setting {
        prepare: &prepare,
        environment,
        names: vec![
            (
                "ghcr.io/acme/deployer:1".to_owned(),
                team.place.image.clone(),
            ),
            ("team-shop".to_owned(), team.namespace.clone()),
        ],
        after: &after,
    };
    let differences = transcript::run_in(&tools::root().join("docs/guide.md"), false, &setting);
    assert!(
        differences.is_empty(),
        "{}\nAPHEX_UPDATE=1 writes what is printed into the page",
        differences.join("\n")
    );
}
