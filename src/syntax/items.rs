//! Declarations at the top of a file.

use smol_str::SmolStr;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::syntax::ast::{
    Function, Ident, Item, Let, Parameter, Policy, TypeDecl, TypeExpr, TypeKind, Use, UseName,
    UsePath,
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
            let name = parser.name("what is taken from the module")?;
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
        let what = format!("`{}`", name.name);
        let ty = if self.at(TokenKind::Colon) && self.kind_at(1) != TokenKind::Equal {
            self.bump();
            Some(self.refined_type())
        } else {
            None
        };
        let value = if self.equals(&what) {
            self.value(&what)
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

    /// `fn name<T>(parameters) -> Type = body`, `extern fn …`
    fn function(&mut self, docs: Option<SmolStr>) -> Option<Function> {
        let start = self.start();
        let is_extern = self.at(TokenKind::Word);
        if is_extern {
            self.bump();
        }
        self.bump();
        let name = self.name("a function")?;
        let generics = self.generics();
        if !self.at_same_line(TokenKind::OpenParen) {
            let (place, found) = self.place_of_missing();
            let problem = Diagnostic::error(
                &codes::MISSING,
                place,
                "a function has parameters in parentheses",
            )
            .label(found)
            .help(format!("write `fn {}() -> Type = …`", name.name));
            self.fail(problem);
            return None;
        }
        let parameters = self.parameters();
        let result = self.result_type(&name);
        let what = format!("`{}`", name.name);
        let ends = self.at_new_line()
            || self.kind().is_closer()
            || matches!(
                self.kind(),
                TokenKind::Comma | TokenKind::Semicolon | TokenKind::End
            );
        let body = if is_extern {
            if !ends {
                let problem = Diagnostic::error(
                    &codes::UNEXPECTED,
                    self.here(),
                    "an `extern fn` has no body",
                )
                .help("leave out `extern`, or the body");
                self.fail(problem);
            }
            None
        } else if self.at(TokenKind::OpenBrace) && !ends {
            Some(self.branch())
        } else if ends {
            let place = self.after();
            let problem = Diagnostic::error(
                &codes::MISSING,
                place,
                format!("the function {what} has no body"),
            )
            .label("`= value` is missing here")
            .help("write `= value`, or `{ let …; value }`");
            self.fail(problem);
            Some(self.error_expr(place.start))
        } else if self.equals(&what) {
            Some(self.value(&what))
        } else {
            Some(self.error_expr(self.after().start))
        };
        Some(Function {
            docs,
            name,
            generics,
            parameters,
            result,
            body,
            span: self.span_from(start),
        })
    }

    fn generics(&mut self) -> Vec<Ident> {
        let mut generics = Vec::new();
        if self.eat(TokenKind::Less).is_none() {
            return generics;
        }
        while let Some(name) = self.name("a type parameter") {
            generics.push(name);
            if self.eat(TokenKind::Comma).is_none() || self.at(TokenKind::Greater) {
                break;
            }
        }
        if !self.failed && !self.eat_greater() {
            self.expect(
                TokenKind::Greater,
                ">",
                "type parameters stand between `<` and `>`",
            );
        }
        generics
    }

    /// The `(…)` of a function.
    fn parameters(&mut self) -> Vec<Parameter> {
        self.bump();
        let outside = self.enter(false);
        let parameters = self.items(Items::Arguments, Parser::parameter);
        self.bump();
        self.leave(outside);
        parameters.into_iter().flatten().collect()
    }

    fn parameter(&mut self) -> Option<Parameter> {
        let name = self.name("a parameter")?;
        let ty = if self.eat(TokenKind::Colon).is_some() {
            self.refined_type()
        } else {
            let place = self.after();
            let problem = Diagnostic::error(
                &codes::MISSING,
                place,
                format!("the parameter `{}` has no type", name.name),
            )
            .label("`: Type` is missing here")
            .help(format!("write `{}: String`, or another type", name.name));
            self.fail(problem);
            TypeExpr {
                kind: TypeKind::Error,
                span: place,
            }
        };
        let default = if self.eat(TokenKind::Equal).is_some() {
            Some(self.value(&format!("`{}`", name.name)))
        } else {
            None
        };
        Some(Parameter { name, ty, default })
    }

    fn result_type(&mut self, name: &Ident) -> TypeExpr {
        if self.eat(TokenKind::Arrow).is_some() {
            return self.type_expr();
        }
        let span = self.here();
        if matches!(self.kind(), TokenKind::Colon | TokenKind::FatArrow) && !self.at_new_line() {
            self.bump();
            let problem = Diagnostic::error(
                &codes::OTHER_NOTATION,
                span,
                "the type of a function's result stands after `->`",
            )
            .help("write `->`")
            .fix("write `->`", span, " ->");
            self.report(problem);
            return self.type_expr();
        }
        let place = self.after();
        let problem = Diagnostic::error(
            &codes::MISSING,
            place,
            format!("the function `{}` does not say what it gives", name.name),
        )
        .label("`-> Type` is missing here")
        .help("write `->` and the type of its result");
        self.fail(problem);
        TypeExpr {
            kind: TypeKind::Error,
            span: place,
        }
    }

    /// `type Name = Type where … { let member = … }`
    fn type_item(&mut self, docs: Option<SmolStr>) -> Option<TypeDecl> {
        let start = self.start();
        self.bump();
        let name = self.name("a type")?;
        let what = format!("the type `{}`", name.name);
        let ty = if self.equals(&what) {
            self.refined_type()
        } else {
            TypeExpr {
                kind: TypeKind::Error,
                span: self.after(),
            }
        };
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
        let what = format!("the policy `{}`", name.name);
        let example = format!("policy {}(p: Pipeline) {{ … }}", name.name);
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
                format!("{what} needs one parameter, and no more"),
            )
            .label("what the policy is about")
            .help(format!("write `{example}`"));
            self.fail(problem);
        }
        let parameter = parameter?;
        if !self.opens_brace(&what, &example) {
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

    /// Something that is no declaration.
    fn other_item(&mut self, docs: Option<SmolStr>) -> Option<Item> {
        let token = self.token(0);
        let word = self.text_of(token);
        let span = self.here();
        let next = self.kind_at(1);
        if token.kind == TokenKind::Word
            && next.is_word()
            && let Some(right) = right_word(word)
        {
            let problem = Diagnostic::error(
                &codes::OTHER_NOTATION,
                span,
                format!("`{word}` declares nothing"),
            )
            .help(format!("write `{right}`"))
            .fix(format!("write `{right}`"), span, right);
            self.report(problem);
            self.failed = true;
            return match right {
                "let" => self.let_item(docs).map(Item::Let),
                "fn" => self.function(docs).map(Item::Function),
                "schema" => self.schema(docs).map(Item::Schema),
                _ => None,
            };
        }
        if matches!(word, "import" | "include" | "require" | "from")
            && token.kind == TokenKind::Word
        {
            let problem = Diagnostic::error(
                &codes::OTHER_NOTATION,
                span,
                format!("`{word}` is not how modules are used"),
            )
            .help("write `use \"./fleet.aphex\".{accounts}` or `use std.notify.{slack}`");
            self.fail(problem);
            return None;
        }
        if token.kind.is_word() && matches!(next, TokenKind::Equal | TokenKind::Colon) {
            let problem = Diagnostic::error(
                &codes::MISPLACED,
                span,
                format!("`{word}` stands outside of every block"),
            )
            .label("only declarations stand here")
            .help(format!("move it into `pipeline NAME {{ … }}`; a value for use in this file is declared as `let {word} = …`"));
            self.fail(problem);
            return None;
        }
        let in_body = matches!(
            token.kind,
            TokenKind::Word | TokenKind::For | TokenKind::If | TokenKind::Assert | TokenKind::Block
        );
        if in_body && (next.is_word() || next.is_string() || matches!(next, TokenKind::OpenBrace)) {
            let problem = Diagnostic::error(
                &codes::MISPLACED,
                span,
                format!("`{word}` stands outside of every block"),
            )
            .label("only declarations stand here")
            .help(match token.kind {
                TokenKind::Block => "`block` stands in a `schema`",
                _ => "move it into `pipeline NAME { … }`",
            });
            self.report(problem);
            self.failed = true;
            if token.kind == TokenKind::Word {
                // What is in it is still looked at.
                self.block(docs);
            }
            return None;
        }
        let problem = Diagnostic::error(
            &codes::UNEXPECTED,
            span,
            format!("no declaration begins with {}", self.found()),
        )
        .help(
            "a file has `use`, `let`, `fn`, `type`, `schema`, `policy` and `pipeline` declarations",
        );
        self.fail(problem);
        None
    }
}

/// The word of this language for one of another.
fn right_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "const" | "var" | "val" | "local" | "locals" => "let",
        "def" | "function" | "func" | "fun" => "fn",
        "struct" | "class" | "interface" | "record" => "schema",
        _ => return None,
    })
}
