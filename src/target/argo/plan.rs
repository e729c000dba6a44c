//! Which pods an entry needs, and the leaf templates that they share.

use crate::collections::{HashMap, IndexMap};
use crate::graph::{Entry, EntryKind, Stage, StageId, StageKind};
use crate::model::Pipeline;
use crate::source::Span;
use crate::target::argo::leaf::{self, Holder, Leaf};
use crate::target::argo::manifest::{Arguments, Empty, Parameter, Suspend, Template, ValueFrom};
use crate::target::argo::names::task_name;
use crate::target::argo::pod::{self, Common, Shape, slot_name};
use crate::target::argo::share::{Shapes, Slot};
use crate::target::names::Taken;

/// A call of a template.
#[derive(Clone, Debug)]
pub struct Call {
    /// The template's name.
    pub template: String,
    /// Names and values, in the order of the template's inputs.
    pub arguments: Vec<(String, Argument)>,
}

impl Call {
    /// A call without arguments.
    pub fn plain(template: impl Into<String>) -> Self {
        Call {
            template: template.into(),
            arguments: Vec::new(),
        }
    }
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Argument {
    /// Says what is to be done; the same in all environments of one shape.
    Text(String),
    /// May differ between environments that share a template.
    Value(String),
}

/// The leaf templates of an entry, and who calls them how.
pub struct Plan {
    /// Leaf templates in order of first use.
    pub templates: Vec<Template>,
    /// The calls of each stage that is no group: an approval has two.
    pub calls: HashMap<StageId, Vec<Call>>,
    /// The pods that look for tools.
    pub tools: Vec<Call>,
    /// The template that asks a person, by its time-out in seconds.
    pub approvals: HashMap<u64, String>,
}

/// A pod that is wanted, before templates have names.
struct Wanted {
    shape: usize,
    values: Vec<String>,
    arguments: Vec<String>,
}

/// The first use of a shape, which its template is called after.
struct First {
    name: String,
    origin: Span,
    origins: Vec<(String, Span)>,
}

/// Plans the leaves of an entry. Names of templates are taken from `taken`.
pub fn plan(pipeline: &Pipeline, entry: &Entry<'_>, common: &Common, taken: &mut Taken) -> Plan {
    let mut shapes: Shapes<Shape, First> = Shapes::new();
    let mut wanted: Vec<(Option<StageId>, Wanted)> = Vec::new();
    let mut approvals: IndexMap<u64, Span> = IndexMap::default();
    let mut want = |stage: Option<&Stage<'_>>, leaf: Leaf| {
        let first = || First {
            name: stage.map_or("", |stage| &*stage.name).to_owned(),
            origin: leaf.span,
            origins: leaf.origins,
        };
        let shape = shapes.add(leaf.shape, first, &leaf.values);
        let (values, arguments) = (leaf.values, leaf.arguments);
        wanted.push((
            stage.map(|stage| stage.id),
            Wanted {
                shape,
                values,
                arguments,
            },
        ));
    };
    for stage in &entry.stages {
        let holder = holder(entry, stage);
        for leaf in leaf::leaves(pipeline, entry.kind, stage, holder) {
            want(Some(stage), leaf);
        }
        if matches!(stage.kind, StageKind::Preflight) {
            for (image, span) in leaf::images(pipeline) {
                let validate = entry.kind == EntryKind::Validate;
                want(None, leaf::tools(validate, image, span));
            }
        }
        if let StageKind::Approval(approval) = stage.kind {
            approvals
                .entry(approval.timeout.value)
                .or_insert(approval.span);
        }
    }

    let mut templates = Vec::new();
    let mut slots: Vec<Vec<Slot>> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let mut used: Vec<&'static str> = Vec::new();
    for (index, (shape, first, ..)) in shapes.iter().enumerate() {
        let again = !first.name.is_empty() && first.name != shape.word;
        let name = if used.contains(&shape.word) && again {
            taken.take(&task_name(&format!("{}-{}", shape.word, first.name)))
        } else {
            taken.take(shape.word)
        };
        used.push(shape.word);
        let own = shapes.slots(index, slot_name);
        templates.push(Template {
            origin: Some(first.origin),
            origins: first.origins.clone(),
            ..pod::template(common, name.clone(), shape, &own)
        });
        slots.push(own);
        names.push(name);
    }
    let inputs: Vec<Vec<&'static str>> = shapes
        .iter()
        .map(|(shape, ..)| shape.inputs.clone())
        .collect();

    let mut plan = Plan {
        templates,
        calls: HashMap::default(),
        tools: Vec::new(),
        approvals: HashMap::default(),
    };
    for (stage, wanted) in wanted {
        let fixed = inputs.get(wanted.shape).into_iter().flatten();
        let fixed = fixed
            .zip(wanted.arguments)
            .map(|(name, text)| ((*name).to_owned(), Argument::Text(text)));
        let varying = slots.get(wanted.shape).into_iter().flatten();
        let varying = varying
            .zip(wanted.values)
            .filter_map(|(slot, value)| match slot {
                Slot::Parameter(name) => Some((name.clone(), Argument::Value(value))),
                Slot::Fixed(_) => None,
            });
        let call = Call {
            template: names.get(wanted.shape).cloned().unwrap_or_default(),
            arguments: fixed.chain(varying).collect(),
        };
        match stage {
            Some(stage) => plan.calls.entry(stage).or_default().push(call),
            None => plan.tools.push(call),
        }
    }
    for (seconds, span) in approvals {
        let name = taken.take("approval");
        plan.templates.push(question(name.clone(), seconds, span));
        plan.approvals.insert(seconds, name);
    }
    plan
}

fn holder<'e>(entry: &'e Entry<'_>, stage: &Stage<'_>) -> Holder<'e> {
    let parent = stage.parent.and_then(|parent| entry.stage(parent));
    match parent.map(|parent| (&parent.kind, &*parent.name)) {
        Some((StageKind::Environment(_), _)) => Holder::Environment,
        Some((StageKind::Wave(wave), _)) => Holder::Wave(&wave.name.value),
        _ => Holder::Pipeline,
    }
}

/// The template that waits for a person. Whoever answers supplies `decision`, `approver` and `reason`; when the time is over, the
/// defaults stand: rejected, by nobody.
fn question(name: String, seconds: u64, origin: Span) -> Template {
    let supplied = |name: &str, default| Parameter {
        name: name.to_owned(),
        value_from: Some(ValueFrom {
            path: None,
            supplied: Some(Empty {}),
            default,
        }),
        ..Parameter::default()
    };
    Template {
        name,
        inputs: Arguments {
            parameters: vec![
                Parameter {
                    description: Some("approve or reject"),
                    choices: vec!["approve", "reject"],
                    ..Parameter::with("decision", "reject")
                },
                Parameter {
                    description: Some("who says so (base64)"),
                    ..Parameter::with("approver", "")
                },
                Parameter {
                    description: Some("why (base64)"),
                    ..Parameter::with("reason", "")
                },
            ],
        },
        outputs: Arguments {
            parameters: vec![
                supplied("decision", "reject"),
                supplied("approver", ""),
                supplied("reason", ""),
            ],
        },
        suspend: Some(Suspend {
            duration: seconds.to_string(),
        }),
        origin: Some(origin),
        ..Template::default()
    }
}
