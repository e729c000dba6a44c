//! The blocks of an instance in their order, and ways to find one among thousands.

use std::cell::OnceCell;

use smol_str::SmolStr;

use crate::collections::HashMap;
use crate::eval::block::Cell;
use crate::eval::schemas::KindInfo;
use crate::syntax::ast::Cardinality;

/// The blocks of an instance in their order.
#[derive(Debug, Default)]
pub struct Order<'a> {
    /// All of them.
    pub cells: Vec<&'a Cell<'a>>,
    /// Those of kinds that may stand once: few.
    single: Vec<&'a Cell<'a>>,
    /// The first block of each label, once somebody asks.
    labels: OnceCell<HashMap<SmolStr, &'a Cell<'a>>>,
}

impl<'a> Order<'a> {
    /// The block of a kind that may stand once.
    pub fn single(&self, kind: &str) -> Option<&'a Cell<'a>> {
        let mut cells = self.single.iter();
        cells.find(|cell| cell.key.kind == kind).copied()
    }

    /// The first block of that label, whatever its kind.
    pub fn labelled(&self, label: &SmolStr) -> Option<&'a Cell<'a>> {
        let labels = self.labels.get_or_init(|| {
            let cells = self.cells.iter().rev();
            let labelled = cells.filter_map(|cell| Some((cell.key.label.clone()?, *cell)));
            labelled.collect()
        });
        labels.get(label).copied()
    }
}

/// An order in the making: layer by layer.
#[derive(Default)]
pub struct Placing<'a> {
    cells: Vec<&'a Cell<'a>>,
    /// By kind, and by label where a kind may stand more than once: the layer that a block came with, and the block.
    known: HashMap<Key, Vec<(usize, &'a Cell<'a>)>>,
}

/// A kind, and a label where the kind may stand more than once.
type Key = (SmolStr, Option<SmolStr>);

impl<'a> Placing<'a> {
    /// The blocks placed so far that one of this kind and label may be the same as, or stands in the way of: in order,
    /// each with its layer. Of a kind that may stand once all of that kind.
    pub fn like(
        &self,
        kind: &SmolStr,
        info: &KindInfo<'a>,
        label: Option<&SmolStr>,
    ) -> &[(usize, &'a Cell<'a>)] {
        let known = self.known.get(&key(kind, info, label));
        known.map_or(&[], Vec::as_slice)
    }

    /// Adds a block at the end.
    pub fn add(&mut self, layer: usize, cell: &'a Cell<'a>, info: &KindInfo<'a>) {
        let key = key(&cell.key.kind, info, cell.key.label.as_ref());
        self.known.entry(key).or_default().push((layer, cell));
        self.cells.push(cell);
    }

    /// Takes the blocks of a kind that may stand once away.
    pub fn remove(&mut self, kind: &SmolStr) {
        self.known.remove(&(kind.clone(), None));
        self.cells.retain(|cell| cell.key.kind != *kind);
    }

    /// Whether there is a block of a kind that may stand once.
    pub fn has_single(&self, kind: &SmolStr) -> bool {
        self.known.contains_key(&(kind.clone(), None))
    }

    /// The order as it is now.
    pub fn done(self) -> Order<'a> {
        let schema = |cell: &Cell<'a>| cell.parent.map(|parent| parent.schema);
        let is_single = |cell: &&&'a Cell<'a>| {
            let info = schema(cell).and_then(|schema| schema.blocks.get(&cell.key.kind));
            info.is_some_and(|info| info.cardinality != Cardinality::Many)
        };
        Order {
            single: self.cells.iter().filter(is_single).copied().collect(),
            cells: self.cells,
            labels: OnceCell::new(),
        }
    }
}

fn key(kind: &SmolStr, info: &KindInfo<'_>, label: Option<&SmolStr>) -> Key {
    let label = match info.cardinality {
        Cardinality::Many => label.cloned(),
        Cardinality::One | Cardinality::Optional => None,
    };
    (kind.clone(), label)
}
