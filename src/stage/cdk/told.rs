//! What the CDK CLI writes while it deploys, folded into a line for each thing that happens to a resource (5.3, 13.2).
//!
//! The CLI has a row for every event of CloudFormation, and much around it. What is understood becomes a short line or nothing; what is not understood
//! is handed on as it is, so that no text of a newer CLI is lost.

use crate::collections::HashMap;

/// What a line of the CLI says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// This, which the log should have.
    Line(String),
    /// The stack of this number begins.
    Begins(usize),
    /// The stack of this number is as it should be.
    Ends {
        /// Its number.
        index: usize,
        /// Nothing had to be done.
        unchanged: bool,
    },
}

/// Reads what the CLI writes about some stacks.
#[derive(Debug)]
pub struct Told<'a> {
    /// Path and name of each.
    stacks: Vec<(&'a str, &'a str)>,
    /// By stack and resource: what was said last, and the time of day in seconds.
    last: HashMap<(String, String), (Action, Phase, Option<u32>)>,
    /// What comes next is shown elsewhere.
    skips: Skips,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Skips {
    Nothing,
    /// Until the stack's ARN; outputs may have several lines.
    Outputs,
    /// One line.
    Arn,
}

/// An event of CloudFormation, as the CLI writes it (`HistoryActivityPrinter.printOne` in `@aws-cdk/toolkit-lib`):
/// `STACK | 1/3 | 6:49:15 PM | CREATE_COMPLETE      | AWS::SNS::Topic | Network/Topic (TopicBFC7AF6E) reason`.
#[derive(Debug)]
struct Row<'l> {
    stack: &'l str,
    time: Option<u32>,
    status: &'l str,
    kind: &'l str,
    resource: &'l str,
    reason: &'l str,
}

impl<'a> Told<'a> {
    /// Of these stacks, each by its path and its name, in the order in which they are deployed.
    pub fn new(stacks: Vec<(&'a str, &'a str)>) -> Self {
        Told {
            stacks,
            last: HashMap::default(),
            skips: Skips::Nothing,
        }
    }

    /// What a line says; `None` where it says nothing that matters.
    pub fn read(&mut self, line: &str) -> Option<News> {
        let text = line.trim();
        if let Some(news) = self.landmark(text) {
            self.skips = Skips::Nothing;
            return Some(news);
        }
        match self.skips {
            Skips::Arn if !text.is_empty() => {
                self.skips = Skips::Nothing;
                return None;
            }
            Skips::Outputs if text != "Stack ARN:" => return None,
            _ => {}
        }
        match text {
            "" | "Failed resources:" => return None,
            "Outputs:" => {
                self.skips = Skips::Outputs;
                return None;
            }
            "Stack ARN:" => {
                self.skips = Skips::Arn;
                return None;
            }
            _ if text.starts_with('✨') => return None,
            _ => {}
        }
        if let Some((progress, names)) = text.split_once(" Currently in progress: ")
            && is_progress(progress)
        {
            return Some(News::Line(format!("    goes on: {names}")));
        }
        match row(text) {
            Some(Ok(row)) => self.event(&row).map(News::Line),
            // Said again at the end.
            Some(Err(Repeated)) => None,
            None if self.is_noise(text) => None,
            None => match self.asset(text) {
                Some(asset) => asset.map(News::Line),
                None => Some(News::Line(format!("    {}", line.trim_end()))),
            },
        }
    }

    /// Where a stack begins or ends.
    fn landmark(&self, text: &str) -> Option<News> {
        if let Some(rest) = text.strip_prefix('✅') {
            let rest = rest.trim();
            let (shown, unchanged) = match rest.strip_suffix(" (no changes)") {
                Some(shown) => (shown, true),
                None => (rest, false),
            };
            let index = self.find(shown)?;
            return Some(News::Ends { index, unchanged });
        }
        if text.starts_with('❌') {
            return Some(News::Line(format!("  {text}")));
        }
        // Of one stack alone the CLI does not write the name by itself.
        if self.stacks.len() > 1
            && let Some(index) = self.find(text)
        {
            return Some(News::Begins(index));
        }
        let (shown, rest) = text.rsplit_once(": deploying...")?;
        (rest.is_empty() || rest.starts_with(" [")).then_some(())?;
        self.find(shown).map(News::Begins)
    }

    /// The CLI shows a path, and the stack's name behind it where it is another one: `Prod/Api (shop-api)`.
    fn find(&self, shown: &str) -> Option<usize> {
        let is = |(path, name): &(&str, &str)| {
            let rest = shown.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest == format!(" ({name})"))
        };
        self.stacks.iter().position(is)
    }

    fn is_noise(&self, text: &str) -> bool {
        const NOISE: [&str; 3] = [
            "creating CloudFormation changeset...",
            "updating stack...",
            "creating stack...",
        ];
        let noise = NOISE.iter().find_map(|noise| text.strip_suffix(noise));
        let shown = noise.and_then(|before| before.strip_suffix(": "));
        shown.is_some_and(|shown| self.is_ours(shown))
    }

    /// Whether this is what the CLI calls one of the stacks: by what [`Told::find`] knows, or by its name alone.
    fn is_ours(&self, shown: &str) -> bool {
        self.find(shown).is_some() || self.is_name(shown)
    }

    fn is_name(&self, text: &str) -> bool {
        self.stacks.iter().any(|(_, name)| *name == text)
    }

    /// What is built and published for a stack: `Api: success: Published Code (111122223333-us-east-1)`. Of its template nothing is said.
    fn asset(&self, text: &str) -> Option<Option<String>> {
        let at = text
            .find(": start: ")
            .or_else(|| text.find(": success: "))?;
        let (shown, rest) = (text.get(..at)?, text.get(at..)?);
        self.is_ours(shown).then_some(())?;
        let (_, what) = rest.trim_start_matches(": ").split_once(": ")?;
        let (verb, name) = what.split_once(' ')?;
        let is_template = format!("{name} ").contains(" Template ");
        Some((!is_template).then(|| format!("    {} {name}", verb.to_lowercase())))
    }

    fn event(&mut self, row: &Row<'_>) -> Option<String> {
        let (action, phase) = phase(row.status)?;
        let key = (row.stack.to_owned(), row.resource.to_owned());
        let before = self.last.get(&key).copied();
        if phase == Phase::Begun
            && let Some((other, how, at)) = before
            && other == action
            && (how == Phase::Begun || row.time <= at)
        {
            // The CLI says twice that something begins; and of what has happened in one moment the end may come first.
            return None;
        }
        self.last.insert(key, (action, phase, row.time));
        let is_own = self.is_name(row.stack);
        let is_stack = row.kind == "AWS::CloudFormation::Stack" && row.resource == row.stack;
        let reason = match row.reason {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        if is_stack {
            let matters = is_own && (phase == Phase::Failed || action == Action::RollBack);
            return matters.then(|| match phase {
                Phase::Begun => format!("    {}{reason}", action.words()[1]),
                Phase::Done => format!("    {}", action.words()[2]),
                Phase::Failed => format!("    failed to {} the stack{reason}", action.words()[0]),
            });
        }
        if row.kind == "AWS::CDK::Metadata" && phase != Phase::Failed {
            return None;
        }
        let name = match is_own {
            true => format!("{} ({})", row.resource, row.kind),
            false => format!("{} ({}) in {}", row.resource, row.kind, row.stack),
        };
        if phase == Phase::Begun {
            return Some(format!("    {} {name}", action.words()[1]));
        }
        let began = before.filter(|(other, how, _)| (*other, *how) == (action, Phase::Begun));
        let began = began.and_then(|(_, _, time)| time);
        let after = match began.zip(row.time) {
            Some((began, ended)) => format!(" after {}", seconds(began, ended)),
            None => String::new(),
        };
        Some(match phase {
            Phase::Failed => format!("    failed to {} {name}{after}{reason}", action.words()[0]),
            _ => format!("    {} {name}{after}", action.words()[2]),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Create,
    Update,
    Delete,
    Import,
    Keep,
    RollBack,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Begun,
    Done,
    Failed,
}

impl Action {
    /// To do it, doing it, done.
    fn words(self) -> [&'static str; 3] {
        match self {
            Action::Create => ["create", "creating", "created"],
            Action::Update => ["update", "updating", "updated"],
            Action::Delete => ["delete", "deleting", "deleted"],
            Action::Import => ["import", "importing", "imported"],
            Action::Keep => ["keep", "keeping", "kept"],
            Action::RollBack => ["roll back", "rolling back", "rolled back"],
        }
    }
}

/// What is done to a resource or stack, and how far it is; `None` for what says nothing to a person.
fn phase(status: &str) -> Option<(Action, Phase)> {
    if status == "DELETE_SKIPPED" {
        return Some((Action::Keep, Phase::Done));
    }
    let (action, phase) = [
        ("_IN_PROGRESS", Phase::Begun),
        ("_COMPLETE", Phase::Done),
        ("_FAILED", Phase::Failed),
    ]
    .into_iter()
    .find_map(|(end, phase)| Some((status.strip_suffix(end)?, phase)))?;
    let action = match action {
        "CREATE" => Action::Create,
        "UPDATE" => Action::Update,
        "DELETE" => Action::Delete,
        "IMPORT" => Action::Import,
        "ROLLBACK" | "UPDATE_ROLLBACK" | "IMPORT_ROLLBACK" => Action::RollBack,
        _ => return None,
    };
    Some((action, phase))
}

/// A row that stands among the failed resources, which the CLI lists at the end.
struct Repeated;

fn row(text: &str) -> Option<Result<Row<'_>, Repeated>> {
    let mut parts = text.split(" | ").map(str::trim);
    let (stack, second) = (parts.next()?, parts.next()?);
    if !is_progress(second) {
        let (status, kind) = (parts.next()?, parts.next()?);
        let is_row = time_of_day(second).is_some() && phase(status).is_some() && is_kind(kind);
        return is_row.then_some(Err(Repeated));
    }
    let (time, status) = (parts.next()?, parts.next()?);
    // `(skipped)` behind the status: the deletion of what CloudFormation leaves as it is.
    let status = status.split(' ').next()?;
    let kind = parts.next()?;
    phase_or_other(status).then_some(())?;
    is_kind(kind).then_some(())?;
    // The reason may have bars.
    let rest = text.splitn(6, " | ").nth(5)?.trim();
    let (resource, reason) = named(rest);
    Some(Ok(Row {
        stack,
        time: time_of_day(time),
        status,
        kind,
        resource,
        reason,
    }))
}

fn phase_or_other(status: &str) -> bool {
    !status.is_empty()
        && status
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

fn is_kind(kind: &str) -> bool {
    kind.contains("::") && !kind.contains(' ')
}

/// `1/3`, or a number alone where the CLI does not know how many there are.
fn is_progress(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('/') {
        Some((done, all)) => digits(done.trim()) && digits(all.trim()),
        None => digits(text),
    }
}

/// The name in the template and the reason: `Network/Topic/Resource (TopicBFC7AF6E) reason`, or `TopicBFC7AF6E reason` where the CLI has no path.
fn named(rest: &str) -> (&str, &str) {
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let (first, after) = rest.split_once(' ').unwrap_or((rest, ""));
    if is_name(first) {
        return (first, after.trim());
    }
    let found = rest.match_indices(" (").find_map(|(at, _)| {
        let inner = rest.get(at + 2..)?;
        let (name, after) = inner.split_once(')')?;
        is_name(name).then_some((name, after.trim()))
    });
    found.unwrap_or((first, after.trim()))
}

/// Seconds since midnight: `6:49:15 PM`, `18:49:15`.
fn time_of_day(text: &str) -> Option<u32> {
    let (clock, half) = match text.split_once([' ', '\u{202f}']) {
        Some((clock, half)) => (clock, Some(half)),
        None => (text, None),
    };
    let mut parts = clock.split(':').map(str::parse::<u32>);
    let (hours, minutes, seconds) = (
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    );
    let hours = match half {
        Some("AM") => hours % 12,
        Some("PM") => hours % 12 + 12,
        Some(_) => return None,
        None => hours,
    };
    (hours < 24 && minutes < 60 && seconds < 61).then_some(hours * 3600 + minutes * 60 + seconds)
}

/// From one time of day to another, within a day.
fn seconds(began: u32, ended: u32) -> String {
    const DAY: u32 = 24 * 3600;
    let seconds = (ended + DAY).saturating_sub(began) % DAY;
    match seconds {
        0 => "less than 1 s".to_owned(),
        _ => {
            crate::stage::process::time_in_words(std::time::Duration::from_secs(u64::from(seconds)))
        }
    }
}

#[cfg(test)]
mod tests;
