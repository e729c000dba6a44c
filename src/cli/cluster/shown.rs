//! A plan, in each of its forms.

use serde_json::json;

use crate::cli::cluster::changes;
use crate::diagnostics::Paint;
use crate::model::Pipeline;
use crate::stage::apply::{Applied, StackPlan};

/// What would change.
pub struct Shown<'a> {
    pub pipeline: &'a Pipeline,
    /// `None`: the stack was not looked at.
    pub stack: Option<StackPlan>,
    pub objects: Vec<Applied>,
    /// The younger commit that was applied before.
    pub newer: Option<String>,
}

impl Shown<'_> {
    /// Whether something would.
    pub fn is_some(&self) -> bool {
        let in_stack = self
            .stack
            .as_ref()
            .is_some_and(|stack| !stack.changes.is_empty());
        self.newer.is_none() && (in_stack || !self.objects.is_empty())
    }

    pub fn as_json(&self) -> String {
        let stack = self.stack.as_ref().map(
            |stack| json!({ "name": stack.name, "changes": changes::as_json(&stack.changes) }),
        );
        let json = json!({
            "version": 1,
            "pipeline": self.pipeline.name.value,
            "namespace": self.pipeline.namespace.value,
            "newer": self.newer,
            "stack": stack,
            "changes": changes::as_json(&self.objects),
        });
        // What is JSON can be written as JSON.
        serde_json::to_string_pretty(&json).unwrap_or_default() + "\n"
    }

    pub fn as_markdown(&self) -> String {
        let (name, namespace) = (&self.pipeline.name.value, &self.pipeline.namespace.value);
        let mut text = String::new();
        if let Some(stack) = self
            .stack
            .as_ref()
            .filter(|stack| !stack.changes.is_empty())
        {
            let table = changes::as_markdown(&stack.changes);
            text.push_str(&format!(
                "`{name}` in AWS, stack `{}`:\n\n{table}\n",
                stack.name
            ));
        }
        match self.objects.is_empty() {
            true => text.push_str(&format!("`{name}`: nothing would change in the cluster.\n")),
            false => {
                let table = changes::as_markdown(&self.objects);
                text.push_str(&format!(
                    "`{name}` in the cluster, namespace `{namespace}`:\n\n{table}"
                ));
            }
        }
        text
    }

    pub fn as_text(&self, paint: Paint) -> String {
        let (name, namespace) = (&self.pipeline.name.value, &self.pipeline.namespace.value);
        let mut text = String::new();
        if let Some(stack) = &self.stack {
            text.push_str(&changes::all(&stack.changes, paint));
            let total = match stack.changes.is_empty() {
                true => "nothing would change".to_owned(),
                false => changes::sums(&stack.changes, "to be "),
            };
            text.push_str(&format!("stack {}: {total}\n", stack.name));
        }
        text.push_str(&changes::all(&self.objects, paint));
        let total = match self.objects.is_empty() {
            true => "nothing would change".to_owned(),
            false => changes::total(&self.objects, "to be "),
        };
        text.push_str(&format!("{name} in namespace {namespace}: {total}\n"));
        text
    }
}
