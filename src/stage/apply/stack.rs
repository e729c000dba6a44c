//! The pipeline's own stack in AWS.

use crate::cloud::aws::cloudformation::{
    Change, Deleted, Progress, Stack as Found, Wanted, Watch, delete, deploy, own_stack, require,
};
use crate::cloud::aws::s3::{Bucket, buckets};
use crate::cloud::aws::{Aws, Failure};
use crate::collections::IndexMap;
use crate::diagnostics::codes::platform::STACK_SIZE;
use crate::diagnostics::{Diagnostic, safe};
use crate::model::Pipeline;
use crate::source::FileSystem;
use crate::stage::apply::{Facts, Home, Owner};
use crate::target::names::{Account, stack_name};
use crate::target::stack::{Export, Options, TEMPLATE_LIMIT, output_of, synthesise, tags};

/// The output with the bucket's name (10.5).
pub const BUCKET: &str = "ArtifactBucketName";

/// So much of the stack's name is in the name of its bucket for certain: CloudFormation shortens it to what 63 letters leave.
const BUCKET_PREFIX: usize = 20;

/// A stack that is there.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// What was done.
    pub change: Change,
    /// Where it is.
    pub home: Home,
    /// Its outputs.
    pub outputs: IndexMap<String, String>,
    /// What it was made with.
    pub options: Options,
}

impl Stack {
    /// What objects of the cluster are told of it.
    pub fn facts(&self) -> Facts {
        facts(&self.outputs, self.home.clone(), &self.options)
    }
}

/// What objects of the cluster are told of a stack with these outputs.
pub fn facts(outputs: &IndexMap<String, String>, home: Home, options: &Options) -> Facts {
    let bucket = outputs.get(BUCKET);
    let role = |account: Account| {
        let role = outputs.get(&output_of(account))?;
        Some((account, role.clone()))
    };
    Facts {
        store: bucket.map(|bucket| format!("s3://{bucket}")),
        roles: Account::AWS.into_iter().filter_map(role).collect(),
        stack: Some(home),
        exports: Some(options.exports.clone()),
    }
}

/// Deploys the stack of a pipeline, synthesised now (3.2), where the cluster's exports are there (10.1, 10.2); `files` is the repository.
pub fn deploy_stack(
    aws: &Aws,
    pipeline: &Pipeline,
    owner: Owner<'_>,
    files: &dyn FileSystem,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<Stack, Diagnostic> {
    let wanted = Export::names(&options.exports, &pipeline.cluster.value);
    require(aws, &wanted, &options.exports)?;
    let assembly = synthesise(pipeline, files, options);
    if assembly.template.len() > TEMPLATE_LIMIT {
        let bytes = assembly.template.len();
        let message = format!(
            "the stack of pipeline `{}` is too large",
            pipeline.name.value
        );
        return Err(Diagnostic::error(&STACK_SIZE, pipeline.name.span, message)
            .note(format!("its template has {bytes} bytes, CloudFormation takes {TEMPLATE_LIMIT}"))
            .help("give the environments a `role`, divide the pipeline, or deploy a stack of your own, and `aphex apply --objects-only`"));
    }
    let wanted = Wanted {
        stack: &assembly.stack,
        template: &assembly.template,
        tags: &assembly.tags,
        moved: owner.moved_tag(),
    };
    let done = deploy(aws, &wanted, watch)?;
    Ok(Stack {
        name: assembly.stack,
        change: done.change,
        home: Home::of_arn(&done.arn),
        outputs: done.outputs,
        options: options.clone(),
    })
}

/// The stack of a pipeline; `None` where there is none, an error where that of the name is another's.
pub fn find_stack(
    aws: &Aws,
    pipeline: &Pipeline,
    owner: Owner<'_>,
) -> Result<Option<Found>, Diagnostic> {
    let name = stack_name(&pipeline.cluster.value, &pipeline.name.value);
    own_stack(aws, &name, &tags(pipeline), owner.moved_tag())
}

/// The buckets that stacks of a pipeline have left in the region. CloudFormation made their names, of the beginning of the stack's and a random end, and nobody
/// keeps them: they are the pipeline's by their tags, all of them.
pub fn left_buckets(aws: &Aws, pipeline: &Pipeline) -> Result<Vec<String>, Failure> {
    let stack = stack_name(&pipeline.cluster.value, &pipeline.name.value).to_lowercase();
    let prefix: String = stack.chars().take(BUCKET_PREFIX).collect();
    let tags = tags(pipeline);
    let mut left = Vec::new();
    for name in buckets(aws, &prefix)? {
        let found = Bucket::new(aws, name.clone()).tags()?;
        let has = |key: &str, value: &str| {
            let mut found = found.iter();
            found.any(|(name, own)| name == key && own.eq_ignore_ascii_case(value))
        };
        if tags.iter().all(|(key, value)| has(key, value)) {
            left.push(name);
        }
    }
    Ok(left)
}

/// Removes it; `None` where there is none, an error where it is another's. The bucket stays, with all that is in it.
pub fn delete_stack(
    aws: &Aws,
    pipeline: &Pipeline,
    watch: &mut Watch<'_>,
) -> Result<Option<Deleted>, Diagnostic> {
    let name = stack_name(&pipeline.cluster.value, &pipeline.name.value);
    delete(aws, &name, &tags(pipeline), watch)
}

/// What an event of a stack, or what is said of it, is in a line.
pub fn line(progress: Progress<'_>) -> String {
    let text = match progress {
        Progress::Said(text) => text.to_owned(),
        Progress::Happened(event) => {
            let reason = event.reason.as_deref().unwrap_or_default();
            format!(
                "{} {} {} {reason}",
                event.status, event.kind, event.resource
            )
        }
    };
    safe::line(text.trim_end()).into_owned()
}
