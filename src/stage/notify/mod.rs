//! Telling people and programs what became of a run, and that it waits for them (8.5).
//!
//! What is sent is made here, pure; [`deliver`] sends it. Everything is tried on its own, for a while, and no failure changes
//! anything but the log.

mod deliver;
mod github;
mod slack;
mod webhook;

use crate::model::NotifyOn;
use crate::stage::record::Outcome;

pub use deliver::{Parcel, deliver};
pub use github::{Comment, keep_comment, status};
pub use slack::slack;
pub use webhook::webhook;

/// What there is to tell.
#[derive(Clone, Debug)]
pub struct News {
    /// Which kind.
    pub on: NotifyOn,
    /// How it ended; absent where it waits for a person.
    pub outcome: Option<Outcome>,
    /// The pipeline.
    pub pipeline: String,
    /// `owner/name` at GitHub.
    pub repository: String,
    /// The commit.
    pub commit: String,
    /// The run.
    pub run: String,
    /// One line: `shop: dev failed`.
    pub title: String,
    /// More lines: what failed and why, or what is asked.
    pub lines: Vec<String>,
    /// Where the run can be looked at.
    pub link: Option<String>,
    /// Seconds since 1970.
    pub at: i64,
}

impl News {
    /// As a program knows the kind.
    pub fn word(&self) -> &'static str {
        match self.on {
            NotifyOn::Failure => "failure",
            NotifyOn::Success => "success",
            NotifyOn::Recovered => "recovered",
            NotifyOn::Approval => "approval",
        }
    }

    /// As plain text.
    pub fn text(&self) -> String {
        let mut text = self.title.clone();
        for line in &self.lines {
            text.push('\n');
            text.push_str(line);
        }
        if let Some(link) = &self.link {
            text.push('\n');
            text.push_str(link);
        }
        text
    }
}

/// The beginning of a text, in at most so many characters.
fn short(text: &str, most: usize) -> String {
    match text.chars().count() > most {
        false => text.to_owned(),
        true => {
            let kept: String = text.chars().take(most.saturating_sub(1)).collect();
            format!("{kept}…")
        }
    }
}
