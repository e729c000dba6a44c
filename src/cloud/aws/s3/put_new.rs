//! An object where there is none.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;

use crate::cloud::aws::s3::{Bucket, code};
use crate::cloud::aws::{Cause, Failure, runtime};

/// How often it is tried. The waits between tries double.
const TRIES: u32 = 6;
/// The first wait.
const WAIT: Duration = Duration::from_millis(200);

type Refused = SdkError<PutObjectError>;

impl Bucket {
    /// Writes an object where there is none; `false`, and nothing changed, where there is one.
    ///
    /// Where S3 has written and its answer was lost, the next try finds an object. So the tries are made here, and not by the SDK, which
    /// would not say that there was one before; and what is found after such a try is ours where it has our content.
    pub fn put_new(&self, key: &str, content: &[u8]) -> Result<bool, Failure> {
        runtime::wait(async {
            let mut was_lost = false;
            let mut wait = WAIT;
            for last in (0..TRIES).map(|number| number + 1 == TRIES) {
                let Err(error) = self.try_new(key, content).await else {
                    return Ok(true);
                };
                // S3 answers two writers at once with 409 to one of them, who is to try again.
                let is_conflict = code(&error) == Some("ConditionalRequestConflict");
                if code(&error) == Some("PreconditionFailed") {
                    return Ok(was_lost && self.has(key, content).await?);
                }
                let is_lost = may_be_written(&error);
                let failure = Failure::of("s3:PutObject", error);
                if last || !(is_conflict || is_lost || failure.cause == Cause::Throttled) {
                    return Err(failure);
                }
                was_lost |= is_lost;
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            Ok(false)
        })
    }

    async fn try_new(&self, key: &str, content: &[u8]) -> Result<(), Refused> {
        let once = Builder::new().retry_config(RetryConfig::disabled());
        self.client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .if_none_match("*")
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .body(ByteStream::from(content.to_vec()))
            .customize()
            .config_override(once)
            .send()
            .await
            .map(|_| ())
    }

    /// Whether the object there has this content.
    async fn has(&self, key: &str, content: &[u8]) -> Result<bool, Failure> {
        let got = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key)
            .send()
            .await;
        let got = match got {
            Ok(got) => got,
            Err(error) if code(&error) == Some("NoSuchKey") => return Ok(false),
            Err(error) => return Err(Failure::of("s3:GetObject", error)),
        };
        let is_as_long = got
            .content_length()
            .and_then(|length| usize::try_from(length).ok());
        if is_as_long.is_some_and(|length| length != content.len()) {
            return Ok(false);
        }
        let there = got.body.collect().await.map_err(|error| Failure {
            cause: Cause::Unreachable,
            operation: "s3:GetObject",
            code: None,
            message: error.to_string(),
        })?;
        Ok(there.into_bytes() == content)
    }
}

/// Whether S3 may have written in spite of this: no answer came, or none that says what became of it.
fn may_be_written(error: &Refused) -> bool {
    match error {
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) | SdkError::ResponseError(_) => {
            true
        }
        SdkError::ServiceError(answer) => answer.raw().status().as_u16() >= 500,
        _ => false,
    }
}
