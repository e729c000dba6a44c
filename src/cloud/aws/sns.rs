//! Topics that people and programs are told through.

use aws_sdk_sns::Client;

use crate::cloud::aws::{Aws, Failure, runtime};

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
    let client = Client::new(aws.config());
    runtime::wait(async {
        let publish = client.publish().topic_arn(topic).message(message);
        let publish = publish.subject(subject.trim());
        let answer = publish.send().await;
        answer
            .map(|_| ())
            .map_err(|error| Failure::of("sns:Publish", error))
    })
}
