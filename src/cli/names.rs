//! Names: the form of a repository's, and those in the cluster that pipelines of several files would share.

use crate::analysis::Analysis;
use crate::cli::input::Input;
use crate::collections::HashMap;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::platform::OBJECTS_EQUAL;
use crate::model::Pipeline;
use crate::target;
use crate::target::names::stack_name;

/// The form of a repository's name at GitHub, as `Repository` in the standard library has it.
pub const REPOSITORY: &str = "^[A-Za-z0-9][-_A-Za-z0-9]{0,38}/[-._A-Za-z0-9]{1,100}$";

/// What the pipelines that were looked at make in which cluster and namespace, and the file of each.
#[derive(Debug, Default)]
pub struct Names(HashMap<(String, String, String), String>);

impl Names {
    /// Adds those of an input, and reports what another input makes as well. (What two pipelines of one file make is compared where that file is.)
    pub fn add(&mut self, input: &Input, analysis: &mut Analysis) {
        let shown = input.shown();
        let named = analysis
            .pipelines
            .iter()
            .filter(|pipeline| !pipeline.name.value.is_empty());
        for pipeline in named {
            if let Some((name, other)) = self.taken(pipeline, &shown) {
                let span = pipeline.name.span;
                let message = format!("a pipeline of `{other}` makes {name}, too");
                let problem = Diagnostic::error(&OBJECTS_EQUAL, span, message)
                    .label("one would overwrite the other")
                    .help("give one of the pipelines another name");
                analysis.diagnostics.push(problem);
            }
        }
    }

    fn taken(&mut self, pipeline: &Pipeline, shown: &str) -> Option<(String, String)> {
        let mut taken = None;
        let cluster = &pipeline.cluster.value;
        let namespace = &*pipeline.namespace.value;
        let names = target::object_names(pipeline).into_iter();
        let templates = names.map(|name| (namespace, format!("a WorkflowTemplate `{name}`")));
        // One in the cluster, whatever the namespace.
        let stack = stack_name(cluster, &pipeline.name.value);
        let stack = ("", format!("the stack `{stack}`"));
        for (namespace, name) in templates.chain([stack]) {
            let key = (cluster.clone(), namespace.to_owned(), name.clone());
            let other = self.0.entry(key).or_insert_with(|| shown.to_owned());
            if other != shown && taken.is_none() {
                taken = Some((name, other.clone()));
            }
        }
        taken
    }
}
