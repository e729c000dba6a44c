//! Types as the checker and the interpreter know them: names looked up, nothing left to read.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::collections::{IndexMap, IndexSet};
use crate::resolve::{ItemId, ModuleId};
use crate::source::Span;
use crate::syntax::ast;

/// A type.
///
/// Cheap to copy: whatever is large stands behind an `Rc`.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Of something whose error has been reported; fits everywhere, in silence.
    Error,
    /// Whatever there is, secrets excepted; in signatures of the standard library alone. As the type
    /// of a value: data that was read and has no type yet.
    Any,
    /// Of no value: the elements of `[]`.
    Never,
    /// `Null`
    Null,
    /// `Bool`
    Bool,
    /// `Int`
    Int,
    /// `Float`
    Float,
    /// `String`
    String,
    /// `Duration`
    Duration,
    /// `Size`
    Size,
    /// `Secret`
    Secret,
    /// `Later`: of what is planned and not there yet; in schemas of the standard library alone.
    Later,
    /// `"push"`, `3`, `true`
    Literal(Literal),
    /// `[T]`
    List(Rc<Type>),
    /// `Map<T>`
    Map(Rc<Type>),
    /// `{ a: T, b?: U }`
    Object(Rc<ObjectType>),
    /// A schema, and what is known of one particular block of it.
    Schema(SchemaType),
    /// `type AccountId = …`
    Named(Rc<Named>),
    /// `T where condition else "message"`
    Refined(Rc<Refined>),
    /// `A | B`: two or more, none of them a union.
    Union(Rc<[Type]>),
    /// `Output<T>`
    Output(Rc<Type>),
    /// A type parameter of the function that is being looked at.
    Parameter(SmolStr),
}

/// A type of one value.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `true`
    Bool(bool),
    /// `3`
    Int(i64),
    /// `0.5`
    Float(f64),
    /// `"push"`
    String(SmolStr),
    /// `1h`, in seconds
    Duration(i64),
    /// `1Gi`, in bytes
    Size(i64),
}

/// `{ a: T, b?: U }`
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectType {
    /// The fields, in order.
    pub fields: IndexMap<SmolStr, ObjectField>,
}

/// A field of an object type.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectField {
    /// Its type.
    pub ty: Type,
    /// Whether it may be left out.
    pub optional: bool,
}

/// The type of instances of a schema.
#[derive(Clone, Debug)]
pub struct SchemaType {
    /// Which schema.
    pub id: ItemId,
    /// Its name.
    pub name: SmolStr,
    /// What is known of this very value; `None` for just any instance.
    pub known: Option<Rc<Known>>,
}

impl PartialEq for SchemaType {
    /// The same schema: what is known of one value makes no other type.
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// What is known of one particular block before anything is evaluated: the blocks in it that stand
/// outside of `for` and `if`, by their fixed labels and, where there is one of a kind alone, by kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// By label: `Network` of `dev`.
    pub labels: IndexMap<SmolStr, KnownBlock>,
    /// By kind: `build` of a pipeline.
    pub singles: IndexMap<SmolStr, KnownBlock>,
    /// By kind: the list of the `stack`s of an environment. Of two that a name could mean it is the last.
    pub lists: IndexMap<SmolStr, KnownBlock>,
    /// Whether there may be more, because a part was not understood, which is reported where it stands.
    pub partial: bool,
    /// The names of the fields that are set: no names to use, but good to know for messages.
    pub fields: IndexSet<SmolStr>,
}

/// A block with a fixed name.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownBlock {
    /// Its kind.
    pub kind: SmolStr,
    /// Its type: a schema, or an `Output` for `output VpcId`.
    pub ty: Type,
    /// Where its label (or kind) was written.
    pub span: Span,
    /// The kind and place of a block of another kind that has the same label beside it.
    pub rival: Option<(SmolStr, Span)>,
}

/// `type AccountId = String where … { let … }`
#[derive(Clone, Debug)]
pub struct Named {
    /// Its declaration.
    pub id: ItemId,
    /// Its name.
    pub name: SmolStr,
    /// What it stands for, with its condition.
    pub ty: Type,
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// A type with a condition.
#[derive(Clone, Debug)]
pub struct Refined {
    /// What the condition is about.
    pub base: Type,
    /// The condition, its message and its help; `self` is the value.
    pub condition: Rc<ast::Condition>,
    /// The module whose names it uses.
    pub module: ModuleId,
    /// Where the type was written.
    pub span: Span,
}

impl PartialEq for Refined {
    fn eq(&self, other: &Self) -> bool {
        self.span == other.span
    }
}

/// Of so many literals in one union nobody speaks any more: it becomes their base type.
const MOST_LITERALS: usize = 100;

impl Type {
    /// `[T]`
    pub fn list(element: Type) -> Type {
        Type::List(Rc::new(element))
    }

    /// `Map<T>`
    pub fn map(value: Type) -> Type {
        Type::Map(Rc::new(value))
    }

    /// `Output<T>`; an output of an output is one output.
    pub fn output(ty: Type) -> Type {
        match ty {
            Type::Output(_) | Type::Error => ty,
            ty => Type::Output(Rc::new(ty)),
        }
    }

    /// `T?`
    pub fn optional(ty: Type) -> Type {
        Type::union([ty, Type::Null])
    }

    /// Any instance of a schema.
    pub fn schema(id: ItemId, name: SmolStr) -> Type {
        Type::Schema(SchemaType {
            id,
            name,
            known: None,
        })
    }

    /// The union: flat, without repetition, `Never` left out, an error if one of them is.
    pub fn union(members: impl IntoIterator<Item = Type>) -> Type {
        let mut flat: Vec<Type> = Vec::new();
        for member in members {
            match member {
                Type::Never => {}
                Type::Error => return Type::Error,
                Type::Union(inner) => {
                    for ty in inner.iter() {
                        push_new(&mut flat, ty.clone());
                    }
                }
                ty => push_new(&mut flat, ty),
            }
        }
        if flat.len() > MOST_LITERALS {
            flat =
                flat.into_iter()
                    .map(Type::widened)
                    .fold(Vec::with_capacity(8), |mut list, ty| {
                        push_new(&mut list, ty);
                        list
                    });
        }
        match flat.len() {
            0 => Type::Never,
            1 => flat.pop().unwrap_or(Type::Never),
            _ => Type::Union(flat.into()),
        }
    }

    /// Whether a union of the two is this one alone: the same, or the base type of a literal.
    pub fn absorbs(&self, other: &Type) -> bool {
        match other {
            Type::Literal(literal) => self == other || *self == literal.ty(),
            other => self == other,
        }
    }

    /// The members of a union; of any other type itself alone.
    pub fn members(&self) -> &[Type] {
        match self {
            Type::Union(members) => members,
            ty => std::slice::from_ref(ty),
        }
    }

    /// What a named type or one with a condition stands for, without name and condition.
    pub fn base(&self) -> &Type {
        let mut ty = self;
        loop {
            ty = match ty {
                Type::Named(named) => &named.ty,
                Type::Refined(refined) => &refined.base,
                ty => return ty,
            };
        }
    }

    /// A literal's base type; any other type unchanged.
    #[must_use]
    pub fn widened(self) -> Type {
        match self {
            Type::Literal(literal) => literal.ty(),
            ty => ty,
        }
    }

    /// For a message: without the very values of literals, but where they are the choices of a union.
    #[must_use]
    pub fn shown(&self) -> Type {
        match self {
            Type::Literal(literal) => literal.ty(),
            Type::List(inner) => Type::list(inner.shown()),
            Type::Map(inner) => Type::map(inner.shown()),
            Type::Output(inner) => Type::output(inner.shown()),
            Type::Union(members) => match members.iter().filter(|ty| **ty != Type::Null).count() {
                1 => Type::union(members.iter().map(Type::shown)),
                _ => self.clone(),
            },
            Type::Object(object) => {
                let fields = object.fields.iter().map(|(name, field)| {
                    let field = ObjectField {
                        ty: field.ty.shown(),
                        optional: field.optional,
                    };
                    (name.clone(), field)
                });
                Type::Object(Rc::new(ObjectType {
                    fields: fields.collect(),
                }))
            }
            ty => ty.clone(),
        }
    }

    /// Whether it is the error type.
    pub fn is_error(&self) -> bool {
        matches!(self, Type::Error)
    }

    /// Whether `null` is among its values.
    pub fn holds_null(&self) -> bool {
        match self.base() {
            Type::Null | Type::Any | Type::Later | Type::Error => true,
            Type::Union(members) => members.iter().any(Type::holds_null),
            _ => false,
        }
    }

    /// The type without `null`.
    #[must_use]
    pub fn without_null(&self) -> Type {
        match self {
            Type::Null => Type::Never,
            Type::Union(members) => Type::union(members.iter().map(Type::without_null)),
            Type::Named(_) | Type::Refined(_) if self.holds_null() => self.base().without_null(),
            ty => ty.clone(),
        }
    }
}

/// Adds a type that is not there yet. A literal is there where its base type is.
fn push_new(list: &mut Vec<Type>, ty: Type) {
    if !list.iter().any(|known| known.absorbs(&ty)) {
        if !matches!(ty, Type::Literal(_)) {
            list.retain(|known| !ty.absorbs(known));
        }
        list.push(ty);
    }
}

impl Literal {
    /// The type that the literal is a value of.
    pub fn ty(&self) -> Type {
        match self {
            Literal::Bool(_) => Type::Bool,
            Literal::Int(_) => Type::Int,
            Literal::Float(_) => Type::Float,
            Literal::String(_) => Type::String,
            Literal::Duration(_) => Type::Duration,
            Literal::Size(_) => Type::Size,
        }
    }
}
