//! Who one is.

use aws_sdk_sts::Client;

use crate::cloud::aws::{Aws, Failure, runtime};

/// Whose credentials these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Twelve digits.
    pub account: String,
    /// The role's session, or the user.
    pub arn: String,
}

/// Asks AWS whose credentials these are (`sts:GetCallerIdentity`, which nobody can be denied).
pub fn caller(aws: &Aws) -> Result<Caller, Failure> {
    let client = Client::new(aws.config());
    runtime::wait(async {
        let answer = client.get_caller_identity().send().await;
        let answer = answer.map_err(|error| Failure::of("sts:GetCallerIdentity", error))?;
        Ok(Caller {
            account: answer.account.unwrap_or_default(),
            arn: answer.arn.unwrap_or_default(),
        })
    })
}
