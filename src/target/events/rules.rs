//! What each trigger of the file means in terms of GitHub's events.
//!
//! Shapes of the payloads: docs.github.com, "Webhook events and payloads".

use crate::graph::Graph;
use crate::model::{Event, Forks, Pipeline, Text, Trigger};
use crate::source::Span;
use crate::target::argo::entry_object_name;
use crate::target::events::filters::{Filter, data, is_false, not, one_of};
use crate::target::events::patterns::{self, any_of, holds};
use crate::target::names::Taken;

/// One dependency of the Sensor, and what it starts.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name: `push`, `pull-request-approved`.
    pub name: String,
    /// The event, as GitHub calls it.
    pub github: &'static str,
    /// What a run is told the event was.
    pub event: &'static str,
    /// What must hold of it.
    pub filters: Vec<Filter>,
    /// The WorkflowTemplate.
    pub entry: String,
    /// Where the commit is in the event; `None`: it must be looked up.
    pub commit: Option<&'static str>,
    /// The Git reference, as a template over the event.
    pub reference: &'static str,
    /// Where the number of the pull request is.
    pub pull_request: Option<&'static str>,
    /// What is looked at before anything starts.
    pub paths: Option<Paths>,
    /// The trigger.
    pub span: Span,
}

/// Changed files that matter.
#[derive(Clone, Debug)]
pub struct Paths {
    /// Patterns, as in the file.
    pub patterns: Vec<String>,
    /// Where the commit is that a change is compared with.
    pub base: &'static str,
    /// Whether it is compared with where the two part (a pull request), not with the commit itself.
    pub from_fork_point: bool,
}

impl Rule {
    /// Whether a run starts by way of the start template.
    pub fn by_start(&self) -> bool {
        self.commit.is_none() || self.paths.is_some()
    }
}

/// Those of a pipeline, in order. Schedules are none: no event starts them.
pub fn of(pipeline: &Pipeline, graph: &Graph<'_>) -> Vec<Rule> {
    let mut taken = Taken::default();
    let mut rules = Vec::new();
    for (index, trigger) in pipeline.triggers.iter().enumerate() {
        let Some(entry) = graph.entry_of_trigger(index) else {
            continue;
        };
        let entry = entry_object_name(pipeline, entry);
        for mut rule in rules_of(pipeline, trigger, &entry) {
            rule.name = taken.take(&rule.name);
            rules.push(rule);
        }
    }
    rules
}

fn rules_of(pipeline: &Pipeline, trigger: &Trigger, entry: &str) -> Vec<Rule> {
    let repository = any_of(std::iter::once(&*pipeline.repository.value));
    let ours = data(
        "body.repository.full_name",
        std::slice::from_ref(&repository),
    );
    let rule = |name: &str, github, event| Rule {
        name: name.to_owned(),
        github,
        event,
        filters: vec![one_of("body.X-GitHub-Event", &[github]), ours.clone()],
        entry: entry.to_owned(),
        commit: None,
        reference: "",
        pull_request: None,
        paths: None,
        span: trigger.span,
    };
    match &trigger.event {
        Event::Push {
            branches,
            paths: changed,
            skip_message,
        } => {
            let mut push = rule("push", "push", "push");
            push.filters.push(is_false("body.deleted"));
            let branch = patterns::filter(branches, "body.ref", "refs/heads/", "ref");
            push.filters.push(branch);
            if let Some(text) = skip_message {
                push.filters
                    .push(not("body.head_commit.message", holds(&text.value)));
            }
            push.commit = Some("body.after");
            push.reference = "{{ .Input.body.ref | b64enc }}";
            push.paths = paths(changed, "body.before", false);
            vec![push]
        }
        Event::Tag { matches } => {
            let mut tag = rule("tag", "push", "tag");
            tag.filters.push(is_false("body.deleted"));
            let name = patterns::filter(matches, "body.ref", "refs/tags/", "ref");
            tag.filters.push(name);
            // `after` is the object of an annotated tag, not its commit.
            tag.commit = Some("body.head_commit.id");
            tag.reference = "{{ .Input.body.ref | b64enc }}";
            vec![tag]
        }
        Event::Release { prereleases } => {
            let mut release = rule("release", "release", "release");
            // `released` is also said when a pre-release becomes a release; `published` of both.
            let action = if *prereleases {
                "published"
            } else {
                "released"
            };
            release.filters.push(one_of("body.action", &[action]));
            release.filters.push(is_false("body.release.draft"));
            release.reference =
                "{{ printf \"refs/tags/%s\" .Input.body.release.tag_name | b64enc }}";
            vec![release]
        }
        Event::PullRequest { .. } => {
            let opened = rule("pull-request", "pull_request", "pull_request");
            let reviewed = rule(
                "pull-request-approved",
                "pull_request_review",
                "pull_request",
            );
            pull_requests(trigger, &repository, opened, reviewed)
        }
        Event::Schedule { .. } => Vec::new(),
    }
}

fn pull_requests(
    trigger: &Trigger,
    repository: &str,
    mut opened: Rule,
    mut reviewed: Rule,
) -> Vec<Rule> {
    let Event::PullRequest {
        branches,
        paths: changed,
        drafts,
        forks,
        skip_authors,
        ..
    } = &trigger.event
    else {
        return Vec::new();
    };
    let mut both = vec![patterns::filter(
        branches,
        "body.pull_request.base.ref",
        "",
        "base",
    )];
    if !drafts {
        both.push(is_false("body.pull_request.draft"));
    }
    if !skip_authors.is_empty() {
        let authors = any_of(skip_authors.iter().map(|author| &*author.value));
        both.push(not("body.pull_request.user.login", authors));
    }
    let source = "body.pull_request.head.repo.full_name";
    let mut actions = vec!["opened", "reopened", "synchronize"];
    if !drafts {
        actions.push("ready_for_review");
    }
    opened.filters.extend(both.iter().cloned());
    opened.filters.push(data(source, &[repository.to_owned()]));
    opened.commit = Some("body.pull_request.head.sha");
    opened.reference = "{{ printf \"refs/heads/%s\" .Input.body.pull_request.head.ref | b64enc }}";
    opened.pull_request = Some("body.pull_request.number");
    opened.paths = paths(changed, "body.pull_request.base.sha", true);
    // Another branch that it is for: one of the title or the text says nothing of `base`.
    let mut moved = Rule {
        name: format!("{}-moved", opened.name),
        ..opened.clone()
    };
    moved.filters.push(one_of("body.action", &["edited"]));
    moved
        .filters
        .push(data("body.changes.base.ref.from", &["^.+$".to_owned()]));
    opened.filters.push(one_of("body.action", &actions));
    if *forks == Forks::Never {
        return vec![opened, moved];
    }
    // The commit that was looked at, whatever has been pushed since. A fork's branch is none of this repository's.
    reviewed.filters.extend([
        one_of("body.action", &["submitted"]),
        one_of("body.review.state", &["approved"]),
        one_of(
            "body.review.author_association",
            &["OWNER", "MEMBER", "COLLABORATOR"],
        ),
    ]);
    reviewed.filters.extend(both);
    reviewed.filters.push(not(source, repository.to_owned()));
    reviewed.commit = Some("body.review.commit_id");
    reviewed.reference =
        "{{ printf \"refs/pull/%d/head\" (.Input.body.pull_request.number | int64) | b64enc }}";
    reviewed.pull_request = Some("body.pull_request.number");
    reviewed.paths = paths(changed, "body.pull_request.base.sha", true);
    vec![opened, moved, reviewed]
}

/// `None` where every file matters.
fn paths(list: &[Text], base: &'static str, from_fork_point: bool) -> Option<Paths> {
    let all = list.iter().all(|pattern| pattern.value == "**");
    (!all).then(|| Paths {
        patterns: list.iter().map(|pattern| pattern.value.clone()).collect(),
        base,
        from_fork_point,
    })
}
