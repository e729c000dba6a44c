//! The cloud assembly: what `cdk deploy --app DIR` and Aphex itself deploy.

use serde_json::{Map, Value, json};

use crate::graph::{self, Graph};
use crate::model::Pipeline;
use crate::source::FileSystem;
use crate::target::names::stack_name;
use crate::target::stack::{Options, template};

/// The version of the manifest's form. An old one, which every CLI reads that is in use (`cdk-cloud-assembly-schema`, "version").
const VERSION: &str = "36.0.0";
/// Which account and region it comes to is not known here: whoever deploys it has credentials for them.
const ENVIRONMENT: &str = "aws://unknown-account/unknown-region";

/// So long a line of JSON may be that need not be one.
const LINE: usize = 110;

/// A stack, synthesised.
#[derive(Clone, Debug, PartialEq)]
pub struct Assembly {
    /// The pipeline's name.
    pub pipeline: String,
    /// The stack's name in CloudFormation.
    pub stack: String,
    /// The tags of the stack.
    pub tags: Vec<(&'static str, String)>,
    /// `manifest.json`
    pub manifest: String,
    /// The template, as JSON.
    pub template: String,
}

impl Assembly {
    /// The name of its folder: `shop.stack`.
    pub fn folder(&self) -> String {
        format!("{}.stack", self.pipeline)
    }

    /// Its files: paths below its folder, and texts.
    pub fn files(&self) -> [(String, &str); 2] {
        [
            ("manifest.json".to_owned(), &self.manifest),
            (template_file(&self.stack), &self.template),
        ]
    }
}

fn template_file(stack: &str) -> String {
    format!("{stack}.template.json")
}

/// Synthesises the stack of a pipeline (3.2). `files` is the repository, for the qualifiers in `cdk.json`.
///
/// One that [`super::check`] has nothing against is deployable.
pub fn synthesise(pipeline: &Pipeline, files: &dyn FileSystem, options: &Options) -> Assembly {
    of_graph(pipeline, &graph::build(pipeline), files, options)
}

/// The same, where the graph is known.
pub(super) fn of_graph(
    pipeline: &Pipeline,
    graph: &Graph<'_>,
    files: &dyn FileSystem,
    options: &Options,
) -> Assembly {
    let stack = stack_name(&pipeline.cluster.value, &pipeline.name.value);
    let tags = template::tags(pipeline);
    let map: Map<String, Value> = tags
        .iter()
        .map(|(key, value)| ((*key).to_owned(), json!(value)))
        .collect();
    let artifact = json!({
        "type": "aws:cloudformation:stack",
        "environment": ENVIRONMENT,
        "properties": {
            "templateFile": template_file(&stack),
            "stackName": stack,
            "validateOnSynth": false,
            "tags": map,
        },
        "displayName": stack,
    });
    let artifacts = Map::from_iter([(stack.clone(), artifact)]);
    let manifest = json!({ "version": VERSION, "artifacts": artifacts });
    Assembly {
        pipeline: pipeline.name.value.clone(),
        manifest: text(&manifest),
        template: text(&template::template(pipeline, graph, files, options)),
        stack,
        tags,
    }
}

/// JSON in which what fits into a line stands in one: for people, and within [`super::TEMPLATE_LIMIT`].
fn text(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text.push('\n');
    text
}

fn write(value: &Value, depth: usize, into: &mut String) {
    let line = value.to_string();
    if depth + line.len() <= LINE {
        into.push_str(&line);
        return;
    }
    match value {
        Value::Array(items) => {
            let items = items.iter().map(|item| (String::new(), item));
            block(['[', ']'], items, depth, into);
        }
        Value::Object(members) => {
            let members = members.iter();
            let members = members.map(|(name, value)| (format!("{}: ", json!(name)), value));
            block(['{', '}'], members, depth, into);
        }
        _ => into.push_str(&line),
    }
}

fn block<'v>(
    [open, close]: [char; 2],
    items: impl Iterator<Item = (String, &'v Value)>,
    depth: usize,
    into: &mut String,
) {
    into.push(open);
    let mut comma = "";
    for (name, value) in items {
        into.push_str(comma);
        into.push('\n');
        into.extend(std::iter::repeat_n(' ', depth + 1));
        into.push_str(&name);
        write(value, depth + 1, into);
        comma = ",";
    }
    into.push('\n');
    into.extend(std::iter::repeat_n(' ', depth));
    into.push(close);
}
