//! One entry of a pipeline as one WorkflowTemplate's templates.

use crate::collections::{HashMap, HashSet};
use crate::graph::{Entry, EntryKind, Stage, StageId, StageKind};
use crate::model::{Pipeline, Queue, Wave};
use crate::target::argo::dag::{self, Bulk, Draft, Drafting, Tasklist, in_order};
use crate::target::argo::manifest::{Arguments, Named, Parameter, Synchronization, Template};
use crate::target::argo::names::task_name;
use crate::target::argo::plan::{Argument, Call, Plan, plan};
use crate::target::argo::pod::Common;
use crate::target::argo::share::{Shapes, Slot};
use crate::target::names::Taken;

/// Argo 4's definitions allow so many tasks in a DAG.
pub const TASK_LIMIT: usize = 200;
/// So many synths of a pull request run side by side.
const DIFFS_AT_ONCE: u32 = 10;

/// Puts the templates of an entry together.
pub struct Assembly<'a, 'p> {
    pipeline: &'a Pipeline,
    entry: &'a Entry<'p>,
    plan: Plan,
    taken: Taken,
    groups: HashMap<StageId, Call>,
    templates: Vec<Template>,
    join: Option<String>,
}

/// The templates of an entry; the first is the entry point.
pub fn templates(pipeline: &Pipeline, entry: &Entry<'_>, common: &Common) -> Vec<Template> {
    let mut taken = Taken::default();
    for reserved in ["main", "prepare", "join"] {
        taken.take(reserved);
    }
    let plan = plan(pipeline, entry, common, &mut taken);
    let mut assembly = Assembly {
        pipeline,
        entry,
        plan,
        taken,
        groups: HashMap::default(),
        templates: Vec::new(),
        join: None,
    };
    assembly.environments();
    assembly.waves();
    assembly.diffs();
    let main = assembly.main();
    let mut all = vec![main];
    all.append(&mut assembly.templates);
    if assembly.join.is_some() {
        all.push(dag::join(pipeline.span));
    }
    all.append(&mut assembly.plan.templates);
    all
}

/// What environments that share a template have in common.
#[derive(PartialEq, Eq, Hash)]
struct EnvironmentShape {
    target: String,
    parallelism: Option<u32>,
    tasks: Vec<TaskShape>,
}

#[derive(PartialEq, Eq, Hash)]
struct TaskShape {
    name: String,
    template: String,
    depends: String,
    arguments: Vec<(String, Option<String>)>,
}

impl<'p> Assembly<'_, 'p> {
    fn draft(&mut self, siblings: &[&Stage<'_>], taken: &mut Taken) -> Tasklist {
        self.level(siblings, &HashSet::default(), None, taken)
    }

    /// One template a shape of environment, and how each environment calls its own.
    fn environments(&mut self) {
        let entry = self.entry;
        let mut shapes: Shapes<EnvironmentShape, (Tasklist, &Stage<'p>)> = Shapes::new();
        let mut found: Vec<(&Stage<'p>, usize, Vec<String>)> = Vec::new();
        for stage in &entry.stages {
            let StageKind::Environment(environment) = stage.kind else {
                continue;
            };
            let children: Vec<&Stage<'_>> = entry.children(Some(stage.id)).collect();
            let mut list = self.draft(&children, &mut Taken::default());
            if environment.max_parallel.value > 1 {
                list = list.in_order();
            }
            let mut values = Vec::new();
            let tasks = list.drafts.iter().map(|draft| TaskShape {
                name: draft.name.clone(),
                template: draft.call.template.clone(),
                depends: draft.depends.clone(),
                arguments: draft
                    .call
                    .arguments
                    .iter()
                    .map(|(name, argument)| match argument {
                        Argument::Text(text) => (name.clone(), Some(text.clone())),
                        Argument::Value(value) => {
                            values.push(value.clone());
                            (name.clone(), None)
                        }
                    })
                    .collect(),
            });
            let shape = EnvironmentShape {
                target: list.target.clone(),
                parallelism: Some(environment.max_parallel.value).filter(|most| *most > 1),
                tasks: tasks.collect(),
            };
            let index = shapes.add(shape, || (list, stage), &values);
            found.push((stage, index, values));
        }
        let alone = shapes.iter().count() == 1;
        let mut templates: Vec<(String, Vec<Slot>)> = Vec::new();
        for (index, (shape, (list, stage), ..)) in shapes.iter().enumerate() {
            let name = match alone {
                true => "environment".to_owned(),
                false => format!("environment-{}", stage.name),
            };
            let name = self.taken.take(&task_name(&name));
            let names = parameter_names(list);
            let slots = shapes.slots(index, |position| {
                names.get(position).cloned().unwrap_or_default()
            });
            let template = self.environment(&name, shape, list.clone(), &slots, stage);
            self.templates.push(template);
            templates.push((name, slots));
        }
        for (stage, index, values) in found {
            let Some((template, slots)) = templates.get(index) else {
                continue;
            };
            let StageKind::Environment(environment) = stage.kind else {
                continue;
            };
            let own = environment.name.value.clone();
            let varying = slots
                .iter()
                .zip(values)
                .filter_map(|(slot, value)| match slot {
                    Slot::Parameter(name) => Some((name.clone(), Argument::Value(value))),
                    Slot::Fixed(_) => None,
                });
            let call = Call {
                template: template.clone(),
                arguments: std::iter::once(("environment".to_owned(), Argument::Text(own)))
                    .chain(varying)
                    .collect(),
            };
            self.groups.insert(stage.id, call);
        }
    }

    fn environment(
        &self,
        name: &str,
        shape: &EnvironmentShape,
        mut list: Tasklist,
        slots: &[Slot],
        stage: &Stage<'_>,
    ) -> Template {
        let arguments = list
            .drafts
            .iter_mut()
            .flat_map(|draft| &mut draft.call.arguments);
        let values = arguments.filter_map(|(_, argument)| match argument {
            Argument::Value(value) => Some(value),
            Argument::Text(_) => None,
        });
        for (value, slot) in values.zip(slots) {
            *value = slot.text();
        }
        let varying = slots.iter().filter_map(|slot| match slot {
            Slot::Parameter(name) => Some(Parameter::input(name.clone())),
            Slot::Fixed(_) => None,
        });
        let mutex = format!(
            "aphex-{}-{{{{inputs.parameters.environment}}}}",
            self.pipeline.name.value
        );
        Template {
            inputs: Arguments {
                parameters: std::iter::once(Parameter::input("environment"))
                    .chain(varying)
                    .collect(),
            },
            parallelism: shape.parallelism,
            synchronization: (self.pipeline.queue != Queue::Pipeline).then(|| mutexes(mutex)),
            ..dag::template(name.to_owned(), list, stage.span)
        }
    }

    /// One template a wave.
    fn waves(&mut self) {
        let entry = self.entry;
        for stage in &entry.stages {
            let StageKind::Wave(wave) = stage.kind else {
                continue;
            };
            let name = self.taken.take(&task_name(&format!("wave-{}", stage.name)));
            let children: Vec<&Stage<'_>> = entry.children(Some(stage.id)).collect();
            let template = self.wave(name.clone(), wave, &children, stage);
            self.templates.push(template);
            self.groups.insert(
                stage.id,
                Call {
                    template: name,
                    arguments: Vec::new(),
                },
            );
        }
    }

    fn wave(
        &mut self,
        name: String,
        wave: &Wave,
        children: &[&Stage<'_>],
        stage: &Stage<'_>,
    ) -> Template {
        let members: HashSet<StageId> = children
            .iter()
            .filter(|child| matches!(child.kind, StageKind::Environment(_)))
            .map(|child| child.id)
            .collect();
        let most = wave.max_parallel.as_ref().map(|most| most.value.max(1));
        let batches = most.filter(|most| wave.fail_fast && (*most as usize) < members.len());
        let in_batches = batches.map(|most| most as usize);
        let mut list = self.level(children, &members, in_batches, &mut Taken::default());
        if most.is_some() {
            list = list.in_order();
        }
        Template {
            parallelism: if batches.is_some() { None } else { most },
            ..dag::template(name, list, stage.span)
        }
    }

    /// The tasks of these siblings; `equals` among them become items where there are more than Argo allows.
    fn level(
        &mut self,
        siblings: &[&Stage<'_>],
        equals: &HashSet<StageId>,
        batch: Option<usize>,
        taken: &mut Taken,
    ) -> Tasklist {
        let independent = siblings.iter().all(|stage| {
            !equals.contains(&stage.id)
                || !stage.after.iter().any(|edge| equals.contains(&edge.from))
        });
        let bulk = siblings.len() + 6 > TASK_LIMIT && independent;
        let mut drafting = Drafting {
            entry: self.entry,
            plan: &self.plan,
            groups: &self.groups,
            join: self.join.take(),
            bulk: bulk.then_some(Bulk {
                members: equals,
                batch,
            }),
        };
        let mut list = drafting.tasks(siblings, taken);
        self.join = drafting.join;
        if let Some(batch) = batch.filter(|_| !bulk) {
            in_batches(&mut list.drafts, equals, batch);
        }
        list
    }

    /// The synths and diffs of a pull request, side by side.
    fn diffs(&mut self) {
        let entry = self.entry;
        for stage in &entry.stages {
            if !matches!(stage.kind, StageKind::Diffs) {
                continue;
            }
            let name = self.taken.take("diffs");
            let children: Vec<&Stage<'_>> = entry.children(Some(stage.id)).collect();
            let all = children.iter().map(|child| child.id).collect();
            let list = self.level(&children, &all, None, &mut Taken::default());
            self.templates.push(Template {
                parallelism: Some(DIFFS_AT_ONCE),
                ..dag::template(name.clone(), list, stage.span)
            });
            self.groups.insert(stage.id, Call::plain(name));
        }
    }

    /// The entry point. Where runs queue for each environment, and in large pipelines, what comes before the first
    /// environment is a DAG of its own.
    fn main(&mut self) -> Template {
        let roots = self.entry.children(None);
        let stages: Vec<&Stage<'_>> = in_order(
            &roots
                .filter(|stage| !matches!(stage.kind, StageKind::Finish))
                .collect::<Vec<_>>(),
        );
        let span = self.pipeline.span;
        let locks =
            self.pipeline.queue != Queue::Pipeline && self.entry.kind != EntryKind::Validate;
        if !locks {
            let list = self.draft(&stages, &mut Taken::default());
            if list.drafts.len() <= TASK_LIMIT {
                return dag::template("main".to_owned(), list, span);
            }
        }
        let (targets, base): (Vec<&Stage<'_>>, Vec<&Stage<'_>>) =
            stages.into_iter().partition(|stage| {
                matches!(stage.kind, StageKind::Environment(_) | StageKind::Wave(_))
            });
        let list = self.draft(&base, &mut Taken::default());
        let mutex = format!("aphex-{}-prepare", self.pipeline.name.value);
        self.templates.push(Template {
            synchronization: locks.then(|| mutexes(mutex)),
            ..dag::template("prepare".to_owned(), list, span)
        });
        let mut taken = Taken::default();
        let mut list = Tasklist::default();
        let prepare = taken.take("prepare");
        list.drafts
            .push(Draft::plain(&prepare, "prepare", String::new(), span));
        let after = format!("{prepare}.Succeeded");
        let parts = parts(&targets, TASK_LIMIT - 1);
        if let [only] = &*parts {
            let mut inner = self.draft(only, &mut taken);
            for draft in inner
                .drafts
                .iter_mut()
                .filter(|draft| draft.depends.is_empty())
            {
                draft.depends.clone_from(&after);
            }
            list.drafts.append(&mut inner.drafts);
            return dag::template("main".to_owned(), list, span);
        }
        let mut after = after;
        for part in &parts {
            let name = self.taken.take("part");
            let all = part.iter().map(|stage| stage.id).collect();
            let tasks = self.level(part, &all, None, &mut Taken::default());
            self.templates
                .push(dag::template(name.clone(), tasks, span));
            let task = taken.take(&name);
            list.drafts.push(Draft::plain(&task, &name, after, span));
            after = format!("{task}.Succeeded");
        }
        dag::template("main".to_owned(), list, span)
    }
}

fn mutexes(name: String) -> Synchronization {
    Synchronization {
        mutexes: vec![Named { name }],
    }
}

/// Names for the values that may differ between environments of one shape, by position.
fn parameter_names(list: &Tasklist) -> Vec<String> {
    let mut names = Vec::new();
    for draft in &list.drafts {
        for (name, argument) in &draft.call.arguments {
            if matches!(argument, Argument::Value(_)) {
                names.push(format!("{}-{name}", draft.name));
            }
        }
    }
    names
}

/// Lets the members of a wave begin in batches: none begins before all of the batch before it have succeeded.
/// Argo's own `failFast` marks a template as failed while DAGs in it still run, and its `parallelism` starts
/// the next one whatever became of the others.
fn in_batches(drafts: &mut [Draft], members: &HashSet<StageId>, most: usize) {
    let mut batch: Vec<String> = Vec::new();
    let mut before: Vec<String> = Vec::new();
    for draft in drafts {
        if !draft.stage.is_some_and(|stage| members.contains(&stage)) {
            continue;
        }
        if batch.len() == most {
            before = std::mem::take(&mut batch);
        }
        batch.push(draft.name.clone());
        let mut terms: Vec<String> = draft.depends.split(" && ").map(str::to_owned).collect();
        for name in &before {
            let term = format!("{name}.Succeeded");
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        terms.retain(|term| !term.is_empty());
        draft.depends = terms.join(" && ");
    }
}

/// Cuts targets into parts of at most `limit` that can run one after another without anybody waiting for more than
/// before: a cut is where everything after it waits for everything before it.
///
/// `targets` are in order. A part is longer than `limit` where there is no cut within.
fn parts<'s, 'p>(targets: &[&'s Stage<'p>], limit: usize) -> Vec<Vec<&'s Stage<'p>>> {
    let position: HashMap<StageId, usize> = targets
        .iter()
        .enumerate()
        .map(|(index, stage)| (stage.id, index))
        .collect();
    let waits: Vec<Vec<usize>> = targets
        .iter()
        .map(|stage| {
            let edges = stage.after.iter();
            edges
                .filter_map(|edge| position.get(&edge.from).copied())
                .collect()
        })
        .collect();
    // The earliest target that anything from here on waits for directly; what waits for none counts as first.
    let mut earliest = vec![usize::MAX; targets.len() + 1];
    for (index, waits) in waits.iter().enumerate().rev() {
        let own = waits.iter().min().copied().unwrap_or(0);
        let later = earliest.get(index + 1).copied().unwrap_or(usize::MAX);
        if let Some(slot) = earliest.get_mut(index) {
            *slot = own.min(later);
        }
    }
    let mut ends: HashSet<usize> = HashSet::default();
    let mut segments: Vec<Vec<&'s Stage<'p>>> = Vec::new();
    for (index, (stage, waits)) in targets.iter().zip(&waits).enumerate() {
        let joins = !ends.is_empty() && ends.iter().all(|end| waits.contains(end));
        let later = earliest.get(index + 1).copied().unwrap_or(usize::MAX);
        if index == 0 || (joins && later >= index) {
            segments.push(Vec::new());
        }
        if let Some(segment) = segments.last_mut() {
            segment.push(*stage);
        }
        for wait in waits {
            ends.remove(wait);
        }
        ends.insert(index);
    }
    let mut parts: Vec<Vec<&'s Stage<'p>>> = Vec::new();
    for segment in segments {
        match parts.last_mut() {
            Some(part) if part.len() + segment.len() <= limit => part.extend(segment),
            _ => parts.push(segment),
        }
    }
    parts
}
