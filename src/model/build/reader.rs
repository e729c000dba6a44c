//! Fields and blocks of one instance, by name.

use std::cell::Cell;
use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::eval::data::{Data, Node, Object, Output, Secret};
use crate::model::{Env, EnvValue, Message, Ref, Seconds, Text};
use crate::source::{Span, Spanned};

/// Reads one instance. What is missing or an error gives a neutral value and makes it partial.
pub(super) struct Reader<'a> {
    pub(super) object: &'a Object,
    partial: Cell<bool>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(object: &'a Object) -> Self {
        Reader {
            object,
            partial: Cell::new(false),
        }
    }

    /// Whether something that was read had an error.
    pub(super) fn partial(&self) -> bool {
        self.partial.get()
    }

    /// The blocks of a kind, in the order written.
    pub(super) fn blocks(&self, kind: &'a str) -> impl Iterator<Item = Reader<'a>> + use<'a> {
        let blocks = self.object.blocks.iter();
        blocks
            .filter(move |block| block.kind == kind)
            .map(|block| Reader::new(&block.object))
    }

    /// The block of a kind that is there once.
    pub(super) fn block(&self, kind: &'a str) -> Option<Reader<'a>> {
        self.blocks(kind).next()
    }

    /// The labels of the blocks of a kind, with their places.
    pub(super) fn labels(&self, kind: &str) -> Vec<Text> {
        let blocks = self.object.blocks.iter();
        blocks
            .filter(|block| block.kind == kind)
            .filter_map(|block| {
                let label = block.label.as_ref()?;
                Some(Spanned::new(label.to_string(), block.object.name_span))
            })
            .collect()
    }

    /// The value of a field; `None` for `null`, and for an error.
    pub(super) fn node(&self, name: &str) -> Option<&'a Node> {
        match self.object.fields.get(name).map(|field| &field.node) {
            Some(Node {
                data: Data::Null, ..
            }) => None,
            None
            | Some(Node {
                data: Data::Error, ..
            }) => {
                self.partial.set(true);
                None
            }
            Some(node) => Some(node),
        }
    }

    /// The name: the label, or what stands for it.
    pub(super) fn name(&self) -> Text {
        let name = self.optional_text("name");
        name.unwrap_or_else(|| {
            Spanned::new(self.object.path.name().to_owned(), self.object.name_span)
        })
    }

    pub(super) fn text(&self, name: &str) -> Text {
        let text = self.optional_text(name);
        text.unwrap_or_else(|| Spanned::new(String::new(), self.object.span))
    }

    pub(super) fn optional_text(&self, name: &str) -> Option<Text> {
        text(self.node(name)?)
    }

    /// A list of texts; a single text is a list of one. Elements with an error are left out.
    pub(super) fn texts(&self, name: &str) -> Vec<Text> {
        match self.node(name) {
            Some(Node {
                data: Data::List(list),
                ..
            }) => self.elements(list, text),
            Some(node) => text(node).into_iter().collect(),
            None => Vec::new(),
        }
    }

    pub(super) fn bool(&self, name: &str) -> bool {
        matches!(self.node(name), Some(node) if node.data == Data::Bool(true))
    }

    /// An integer that the standard library has bounded so that it fits.
    pub(super) fn integer<T: TryFrom<i64> + Default>(&self, name: &str) -> Spanned<T> {
        let integer = self.optional_integer(name);
        integer.unwrap_or_else(|| Spanned::new(T::default(), self.object.span))
    }

    pub(super) fn optional_integer<T: TryFrom<i64>>(&self, name: &str) -> Option<Spanned<T>> {
        integer(self.node(name)?)
    }

    pub(super) fn seconds(&self, name: &str) -> Seconds {
        let seconds = self.optional_seconds(name);
        seconds.unwrap_or_else(|| Spanned::new(0, self.object.span))
    }

    pub(super) fn optional_seconds(&self, name: &str) -> Option<Seconds> {
        integer(self.node(name)?)
    }

    /// One of the words, and what it stands for; the first where there is an error.
    pub(super) fn choice<T: Copy>(&self, name: &str, first: T, others: &[(&str, T)]) -> T {
        let word = self.optional_text(name).map(|word| word.value);
        let chosen = others
            .iter()
            .find(|(other, _)| Some(*other) == word.as_deref());
        chosen.map_or(first, |(_, value)| *value)
    }

    /// Names and what they are set to. An error in a value leaves the name, with an empty text.
    pub(super) fn env(&self, name: &str) -> Env {
        let Some(Data::Map(map)) = self.node(name).map(|node| &node.data) else {
            return Env::default();
        };
        map.iter()
            .map(|(name, node)| (name.to_string(), Spanned::new(self.value(node), node.span)))
            .collect()
    }

    fn value(&self, node: &Node) -> EnvValue {
        match &node.data {
            Data::Output(output) => EnvValue::Output(Rc::clone(output)),
            Data::Secret(secret) => EnvValue::Secret(Rc::clone(secret)),
            Data::Error => {
                self.partial.set(true);
                EnvValue::Text(String::new())
            }
            known => EnvValue::Text(plain(known)),
        }
    }

    /// Text that may be known only in a run.
    pub(super) fn message(&self, name: &str) -> Option<Spanned<Message>> {
        let node = self.node(name)?;
        let message = match output(node) {
            Some(output) => Message::Output(output),
            None => Message::Text(text(node)?.value),
        };
        Some(Spanned::new(message, node.span))
    }

    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        match &self.node(name)?.data {
            Data::Secret(secret) => Some((**secret).clone()),
            _ => None,
        }
    }

    /// References to blocks; `None` for `null`.
    pub(super) fn refs(&self, name: &str) -> Option<Vec<Ref>> {
        match &self.node(name)?.data {
            Data::List(list) => Some(self.elements(list, reference)),
            _ => None,
        }
    }

    /// A reference to one block.
    pub(super) fn reference(&self, name: &str) -> Option<Ref> {
        reference(self.node(name)?)
    }

    /// What can be read of a list; an error among the elements makes the instance partial.
    fn elements<T>(&self, list: &[Node], read: impl Fn(&Node) -> Option<T>) -> Vec<T> {
        if list.iter().any(|node| node.data == Data::Error) {
            self.partial.set(true);
        }
        list.iter().filter_map(read).collect()
    }

    /// The place of the block's label, else of its kind.
    pub(super) fn span(&self) -> Span {
        self.object.span
    }
}

/// A field of an object value such as `{ times = 2 }`; `None` where it is left out, `null` or an error.
pub(super) fn entry<'a>(map: &'a IndexMap<SmolStr, Node>, name: &str) -> Option<&'a Node> {
    map.get(name)
        .filter(|node| !matches!(node.data, Data::Null | Data::Error))
}

pub(super) fn text(node: &Node) -> Option<Text> {
    match &node.data {
        Data::String(text) => Some(Spanned::new(text.to_string(), node.span)),
        _ => None,
    }
}

/// An integer, seconds or bytes.
pub(super) fn integer<T: TryFrom<i64>>(node: &Node) -> Option<Spanned<T>> {
    match node.data {
        Data::Int(value) | Data::Duration(value) | Data::Size(value) => {
            Some(Spanned::new(T::try_from(value).ok()?, node.span))
        }
        _ => None,
    }
}

pub(super) fn output(node: &Node) -> Option<Rc<Output>> {
    match &node.data {
        Data::Output(output) => Some(Rc::clone(output)),
        _ => None,
    }
}

fn reference(node: &Node) -> Option<Ref> {
    let path = match &node.data {
        Data::Ref(path) => path.clone(),
        Data::Object(object) => object.path.clone(),
        _ => return None,
    };
    Some(Ref {
        path,
        span: node.span,
    })
}

/// A known value as the text that a variable is set to.
fn plain(data: &Data) -> String {
    match data {
        Data::String(text) => text.to_string(),
        Data::Int(value) => value.to_string(),
        Data::Bool(value) => value.to_string(),
        _ => String::new(),
    }
}
