//! Declarations at the top of a file.

use smol_str::SmolStr;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::syntax::ast::{
    Ident, Item, Let, Policy, TypeDecl, TypeExpr, TypeKind, Use, UseName, UsePath,
};
use crate::syntax::parser::Parser;
use crate::syntax::recovery::Items;
use crate::syntax::token::TokenKind;

impl Parser<'_> {
    /// One declaration.
    pub fn item(&mut self) -> Item {
        let start = self.start();
        let docs = self.docs();
        let item = match self.kind() {
            TokenKind::Use => self.use_item().map(Item::Use),
            TokenKind::Let => self.let_item(docs).map(Item::Let),
            TokenKind::Fn => self.function(docs).map(Item::Function),
            TokenKind::Type => self.type_item(docs).map(Item::Type),
            TokenKind::Schema => self.schema(docs).map(Item::Schema),
            TokenKind::Policy => self.policy(docs).map(Item::Policy),
            TokenKind::Pipeline => self.block(docs).map(Item::Block),
            TokenKind::Word
                if self.text_of(self.token(0)) == "extern" && self.kind_at(1) == TokenKind::Fn =>
            {
                self.function(docs).map(Item::Function)
            }
            _ => self.other_item(docs),
        };
        item.unwrap_or_else(|| Item::Error(self.span_from(start)))
    }

    /// `use std.notify.{slack as say}`
    fn use_item(&mut self) -> Option<Use> {
        let start = self.start();
        self.bump();
        let path = self.use_path()?;
        let names = if self.at(TokenKind::Dot) && self.kind_at(1) == TokenKind::OpenBrace {
            self.bump();
            Some(self.use_names())
        } else {
            None
        };
        if self.at(TokenKind::Dot) {
            let problem = Diagnostic::error(
                &codes::UNEXPECTED,
                self.here(),
                "the names taken from a module stand between braces",
            )
            .help("write `.{name}` after the module");
            self.fail(problem);
        }
        let alias = self.alias();
        Some(Use {
            path,
            names,
            alias,
            span: self.span_from(start),
        })
    }

    fn use_path(&mut self) -> Option<UsePath> {
        if self.kind().is_string() && !self.at_new_line() {
            let literal = self.string_literal();
            let Some(text) = literal.fixed() else {
                let problem = Diagnostic::error(
                    &codes::UNEXPECTED,
                    literal.span,
                    "the path of a module cannot be computed",
                )
                .help("write the path as it is, without `#{…}`");
                self.report(problem);
                self.failed = true;
                return None;
            };
            let span = literal.span;
            return Some(UsePath::File(Ident { name: text, span }));
        }
        if !self.at(TokenKind::Word) || self.at_new_line() {
            let (place, found) = self.place_of_missing();
            let problem = Diagnostic::error(&codes::MISSING, place, "`use` names no module")
                .label(found)
                .help("write `use std.notify.{slack}` or `use \"./fleet.aphex\".{accounts}`");
            self.fail(problem);
            return None;
        }
        let mut parts = vec![self.ident_here()];
        while self.at(TokenKind::Dot) && self.word_follows() {
            self.bump();
            parts.push(self.ident_here());
        }
        Some(UsePath::Std(parts))
    }

    fn ident_here(&mut self) -> Ident {
        let token = self.bump();
        self.ident_of(token)
    }

    fn use_names(&mut self) -> Vec<UseName> {
        self.bump();
        let outside = self.enter(true);
        let names = self.items(Items::Elements, |parser| {
            // The first word of an item may begin a line.
            let name = match parser.kind() {
                TokenKind::Word => parser.ident_here(),
                _ => parser.name("what is taken from the module")?,
            };
            let alias = parser.alias();
            Some(UseName { name, alias })
        });
        self.bump();
        self.leave(outside);
        names.into_iter().flatten().collect()
    }

    fn alias(&mut self) -> Option<Ident> {
        self.eat_here(TokenKind::As)?;
        self.name("what stands after `as`")
    }

    /// `let name: Type = value`
    pub fn let_item(&mut self, docs: Option<SmolStr>) -> Option<Let> {
        let start = self.start();
        self.bump();
        let name = self.name("a `let`")?;
        let what = self.subject(&name);
        let ty = if self.at(TokenKind::Colon) && self.kind_at(1) != TokenKind::Equal {
            self.bump();
            Some(self.refined_type())
        } else {
            None
        };
        let value = if self.equals(what) {
            self.value(what)
        } else {
            self.error_expr(self.after().start)
        };
        Some(Let {
            docs,
            name,
            ty,
            value,
            span: self.span_from(start),
        })
    }

    /// `type Name = Type where … { let member = … }`
    fn type_item(&mut self, docs: Option<SmolStr>) -> Option<TypeDecl> {
        let start = self.start();
        self.bump();
        let name = self.name("a type")?;
        let what = self.subject(&name);
        let mut ty = TypeExpr {
            kind: TypeKind::Error,
            span: self.after(),
        };
        if self.equals(what) {
            let read = self.refined_type();
            // `type A = Int where self = 3`
            if !self.failed && self.at_same_line(TokenKind::Equal) {
                self.equals_after(read.span);
            } else {
                ty = read;
            }
        }
        let members = if self.at_same_line(TokenKind::OpenBrace) {
            self.members()
        } else {
            Vec::new()
        };
        Some(TypeDecl {
            docs,
            name,
            ty,
            members,
            span: self.span_from(start),
        })
    }

    fn members(&mut self) -> Vec<Let> {
        self.bump();
        let outside = self.enter(true);
        let members = self.items(Items::Body, |parser| {
            let docs = parser.docs();
            if parser.at(TokenKind::Let) {
                return parser.let_item(docs);
            }
            let problem = Diagnostic::error(
                &codes::MISPLACED,
                parser.here(),
                "a type has computed members alone",
            )
            .help(
                "write `let name = value`; an object type is written `type Name = { field: Type }`",
            );
            parser.fail(problem);
            None
        });
        self.bump();
        self.leave(outside);
        members.into_iter().flatten().collect()
    }

    /// `policy name(p: Pipeline) { … }`
    fn policy(&mut self, docs: Option<SmolStr>) -> Option<Policy> {
        let start = self.start();
        self.bump();
        let name = self.name("a policy")?;
        let what = self.subject(&name);
        let example = "policy NAME(p: Pipeline) { … }";
        let at = self.here();
        let parameters = if self.at_same_line(TokenKind::OpenParen) {
            self.parameters()
        } else {
            Vec::new()
        };
        let count = parameters.len();
        let parameter = parameters.into_iter().next();
        if count != 1 && !self.failed {
            let problem = Diagnostic::error(
                &codes::MISSING,
                at,
                format!("the policy {what} needs one parameter, and no more"),
            )
            .label("what the policy is about")
            .help(format!("write `{example}`"));
            self.fail(problem);
        }
        let parameter = parameter?;
        if !self.opens_brace(what, example) {
            return None;
        }
        let body = self.body();
        Some(Policy {
            docs,
            name,
            parameter,
            body,
            span: self.span_from(start),
        })
    }
}
