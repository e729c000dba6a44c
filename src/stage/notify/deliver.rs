//! Sending: several tries, for a while.

use std::thread;
use std::time::{Duration, Instant};

use crate::cloud::aws::{Access, Aws, sns};
use crate::cloud::http::{self, Answer, Request};
use crate::stage::notify::github::{Comment, keep_comment};

/// How long it may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One try.
    pub call: Duration,
    /// All of them.
    pub total: Duration,
    /// The wait after the first; each further one is twice as long.
    pub wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            call: Duration::from_secs(10),
            total: Duration::from_secs(45),
            wait: Duration::from_secs(1),
        }
    }
}

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
        Parcel::Http(request) => tried(request, limits).map(|_| ()),
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

/// Sends a request until it is taken, is refused for good, or time is over.
pub(super) fn tried(request: &Request, limits: Limits) -> Result<Answer, String> {
    let began = Instant::now();
    let mut wait = limits.wait;
    loop {
        let left = limits.total.saturating_sub(began.elapsed());
        let (problem, pause) = match http::send(request, limits.call.min(left)) {
            Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer),
            Ok(answer) => {
                let problem = format!("the server answered {}", answer.status);
                let is_busy = answer.status == 429 || answer.status == 408 || answer.status >= 500;
                if !is_busy {
                    return Err(problem);
                }
                (problem, answer.retry_after.unwrap_or(wait).max(wait))
            }
            Err(problem) => (problem, wait),
        };
        if began.elapsed() + pause >= limits.total {
            return Err(problem);
        }
        thread::sleep(pause);
        wait *= 2;
    }
}
