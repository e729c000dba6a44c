//! The checker: every expression has a type, every body fits its schema, before anything is evaluated.
//!
//! Types are found from the inside out, and what is wanted is passed from the outside in, so that a
//! mistake is reported at the smallest piece that is wrong. An expression with an error is of the
//! error type, which fits everything: nothing is reported twice.

mod block;
mod body;
mod call;
mod comparison;
mod comprehension;
mod declaration;
mod expression;
mod field;
mod generics;
mod index;
mod known;
mod literal;
mod matching;
mod member;
mod mismatch;
mod names;
mod narrow;
mod operator;
mod policy;
mod recursion;
mod required;
mod role;
mod runtime;
mod scope;
mod text;
mod units;

use std::rc::Rc;

use crate::collections::{HashMap, HashSet};
use crate::diagnostics::codes;
use crate::diagnostics::{Diagnostic, Problems};
use crate::resolve::{self, ItemId, ModuleId, Program};
use crate::source::{Sources, Span};
use crate::types::check::recursion::{Edge, Node};
use crate::types::check::runtime::Origin;
use crate::types::check::scope::{Fact, Frame};
use crate::types::{Known, Type, Types};

/// What the checker found out, for those who come after it.
#[derive(Debug, Default)]
pub struct Checked {
    /// Expressions and items with a reported error: what they give is the silent error value.
    pub poisoned: HashSet<Span>,
    /// Bodies (of a block without a body the block itself) in which something is missing or was left
    /// out, which was reported: what they lack is silent, and so are the asserts on them.
    pub incomplete: HashSet<Span>,
    /// Every declared type, schema and signature, resolved when asked for.
    pub types: Types,
}

/// Checks every file of the program but those of the standard library, whose declarations are
/// looked at as far as they are used.
pub fn check(program: &Program, sources: &Sources, problems: &mut Problems) -> Checked {
    check_where(program, sources, problems, |module| {
        !program.is_standard(module)
    })
}

/// Checks everything, the standard library included.
pub fn check_all(program: &Program, sources: &Sources, problems: &mut Problems) -> Checked {
    check_where(program, sources, problems, |_| true)
}

fn check_where(
    program: &Program,
    sources: &Sources,
    problems: &mut Problems,
    wanted: impl Fn(ModuleId) -> bool,
) -> Checked {
    let mut checker = Checker::new(program, sources);
    let modules = program.modules.iter().map(|module| module.id);
    let modules: Vec<ModuleId> = modules.filter(|module| wanted(*module)).collect();
    for module in &modules {
        checker.module(*module);
    }
    checker.recursion();
    let checked = checker.finish(problems);
    let unknown = [&codes::names::UNKNOWN_NAME, &codes::names::UNKNOWN_TYPE];
    for module in modules.iter().filter_map(|id| program.module(*id)) {
        let is_here = |found: &Diagnostic| {
            let span = found.span();
            unknown.contains(&found.code) && span.is_some_and(|span| span.source == module.source)
        };
        if !problems.iter().any(is_here) {
            resolve::check_imports(program, module, problems);
        }
    }
    checked
}

/// The state of a check.
struct Checker<'p> {
    program: &'p Program,
    sources: &'p Sources,
    types: Types,
    problems: Vec<Diagnostic>,
    poisoned: Vec<Span>,
    /// Where run-time values come in.
    origins: Vec<Origin>,
    /// The three above, of declarations that are done: nothing takes them back.
    kept: (Vec<Diagnostic>, Vec<Span>, Vec<Origin>),
    incomplete: HashSet<Span>,
    /// Where in the program the checker is; swapped when another declaration is asked for.
    place: Place<'p>,
    /// The types of top-level `let`s; `None` while one is being looked at.
    lets: HashMap<ItemId, Option<Type>>,
    /// The types of computed members without annotation; `None` while one is being looked at.
    members: HashMap<Span, Option<Type>>,
    /// What is known of the results of functions.
    results: HashMap<ItemId, Option<Rc<Known>>>,
    /// Where a syntax error says less than what the checker found there.
    replaced: Vec<Span>,
    /// Bodies of blocks, and where their kind and label stand.
    heads: HashMap<Span, Span>,
    /// Conditions that were looked at.
    tested: HashSet<Span>,
    /// Who refers to whom.
    edges: HashMap<Node, Vec<Edge>>,
    /// Edges of circles that were reported.
    reported_circles: HashSet<Span>,
    depth: usize,
    /// Whether the depth of the expression at hand was reported.
    too_deep: bool,
}

/// The surroundings of an expression.
#[derive(Default)]
struct Place<'p> {
    module: ModuleId,
    /// The declaration that is being looked at.
    owner: Option<Node>,
    generics: &'p [crate::syntax::ast::Ident],
    frames: Vec<Frame<'p>>,
    facts: Vec<Fact>,
}

impl<'p> Checker<'p> {
    fn new(program: &'p Program, sources: &'p Sources) -> Self {
        Checker {
            program,
            sources,
            types: Types::new(),
            problems: Vec::new(),
            poisoned: Vec::new(),
            origins: Vec::new(),
            kept: Default::default(),
            incomplete: HashSet::default(),
            place: Place::default(),
            lets: HashMap::default(),
            members: HashMap::default(),
            results: HashMap::default(),
            replaced: Vec::new(),
            heads: HashMap::default(),
            tested: HashSet::default(),
            edges: HashMap::default(),
            reported_circles: HashSet::default(),
            depth: 0,
            too_deep: false,
        }
    }

    /// Hands over what was found.
    fn finish(mut self, problems: &mut Problems) -> Checked {
        for place in &self.replaced {
            problems.drop_within(&codes::syntax::OTHER_NOTATION, *place);
        }
        for diagnostic in self.kept.0.drain(..).chain(self.problems.drain(..)) {
            problems.push(diagnostic);
        }
        for diagnostic in self.types.take_problems() {
            problems.push(diagnostic);
        }
        let mut poisoned: HashSet<Span> = self.kept.1.into_iter().chain(self.poisoned).collect();
        poisoned.extend(self.types.take_poisoned());
        Checked {
            poisoned,
            incomplete: self.incomplete,
            types: self.types,
        }
    }

    /// Reports an error about the expression or item at `span`, which has no meaning then.
    fn error(&mut self, span: Span, diagnostic: Diagnostic) -> Type {
        self.poisoned.push(span);
        self.problems.push(diagnostic);
        Type::Error
    }

    /// Reports a warning.
    fn warn(&mut self, diagnostic: Diagnostic) {
        self.problems.push(diagnostic);
    }

    /// The expression at `span` has no meaning because of an error that was reported.
    fn silent(&mut self, span: Span) -> Type {
        self.poisoned.push(span);
        Type::Error
    }

    /// Whether a part of a file could not be read, so that something may be missing in it.
    fn is_partial(&self, module: ModuleId) -> bool {
        let module = self.program.module(module);
        module.is_some_and(|module| module.partial)
    }

    /// Does something without reporting anything.
    fn quietly<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = (self.problems.len(), self.poisoned.len(), self.origins.len());
        let result = work(self);
        self.problems.truncate(before.0);
        self.poisoned.truncate(before.1);
        self.origins.truncate(before.2);
        result
    }

    /// Does something in the surroundings of another declaration.
    fn elsewhere<T>(
        &mut self,
        module: ModuleId,
        owner: Option<Node>,
        work: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let place = Place {
            module,
            owner,
            ..Place::default()
        };
        let outer = std::mem::replace(&mut self.place, place);
        let found = (
            std::mem::take(&mut self.problems),
            std::mem::take(&mut self.poisoned),
            std::mem::take(&mut self.origins),
        );
        let result = work(self);
        self.place = outer;
        self.kept.0.append(&mut self.problems);
        self.kept.1.append(&mut self.poisoned);
        self.kept.2.append(&mut self.origins);
        (self.problems, self.poisoned, self.origins) = found;
        result
    }

    /// Does something with one more frame of names.
    fn within<T>(&mut self, frame: Frame<'p>, work: impl FnOnce(&mut Self) -> T) -> T {
        self.place.frames.push(frame);
        let facts = self.place.facts.len();
        let result = work(self);
        self.place.facts.truncate(facts);
        self.place.frames.pop();
        result
    }

    fn fits(&self, actual: &Type, wanted: &Type) -> bool {
        self.types.fits(self.program, actual, wanted)
    }

    fn resolve(&self, ty: &crate::syntax::ast::TypeExpr) -> Type {
        self.types
            .resolve_generic(self.program, self.place.module, self.place.generics, ty)
    }
}
