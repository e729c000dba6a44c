//! The pipeline's own stack: what is in its template, and what real tools say of it.

use std::process::Command;

use aphex::analysis::analyse;
use aphex::diagnostics::Severity;
use aphex::diagnostics::codes::platform::STACK_SIZE;
use aphex::graph;
use aphex::source::MemoryFiles;
use aphex::target::names::Account;
use aphex::target::stack::{TEMPLATE_LIMIT, accounts, rights};
use serde_json::Value;

use crate::support::stack::{DEV, FULL, analysed, assembly, pipeline, template};
use crate::support::{markdown, python, tools};

/// `(Sid, resources)` of a role's own policy.
fn policy(template: &Value, role: &str) -> Vec<(String, Vec<String>)> {
    let policy = &template["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"];
    let statements = policy["Statement"].as_array().unwrap();
    statements
        .iter()
        .map(|statement| {
            let resources = statement["Resource"].as_array().unwrap().iter();
            let sid = statement["Sid"].as_str().unwrap().to_owned();
            (sid, resources.map(written).collect())
        })
        .collect()
}

/// A resource as it is written: of what CloudFormation fills in the text.
fn written(resource: &Value) -> String {
    let filled = resource["Fn::Sub"].as_str();
    match resource.as_str().or(filled) {
        Some(text) => text.to_owned(),
        None => resource.to_string(),
    }
}

fn resources(template: &Value, role: &str, sid: &str) -> Vec<String> {
    let all = policy(template, role).into_iter();
    all.filter(|(own, _)| own == sid)
        .flat_map(|(_, resources)| resources)
        .collect()
}

/// The whole of it, as it is reviewed.
#[test]
fn req_3_2_the_stack_of_a_pipeline_with_every_option() {
    let assembly = assembly(FULL);
    let mut settings = insta::Settings::new();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        insta::assert_snapshot!("stack", assembly.template);
        insta::assert_snapshot!("stack-manifest", assembly.manifest);
    });
}

#[test]
fn req_3_2_the_same_bytes_every_time() {
    assert_eq!(assembly(FULL), assembly(FULL));
}

/// The roles of the bootstrap in the file's accounts and regions, or the role that the file names, and none else.
#[test]
fn req_7_2_exactly_the_roles_of_the_file_are_assumed() {
    let stack = template(&pipeline(
        &format!(
            "{DEV}\nenvironment prod {{ account = \"444455556666\", region = \"us-gov-west-1\", context = {{ \"@aws-cdk/core:bootstrapQualifier\" = \"acme\" }}\n stack Api }}"
        )
        .replace("eu-west-1", "us-gov-east-1"),
    ));
    let of = |qualifier: &str, account: &str, region: &str| {
        ["deploy", "file-publishing", "image-publishing", "lookup"].map(|word| {
            format!(
                "arn:aws-us-gov:iam::{account}:role/cdk-{qualifier}-{word}-role-{account}-{region}"
            )
        })
    };
    let mut expected = of("hnb659fds", "111122223333", "us-gov-east-1").to_vec();
    expected.extend(of("acme", "444455556666", "us-gov-west-1"));
    assert_eq!(resources(&stack, "DeployRole", "Roles"), expected);

    let stack = template(&pipeline(
        "environment dev { account = \"111122223333\", region = \"eu-west-1\", role = \"arn:aws:iam::111122223333:role/deploy\"\n stack Api\n \
         test e2e { run = [\"true\"], role = \"arn:aws:iam::444455556666:role/e2e\" } }\n\
         check lint { run = [\"true\"], role = \"arn:aws:iam::111122223333:role/lint\" }\n\
         on pull_request { branches = [\"main\"], role = \"arn:aws:iam::111122223333:role/look\" }",
    ));
    let mut roles = resources(&stack, "DeployRole", "Roles");
    roles.sort();
    assert_eq!(
        roles,
        [
            "arn:aws:iam::111122223333:role/deploy",
            "arn:aws:iam::444455556666:role/e2e"
        ]
    );
    let of_build = resources(&stack, "BuildRole", "Roles");
    assert_eq!(of_build, ["arn:aws:iam::111122223333:role/lint"]);
    let of_pull_requests = resources(&stack, "ValidateRole", "Roles");
    assert_eq!(of_pull_requests, ["arn:aws:iam::111122223333:role/look"]);
    assert_eq!(resources(&stack, "FinishRole", "Roles"), [""; 0]);
}

/// Secrets for the stages that read them, in the regions where they do.
#[test]
fn req_7_3_secrets_are_read_by_the_stages_that_name_them() {
    let stack = template(&pipeline(
        "check lint { run = [\"true\"], env = { A = secrets_manager(\"shop/lint\") } }\n\
         environment dev { account = \"111122223333\", region = \"eu-west-1\", env = { B = ssm_secure(\"/shop/db\") }\n stack Api }\n\
         notify team { on = [\"failure\"], to = slack(secrets_manager(\"arn:aws:secretsmanager:us-east-1:111122223333:secret:hook\")) }\n\
         notify ops { on = [\"approval\"], to = sns(\"arn:aws:sns:us-east-1:111122223333:ops\") }",
    ));
    assert_eq!(
        resources(&stack, "BuildRole", "Secrets"),
        [
            "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:shop/lint-??????"
        ]
    );
    assert_eq!(
        resources(&stack, "DeployRole", "Parameters"),
        ["arn:${AWS::Partition}:ssm:eu-west-1:${AWS::AccountId}:parameter/shop/db"]
    );
    let hook = "arn:aws:secretsmanager:us-east-1:111122223333:secret:hook";
    assert_eq!(
        resources(&stack, "FinishRole", "Secrets"),
        [hook.to_owned(), format!("{hook}-??????")]
    );
    for role in ["ValidateRole", "SelfUpdateRole"] {
        assert_eq!(resources(&stack, role, "Secrets"), [""; 0], "{role}");
        assert_eq!(resources(&stack, role, "Parameters"), [""; 0], "{role}");
    }
    // Nobody asks for an approval here.
    assert_eq!(resources(&stack, "DeployRole", "Topics"), [""; 0]);
    // Whoever judges an answer asks GitHub about teams, with the pipeline's tokens.
    let with_approvers = |approvers: &str| {
        let stack = template(&pipeline(&format!(
            "environment dev {{ account = \"111122223333\", region = \"eu-west-1\"\n approval {{ approvers = [{approvers}] }}\n stack Api }}\n\
             checkout {{ credentials = secrets_manager(\"shop/github\") }}"
        )));
        resources(&stack, "DeployRole", "Secrets")
    };
    assert_eq!(with_approvers("\"@ada\""), [""; 0]);
    assert_eq!(
        with_approvers("\"@acme/platform\""),
        [
            "arn:${AWS::Partition}:secretsmanager:eu-west-1:${AWS::AccountId}:secret:shop/github-??????"
        ]
    );
    // A parameter that is no secret is read in the pre-flight, and in runs for pull requests.
    let stack = template(&pipeline(
        "check lint { run = [\"true\"], env = { A = ssm(\"/shop/lint\") } }\n\
         environment dev { account = \"111122223333\", region = \"eu-west-1\", env = { B = ssm(\"/shop/url\"), C = ssm_secure(\"/shop/db\") }\n stack Api }\n\
         on pull_request { branches = [\"main\"] }",
    ));
    let parameter = |region: &str, name: &str| {
        format!("arn:${{AWS::Partition}}:ssm:{region}:${{AWS::AccountId}}:parameter/shop/{name}")
    };
    let lint = parameter("${AWS::Region}", "lint");
    let url = parameter("eu-west-1", "url");
    let of = |role: &str| resources(&stack, role, "Parameters");
    assert_eq!(of("BuildRole"), [&*lint]);
    assert_eq!(of("ValidateRole"), [lint.clone(), url.clone()]);
    assert_eq!(of("DeployRole"), [lint, url, parameter("eu-west-1", "db")]);
}

/// A run for a pull request touches what is its own, and reads what was deployed.
#[test]
fn req_7_3_a_pull_request_writes_nothing_but_its_own() {
    let stack = template(&pipeline(&format!(
        "{DEV}\non pull_request {{ branches = [\"main\"] }}"
    )));
    let own = [
        "${ArtifactBucket.Arn}/runs/shop-pull-request-*",
        "${ArtifactBucket.Arn}/artifacts/*/shop-pull-request-*",
        "${ArtifactBucket.Arn}/last/shop-pull-request-*",
    ];
    assert_eq!(resources(&stack, "ValidateRole", "Write"), own);
    let read = resources(&stack, "ValidateRole", "Read");
    assert_eq!(read[..3], own);
    assert_eq!(read[3..], ["${ArtifactBucket.Arn}/deployments/*"]);
    let sids: Vec<String> = policy(&stack, "ValidateRole")
        .into_iter()
        .map(|(sid, _)| sid)
        .collect();
    assert_eq!(sids, ["List", "Read", "Write", "Tag"]);
    // Without pull requests the account has a role, and no rights.
    let stack = template(&pipeline(&format!(
        "{DEV}\non push {{ branches = [\"main\"] }}"
    )));
    assert!(stack["Resources"]["ValidateRole"].is_object());
    assert!(stack["Resources"]["ValidateRole"]["Properties"]["Policies"].is_null());
}

/// Actions for which IAM knows no resource (Service Authorization Reference: CloudFormation, CloudWatch).
const WITHOUT_RESOURCE: [&str; 2] = ["cloudformation:ListExports", "cloudwatch:PutMetricData"];

/// Nothing is allowed everywhere that has a place; no action is a pattern; no right is for everybody.
#[test]
fn req_7_3_no_statement_of_any_role_is_wider_than_it_must_be() {
    let mut seen = 0;
    let many = (0..70).map(|number| {
        format!(
            "environment e{number} {{ account = \"{}\", region = \"eu-west-1\", stack Api }}\n",
            111_122_220_000_u64 + number
        )
    });
    for text in [
        FULL.to_owned(),
        pipeline(DEV),
        pipeline(&many.collect::<String>()),
    ] {
        let template = template(&text);
        for (name, resource) in template["Resources"].as_object().unwrap() {
            let properties = &resource["Properties"];
            let inline = properties["Policies"].as_array().into_iter().flatten();
            let documents = inline.map(|policy| &policy["PolicyDocument"]);
            let own = (resource["Type"] == "AWS::IAM::ManagedPolicy")
                .then(|| &properties["PolicyDocument"]);
            let statements = documents
                .chain(own)
                .flat_map(|document| document["Statement"].as_array().unwrap());
            for statement in statements {
                seen += 1;
                assert_eq!(statement["Effect"], "Allow");
                let actions: Vec<&str> = statement["Action"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|action| action.as_str().unwrap())
                    .collect();
                assert!(
                    actions.iter().all(|action| !action.contains('*')),
                    "{name}: {actions:?}"
                );
                for resource in statement["Resource"].as_array().unwrap() {
                    judge(name, &actions, statement, &written(resource));
                }
            }
        }
    }
    assert!(seen > 60, "{seen}");
}

fn judge(name: &str, actions: &[&str], statement: &Value, resource: &str) {
    let is_placeless = actions
        .iter()
        .all(|action| WITHOUT_RESOURCE.contains(action));
    if resource == "*" {
        assert!(is_placeless, "{name}: {actions:?} on everything");
        let is_bound =
            actions == ["cloudformation:ListExports"] || statement["Condition"].is_object();
        assert!(is_bound, "{name}: {actions:?} without a condition");
        return;
    }
    assert!(!is_placeless, "{name}: {actions:?} on `{resource}`");
    // A pattern ends a name of the pipeline's own: keys of its bucket, its stack's ID, the letters after a secret's name.
    let Some((before, _)) = resource.split_once(['*', '?']) else {
        return;
    };
    let own = [
        "${ArtifactBucket.Arn}/runs/",
        "${ArtifactBucket.Arn}/artifacts/",
        "${ArtifactBucket.Arn}/deployments/",
        "${ArtifactBucket.Arn}/last/",
    ];
    let is_own = own.iter().any(|own| before.starts_with(own))
        || before.ends_with(":stack/aphex-company-shop/")
        || (before.contains(":policy/aphex-company-shop-") && before.ends_with("-${AWS::Region}-"))
        || (before.contains(":secret:shop/") && resource.ends_with("-??????"));
    assert!(is_own, "{name}: {actions:?} on `{resource}`");
}

/// The trust of each role: one service account of one namespace, by the cluster's own provider.
#[test]
fn req_7_1_a_role_is_one_service_accounts() {
    let template = template(FULL);
    for account in Account::AWS {
        let role = format!(
            "{}Role",
            match account {
                Account::Build => "Build",
                Account::Validate => "Validate",
                Account::SelfUpdate => "SelfUpdate",
                Account::Deploy => "Deploy",
                _ => "Finish",
            }
        );
        let properties = &template["Resources"][&role]["Properties"];
        let trust = &properties["AssumeRolePolicyDocument"]["Fn::Sub"];
        let document: Value = serde_json::from_str(trust[0].as_str().unwrap()).unwrap();
        let statements = document["Statement"].as_array().unwrap();
        assert_eq!(statements.len(), 1);
        assert_eq!(statements[0]["Action"], "sts:AssumeRoleWithWebIdentity");
        let condition = &statements[0]["Condition"];
        let subject = format!("system:serviceaccount:pipelines:{}", account.name("shop"));
        let expected = serde_json::json!({ "StringEquals": {
            "${Issuer}:aud": "sts.amazonaws.com",
            "${Issuer}:sub": subject,
        } });
        assert_eq!(condition, &expected);
        let import = &trust[1]["Provider"]["Fn::ImportValue"];
        assert_eq!(import, "AphexCluster-company-OIDCProviderArn");
        assert_eq!(
            properties["PermissionsBoundary"],
            "arn:aws:iam::111122223333:policy/boundary"
        );
    }
}

/// Encrypted, with versions, closed to the public, by TLS alone; kept when the stack goes.
#[test]
fn req_7_4_the_bucket_is_encrypted_and_keeps_versions() {
    let of = |text: &str| template(text)["Resources"]["ArtifactBucket"].clone();
    let bucket = of(FULL);
    let properties = &bucket["Properties"];
    let rule = &properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    let by_default = &rule["ServerSideEncryptionByDefault"];
    assert_eq!(by_default["SSEAlgorithm"], "aws:kms");
    assert!(
        by_default["KMSMasterKeyID"]
            .as_str()
            .unwrap()
            .contains(":key/0a1b2c3d")
    );
    assert_eq!(properties["VersioningConfiguration"]["Status"], "Enabled");
    let public = properties["PublicAccessBlockConfiguration"]
        .as_object()
        .unwrap();
    assert_eq!(public.len(), 4);
    assert!(public.values().all(|blocked| blocked == true));
    let owner = &properties["OwnershipControls"]["Rules"][0]["ObjectOwnership"];
    assert_eq!(owner, "BucketOwnerEnforced");
    assert_eq!(bucket["DeletionPolicy"], "RetainExceptOnCreate");
    assert_eq!(bucket["UpdateReplacePolicy"], "Retain");
    let plain = of(&pipeline(DEV));
    let rule = &plain["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    assert_eq!(
        rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"],
        "AES256"
    );
    let policy =
        &template(FULL)["Resources"]["ArtifactBucketPolicy"]["Properties"]["PolicyDocument"];
    let statement = &policy["Statement"][0];
    assert_eq!(statement["Effect"], "Deny");
    assert_eq!(
        statement["Condition"]["Bool"]["aws:SecureTransport"],
        "false"
    );
    assert_eq!(statement["Resource"].as_array().unwrap().len(), 2);
}

/// Artifacts go after their time; what is remembered of runs and deployments does not.
#[test]
fn req_2_4_records_outlive_artifacts() {
    let template = template(FULL);
    let bucket = &template["Resources"]["ArtifactBucket"]["Properties"];
    let rules = bucket["LifecycleConfiguration"]["Rules"]
        .as_array()
        .unwrap();
    let expires = rules
        .iter()
        .filter(|rule| !rule["ExpirationInDays"].is_null());
    let expires: Vec<_> = expires
        .map(|rule| (rule["Prefix"].as_str(), rule["ExpirationInDays"].as_u64()))
        .collect();
    assert_eq!(expires, [(Some("artifacts/"), Some(30))]);
    let unfinished = rules
        .iter()
        .any(|rule| rule["AbortIncompleteMultipartUpload"].is_object());
    assert!(unfinished);
}

/// A file's text is in no template: commands, values, messages, addresses with something in them.
#[test]
fn req_7_5_no_secret_is_in_the_template() {
    let assembly = assembly(FULL);
    for (name, text) in assembly.files() {
        assert!(!text.contains("canary"), "{name}");
    }
}

#[test]
fn req_10_5_what_others_need_is_an_output() {
    let template = template(FULL);
    let outputs = template["Outputs"].as_object().unwrap();
    assert_eq!(
        outputs["WebhookUrl"]["Value"],
        "https://hooks.acme.dev/shop"
    );
    for name in [
        "ArtifactBucketName",
        "WorkflowExecutionRoleArn",
        "BuildRoleArn",
        "ValidateRoleArn",
        "SelfUpdateRoleArn",
        "DeployRoleArn",
        "FinishRoleArn",
    ] {
        assert!(outputs[name]["Value"].is_object(), "{name}");
    }
    // None is an export, which another pipeline's could collide with.
    assert!(outputs.values().all(|output| output["Export"].is_null()));
}

/// Nothing of the cluster is in the stack: it has a bucket and roles (10.3).
#[test]
fn req_10_3_14_4_the_stack_holds_nothing_of_the_clusters() {
    let template = template(FULL);
    let kinds: std::collections::BTreeSet<&str> = template["Resources"]
        .as_object()
        .unwrap()
        .values()
        .map(|resource| resource["Type"].as_str().unwrap())
        .collect();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    assert_eq!(
        kinds,
        ["AWS::IAM::Role", "AWS::S3::Bucket", "AWS::S3::BucketPolicy"]
    );
}

/// Names carry the pipeline's and the cluster's, fit, and differ where these do.
#[test]
fn req_14_3_names_are_the_pipelines_own() {
    let names = |cluster: &str, name: &str| -> Vec<String> {
        let text = pipeline(DEV)
            .replace("\"company\"", &format!("\"{cluster}\""))
            .replace("pipeline shop", &format!("pipeline {name}"));
        let template = template(&text);
        let resources = template["Resources"].as_object().unwrap().values();
        let names =
            resources.filter_map(|resource| resource["Properties"]["RoleName"]["Fn::Sub"].as_str());
        let names: Vec<String> = names.map(str::to_owned).collect();
        assert_eq!(names.len(), 5);
        names
    };
    assert_eq!(
        names("company", "shop")[3],
        "aphex-company-shop-deploy-${AWS::Region}"
    );
    let long = "a-name-that-goes-on-and-on";
    let pairs = [
        ("company", "shop"),
        ("other", "shop"),
        ("company", "web"),
        (long, long),
        (long, "a-name-that-goes-on-and-off"),
    ];
    let mut all: Vec<String> = pairs
        .iter()
        .flat_map(|(cluster, name)| names(cluster, name))
        .collect();
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
    for name in all {
        let longest = name.replace("${AWS::Region}", "ap-southeast-2");
        assert!(longest.len() <= 64, "{longest}");
    }
}

/// Up to its end the template is one that CloudFormation takes; beyond it is refused.
#[test]
fn many_accounts_become_several_policies_or_an_error() {
    let many = |count: u64, role: bool| {
        let role = match role {
            true => "role = \"arn:aws:iam::#{111122220000 + number}:role/deploy\"",
            false => "",
        };
        pipeline(&format!(
            "for number in range({count}) {{\n environment \"e-#{{number}}\" {{\n account = \"#{{111122220000 + number}}\"\n region = \"eu-west-1\"\n {role}\n stack Api\n }}\n}}"
        ))
    };
    for (count, role) in [(70, false), (500, true)] {
        let assembly = assembly(&many(count, role));
        assert!(assembly.template.len() <= TEMPLATE_LIMIT);
        let template: Value = serde_json::from_str(&assembly.template).unwrap();
        let attached = &template["Resources"]["DeployRole"]["Properties"]["ManagedPolicyArns"];
        assert!(attached.as_array().unwrap().len() > 1);
    }
    for (count, role) in [(100, false), (1000, true)] {
        let files = MemoryFiles::new().with("pipeline.aphex", many(count, role).as_str());
        let analysis = analyse("pipeline.aphex", &files);
        assert!(!analysis.has_errors());
        let told = analysis.diagnostics.iter();
        let mut told = told.filter(|problem| problem.severity == Severity::Warning);
        assert!(told.any(|problem| problem.code == &STACK_SIZE));
    }
}

/// A second opinion, on the stacks of every example and of whatever a pipeline can say.
#[test]
fn req_7_3_cfn_lint_has_nothing_to_say_of_any_stack() {
    let test = "req_7_3_cfn_lint_has_nothing_to_say_of_any_stack";
    let lint = match python::program("cfn-lint", "1.51.0", None, "cfn-lint") {
        Ok(lint) => lint,
        Err(missing) => return tools::skip(test, &missing, python::HELP),
    };
    let folder = tempfile::tempdir().unwrap();
    let many = (0..70).map(|number| {
        format!(
            "environment e{number} {{ account = \"{}\", region = \"eu-west-1\", stack Api }}\n",
            111_122_220_000_u64 + number
        )
    });
    for (name, text) in [
        ("full", FULL.to_owned()),
        ("many", pipeline(&many.collect::<String>())),
    ] {
        std::fs::write(
            folder.path().join(format!("{name}.json")),
            assembly(&text).template,
        )
        .unwrap();
    }
    for (number, example) in crate::manifests::examples().into_iter().enumerate() {
        let output = Command::new(env!("CARGO_BIN_EXE_aphex"))
            .args(["compile", "--emit", "stack"])
            .arg(&example)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", example.display());
        std::fs::write(
            folder.path().join(format!("example-{number}.json")),
            output.stdout,
        )
        .unwrap();
    }
    let mut command = Command::new(lint);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        command.arg(entry.unwrap().path());
    }
    if let Err(said) = tools::output(&mut command) {
        panic!("{said}");
    }
}

/// `-o` writes an assembly beside the manifests, in a folder that `kubectl apply -f` does not look into; without it, nothing of the stack goes to kubectl.
#[test]
fn req_3_2_compile_writes_a_cloud_assembly() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pipeline.aphex"), FULL).unwrap();
    let compile = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_aphex"))
            .arg("compile")
            .args(arguments)
            .args(["--root", ".", "pipeline.aphex"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let assembly = assembly(FULL);
    compile(&["-o", "out"]);
    let stack = folder.path().join("out/shop.stack");
    for (name, text) in assembly.files() {
        assert_eq!(std::fs::read_to_string(stack.join(name)).unwrap(), text);
    }
    assert!(compile(&["-o", "out"]).contains("none of them changed"));
    assert_eq!(compile(&["--emit", "stack"]), assembly.template);
    assert!(!compile(&[]).contains("AWSTemplateFormatVersion"));
    compile(&["-o", "out", "--emit", "workflow-templates"]);
    assert!(!stack.exists());
}

/// The table in `docs/compile.md` is what the code gives the pipeline above it.
#[test]
fn req_7_3_the_table_of_rights_is_the_code_s() {
    let page = tools::root().join("docs/compile.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (_, section) = text.split_once("\n## The pipeline's own stack\n").unwrap();
    let blocks = markdown::blocks(section);
    let program = blocks.iter().find(|block| block.info == "aphex").unwrap();
    let (analysis, files) = analysed(&program.text);
    let pipeline = &analysis.pipelines[0];
    let graph = graph::build(pipeline);
    let mut table = "| service account | may | on |\n| --- | --- | --- |\n".to_owned();
    for account in accounts(pipeline) {
        for statement in rights(pipeline, &graph, account, &files) {
            let actions: Vec<String> = statement
                .actions
                .iter()
                .map(|action| format!("`{action}`"))
                .collect();
            let resources: Vec<String> = statement
                .resources
                .iter()
                .map(ToString::to_string)
                .collect();
            let condition = statement
                .condition
                .as_ref()
                .map(|condition| format!(", if `{condition}`"));
            table.push_str(&format!(
                "| {} | {} | {}{} |\n",
                account.word(),
                actions.join(", "),
                resources.join(", "),
                condition.unwrap_or_default()
            ));
        }
    }
    let (begin, end) = ("<!-- rights in AWS -->\n", "<!-- end of rights in AWS -->");
    let (before, rest) = text.split_once(begin).unwrap();
    let (there, after) = rest.split_once(end).unwrap();
    if std::env::var_os("APHEX_UPDATE").is_some() {
        std::fs::write(&page, format!("{before}{begin}{table}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(
        there, table,
        "APHEX_UPDATE=1 writes the table into the page"
    );
}
