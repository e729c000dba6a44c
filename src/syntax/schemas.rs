//! Schemas: fields, blocks, computed members, asserts.

use smol_str::SmolStr;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::syntax as codes;
use crate::syntax::ast::{
    BlockDecl, BlockShape, Cardinality, FieldDecl, FieldModifier, LabelChoice, Schema, SchemaItem,
    TypeExpr, TypeKind,
};
use crate::syntax::parser::Parser;
use crate::syntax::recovery::Items;
use crate::syntax::token::TokenKind;

impl Parser<'_> {
    /// `schema Test : Step { … }`
    pub fn schema(&mut self, docs: Option<SmolStr>) -> Option<Schema> {
        let start = self.start();
        self.bump();
        let name = self.name("a schema")?;
        let mut bases = Vec::new();
        if self.eat(TokenKind::Colon).is_some() {
            bases.push(self.type_name());
            while self.eat(TokenKind::Comma).is_some() {
                bases.push(self.type_name());
            }
        }
        if !self.opens_brace(self.subject(&name), "schema NAME { … }") {
            return None;
        }
        let items = self.nested(|parser| {
            parser.bump();
            let outside = parser.enter(true);
            let items = parser.items(Items::Body, Parser::schema_item);
            parser.bump();
            parser.leave(outside);
            items
        });
        Some(Schema {
            docs,
            name,
            bases,
            items: items.unwrap_or_default(),
            span: self.span_from(start),
        })
    }

    fn schema_item(&mut self) -> SchemaItem {
        let start = self.start();
        let docs = self.docs();
        let item = if self.kind().is_word() && self.kind_at(1) == TokenKind::Colon {
            self.field_decl(docs, FieldModifier::None, start)
                .map(SchemaItem::Field)
        } else {
            match self.kind() {
                TokenKind::Let => self.let_item(docs).map(SchemaItem::Let),
                TokenKind::Assert => self.assert_item().map(SchemaItem::Assert),
                TokenKind::Block => self.block_decl(docs).map(SchemaItem::Block),
                TokenKind::Word => self.word_in_schema(docs, start),
                _ => self.not_in_schema(),
            }
        };
        item.unwrap_or_else(|| SchemaItem::Error(self.span_from(start)))
    }

    fn word_in_schema(&mut self, docs: Option<SmolStr>, start: u32) -> Option<SchemaItem> {
        let modifier = match self.text_of(self.token(0)) {
            "inherit" => FieldModifier::Inherit,
            "runtime" => FieldModifier::Runtime,
            _ => return self.not_in_schema(),
        };
        if !self.word_follows() {
            return self.not_in_schema();
        }
        self.bump();
        self.field_decl(docs, modifier, start)
            .map(SchemaItem::Field)
    }

    fn not_in_schema(&mut self) -> Option<SchemaItem> {
        let span = self.here();
        let word = self.text_of(self.token(0));
        let next = self.kind_at(1);
        let problem = if self.kind().is_word() && next == TokenKind::Question {
            Diagnostic::error(
                &codes::OTHER_NOTATION,
                span,
                format!("`{word}?` is not how a field may be left out"),
            )
            .help(format!("write `{word}: Type? = null`"))
        } else if self.at(TokenKind::Word) && next == TokenKind::Equal {
            Diagnostic::error(
                &codes::MISSING,
                span,
                format!("the field `{word}` has no type"),
            )
            .help(format!(
                "write `{word}: Type = …`; a computed member is `let {word} = …`"
            ))
        } else if self.at(TokenKind::Word) && (next.is_word() || next.is_string()) {
            Diagnostic::error(
                &codes::MISSING,
                self.span_of(self.token(1)),
                format!("`:` is missing after `{word}`"),
            )
            .help("a field is written `name: Type`, a kind of block `block name: Schema`")
        } else if matches!(self.kind(), TokenKind::For | TokenKind::If | TokenKind::Fn) {
            Diagnostic::error(
                &codes::MISPLACED,
                span,
                format!("`{word}` cannot stand in a schema"),
            )
            .help("a schema has fields, `block`s, `let`s and `assert`s")
        } else {
            Diagnostic::error(
                &codes::UNEXPECTED,
                span,
                format!("no line of a schema begins with {}", self.found()),
            )
            .help(
                "a field is written `name: Type = default`, a kind of block `block name: Schema[]`",
            )
        };
        self.fail(problem);
        None
    }

    fn field_decl(
        &mut self,
        docs: Option<SmolStr>,
        modifier: FieldModifier,
        start: u32,
    ) -> Option<FieldDecl> {
        let name = self.word()?;
        if !self.expect(TokenKind::Colon, ":", "a field has a type after its name") {
            return None;
        }
        let ty = self.refined_type();
        let default = if self.eat(TokenKind::Equal).is_some() {
            Some(self.value(self.subject(&name)))
        } else {
            None
        };
        Some(FieldDecl {
            docs,
            modifier,
            name,
            ty,
            default,
            span: self.span_from(start),
        })
    }

    /// `block stack: Stack[]`, `block on: { push: Push, tag: Tag }[]`
    fn block_decl(&mut self, docs: Option<SmolStr>) -> Option<BlockDecl> {
        let start = self.start();
        self.bump();
        let kind = self.name("a kind of block")?;
        if !self.expect(
            TokenKind::Colon,
            ":",
            "a kind of block has its schema after its name",
        ) {
            return None;
        }
        let shape = if self.at(TokenKind::OpenBrace) {
            BlockShape::ByLabel(self.choices())
        } else {
            BlockShape::Type(self.type_name())
        };
        let many =
            self.at_same_line(TokenKind::OpenBracket) && self.kind_at(1) == TokenKind::CloseBracket;
        let cardinality = if many {
            self.bump();
            self.bump();
            Cardinality::Many
        } else if self.at_same_line(TokenKind::Question) {
            self.bump();
            Cardinality::Optional
        } else {
            Cardinality::One
        };
        Some(BlockDecl {
            docs,
            kind,
            shape,
            cardinality,
            span: self.span_from(start),
        })
    }

    fn choices(&mut self) -> Vec<LabelChoice> {
        self.bump();
        let outside = self.enter(true);
        let choices = self.items(Items::Body, |parser| {
            let docs = parser.docs();
            let Some(label) = parser.word() else {
                let problem = Diagnostic::error(
                    &codes::UNEXPECTED,
                    parser.here(),
                    "labels and their schemas stand here",
                )
                .help("write `label: Schema`");
                parser.fail(problem);
                return None;
            };
            if !parser.expect(TokenKind::Colon, ":", "a label has its schema after it") {
                return None;
            }
            let ty = parser.type_name();
            Some(LabelChoice { docs, label, ty })
        });
        self.bump();
        self.leave(outside);
        choices.into_iter().flatten().collect()
    }

    /// A dotted name with arguments: what a schema includes, what a block is made of.
    fn type_name(&mut self) -> TypeExpr {
        if self.at(TokenKind::Word) {
            return self.primary_type();
        }
        let (place, found) = self.place_of_missing();
        let problem = Diagnostic::error(&codes::MISSING, place, "the name of a schema is missing")
            .label(found)
            .help("write the name of a schema");
        self.fail(problem);
        TypeExpr {
            kind: TypeKind::Error,
            span: self.after(),
        }
    }
}
