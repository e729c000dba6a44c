//! The result of an evaluation as a plain tree: everything decided, defaults filled in, nothing
//! lazy. What `aphex eval` prints and what the model is read from.

use std::borrow::Borrow;
use std::fmt;
use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::IndexMap;
use crate::source::Span;

/// A value and the place of the expression that made it, through functions, loops and `with`.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub data: Data,
    /// Where it was written. A default has its place in the schema's source.
    pub span: Span,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer
    Int(i64),
    /// A number
    Float(f64),
    /// Text
    String(SmolStr),
    /// Seconds
    Duration(i64),
    /// Bytes
    Size(i64),
    /// A list
    List(Vec<Node>),
    /// An object or map, in the order written
    Map(Rc<IndexMap<SmolStr, Node>>),
    /// An instance that is no labelled block of the program
    Object(Rc<Object>),
    /// A block of the program, named where a value is expected: `needs = [Network]`
    Ref(BlockPath),
    /// Known only while the pipeline runs
    Output(Rc<Output>),
    /// A secret: where it is kept, never what it is
    Secret(Rc<Secret>),
    /// Something whose error has been reported
    Error,
}

/// An instance of a schema: a block, or a value such as `slack(…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The schema's name.
    pub schema: SmolStr,
    /// Where it stands in the program; empty for a value that is no block.
    pub path: BlockPath,
    /// The place of its label, else of its kind, else of the expression.
    pub name_span: Span,
    /// The block or expression as a whole.
    pub span: Span,
    /// Every field of the schema (own, inherited, defaulted), in the schema's order. `name` holds
    /// the label where the schema has a field `name`. Computed members and runtime fields are not here.
    pub fields: Fields,
    /// Its blocks of every kind, in the order written.
    pub blocks: Vec<Block>,
}

/// The fields of an instance, in order. The names are those of its schema and shared by all of its instances, of which there
/// may be many thousands; a schema has few, so one is found by looking at each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    names: Rc<[SmolStr]>,
    fields: Vec<Field>,
}

impl Fields {
    /// No fields yet, of those that have these names.
    pub(super) fn of(names: &Rc<[SmolStr]>) -> Self {
        Fields {
            names: Rc::clone(names),
            fields: Vec::with_capacity(names.len()),
        }
    }

    /// Adds the field that has the next name.
    pub(super) fn push(&mut self, field: Field) {
        self.fields.push(field);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The field of a name.
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.iter()
            .find(|(other, _)| *other == name)
            .map(|(_, field)| field)
    }

    /// Each name and its field.
    pub fn iter(&self) -> impl Iterator<Item = (&SmolStr, &Field)> {
        self.names.iter().zip(&self.fields)
    }
}

/// A field of an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its value.
    pub node: Node,
    /// Whether the program gave it, here or in an enclosing `defaults`; false for a default.
    pub given: bool,
}

/// A block in a block.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The kind: `stack`, `on`.
    pub kind: SmolStr,
    /// The label, where it has one.
    pub label: Option<SmolStr>,
    /// What it holds. For a kind declared as `Output<T>[]` (`output VpcId`) an object without fields.
    pub object: Rc<Object>,
}

/// One step of a block's path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// The kind: `environment`.
    pub kind: SmolStr,
    /// The label; `None` for `build { … }`.
    pub label: Option<SmolStr>,
}

/// Where a block stands: `pipeline shop`, `environment dev`, `stack Network`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct BlockPath(pub Rc<[Step]>);

impl Borrow<[Step]> for BlockPath {
    fn borrow(&self) -> &[Step] {
        &self.0
    }
}

impl BlockPath {
    /// The path itself, then that of each block around it.
    pub fn outwards(&self) -> impl Iterator<Item = &[Step]> {
        (1..=self.0.len())
            .rev()
            .filter_map(|count| self.0.get(..count))
    }

    /// The last step's label, else its kind; empty for an empty path.
    pub fn name(&self) -> &str {
        self.0
            .last()
            .map_or("", |step| step.label.as_deref().unwrap_or(&step.kind))
    }
}

impl fmt::Display for BlockPath {
    /// Labels (or kinds, where there is none) joined by dots, without the pipeline: `dev.Network`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().filter(|step| step.kind != "pipeline");
        for (index, step) in names.enumerate() {
            let dot = if index == 0 { "" } else { "." };
            write!(
                formatter,
                "{dot}{}",
                step.label.as_ref().unwrap_or(&step.kind)
            )?;
        }
        Ok(())
    }
}

/// A run-time value: which others it is made of, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The run-time values it is made of, in the order first met, each once. Never empty.
    pub needs: Vec<RuntimeRef>,
    /// The expression as written, on one line; a stage evaluates it when the values are known.
    pub expression: String,
}

/// A run-time value at its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeRef {
    /// Who makes it.
    pub source: RuntimeSource,
    /// Where it was written.
    pub span: Span,
}

/// Who makes a run-time value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RuntimeSource {
    /// `run.commit`, `run.input.reason`: the parts after `run`.
    Run(Vec<SmolStr>),
    /// A declared output or runtime field of a block: `dev.Network.VpcId`, `build.artifact`.
    Block {
        /// The block that makes it.
        path: BlockPath,
        /// The output's or the field's name.
        name: SmolStr,
    },
    /// `ssm("/path")`: the parameter's name.
    Ssm(SmolStr),
}

impl fmt::Display for RuntimeSource {
    /// As a program would write it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuntimeSource::Run(parts) => write!(formatter, "run.{}", parts.join(".")),
            RuntimeSource::Block { path, name } => write!(formatter, "{path}.{name}"),
            RuntimeSource::Ssm(name) => write!(formatter, "ssm({name:?})"),
        }
    }
}

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Secret {
    /// Which keeper.
    pub store: SecretStore,
    /// Its name there.
    pub name: SmolStr,
    /// A key within it, where it has several.
    pub key: Option<SmolStr>,
}

/// Keepers of secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretStore {
    /// A Kubernetes Secret in the pipeline's namespace: `secret("name", key = "k")`.
    Kubernetes,
    /// AWS Secrets Manager: `secrets_manager(…)`.
    SecretsManager,
    /// A SecureString of AWS SSM Parameter Store: `ssm_secure(…)`.
    SsmSecure,
}
