//! The pre-flight of the accounts that a run deploys to (9.3).

use crate::graph::{Entry, EntryKind};
use crate::model::Pipeline;
use crate::stage::accounts::{Target, targets};
use crate::stage::work::{Context, Did};

/// Asks about the accounts that this run deploys to. A pull request deploys nothing and has no credentials, but for the role that it is given.
pub fn check(context: &Context, pipeline: &Pipeline, entry: &Entry<'_>, did: &mut Did) {
    if entry.kind == EntryKind::Validate {
        if let Some(role) = pipeline.pull_request_role() {
            asked::of_pull_request(context, entry, role, did);
        }
        return;
    }
    if context.run.synth_only {
        return;
    }
    let environments = entry.stages.iter().filter_map(|stage| match stage.kind {
        crate::graph::StageKind::Environment(environment) => {
            (!context.run.leaves_out_with_all(entry, stage)).then_some(environment)
        }
        _ => None,
    });
    let targets = targets(pipeline, environments, &context.files());
    if !targets.is_empty() {
        asked::of_deployments(context, &targets, did);
    }
}

#[cfg(feature = "cloud")]
mod asked {
    use super::{Context, Did, Entry, Target};
    use crate::graph::StageKind;
    use crate::model::Text;
    use crate::stage::accounts::{self, Asker};

    pub(super) fn of_deployments(context: &Context, targets: &[Target], did: &mut Did) {
        let (well, problems) = with_asker(context, |asker| accounts::check(asker, targets));
        for line in well {
            context.log.line(&line);
        }
        did.problems.extend(problems);
    }

    pub(super) fn of_pull_request(
        context: &Context,
        entry: &Entry<'_>,
        role: &Text,
        did: &mut Did,
    ) {
        let region = entry.stages.iter().find_map(|stage| match stage.kind {
            StageKind::Diff { environment, .. } => Some(environment.region.value.as_str()),
            _ => None,
        });
        let region = region.unwrap_or("us-east-1");
        match with_asker(context, |asker| accounts::caller(asker, role, region)) {
            Ok(caller) => context
                .log
                .line(&format!("pull requests: account {}", caller.account)),
            Err(problem) => did.problems.push(problem),
        }
    }

    fn with_asker<T>(context: &Context, ask: impl FnOnce(Asker<'_>) -> T) -> T {
        ask(Asker {
            env: &std::env::vars_os().collect(),
            session: &context.run.run,
            tmp: &context.folders.tmp(),
        })
    }
}

#[cfg(not(feature = "cloud"))]
mod asked {
    use super::{Context, Did, Entry, Target};
    use crate::model::Text;

    const UNASKED: &str =
        "accounts are not asked about: this Aphex was built without what talks to AWS";

    pub(super) fn of_deployments(context: &Context, _: &[Target], _: &mut Did) {
        context.log.line(UNASKED);
    }

    pub(super) fn of_pull_request(context: &Context, _: &Entry<'_>, _: &Text, _: &mut Did) {
        context.log.line(UNASKED);
    }
}
