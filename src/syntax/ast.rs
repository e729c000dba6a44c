//! The syntax tree: what was written, nothing about what it means.
//!
//! Every node has the span of its text. A part that could not be read is an `Error` node, which
//! later phases skip in silence: what is wrong with it has been reported.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::source::{SourceId, Span};

/// One file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// Which file.
    pub source: SourceId,
    /// The `//!` lines, without their markers, joined by line breaks.
    pub docs: Option<SmolStr>,
    /// The declarations, in order.
    pub items: Vec<Item>,
    /// Every comment that documents nothing, in order; suppressions are among them.
    pub comments: Vec<Comment>,
    /// Whether no syntax error was reported: where one was, a declaration may be missing.
    pub complete: bool,
}

/// A `//` or `/* */` comment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comment {
    /// Where, with its markers.
    pub span: Span,
    /// Its text without markers, trimmed.
    pub text: SmolStr,
}

/// A name and its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ident {
    /// The name.
    pub name: SmolStr,
    /// Where.
    pub span: Span,
}

/// A declaration at the top of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Item {
    /// `use std.notify.{slack}`
    Use(Use),
    /// `let accounts = { … }`
    Let(Let),
    /// `fn regional(account: AccountId) -> Environment = …`
    Function(Function),
    /// `type AccountId = String where …`
    Type(TypeDecl),
    /// `schema Environment { … }`
    Schema(Schema),
    /// `policy approvals(p: Pipeline) { … }`
    Policy(Policy),
    /// `pipeline shop { … }`: a block at the top. Only `pipeline` parses here.
    Block(Block),
    /// An item that could not be read.
    Error(Span),
}

/// `use std.notify`, `use std.notify.{slack as say}`, `use "./fleet.aphex" as fleet`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Use {
    /// The module.
    pub path: UsePath,
    /// The names taken from it; `None` where the module as a whole becomes a name.
    pub names: Option<Vec<UseName>>,
    /// `as NAME` on the module as a whole.
    pub alias: Option<Ident>,
    /// The whole declaration.
    pub span: Span,
}

/// Where a module is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum UsePath {
    /// `std.notify`: the parts.
    Std(Vec<Ident>),
    /// `"./fleet.aphex"`: the text as written, and the span of the literal.
    File(Ident),
}

/// One name of a `use`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UseName {
    /// The name in the module.
    pub name: Ident,
    /// The name here, where `as` gives another.
    pub alias: Option<Ident>,
}

/// `let name: Type = value`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Let {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The name.
    pub name: Ident,
    /// The type, where written.
    pub ty: Option<TypeExpr>,
    /// The value.
    pub value: Expr,
    /// The whole.
    pub span: Span,
}

/// `fn name<T>(parameters) -> Type = body`; `extern fn …` without a body is a built-in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The name.
    pub name: Ident,
    /// Type parameters: `<T, U>`.
    pub generics: Vec<Ident>,
    /// The parameters, in order.
    pub parameters: Vec<Parameter>,
    /// The result's type.
    pub result: TypeExpr,
    /// The body; `None` for `extern fn`, which only the standard library may declare.
    pub body: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// `name: Type = default`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// The name, by which a caller may give it.
    pub name: Ident,
    /// The type.
    pub ty: TypeExpr,
    /// The value where the caller gives none.
    pub default: Option<Expr>,
}

/// `type Name = Type { let member = … }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeDecl {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The name.
    pub name: Ident,
    /// What it stands for; a condition is part of it ([`TypeKind::Refined`]).
    pub ty: TypeExpr,
    /// Computed members: `commit.short`. `self` is the value.
    pub members: Vec<Let>,
    /// The whole.
    pub span: Span,
}

/// `schema Test : Step { … }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The name.
    pub name: Ident,
    /// The schemas that it includes.
    pub bases: Vec<TypeExpr>,
    /// Fields, blocks, computed members, asserts.
    pub items: Vec<SchemaItem>,
    /// The whole.
    pub span: Span,
}

/// One line of a schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SchemaItem {
    /// `account: AccountId`
    Field(FieldDecl),
    /// `block stack: Stack[]`
    Block(BlockDecl),
    /// `let environments = …`: a member that is computed and cannot be set.
    Let(Let),
    /// `assert len(stack) > 0, "…"`
    Assert(Assert),
    /// A line that could not be read.
    Error(Span),
}

/// What stands before a field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldModifier {
    /// Nothing.
    None,
    /// `inherit timeout: Duration = 1h`: where it is not set, an enclosing block's `defaults`
    /// block decides, the nearest first, then the default.
    Inherit,
    /// `runtime artifact: String`: cannot be set; reads as `Output<String>`, known in a run alone.
    Runtime,
}

/// A field of a schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldDecl {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// `inherit`, `runtime` or nothing.
    pub modifier: FieldModifier,
    /// The name.
    pub name: Ident,
    /// The type; a condition is part of it.
    pub ty: TypeExpr,
    /// The value where none is given; other fields of the same block may be used in it.
    pub default: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// How many blocks of a kind a block may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cardinality {
    /// `block build: Build`: exactly one.
    One,
    /// `block approval: Approval?`: at most one.
    Optional,
    /// `block stack: Stack[]`: any number, in order, labels unique.
    Many,
}

/// `block stack: Stack[]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockDecl {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The kind: the word that begins the block.
    pub kind: Ident,
    /// The type of what the block makes.
    pub shape: BlockShape,
    /// How many.
    pub cardinality: Cardinality,
    /// The whole.
    pub span: Span,
}

/// What a block of a kind is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BlockShape {
    /// A schema; or an `Output<T>`, whose blocks have a label, no body, and are run-time values.
    Type(TypeExpr),
    /// `{ push: Push, tag: Tag }`: the label picks the schema.
    ByLabel(Vec<LabelChoice>),
}

/// One of the labels that pick a schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelChoice {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The label.
    pub label: Ident,
    /// The schema.
    pub ty: TypeExpr,
}

/// `policy approvals(p: Pipeline) { … }`: asserts over every value of that schema in a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The name.
    pub name: Ident,
    /// What it is about.
    pub parameter: Parameter,
    /// `let`, `for`, `if` and `assert` alone; the checker refuses fields and blocks.
    pub body: Body,
    /// The whole.
    pub span: Span,
}

/// What stands between the braces of a block or an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// The items, in order.
    pub items: Vec<BodyItem>,
    /// With the braces.
    pub span: Span,
}

/// One item of a body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BodyItem {
    /// `field = value`
    Field(Field),
    /// `kind label { … }` and its other forms
    Block(Block),
    /// `let x = …`, seen by the items after it and within them
    Let(Let),
    /// `for x in xs { … }`
    For(For),
    /// `if c { … } else { … }`
    If(If),
    /// `assert c, "…"`
    Assert(Assert),
    /// An item that could not be read.
    Error(Span),
}

/// `field = value`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The name.
    pub name: Ident,
    /// The value.
    pub value: Expr,
    /// The whole.
    pub span: Span,
}

/// `stack Network`, `stack Api { … }`, `environment "prod-#{r}" = regional(r) with { … }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The kind.
    pub kind: Ident,
    /// The label, where it has one.
    pub label: Option<Label>,
    /// What it is made of.
    pub value: BlockValue,
    /// The whole.
    pub span: Span,
}

/// The label of a block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Label {
    /// `stack Network`: a name in the block that holds it.
    Name(Ident),
    /// `environment "prod-#{region}"`; without interpolation it is a name all the same.
    String(StringLiteral),
}

impl Label {
    /// The text where it does not depend on anything.
    pub fn fixed(&self) -> Option<SmolStr> {
        match self {
            Label::Name(ident) => Some(ident.name.clone()),
            Label::String(literal) => literal.fixed(),
        }
    }

    /// Where.
    pub fn span(&self) -> Span {
        match self {
            Label::Name(ident) => ident.span,
            Label::String(literal) => literal.span,
        }
    }
}

/// What a block is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BlockValue {
    /// Nothing: `stack Network`. The same as an empty body.
    None,
    /// `{ … }`
    Body(Body),
    /// `= value`
    Value(Expr),
}

/// `for x in xs { … }`, `for k, v in map { … }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct For {
    /// What is bound, and to what.
    pub binding: ForBinding,
    /// What is repeated.
    pub body: Body,
    /// The whole.
    pub span: Span,
}

/// `x in xs`; `k, v in map` (or index and element of a list).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForBinding {
    /// The first name: the element; with a second one the key or index.
    pub first: Ident,
    /// The second name: the value or element.
    pub second: Option<Ident>,
    /// The list or map.
    pub iterable: Expr,
}

/// `if c { … } else { … }` among the items of a body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct If {
    /// The condition.
    pub condition: Expr,
    /// What stands where it holds.
    pub then: Body,
    /// What stands where it does not; `else if` is a body of one `if`.
    pub otherwise: Option<Body>,
    /// The whole.
    pub span: Span,
}

/// `assert condition, "message"`, with an optional help after a second comma.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assert {
    /// What must hold.
    pub condition: Expr,
    /// What is said where it does not.
    pub message: Expr,
    /// What is said to do then.
    pub help: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeExpr {
    /// Which.
    pub kind: TypeKind,
    /// Where.
    pub span: Span,
}

/// The forms of types.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TypeKind {
    /// `String`, `fleet.Team`, `Map<Int>`, `Output<T>`: a dotted name and its arguments.
    Name {
        /// The parts of the name; at least one.
        path: Vec<Ident>,
        /// What stands in `<…>`.
        arguments: Vec<TypeExpr>,
    },
    /// `[T]`
    List(Box<TypeExpr>),
    /// `{ a: T, b?: U }`
    Object(Vec<ObjectTypeField>),
    /// `T?`
    Optional(Box<TypeExpr>),
    /// `A | B`
    Union(Vec<TypeExpr>),
    /// `"push"`, `3`, `true`, `null`
    Literal(Box<Expr>),
    /// `T where condition else "message"`
    Refined(Box<TypeExpr>, Rc<Condition>),
    /// Could not be read.
    Error,
}

/// `b?: U`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectTypeField {
    /// The `///` lines.
    pub docs: Option<SmolStr>,
    /// The name.
    pub name: Ident,
    /// Whether it may be left out.
    pub optional: bool,
    /// Its type.
    pub ty: TypeExpr,
}

/// `where condition else "message", "help"`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// What must hold; `self` is the value.
    pub condition: Expr,
    /// What is said where it does not; `self` may be used.
    pub message: Option<Expr>,
    /// What is said to do then.
    pub help: Option<Expr>,
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    /// Which.
    pub kind: ExprKind,
    /// Where; parentheses around it not included.
    pub span: Span,
}

/// The forms of expressions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `10_000`
    Int(i64),
    /// `0.5`
    Float(f64),
    /// `1h30m`, in seconds
    Duration(i64),
    /// `512Mi`, in bytes
    Size(i64),
    /// `"…"`, `"""…"""`, `r"…"`
    String(StringLiteral),
    /// A name; `self` is one
    Name(SmolStr),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ key = value }`
    Object(Vec<ObjectEntry>),
    /// `[f(x) for x in xs if c]`
    ListFor {
        /// Each element.
        element: Box<Expr>,
        /// The `for`s and `if`s, in order; the first is a `for`.
        clauses: Vec<Clause>,
    },
    /// `{ k = v for k, v in m }`: the key is an expression, a name is a variable
    MapFor {
        /// Each key.
        key: Box<Expr>,
        /// Each value.
        value: Box<Expr>,
        /// The `for`s and `if`s, in order; the first is a `for`.
        clauses: Vec<Clause>,
    },
    /// `Environment { … }`
    Instance {
        /// The schema.
        schema: Vec<Ident>,
        /// Its fields and blocks.
        body: Body,
    },
    /// `!a`, `-a`
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`; the span of the operator itself is kept
    Binary {
        /// Which.
        op: BinaryOp,
        /// Where the operator is.
        op_span: Span,
        /// Left.
        left: Box<Expr>,
        /// Right.
        right: Box<Expr>,
    },
    /// `a.b`, `a?.b`
    Member {
        /// Of what.
        base: Box<Expr>,
        /// Which member.
        name: Ident,
        /// Whether `?.`: null where the base is null.
        safe: bool,
    },
    /// `a[i]`
    Index(Box<Expr>, Box<Expr>),
    /// `a[1..3]`, `a[..n]`, `a[n..]`
    Slice {
        /// Of what.
        base: Box<Expr>,
        /// The first, from 0; negative counts from the end.
        start: Option<Box<Expr>>,
        /// The one after the last.
        end: Option<Box<Expr>>,
    },
    /// `f(a, name = b)`
    Call {
        /// The function: a name or a member of a module.
        function: Box<Expr>,
        /// What is given.
        arguments: Vec<Argument>,
    },
    /// `if c { a } else { b }`
    If {
        /// The condition.
        condition: Box<Expr>,
        /// Where it holds.
        then: Box<Expr>,
        /// Where it does not.
        otherwise: Box<Expr>,
    },
    /// `match x { pattern => value, … }`
    Match {
        /// What is looked at.
        subject: Box<Expr>,
        /// The arms, in order.
        arms: Vec<Arm>,
    },
    /// `{ let a = 1; a + 2 }` where a branch, an arm or a body of a function stands, `(let a = 1; a + 2)`
    Let {
        /// The names, in order; each sees those before it.
        lets: Vec<Let>,
        /// The value.
        value: Box<Expr>,
    },
    /// `value as Type`
    As(Box<Expr>, Box<TypeExpr>),
    /// `value with { … }`
    With(Box<Expr>, Body),
    /// Could not be read.
    Error,
}

/// One entry of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectEntry {
    /// The key: a name, or a string (which may be computed).
    pub key: Label,
    /// The value.
    pub value: Expr,
}

/// `for x in xs` or `if c` of a comprehension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Clause {
    /// `for x in xs`
    For(ForBinding),
    /// `if c`
    If(Expr),
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Argument {
    /// The parameter, where named.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

/// One arm of a `match`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// The alternatives: `"a" | "b"`; at least one.
    pub patterns: Vec<Pattern>,
    /// The value.
    pub value: Expr,
}

/// What an arm of a `match` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Pattern {
    /// `_`
    Any(Span),
    /// `"push"`, `3`, `null`, `true`, `1h`
    Literal(Expr),
    /// `x`: takes everything, and names it
    Name(Ident),
    /// `x: Stack`, `_: Int`: takes what is of that type
    Typed(Ident, TypeExpr),
}

/// Operators of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// Operators of two operands. Weakest first: `??`, `||`, `&&`, comparison and `in`, `+ -`, `* / %`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BinaryOp {
    /// `??`
    Coalesce,
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `in`
    In,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

/// A string as written: text and `#{…}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StringLiteral {
    /// The pieces, in order; no two texts beside each other.
    pub parts: Vec<StringPart>,
    /// With the quotes.
    pub span: Span,
}

impl StringLiteral {
    /// The text where nothing is interpolated.
    pub fn fixed(&self) -> Option<SmolStr> {
        match self.parts.as_slice() {
            [] => Some(SmolStr::default()),
            [StringPart::Text(text)] => Some(text.text.clone()),
            _ => None,
        }
    }
}

/// A piece of a string.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StringPart {
    /// Text, escapes resolved and indentation stripped.
    Text(StringText),
    /// `#{…}`
    Expr(Expr),
}

/// Text of a string, and where each of its bytes was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StringText {
    /// The text that is meant.
    pub text: SmolStr,
    /// `(offset in text, byte in the file)`: from this offset on, bytes of the text and of the file
    /// go side by side, up to the next entry. The first entry has offset 0; further ones stand after
    /// an escape and after stripped indentation.
    pub map: Vec<(u32, u32)>,
}

impl Item {
    /// The name that it declares; `None` for `use` and for what could not be read.
    pub fn ident(&self) -> Option<&Ident> {
        match self {
            Item::Let(item) => Some(&item.name),
            Item::Function(item) => Some(&item.name),
            Item::Type(item) => Some(&item.name),
            Item::Schema(item) => Some(&item.name),
            Item::Policy(item) => Some(&item.name),
            Item::Block(block) => match &block.label {
                Some(Label::Name(ident)) => Some(ident),
                _ => None,
            },
            Item::Use(_) | Item::Error(_) => None,
        }
    }

    /// The text of [`Item::ident`].
    pub fn name(&self) -> Option<&str> {
        self.ident().map(|ident| ident.name.as_str())
    }

    /// What it is, with an article, for a sentence.
    pub fn what(&self) -> &'static str {
        match self {
            Item::Use(_) => "a `use`",
            Item::Let(_) => "a value",
            Item::Function(_) => "a function",
            Item::Type(_) => "a type",
            Item::Schema(_) => "a schema",
            Item::Policy(_) => "a policy",
            Item::Block(_) => "a block",
            Item::Error(_) => "something unreadable",
        }
    }

    /// Whether it declares a type.
    pub fn is_type(&self) -> bool {
        matches!(self, Item::Type(_) | Item::Schema(_))
    }

    /// Where it stands as a whole.
    pub fn span(&self) -> Span {
        match self {
            Item::Use(item) => item.span,
            Item::Let(item) => item.span,
            Item::Function(item) => item.span,
            Item::Type(item) => item.span,
            Item::Schema(item) => item.span,
            Item::Policy(item) => item.span,
            Item::Block(item) => item.span,
            Item::Error(span) => *span,
        }
    }
}
