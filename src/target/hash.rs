//! The hash of an evaluated pipeline: what it says, not how it is written.

use sha2::{Digest, Sha256};

use crate::eval::data::{BlockPath, Data, Node, Object, Output, RuntimeSource, Secret};

/// `sha256:` and 64 hexadecimal digits. Comments, layout and the order of files do not change it; every value does,
/// defaults included. Run-time values count by their expressions.
pub fn spec_hash(pipeline: &Object) -> String {
    let mut hash = Hash(Sha256::new());
    hash.object(pipeline);
    let digest = hash.0.finalize();
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// Every part begins with a letter for its kind; texts and lists with their length, so that no two trees give the same bytes.
struct Hash(Sha256);

impl Hash {
    fn kind(&mut self, letter: u8) {
        self.0.update([letter]);
    }

    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text);
    }

    fn maybe(&mut self, text: Option<&str>) {
        match text {
            None => self.kind(b'-'),
            Some(text) => {
                self.kind(b'+');
                self.text(text);
            }
        }
    }

    fn path(&mut self, path: &BlockPath) {
        self.count(path.0.len());
        for step in path.0.iter() {
            self.text(&step.kind);
            self.maybe(step.label.as_deref());
        }
    }

    fn object(&mut self, object: &Object) {
        self.kind(b'O');
        self.text(&object.schema);
        self.count(object.fields.len());
        for (name, field) in object.fields.iter() {
            self.text(name);
            self.node(&field.node);
        }
        self.count(object.blocks.len());
        for block in &object.blocks {
            self.text(&block.kind);
            self.maybe(block.label.as_deref());
            self.object(&block.object);
        }
    }

    fn node(&mut self, node: &Node) {
        match &node.data {
            Data::Null => self.kind(b'N'),
            Data::Bool(value) => {
                self.kind(b'B');
                self.kind(u8::from(*value));
            }
            Data::Int(value) => self.number(b'I', *value),
            Data::Float(value) => {
                self.kind(b'F');
                self.0.update(value.to_bits().to_le_bytes());
            }
            Data::String(text) => {
                self.kind(b'S');
                self.text(text);
            }
            Data::Duration(value) => self.number(b'D', *value),
            Data::Size(value) => self.number(b'Z', *value),
            Data::List(items) => {
                self.kind(b'L');
                self.count(items.len());
                for item in items {
                    self.node(item);
                }
            }
            Data::Map(entries) => {
                self.kind(b'M');
                self.count(entries.len());
                for (name, value) in entries.iter() {
                    self.text(name);
                    self.node(value);
                }
            }
            Data::Object(object) => self.object(object),
            Data::Ref(path) => {
                self.kind(b'R');
                self.path(path);
            }
            Data::Output(output) => self.output(output),
            Data::Secret(secret) => self.secret(secret),
            Data::Error => self.kind(b'E'),
        }
    }

    fn number(&mut self, letter: u8, value: i64) {
        self.kind(letter);
        self.0.update(value.to_le_bytes());
    }

    fn output(&mut self, output: &Output) {
        self.kind(b'U');
        self.text(&output.expression);
        self.count(output.needs.len());
        for need in &output.needs {
            match &need.source {
                RuntimeSource::Run(parts) => {
                    self.kind(b'r');
                    self.text(&parts.join("."));
                }
                RuntimeSource::Block { path, name } => {
                    self.kind(b'b');
                    self.path(path);
                    self.text(name);
                }
                RuntimeSource::Ssm(name) => {
                    self.kind(b's');
                    self.text(name);
                }
            }
        }
    }

    fn secret(&mut self, secret: &Secret) {
        self.kind(b'K');
        self.text(&format!("{:?}", secret.store));
        self.text(&secret.name);
        self.maybe(secret.key.as_deref());
    }
}
