//! Siblings in layers: what waits for nothing, what waits for that, and so on.

use crate::collections::HashMap;
use crate::tools::picture::Picture;

/// Of more siblings than this nobody reads who waits for whom.
const MOST: usize = 4096;

/// The siblings that stand in `parent`, each one layer below the last of those that it waits for; within a layer in their
/// order. What waits for itself in a circle, which only a damaged record says, stands in the last layer.
pub fn layers(picture: &Picture, parent: Option<usize>) -> Vec<Vec<usize>> {
    let siblings = picture.children(parent);
    let places: HashMap<usize, usize> = siblings
        .iter()
        .enumerate()
        .map(|(place, index)| (*index, place))
        .collect();
    let mut open: Vec<usize> = vec![0; siblings.len()];
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); siblings.len()];
    for (place, index) in siblings.iter().enumerate() {
        let links = picture.node(*index).map_or(&[][..], |node| &node.after);
        for from in links.iter().filter_map(|link| places.get(&link.from)) {
            if let (Some(next), Some(open)) = (next.get_mut(*from), open.get_mut(place)) {
                next.push(place);
                *open += 1;
            }
        }
    }
    let mut layers: Vec<Vec<usize>> = Vec::new();
    let mut layer: Vec<usize> = (0..siblings.len())
        .filter(|place| open.get(*place) == Some(&0))
        .collect();
    let mut left: Vec<bool> = vec![true; siblings.len()];
    while !layer.is_empty() {
        let mut following = Vec::new();
        for place in &layer {
            if let Some(left) = left.get_mut(*place) {
                *left = false;
            }
            for waiting in next.get(*place).into_iter().flatten() {
                if let Some(open) = open.get_mut(*waiting) {
                    *open -= 1;
                    if *open == 0 {
                        following.push(*waiting);
                    }
                }
            }
        }
        following.sort_unstable();
        layers.push(std::mem::replace(&mut layer, following));
    }
    let circle: Vec<usize> = (0..siblings.len())
        .filter(|place| left.get(*place) == Some(&true))
        .collect();
    if !circle.is_empty() {
        layers.push(circle);
    }
    let index = |place: usize| siblings.get(place).copied();
    layers
        .into_iter()
        .map(|layer| layer.into_iter().filter_map(index).collect())
        .collect()
}

/// What a stage waits for, as far as a picture has to say it.
pub struct Waits {
    /// Its siblings, without those that others of these wait for.
    pub direct: Vec<usize>,
    /// Whether these stand for all the layers before its own.
    pub for_all: bool,
}

/// For each of the siblings what it waits for. Of very many siblings, simply everything that they say.
pub fn waits(picture: &Picture, layers: &[Vec<usize>]) -> HashMap<usize, Waits> {
    let count: usize = layers.iter().map(Vec::len).sum();
    let links = |index: usize| picture.node(index).map_or(&[][..], |node| &node.after);
    if count > MOST {
        let all = layers.iter().flatten();
        let said = |index: &usize| Waits {
            direct: links(*index).iter().map(|link| link.from).collect(),
            for_all: true,
        };
        return all.map(|index| (*index, said(index))).collect();
    }
    let flat = layers.iter().flatten().enumerate();
    let places: HashMap<usize, usize> = flat.map(|(place, index)| (*index, place)).collect();
    let mut before: Vec<Bits> = Vec::with_capacity(count);
    let mut found = HashMap::with_capacity_and_hasher(count, Default::default());
    let mut earlier = 0;
    for layer in layers {
        for index in layer {
            // What stands further on, in a circle, has nothing before it yet.
            let nothing = Bits::new(0);
            let said = links(*index).iter().filter_map(|link| {
                let place = *places.get(&link.from)?;
                Some((link.from, place, before.get(place).unwrap_or(&nothing)))
            });
            let said: Vec<(usize, usize, &Bits)> = said.collect();
            let mut indirect = Bits::new(count);
            for (_, _, others) in &said {
                indirect.join(others);
            }
            let direct = said.iter().filter(|(_, place, _)| !indirect.has(*place));
            let direct: Vec<usize> = direct.map(|(from, ..)| *from).collect();
            let mut all = indirect;
            for (_, place, _) in &said {
                all.set(*place);
            }
            let for_all = all.count() >= earlier;
            found.insert(*index, Waits { direct, for_all });
            before.push(all);
        }
        earlier += layer.len();
    }
    found
}

/// A set of small numbers.
struct Bits(Vec<u64>);

impl Bits {
    fn new(most: usize) -> Self {
        Bits(vec![0; most.div_ceil(64)])
    }

    fn set(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    fn has(&self, at: usize) -> bool {
        let word = self.0.get(at / 64);
        word.is_some_and(|word| word & (1 << (at % 64)) != 0)
    }

    fn join(&mut self, other: &Bits) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }
}
