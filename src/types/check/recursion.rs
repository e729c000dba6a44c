//! Declarations that lead back to themselves: functions that call themselves, values made of
//! themselves, schemas whose defaults make another of the same kind. None of them would end.

use crate::collections::{HashMap, HashSet};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::types as codes;
use crate::resolve::{ItemId, ModuleId};
use crate::source::Span;
use crate::syntax::ast::Item;
use crate::types::Type;
use crate::types::check::Checker;

/// What can need something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Node {
    /// A declaration: a function's body, a value, the conditions of a type, the defaults of a schema.
    Item(ItemId),
    /// A computed member, by its place: it is looked at only where it is asked for.
    Member(ModuleId, Span),
}

impl Node {
    fn module(self) -> ModuleId {
        match self {
            Node::Item(id) => id.module,
            Node::Member(module, _) => module,
        }
    }
}

/// One declaration needs another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub to: Node,
    /// Where.
    pub span: Span,
}

impl Checker<'_> {
    /// Notes that the declaration that is being looked at needs `to`.
    pub(super) fn refers(&mut self, to: ItemId, span: Span) {
        self.needs(Node::Item(to), span);
    }

    /// Notes that the declaration that is being looked at needs `to`.
    pub(super) fn needs(&mut self, to: Node, span: Span) {
        let Some(from) = self.place.owner else {
            return;
        };
        // The standard library never needs a declaration outside of it.
        if !self.program.is_standard(from.module()) && self.program.is_standard(to.module()) {
            return;
        }
        self.edges.entry(from).or_default().push(Edge { to, span });
    }

    /// Notes that values are tested against the conditions of a type.
    pub(super) fn depends_on(&mut self, ty: &Type, span: Span) {
        match ty {
            Type::Named(named) => {
                // What it needs itself is noted where it is declared.
                self.refers(named.id, span);
            }
            Type::Refined(refined) => self.depends_on(&refined.base, span),
            Type::List(inner) | Type::Map(inner) | Type::Output(inner) => {
                self.depends_on(inner, span);
            }
            Type::Union(members) => {
                for member in members.iter() {
                    self.depends_on(member, span);
                }
            }
            Type::Object(object) => {
                for field in object.fields.values() {
                    self.depends_on(&field.ty, span);
                }
            }
            _ => {}
        }
    }

    /// Reports every circle of declarations once.
    pub(super) fn recursion(&mut self) {
        let mut starts: Vec<Node> = self.edges.keys().copied().collect();
        starts.sort_unstable();
        let mut done: HashSet<Node> = HashSet::default();
        for start in starts {
            let mut path: Vec<(Node, usize)> = vec![(start, 0)];
            let mut on_path: HashMap<Node, usize> = HashMap::from_iter([(start, 0)]);
            if done.contains(&start) {
                continue;
            }
            while let Some((node, next)) = path.last_mut() {
                let node = *node;
                let edge = self
                    .edges
                    .get(&node)
                    .and_then(|edges| edges.get(*next))
                    .copied();
                *next += 1;
                let Some(edge) = edge else {
                    done.insert(node);
                    on_path.remove(&node);
                    path.pop();
                    continue;
                };
                if let Some(from) = on_path.get(&edge.to) {
                    let circle: Vec<Node> =
                        path.iter().skip(*from).map(|(item, _)| *item).collect();
                    self.circle(&circle, edge.span);
                } else if !done.contains(&edge.to) {
                    on_path.insert(edge.to, path.len());
                    path.push((edge.to, 0));
                }
            }
        }
    }

    fn circle(&mut self, circle: &[Node], span: Span) {
        if self.poisoned.contains(&span) && self.reported_circles.contains(&span) {
            return;
        }
        self.reported_circles.insert(span);
        // Every way from one member of the circle to another has no end.
        for from in circle {
            for edge in self.edges.get(from).into_iter().flatten() {
                if circle.contains(&edge.to) {
                    self.poisoned.push(edge.span);
                    self.reported_circles.insert(edge.span);
                }
            }
        }
        let names: Vec<&str> = circle.iter().map(|node| self.node_name(*node)).collect();
        let Some(first) = names.first() else { return };
        let functions = circle
            .iter()
            .all(|node| matches!(self.node_item(*node), Some(Item::Function(_))));
        let message = match (functions, names.len()) {
            (true, 1) => format!("the function `{first}` calls itself"),
            (true, _) => format!("the function `{first}` calls itself through others"),
            (false, 1) => format!("`{first}` is made of itself"),
            (false, _) => format!("`{first}` is made of itself, through others"),
        };
        let arrows: Vec<String> = names
            .iter()
            .chain(names.first())
            .map(|name| format!("`{name}`"))
            .collect();
        let schemas = circle
            .iter()
            .all(|node| matches!(self.node_item(*node), Some(Item::Schema(_))));
        let help = if schemas {
            "a block without `?` or `[]` stands in every instance, and so does a default: write `?` or `[]` after the block's schema, or drop the default"
        } else {
            "every program ends, so there is no recursion: go through lists with `for`, nest what is given"
        };
        let mut diagnostic = Diagnostic::error(&codes::RECURSION, span, message)
            .label("leads back")
            .note(format!("the circle is {}", arrows.join(" → ")))
            .help(help);
        for node in circle.iter().skip(1) {
            if let Some(ident) = self.node_item(*node).and_then(Item::ident) {
                diagnostic = diagnostic.also(ident.span, "part of the circle");
            }
        }
        self.error(span, diagnostic);
    }

    fn node_item(&self, node: Node) -> Option<&Item> {
        match node {
            Node::Item(id) => self.program.item(id),
            Node::Member(..) => None,
        }
    }

    fn node_name(&self, node: Node) -> &str {
        match node {
            Node::Item(id) => self.program.item(id).and_then(Item::name).unwrap_or("…"),
            Node::Member(_, name) => self.sources.text(name),
        }
    }
}
