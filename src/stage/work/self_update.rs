//! The pipeline updates itself: what its file says at the commit is applied to the cluster it runs in (3.7, 3.8).

use crate::analysis::{self, Analysis};
use crate::diagnostics::codes::input::NO_PIPELINE;
use crate::diagnostics::{Diagnostic, Severity};
use crate::model::Pipeline;
use crate::stage::apply::{Facts, Mark, Wanted, wanted};
use crate::stage::checkout::{Git, committed_at};
use crate::stage::work::{Context, Did};
use crate::target::Emit;

/// Compiles the pipeline and applies what has changed. A file with errors changes nothing.
pub fn perform(context: &Context) -> Did {
    let mut did = Did::default();
    // As `aphex compile` sees it: nothing of this run may be part of what later runs are made from.
    let analysis = analysis::analyse(&context.run.file, &context.files());
    if analysis.has_errors() {
        did.problems = analysis.diagnostics;
        did.problems
            .retain(|problem| problem.severity == Severity::Error);
        return did;
    }
    match compile(context, &analysis) {
        Ok((pipeline, wanted, mark)) => {
            cluster::update(context, pipeline, &wanted, &mark, &mut did)
        }
        Err(problem) => did.problems.push(problem),
    }
    did
}

fn compile<'a>(
    context: &Context,
    analysis: &'a Analysis,
) -> Result<(&'a Pipeline, Vec<Wanted>, Mark), Diagnostic> {
    let run = &context.run;
    let mut all = analysis.pipelines.iter().zip(&analysis.objects);
    let found = all.find(|(pipeline, _)| pipeline.name.value == run.pipeline);
    let Some((pipeline, object)) = found else {
        let message = format!("`{}` has no pipeline `{}`", run.file, run.pipeline);
        return Err(Diagnostic::without_place(&NO_PIPELINE, message));
    };
    let git = Git::find(&context.log, &context.stop)?;
    let mark = Mark {
        commit: run.commit.clone(),
        committed_at: committed_at(&git, &context.folders.source(), &run.commit)?,
    };
    // Not the service accounts: a run, which may be of any commit, cannot give itself rights.
    let emit = [Emit::WorkflowTemplates, Emit::Events];
    let wanted = wanted(pipeline, object, Some(&mark), &emit, &Facts::default());
    let wanted = wanted.map_err(|reason| {
        let message = format!("a manifest cannot be written: {reason}");
        Diagnostic::without_place(&crate::diagnostics::codes::run::MALFORMED, message)
    })?;
    Ok((pipeline, wanted, mark))
}

#[cfg(feature = "cloud")]
mod cluster {
    use std::time::Duration;

    use super::{Context, Did, Mark, Pipeline, Wanted};
    use crate::cloud::aws::cloudformation::{Change as StackChange, Progress, Watch};
    use crate::cloud::aws::{Access, Aws};
    use crate::cloud::kubernetes::kinds::{APPLIED_BY_RUNS, CONFIG_MAP, WORKFLOW};
    use crate::cloud::kubernetes::{Cluster, Failure};
    use crate::collections::IndexMap;
    use crate::diagnostics::codes::cluster::{FAILED, SUPERSEDED};
    use crate::diagnostics::codes::run_process::STOPPED;
    use crate::diagnostics::{Diagnostic, plural, safe};
    use crate::stage::apply::{
        Applied, Change, EXPORTS, Home, Lease, Owner, Plan, STACK, Scope, deploy_stack, line, plan,
    };
    use crate::stage::record::keys;
    use crate::stage::store::Key;
    use crate::stage::submit::{Submission, run_name};
    use crate::target::names::settings_name;
    use crate::target::stack::Options;

    /// How long somebody else is waited for.
    const PATIENCE: Duration = Duration::from_secs(600);
    /// The run that a run was started by.
    const RESTARTS: &str = "aphex.dev/restarts";

    pub(super) fn update(
        context: &Context,
        pipeline: &Pipeline,
        wanted: &[Wanted],
        mark: &Mark,
        did: &mut Did,
    ) {
        let namespace = pipeline.namespace.value.as_str();
        let cluster = match Cluster::find() {
            Ok(cluster) => cluster,
            Err(failure) => return did.problems.push(failure.into_diagnostic()),
        };
        let scope = Scope {
            owner: Owner::of(pipeline),
            namespace,
            kinds: &APPLIED_BY_RUNS,
            with_drift: false,
        };
        let told = |other: &str| {
            context
                .log
                .line(&format!("waiting for {other}, who changes the pipeline"))
        };
        let run = &context.run;
        let lease = Lease::take(&cluster, namespace, &run.pipeline, &run.run, PATIENCE, told);
        let _lease = match lease {
            Ok(lease) => lease,
            Err(problem) => return did.problems.push(*problem),
        };
        let plan = match plan(&cluster, scope, wanted, Some(mark)) {
            Ok(plan) => plan,
            Err(problems) => {
                did.problems = problems;
                return;
            }
        };
        let restarts = match restarts(context, pipeline, &plan) {
            Ok(restarts) => restarts,
            Err(problem) => return did.problems.push(problem),
        };
        if let Some(why) = context.stop.why() {
            let message = format!("stopped by {why} before anything was written");
            return did.stopped(Diagnostic::without_place(&STOPPED, message));
        }
        // Everything is judged; the stack goes first, as what the objects lean on.
        if plan.newer.is_none()
            && let Err(problem) = stack(context, &cluster, pipeline)
        {
            return did.problems.push(*problem);
        }
        let problem = apply(context, &cluster, &plan);
        if let Some(problem) = problem {
            return did.problems.push(problem);
        }
        if restarts {
            restart(context, &cluster, namespace, did);
        }
    }

    /// Keeps the pipeline's stack in AWS as the file says (3.2, 3.3), where it has one: `aphex apply` has left that at the settings.
    fn stack(
        context: &Context,
        cluster: &Cluster,
        pipeline: &Pipeline,
    ) -> Result<(), Box<Diagnostic>> {
        let namespace = &pipeline.namespace.value;
        let settings = settings_name(&pipeline.name.value);
        let settings = cluster.get(&CONFIG_MAP, namespace, &settings);
        let settings = settings.map_err(|failure| Box::new(failure.into_diagnostic()))?;
        let said = |name: &str| settings.as_ref()?.annotations.get(name).cloned();
        let exports = said(EXPORTS);
        if let Some(home) = said(STACK).and_then(|text| Home::read(&text)) {
            home.check_cluster(pipeline).map_err(Box::new)?;
        }
        let Some(exports) = exports else {
            return Ok(());
        };
        let aws = Aws::new(&Access::default());
        let aws = aws.map_err(|failure| Box::new(failure.into_diagnostic()))?;
        let mut tell = |progress: Progress<'_>| context.log.line(&format!("  {}", line(progress)));
        let ends = || context.stop.why().is_some();
        let mut watch = Watch::new(&mut tell, &ends);
        let options = Options { exports };
        let stack = deploy_stack(
            &aws,
            pipeline,
            Owner::of(pipeline),
            &context.files(),
            &options,
            &mut watch,
        )?;
        context.log.line(&match stack.change {
            StackChange::Created => format!("stack {}: made", stack.name),
            StackChange::Updated => format!("stack {}: updated", stack.name),
            StackChange::None => format!("stack {}: nothing changed", stack.name),
        });
        Ok(())
    }

    /// Does what is planned, and says it; what went wrong.
    fn apply(context: &Context, cluster: &Cluster, plan: &Plan<'_>) -> Option<Diagnostic> {
        if let Some(newer) = &plan.newer {
            context.log.line(&format!(
                "nothing changed: a younger commit was applied before, {}",
                safe::line(newer)
            ));
            return None;
        }
        if plan.is_empty() {
            context.log.line("nothing changed");
            return None;
        }
        let done = plan.apply(cluster, |applied| tell(context, applied));
        done.err().map(|problem| *problem)
    }

    /// Whether this run is to go on as another one: the stages of its entry change now, or an earlier try has changed them and its pod was lost before it
    /// had ended the run. The store keeps that.
    fn restarts(
        context: &Context,
        pipeline: &Pipeline,
        plan: &Plan<'_>,
    ) -> Result<bool, Diagnostic> {
        if !pipeline.self_update.restart {
            return Ok(false);
        }
        let note = Key::new(keys::told(&context.run.run, "restart"))?;
        let difference = plan.difference(&context.run.entry);
        if difference.is_some_and(|difference| !difference.is_none()) {
            context.store.put_new(&note, b"{}\n")?;
            return Ok(true);
        }
        Ok(context.store.get(&note)?.is_some())
    }

    fn tell(context: &Context, applied: &Applied) {
        let name = match applied.kind.as_str() {
            "WorkflowTemplate" => applied.name.clone(),
            kind => format!("{kind} {}", applied.name),
        };
        let line = |text: &str| context.log.line(text);
        match applied.change {
            Change::Made => return line(&format!("{name}: made")),
            Change::Removed => return line(&format!("{name}: removed")),
            Change::Marked => {
                return line(&format!("{name}: the same, made of another file"));
            }
            Change::Updated | Change::Replaced | Change::Restored => {}
        }
        match applied.lines.len() {
            0 => line(&format!("{name}: updated")),
            count => line(&format!("{name}: updated, {}", plural(count, "change"))),
        }
        for change in &applied.lines {
            line(&format!("  {change}"));
        }
    }

    /// Starts a run of the same commit from what was just applied, and ends this one. Twice makes one run: its name follows from this one's.
    fn restart(context: &Context, cluster: &Cluster, namespace: &str, did: &mut Did) {
        let run = &context.run;
        let name = run_name(&run.entry, &format!("restart {}", run.run));
        let workflow = Submission {
            name: &name,
            namespace,
            pipeline: &run.pipeline,
            entry: &run.entry,
            commit: &run.commit,
            event: &run.event,
            reference: &run.reference,
            actor: &run.actor,
            pull_request: run.pull_request,
            inputs: &run.inputs,
            annotations: IndexMap::from_iter([(RESTARTS, run.run.clone())]),
        }
        .workflow();
        match cluster.create(&WORKFLOW, namespace, &workflow) {
            Ok(true) => did.stopped(superseded(&context.run.run, &name)),
            // An earlier try of this stage has made it.
            Ok(false) => match cluster.get(&WORKFLOW, namespace, &name) {
                Ok(Some(there)) if there.annotations.get(RESTARTS) == Some(&context.run.run) => {
                    did.stopped(superseded(&context.run.run, &name));
                }
                Ok(_) => did.problems.push(taken(&name)),
                Err(failure) => did.problems.push(not_restarted(failure)),
            },
            Err(failure) => did.problems.push(not_restarted(failure)),
        }
    }

    fn superseded(run: &str, name: &str) -> Diagnostic {
        let message =
            format!("the run goes on as `{name}`: the stages of the pipeline have changed");
        Diagnostic::without_place(&SUPERSEDED, message)
            .note(format!(
                "`{run}` ends here; `{name}` begins once it has, with the same commit"
            ))
            .help("`self_update { restart = false }` lets a run go to its end as it began")
    }

    fn not_restarted(failure: Failure) -> Diagnostic {
        let problem = failure.into_diagnostic();
        problem.note("the pipeline was updated, and no run was started from it")
    }

    fn taken(name: &str) -> Diagnostic {
        let message = format!("no run was started: there is another Workflow `{name}`");
        Diagnostic::without_place(&FAILED, message)
            .note("the pipeline was updated")
            .help("start the pipeline once more for this commit")
    }
}

#[cfg(not(feature = "cloud"))]
mod cluster {
    use super::{Context, Did, Mark, Pipeline, Wanted};
    use crate::diagnostics::Diagnostic;
    use crate::diagnostics::codes::cluster::NO_CLUSTER;

    pub(super) fn update(_: &Context, _: &Pipeline, _: &[Wanted], _: &Mark, did: &mut Did) {
        did.problems.push(Diagnostic::without_place(
            &NO_CLUSTER,
            "this Aphex was built without what talks to a cluster",
        ));
    }
}
