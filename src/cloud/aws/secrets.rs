//! Texts that nobody should see, and those that everybody may: Secrets Manager and the Parameter Store of SSM.

use crate::cloud::aws::{Aws, Cause, Failure, runtime};

/// The current value of a secret in Secrets Manager, by its name or ARN.
pub fn secret(aws: &Aws, name: &str) -> Result<String, Failure> {
    const OPERATION: &str = "secretsmanager:GetSecretValue";
    let client = aws_sdk_secretsmanager::Client::new(aws.config());
    runtime::wait(async {
        let answer = client.get_secret_value().secret_id(name).send().await;
        let answer = answer.map_err(|error| Failure::of(OPERATION, error))?;
        answer
            .secret_string
            .ok_or_else(|| no_text(OPERATION, "the secret holds bytes, and no text"))
    })
}

/// A parameter, decrypted where it is a `SecureString`.
pub fn parameter(aws: &Aws, name: &str) -> Result<String, Failure> {
    const OPERATION: &str = "ssm:GetParameter";
    let client = aws_sdk_ssm::Client::new(aws.config());
    runtime::wait(async {
        let get = client.get_parameter().name(name).with_decryption(true);
        let answer = get.send().await;
        let answer = answer.map_err(|error| Failure::of(OPERATION, error))?;
        let value = answer.parameter.and_then(|parameter| parameter.value);
        value.ok_or_else(|| no_text(OPERATION, "the parameter has no value"))
    })
}

/// A parameter that everybody may see; `None` for one that is encrypted, whose value would stand in logs and records.
pub fn plain_parameter(aws: &Aws, name: &str) -> Result<Option<String>, Failure> {
    const OPERATION: &str = "ssm:GetParameter";
    let client = aws_sdk_ssm::Client::new(aws.config());
    runtime::wait(async {
        let answer = client.get_parameter().name(name).send().await;
        let answer = answer.map_err(|error| Failure::of(OPERATION, error))?;
        let absent = || no_text(OPERATION, "the parameter has no value");
        let parameter = answer.parameter.ok_or_else(absent)?;
        if parameter.r#type == Some(aws_sdk_ssm::types::ParameterType::SecureString) {
            return Ok(None);
        }
        parameter.value.map(Some).ok_or_else(absent)
    })
}

fn no_text(operation: &'static str, message: &str) -> Failure {
    Failure {
        cause: Cause::Other,
        operation,
        code: None,
        message: message.to_owned(),
    }
}
