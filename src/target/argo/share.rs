//! One template for all that have the same shape: what differs becomes a parameter.

use std::hash::Hash;

use crate::collections::IndexMap;

/// A value of a shared template: the same for all, or a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The same wherever the shape is used.
    Fixed(String),
    /// `{{inputs.parameters.NAME}}`
    Parameter(String),
}

impl Slot {
    /// The text that stands in the template.
    pub fn text(&self) -> String {
        match self {
            Slot::Fixed(text) => text.clone(),
            Slot::Parameter(name) => format!("{{{{inputs.parameters.{name}}}}}"),
        }
    }
}

/// Shapes, each with the values of those that have it.
pub struct Shapes<S, T> {
    groups: IndexMap<S, Group<T>>,
}

struct Group<T> {
    first: T,
    values: Vec<String>,
    varies: Vec<bool>,
}

impl<S: Hash + Eq, T> Shapes<S, T> {
    /// None yet.
    pub fn new() -> Self {
        Shapes {
            groups: IndexMap::default(),
        }
    }

    /// Adds one: its shape, what is remembered of the first one of that shape, its values. Those of one shape have
    /// the same number of values. Gives the shape's number, in order of appearance.
    pub fn add(&mut self, shape: S, first: impl FnOnce() -> T, values: &[String]) -> usize {
        let entry = self.groups.entry(shape);
        let index = entry.index();
        let group = entry.or_insert_with(|| Group {
            first: first(),
            values: values.to_vec(),
            varies: vec![false; values.len()],
        });
        for ((varies, known), value) in group.varies.iter_mut().zip(&group.values).zip(values) {
            *varies |= known != value;
        }
        index
    }

    /// Every shape with what was remembered of its first, its values, and which of them differ.
    pub fn iter(&self) -> impl Iterator<Item = (&S, &T, &[String], &[bool])> {
        self.groups
            .iter()
            .map(|(shape, group)| (shape, &group.first, &*group.values, &*group.varies))
    }

    /// The values of a shape as slots; `names` names those that differ.
    pub fn slots(&self, index: usize, names: impl Fn(usize) -> String) -> Vec<Slot> {
        let Some((_, group)) = self.groups.get_index(index) else {
            return Vec::new();
        };
        let values = group.values.iter().zip(&group.varies).enumerate();
        values
            .map(|(position, (value, varies))| match varies {
                true => Slot::Parameter(names(position)),
                false => Slot::Fixed(value.clone()),
            })
            .collect()
    }
}
