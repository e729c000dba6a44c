//! What a pipeline says, small enough to be kept and to be compared with what it said before.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::collections::IndexMap;
use crate::eval::data::{Data, Field, Node, Object, Secret, SecretStore};
use crate::eval::text;

/// A value longer than this, in characters, is cut, and told from others by its hash.
const LONGEST: usize = 160;

/// A block: what the program gives its fields, and the blocks in it. Defaults are not here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    #[serde(rename = "f", default, skip_serializing_if = "IndexMap::is_empty")]
    fields: IndexMap<String, Said>,
    #[serde(rename = "b", default, skip_serializing_if = "IndexMap::is_empty")]
    blocks: IndexMap<String, Outline>,
}

/// The value of a field, as a program would write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Said {
    One(String),
    /// Of a list, each item; of a text with several lines, each line.
    Many(Vec<String>),
}

/// Something that is different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A block is there that was not, by its place and its kind.
    Added(String, String),
    /// A block is not there any more, by its place and its kind.
    Removed(String, String),
    /// Something of a field: a line that says what, with its sign.
    Field(String),
}

impl Outline {
    /// That of a pipeline.
    pub fn of(object: &Object) -> Outline {
        let mut outline = Outline::default();
        for (name, field) in object.fields.iter() {
            // The label is in the place.
            if field.given && name != "name" {
                outline.field(name, &field.node);
            }
        }
        for block in &object.blocks {
            let name = match &block.label {
                Some(label) => format!("{} {label}", block.kind),
                None => block.kind.to_string(),
            };
            let mut place = name.clone();
            let mut number = 2;
            while outline.blocks.contains_key(&place) {
                place = format!("{name} ({number})");
                number += 1;
            }
            outline.blocks.insert(place, Outline::of(&block.object));
        }
        outline
    }

    /// Whether a block of this kind is in it.
    pub fn has(&self, kind: &str) -> bool {
        self.blocks.keys().any(|name| self::kind(name) == kind)
    }

    fn field(&mut self, name: &str, node: &Node) {
        match &node.data {
            Data::Map(entries) => {
                for (key, item) in entries.iter() {
                    self.field(&format!("{name}.{key}"), item);
                }
            }
            Data::List(items) => {
                let items = items.iter().flat_map(written_lines).collect();
                self.fields.insert(name.to_owned(), Said::Many(items));
            }
            Data::String(text) if text.contains('\n') => {
                self.fields
                    .insert(name.to_owned(), Said::Many(written_lines(node)));
            }
            _ => {
                self.fields
                    .insert(name.to_owned(), Said::One(written(node)));
            }
        }
    }

    /// What is different from an earlier one. Of a block that is gone nothing more is told.
    pub fn since(&self, earlier: &Outline) -> Vec<Difference> {
        let mut found = Vec::new();
        self.compare(earlier, "", &mut found);
        found
    }

    fn compare(&self, earlier: &Outline, place: &str, found: &mut Vec<Difference>) {
        let here = if place.is_empty() { "pipeline" } else { place };
        let mut tell = |line: String| found.push(Difference::Field(line));
        for (name, now) in &self.fields {
            match (earlier.fields.get(name), now) {
                (Some(before), now) if before == now => {}
                (Some(Said::Many(before)), Said::Many(now)) => {
                    compare_lists(here, name, before, now, &mut tell);
                }
                (Some(before), now) => {
                    tell(format!("~ {here}: {name} = {now}, was {before}"));
                }
                (None, Said::Many(now)) if !now.is_empty() => {
                    compare_lists(here, name, &[], now, &mut tell);
                }
                (None, now) => tell(format!("+ {here}: {name} = {now}")),
            }
        }
        for (name, before) in &earlier.fields {
            match before {
                _ if self.fields.contains_key(name) => {}
                Said::Many(before) if !before.is_empty() => {
                    compare_lists(here, name, before, &[], &mut tell);
                }
                before => tell(format!("- {here}: {name} = {before}")),
            }
        }
        let within = |name: &str| match place {
            "" => name.to_owned(),
            place => format!("{place}, {name}"),
        };
        for (name, now) in &self.blocks {
            match earlier.blocks.get(name) {
                Some(before) => now.compare(before, &within(name), found),
                None => {
                    found.push(Difference::Added(within(name), kind(name)));
                    now.compare(&Outline::default(), &within(name), found);
                }
            }
        }
        if let Some(order) = self.other_order(earlier) {
            let line = format!("~ {here}: in another order: {}", order.join(", "));
            found.push(Difference::Field(line));
        }
        for name in earlier.blocks.keys() {
            if !self.blocks.contains_key(name) {
                found.push(Difference::Removed(within(name), kind(name)));
            }
        }
    }

    /// The blocks that both have, where they are in another order than in an earlier one.
    fn other_order(&self, earlier: &Outline) -> Option<Vec<&str>> {
        fn shared<'o>(one: &'o Outline, other: &Outline) -> Vec<&'o str> {
            let names = one.blocks.keys().map(String::as_str);
            names
                .filter(|name| other.blocks.contains_key(*name))
                .collect()
        }
        let (now, before) = (shared(self, earlier), shared(earlier, self));
        if now == before {
            return None;
        }
        // Those around them that stay where they were are no news.
        let pairs = || now.iter().zip(&before);
        let same = |pair: &(&&str, &&str)| pair.0 == pair.1;
        let first = pairs().take_while(same).count();
        let last = pairs().rev().take_while(same).count();
        Some(now.get(first..now.len() - last)?.to_vec())
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Said::One(text) => formatter.write_str(text),
            Said::Many(items) => write!(formatter, "[{}]", items.join(", ")),
        }
    }
}

fn kind(name: &str) -> String {
    name.split(' ').next().unwrap_or(name).to_owned()
}

fn compare_lists(
    here: &str,
    name: &str,
    before: &[String],
    now: &[String],
    tell: &mut impl FnMut(String),
) {
    let others = |these: &[String], those: &[String], sign: char| -> Vec<String> {
        let mut rest: Vec<&String> = those.iter().collect();
        let mut only = Vec::new();
        for item in these {
            match rest.iter().position(|other| *other == item) {
                Some(index) => _ = rest.swap_remove(index),
                None => only.push(format!("{sign} {here}: {name} {item}")),
            }
        }
        only
    };
    let (added, gone) = (others(now, before, '+'), others(before, now, '-'));
    match added.is_empty() && gone.is_empty() {
        true => tell(format!("~ {here}: {name} in another order")),
        false => added.into_iter().chain(gone).for_each(tell),
    }
}

/// A value as a program would write it, on one line; of a text with several lines, each of them.
fn written_lines(node: &Node) -> Vec<String> {
    match &node.data {
        Data::String(text) if text.contains('\n') => {
            text.lines().map(|line| shortened(quoted(line))).collect()
        }
        _ => vec![written(node)],
    }
}

/// A value as a program would write it, on one line.
fn written(node: &Node) -> String {
    let mut text = String::new();
    write(node, &mut text);
    shortened(text)
}

fn shortened(text: String) -> String {
    if text.chars().nth(LONGEST).is_none() {
        return text;
    }
    let hash = Sha256::digest(text.as_bytes());
    let digits: String = hash
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let cut: String = text.chars().take(LONGEST).collect();
    format!("{cut}… (all of it: {digits})")
}

fn write(node: &Node, into: &mut String) {
    match &node.data {
        Data::Null | Data::Error => into.push_str("null"),
        Data::Bool(value) => into.push_str(&value.to_string()),
        Data::Int(value) => into.push_str(&value.to_string()),
        Data::Float(value) => {
            // A field that takes numbers may have been given `2`.
            let number = text::float(*value);
            into.push_str(number.strip_suffix(".0").unwrap_or(&number));
        }
        Data::String(value) => into.push_str(&quoted(value)),
        Data::Duration(seconds) => into.push_str(&text::duration(*seconds)),
        Data::Size(bytes) => into.push_str(&text::size(*bytes)),
        Data::List(items) => {
            let items = items.iter().map(|item| (None, item));
            write_all("[", items, "]", into);
        }
        Data::Map(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, item)| (Some(key.as_str()), item));
            write_all("{ ", entries, " }", into);
        }
        Data::Object(object) => {
            let is_said = |field: &Field| field.given && field.node.data != Data::Null;
            let fields = object.fields.iter().filter(|(_, field)| is_said(field));
            let fields = fields.map(|(name, field)| (Some(name.as_str()), &field.node));
            write_all(&format!("{}(", object.schema), fields, ")", into);
        }
        Data::Ref(path) => into.push_str(&path.to_string()),
        Data::Output(output) => into.push_str(&output.expression),
        Data::Secret(secret) => write_secret(secret, into),
    }
}

fn write_all<'n>(
    before: &str,
    items: impl Iterator<Item = (Option<&'n str>, &'n Node)>,
    after: &str,
    into: &mut String,
) {
    into.push_str(before);
    for (index, (name, item)) in items.enumerate() {
        if index > 0 {
            into.push_str(", ");
        }
        if let Some(name) = name {
            into.push_str(name);
            into.push_str(" = ");
        }
        write(item, into);
    }
    into.push_str(after);
}

/// Where it is kept, never what it is.
fn write_secret(secret: &Secret, into: &mut String) {
    let keeper = match secret.store {
        SecretStore::Kubernetes => "secret",
        SecretStore::SecretsManager => "secrets_manager",
        SecretStore::SsmSecure => "ssm_secure",
    };
    into.push_str(&format!("{keeper}({}", quoted(&secret.name)));
    if let Some(key) = &secret.key {
        into.push_str(&format!(", key = {}", quoted(key)));
    }
    into.push(')');
}

fn quoted(text: &str) -> String {
    // JSON's escapes keep it on one line.
    serde_json::Value::from(text).to_string()
}
