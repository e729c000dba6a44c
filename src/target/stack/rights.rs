//! What each service account of a pipeline may do in AWS: what its stages do, and nothing else (7.3).

use serde_json::{Value, json};

use crate::collections::IndexSet;
use crate::graph::{Entry, EntryKind, Graph};
use crate::model::Pipeline;
use crate::source::FileSystem;
use crate::target::argo::entry_object_name;
use crate::target::names::{Account, stack_name};
use crate::target::stack::{Resource, Statement, reads, role};

/// The namespace of a pipeline's metrics in CloudWatch.
pub const METRICS: &str = "Aphex";

/// The accounts that have a role in AWS.
pub fn accounts(pipeline: &Pipeline) -> impl Iterator<Item = Account> {
    let updates = pipeline.self_update.enabled;
    let all = Account::AWS.into_iter();
    all.filter(move |account| *account != Account::SelfUpdate || updates)
}

/// What an account may do.
pub fn rights(
    pipeline: &Pipeline,
    graph: &Graph<'_>,
    account: Account,
    files: &dyn FileSystem,
) -> Vec<Statement> {
    let mut statements = store(pipeline, graph, account);
    let used = reads::of(pipeline, account, files);
    let mut add = |sid, action: &'static str, resources: IndexSet<Resource>| {
        if !resources.is_empty() {
            let resources = resources.into_iter().collect();
            statements.push(Statement::new(sid, &[action], resources));
        }
    };
    add("Secrets", "secretsmanager:GetSecretValue", used.secrets);
    add("Parameters", "ssm:GetParameter", used.parameters);
    add("Topics", "sns:Publish", used.topics);
    add("Alarms", "cloudwatch:DescribeAlarms", used.alarms);
    if account == Account::Finish {
        let condition = json!({ "StringEquals": { "cloudwatch:namespace": METRICS } });
        let metrics = Statement::new(
            "Metrics",
            &["cloudwatch:PutMetricData"],
            vec![Resource::Any],
        );
        statements.push(metrics.only_if(condition));
    }
    if account == Account::SelfUpdate {
        statements.extend(own_stack(pipeline));
    }
    // The longest comes last: it is what is spread over several policies.
    if !used.roles.is_empty() {
        let roles = used.roles.into_iter().collect();
        statements.push(Statement::new("Roles", &["sts:AssumeRole"], roles));
    }
    statements
}

/// The keys of the store that an account's stages read, and those that they write.
fn keys(pipeline: &Pipeline, graph: &Graph<'_>, account: Account) -> (Vec<String>, Vec<String>) {
    let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    match account {
        Account::Build => (
            all(&["runs/*", "artifacts/*"]),
            all(&["runs/*", "artifacts/*"]),
        ),
        Account::Deploy => (
            all(&["runs/*", "artifacts/*"]),
            all(&["runs/*", "artifacts/*", "deployments/*"]),
        ),
        Account::SelfUpdate => (all(&["runs/*", "artifacts/*"]), all(&["runs/*"])),
        Account::Finish => (
            all(&["runs/*", "artifacts/*", "last/*"]),
            all(&["runs/*", "last/*"]),
        ),
        Account::Validate => {
            let is_own = |entry: &&Entry<'_>| entry.kind == EntryKind::Validate;
            let entry = graph.entries.iter().find(is_own);
            let Some(entry) = entry.map(|entry| entry_object_name(pipeline, entry)) else {
                return (Vec::new(), Vec::new());
            };
            // The name of a run begins with that of its template.
            let own = vec![
                format!("runs/{entry}-*"),
                format!("artifacts/*/{entry}-*"),
                format!("last/{entry}-*"),
            ];
            let mut read = own.clone();
            read.push("deployments/*".to_owned());
            (read, own)
        }
        Account::Start | Account::EventSource | Account::Sensor => (Vec::new(), Vec::new()),
    }
}

fn store(pipeline: &Pipeline, graph: &Graph<'_>, account: Account) -> Vec<Statement> {
    let (read, written) = keys(pipeline, graph, account);
    if read.is_empty() {
        return Vec::new();
    }
    let objects = |keys: &[String]| keys.iter().cloned().map(Resource::Objects).collect();
    let tagged: Vec<String> = written
        .iter()
        .filter(|keys| keys.starts_with("artifacts/"))
        .cloned()
        .collect();
    let mut statements = vec![
        // Without it S3 answers that what is not there is forbidden, and a condition on prefixes is the same as without it for that.
        Statement::new("List", &["s3:ListBucket"], vec![Resource::Bucket]),
        Statement::new("Read", &["s3:GetObject"], objects(&read)),
        Statement::new(
            "Write",
            &["s3:PutObject", "s3:AbortMultipartUpload"],
            objects(&written),
        ),
    ];
    if !tagged.is_empty() {
        statements.push(Statement::new(
            "Tag",
            &["s3:PutObjectTagging"],
            objects(&tagged),
        ));
    }
    if let Some(key) = &pipeline.store.kms_key {
        // An upload in parts reads what it has written.
        let through = json!({ "StringEquals": {
            "kms:ViaService": { "Fn::Sub": "s3.${AWS::Region}.${AWS::URLSuffix}" },
        } });
        let key = Resource::Literal(key.value.clone());
        let actions = ["kms:Decrypt", "kms:GenerateDataKey"];
        statements.push(Statement::new("Key", &actions, vec![key]).only_if(through));
    }
    statements
}

/// What it takes to deploy this very stack, once somebody has made it.
fn own_stack(pipeline: &Pipeline) -> Vec<Statement> {
    let name = stack_name(&pipeline.cluster.value, &pipeline.name.value);
    let stack = Resource::Named(format!(
        "arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:${{AWS::AccountId}}:stack/{name}/*"
    ));
    let roles: Vec<Resource> = accounts(pipeline)
        .map(|account| {
            let name = role::name(pipeline, account);
            Resource::Named(format!(
                "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{name}"
            ))
        })
        .collect();
    let policies: Vec<Resource> = accounts(pipeline)
        .map(|account| {
            let name = role::policy_name(pipeline, account, "*");
            Resource::Named(format!(
                "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{name}"
            ))
        })
        .collect();
    let arns: Vec<Value> = policies.iter().map(Resource::to_json).collect();
    let mut statements = vec![
        Statement::new(
            "Exports",
            &["cloudformation:ListExports"],
            vec![Resource::Any],
        ),
        Statement::new(
            "Stack",
            &[
                "cloudformation:CreateChangeSet",
                "cloudformation:DeleteChangeSet",
                "cloudformation:DescribeChangeSet",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStacks",
                "cloudformation:ExecuteChangeSet",
                "cloudformation:GetTemplate",
                "cloudformation:TagResource",
                "cloudformation:UntagResource",
            ],
            vec![stack],
        ),
        Statement::new(
            "RolesOfTheStack",
            &[
                "iam:DeleteRole",
                "iam:DeleteRolePolicy",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListRolePolicies",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
            ],
            roles.clone(),
        ),
        Statement::new(
            "PoliciesOfTheStack",
            &[
                "iam:CreatePolicy",
                "iam:CreatePolicyVersion",
                "iam:DeletePolicy",
                "iam:DeletePolicyVersion",
                "iam:GetPolicy",
                "iam:GetPolicyVersion",
                "iam:ListPolicyVersions",
            ],
            policies,
        ),
        Statement::new(
            "BucketOfTheStack",
            &[
                "s3:GetBucketOwnershipControls",
                "s3:GetBucketPolicy",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetBucketTagging",
                "s3:GetBucketVersioning",
                "s3:GetEncryptionConfiguration",
                "s3:GetLifecycleConfiguration",
                "s3:PutBucketOwnershipControls",
                "s3:PutBucketPolicy",
                "s3:PutBucketPublicAccessBlock",
                "s3:PutBucketTagging",
                "s3:PutBucketVersioning",
                "s3:PutEncryptionConfiguration",
                "s3:PutLifecycleConfiguration",
            ],
            vec![Resource::Bucket],
        ),
    ];
    statements.extend(grants(pipeline, roles, &arns));
    statements
}

/// What gives roles their rights. A boundary that the file names must be on every role that is given some, and stays there.
fn grants(pipeline: &Pipeline, roles: Vec<Resource>, policies: &[Value]) -> Vec<Statement> {
    let attached = json!({ "ArnLike": { "iam:PolicyARN": policies } });
    let attach = ["iam:AttachRolePolicy", "iam:DetachRolePolicy"];
    let Some(boundary) = &pipeline.permissions_boundary else {
        return vec![
            Statement::new(
                "Grant",
                &["iam:CreateRole", "iam:PutRolePolicy"],
                roles.clone(),
            ),
            Statement::new("Attach", &attach, roles).only_if(attached),
        ];
    };
    let bound = json!({ "StringEquals": { "iam:PermissionsBoundary": boundary.value } });
    let mut both = attached;
    if let (Some(both), Some(bound)) = (both.as_object_mut(), bound.as_object()) {
        both.extend(bound.clone());
    }
    vec![
        Statement::new(
            "Grant",
            &[
                "iam:CreateRole",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
            ],
            roles.clone(),
        )
        .only_if(bound),
        Statement::new("Attach", &attach, roles).only_if(both),
    ]
}
