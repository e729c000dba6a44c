//! The nodes of a Workflow as what their pods do.

use clap::{FromArgMatches, Subcommand};

use crate::cloud::kubernetes::{Node, Workflow};
use crate::graph::Entry;
use crate::stage::task::{Task, path_of};

/// What the pod of a node does: what its template says, with its parameters. `None` where it is none of a stage.
pub fn task_of(workflow: &Workflow, node: &Node) -> Option<Task> {
    let templates = &workflow.status.stored_workflow_template_spec.templates;
    let mut named = templates.iter();
    let template = named.find(|template| template.name == node.template_name)?;
    let mut arguments = template.container.args.iter();
    (arguments.next()? == "stage").then_some(())?;
    let given = |argument: &String| {
        let name = argument
            .strip_prefix("{{inputs.parameters.")
            .and_then(|rest| rest.strip_suffix("}}"));
        let value = name.and_then(|name| node.inputs.text(name));
        value.unwrap_or_else(|| argument.clone())
    };
    let arguments: Vec<String> = arguments.map(given).collect();
    let command = Task::augment_subcommands(clap::Command::new("stage")).no_binary_name(true);
    let matches = command.try_get_matches_from(arguments).ok()?;
    Task::from_arg_matches(&matches).ok()
}

/// Where it is in a run: as the file says, where it has the stage.
pub fn path_of_task(task: &Task, entry: Option<&Entry<'_>>) -> String {
    let found = entry.and_then(|entry| Some(path_of(entry, task.find(entry)?)));
    found.unwrap_or_else(|| task.likely_path())
}
