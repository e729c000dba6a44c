//! GitHub's API: what every request has, and the tokens of GitHub Apps.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::SigningKey;
use serde::Deserialize;
use serde_json::json;

use crate::cloud::http::Request;
use crate::cloud::tries::{Limits, send};

/// Where it is; `GITHUB_API_URL` names that of an enterprise.
pub fn api() -> String {
    let other = std::env::var("GITHUB_API_URL");
    other.unwrap_or_else(|_| "https://api.github.com".to_owned())
}

/// A request to it, with a token.
pub fn request(method: &'static str, api: &str, path: &str, token: &str, body: &str) -> Request {
    let mut headers = vec![
        ("Accept", "application/vnd.github+json".to_owned()),
        ("Authorization", format!("Bearer {}", token.trim())),
        ("X-GitHub-Api-Version", "2022-11-28".to_owned()),
    ];
    if !body.is_empty() {
        headers.push(("Content-Type", "application/json".to_owned()));
    }
    Request {
        method,
        url: format!("{}{path}", api.trim_end_matches('/')),
        headers,
        body: body.to_owned(),
    }
}

/// What a GitHub App proves itself with. It is not shown by `Debug`, since it holds a key.
pub struct App<'a> {
    /// Its number, or its client ID.
    pub id: &'a str,
    /// The number of its installation for an organisation or a user.
    pub installation: &'a str,
    /// Its private key, RSA, as PEM.
    pub key: &'a str,
}

/// Something a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// To read what repositories hold.
    Read,
    /// To set the status of a commit.
    Status,
    /// To comment at a pull request.
    Comment,
    /// To see who is a member of a team.
    Members,
}

impl Right {
    /// As GitHub knows it ("Permissions required for GitHub Apps").
    fn permission(self) -> (&'static str, &'static str) {
        match self {
            Right::Read => ("contents", "read"),
            Right::Status => ("statuses", "write"),
            Right::Comment => ("pull_requests", "write"),
            Right::Members => ("members", "read"),
        }
    }
}

#[derive(Deserialize)]
struct Issued {
    token: String,
}

/// Why there is no token.
#[derive(Clone, Debug)]
pub struct NoToken {
    /// In words that hold nothing of the key.
    pub why: String,
    /// Whether there may be one in a while.
    pub may_pass: bool,
}

/// A token for everything that the App is installed for, with one right. It lasts an hour.
pub fn token(api: &str, app: &App<'_>, right: Right, limits: Limits) -> Result<String, NoToken> {
    let never = |why: String| NoToken {
        why,
        may_pass: false,
    };
    let now = Timestamp::now().as_second();
    let proof = proof(app, now).map_err(never)?;
    let (name, value) = right.permission();
    let body = json!({ "permissions": { name: value } }).to_string();
    let path = format!("/app/installations/{}/access_tokens", app.installation);
    let answer = send(&request("POST", api, &path, &proof, &body), limits);
    let answer = answer.map_err(|refused| {
        let why = message(&refused.body).map_or(String::new(), |message| format!(": {message}"));
        NoToken {
            why: format!("GitHub gave the App no token: {}{why}", refused.problem),
            may_pass: refused.may_pass(),
        }
    })?;
    let issued: Issued = serde_json::from_str(&answer.body).map_err(|_| {
        never("GitHub answered the App with something else than a token".to_owned())
    })?;
    match !issued.token.is_empty() && issued.token.chars().all(|c| c.is_ascii_graphic()) {
        true => Ok(issued.token),
        false => Err(never("GitHub gave the App a token that is none".to_owned())),
    }
}

/// Whether a user is a member of a team. GitHub answers 404 for who is none, and for a team that the token may not see (`read:org`, or `members: read` of
/// an App); so the team itself is asked for first. The error says in words why it does not tell.
pub fn is_member(
    api: &str,
    token: &str,
    org: &str,
    team: &str,
    user: &str,
    limits: Limits,
) -> Result<bool, String> {
    let ask = |path: &str| send(&request("GET", api, path, token, ""), limits);
    let path = format!("/orgs/{org}/teams/{team}");
    ask(&path).map_err(|refused| match refused.status {
        Some(401 | 403 | 404) => format!(
            "the token may not see the team `{org}/{team}`, or there is none: it needs `read:org`"
        ),
        _ => refused.problem,
    })?;
    #[derive(Deserialize)]
    struct Membership {
        state: String,
    }
    match ask(&format!("{path}/memberships/{user}")) {
        Ok(answer) => {
            // One who is invited has not said yes.
            let membership: Option<Membership> = serde_json::from_str(&answer.body).ok();
            Ok(membership.is_some_and(|membership| membership.state == "active"))
        }
        Err(refused) if refused.status == Some(404) => Ok(false),
        Err(refused) => Err(refused.problem),
    }
}

/// Why GitHub refused something, in its own words.
fn message(body: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    let words = body.get("message")?.as_str()?;
    let clean = words.chars().filter(|c| !c.is_control()).take(200);
    Some(clean.collect())
}

/// A JSON web token, good for nine minutes from `now` in seconds since 1970. It begins a minute ago, for clocks that differ
/// (GitHub, "Generating a JSON Web Token (JWT) for a GitHub App").
fn proof(app: &App<'_>, now: i64) -> Result<String, String> {
    let encoded = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = encoded(json!({ "alg": "RS256", "typ": "JWT" }));
    let claims = encoded(json!({ "iat": now - 60, "exp": now + 540, "iss": app.id }));
    let signed = format!("{header}.{claims}");
    let signer = key(app.key)?
        .choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])
        .ok_or_else(|| "the private key of a GitHub App is one of RSA".to_owned())?;
    let signature = signer
        .sign(signed.as_bytes())
        .map_err(|_| "the private key of the GitHub App signs nothing".to_owned())?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn key(pem: &str) -> Result<Arc<dyn SigningKey>, String> {
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes());
    let key = key.map_err(|_| "what it holds is no private key in PEM".to_owned())?;
    any_supported_type(&key).map_err(|_| "the private key cannot be read".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_none_is_told_without_showing_it() {
        for key in [
            "",
            "c2VjcmV0",
            "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n",
        ] {
            let app = App {
                id: "1",
                installation: "2",
                key,
            };
            let problem = proof(&app, 0).unwrap_err();
            assert!(!problem.contains("c2VjcmV0"), "{problem}");
        }
    }
}
