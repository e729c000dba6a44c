//! Who is told of a run.

use crate::model::{Message, Text};
use crate::source::{Span, Spanned};

/// Who is told what.
#[derive(Clone, Debug, PartialEq)]
pub struct Notify {
    /// Its label.
    pub name: Text,
    /// When.
    pub on: Vec<NotifyOn>,
    /// Whom.
    pub to: Notifier,
    /// What, in place of the default text.
    pub message: Option<Spanned<Message>>,
    /// The block.
    pub span: Span,
}

/// When somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotifyOn {
    /// A run failed.
    Failure,
    /// A run succeeded.
    Success,
    /// A run succeeded after one that failed.
    Recovered,
    /// An approval waits.
    Approval,
}

/// How somebody is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Notifier {
    /// A Slack incoming webhook.
    Slack {
        /// Its URL.
        webhook: crate::eval::data::Secret,
        /// Another channel.
        channel: Option<String>,
    },
    /// An SNS topic by ARN.
    Sns {
        /// Its ARN.
        topic: Text,
    },
    /// Any HTTP receiver; signed with HMAC where a secret is given.
    Webhook {
        /// Its URL.
        url: Text,
        /// Signs the body.
        secret: Option<crate::eval::data::Secret>,
    },
    /// The commit's status at GitHub.
    GithubStatus {
        /// The token.
        token: crate::eval::data::Secret,
        /// The status' context.
        context: String,
    },
}
