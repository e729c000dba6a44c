//! Anything that takes JSON.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::cloud::http::Request;
use crate::stage::notify::News;

/// A message for a program, signed where there is a secret: `X-Aphex-Signature-256` is the HMAC-SHA256 of the time in
/// `X-Aphex-Timestamp`, a dot and the body.
pub fn webhook(url: &str, secret: Option<&str>, news: &News) -> Request {
    let body = json!({
        "version": 1,
        "event": news.word(),
        "outcome": news.outcome,
        "pipeline": news.pipeline,
        "repository": news.repository,
        "commit": news.commit,
        "run": news.run,
        "title": news.title,
        "text": news.text(),
        "url": news.link,
    })
    .to_string();
    let mut headers = vec![
        ("Content-Type", "application/json".to_owned()),
        ("X-Aphex-Event", news.word().to_owned()),
        ("X-Aphex-Delivery", format!("{}-{}", news.run, news.word())),
        ("X-Aphex-Timestamp", news.at.to_string()),
    ];
    if let Some(secret) = secret
        && let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
    {
        mac.update(format!("{}.{body}", news.at).as_bytes());
        let digest = mac.finalize().into_bytes();
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        headers.push(("X-Aphex-Signature-256", format!("sha256={digest}")));
    }
    Request {
        method: "POST",
        url: url.to_owned(),
        headers,
        body,
    }
}
