//! DAG templates: the stages of an environment, of a wave, of a run.

use crate::collections::{HashMap, HashSet, IndexMap};
use crate::graph::{Condition, Entry, Stage, StageId, StageKind};
use crate::source::Span;
use crate::target::argo::depends::{Depends, Tasks, settled};
use crate::target::argo::manifest::{Arguments, Dag, Item, Parameter, Suspend, Task, Template};
use crate::target::argo::names::task_name;
use crate::target::argo::plan::{Argument, Call, Plan};
use crate::target::names::Taken;

/// A task in the making.
#[derive(Clone, Debug)]
pub struct Draft {
    pub name: String,
    pub call: Call,
    pub depends: String,
    /// What it is done for, where it stands for several stages.
    pub items: Vec<(Item, Span)>,
    pub origin: Span,
    /// The stage that it is, where it is one.
    pub stage: Option<StageId>,
}

impl Draft {
    /// A task without arguments.
    pub fn plain(name: &str, template: &str, depends: String, origin: Span) -> Self {
        Draft {
            name: name.to_owned(),
            call: Call::plain(template),
            depends,
            items: Vec::new(),
            origin,
            stage: None,
        }
    }
}

/// The tasks of a DAG in the making, and what decides whether it has failed.
#[derive(Clone, Debug, Default)]
pub struct Tasklist {
    pub drafts: Vec<Draft>,
    /// `dag.target`; empty: the tasks that no other depends on.
    pub target: String,
    required: Vec<String>,
}

impl Tasklist {
    /// Names every required task as target. Argo looks at targets in their order, and otherwise at the last tasks by the alphabet:
    /// so where not all may begin at once, the first ones written begin first.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.target = self.required.join(" ");
        self
    }
}

/// What the drafting of tasks needs to know.
pub struct Drafting<'a, 'p> {
    pub entry: &'a Entry<'p>,
    pub plan: &'a Plan,
    /// How groups (environments, waves) are called.
    pub groups: &'a HashMap<StageId, Call>,
    /// The template of a task that does nothing, once one is needed.
    pub join: Option<String>,
    /// Siblings that become items of a few tasks.
    pub bulk: Option<Bulk<'a>>,
}

/// Siblings that are called alike and wait for nothing of each other. As items of one task a template they keep a DAG of any
/// number of them below Argo's limit.
#[derive(Clone, Copy)]
pub struct Bulk<'a> {
    pub members: &'a HashSet<StageId>,
    /// How many begin together; the next ones follow when all of them have succeeded.
    pub batch: Option<usize>,
}

impl Drafting<'_, '_> {
    /// The tasks of these siblings. Edges to siblings that are not among them are left out; whoever nests the DAG sees
    /// to those.
    pub fn tasks(&mut self, siblings: &[&Stage<'_>], taken: &mut Taken) -> Tasklist {
        let members: HashSet<StageId> = siblings.iter().map(|stage| stage.id).collect();
        let mut tasks: Tasks = HashMap::default();
        let mut list = Tasklist::default();
        let (mut masked, mut optional) = (false, Vec::new());
        for stage in in_order(siblings) {
            let mut inner = stage.clone();
            inner.after.retain(|edge| members.contains(&edge.from));
            let Some(depends) = Depends::new(self.entry, &tasks).of(&inner) else {
                continue;
            };
            if let Some(bulk) = self.bulk.filter(|bulk| bulk.members.contains(&stage.id)) {
                if !tasks.contains_key(&stage.id) {
                    let own = self.items(siblings, bulk, &depends, taken, &mut list.drafts);
                    list.required.extend(own.iter().cloned());
                    tasks.extend(bulk.members.iter().map(|member| (*member, own.clone())));
                }
                continue;
            }
            let before = list.drafts.len();
            let own = self.draft(stage, depends, taken, &mut list.drafts);
            masked |= !stage.required || stage.condition != Condition::Success;
            let names = list.drafts.iter().skip(before);
            // What runs after a failure cannot add one. Omitted, it would take over the failure of an optional stage before it.
            match stage.required && stage.condition != Condition::Failure {
                true => list.required.extend(names.map(|draft| draft.name.clone())),
                false => optional.extend(own.iter().cloned()),
            }
            tasks.insert(stage.id, own);
        }
        if masked {
            let named = |name: &String| {
                let mut drafts = list.drafts.iter();
                drafts.any(|draft| mentions(&draft.depends, name))
            };
            optional.retain(|name| !named(name));
            if !optional.is_empty() {
                let name = taken.take("join");
                let origin = siblings.first().map(|stage| stage.span);
                let template = self.join.get_or_insert_with(|| "join".to_owned()).clone();
                let terms: Vec<String> = optional.iter().map(|name| settled(name)).collect();
                let depends = terms.join(" && ");
                list.drafts
                    .extend(origin.map(|origin| Draft::plain(&name, &template, depends, origin)));
                list.required.push(name);
            }
            list = list.in_order();
        }
        list
    }

    /// Adds the tasks of a bulk; gives all of them.
    fn items(
        &self,
        siblings: &[&Stage<'_>],
        bulk: Bulk<'_>,
        depends: &str,
        taken: &mut Taken,
        drafts: &mut Vec<Draft>,
    ) -> Vec<String> {
        let members: Vec<(&Call, Span)> = siblings
            .iter()
            .filter(|stage| bulk.members.contains(&stage.id))
            .filter_map(|stage| {
                let call = self.groups.get(&stage.id);
                let call = call.or_else(|| self.plan.calls.get(&stage.id)?.first())?;
                Some((call, stage.span))
            })
            .collect();
        let mut all = Vec::new();
        let mut depends = depends.to_owned();
        for batch in members.chunks(bulk.batch.unwrap_or(members.len()).max(1)) {
            let mut templates: IndexMap<&str, Vec<(&Call, Span)>> = IndexMap::default();
            for (call, span) in batch {
                let calls = templates.entry(&call.template).or_default();
                calls.push((call, *span));
            }
            let mut own = Vec::new();
            for calls in templates.values() {
                let name = taken.take("environments");
                own.push(name.clone());
                let origin = calls.first().map(|(_, origin)| *origin);
                drafts.extend(origin.map(|origin| as_items(name, calls, depends.clone(), origin)));
            }
            let terms: Vec<String> = own.iter().map(|name| format!("{name}.Succeeded")).collect();
            depends = terms.join(" && ");
            all.append(&mut own);
        }
        all
    }

    /// Adds the tasks of one stage; gives those whose success is the stage's.
    fn draft(
        &self,
        stage: &Stage<'_>,
        depends: String,
        taken: &mut Taken,
        drafts: &mut Vec<Draft>,
    ) -> Vec<String> {
        let mut add = |name: &str, call: Call, depends: String| {
            let name = taken.take(&task_name(name));
            drafts.push(Draft {
                name: name.clone(),
                call,
                depends,
                items: Vec::new(),
                origin: stage.span,
                stage: Some(stage.id),
            });
            name
        };
        if let Some(call) = self.groups.get(&stage.id) {
            return vec![add(&stage.name, call.clone(), depends)];
        }
        let mut calls = self
            .plan
            .calls
            .get(&stage.id)
            .into_iter()
            .flatten()
            .cloned();
        let Some(first) = calls.next() else {
            return Vec::new();
        };
        match stage.kind {
            StageKind::Approval(approval) => {
                let seconds = &approval.timeout.value;
                let template = self.plan.approvals.get(seconds).cloned();
                let question = Call::plain(template.unwrap_or_default());
                let request = add(&format!("{}-request", stage.name), first, depends);
                let asked = add(&stage.name, question, format!("{request}.Succeeded"));
                let mut answer = calls.next().unwrap_or_else(|| Call::plain(String::new()));
                for name in ["decision", "approver", "reason"] {
                    let text = format!("{{{{tasks.{asked}.outputs.parameters.{name}}}}}");
                    answer
                        .arguments
                        .push((name.to_owned(), Argument::Text(text)));
                }
                let name = format!("{}-decision", stage.name);
                vec![add(&name, answer, format!("{asked}.Succeeded"))]
            }
            StageKind::Preflight => {
                let mut own = vec![add(&stage.name, first, depends.clone())];
                let tools = self.plan.tools.iter();
                own.extend(tools.map(|call| add("tools", call.clone(), depends.clone())));
                own
            }
            _ => vec![add(&stage.name, first, depends)],
        }
    }
}

/// Whether `depends` speaks of the task `name`.
fn mentions(depends: &str, name: &str) -> bool {
    let words = depends.split(|letter: char| " ()!&|".contains(letter));
    let mut tasks = words.filter_map(|word| word.split_once('.'));
    tasks.any(|(task, _)| task == name)
}

/// Siblings so that each comes after those it waits for, otherwise as they are. In a circle, as they are.
pub fn in_order<'s, 'p>(siblings: &[&'s Stage<'p>]) -> Vec<&'s Stage<'p>> {
    let position: HashMap<StageId, usize> = siblings
        .iter()
        .enumerate()
        .map(|(index, stage)| (stage.id, index))
        .collect();
    let mut missing: Vec<usize> = Vec::with_capacity(siblings.len());
    let mut followers: HashMap<usize, Vec<usize>> = HashMap::default();
    let mut ready = std::collections::BTreeSet::new();
    for (index, stage) in siblings.iter().enumerate() {
        let before: HashSet<usize> = stage
            .after
            .iter()
            .filter_map(|edge| position.get(&edge.from).copied())
            .collect();
        if before.is_empty() {
            ready.insert(index);
        }
        missing.push(before.len());
        for other in before {
            followers.entry(other).or_default().push(index);
        }
    }
    let mut sorted = Vec::with_capacity(siblings.len());
    while let Some(index) = ready.pop_first() {
        sorted.extend(siblings.get(index).copied());
        for follower in followers.remove(&index).unwrap_or_default() {
            if let Some(count) = missing.get_mut(follower) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(follower);
                }
            }
        }
    }
    if sorted.len() == siblings.len() {
        sorted
    } else {
        siblings.to_vec()
    }
}

/// A DAG template of these tasks.
pub fn template(name: String, list: Tasklist, origin: Span) -> Template {
    let tasks = list.drafts.into_iter().map(task).collect();
    Template {
        name,
        dag: Some(Dag {
            target: list.target,
            fail_fast: false,
            tasks,
        }),
        origin: Some(origin),
        ..Template::default()
    }
}

fn task(draft: Draft) -> Task {
    let arguments = draft.call.arguments.into_iter();
    Task {
        name: draft.name,
        template: draft.call.template,
        arguments: Arguments {
            parameters: arguments
                .map(|(name, argument)| match argument {
                    Argument::Text(text) | Argument::Value(text) => Parameter::with(name, text),
                })
                .collect(),
        },
        depends: draft.depends,
        item_origins: draft.items.iter().map(|(_, origin)| *origin).collect(),
        with_items: draft.items.into_iter().map(|(item, _)| item).collect(),
        origin: Some(draft.origin),
    }
}

/// One task for several calls of one template: what differs between them is in the items.
fn as_items(name: String, calls: &[(&Call, Span)], depends: String, origin: Span) -> Draft {
    let text = |argument: &Argument| match argument {
        Argument::Text(text) | Argument::Value(text) => text.clone(),
    };
    let first = calls.first().map_or(&[][..], |(call, _)| &call.arguments);
    let differs = |index: usize, pair: &(String, Argument)| {
        let mut others = calls.iter().map(|(call, _)| call.arguments.get(index));
        others.any(|other| other != Some(pair))
    };
    let differ: Vec<bool> = first
        .iter()
        .enumerate()
        .map(|(index, pair)| differs(index, pair))
        .collect();
    let single = differ.iter().filter(|differs| **differs).count() == 1;
    let arguments = first.iter().zip(&differ);
    let arguments = arguments
        .map(|((name, argument), differs)| {
            let value = match differs {
                true if single => Argument::Text("{{item}}".to_owned()),
                true => Argument::Text(format!("{{{{item.{name}}}}}")),
                false => argument.clone(),
            };
            (name.clone(), value)
        })
        .collect();
    let item = |call: &Call| {
        let varying = call.arguments.iter().zip(&differ);
        let mut varying = varying
            .filter(|(_, differs)| **differs)
            .map(|((name, argument), _)| (name.clone(), text(argument)));
        if single {
            Item::Text(varying.next().map(|(_, value)| value).unwrap_or_default())
        } else {
            Item::Map(varying.collect())
        }
    };
    let template = calls.first().map(|(call, _)| call.template.clone());
    Draft {
        name,
        call: Call {
            template: template.unwrap_or_default(),
            arguments,
        },
        depends,
        items: calls
            .iter()
            .map(|(call, origin)| (item(call), *origin))
            .collect(),
        origin,
        stage: None,
    }
}

/// The template of a task that ends at once: it stands for others that may end as they like.
pub fn join(origin: Span) -> Template {
    Template {
        name: "join".to_owned(),
        suspend: Some(Suspend {
            duration: "0".to_owned(),
        }),
        origin: Some(origin),
        ..Template::default()
    }
}
