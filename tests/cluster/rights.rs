//! What somebody may do in AWS who proposes a change: nothing. Tried from inside the step, with the pod's own identity, at an AWS
//! that looks at rights.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::let_in::{IN_PODS, let_in};
use crate::place::{ACCOUNT, REGION};
use crate::support::moto::Moto;
use crate::team::{Team, short};

const PIPELINE: &str = r#"
  on push         { branches = ["main"] }
  on pull_request { branches = ["main"], comment = true }
  checkout { credentials = secret("github", key = "token") }
  build { run = ["sh attack.sh"] }
  environment dev { account = "111122223333", region = "us-east-1"
    step work { run = ["true"], env = { PASSWORD = secrets_manager("company/shop") } }
  }
"#;

/// It is told nothing but where things are, takes what its process has, and says what came of each try.
const ATTACK: &str = r#"
set -u
token=/var/run/secrets/eks.amazonaws.com/serviceaccount/token
role=$(tr '\0' '\n' < /proc/1/environ | sed -n 's/^AWS_ROLE_ARN=//p')
echo "subject: $(node -p 'JSON.parse(Buffer.from(fs.readFileSync(process.argv[1], "utf8").split(".")[1], "base64url")).sub' $token)"
echo "role: $role"
answer=$(curl -s AT/ -d Action=AssumeRoleWithWebIdentity -d Version=2011-06-15 -d RoleSessionName=proposed \
  --data-urlencode "RoleArn=$role" --data-urlencode "WebIdentityToken@$token")
field() { echo "$answer" | sed -n "s/.*<$1>\(.*\)<\/$1>.*/\1/p"; }
key=$(field AccessKeyId) secret=$(field SecretAccessKey) session=$(field SessionToken)
try() {
  what=$1 service=$2; shift 2
  said=$(curl -s -w ' status %{http_code}' --aws-sigv4 "aws:amz:eu-west-1:$service" --user "$key:$secret" \
    -H "x-amz-security-token: $session" -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" "$@")
  echo "$what: $said"
  case $said in
    *'status 403') echo "$said" | grep -q SignatureDoesNotMatch && echo "tried $what: signature" || echo "tried $what: refused" ;;
    *) echo "tried $what: ${said##* }" ;;
  esac
}
json() { try "$1" "${1%%:*}" -H "X-Amz-Target: $2" -H 'Content-Type: application/x-amz-json-1.1' -d "$3" AT/; }
query() { what=$1; shift; try "$what" "${what%%:*}" -d "Action=${what#*:}" "$@" AT/; }

try 'what its stages write' s3 -X PUT -d x AT/BUCKET/runs/suspected-pull-request-1/proposed
query sts:GetCallerIdentity -d Version=2011-06-15
try 'another run' s3 -X PUT -d x AT/BUCKET/runs/proposed-1/record.json
try 'an artifact' s3 -X PUT -d x AT/BUCKET/artifacts/0000/proposed-1/artifact.tar.zst
try 'what is deployed' s3 -X PUT -d x AT/BUCKET/deployments/dev/last.json
try 'another bucket' s3 -X PUT AT/mine
try 'its end' s3 -X DELETE AT/BUCKET/runs/suspected-pull-request-1/proposed
query cloudformation:CreateStack -d Version=2010-05-15 -d StackName=mine
query cloudformation:DeleteStack -d Version=2010-05-15 -d StackName=cluster
query cloudformation:CreateChangeSet -d Version=2010-05-15 -d StackName=mine -d ChangeSetName=mine
query iam:CreateUser -d Version=2010-05-08 -d UserName=mine
query iam:PutRolePolicy -d Version=2010-05-08 --data-urlencode "RoleName=${role##*/}" -d PolicyName=mine -d PolicyDocument=x
query sts:AssumeRole -d Version=2011-06-15 -d RoleSessionName=mine --data-urlencode "RoleArn=${role%/*}/cdk-hnb659fds-deploy-role-ACCOUNT-us-east-1"
query sts:AssumeRole -d Version=2011-06-15 -d RoleSessionName=mine --data-urlencode "RoleArn=$role"
query sns:Publish -d Version=2010-03-31 -d Message=x --data-urlencode TopicArn=arn:aws:sns:eu-west-1:ACCOUNT:cluster
query ec2:RunInstances -d Version=2016-11-15 -d MinCount=1 -d MaxCount=1
json ssm:PutParameter AmazonSSM.PutParameter '{"Name":"/mine","Value":"x","Type":"String"}'
json secretsmanager:PutSecretValue secretsmanager.PutSecretValue '{"SecretId":"company/shop","SecretString":"x"}'
json secretsmanager:GetSecretValue secretsmanager.GetSecretValue '{"SecretId":"company/shop"}'
json dynamodb:PutItem DynamoDB_20120810.PutItem '{"TableName":"x","Item":{}}'
"#;

/// What a role may do, and who may be it, as they are in the emulator that the pipeline's stack was deployed to.
fn role(team: &Team, name: &str) -> (Value, Value) {
    let ask = |words: &str, field: &str| -> Value {
        let body = format!("{words}&Version=2010-05-08&RoleName={name}");
        let place = team.place;
        let (status, text) = place.ask_aws(ACCOUNT, REGION, "iam", "POST", "/", &body);
        assert_eq!(status, 200, "{text}");
        let found = text.split_once(&format!("<{field}>")).unwrap().1;
        let found = found.split('<').next().unwrap();
        let plain = percent_decode_str(found).decode_utf8().unwrap();
        let plain = plain.replace("&quot;", "\"").replace("&amp;", "&");
        serde_json::from_str(&plain).unwrap_or_else(|error| panic!("{error}: {plain}"))
    };
    let policy = ask("Action=GetRolePolicy&PolicyName=aphex", "PolicyDocument");
    (policy, ask("Action=GetRole", "AssumeRolePolicyDocument"))
}

/// The subject that a trust asks for.
fn subject(trust: &Value) -> &str {
    let conditions = trust["Statement"][0]["Condition"]["StringEquals"].as_object();
    let mut conditions = conditions.unwrap().iter();
    let found = conditions.find(|(name, _)| name.ends_with(":sub"));
    found.unwrap().1.as_str().unwrap()
}

#[test]
fn req_7_1_7_3_a_step_of_a_pull_request_can_write_nothing_in_aws() {
    let test = "a_step_of_a_pull_request";
    let (Some(team), Some(moto)) = (Team::new(test, "suspected"), Moto::start(test)) else {
        return;
    };
    team.pipeline(PIPELINE);
    team.token();
    team.write("attack.sh", "exit 1");
    let hook = team.installed();
    let settings = team.get(&["configmap", "suspected-settings"]);
    let store = settings["data"]["store"].as_str().unwrap();
    let bucket = store.strip_prefix("s3://").unwrap();

    // The same roles, in an AWS that looks at them.
    let accounts = team.get(&["serviceaccounts"]);
    let mut roles = BTreeMap::new();
    for account in accounts["items"].as_array().unwrap() {
        let arn = &account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"];
        let Some(arn) = arn.as_str() else { continue };
        let name = arn.rsplit('/').next().unwrap();
        let (policy, trust) = role(&team, name);
        moto.role(name, &trust, &policy);
        roles.insert(arn.to_owned(), subject(&trust).to_owned());
    }
    assert!(roles.len() >= 4, "{roles:?}");
    moto.bucket(bucket);
    let _open = let_in(team.place, moto.port);
    // Who takes a role is asked for its token, and that is not what moto looks at: the trust of the roles is looked at below.
    moto.enforce(1);

    let attack = ATTACK
        .replace("AT/", &format!("{IN_PODS}/"))
        .replace("BUCKET", bucket)
        .replace("ACCOUNT", ACCOUNT);
    team.write("attack.sh", &attack);
    let commit = team.push("feature");
    let payload = team.proposed(test, "opened", &commit, "acme/suspected");
    assert_eq!(hook.send(&payload), 200);
    let run = team.ended(&commit);
    assert_eq!(run["status"]["phase"], "Succeeded", "{}", short(&run));

    let log = team.logs(&run);
    let said = |mark: &str| -> Vec<&str> {
        let lines = log.lines().filter_map(|line| line.split_once(mark));
        lines.map(|(_, rest)| rest).collect()
    };
    // It is one service account, and that can be one role.
    let [subject] = said("subject: ")[..] else {
        panic!("{log}")
    };
    assert_eq!(
        subject,
        format!(
            "system:serviceaccount:{}:suspected-validate",
            team.namespace
        )
    );
    let can_be: Vec<&String> = roles
        .iter()
        .filter(|(_, of)| *of == subject)
        .map(|(arn, _)| arn)
        .collect();
    let [role] = said("role: ")[..] else {
        panic!("{log}")
    };
    assert_eq!(can_be, [role]);
    // The first two show that what is refused is refused for its rights.
    let tried = said("tried ");
    assert_eq!(tried.len(), 20, "{log}");
    let first = ["what its stages write: 200", "sts:GetCallerIdentity: 200"];
    assert_eq!(tried[..2], first, "{log}");
    for one in &tried[2..] {
        assert!(one.ends_with(": refused"), "{tried:#?}");
    }
}
