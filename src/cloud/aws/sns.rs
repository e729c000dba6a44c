//! Topics that people and programs are told through.

use aws_sdk_sns::Client;
use aws_sdk_sns::config::Builder;
use aws_sdk_sns::config::interceptors::InterceptorContext;
use aws_sdk_sns::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_sns::error::ProvideErrorMetadata;
use aws_sdk_sns::operation::publish::PublishError;

use crate::cloud::aws::{Aws, Failure, runtime};

/// SNS says `Throttled`, with status 429 (the API reference of `Publish`, "Errors"), where all others say `Throttling` or `ThrottlingException`: the SDK, which knows
/// the common codes and the statuses from 500 on, does not try again.
#[derive(Debug)]
struct Busy;

impl ClassifyRetry for Busy {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context
            .output_or_error()
            .and_then(Result::err)
            .and_then(|error| error.as_operation_error())
            .and_then(|error| error.downcast_ref::<PublishError>());
        match error.and_then(ProvideErrorMetadata::code) {
            Some("Throttled") => RetryAction::throttling_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "SNS is busy"
    }
}

/// Publishes a message. A subject has at most 100 characters of ASCII without control characters; others become spaces.
pub fn publish(aws: &Aws, topic: &str, subject: &str, message: &str) -> Result<(), Failure> {
    let subject: String = subject
        .chars()
        .map(|letter| match letter.is_ascii_graphic() {
            true => letter,
            false => ' ',
        })
        .take(100)
        .collect();
    let config = Builder::from(aws.config()).retry_classifier(Busy).build();
    let client = Client::from_conf(config);
    runtime::wait(async {
        let publish = client.publish().topic_arn(topic).message(message);
        let publish = publish.subject(subject.trim());
        let answer = publish.send().await;
        answer
            .map(|_| ())
            .map_err(|error| Failure::of("sns:Publish", error))
    })
}
