//! GitHub: the status of a commit, and one comment at a pull request.

use serde::Deserialize;
use serde_json::json;

use crate::cloud::github::request;
use crate::cloud::http::{Answer, Request};
use crate::cloud::tries::{Limits, send};
use crate::model::NotifyOn;
use crate::stage::notify::{News, short};
use crate::stage::record::Outcome;

/// GitHub takes so many characters as description of a status, and as the text of a comment.
const DESCRIPTION: usize = 140;
const COMMENT: usize = 65_000;
/// A comment further back than so many pages of fifty is not found again.
const PAGES: usize = 60;

/// The status of the commit.
pub fn status(api: &str, token: &str, context: &str, news: &News) -> Request {
    let state = match (news.on, news.outcome) {
        (NotifyOn::Approval, _) => "pending",
        (_, Some(outcome)) if outcome.is_good() => "success",
        (_, Some(Outcome::Failed | Outcome::TimedOut)) => "failure",
        _ => "error",
    };
    let mut body = json!({
        "state": state,
        "context": context,
        "description": short(&news.title, DESCRIPTION),
    });
    if let (Some(link), Some(object)) = (&news.link, body.as_object_mut()) {
        object.insert("target_url".to_owned(), json!(link));
    }
    let path = format!("/repos/{}/statuses/{}", news.repository, news.commit);
    request("POST", api, &path, token, &body.to_string())
}

/// A comment that is kept up to date.
#[derive(Clone, Debug)]
pub struct Comment {
    /// `owner/name`
    pub repository: String,
    /// The number of the pull request.
    pub number: u64,
    /// The pipeline, which the comment is found again by.
    pub pipeline: String,
    /// Its text, Markdown.
    pub text: String,
}

#[derive(Deserialize)]
struct Found {
    id: u64,
    body: Option<String>,
}

/// Writes the comment of a pipeline, or changes the one that there is.
pub fn keep_comment(
    api: &str,
    token: &str,
    comment: &Comment,
    limits: Limits,
) -> Result<(), String> {
    let marker = format!("<!-- aphex: {} -->", comment.pipeline);
    let body = format!("{marker}\n{}", short(&comment.text, COMMENT));
    let body = json!({ "body": body }).to_string();
    let comments = format!(
        "/repos/{}/issues/{}/comments",
        comment.repository, comment.number
    );
    let mut own = None;
    for page in 1..=PAGES {
        let path = format!("{comments}?per_page=50&page={page}");
        let answer = send(&request("GET", api, &path, token, ""), limits)?;
        let found: Vec<Found> = read(&answer)?;
        let is_last = found.len() < 50;
        let mut marked = found.into_iter().filter(|found| {
            let body = found.body.as_deref().unwrap_or_default();
            body.starts_with(&marker)
        });
        own = marked.next().map(|found| found.id);
        if own.is_some() || is_last {
            break;
        }
    }
    let request = match own {
        Some(id) => {
            let path = format!("/repos/{}/issues/comments/{id}", comment.repository);
            request("PATCH", api, &path, token, &body)
        }
        None => request("POST", api, &comments, token, &body),
    };
    send(&request, limits)?;
    Ok(())
}

fn read(answer: &Answer) -> Result<Vec<Found>, String> {
    serde_json::from_str(&answer.body).map_err(|_| "the answer is no list of comments".to_owned())
}
