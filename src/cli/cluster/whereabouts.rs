//! Where a pipeline's things are, and what is left to do at GitHub (11.4, 11.5).

use crate::diagnostics::{Paint, Role, safe};
use crate::graph;
use crate::model::{Expose, Pipeline};
use crate::stage::apply::Facts;
use crate::target::events::{WEBHOOK_KEY, github_events, webhook_secret_name, webhook_url};

/// In lines.
pub fn text(pipeline: &Pipeline, facts: &Facts, paint: Paint) -> String {
    let (name, namespace) = (&pipeline.name.value, &pipeline.namespace.value);
    let head = |text: &str| format!("\n{}\n", paint.paint(Role::Strong, text));
    let line = |what: &str, value: &str| format!("  {what:<18}{}\n", safe::line(value));
    let mut text = head(&format!("where {name} is"));
    text.push_str(&line("cluster", &pipeline.cluster.value));
    text.push_str(&line("namespace", namespace));
    text.push_str(&line("store", facts.store.as_deref().unwrap_or("none")));
    for (account, role) in &facts.roles {
        text.push_str(&line(&format!("{} role", account.word()), role));
    }
    let events = github_events(pipeline, &graph::build(pipeline));
    if let Some(ui) = &pipeline.argo_ui {
        text.push_str(&line("runs", &ui.value));
    }
    if !events.is_empty() {
        let secret = webhook_secret_name(name);
        text.push_str(&line("webhook", &webhook_url(pipeline)));
        text.push_str(&line(
            "its secret",
            &format!("Secret {secret}, key {WEBHOOK_KEY}"),
        ));
        text.push_str(&at_github(pipeline, &events, &secret, &head, &line));
    }
    text.push_str(&head("next"));
    text.push_str(
        "  aphex check --preflight    whether the accounts of the file can be deployed to\n",
    );
    text.push_str(match events.is_empty() {
        true => "  aphex plan                 what another version of the file would change\n",
        false => "  git push                   starts the first run\n",
    });
    text
}

fn at_github(
    pipeline: &Pipeline,
    events: &[&str],
    secret: &str,
    head: &dyn Fn(&str) -> String,
    line: &dyn Fn(&str, &str) -> String,
) -> String {
    let namespace = &pipeline.namespace.value;
    let settings = format!(
        "https://github.com/{}/settings/hooks",
        pipeline.repository.value
    );
    let token = match &pipeline.expose {
        Expose::Ingress { token, .. } | Expose::Gateway { token, .. } => token.as_ref(),
        Expose::None => None,
    };
    if let Some(token) = token {
        let mut text = head("at GitHub");
        text.push_str(&format!(
            "  Argo Events registers the webhook by itself, with the token in Secret {}; it is then at\n  {settings}\n",
            token.name
        ));
        return text;
    }
    let mut text = head(&format!("at GitHub, {settings}/new"));
    let address = match &pipeline.expose {
        Expose::None => {
            "where you lead the address above to from outside, the same path".to_owned()
        }
        _ => webhook_url(pipeline),
    };
    text.push_str(&line("Payload URL", &address));
    text.push_str(&line("Content type", "application/json"));
    text.push_str(&line(
        "Secret",
        &format!("what this prints: kubectl get secret {secret} --namespace {namespace} --output jsonpath='{{.data.{WEBHOOK_KEY}}}' | base64 -d"),
    ));
    let names: Vec<&str> = events.iter().map(|event| title(event)).collect();
    text.push_str(&line(
        "Events",
        &format!("select individual events: {}", names.join(", ")),
    ));
    text
}

/// As GitHub's page calls an event.
fn title(event: &str) -> &str {
    match event {
        "push" => "Pushes",
        "pull_request" => "Pull requests",
        "pull_request_review" => "Pull request reviews",
        "release" => "Releases",
        other => other,
    }
}
