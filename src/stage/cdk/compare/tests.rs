use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::model::EnvValue;
use crate::model::fixture::{at, environment, stack, text};

/// Writes an assembly of stacks: path, environment, needs, template.
fn assembly(
    directory: &Path,
    stacks: &[(&str, &str, &[&str], Value)],
    missing: &Value,
) -> Assembly {
    let mut artifacts = serde_json::Map::new();
    for (path, place, needs, template) in stacks {
        let id = path.replace('/', "");
        fs::write(
            directory.join(format!("{id}.template.json")),
            template.to_string(),
        )
        .unwrap();
        let needs: Vec<String> = needs.iter().map(|need| need.replace('/', "")).collect();
        artifacts.insert(
            id.clone(),
            json!({
                "type": "aws:cloudformation:stack",
                "environment": place,
                "displayName": if path.contains('/') { format!("{path} ({})", path.replace('/', "-")) } else { (*path).to_owned() },
                "dependencies": needs,
                "properties": { "templateFile": format!("{id}.template.json"), "stackName": path.replace('/', "-") }
            }),
        );
    }
    let manifest = json!({ "version": "55.0.0", "artifacts": artifacts, "missing": missing });
    fs::write(directory.join("manifest.json"), manifest.to_string()).unwrap();
    Assembly::read(directory).unwrap()
}

const HERE: &str = "aws://111122223333/us-east-1";

fn dev() -> Environment {
    let mut dev = environment("", "dev");
    dev.account = text("111122223333");
    dev.region = text("us-east-1");
    dev
}

fn named(select: &str) -> Stack {
    Stack {
        select: text(select),
        ..stack("environment dev", select)
    }
}

fn said(stacks: &[Stack], assembly: &Assembly) -> Vec<&'static str> {
    let mut problems = Problems::new();
    compare(&dev(), stacks, assembly, &mut problems);
    problems
        .into_sorted()
        .iter()
        .map(|problem| problem.code.id)
        .collect()
}

#[test]
fn selectors_find_what_the_cli_finds() {
    let folder = tempfile::tempdir().unwrap();
    let none = json!({});
    let stacks = [
        ("Prod/Web", HERE, &["Prod/Api"][..], none.clone()),
        ("Prod/Api", HERE, &[][..], none.clone()),
        ("Prod/Eu/Api", HERE, &[][..], none.clone()),
        ("Api", HERE, &[][..], none),
    ];
    let assembly = assembly(folder.path(), &stacks, &json!([]));
    let found = |selector: &str| -> Vec<&str> {
        select(selector, &assembly.stacks)
            .iter()
            .map(|stack| &*stack.path)
            .collect()
    };
    assert_eq!(found("Api"), ["Api"]);
    assert_eq!(found("Prod/*"), ["Prod/Api", "Prod/Web"]);
    assert_eq!(found("Prod/**"), ["Prod/Api", "Prod/Web", "Prod/Eu/Api"]);
    assert_eq!(found("*"), ["Api"]);
    assert_eq!(found("prod/*"), Vec::<&str>::new());
    assert_eq!(assembly.stacks[0].name, "Prod-Web");
}

#[test]
fn what_fits_is_accepted_and_what_does_not_is_said_12_1_5_2() {
    let folder = tempfile::tempdir().unwrap();
    let template = json!({
        "Outputs": { "Url": { "Value": "x" } },
        "Parameters": {
            "BootstrapVersion": { "Type": "String", "Default": "x" },
            "Size": { "Type": "String" },
            "Password": { "Type": "String", "NoEcho": true, "Default": "" },
            "Note": { "Type": "String", "Default": "" },
        }
    });
    let stacks = [
        ("Api", HERE, &["Network"][..], template),
        (
            "Network",
            "aws://unknown-account/unknown-region",
            &[][..],
            json!({}),
        ),
        ("Far", "aws://444455556666/eu-west-1", &[][..], json!({})),
    ];
    let assembly = assembly(folder.path(), &stacks, &json!([]));
    let secret = || {
        at(EnvValue::Secret(std::rc::Rc::new(
            crate::eval::data::Secret {
                store: crate::eval::data::SecretStore::Kubernetes,
                name: "s".into(),
                key: None,
            },
        )))
    };
    let size = ("Size".to_owned(), at(EnvValue::Text("1".into())));
    let api = |more: Vec<(&str, crate::source::Spanned<EnvValue>)>, output: &str| {
        let mut api = named("Api");
        api.outputs = vec![text(output)];
        let more = more
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        api.parameters = std::iter::once(size.clone()).chain(more).collect();
        api
    };
    let none: &[&str] = &[];
    assert_eq!(
        said(
            &[named("Network"), api(vec![("Password", secret())], "Url")],
            &assembly
        ),
        none
    );
    assert_eq!(
        said(&[api(vec![], "Url"), named("Network")], &assembly),
        [codes::ORDER.id]
    );
    assert_eq!(
        said(&[api(vec![], "Uri")], &assembly),
        [codes::NO_SUCH_OUTPUT.id]
    );
    assert_eq!(
        said(&[api(vec![("Note", secret())], "Url")], &assembly),
        [codes::SHOWN_SECRET.id]
    );
    assert_eq!(
        said(&[api(vec![("Sise", secret())], "Url")], &assembly),
        [codes::NO_SUCH_PARAMETER.id]
    );
    assert_eq!(said(&[named("Api")], &assembly), [codes::NO_VALUE.id]);
    assert_eq!(
        said(&[named("Far")], &assembly),
        [codes::OTHER_ACCOUNT.id, codes::OTHER_REGION.id]
    );
    assert_eq!(
        said(&[named("Netwrok")], &assembly),
        [codes::NO_SUCH_STACK.id]
    );
}

#[test]
fn missing_context_is_named_9_4() {
    let folder = tempfile::tempdir().unwrap();
    let missing =
        json!([{ "key": "vpc-provider:account=1", "provider": "vpc-provider", "props": {} }]);
    let assembly = assembly(folder.path(), &[("Api", HERE, &[], json!({}))], &missing);
    assert_eq!(
        said(&[named("Api")], &assembly),
        [codes::MISSING_CONTEXT.id]
    );
}

#[test]
fn an_assembly_stays_in_its_directory() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["../secret.json", "/etc/passwd", "", "a/../../b"] {
        let manifest = json!({ "artifacts": { "A": {
            "type": "aws:cloudformation:stack", "properties": { "templateFile": name }
        } } });
        fs::write(folder.path().join("manifest.json"), manifest.to_string()).unwrap();
        let error = Assembly::read(folder.path()).unwrap_err();
        assert_eq!(error.code, &codes::UNREADABLE_ASSEMBLY, "{name}");
    }
    let nested = json!({ "artifacts": { "S": { "type": "cdk:cloud-assembly", "properties": { "directoryName": "." } } } });
    fs::write(folder.path().join("manifest.json"), nested.to_string()).unwrap();
    assert_eq!(
        Assembly::read(folder.path()).unwrap_err().code,
        &codes::UNREADABLE_ASSEMBLY
    );
    fs::write(folder.path().join("manifest.json"), "[").unwrap();
    assert_eq!(
        Assembly::read(folder.path()).unwrap_err().code,
        &codes::UNREADABLE_ASSEMBLY
    );
    assert_eq!(
        Assembly::read(&folder.path().join("no")).unwrap_err().code,
        &codes::UNREADABLE_ASSEMBLY
    );
}
