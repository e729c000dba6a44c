//! The accounts and regions that a pipeline deploys to, and the CDK's bootstrap that its stacks use there.

use std::path::Path;

use crate::collections::HashMap;
use crate::model::{App, Env, EnvValue, Environment, Pipeline, Text};
use crate::source::FileSystem;

/// The qualifier of a bootstrap that was given none (`cdk bootstrap --help`).
pub const DEFAULT_QUALIFIER: &str = "hnb659fds";
/// The context key by which an app names another one (CDK: `DefaultStackSynthesizer`, "qualifier").
const KEY: &str = "@aws-cdk/core:bootstrapQualifier";
/// A `cdk.json` has a few hundred bytes.
const LARGEST: u64 = 1 << 20;

/// An account and region that an environment is deployed to.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The environment's name.
    pub environment: String,
    /// The account.
    pub account: Text,
    /// The region.
    pub region: Text,
    /// The environment's role.
    pub role: Option<Text>,
    /// The qualifier of the bootstrap that its stacks use; `None` where they need none.
    pub qualifier: Option<String>,
}

impl Target {
    /// The role that the CDK CLI assumes to deploy a stack.
    pub fn deploy_role(&self, partition: &str) -> Option<String> {
        self.bootstrap_role(partition, "deploy")
    }

    /// A role of the bootstrap by what it is for, `deploy`, `file-publishing`, `image-publishing` or `lookup`; its name is
    /// the bootstrap template's.
    pub fn bootstrap_role(&self, partition: &str, word: &str) -> Option<String> {
        let (account, region) = (&self.account.value, &self.region.value);
        self.qualifier.as_ref().map(|qualifier| {
            format!(
                "arn:{partition}:iam::{account}:role/cdk-{qualifier}-{word}-role-{account}-{region}"
            )
        })
    }

    /// The parameter that holds the bootstrap's version.
    pub fn version_parameter(&self) -> Option<String> {
        let qualifier = self.qualifier.as_ref()?;
        Some(format!("/cdk-bootstrap/{qualifier}/version"))
    }
}

/// The accounts and regions of these environments. One that has neither stacks nor a role needs nobody's credentials.
pub fn targets<'p>(
    pipeline: &Pipeline,
    environments: impl Iterator<Item = &'p Environment>,
    files: &dyn FileSystem,
) -> Vec<Target> {
    let mut targets = Vec::new();
    let mut in_files: HashMap<&str, Option<String>> = HashMap::default();
    for environment in environments.filter(|environment| !environment.partial) {
        let mut qualifiers: Vec<Option<String>> = Vec::new();
        for stack in environment.stacks() {
            let qualifier = match pipeline.app_of(stack) {
                Some(app) if !app.bootstrap => None,
                Some(app) => {
                    let contexts = [&stack.context, &environment.context, &app.context];
                    let named = contexts.into_iter().find_map(qualifier_of);
                    let named = named.or_else(|| {
                        let read = in_files.entry(&app.dir.value);
                        read.or_insert_with(|| in_cdk_json(app, files)).clone()
                    });
                    Some(named.unwrap_or_else(|| DEFAULT_QUALIFIER.to_owned()))
                }
                None => Some(DEFAULT_QUALIFIER.to_owned()),
            };
            if !qualifiers.contains(&qualifier) {
                qualifiers.push(qualifier);
            }
        }
        if qualifiers.is_empty() && environment.role.is_some() {
            qualifiers.push(None);
        }
        targets.extend(qualifiers.into_iter().map(|qualifier| Target {
            environment: environment.name.value.clone(),
            account: environment.account.clone(),
            region: environment.region.clone(),
            role: environment.role.clone(),
            qualifier,
        }));
    }
    targets
}

fn qualifier_of(context: &Env) -> Option<String> {
    match context.get(KEY).map(|value| &value.value) {
        Some(EnvValue::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

fn in_cdk_json(app: &App, files: &dyn FileSystem) -> Option<String> {
    let path = Path::new(&app.dir.value).join("cdk.json");
    let text = files.read(&path, LARGEST).ok()?;
    let json: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(json.get("context")?.get(KEY)?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;
    use crate::source::MemoryFiles;

    fn read(app: &str, cdk_json: &str, body: &str) -> Vec<Target> {
        let file = format!(
            "pipeline shop {{\n cluster = \"c\"\n repository = \"acme/shop\"\n on push {{ branches = [\"main\"] }}\n app {{ {app} }}\n build {{ run = [\"true\"] }}\n \
             environment dev {{ account = \"111122223333\", region = \"us-gov-west-1\"\n {body} }}\n}}\n"
        );
        let files = MemoryFiles::new()
            .with("pipeline.aphex", &file)
            .with("infra/cdk.json", cdk_json);
        let analysis = analyse("pipeline.aphex", &files);
        assert!(!analysis.has_errors(), "{:?}", analysis.diagnostics);
        let pipeline = &analysis.pipelines[0];
        targets(pipeline, pipeline.environments(), &files)
    }

    fn qualifiers(app: &str, cdk_json: &str, body: &str) -> Vec<Option<String>> {
        let targets = read(app, cdk_json, body).into_iter();
        targets.map(|target| target.qualifier).collect()
    }

    #[test]
    fn the_qualifier_is_that_of_the_context_or_of_cdk_json() {
        let json = r#"{"context": {"@aws-cdk/core:bootstrapQualifier": "fromjson"}}"#;
        let dir = "dir = \"infra\"";
        let key = "\"@aws-cdk/core:bootstrapQualifier\"";
        let some = |text: &str| vec![Some(text.to_owned())];
        assert_eq!(qualifiers(dir, "{}", "stack A"), some("hnb659fds"));
        assert_eq!(qualifiers(dir, "no json", "stack A"), some("hnb659fds"));
        assert_eq!(qualifiers(dir, json, "stack A"), some("fromjson"));
        let of_app = format!("{dir}, context = {{ {key} = \"ofapp\" }}");
        assert_eq!(qualifiers(&of_app, json, "stack A"), some("ofapp"));
        let of_env = format!("context = {{ {key} = \"ofenv\" }}\n stack A");
        assert_eq!(qualifiers(&of_app, json, &of_env), some("ofenv"));
        let without = format!("{dir}, bootstrap = false");
        assert_eq!(qualifiers(&without, json, "stack A"), [None]);
    }

    #[test]
    fn who_needs_no_credentials_is_not_asked_about() {
        let step = "step copy { run = [\"true\"] }";
        assert!(read("dir = \"infra\"", "{}", step).is_empty());
        let role = format!("role = \"arn:aws-us-gov:iam::111122223333:role/deploy\"\n {step}");
        assert_eq!(qualifiers("dir = \"infra\"", "{}", &role), [None]);
    }

    #[test]
    fn names_are_those_of_the_bootstrap_template() {
        let target = &read("dir = \"infra\"", "{}", "stack A")[0];
        assert_eq!(
            target.deploy_role("aws-us-gov").unwrap(),
            "arn:aws-us-gov:iam::111122223333:role/cdk-hnb659fds-deploy-role-111122223333-us-gov-west-1"
        );
        assert_eq!(
            target.version_parameter().unwrap(),
            "/cdk-bootstrap/hnb659fds/version"
        );
    }
}
