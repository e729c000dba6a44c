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
    if object.schema != "Pipeline" {
        return None;
    }
    refuse::check(object, problems);
    Some(pipeline::read(&Reader::new(object), sources))
}
