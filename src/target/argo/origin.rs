//! The pieces of a WorkflowTemplate with their sources.

use crate::model::Pipeline;
use crate::source::Span;
use crate::target::argo::manifest::WorkflowTemplate;

/// JSON pointers into the object, each with the place that it comes from, in the order of the object.
pub fn origins(pipeline: &Pipeline, object: &WorkflowTemplate) -> Vec<(String, Span)> {
    let mut all = vec![
        (String::new(), pipeline.span),
        ("/metadata/name".to_owned(), pipeline.name.span),
        ("/metadata/namespace".to_owned(), pipeline.namespace.span),
    ];
    let registries = pipeline.registries.iter().enumerate();
    all.extend(
        registries.map(|(index, name)| (format!("/spec/imagePullSecrets/{index}"), name.span)),
    );
    for (index, template) in object.spec.templates.iter().enumerate() {
        let own = format!("/spec/templates/{index}");
        all.extend(template.origin.map(|span| (own.clone(), span)));
        let fields = template.origins.iter();
        all.extend(fields.map(|(pointer, span)| (format!("{own}{pointer}"), *span)));
        for (index, task) in template.dag.iter().flat_map(|dag| &dag.tasks).enumerate() {
            let own = format!("{own}/dag/tasks/{index}");
            all.extend(task.origin.map(|span| (own.clone(), span)));
            let items = task.item_origins.iter().enumerate();
            all.extend(items.map(|(index, span)| (format!("{own}/withItems/{index}"), *span)));
        }
    }
    all
}
