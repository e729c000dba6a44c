//! Which programs an image has (9.5).

use std::ffi::OsString;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_container::NOT_STARTED;
use crate::model::Text;
use crate::stage::container::{Engine, NO_RIGHTS};
use crate::stage::log::Log;
use crate::stage::process::{self, Environment, Stop};

const LOOK: &str =
    r#"for tool do command -v "$tool" >/dev/null 2>&1 || echo "missing $tool"; done"#;

/// Those of these tools that an image does not have. The image is fetched where it is not there.
pub fn missing(
    engine: &Engine,
    image: &Text,
    tools: &[String],
    log: &Log,
    stop: &Stop,
) -> Result<Vec<String>, Diagnostic> {
    let mut arguments: Vec<OsString> = ["run", "--rm", "--network=none"]
        .map(OsString::from)
        .to_vec();
    arguments.extend(NO_RIGHTS.map(OsString::from));
    arguments.push("--entrypoint=sh".into());
    arguments.push(engine.image(&image.value).into());
    arguments.extend(["-c", LOOK, "sh"].map(OsString::from));
    arguments.extend(tools.iter().map(OsString::from));
    let command = engine.command(arguments, &Environment::new());
    let mut missing = Vec::new();
    let mut each = |line: &str| missing.extend(line.strip_prefix("missing ").map(str::to_owned));
    let ended = process::capture(&command, log, stop, &mut each)?;
    match ended.is_good() {
        true => Ok(missing),
        false => {
            let message = format!("no container of `{}`: it cannot be started", image.value);
            let problem = Diagnostic::error(&NOT_STARTED, image.span, message);
            Err(match ended.tail.last() {
                Some(last) => problem.note(last.clone()),
                None => problem,
            })
        }
    }
}
