//! A request, several times, for a while.

use std::thread;
use std::time::{Duration, Instant};

use crate::cloud::http::{self, Answer, Request};

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

/// Why a request was not taken.
#[derive(Clone, Debug)]
pub struct Refused {
    /// In words that hold nothing of the request or the answer.
    pub problem: String,
    /// What the server answered, which may repeat what it was asked; empty where it did not answer.
    pub body: String,
    /// The status of that answer.
    pub status: Option<u16>,
}

impl From<Refused> for String {
    fn from(refused: Refused) -> String {
        refused.problem
    }
}

impl Refused {
    /// Whether it may be taken in a while: there was no answer, or one of a server that is busy or has a fault.
    pub fn may_pass(&self) -> bool {
        self.status
            .is_none_or(|status| status == 429 || status == 408 || status >= 500)
    }

    fn unanswered(problem: String) -> Refused {
        let body = String::new();
        Refused {
            problem,
            body,
            status: None,
        }
    }
}

/// Sends a request until it is taken, is refused for good, or time is over.
pub fn send(request: &Request, limits: Limits) -> Result<Answer, Refused> {
    let began = Instant::now();
    let mut wait = limits.wait;
    loop {
        let left = limits.total.saturating_sub(began.elapsed());
        let (problem, pause) = match http::send(request, limits.call.min(left)) {
            Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer),
            Ok(answer) => {
                let status = answer.status;
                let refused = Refused {
                    problem: format!("the server answered {status}"),
                    body: answer.body,
                    status: Some(status),
                };
                if !refused.may_pass() {
                    return Err(refused);
                }
                (refused, answer.retry_after.unwrap_or(wait).max(wait))
            }
            Err(problem) => (Refused::unanswered(problem), wait),
        };
        if began.elapsed() + pause >= limits.total {
            return Err(problem);
        }
        thread::sleep(pause);
        wait *= 2;
    }
}
