//! What was deployed last, in the store: written after a deployment, compared with by whoever deploys nothing.

use std::fs;

use crate::diagnostics::Diagnostic;
use crate::model::{App, Environment};
use crate::stage::cdk::{self, Assembly, AssemblyStack, Planned, Synth};
use crate::stage::record::{Change, Deployment, StackDiff, StackOutputs, keys};
use crate::stage::store::{self, Key};
use crate::stage::work::{Context, Did};

/// A template has at most a megabyte; what CloudFormation takes is in the store as JSON, with escapes.
const LARGEST: u64 = 16 << 20;
/// So many bytes of a stack's changes are part of the record; the log has all.
const SHOWN: usize = 12_000;

/// Remembers what was deployed.
pub fn remember(
    context: &Context,
    environment: &Environment,
    app: &App,
    found: &AssemblyStack,
    outputs: &StackOutputs,
) -> Result<(), Diagnostic> {
    let deployment = Deployment {
        version: 1,
        environment: environment.name.value.clone(),
        app: app.name.value.clone(),
        path: found.path.clone(),
        stack: found.name.clone(),
        account: environment.account.value.clone(),
        region: environment.region.value.clone(),
        commit: context.run.commit.clone(),
        run: context.run.run.clone(),
        deployed_at: jiff::Timestamp::now(),
        outputs: outputs.clone(),
        template: fs::read_to_string(&found.template).unwrap_or_default(),
    };
    let json = serde_json::to_vec(&deployment).unwrap_or_default();
    let json = context.log.mask(&String::from_utf8_lossy(&json));
    let key = Key::new(keys::deployment(&environment.name.value, &found.name))?;
    context.store.put(&key, json.as_bytes())
}

/// Says what a deployment of this would change, stack by stack. What cannot be compared is said, and is no failure: nothing depends on it.
pub fn compare(
    context: &Context,
    environment: &Environment,
    app: &App,
    plan: &[Planned<'_, '_>],
    assembly: &Assembly,
    synth: &Synth<'_>,
    did: &mut Did,
) {
    let before = match deployments(context, environment) {
        Ok(before) => before,
        Err(problem) => return warn(context, &problem),
    };
    for found in plan.iter().flat_map(|planned| &planned.selected) {
        let last = before.iter().find(|last| last.stack == found.name);
        let compared = match last {
            None => Ok((cdk::new(found), String::new())),
            Some(last) => cdk::cli(&synth.dir, &synth.root, &synth.env).and_then(|cli| {
                let diff = cdk::Diff {
                    cli,
                    assembly: &assembly.directory,
                    found,
                    before: (&last.template, &last.commit),
                    env: synth.env.clone(),
                    tmp: context.folders.tmp(),
                };
                cdk::diff(&diff, &context.log, &context.stop)
            }),
        };
        match compared {
            Ok((diff, text)) => told(context, diff, &text, did),
            Err(problem) => warn(context, &problem),
        }
    }
    // Stacks of another synth are in the assembly, too; one that is in none is no longer made.
    let is_made = |last: &Deployment| assembly.stacks.iter().any(|stack| stack.name == last.stack);
    for last in before
        .iter()
        .filter(|last| last.app == app.name.value && !is_made(last))
    {
        let diff = StackDiff {
            stack: last.path.clone(),
            change: Change::Abandoned,
            since: Some(last.commit.clone()),
            added: 0,
            changed: 0,
            replaced: 0,
            removed: 0,
            security: false,
            text: String::new(),
        };
        told(context, diff, "", did);
    }
}

/// What was deployed last to an environment. A record that cannot be read is as none: whoever deploys writes it anew.
fn deployments(
    context: &Context,
    environment: &Environment,
) -> Result<Vec<Deployment>, Diagnostic> {
    let folder = Key::new(keys::deployments(&environment.name.value))?;
    let mut found = Vec::new();
    for entry in context.store.list(&folder)? {
        let bytes = store::read(context.store.as_ref(), &entry.key, LARGEST)?;
        let read = bytes.and_then(|bytes| serde_json::from_slice::<Deployment>(&bytes).ok());
        found.extend(read.filter(|deployment| deployment.version == 1));
    }
    Ok(found)
}

fn told(context: &Context, mut diff: StackDiff, text: &str, did: &mut Did) {
    context
        .log
        .line(&format!("  {}: {}", diff.stack, diff.words()));
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("Stack ") && !line.starts_with('✨'))
        .map(str::trim_end)
        .collect();
    let text = lines.join("\n").trim().to_owned();
    if diff.change == Change::Changed {
        for line in text.lines() {
            context.log.line(&format!("    {line}"));
        }
        let text = context.log.mask(&text);
        diff.text = match text.len() <= SHOWN {
            true => text,
            false => {
                let end = text.floor_char_boundary(SHOWN);
                let whole = text.get(..end).unwrap_or_default();
                let whole = whole.rsplit_once('\n').map_or(whole, |(lines, _)| lines);
                format!("{whole}\n… the log has the rest")
            }
        };
    }
    did.diff.push(diff);
}

/// Something is missing that nothing depends on.
pub fn warn(context: &Context, problem: &Diagnostic) {
    let notes = problem.notes.iter().map(|note| format!(": {note}"));
    let notes: String = notes.collect();
    context.log.line(&format!(
        "  warning[{}]: {}{notes}",
        problem.code.id, problem.message
    ));
}
