//! Slack's incoming webhooks.

use serde_json::json;

use crate::cloud::http::Request;
use crate::stage::notify::{News, short};

/// Slack's limits for the text of a header and of a section (Block Kit reference).
const HEADER: usize = 150;
const SECTION: usize = 3000;

/// A message with a title, what there is to say, and a link.
pub fn slack(webhook: &str, channel: Option<&str>, news: &News) -> Request {
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": short(&news.title, HEADER), "emoji": false },
    })];
    if !news.lines.is_empty() {
        let text = within(&news.lines.join("\n"));
        blocks.push(json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } }));
    }
    let commit = short(&news.commit, 8);
    let mut context = format!(
        "{} at {}, run {}",
        escaped(&news.repository),
        commit.trim_end_matches('…'),
        escaped(&news.run)
    );
    if let Some(link) = &news.link {
        context = format!("{context} · <{}|open the run>", escaped(link));
    }
    blocks.push(
        json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": context, "verbatim": true }] }),
    );
    let mut message = json!({ "text": escaped(&news.title), "blocks": blocks });
    if let (Some(channel), Some(object)) = (channel, message.as_object_mut()) {
        object.insert("channel".to_owned(), json!(channel));
    }
    Request {
        method: "POST",
        url: webhook.trim().to_owned(),
        headers: vec![("Content-Type", "application/json".to_owned())],
        body: message.to_string(),
    }
}

/// Escaped, and within what a section may have.
fn within(text: &str) -> String {
    let mut most = SECTION;
    loop {
        let escaped = escaped(&short(text, most));
        if escaped.chars().count() <= SECTION || most == 0 {
            return escaped;
        }
        most /= 2;
    }
}

/// The three characters that mean something to Slack: with them `<!channel>` would call everybody.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
