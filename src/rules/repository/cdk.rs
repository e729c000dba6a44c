//! CDK apps: `cdk.json`, and what it says.

use std::path::Path;

use serde_json::Value;

use crate::diagnostics::codes::pipeline::NO_CDK_APP;
use crate::diagnostics::{Diagnostic, Problems, did_you_mean};
use crate::model::{App, Pipeline};
use crate::rules::Rules;
use crate::rules::repository::folder::join;

/// Reports apps that the CDK would not find.
pub fn check(rules: &Rules<'_>, pipeline: &Pipeline, problems: &mut Problems) {
    for app in &pipeline.apps {
        let used = pipeline
            .environments()
            .flat_map(|environment| environment.stacks())
            .any(|stack| stack.app.value == app.name.value);
        if used && app.command.is_none() {
            check_app(rules, app, problems);
        }
    }
}

fn check_app(rules: &Rules<'_>, app: &App, problems: &mut Problems) {
    let Some(folder) = join(Path::new(""), &app.dir.value) else {
        return;
    };
    // A folder that is not there is another rule's.
    if !rules.repository.has_folder(&folder) {
        return;
    }
    let file = folder.join("cdk.json");
    let Some(text) = rules.repository.read(&file) else {
        let others: Vec<String> = rules
            .repository
            .list()
            .iter()
            .filter(|path| path.file_name().is_some_and(|name| name == "cdk.json"))
            .filter_map(|path| {
                path.parent()
                    .map(|folder| folder.to_string_lossy().into_owned())
            })
            .filter(|folder| !folder.contains("node_modules"))
            .collect();
        let help = match others.as_slice() {
            [one] if !one.is_empty() => {
                format!("the only `cdk.json` is in `{one}`: set `dir = \"{one}\"` on `app`")
            }
            [] => {
                "set `command` on `app` to the command that synthesises, or commit the `cdk.json`"
                    .to_owned()
            }
            many => match did_you_mean(&app.dir.value, many.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `dir = \"{near}\"`?"),
                None => "set `dir` on `app` to the folder that has it, or set `command`".to_owned(),
            },
        };
        problems.push(
            Diagnostic::warning(
                &NO_CDK_APP,
                rules.own(app.dir.span, app.name.span),
                format!("there is no `{}`", file.display()),
            )
            .label(format!("the folder of app `{}`", app.name.value))
            .help(help),
        );
        return;
    };
    let broken = match serde_json::from_str::<Value>(&text) {
        Err(error) => format!(
            "line {}, column {}: it is no JSON",
            error.line(),
            error.column()
        ),
        Ok(json)
            if json
                .get("app")
                .and_then(Value::as_str)
                .is_some_and(|app| !app.trim().is_empty()) =>
        {
            return;
        }
        Ok(_) => "it has no `app`".to_owned(),
    };
    problems.push(
        Diagnostic::warning(
            &NO_CDK_APP,
            app.dir.span,
            format!("`{}` does not say how to synthesise", file.display()),
        )
        .label(format!("the folder of app `{}`", app.name.value))
        .note(broken)
        .help("write `\"app\": \"…\"` in it, or set `command` on `app`"),
    );
}
