//! One request, one answer. Of a request the name of its host alone is ever part of an error: addresses and headers hold secrets.

use std::error::Error;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ureq::http;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::cloud::roots;

/// So much of an answer is read; what anybody needs of one is shorter.
const LARGEST: u64 = 8 << 20;

/// A request. Redirects are not followed: they would take the secrets along.
#[derive(Clone)]
pub struct Request {
    /// `GET`, `POST`, `PATCH`.
    pub method: &'static str,
    /// Where to.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// Sent where it is not empty.
    pub body: String,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// 200 and so on.
    pub status: u16,
    /// How long to wait before another try, where the server says so.
    pub retry_after: Option<Duration>,
    /// Its beginning, as text.
    pub body: String,
}

/// The authorities that are trusted, and ring for the rest.
static TLS: LazyLock<TlsConfig> = LazyLock::new(|| {
    let roots = roots::all()
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    TlsConfig::builder()
        .root_certs(RootCerts::from(roots.collect::<Vec<_>>()))
        .unversioned_rustls_crypto_provider(provider)
        .build()
});

/// Sends it, within a time. The error is which host has not answered, and why.
pub fn send(request: &Request, within: Duration) -> Result<Answer, String> {
    if !is_safe(&request.url) {
        return Err("the address is not one of HTTPS".to_owned());
    }
    let config = Agent::config_builder()
        .tls_config(TLS.clone())
        .timeout_global(Some(within))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .user_agent(concat!("aphex/", env!("CARGO_PKG_VERSION")))
        .build();
    let mut builder = http::Request::builder()
        .method(request.method)
        .uri(&request.url);
    for (name, value) in &request.headers {
        builder = builder.header(*name, value);
    }
    let host = request.url.parse::<http::Uri>().ok();
    let host = host.as_ref().and_then(http::Uri::host).unwrap_or("?");
    let failed = |error: ureq::Error| format!("`{host}`: {}", said(&error));
    let agent = Agent::new_with_config(config);
    let sent = match request.method {
        "GET" => builder
            .body(())
            .map_err(|_| malformed())
            .and_then(|request| agent.run(request).map_err(failed)),
        _ => builder
            .body(request.body.as_str())
            .map_err(|_| malformed())
            .and_then(|request| agent.run(request).map_err(failed)),
    };
    let mut answer: http::Response<Body> = sent?;
    let status = answer.status().as_u16();
    let retry_after = answer.headers().get("retry-after");
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
    // Whether it was taken the status says already.
    let body = body.unwrap_or_default();
    Ok(Answer {
        status,
        retry_after: retry_after.map(Duration::from_secs),
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// HTTPS, or a server of this very machine.
fn is_safe(url: &str) -> bool {
    let local = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    url.starts_with("https://") || local.iter().any(|start| url.starts_with(start))
}

fn malformed() -> String {
    "the address is malformed".to_owned()
}

fn said(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "the server's name is not known".to_owned(),
        ureq::Error::ConnectionFailed => "the server does not take the connection".to_owned(),
        ureq::Error::Io(error) => chain(error),
        ureq::Error::Rustls(error) => format!("TLS: {error}"),
        ureq::Error::BadUri(_) => malformed(),
        _ => "what answers is no HTTP server, or says too much".to_owned(),
    }
}

/// An error and what is behind it. The kind of one alone may be "uncategorized".
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let more = error.to_string();
        // Many an error repeats the one behind it.
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn req_8_5_why_a_host_does_not_answer_is_said_without_its_address() {
        let lookup =
            io::Error::other("failed to lookup address information: Name or service not known");
        assert_eq!(
            said(&ureq::Error::Io(lookup)),
            "failed to lookup address information: Name or service not known"
        );
        let request = Request {
            method: "GET",
            // The port of nobody.
            url: "http://localhost:1/services/secret?token=secret".to_owned(),
            headers: Vec::new(),
            body: String::new(),
        };
        let why = send(&request, Duration::from_secs(5)).unwrap_err();
        assert!(why.starts_with("`localhost`: "), "{why}");
        assert!(!why.contains("secret"), "{why}");
    }
}
