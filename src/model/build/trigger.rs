//! What starts a pipeline.

use crate::model::build::reader::Reader;
use crate::model::{Event, Forks, Input, Trigger};
use crate::source::{Span, Spanned};

/// The triggers of a pipeline, in order; without any, pushes and pull requests to `main`. One with an
/// error is left out: what is left of its filters would match something else.
pub(super) fn all(pipeline: &Reader<'_>) -> Vec<Trigger> {
    let written: Vec<Trigger> = pipeline
        .blocks("on")
        .filter_map(|block| read(&block))
        .collect();
    if pipeline.block("on").is_some() {
        return written;
    }
    default_triggers(pipeline.object.name_span)
}

fn read(reader: &Reader<'_>) -> Option<Trigger> {
    let (name, event) = match reader.object.schema.as_str() {
        "Push" => (
            "push",
            Event::Push {
                branches: reader.texts("branches"),
                paths: reader.texts("paths"),
                skip_message: reader.optional_text("skip_message"),
            },
        ),
        "PullRequest" => (
            "pull_request",
            Event::PullRequest {
                branches: reader.texts("branches"),
                paths: reader.texts("paths"),
                drafts: reader.bool("drafts"),
                forks: reader.choice("forks", Forks::Never, &[("approved", Forks::Approved)]),
                skip_authors: reader.texts("skip_authors"),
                comment: reader.bool("comment"),
                role: reader.optional_text("role"),
            },
        ),
        "Tag" => (
            "tag",
            Event::Tag {
                matches: reader.texts("match"),
            },
        ),
        "Release" => (
            "release",
            Event::Release {
                prereleases: reader.bool("prereleases"),
            },
        ),
        "Schedule" => (
            "schedule",
            Event::Schedule {
                cron: reader.text("cron"),
                timezone: reader.text("timezone"),
            },
        ),
        _ => return None,
    };
    let deploy = match event {
        Event::PullRequest { .. } => None,
        _ => reader.refs("deploy"),
    };
    let trigger = Trigger {
        event,
        deploy,
        span: reader.span(),
        name: Spanned::new(name.to_owned(), reader.object.name_span),
    };
    (!reader.partial()).then_some(trigger)
}

/// As `on push {}` and `on pull_request {}` would be; a test compares the two.
fn default_triggers(span: Span) -> Vec<Trigger> {
    let text = |value: &str| Spanned::new(value.to_owned(), span);
    let push = Event::Push {
        branches: vec![text("main")],
        paths: vec![text("**")],
        skip_message: None,
    };
    let pull_request = Event::PullRequest {
        branches: vec![text("main")],
        paths: vec![text("**")],
        drafts: true,
        forks: Forks::Never,
        skip_authors: Vec::new(),
        comment: false,
        role: None,
    };
    [("push", push), ("pull_request", pull_request)]
        .into_iter()
        .map(|(name, event)| Trigger {
            event,
            deploy: None,
            span,
            name: text(name),
        })
        .collect()
}

/// Reads an input.
pub(super) fn input(reader: &Reader<'_>) -> Input {
    Input {
        name: reader.name(),
        default: reader.optional_text("default"),
        choices: reader.texts("choices"),
        pattern: reader.optional_text("pattern"),
        help: reader.optional_text("help"),
        span: reader.span(),
    }
}
