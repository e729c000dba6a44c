//! Sending: several tries, for a while.

use std::thread;

use crate::cloud::aws::{Access, Aws, sns};
use crate::cloud::http::Request;
use crate::cloud::tries::{Limits, send};
use crate::stage::notify::github::{Comment, keep_comment};

/// What is to be sent.
pub enum Parcel {
    /// By HTTPS.
    Http(Request),
    /// To an SNS topic.
    Sns {
        /// Its ARN.
        topic: String,
        /// The subject of a mail.
        subject: String,
        /// The text.
        message: String,
    },
    /// As a comment at a pull request.
    Comment {
        /// GitHub's API.
        api: String,
        /// The token.
        token: String,
        /// What.
        comment: Comment,
    },
}

/// Sends all of them side by side, so that none waits for another; why each was not delivered, in their order.
pub fn deliver(parcels: &[Parcel], limits: Limits) -> Vec<Result<(), String>> {
    thread::scope(|scope| {
        let sent: Vec<_> = parcels
            .iter()
            .map(|parcel| scope.spawn(move || one(parcel, limits)))
            .collect();
        sent.into_iter()
            .map(|sent| {
                sent.join()
                    .unwrap_or_else(|_| Err("Aphex failed".to_owned()))
            })
            .collect()
    })
}

fn one(parcel: &Parcel, limits: Limits) -> Result<(), String> {
    match parcel {
        Parcel::Http(request) => {
            send(request, limits)?;
            Ok(())
        }
        Parcel::Sns {
            topic,
            subject,
            message,
        } => {
            // arn:aws:sns:eu-central-1:111122223333:topic
            let access = Access {
                region: topic.split(':').nth(3).map(str::to_owned),
                limit: Some(limits.total),
                ..Access::default()
            };
            let sent =
                Aws::new(&access).and_then(|aws| sns::publish(&aws, topic, subject, message));
            sent.map_err(|failure| failure.to_string())
        }
        Parcel::Comment {
            api,
            token,
            comment,
        } => keep_comment(api, token, comment, limits),
    }
}
