//! What went wrong at AWS, in words.

use std::error::Error;
use std::fmt;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;

use crate::diagnostics::codes::aws as codes;
use crate::diagnostics::{Diagnostic, safe};

/// Why a call failed, after all tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The sort of cause.
    pub cause: Cause,
    /// The operation, such as `s3:PutObject`; empty where none was reached.
    pub operation: &'static str,
    /// The code that AWS gave, such as `AccessDenied`.
    pub code: Option<String>,
    /// What AWS, or the system, says.
    pub message: String,
}

/// Sorts of causes that ask for different things to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There are no credentials, or they cannot be had.
    NoCredentials,
    /// The credentials were valid once, or are none.
    Expired,
    /// The identity may not do this.
    Denied,
    /// What is asked for is not there.
    NotFound,
    /// AWS is busy, still, after all tries.
    Throttled,
    /// No answer: the network, a name, a certificate, the time.
    Unreachable,
    /// Anything else.
    Other,
}

impl Failure {
    /// What a call of an operation came to.
    pub fn of<E, R>(operation: &'static str, error: SdkError<E, R>) -> Failure
    where
        E: Error + ProvideErrorMetadata + 'static,
        R: fmt::Debug + 'static,
    {
        if let Some(service) = error.as_service_error() {
            let code = service.code().map(str::to_owned);
            let message = service.message().unwrap_or_default();
            let message = match (message, &code) {
                ("", Some(code)) => code.clone(),
                ("", None) => said(service),
                (text, _) => text.to_owned(),
            };
            let status = code.as_deref().unwrap_or_default();
            return Failure {
                cause: of_code(status),
                operation,
                message: safe::line(&message).into_owned(),
                code,
            };
        }
        let is_timeout = matches!(&error, SdkError::TimeoutError(_));
        let is_dispatch = matches!(
            &error,
            SdkError::DispatchFailure(_) | SdkError::ResponseError(_)
        );
        let is_of_credentials = chain(&error).any(|cause| cause.is::<CredentialsError>());
        if is_of_credentials && let Some(failure) = of_role(&error) {
            return failure;
        }
        let cause = match (is_of_credentials, is_timeout || is_dispatch) {
            (true, _) => Cause::NoCredentials,
            (false, true) => Cause::Unreachable,
            (false, false) => Cause::Other,
        };
        Failure {
            cause,
            operation,
            code: None,
            message: said(&error),
        }
    }

    /// There is no identity that could be asked.
    pub fn of_nobody() -> Failure {
        Failure {
            cause: Cause::NoCredentials,
            operation: "",
            code: None,
            message: "there is no identity that could be asked".to_owned(),
        }
    }

    /// AWS had not answered when the time of this process was over.
    pub fn of_end() -> Failure {
        Failure {
            cause: Cause::Other,
            operation: "",
            code: None,
            message: "AWS had not answered yet when this was told to end".to_owned(),
        }
    }

    /// The machine lacks something that Aphex itself needs.
    pub fn of_system(error: &io::Error) -> Failure {
        Failure {
            cause: Cause::Other,
            operation: "",
            code: None,
            message: error.to_string(),
        }
    }

    /// A problem of its own: for a call that is no part of anything larger.
    pub fn into_diagnostic(self) -> Diagnostic {
        let (code, message) = match self.cause {
            Cause::NoCredentials => (&codes::NO_CREDENTIALS, "there are no AWS credentials"),
            Cause::Expired => (
                &codes::NO_CREDENTIALS,
                "AWS takes these credentials for invalid",
            ),
            Cause::Denied => (&codes::DENIED, "AWS does not allow this"),
            Cause::Unreachable => (&codes::UNREACHABLE, "AWS does not answer"),
            Cause::NotFound | Cause::Throttled | Cause::Other => {
                (&codes::FAILED, "AWS did not do what was asked")
            }
        };
        self.explain(Diagnostic::without_place(code, message))
    }

    /// Adds to a problem that AWS is the cause, in its words, and what to do where that is known.
    #[must_use]
    pub fn explain(self, problem: Diagnostic) -> Diagnostic {
        let help = self.help();
        let problem = problem.note(self.to_string());
        match (help, &problem.help) {
            (Some(help), None) => problem.help(help),
            _ => problem,
        }
    }

    fn help(&self) -> Option<&'static str> {
        // How S3 says that a bucket is elsewhere.
        if let Some("PermanentRedirect" | "AuthorizationHeaderMalformed") = self.code.as_deref() {
            return Some("name the region of the bucket: `AWS_REGION=…`");
        }
        Some(match self.cause {
            Cause::NoCredentials => {
                "sign in (`aws sso login`, `aws configure`), or set `AWS_PROFILE`; in a cluster, the pod's service account needs a role"
            }
            Cause::Expired => "sign in again, and run it again",
            Cause::Denied => {
                "allow it in the policy of the role that is named there, or take another role"
            }
            Cause::Throttled => "run it again later; it was tried several times",
            Cause::Unreachable => "look at the network, the proxy and the region, and run it again",
            Cause::NotFound | Cause::Other => return None,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.operation.is_empty() {
            write!(formatter, "{}: ", self.operation)?;
        }
        match &self.code {
            Some(code) if !self.message.contains(code.as_str()) => {
                write!(formatter, "{code}: {}", self.message)
            }
            _ => formatter.write_str(&self.message),
        }
    }
}

impl Error for Failure {}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> io::Error {
        let kind = match failure.cause {
            Cause::NoCredentials | Cause::Expired | Cause::Denied => {
                io::ErrorKind::PermissionDenied
            }
            Cause::NotFound => io::ErrorKind::NotFound,
            Cause::Unreachable => io::ErrorKind::NetworkUnreachable,
            Cause::Throttled | Cause::Other => io::ErrorKind::Other,
        };
        io::Error::new(kind, failure)
    }
}

/// The codes of the services differ; these are in use. Sources: the pages "Common errors" of the API references, and those of S3, STS,
/// CloudFormation and SSM.
fn of_code(code: &str) -> Cause {
    match code {
        "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException"
        | "InvalidToken"
        | "TokenRefreshRequired" => Cause::Expired,
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "NotAuthorized"
        | "AuthorizationError"
        | "AuthorizationErrorException" => Cause::Denied,
        "NoSuchKey"
        | "NoSuchBucket"
        | "NoSuchUpload"
        | "NotFound"
        | "ResourceNotFoundException"
        | "ResourceNotFound"
        | "ParameterNotFound" => Cause::NotFound,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "SlowDown"
        | "RequestThrottled"
        | "ServiceUnavailable"
        | "InternalError"
        | "InternalFailure" => Cause::Throttled,
        _ => Cause::Other,
    }
}

/// Why credentials could not be had, where a role was to be assumed: STS has said no, or not answered.
fn of_role(error: &(dyn Error + 'static)) -> Option<Failure> {
    const OPERATIONS: [&str; 2] = ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"];
    let [assume, with_token] = OPERATIONS;
    for cause in chain(error) {
        let answer = match (
            cause.downcast_ref::<AssumeRoleError>(),
            cause.downcast_ref::<AssumeRoleWithWebIdentityError>(),
        ) {
            (Some(error), _) => Some((assume, error.code(), error.message())),
            (_, Some(error)) => Some((with_token, error.code(), error.message())),
            _ => None,
        };
        if let Some((operation, code, message)) = answer {
            let message = safe::line(message.unwrap_or("it gives no reason")).into_owned();
            return Some(Failure {
                cause: of_code(code.unwrap_or_default()),
                operation,
                code: code.map(str::to_owned),
                message,
            });
        }
        // One of the kind `other` is a fault of the configuration.
        let connector = cause.downcast_ref::<ConnectorError>();
        if connector.is_some_and(|error| error.is_io() || error.is_timeout()) {
            return Some(Failure {
                cause: Cause::Unreachable,
                operation: assume,
                code: None,
                message: said(cause),
            });
        }
    }
    None
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| <dyn Error>::source(*error))
}

/// An error with its causes on one line, each once: the SDK's own words are "dispatch failure" and the like, which nobody is helped by.
fn said(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in chain(error) {
        let text = safe::line(&cause.to_string()).into_owned();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use aws_sdk_sts::error::ErrorMetadata;
    use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;

    use super::*;

    fn answer(code: &str, message: &str) -> Failure {
        let metadata = ErrorMetadata::builder().code(code).message(message).build();
        let error = GetCallerIdentityError::generic(metadata);
        Failure::of("sts:GetCallerIdentity", SdkError::service_error(error, ()))
    }

    #[test]
    fn each_cause_has_its_code_and_the_words_of_aws() {
        for (given, code) in [
            ("ExpiredToken", &codes::NO_CREDENTIALS),
            ("InvalidClientTokenId", &codes::NO_CREDENTIALS),
            ("AccessDenied", &codes::DENIED),
            ("Throttling", &codes::FAILED),
            ("ValidationError", &codes::FAILED),
        ] {
            let problem = answer(given, "in words").into_diagnostic();
            assert_eq!(problem.code, code, "{given}");
            let said = format!("sts:GetCallerIdentity: {given}: in words");
            assert_eq!(problem.notes, [said]);
        }
        let cut = SdkError::<GetCallerIdentityError, ()>::timeout_error("too late");
        let problem = Failure::of("sts:GetCallerIdentity", cut).into_diagnostic();
        assert_eq!(problem.code, &codes::UNREACHABLE);
    }

    #[test]
    fn a_bucket_elsewhere_asks_for_its_region() {
        let problem = answer("PermanentRedirect", "use the specified endpoint").into_diagnostic();
        assert!(problem.help.is_some_and(|help| help.contains("AWS_REGION")));
    }

    #[test]
    fn what_aws_says_writes_no_escape_sequences() {
        let failure = answer("Odd", "a\x1b[2Jb\nc");
        assert!(!failure.to_string().contains(['\x1b', '\n']), "{failure}");
    }
}
