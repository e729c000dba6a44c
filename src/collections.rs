//! The maps and sets that every part uses: those of the standard library and of `indexmap`, with a hash that is quick for
//! short keys. Keys are names in a user's own file, so nothing is to be had by making them collide.

use foldhash::fast::RandomState;

/// A map without an order.
pub type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;
/// A set without an order.
pub type HashSet<T> = std::collections::HashSet<T, RandomState>;
/// A map in the order in which its keys came.
pub type IndexMap<K, V> = indexmap::IndexMap<K, V, RandomState>;
/// A set in the order in which its members came.
pub type IndexSet<T> = indexmap::IndexSet<T, RandomState>;
