//! CDK apps and their stacks.

use crate::model::build::reader::Reader;
use crate::model::{App, DeployMethod, Env, Stack};
use crate::source::Spanned;

/// The name of an app that has no label, and of the one that stands where none is written.
const DEFAULT_APP: &str = "app";

/// The apps of a pipeline; at least one.
pub(super) fn all(pipeline: &Reader<'_>) -> Vec<App> {
    let mut apps: Vec<App> = pipeline.blocks("app").map(|app| read(&app)).collect();
    if apps.is_empty() {
        // As `app {}` would be; a test compares the two.
        let span = pipeline.object.name_span;
        apps.push(App {
            name: Spanned::new(DEFAULT_APP.to_owned(), span),
            dir: Spanned::new(".".to_owned(), span),
            command: None,
            setup: Vec::new(),
            env: Env::default(),
            context: Env::default(),
            image: None,
            bootstrap: true,
            span,
        });
    }
    apps
}

fn read(reader: &Reader<'_>) -> App {
    App {
        name: reader.name(),
        dir: reader.text("dir"),
        command: reader.optional_text("command"),
        setup: reader.texts("setup"),
        env: reader.env("env"),
        context: reader.env("context"),
        image: reader.optional_text("image"),
        bootstrap: reader.bool("bootstrap"),
        span: reader.span(),
    }
}

/// Reads a stack; the apps are the pipeline's.
pub(super) fn stack(reader: &Reader<'_>, apps: &[App]) -> Stack {
    let name = reader.name();
    let app = match reader.reference("app") {
        Some(app) => Spanned::new(app.path.name().to_owned(), app.span),
        None => Spanned::new(
            apps.first()
                .map_or(DEFAULT_APP.to_owned(), |app| app.name.value.clone()),
            name.span,
        ),
    };
    let mut stack = Stack {
        path: reader.object.path.clone(),
        span: reader.span(),
        select: reader.text("select"),
        app,
        outputs: reader.labels("output"),
        context: reader.env("context"),
        parameters: reader.env("parameters"),
        needs: reader.refs("needs").unwrap_or_default(),
        method: reader.choice(
            "method",
            DeployMethod::ChangeSet,
            &[("direct", DeployMethod::Direct)],
        ),
        import_existing: reader.bool("import_existing"),
        rollback: reader.bool("rollback"),
        timeout: reader.optional_seconds("timeout"),
        partial: false,
        name,
    };
    stack.partial = reader.partial();
    stack
}
