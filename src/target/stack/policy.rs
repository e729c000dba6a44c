//! Statements of IAM policies.

use std::fmt;

use serde_json::{Map, Value, json};

/// What a role may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it is called in the policy: letters and digits.
    pub sid: &'static str,
    /// What may be done.
    pub actions: Vec<&'static str>,
    /// To what.
    pub resources: Vec<Resource>,
    /// And only if; a policy's `Condition`.
    pub condition: Option<Value>,
}

/// What something may be done to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// The bucket itself.
    Bucket,
    /// Objects of the bucket, by their keys.
    Objects(String),
    /// An ARN with CloudFormation's own variables, such as `${AWS::Region}`, and with `*` and `?` where they are meant.
    Named(String),
    /// An ARN that somebody wrote. Nothing in it means something else.
    Literal(String),
    /// Whatever there is: for actions that IAM knows no resource for.
    Any,
}

impl Statement {
    /// One without a condition.
    pub fn new(sid: &'static str, actions: &[&'static str], resources: Vec<Resource>) -> Statement {
        Statement {
            sid,
            actions: actions.to_vec(),
            resources,
            condition: None,
        }
    }

    /// The same, only if.
    #[must_use]
    pub fn only_if(self, condition: Value) -> Statement {
        Statement {
            condition: Some(condition),
            ..self
        }
    }

    /// As the template has it.
    pub(super) fn to_json(&self) -> Value {
        let mut json = Map::new();
        json.insert("Sid".into(), self.sid.into());
        json.insert("Effect".into(), "Allow".into());
        json.insert("Action".into(), json!(self.actions));
        let resources: Vec<Value> = self.resources.iter().map(Resource::to_json).collect();
        json.insert("Resource".into(), Value::Array(resources));
        if let Some(condition) = &self.condition {
            json.insert("Condition".into(), condition.clone());
        }
        Value::Object(json)
    }

    /// So many characters it has at most, as IAM counts them: without white space.
    pub(super) fn size(&self) -> usize {
        let resources: usize = self
            .resources
            .iter()
            .map(|resource| resource.size() + 3)
            .sum();
        let head = Statement {
            resources: Vec::new(),
            ..self.clone()
        };
        head.to_json().to_string().len() + resources + 1
    }
}

impl Resource {
    /// As the template has it.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Resource::Bucket => json!({ "Fn::GetAtt": [super::bucket::NAME, "Arn"] }),
            Resource::Objects(keys) => {
                json!({ "Fn::Sub": format!("${{{}.Arn}}/{keys}", super::bucket::NAME) })
            }
            Resource::Named(arn) if arn.contains("${") => json!({ "Fn::Sub": arn }),
            Resource::Named(arn) => json!(arn),
            Resource::Literal(arn) => json!(escaped(arn)),
            Resource::Any => json!("*"),
        }
    }

    /// So many characters it has at most once CloudFormation has filled it in.
    pub(super) fn size(&self) -> usize {
        // arn:aws-us-gov:s3::: and a name of 63 characters
        const BUCKET: usize = 21 + 63;
        match self {
            Resource::Bucket => BUCKET,
            Resource::Objects(keys) => BUCKET + 1 + keys.len(),
            // A variable is longer than its value.
            Resource::Named(arn) => arn.len(),
            Resource::Literal(arn) => escaped(arn).len(),
            Resource::Any => 1,
        }
    }
}

/// `*`, `?` and `$` of an ARN that mean themselves (IAM, "Policy variables": special characters).
fn escaped(arn: &str) -> String {
    let mut text = String::with_capacity(arn.len());
    for letter in arn.chars() {
        match letter {
            '*' | '?' | '$' => {
                text.push_str("${");
                text.push(letter);
                text.push('}');
            }
            _ => text.push(letter),
        }
    }
    text
}

impl fmt::Display for Resource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Resource::Bucket => formatter.write_str("the bucket"),
            Resource::Objects(keys) => write!(formatter, "objects `{keys}`"),
            Resource::Named(text) => write!(formatter, "`{text}`"),
            Resource::Literal(text) => write!(formatter, "`{}`", escaped(text)),
            Resource::Any => formatter.write_str("`*`"),
        }
    }
}
