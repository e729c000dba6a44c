//! Deploying a template through a change set.

use serde_json::Value;

use crate::cloud::aws::cloudformation::change_set::Made;
use crate::cloud::aws::cloudformation::state::{State, is_good};
use crate::cloud::aws::cloudformation::watch::{follow, newest};
use crate::cloud::aws::cloudformation::{Found, Watch, change_set, delete, failed, find, template};
use crate::cloud::aws::{Aws, Failure};
use crate::collections::IndexMap;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::aws::STACK_STUCK;

/// So often a stack may be found in a state that has to end first.
const TURNS: usize = 8;

/// A stack as it is to be.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Its name.
    pub stack: &'a str,
    /// Its template, of at most 51,200 bytes.
    pub template: &'a str,
    /// Its tags. They say whose it is: a stack of the name that has others is left alone.
    pub tags: &'a [(&'static str, String)],
    /// A tag that may have this value, too: what it is about was renamed.
    pub moved: Option<(&'static str, &'a str)>,
}

/// What a deployment did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The stack was made.
    Created,
    /// It was changed.
    Updated,
    /// It was as it should be, and nothing was written.
    None,
}

/// A stack that is as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// What was done.
    pub change: Change,
    /// Its ARN.
    pub arn: String,
    /// Its outputs by name.
    pub outputs: IndexMap<String, String>,
}

/// Deploys a stack, and tells what happens. Interrupted at any moment, it continues when it is called again: what is going on then is waited
/// for, and what is there then is compared with what is wanted.
///
/// An `A0977` names the resources that failed, with their reasons; an `A0978` says what has to be done first.
pub fn deploy(
    aws: &Aws,
    wanted: &Wanted<'_>,
    watch: &mut Watch<'_>,
) -> Result<Deployed, Diagnostic> {
    let name = wanted.stack;
    for _ in 0..TURNS {
        let found = find(aws, name).map_err(Failure::into_diagnostic)?;
        let Some(found) = found else {
            match change(aws, wanted, None, watch)? {
                Some(deployed) => return Ok(deployed),
                None => continue,
            }
        };
        own(wanted.stack, wanted.tags, wanted.moved, &found)?;
        match State::of(&found.stack.status) {
            State::Gone | State::Announced => {
                if let Some(deployed) = change(aws, wanted, Some(&found), watch)? {
                    return Ok(deployed);
                }
            }
            State::Ready => {
                if is_same(aws, wanted, &found)? {
                    return Ok(deployed(Change::None, found));
                }
                if let Some(deployed) = change(aws, wanted, Some(&found), watch)? {
                    return Ok(deployed);
                }
            }
            State::Busy => {
                let status = &found.stack.status;
                watch.say(&format!(
                    "stack {name} is {status}: waiting until that has ended"
                ));
                let since = newest(aws, &found.arn).map_err(Failure::into_diagnostic)?;
                follow(aws, &found.arn, &since, false, watch)?;
            }
            State::Vain => {
                watch.say(&format!(
                    "stack {name} was never there as a whole: deleting what is left of it"
                ));
                delete::of(aws, name, &found.arn, watch)?;
            }
            State::Stuck(help) => return Err(stuck(&found, name, help)),
        }
    }
    let message = format!("stack `{name}` is changed by somebody else, again and again");
    Err(Diagnostic::without_place(&STACK_STUCK, message))
}

/// `None`: somebody else has changed the stack meanwhile, so one has to look again.
fn change(
    aws: &Aws,
    wanted: &Wanted<'_>,
    found: Option<&Found>,
    watch: &mut Watch<'_>,
) -> Result<Option<Deployed>, Diagnostic> {
    let is_there = |found: &&Found| {
        !matches!(
            State::of(&found.stack.status),
            State::Announced | State::Gone
        )
    };
    let before = found.filter(is_there);
    let set = match change_set::create(aws, wanted, before.is_none(), watch) {
        Ok(Made::Ready(set)) => set,
        Ok(Made::Empty) => {
            let found = find(aws, wanted.stack).map_err(Failure::into_diagnostic)?;
            return Ok(found.map(|found| deployed(Change::None, found)));
        }
        Ok(Made::Busy) => return Ok(None),
        Err(problem) => {
            if found.is_none() {
                forget(aws, wanted);
            }
            return Err(problem);
        }
    };
    let since = newest(aws, &set.stack).map_err(Failure::into_diagnostic)?;
    let began = change_set::execute(aws, &set).map_err(Failure::into_diagnostic)?;
    let (found, events) = follow(aws, &set.stack, &since, began, watch)?;
    if !began || found.is_none() {
        return Ok(None);
    }
    let (what, change) = match before {
        None => ("created", Change::Created),
        Some(_) => ("updated", Change::Updated),
    };
    match found {
        Some(found) if is_good(&found.stack.status) => Ok(Some(deployed(change, found))),
        found => Err(failed::failed(
            wanted.stack,
            what,
            &set.stack,
            &events,
            found.as_ref(),
        )),
    }
}

/// Removes a stack that only a change set announced, which came to nothing. That it cannot be removed changes nothing.
fn forget(aws: &Aws, wanted: &Wanted<'_>) {
    if let Ok(Some(found)) = find(aws, wanted.stack)
        && State::of(&found.stack.status) == State::Announced
    {
        let _ = delete::ask(aws, &found.arn);
    }
}

/// Whether a stack has the template and the tags already. Then not even a change set is made.
fn is_same(aws: &Aws, wanted: &Wanted<'_>, found: &Found) -> Result<bool, Diagnostic> {
    let tags = wanted.tags.iter().all(|(key, value)| {
        let mut own = found.tags.iter();
        own.any(|(name, own)| name == key && own == value)
    });
    if !tags || found.tags.len() != wanted.tags.len() {
        return Ok(false);
    }
    let there = template(aws, &found.arn).map_err(Failure::into_diagnostic)?;
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    Ok(there.is_some_and(|there| {
        there == wanted.template
            || read(&there).is_some_and(|there| Some(there) == read(wanted.template))
    }))
}

/// Refuses a stack of the name that is somebody else's (14.3). One that is only announced has no tags yet, and is nobody's.
///
/// Capitals make no other value: a repository's name at GitHub is the same in them, and of the others the name of the stack is made.
pub(super) fn own(
    stack: &str,
    tags: &[(&'static str, String)],
    moved: Option<(&str, &str)>,
    found: &Found,
) -> Result<(), Diagnostic> {
    if State::of(&found.stack.status) == State::Announced {
        return Ok(());
    }
    for (key, value) in tags {
        let tag = found.tags.iter().find(|(name, _)| name == key);
        let is_fine = |own: &str| {
            let before = moved.filter(|(moved, _)| moved == key);
            let mut values = before.map(|(_, value)| value).into_iter().chain([&**value]);
            values.any(|value| value.eq_ignore_ascii_case(own))
        };
        if tag.is_some_and(|(_, own)| is_fine(own)) {
            continue;
        }
        let has = match tag {
            None => format!("it has no tag `{key}`"),
            Some((_, other)) => format!(
                "its tag `{key}` is `{}`",
                crate::diagnostics::safe::line(other)
            ),
        };
        let message = format!("stack `{stack}` is not this pipeline's");
        return Err(Diagnostic::without_place(&STACK_STUCK, message)
            .note(format!("{has}; this pipeline's would be `{value}`"))
            .help("give the pipeline another name: a cluster has one of a name, whatever its namespace and its repository; where it is this one's, from before `namespace` was changed: `aphex destroy` it as it was, then apply it anew; where its repository was renamed: `--moved-from`"));
    }
    Ok(())
}

fn deployed(change: Change, found: Found) -> Deployed {
    Deployed {
        change,
        arn: found.arn,
        outputs: found.stack.outputs,
    }
}

fn stuck(found: &Found, name: &str, help: &str) -> Diagnostic {
    let message = format!("stack `{name}` is {}", found.stack.status);
    let mut problem = Diagnostic::without_place(&STACK_STUCK, message);
    if let Some(reason) = &found.stack.reason {
        problem = problem.note(crate::diagnostics::safe::line(reason).into_owned());
    }
    problem.help(help)
}
