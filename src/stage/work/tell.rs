//! Who is told of what, and that each is told once (8.5).

use crate::cloud::github::{Right, api};
use crate::cloud::tries::Limits;
use crate::diagnostics::Diagnostic;
use crate::model::{Event, Message, Notifier, Notify, NotifyOn, Pipeline};
use crate::stage::notify::{Comment, News, Parcel, deliver, slack, status, webhook};
use crate::stage::record::keys;
use crate::stage::store::Key;
use crate::stage::work::{Context, variables};

/// Tells everybody who wants to know one of these things, of which the first comes first. What goes wrong is in the log,
/// and changes nothing else.
pub fn tell(
    context: &Context,
    pipeline: &Pipeline,
    happened: &[NotifyOn],
    place: &str,
    news: impl Fn(NotifyOn) -> News,
) {
    let mut sent: Vec<(String, Option<Key>, Parcel)> = Vec::new();
    for notify in &pipeline.notify {
        let Some(on) = happened.iter().find(|on| notify.on.contains(on)) else {
            continue;
        };
        let mut news = news(*on);
        say(notify, &mut news);
        mask(context, &mut news);
        let name = format!("notify {}", notify.name.value);
        let key = format!("{place}-{}", notify.name.value);
        let key = Key::new(keys::told(&context.run.run, &key)).ok();
        if is_told(context, key.as_ref()) {
            continue;
        }
        match parcel(context, notify, &news) {
            Ok(parcel) => sent.push((name, key, parcel)),
            Err(problem) => fail(context, &name, &problem.message),
        }
    }
    send(context, sent);
}

/// Keeps the comment at the pull request of the run, where the file wants one.
pub fn comment(context: &Context, pipeline: &Pipeline, text: String) {
    let wants = pipeline
        .triggers
        .iter()
        .any(|trigger| matches!(trigger.event, Event::PullRequest { comment: true, .. }));
    let Some(number) = context.run.pull_request.filter(|_| wants) else {
        return;
    };
    let name = "comment";
    let Some(secret) = &pipeline.checkout.credentials else {
        return fail(
            context,
            name,
            "`checkout` has no `credentials` to write it with",
        );
    };
    match context.github_token(secret, Right::Comment) {
        Ok(token) => {
            variables::hide(context, name, token.trim());
            let comment = Comment {
                repository: context.run.repository.clone(),
                number,
                pipeline: context.run.pipeline.clone(),
                text: context.log.mask(&text),
            };
            let api = api();
            let parcel = Parcel::Comment {
                api,
                token,
                comment,
            };
            send(context, vec![(name.to_owned(), None, parcel)]);
        }
        Err(problem) => fail(context, name, &problem.message),
    }
}

fn send(context: &Context, sent: Vec<(String, Option<Key>, Parcel)>) {
    let mut names = Vec::new();
    let mut parcels = Vec::new();
    for (name, key, parcel) in sent {
        names.push((name, key));
        parcels.push(parcel);
    }
    let results = deliver(&parcels, Limits::default());
    for ((name, key), result) in names.iter().zip(results) {
        match result {
            Ok(()) => {
                context.log.line(&format!("{name}: told"));
                if let Some(key) = key {
                    // A second try of this stage need not tell again; that it may is no harm.
                    let _ = context.store.put_new(key, b"{}");
                }
            }
            Err(problem) => fail(context, name, &problem),
        }
    }
}

fn fail(context: &Context, name: &str, problem: &str) {
    context
        .log
        .line(&format!("warning: {name}: not told: {problem}"));
}

fn is_told(context: &Context, key: Option<&Key>) -> bool {
    let found = key.and_then(|key| context.store.get(key).ok());
    found.flatten().is_some()
}

/// The file's own words, where it has some.
fn say(notify: &Notify, news: &mut News) {
    let Some(message) = &notify.message else {
        return;
    };
    let text = match &message.value {
        Message::Text(text) => text,
        // A part of it is not known: what it was made of is no message.
        Message::Output(_) => return,
    };
    let mut lines = text.lines();
    if let Some(first) = lines.next() {
        news.title = first.to_owned();
        news.lines = lines.map(str::to_owned).collect();
    }
}

fn mask(context: &Context, news: &mut News) {
    news.title = context.log.mask(&news.title);
    for line in &mut news.lines {
        *line = context.log.mask(line);
    }
}

fn parcel(context: &Context, notify: &Notify, news: &News) -> Result<Parcel, Diagnostic> {
    let hidden = |text: String| {
        let what = format!("notify {}", notify.name.value);
        variables::hide(context, &what, text.trim());
        text
    };
    let secret = |secret| context.secret(secret, None).map(hidden);
    Ok(match &notify.to {
        Notifier::Slack {
            webhook, channel, ..
        } => Parcel::Http(slack(&secret(webhook)?, channel.as_deref(), news)),
        Notifier::Sns { topic } => Parcel::Sns {
            topic: topic.value.clone(),
            subject: news.title.clone(),
            message: news.text(),
        },
        Notifier::Webhook {
            url,
            secret: signing,
        } => {
            let signing = signing.as_ref().map(secret).transpose()?;
            Parcel::Http(webhook(&url.value, signing.as_deref(), news))
        }
        Notifier::GithubStatus {
            token,
            context: name,
        } => {
            let token = hidden(context.github_token(token, Right::Status)?);
            Parcel::Http(status(&api(), &token, name, news))
        }
    })
}
