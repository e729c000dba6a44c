//! What a step has around it on one machine: side-cars, and a container of its own image. In a pod it is all there already.

use crate::diagnostics::Diagnostic;
use crate::model::{EnvValue, Step};
use crate::stage::container::{self, Engine, Inside, Services, Variables, Wanted};
use crate::stage::process::Elsewhere;
use crate::stage::record::{Engine as Runner, keys};
use crate::stage::store::{self, About, Key};
use crate::stage::work::{Context, Did, variables};

/// What is around a step's commands. Ended by [`Beside::end`], or when it is dropped.
pub struct Beside<'a> {
    // Ended in this order: the step's container shares the network of the first side-car.
    inside: Option<Inside>,
    services: Option<Services<'a>>,
}

/// Whether a step of this run has a container of its own.
pub fn is_inside(context: &Context, step: &Step) -> bool {
    context.run.engine == Runner::Local && context.run.containers && step.image.is_some()
}

/// The engine, where a step of this run needs one.
pub fn engine(context: &Context, step: &Step) -> Result<Option<Engine>, Diagnostic> {
    let is_needed = is_inside(context, step)
        || context.run.engine == Runner::Local && !step.services.is_empty();
    if !is_needed {
        return Ok(None);
    }
    let found = Engine::find();
    let found = found.map_err(|problem| match (step.services.first(), &step.image) {
        (Some(service), _) => problem
            .note(format!(
                "`{}` has the side-car `{}`",
                step.name.value, service.name.value
            ))
            .at(service.span),
        (None, Some(image)) => problem.at(image.span),
        (None, None) => problem,
    });
    found.map(Some)
}

impl<'a> Beside<'a> {
    /// Starts what a step needs, and waits until it is ready.
    pub fn start(
        context: &'a Context,
        path: &str,
        step: &Step,
        engine: Option<&'a Engine>,
    ) -> Result<Beside<'a>, Vec<Diagnostic>> {
        let mut beside = Beside {
            inside: None,
            services: None,
        };
        let Some(engine) = engine else {
            return Ok(beside);
        };
        let mut problems = Vec::new();
        let wanted: Vec<_> = step
            .services
            .iter()
            .map(|service| {
                let variables = split(&service.env, context, &mut problems);
                (service, variables)
            })
            .collect();
        let mut own = split(&step.env, context, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let prefix = name(context, path);
        let is_inside = is_inside(context, step);
        if !wanted.is_empty() {
            let folders = &context.folders;
            let services = Services::start(
                engine,
                folders,
                &prefix,
                &wanted,
                is_inside,
                &context.log,
                &context.stop,
            );
            beside.services = Some(services.map_err(|problem| vec![problem])?);
        }
        if let (true, Some(image)) = (is_inside, &step.image) {
            surround(&mut own);
            let wanted = Wanted {
                name: prefix,
                image,
                folders: &context.folders,
                dir: step.dir.as_ref().map(|dir| dir.value.as_str()),
                variables: own,
                beside: beside.services.as_ref().and_then(Services::network),
            };
            let inside = Inside::start(engine, wanted, &context.log, &context.stop);
            beside.inside = Some(inside.map_err(|problem| vec![problem])?);
        }
        Ok(beside)
    }

    /// Where the commands run; `None`: here.
    pub fn inside(&self) -> Option<&dyn Elsewhere> {
        self.inside.as_ref().map(|inside| inside as &dyn Elsewhere)
    }

    /// Ends all of it, and keeps the logs of the side-cars with the run.
    pub fn end(mut self, context: &Context, path: &str, did: &mut Did) {
        self.inside = None;
        let logs = self.services.as_mut().map(Services::end);
        container::forget_left(context.folders.root());
        for (service, file) in logs.into_iter().flatten() {
            let kept = || -> Result<Key, Diagnostic> {
                let key = keys::service_log(&context.run.run, path, context.attempt, &service);
                let key = Key::new(key)?;
                let mut file = std::fs::File::open(&file).map_err(|error| {
                    let code = &crate::diagnostics::codes::run_store::STORE_FAILED;
                    let message = format!("the log of {service} was not kept");
                    Diagnostic::without_place(code, message).note(error.to_string())
                })?;
                store::put_from(context.store.as_ref(), &key, &About::default(), &mut file)?;
                Ok(key)
            };
            match kept() {
                Ok(key) => did.kept.push(key.as_str().to_owned()),
                Err(problem) => context.log.line(&format!("warning: {}", problem.message)),
            }
        }
    }
}

/// Variables, secrets apart from the others.
fn split(env: &crate::model::Env, context: &Context, problems: &mut Vec<Diagnostic>) -> Variables {
    let mut into = Variables::default();
    for (name, value) in env {
        match variables::known(name, &value.value, value.span, context) {
            Ok(text) if matches!(value.value, EnvValue::Secret(_)) => {
                into.hidden.insert(name.into(), text.into());
            }
            Ok(text) => into.shown.push((name.clone(), text)),
            Err(problem) => problems.push(problem),
        }
    }
    into
}

/// What a pod has by itself; and the AWS credentials of whoever runs it, as the commands of this machine have them.
fn surround(own: &mut Variables) {
    let given = |own: &Variables, name: &str| {
        own.shown.iter().any(|(other, _)| other == name)
            || own.hidden.contains_key(std::ffi::OsStr::new(name))
    };
    for (name, value) in [
        ("CI", "true"),
        ("HOME", "/aphex/home"),
        ("TMPDIR", "/aphex/tmp"),
    ] {
        if !given(own, name) {
            own.shown.push((name.to_owned(), value.to_owned()));
        }
    }
    for (name, value) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        // What names a file of this machine names none in there.
        let is_file = text.ends_with("_FILE") || text == "AWS_CA_BUNDLE";
        if text.starts_with("AWS_") && !is_file && !given(own, text) {
            own.hidden.insert(name, value);
        }
    }
}

/// What the containers of a try are called. Two projects may have runs of one name.
fn name(context: &Context, path: &str) -> String {
    let id = std::process::id();
    let whole = format!("aphex-{}-{path}-{}-{id}", context.run.run, context.attempt);
    let plain = |letter: char| match letter.is_ascii_alphanumeric() || "-.".contains(letter) {
        true => letter,
        false => '-',
    };
    whole.chars().map(plain).collect()
}
