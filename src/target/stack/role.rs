//! A role of a service account.

use serde_json::{Value, json};

use crate::collections::IndexMap;
use crate::model::Pipeline;
use crate::target::names::{Account, shortened};
use crate::target::stack::{Export, Options, Statement};

/// IAM takes so many characters in all policies that stand in a role, without white space (IAM, "IAM and STS quotas").
const INLINE: usize = 10_240;
/// And so many in a policy of its own, of which a role may have ten.
const MANAGED: usize = 6_144;
/// See [`MANAGED`].
pub(super) const MANAGED_POLICIES: usize = 10;
/// `{"Version":"2012-10-17","Statement":[]}`
const EMPTY: usize = 40;
/// A role's name has at most 64 characters, and ends with `-` and the region, of which `ap-southeast-2` is one of the longest.
const NAME: usize = 64 - 15;

/// The name of a role, with `${AWS::Region}` in it: clusters of one name in two regions of an account have roles of their own.
pub(super) fn name(pipeline: &Pipeline, account: Account) -> String {
    let (cluster, name) = (&pipeline.cluster.value, &pipeline.name.value);
    let whole = format!("aphex-{cluster}-{name}-{}", account.word());
    format!("{}-${{AWS::Region}}", shortened(&whole, NAME))
}

/// The name of a policy beside a role.
pub(super) fn policy_name(pipeline: &Pipeline, account: Account, number: &str) -> String {
    format!("{}-{number}", name(pipeline, account))
}

/// What a role is called in the template: `SelfUpdateRole`.
pub(super) fn logical_name(account: Account) -> &'static str {
    match account {
        Account::Build => "BuildRole",
        Account::Validate => "ValidateRole",
        Account::SelfUpdate => "SelfUpdateRole",
        Account::Deploy => "DeployRole",
        Account::Finish => "FinishRole",
        Account::Start => "StartRole",
        Account::EventSource => "EventSourceRole",
        Account::Sensor => "SensorRole",
    }
}

/// A role with its policies, and where these are too long for it, policies beside it.
pub(super) fn resources(
    pipeline: &Pipeline,
    account: Account,
    statements: Vec<Statement>,
    tags: &Value,
    options: &Options,
) -> IndexMap<String, Value> {
    let logical = logical_name(account);
    let mut policies = divide(statements).into_iter();
    let inline = policies.next().unwrap_or_default();
    let mut resources = IndexMap::default();
    let mut attached = Vec::new();
    for (index, statements) in policies.enumerate() {
        let number = (index + 1).to_string();
        let name = format!("{logical}Policy{number}");
        attached.push(json!({ "Ref": name }));
        let policy = json!({
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "ManagedPolicyName": { "Fn::Sub": policy_name(pipeline, account, &number) },
                "PolicyDocument": document(&statements),
            },
        });
        resources.insert(name, policy);
    }
    let service_account = account.name(&pipeline.name.value);
    let namespace = &pipeline.namespace.value;
    let mut properties = json!({
        "RoleName": { "Fn::Sub": name(pipeline, account) },
        "Description": format!("Service account {service_account} in namespace {namespace}"),
        "AssumeRolePolicyDocument": trust(pipeline, account, options),
    });
    if let Some(properties) = properties.as_object_mut() {
        if let Some(boundary) = &pipeline.permissions_boundary {
            properties.insert("PermissionsBoundary".into(), json!(boundary.value));
        }
        if !inline.is_empty() {
            let policy = json!([{ "PolicyName": "aphex", "PolicyDocument": document(&inline) }]);
            properties.insert("Policies".into(), policy);
        }
        if !attached.is_empty() {
            properties.insert("ManagedPolicyArns".into(), Value::Array(attached));
        }
        properties.insert("Tags".into(), tags.clone());
    }
    let role = json!({ "Type": "AWS::IAM::Role", "Properties": properties });
    resources.insert(logical.to_owned(), role);
    resources
}

fn document(statements: &[Statement]) -> Value {
    let statements: Vec<Value> = statements.iter().map(Statement::to_json).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Who may be it: this service account alone, as the cluster's OIDC provider knows it (7.1).
///
/// The issuer is part of the *names* of conditions, which CloudFormation fills in in texts only. So the whole is one text.
fn trust(pipeline: &Pipeline, account: Account, options: &Options) -> Value {
    let service_account = account.name(&pipeline.name.value);
    let subject = format!(
        "system:serviceaccount:{}:{service_account}",
        pipeline.namespace.value
    );
    let text = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": "${Provider}" },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": {
                "${Issuer}:aud": "sts.amazonaws.com",
                "${Issuer}:sub": subject,
            } },
        }],
    });
    let export = Export::OidcProviderArn.name(&options.exports, &pipeline.cluster.value);
    let provider = json!({ "Fn::ImportValue": export });
    // arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123
    let issuer =
        json!({ "Fn::Select": [1, { "Fn::Split": [":oidc-provider/", provider.clone()] }] });
    json!({ "Fn::Sub": [text.to_string(), { "Provider": provider, "Issuer": issuer }] })
}

/// Fills the policy that stands in the role, then as many beside it as it takes. A statement may go on in the next one.
pub(super) fn divide(statements: Vec<Statement>) -> Vec<Vec<Statement>> {
    let mut policies: Vec<Vec<Statement>> = Vec::new();
    let mut policy = Vec::new();
    let mut room = INLINE - EMPTY;
    for mut statement in statements {
        let resources = std::mem::take(&mut statement.resources);
        let head = statement.size();
        let mut part = statement.clone();
        for resource in resources {
            let size = resource.size() + 3;
            let begin = if part.resources.is_empty() { head } else { 0 };
            if size + begin > room {
                let full = std::mem::replace(&mut part, statement.clone());
                if !full.resources.is_empty() {
                    policy.push(full);
                }
                policies.push(std::mem::take(&mut policy));
                room = MANAGED - EMPTY - head.min(MANAGED - EMPTY);
            } else {
                room -= begin;
            }
            room = room.saturating_sub(size);
            part.resources.push(resource);
        }
        policy.push(part);
    }
    policies.push(policy);
    policies
}
