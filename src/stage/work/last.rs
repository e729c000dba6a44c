//! What was deployed last, in the store: written after a deployment, compared with by whoever deploys nothing.

use std::fs;

use crate::diagnostics::Diagnostic;
#[cfg(feature = "cloud")]
use crate::diagnostics::codes::run_cdk::NO_DIFF;
use crate::model::{App, Environment, Pipeline};
use crate::stage::cdk::{self, Assembly, AssemblyStack, Planned, Synth};
use crate::stage::record::{Change, Deployment, StackDiff, StackOutputs, keys};
use crate::stage::store::{self, Key};
use crate::stage::work::Context;
#[cfg(feature = "cloud")]
use crate::stage::work::variables;

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
    pipeline: &Pipeline,
    environment: &Environment,
    app: &App,
    plan: &[Planned<'_, '_>],
    assembly: &Assembly,
    synth: &Synth<'_>,
) -> Vec<StackDiff> {
    let mut diffs = Vec::new();
    let before = match deployments(context, environment) {
        Ok(before) => before,
        Err(problem) => {
            warn(context, &problem);
            return diffs;
        }
    };
    let live = Live::of(context, pipeline, environment);
    for found in plan.iter().flat_map(|planned| &planned.selected) {
        let last = before.iter().find(|last| last.stack == found.name);
        let recorded = || last.map(|last| (last.template.clone(), Some(last.commit.as_str())));
        let deployed = match &live {
            Some(live) => live
                .template(found)
                .map(|found| found.map(|template| (template, None))),
            None => Ok(recorded()),
        };
        let compared = deployed.and_then(|deployed| match deployed {
            None => Ok((cdk::new(found), String::new())),
            Some((template, since)) => {
                let diff = cdk::Diff {
                    cli: cdk::cli(&synth.dir, &synth.root, &synth.env)?,
                    assembly: &assembly.directory,
                    found,
                    before: &template,
                    since,
                    env: synth.env.clone(),
                    tmp: context.folders.tmp(),
                };
                cdk::diff(&diff, &context.log, &context.stop)
            }
        });
        match compared {
            Ok((diff, text)) => diffs.push(told(context, diff, &text)),
            Err(problem) => warn(context, &problem),
        }
    }
    // Stacks of another synth are in the assembly, too; one that is in none is no longer made.
    let is_made = |last: &Deployment| assembly.stacks.iter().any(|stack| stack.name == last.stack);
    for last in before
        .iter()
        .filter(|last| last.app == app.name.value && !is_made(last))
    {
        let diff = StackDiff::new(&last.path, Change::Abandoned, Some(&last.commit));
        diffs.push(told(context, diff, ""));
    }
    diffs
}

/// The stacks as they are, for a pull request that is given a role to look at them.
struct Live {
    #[cfg(feature = "cloud")]
    seers: crate::stage::Seers,
}

#[cfg(feature = "cloud")]
impl Live {
    /// `None` where there is no such role, or it is of another account: then what was recorded is all that is known.
    fn of(context: &Context, pipeline: &Pipeline, environment: &Environment) -> Option<Live> {
        context.run.pull_request?;
        let role = pipeline.pull_request_role()?.value.clone();
        // arn:aws:iam::111122223333:role/look
        (role.split(':').nth(4)? == environment.account.value).then(|| {
            let region = environment.region.value.as_str();
            let mut env = context.inherited();
            variables::place(&mut env, region);
            let (run, tmp) = (&context.run.run, context.folders.tmp());
            Live {
                seers: crate::stage::Seers::new(&env, &[role], region, run, &tmp),
            }
        })
    }

    /// The template of a stack; `None` where it is not there.
    fn template(&self, found: &AssemblyStack) -> Result<Option<String>, Diagnostic> {
        use crate::cloud::aws::cloudformation;
        let template = self
            .seers
            .ask(|aws| cloudformation::template(aws, &found.name));
        template.map_err(|failure| {
            let message = format!(
                "stack `{}` cannot be compared with what is deployed",
                found.path
            );
            failure.explain(Diagnostic::without_place(&NO_DIFF, message))
        })
    }
}

#[cfg(not(feature = "cloud"))]
impl Live {
    fn of(_: &Context, _: &Pipeline, _: &Environment) -> Option<Live> {
        None
    }

    fn template(&self, _: &AssemblyStack) -> Result<Option<String>, Diagnostic> {
        Ok(None)
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

/// Writes it into the log; with what of its text the record keeps.
fn told(context: &Context, mut diff: StackDiff, text: &str) -> StackDiff {
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
    diff
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
