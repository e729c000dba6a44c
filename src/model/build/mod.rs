//! From evaluated data to the model: by schema and field name.
//!
//! Conditions, defaults and documentation are the standard library's; here is only which field becomes
//! which part of the model. One file a part, over one generic [`Reader`].

mod app;
mod environment;
mod notify;
mod pipeline;
mod reader;
mod refuse;
mod step;
mod trigger;

use std::rc::Rc;

use crate::diagnostics::Problems;
use crate::eval::data::Object;
use crate::model::Pipeline;
use crate::source::Sources;
use reader::Reader;

/// Reads an evaluated `pipeline` block; `None` where it is no pipeline at all.
///
/// Little is reported: nearly all that can be wrong with the data has been said by the phases before.
pub fn build(object: &Rc<Object>, sources: &Sources, problems: &mut Problems) -> Option<Pipeline> {
    let pipeline = read(object, sources)?;
    refuse::check(object, problems);
    Some(pipeline)
}

/// The same for a stage, which knows some of the run-time values: nothing is refused that was fine when compiling.
pub fn read(object: &Rc<Object>, sources: &Sources) -> Option<Pipeline> {
    (object.schema == "Pipeline").then(|| pipeline::read(&Reader::new(object), sources))
}

#[cfg(test)]
mod tests {
    use crate::diagnostics::Problems;
    use crate::source::Sources;
    use crate::stdlib;
    use crate::syntax::ast::{BlockShape, FieldModifier, Item, SchemaItem, TypeExpr, TypeKind};

    /// The readers, as text.
    const READERS: &[&str] = &[
        include_str!("app.rs"),
        include_str!("environment.rs"),
        include_str!("notify.rs"),
        include_str!("pipeline.rs"),
        include_str!("reader.rs"),
        include_str!("step.rs"),
        include_str!("trigger.rs"),
    ];

    fn is_later(ty: &TypeExpr) -> bool {
        matches!(&ty.kind, TypeKind::Name { path, .. } if path.iter().any(|part| part.name == "Later"))
    }

    /// A field or kind that the standard library declares and no reader names would be ignored in silence.
    #[test]
    fn every_field_and_block_of_the_standard_library_is_read() {
        let mut unread = Vec::new();
        for module in stdlib::MODULES {
            let source = Sources::new().add(module.file(), module.text);
            let file = crate::syntax::parse(source, module.text, &mut Problems::new());
            for item in &file.items {
                let Item::Schema(schema) = item else { continue };
                for item in &schema.items {
                    let name = match item {
                        SchemaItem::Field(field) => {
                            let outside = field.modifier == FieldModifier::Runtime;
                            (!outside && !is_later(&field.ty)).then_some(&field.name.name)
                        }
                        SchemaItem::Block(block) => {
                            let later =
                                matches!(&block.shape, BlockShape::Type(ty) if is_later(ty));
                            (!later).then_some(&block.kind.name)
                        }
                        _ => None,
                    };
                    // What `defaults` give to a step has become the step's own.
                    let Some(name) = name.filter(|_| schema.name.name != "Defaults") else {
                        continue;
                    };
                    let literal = format!("\"{name}\"");
                    if !READERS.iter().any(|text| text.contains(&literal)) {
                        unread.push(format!("{}.{name}", schema.name.name));
                    }
                }
            }
        }
        assert!(unread.is_empty(), "nobody reads {unread:?}");
    }
}
