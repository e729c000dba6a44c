//! The reference of the standard library, written from its own documentation: `docs/reference/`.
//!
//! `APHEX_UPDATE=1 cargo test reference` writes the pages anew; without it the test compares.

use std::fmt::Write as _;

use crate::collections::HashMap;
use crate::diagnostics::Problems;
use crate::source::Sources;
use crate::stdlib::{self, StandardModule};
use crate::syntax::ast::{
    BlockDecl, BlockShape, Cardinality, FieldDecl, FieldModifier, File, Function, Item,
    LabelChoice, Schema, SchemaItem, TypeDecl, TypeExpr, TypeKind,
};

/// One page of the reference.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// Its file: `pipeline.md`.
    pub file: String,
    /// Markdown.
    pub text: String,
}

/// The pages, the index (`README.md`) first, in the order that a reader wants them.
pub fn pages() -> Vec<Page> {
    let order = ["pipeline", "trigger", "step", "environment", "notify"];
    let rank = |module: &&StandardModule| {
        let place = order.iter().position(|name| *name == module.name);
        (place.unwrap_or(order.len()), module.name)
    };
    let mut modules: Vec<&StandardModule> = stdlib::MODULES.iter().collect();
    modules.sort_by_key(rank);
    let mut index = String::from(
        "# Reference\n\nEverything that the standard library declares, from its own documentation \
         (`stdlib/*.aphex`). These pages are generated.\n\n",
    );
    let mut sources = Sources::new();
    let parse = |module: &StandardModule| {
        let source = sources.add(module.file(), module.text);
        crate::syntax::parse(source, module.text, &mut Problems::new())
    };
    let files: Vec<File> = modules.iter().copied().map(parse).collect();
    let items = files.iter().flat_map(|file| &file.items);
    let schemas: HashMap<&str, &Schema> = items
        .filter_map(|item| match item {
            Item::Schema(schema) => Some((&*schema.name.name, schema)),
            _ => None,
        })
        .collect();
    let mut pages = Vec::new();
    for (module, file) in modules.into_iter().zip(&files) {
        let page = Writer {
            sources: &sources,
            schemas: &schemas,
            out: String::new(),
        }
        .module(module, file);
        let about = file.docs.as_deref().unwrap_or_default();
        let _ = writeln!(index, "- [{0}]({0}.md): {1}", module.name, one_line(about));
        pages.push(Page {
            file: format!("{}.md", module.name),
            text: page,
        });
    }
    pages.insert(
        0,
        Page {
            file: "README.md".to_owned(),
            text: index,
        },
    );
    pages
}

/// So deep blocks that stand by themselves are followed.
const MOST_DEPTH: usize = 16;

struct Writer<'a> {
    sources: &'a Sources,
    schemas: &'a HashMap<&'a str, &'a Schema>,
    out: String,
}

impl Writer<'_> {
    fn module(mut self, module: &StandardModule, file: &File) -> String {
        let _ = writeln!(self.out, "# std.{}\n", module.name);
        self.paragraph(file.docs.as_deref());
        if !module.prelude {
            let _ = writeln!(
                self.out,
                "Not seen by itself: `use std.{}.{{…}}`.\n",
                module.name
            );
        }
        for item in &file.items {
            match item {
                Item::Schema(schema) => self.schema(schema),
                Item::Type(ty) => self.type_decl(ty),
                Item::Function(function) => self.function(function),
                Item::Let(item) => {
                    let _ = writeln!(self.out, "## {}\n", item.name.name);
                    self.paragraph(item.docs.as_deref());
                }
                Item::Use(_) | Item::Policy(_) | Item::Block(_) | Item::Error(_) => {}
            }
        }
        let end = self.out.trim_end().len();
        self.out.truncate(end);
        self.out.push('\n');
        self.out
    }

    fn paragraph(&mut self, docs: Option<&str>) {
        if let Some(docs) = docs {
            let _ = writeln!(self.out, "{}\n", docs.trim());
        }
    }

    fn schema(&mut self, schema: &Schema) {
        let _ = writeln!(self.out, "## {}\n", schema.name.name);
        self.paragraph(schema.docs.as_deref());
        for base in &schema.bases {
            let name = self.ty(base);
            let anchor = name.to_lowercase();
            let _ = writeln!(self.out, "Has all that [{name}](#{anchor}) has.\n");
        }
        let fields: Vec<&FieldDecl> = schema
            .items
            .iter()
            .filter_map(|item| match item {
                SchemaItem::Field(field) => Some(field),
                _ => None,
            })
            .collect();
        let blocks: Vec<&BlockDecl> = schema
            .items
            .iter()
            .filter_map(|item| match item {
                SchemaItem::Block(block) => Some(block),
                _ => None,
            })
            .collect();
        if !fields.is_empty() {
            self.out
                .push_str("| field | type | default | meaning |\n| --- | --- | --- | --- |\n");
            for field in fields {
                self.field(field);
            }
            self.out.push('\n');
        }
        if !blocks.is_empty() {
            self.out
                .push_str("| block | schema | how many | meaning |\n| --- | --- | --- | --- |\n");
            for block in blocks {
                self.block(block);
            }
            self.out.push('\n');
        }
    }

    fn field(&mut self, field: &FieldDecl) {
        let ty = self.ty(&field.ty);
        let default = match (&field.default, field.modifier, ty.as_str()) {
            (_, _, "Later") => "comes with a later version".to_owned(),
            (_, FieldModifier::Runtime, _) => "known in a run".to_owned(),
            (Some(default), modifier, _) => {
                let text = code(&one_line(self.sources.text(default.span)));
                if modifier == FieldModifier::Inherit {
                    format!("that of `defaults`, else {text}")
                } else {
                    text
                }
            }
            (None, _, ty) if ty.ends_with('?') => String::new(),
            (None, ..) => "required".to_owned(),
        };
        let _ = writeln!(
            self.out,
            "| `{}` | {} | {default} | {} |",
            field.name.name,
            code(&ty),
            cell(field.docs.as_deref())
        );
    }

    fn block(&mut self, block: &BlockDecl) {
        let many = match block.cardinality {
            Cardinality::One if !self.must_be_written(block, 0) => "at most one",
            Cardinality::One => "one",
            Cardinality::Optional => "at most one",
            Cardinality::Many => "any number",
        };
        match &block.shape {
            BlockShape::Type(ty) => {
                let ty = self.ty(ty);
                let (ty, many) = if ty == "Later" {
                    (String::new(), "comes with a later version")
                } else {
                    (code(&ty), many)
                };
                let meaning = cell(block.docs.as_deref());
                let kind = &block.kind.name;
                let _ = writeln!(self.out, "| `{kind}` | {ty} | {many} | {meaning} |");
            }
            BlockShape::ByLabel(choices) => {
                for choice in choices {
                    self.choice(block, choice, many);
                }
            }
        }
    }

    /// Whether a block that is one of a kind cannot stand by itself, empty: the checker asks the same of the types.
    fn must_be_written(&self, block: &BlockDecl, depth: usize) -> bool {
        let BlockShape::Type(ty) = &block.shape else {
            return true;
        };
        let is_required = |field: &FieldDecl| {
            field.default.is_none()
                && field.modifier == FieldModifier::None
                && !self.ty(&field.ty).ends_with('?')
        };
        depth < MOST_DEPTH
            && self
                .items_of(&self.ty(ty), 0)
                .iter()
                .any(|item| match item {
                    SchemaItem::Field(field) => is_required(field),
                    SchemaItem::Block(block) => {
                        block.cardinality == Cardinality::One
                            && self.must_be_written(block, depth + 1)
                    }
                    _ => false,
                })
    }

    /// What a schema has, and those that it is made of.
    fn items_of(&self, name: &str, depth: usize) -> Vec<&SchemaItem> {
        let mut items = Vec::new();
        if let Some(schema) = self.schemas.get(name).filter(|_| depth < MOST_DEPTH) {
            items.extend(&schema.items);
            for base in &schema.bases {
                items.extend(self.items_of(&self.ty(base), depth + 1));
            }
        }
        items
    }

    fn choice(&mut self, block: &BlockDecl, choice: &LabelChoice, many: &str) {
        let ty = self.ty(&choice.ty);
        let (ty, many) = if ty == "Later" {
            (String::new(), "comes with a later version")
        } else {
            (code(&ty), many)
        };
        let docs = choice.docs.as_deref().or(block.docs.as_deref());
        let _ = writeln!(
            self.out,
            "| `{} {}` | {ty} | {many} | {} |",
            block.kind.name,
            choice.label.name,
            cell(docs)
        );
    }

    fn type_decl(&mut self, item: &TypeDecl) {
        let _ = writeln!(self.out, "## {}\n", item.name.name);
        self.paragraph(item.docs.as_deref());
        let ty = self.ty(&item.ty);
        let _ = writeln!(self.out, "Stands for {}.\n", code(&ty).replace("\\|", "|"));
        if !item.members.is_empty() {
            self.out.push_str("| member | meaning |\n| --- | --- |\n");
            for member in &item.members {
                let meaning = cell(member.docs.as_deref());
                let _ = writeln!(self.out, "| `{}` | {meaning} |", member.name.name);
            }
            self.out.push('\n');
        }
    }

    fn function(&mut self, function: &Function) {
        let name = &function.name.name;
        let parameters: Vec<String> = function
            .parameters
            .iter()
            .map(|parameter| {
                let ty = self.ty(&parameter.ty);
                let default = parameter.default.as_ref();
                let default = default
                    .map(|default| format!(" = {}", self.sources.text(default.span)))
                    .unwrap_or_default();
                format!("{}: {ty}{default}", parameter.name.name)
            })
            .collect();
        let result = self.ty(&function.result);
        let _ = writeln!(self.out, "## {name}\n");
        let _ = writeln!(
            self.out,
            "```aphex\nfn {name}({}) -> {result}\n```\n",
            parameters.join(", ")
        );
        for line in function.docs.as_deref().unwrap_or_default().lines() {
            match line.trim().strip_prefix("Example: ") {
                Some(example) => {
                    let example = example.trim_matches('`');
                    let _ = writeln!(self.out, "\n- `{example}`");
                }
                None => {
                    let _ = writeln!(self.out, "{}", line.trim());
                }
            }
        }
        self.out.push('\n');
    }

    /// A type as it is written, without its conditions.
    fn ty(&self, ty: &TypeExpr) -> String {
        match &ty.kind {
            TypeKind::Refined(base, _) => self.ty(base),
            TypeKind::Optional(inner) => match &inner.kind {
                TypeKind::Union(_) => format!("({})?", self.ty(inner)),
                TypeKind::Refined(base, _) => format!("{}?", self.ty(base)),
                _ => format!("{}?", self.ty(inner)),
            },
            TypeKind::List(element) => format!("[{}]", self.ty(element)),
            TypeKind::Union(members) => {
                let members: Vec<String> = members.iter().map(|member| self.ty(member)).collect();
                members.join(" | ")
            }
            TypeKind::Name { .. }
            | TypeKind::Object(_)
            | TypeKind::Literal(_)
            | TypeKind::Error => one_line(self.sources.text(ty.span)),
        }
    }
}

/// Code in a table.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// Documentation in a table.
fn cell(docs: Option<&str>) -> String {
    one_line(docs.unwrap_or_default()).replace('|', "\\|")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_are_up_to_date() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
        let update = std::env::var_os("APHEX_UPDATE").is_some();
        for page in pages() {
            let path = folder.join(&page.file);
            if update {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&path, &page.text).unwrap();
            }
            let written = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                written == page.text,
                "docs/reference/{} is not what the standard library says; run: APHEX_UPDATE=1 cargo test reference",
                page.file
            );
        }
    }

    #[test]
    fn every_block_and_field_is_documented() {
        let mut bare = Vec::new();
        for module in stdlib::MODULES {
            let mut sources = Sources::new();
            let source = sources.add(module.file(), module.text);
            let file = crate::syntax::parse(source, module.text, &mut Problems::new());
            for item in &file.items {
                let docs = match item {
                    Item::Schema(schema) => {
                        for item in &schema.items {
                            let (name, docs) = match item {
                                SchemaItem::Field(field) => (&field.name, &field.docs),
                                SchemaItem::Block(block) => (&block.kind, &block.docs),
                                SchemaItem::Let(item) => (&item.name, &item.docs),
                                SchemaItem::Assert(_) | SchemaItem::Error(_) => continue,
                            };
                            if docs.is_none() {
                                bare.push(format!("{}.{}", schema.name.name, name.name));
                            }
                        }
                        &schema.docs
                    }
                    Item::Type(item) => &item.docs,
                    Item::Function(item) => &item.docs,
                    Item::Let(item) => &item.docs,
                    _ => continue,
                };
                if docs.is_none() {
                    bare.push(item.name().unwrap_or_default().to_owned());
                }
            }
        }
        assert!(bare.is_empty(), "not documented: {bare:?}");
    }
}
