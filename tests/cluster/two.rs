//! Two pipelines in one namespace, of which one goes.

use serde_json::Value;

use crate::team::{Team, short};

const PIPELINE: &str = r#"
  on push     { branches = ["main"] }
  on schedule { cron = "0 5 1 1 *", deploy = [dev] }
  build { run = ["true"] }
  environment dev { account = "111122223333", region = "us-east-1"
    step work { run = ["true"] }
  }
"#;
const OWN: &str = "configmaps,serviceaccounts,roles,rolebindings,workflowtemplates,cronworkflows,services,eventsources,sensors,secrets,workflows";
const SHARED: &str = "customresourcedefinitions,clusterroles,clusterrolebindings,priorityclasses,storageclasses,mutatingwebhookconfigurations";

/// What objects say, less what their controllers note.
fn said(list: &Value) -> Vec<Value> {
    let mut items = list["items"].as_array().unwrap().clone();
    for item in &mut items {
        item.as_object_mut().unwrap().remove("status");
        let metadata = item["metadata"].as_object_mut().unwrap();
        for name in ["resourceVersion", "generation", "managedFields"] {
            metadata.remove(name);
        }
    }
    items
}

#[test]
fn req_10_3_14_3_14_4_14_5_one_of_two_pipelines_goes_and_the_other_is_untouched() {
    let test = "one_of_two_pipelines_goes";
    let Some(one) = Team::new(test, "goes") else {
        return;
    };
    let other = one.beside("stays");
    one.pipeline(PIPELINE);
    other.pipeline(PIPELINE);
    let shared = said(&one.place.get(&[SHARED]));
    drop(one.installed());
    let hook = other.installed();
    let commit = other.push("main");
    assert_eq!(hook.pushed(test, "main", &commit), 200);
    let run = other.ended(&commit);
    assert_eq!(run["status"]["phase"], "Succeeded", "{}", short(&run));

    let of = |name: &str| format!("aphex.dev/pipeline={name}");
    let before = said(&other.get(&[OWN, "--selector", &of("stays")]));
    assert!(before.len() > 20, "{}", before.len());
    let stacks = |team: &Team| {
        team.place
            .stacks(crate::place::ACCOUNT, crate::place::REGION)
    };
    assert!(stacks(&one).contains(&"aphex-company-goes".to_owned()));
    one.good(&["destroy", "--region", "eu-west-1", "--yes"]);
    let left = one.get(&[OWN, "--selector", &of("goes")]);
    assert_eq!(left["items"].as_array().unwrap().len(), 0, "{left:#}");
    let stacks = stacks(&one);
    assert!(
        !stacks.contains(&"aphex-company-goes".to_owned())
            && stacks.contains(&"aphex-company-stays".to_owned()),
        "{stacks:?}"
    );
    assert_eq!(said(&other.get(&[OWN, "--selector", &of("stays")])), before);
    assert_eq!(said(&one.place.get(&[SHARED])), shared);

    let commit = other.push("main");
    assert_eq!(hook.pushed(test, "main", &commit), 200);
    let run = other.ended(&commit);
    assert_eq!(run["status"]["phase"], "Succeeded", "{}", short(&run));
}
