//! What CloudFormation and IAM take at most.

use crate::diagnostics::codes::platform::STACK_SIZE;
use crate::diagnostics::{Diagnostic, Problems, plural};
use crate::graph::Graph;
use crate::model::Pipeline;
use crate::source::FileSystem;
use crate::target::names::Account;
use crate::target::stack::role::{self, MANAGED_POLICIES};
use crate::target::stack::{Options, Statement, accounts, assembly, rights};

/// So many bytes a template may have that is handed over with the call; a longer one would need a bucket, which the first
/// deployment is to make (CloudFormation, "Quotas").
pub const TEMPLATE_LIMIT: usize = 51_200;
/// With so many characters in its policies a template is far from that.
const SMALL: usize = 25_000;

/// Reports pipelines whose stack AWS would refuse; their manifests are well nevertheless, so it is a warning. Each with its graph.
pub fn check<'p>(
    pipelines: impl IntoIterator<Item = (&'p Pipeline, &'p Graph<'p>)>,
    files: &dyn FileSystem,
    problems: &mut Problems,
) {
    for (pipeline, graph) in pipelines {
        let rights: Vec<(Account, Vec<Statement>)> = accounts(pipeline)
            .map(|account| (account, rights(pipeline, graph, account, files)))
            .collect();
        let statements = rights.iter().flat_map(|(_, statements)| statements);
        let characters: usize = statements.map(Statement::size).sum();
        if characters < SMALL {
            continue;
        }
        let Some(limit) = exceeded(pipeline, graph, &rights, files) else {
            continue;
        };
        let deploys = rights
            .iter()
            .filter(|(account, _)| *account == Account::Deploy);
        let roles = deploys
            .flat_map(|(_, statements)| statements)
            .filter(|statement| statement.sid == "Roles")
            .map(|statement| statement.resources.len())
            .sum();
        let message = format!(
            "the stack of pipeline `{}` becomes too large",
            pipeline.name.value
        );
        problems.push(
            Diagnostic::warning(&STACK_SIZE, pipeline.name.span, message)
                .label(limit)
                .note(format!("its deployments assume {}", plural(roles, "role")))
                .help("give the environments a `role`, which takes the place of four for each account and region; divide the pipeline; or deploy a stack of your own, and `aphex apply --objects-only`"),
        );
    }
}

/// What is beyond a limit, in words.
fn exceeded(
    pipeline: &Pipeline,
    graph: &Graph<'_>,
    rights: &[(Account, Vec<Statement>)],
    files: &dyn FileSystem,
) -> Option<String> {
    let template = assembly::of_graph(pipeline, graph, files, &Options::default()).template;
    let bytes = template.len();
    if bytes > TEMPLATE_LIMIT {
        return Some(format!(
            "its template has {bytes} bytes, CloudFormation takes {TEMPLATE_LIMIT}"
        ));
    }
    let policies = rights
        .iter()
        .map(|(_, statements)| role::divide(statements.clone()).len() - 1);
    let most = policies.max().unwrap_or_default();
    (most > MANAGED_POLICIES).then(|| {
        format!(
            "a role of it would need {most} policies beside its own, IAM takes {MANAGED_POLICIES}"
        )
    })
}
