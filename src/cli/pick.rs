//! Which pipeline of a file is meant.

use crate::cli::Exit;
use crate::cli::console::Console;
use crate::diagnostics::{did_you_mean, list_names};
use crate::model::Pipeline;

/// The one of that name, or the only one; says what is wrong where there is none.
pub fn one<'p>(
    pipelines: &'p [Pipeline],
    name: Option<&str>,
    console: &mut Console,
) -> Result<&'p Pipeline, Exit> {
    let names = || pipelines.iter().map(|pipeline| &*pipeline.name.value);
    let list = || list_names(names(), 10);
    match (pipelines, name) {
        ([], _) => {
            console.fail("the file has no pipeline", None);
            return Err(Exit::Errors);
        }
        ([only], None) => return Ok(only),
        (_, None) => {
            let help = format!("say which one with `--pipeline`: {}", list());
            console.fail("the file has several pipelines", Some(&help));
        }
        (_, Some(name)) => {
            let is_meant = |pipeline: &&Pipeline| pipeline.name.value == name;
            if let Some(found) = pipelines.iter().find(is_meant) {
                return Ok(found);
            }
            let help = match did_you_mean(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", list()),
            };
            console.fail(&format!("the file has no pipeline `{name}`"), Some(&help));
        }
    }
    Err(Exit::Usage)
}
