//! Notifications.

use crate::eval::data::{Data, Node, Secret};
use crate::model::build::reader::{Reader, text};
use crate::model::{Notifier, Notify, NotifyOn};

/// Reads a `notify` block; `None` where how somebody is told has an error. A status at GitHub without a token of its own is set
/// with the credentials that the repository is checked out with.
pub(super) fn read(reader: &Reader<'_>, credentials: Option<&Secret>) -> Option<Notify> {
    let on = reader.texts("on");
    Some(Notify {
        name: reader.name(),
        on: on.iter().filter_map(|word| event(&word.value)).collect(),
        to: notifier(reader.node("to")?, credentials)?,
        message: reader.message("message"),
        span: reader.span(),
    })
}

fn event(word: &str) -> Option<NotifyOn> {
    match word {
        "failure" => Some(NotifyOn::Failure),
        "success" => Some(NotifyOn::Success),
        "recovered" => Some(NotifyOn::Recovered),
        "approval" => Some(NotifyOn::Approval),
        _ => None,
    }
}

fn notifier(node: &Node, credentials: Option<&Secret>) -> Option<Notifier> {
    let Data::Object(object) = &node.data else {
        return None;
    };
    let reader = Reader::new(object);
    match object.schema.as_str() {
        "Slack" => Some(Notifier::Slack {
            webhook: reader.secret("webhook")?,
            channel: reader.node("channel").and_then(text).map(|text| text.value),
        }),
        "Sns" => Some(Notifier::Sns {
            topic: reader.optional_text("topic")?,
        }),
        "Webhook" => Some(Notifier::Webhook {
            url: reader.optional_text("url")?,
            secret: reader.secret("secret"),
        }),
        "GithubStatus" => Some(Notifier::GithubStatus {
            token: reader.secret("token").or_else(|| credentials.cloned())?,
            context: reader.text("context").value,
        }),
        _ => None,
    }
}
