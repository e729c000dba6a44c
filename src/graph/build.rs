//! From a pipeline to its entries.

use std::collections::BTreeMap;

use crate::collections::{HashMap, HashSet};
use crate::eval::data::BlockPath;
use crate::graph::line::{Draft, Line};
use crate::graph::names::{Wanted, unique};
use crate::graph::order::Order;
use crate::graph::{
    Condition, Edge, Entry, EntryKind, Graph, Reason, Stage, StageId, StageKind, environment,
};
use crate::model::{Environment, Event, Pipeline, Start, Target, Text, Wave};
use crate::source::Span;

/// The graph of a pipeline: what runs, in which order and why, for each way to start it.
pub fn build(pipeline: &Pipeline) -> Graph<'_> {
    let order = Order::new(pipeline);
    let entries = picks(pipeline)
        .into_iter()
        .map(|pick| deployment(pipeline, &order, pick))
        .chain(validation(pipeline))
        .collect();
    Graph { entries }
}

/// A set of environments that is started together.
struct Pick<'p> {
    kind: EntryKind,
    environments: HashSet<&'p BlockPath>,
    triggers: Vec<usize>,
}

/// Each distinct pick once: the default one, those of triggers, and each environment that only a person starts.
fn picks(pipeline: &Pipeline) -> Vec<Pick<'_>> {
    let automatic = |environment: &&Environment| environment.start == Start::Auto;
    let mut picks = vec![Pick {
        kind: EntryKind::Default,
        environments: paths(pipeline.environments().filter(automatic)),
        triggers: Vec::new(),
    }];
    for (index, trigger) in pipeline.triggers.iter().enumerate() {
        if matches!(trigger.event, Event::PullRequest { .. }) {
            continue;
        }
        let environments = match &trigger.deploy {
            None => paths(pipeline.environments().filter(automatic)),
            Some(refs) => {
                let named: HashSet<&BlockPath> = refs.iter().map(|named| &named.path).collect();
                chosen(pipeline, &named)
            }
        };
        add(&mut picks, environments, Some(index));
    }
    for environment in pipeline.environments() {
        if environment.start == Start::Manual {
            add(&mut picks, HashSet::from_iter([&environment.path]), None);
        }
    }
    picks
}

fn add<'p>(
    picks: &mut Vec<Pick<'p>>,
    environments: HashSet<&'p BlockPath>,
    trigger: Option<usize>,
) {
    match picks
        .iter_mut()
        .find(|pick| pick.environments == environments)
    {
        Some(pick) => pick.triggers.extend(trigger),
        None => picks.push(Pick {
            kind: EntryKind::Pick,
            environments,
            triggers: trigger.into_iter().collect(),
        }),
    }
}

fn paths<'p>(environments: impl Iterator<Item = &'p Environment>) -> HashSet<&'p BlockPath> {
    environments.map(|environment| &environment.path).collect()
}

/// The environments that are named, or whose wave is.
fn chosen<'p>(pipeline: &'p Pipeline, named: &HashSet<&BlockPath>) -> HashSet<&'p BlockPath> {
    let mut chosen = HashSet::default();
    for target in &pipeline.targets {
        match target {
            Target::Environment(environment) => {
                chosen.extend(
                    named
                        .contains(&environment.path)
                        .then_some(&environment.path),
                );
            }
            Target::Wave(wave) => {
                let whole = named.contains(&wave.path);
                let members = wave.environments.iter();
                chosen.extend(paths(
                    members.filter(|environment| whole || named.contains(&environment.path)),
                ));
            }
        }
    }
    chosen
}

/// An entry in the making.
struct Builder<'p> {
    stages: Vec<Stage<'p>>,
    roots: Vec<StageId>,
}

impl<'p> Builder<'p> {
    /// Adds siblings; their edges become those of the entry.
    fn add(&mut self, parent: Option<StageId>, drafts: Vec<Draft<'p>>) -> Vec<StageId> {
        let base = self.stages.len();
        let id = |position: usize| StageId(u32::try_from(base + position).unwrap_or(u32::MAX));
        let ids: Vec<StageId> = (0..drafts.len()).map(id).collect();
        let wanted: Vec<Wanted> = drafts
            .iter()
            .map(|draft| Wanted {
                name: draft.name.clone(),
                kind: draft.word,
            })
            .collect();
        for ((draft, name), own) in drafts.into_iter().zip(unique(&wanted)).zip(&ids) {
            let edges = draft.after.into_iter();
            self.stages.push(Stage {
                id: *own,
                name,
                kind: draft.kind,
                path: draft.path,
                span: draft.span,
                parent,
                children: Vec::new(),
                after: edges
                    .map(|(position, reason)| Edge {
                        from: id(position),
                        reason,
                    })
                    .collect(),
                condition: draft.condition,
                required: draft.required,
            });
        }
        let siblings = match parent {
            None => Some(&mut self.roots),
            Some(parent) => self
                .stages
                .get_mut(parent.0 as usize)
                .map(|stage| &mut stage.children),
        };
        if let Some(siblings) = siblings {
            siblings.extend(&ids);
        }
        ids
    }

    fn finish(self, kind: EntryKind, name: String, triggers: Vec<usize>) -> Entry<'p> {
        let mut by_path = HashMap::default();
        for stage in &self.stages {
            match stage.kind {
                StageKind::Step(_) | StageKind::Environment(_) | StageKind::Wave(_) => {
                    by_path.insert(stage.path.clone(), stage.id);
                }
                StageKind::Deploy { .. } => {
                    let stacks = stage.kind.stacks();
                    by_path.extend(stacks.map(|stack| (stack.path.clone(), stage.id)));
                }
                _ => {}
            }
        }
        Entry {
            kind,
            name,
            triggers,
            stages: self.stages,
            roots: self.roots,
            by_path,
        }
    }
}

/// The path and place of what no block of its own makes.
fn of_pipeline(pipeline: &Pipeline) -> (BlockPath, Span) {
    let own = pipeline.build.path.0.iter().take(1).cloned();
    (BlockPath(own.collect()), pipeline.span)
}

/// Preflight, then build and checks side by side.
fn beginning<'p>(pipeline: &'p Pipeline) -> Line<'p> {
    let (path, span) = of_pipeline(pipeline);
    let mut line = Line::default();
    line.push(Draft::new("preflight", StageKind::Preflight, path, span));
    line.barrier();
    line.push(Draft::step(&pipeline.build));
    for check in &pipeline.checks {
        line.push(Draft::step(check));
    }
    line.barrier();
    line
}

fn ending<'p>(pipeline: &'p Pipeline, line: &mut Line<'p>) {
    let (path, span) = of_pipeline(pipeline);
    line.drafts.push(Draft {
        condition: Condition::Always,
        ..Draft::new("finish", StageKind::Finish, path, span)
    });
}

/// A run that deploys.
fn deployment<'p>(pipeline: &'p Pipeline, order: &Order, pick: Pick<'p>) -> Entry<'p> {
    let (path, span) = of_pipeline(pipeline);
    let mut line = beginning(pipeline);
    if pipeline.self_update.enabled {
        line.push(Draft::new("self-update", StageKind::SelfUpdate, path, span));
        line.barrier();
    }
    let members: Vec<Vec<&Environment>> = pipeline
        .targets
        .iter()
        .map(|target| match target {
            Target::Environment(environment) => vec![&**environment],
            Target::Wave(wave) => wave.environments.iter().collect(),
        })
        .map(|mut members| {
            members.retain(|environment| pick.environments.contains(&environment.path));
            members
        })
        .collect();
    let picked: Vec<bool> = members.iter().map(|members| !members.is_empty()).collect();
    let waits = order.among(&picked);
    let mut places: HashMap<usize, usize> = HashMap::default();
    for (index, target) in pipeline.targets.iter().enumerate() {
        if picked.get(index) == Some(&true) {
            places.insert(index, line.drafts.len());
            line.push(match target {
                Target::Environment(environment) => environment_draft(environment),
                Target::Wave(wave) => Draft {
                    word: "wave",
                    ..Draft::new(
                        wave.name.value.clone(),
                        StageKind::Wave(wave),
                        wave.path.clone(),
                        wave.span,
                    )
                },
            });
        }
    }
    for (index, waits) in waits.iter().enumerate() {
        let draft = places
            .get(&index)
            .and_then(|place| line.drafts.get_mut(*place));
        if let Some(draft) = draft
            && !waits.is_empty()
        {
            let edges = waits.iter();
            draft.after = edges
                .filter_map(|(other, reason)| Some((*places.get(other)?, *reason)))
                .collect();
        }
    }
    let name = match pick.kind {
        EntryKind::Pick => members
            .iter()
            .flatten()
            .map(|environment| &*environment.name.value)
            .collect::<Vec<_>>()
            .join("-"),
        _ => String::new(),
    };
    ending(pipeline, &mut line);
    let mut builder = Builder {
        stages: Vec::new(),
        roots: Vec::new(),
    };
    let ids = builder.add(None, line.drafts);
    for (index, place) in places.into_iter().collect::<BTreeMap<_, _>>() {
        let Some((id, target)) = ids.get(place).zip(pipeline.targets.get(index)) else {
            continue;
        };
        match target {
            Target::Environment(environment) => {
                builder.add(Some(*id), environment::stages(environment));
            }
            Target::Wave(wave) => {
                let members = members.get(index).map_or(&[][..], Vec::as_slice);
                wave_stages(&mut builder, wave, members, *id);
            }
        }
    }
    builder.finish(pick.kind, name, pick.triggers)
}

fn environment_draft(environment: &Environment) -> Draft<'_> {
    Draft {
        word: "environment",
        ..Draft::new(
            environment.name.value.clone(),
            StageKind::Environment(environment),
            environment.path.clone(),
            environment.span,
        )
    }
}

/// The wave's approval, its environments side by side (as `needs` allows), and, where all of them run, its tests.
fn wave_stages<'p>(
    builder: &mut Builder<'p>,
    wave: &'p Wave,
    members: &[&'p Environment],
    id: StageId,
) {
    let mut line = Line::default();
    if let Some(approval) = &wave.approval {
        line.approval(approval, &wave.path);
    }
    let first = line.drafts.len();
    for environment in members {
        line.push(environment_draft(environment));
    }
    let places: HashMap<&BlockPath, usize> = members
        .iter()
        .enumerate()
        .map(|(index, environment)| (&environment.path, first + index))
        .collect();
    for (environment, draft) in members.iter().zip(line.drafts.iter_mut().skip(first)) {
        for need in environment.needs.iter().flatten() {
            if let Some(place) = places.get(&need.path) {
                draft.after.push((*place, Reason::Needs(need.span)));
            }
        }
    }
    line.barrier();
    if is_whole(wave, members) {
        line.steps(&wave.tests, false);
        line.refine();
    }
    let ids = builder.add(Some(id), line.drafts);
    for (environment, id) in members.iter().zip(ids.into_iter().skip(first)) {
        builder.add(Some(id), environment::stages(environment));
    }
}

/// Whether a wave's tests run after these of its environments: after all of them, and of those that a run reaches by itself where there are any.
fn is_whole(wave: &Wave, members: &[&Environment]) -> bool {
    let automatic = |environment: &&Environment| environment.start == Start::Auto;
    match wave.environments.iter().filter(automatic).count() {
        0 => members.len() == wave.environments.len(),
        all => members.iter().copied().filter(automatic).count() == all,
    }
}

/// A run for a pull request, where one starts the pipeline.
fn validation(pipeline: &Pipeline) -> Option<Entry<'_>> {
    let triggers: Vec<usize> = pipeline
        .triggers
        .iter()
        .enumerate()
        .filter(|(_, trigger)| matches!(trigger.event, Event::PullRequest { .. }))
        .map(|(index, _)| index)
        .collect();
    if triggers.is_empty() {
        return None;
    }
    let mut diffs: Vec<Draft<'_>> = Vec::new();
    for environment in pipeline.environments() {
        let mut apps: Vec<&Text> = Vec::new();
        for stack in environment.stacks() {
            if !apps.iter().any(|app| app.value == stack.app.value) {
                apps.push(&stack.app);
            }
        }
        for app in &apps {
            let mut name = environment.name.value.clone();
            if apps.len() > 1 {
                name = format!("{name}-{}", app.value);
            }
            diffs.push(Draft {
                name,
                kind: StageKind::Diff { environment, app },
                ..environment_draft(environment)
            });
        }
    }
    let (path, span) = of_pipeline(pipeline);
    let mut line = beginning(pipeline);
    let group = line.drafts.len();
    if !diffs.is_empty() {
        line.push(Draft::new("diff", StageKind::Diffs, path, span));
    }
    ending(pipeline, &mut line);
    let mut builder = Builder {
        stages: Vec::new(),
        roots: Vec::new(),
    };
    let ids = builder.add(None, line.drafts);
    if !diffs.is_empty() {
        builder.add(ids.get(group).copied(), diffs);
    }
    Some(builder.finish(EntryKind::Validate, "pull-request".to_owned(), triggers))
}
