//! What neither a type nor an assert of the standard library can say.

use crate::diagnostics::codes::blocks::{KNOWN_CONDITION, MISSING, OUTPUT_NAME};
use crate::diagnostics::{Diagnostic, Problems};
use crate::eval::data::{Block, Data, Object};

/// The longest name of an output (CloudFormation, quotas of templates).
const MAX_OUTPUT_NAME: usize = 255;

/// Looks at every block of a pipeline.
pub(super) fn check(pipeline: &Object, problems: &mut Problems) {
    status_tokens(pipeline, problems);
    let mut blocks: Vec<&Block> = pipeline.blocks.iter().collect();
    while let Some(block) = blocks.pop() {
        known_condition(&block.object, problems);
        if block.kind == "output" {
            output_name(block, problems);
        }
        blocks.extend(&block.object.blocks);
    }
}

/// `when = stage == "prod"`: whether the step is there at all is not a question for the run.
fn known_condition(object: &Object, problems: &mut Problems) {
    let Some(when) = object.fields.get("when").map(|field| &field.node) else {
        return;
    };
    let Data::Bool(value) = when.data else {
        return;
    };
    let outcome = if value { "always" } else { "never" };
    problems.push(
        Diagnostic::error(
            &KNOWN_CONDITION,
            when.span,
            format!(
                "the condition of `{}` is known before the run: it {outcome} holds",
                object.path.name()
            ),
        )
        .label(format!("this is `{value}`"))
        .help("put the block into `if … { … }`: then it is in the pipeline only where the condition holds"),
    );
}

/// `github_status()` of a pipeline whose `checkout` has no credentials: then nothing can set the status.
fn status_tokens(pipeline: &Object, problems: &mut Problems) {
    let is_null = |object: &Object, name: &str| {
        let field = object.fields.get(name);
        field.is_some_and(|field| field.node.data == Data::Null)
    };
    let mut blocks = pipeline.blocks.iter();
    if !blocks.any(|block| block.kind == "checkout" && is_null(&block.object, "credentials")) {
        return;
    }
    for notify in pipeline
        .blocks
        .iter()
        .filter(|block| block.kind == "notify")
    {
        let Some(to) = notify.object.fields.get("to").map(|field| &field.node) else {
            continue;
        };
        let Data::Object(status) = &to.data else {
            continue;
        };
        if status.schema == "GithubStatus" && is_null(status, "token") {
            problems.push(
                Diagnostic::error(
                    &MISSING,
                    notify.object.name_span,
                    "`github_status` has no token",
                )
                    .label("the status of a commit is set with one")
                    .help("write `github_status(secret(\"github\", key = \"token\"))`, or give it to all: `checkout { credentials = … }`"),
            );
        }
    }
}

/// `output vpc-id`: CloudFormation's names have letters and digits alone.
fn output_name(block: &Block, problems: &mut Problems) {
    let Some(name) = &block.label else { return };
    let alphanumeric = name.chars().all(|letter| letter.is_ascii_alphanumeric());
    if alphanumeric && !name.is_empty() && name.len() <= MAX_OUTPUT_NAME {
        return;
    }
    problems.push(
        Diagnostic::error(
            &OUTPUT_NAME,
            block.object.name_span,
            format!("`{name}` cannot be the name of a stack's output"),
        )
        .label("no logical name of CloudFormation")
        .help("write the name that the template gives it: letters and digits, at most 255"),
    );
}
