//! Names of stages, unique among siblings.

use crate::collections::{HashMap, HashSet};

/// A name that is wanted, and what to write before it where somebody else wants it as well.
pub struct Wanted {
    /// What the user calls it.
    pub name: String,
    /// The kind of block: `before`, `test`. Empty: it must have its name as it is.
    pub kind: &'static str,
}

/// A unique name for each: its own where nobody else wants that, else `kind-name`, else with a number.
///
/// A new sibling can only change the names of those that it clashes with.
pub fn unique(wanted: &[Wanted]) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::default();
    for want in wanted {
        *counts.entry(&want.name).or_default() += 1;
    }
    let alone = |want: &Wanted| want.kind.is_empty() || counts.get(&*want.name) == Some(&1);
    let mut taken: HashSet<String> = wanted
        .iter()
        .filter(|want| alone(want))
        .map(|want| want.name.clone())
        .collect();
    wanted
        .iter()
        .map(|want| {
            if alone(want) {
                return want.name.clone();
            }
            let base = format!("{}-{}", want.kind, want.name);
            let numbered = (2..).map(|number| format!("{base}-{number}"));
            let name = std::iter::once(base.clone())
                .chain(numbered)
                .find(|name| !taken.contains(name))
                .unwrap_or(base);
            taken.insert(name.clone());
            name
        })
        .collect()
}
