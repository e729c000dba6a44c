//! The tools of an image, looked for in a pod of it before anything else runs (9.5).

use std::collections::BTreeMap;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run as codes;
use crate::model::Pipeline;
use crate::rules;
use crate::source::Span;
use crate::stage::work::{Context, Did, preflight};
use crate::target::argo;

/// What the CDK apps' own stages call, wherever they run.
const CDK: &[&str] = &["cdk"];

/// The path of the result, which no stage of the graph has.
pub fn path(image: &str) -> String {
    let letters = image.chars();
    let letters = letters.map(
        |letter| match letter.is_ascii_alphanumeric() || letter == '.' {
            true => letter,
            false => '-',
        },
    );
    format!("tools/{}", letters.collect::<String>())
}

/// Looks for whatever the steps and apps call that run in this image.
pub fn perform(context: &Context, pipeline: &Pipeline, image: &str) -> Did {
    let mut did = Did::default();
    let mut wanted: BTreeMap<String, (Span, String)> = BTreeMap::new();
    for step in argo::steps(pipeline) {
        let own = step.image.as_ref().unwrap_or(&pipeline.images.builder);
        if own.value != image {
            continue;
        }
        for tool in rules::tools(step) {
            let user = step.name.value.clone();
            wanted.entry(tool).or_insert((step.span, user));
        }
    }
    for app in pipeline.apps_with_stacks() {
        let own = app.image.as_ref().unwrap_or(&pipeline.images.deployer);
        if own.value != image {
            continue;
        }
        let setup = app.setup.iter().map(|command| command.value.as_str());
        let mut tools = rules::shell::tools(setup);
        tools.extend(CDK.iter().map(|tool| (*tool).to_owned()));
        for tool in tools {
            let user = format!("app {}", app.name.value);
            wanted.entry(tool).or_insert((app.span, user));
        }
    }
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for (tool, (span, user)) in wanted {
        // A path is a file of the repository, or of what a command before has made.
        match tool.contains('/') || preflight::is_here(&tool) {
            true => found.push(tool),
            false => missing.push((tool, span, user)),
        }
    }
    did.problems = missing
        .into_iter()
        .map(|(tool, span, user)| {
            let message = format!("`{tool}` is not in the image `{image}`");
            Diagnostic::error(&codes::NO_TOOL, span, message)
                .note(format!("`{user}` calls it"))
                .help("use an image that has it: `image = \"…\"`")
        })
        .collect();
    if !found.is_empty() {
        context
            .log
            .line(&format!("tools of {image}: {}", found.join(", ")));
    }
    did
}
