//! What has changed since another state of the pipeline: a folder of manifests, or a commit. Nobody outside is asked.

use std::path::Path;

use crate::analysis::Analysis;
use crate::cli::cluster::shown::Shown;
use crate::cli::cluster::{Source, refuse};
use crate::cli::console::Console;
use crate::cli::input::Finder;
use crate::cli::{Exit, output};
use crate::diagnostics::codes::input::UNREADABLE;
use crate::diagnostics::{Diagnostic, human};
use crate::eval::data::Object;
use crate::model::Pipeline;
use crate::ops::install::{self, Compiled};
use crate::stage::apply::{Facts, stacks_between};
use crate::stage::checkout::{Git, files_at};
use crate::stage::log::Log;
use crate::stage::process::Stop;
use crate::target::stack::{Options, synthesise};

/// Compares.
pub fn shown<'a>(
    against: &str,
    source: &Source,
    pipeline: &'a Pipeline,
    said: &Object,
    console: &mut Console,
) -> Result<Shown<'a>, Exit> {
    let options = Options::default();
    let now = synthesise(pipeline, &source.input.files, &options);
    let wanted = install::all(pipeline, said, None, &Facts::default());
    let wanted = wanted.map_err(|problem| refuse(vec![problem], console))?;
    let folder = Path::new(against);
    let earlier = match folder.is_dir() {
        true => {
            let found = install::compiled(folder, &pipeline.name.value, &now.stack);
            found.map_err(|problem| refuse(vec![problem], console))?
        }
        false => at_commit(against, source, &pipeline.name.value, console)?,
    };
    let objects = install::compare(&earlier.objects, &wanted);
    if folder.is_dir() && !objects.is_empty() {
        console.remark("a folder has manifests alone: against a commit, what the file says otherwise is named\n");
    }
    // A folder without a stack says nothing of it.
    let has_stack = earlier.template.is_some() || earlier.objects.is_empty();
    let stack =
        has_stack.then(|| stacks_between(&now.stack, earlier.template.as_deref(), &now.template));
    Ok(Shown {
        pipeline,
        stack,
        objects,
        newer: None,
    })
}

/// The pipeline as a commit has it; nothing where that one had no such file, or no such pipeline.
fn at_commit(
    name: &str,
    source: &Source,
    pipeline: &str,
    console: &mut Console,
) -> Result<Compiled, Exit> {
    let input = &source.input;
    let mut problem = |problem: Diagnostic| refuse(vec![problem], console);
    if input.path.is_none() {
        let message = "standard input is in no commit";
        return Err(problem(
            Diagnostic::without_place(&UNREADABLE, message).help("name the file"),
        ));
    }
    let room = tempfile::tempdir().map_err(|error| {
        let message = format!("there is no place for temporary files: {error}");
        problem(Diagnostic::without_place(&UNREADABLE, message))
    })?;
    let stop = Stop::new().map_err(&mut problem)?;
    let git = Git::find(&Log::new(Vec::new()), &stop).map_err(&mut problem)?;
    let root = files_at(&git, input.project.root(), name, room.path()).map_err(&mut problem)?;
    let file = root.join(&input.name);
    if !file.is_file() {
        return Ok(Compiled::default());
    }
    let found = Finder::new(Some(&root)).map_err(|report| vec![report]);
    let earlier = found.and_then(|finder| finder.one(Some(&file)));
    let earlier = earlier.map_err(|reports| {
        console.remark(&human::render(&reports, console.err));
        Exit::Errors
    })?;
    let mut analysis = output::look(&earlier);
    if analysis.has_errors() {
        // Nothing there can be corrected.
        for problem in &mut analysis.diagnostics {
            problem.fixes.clear();
        }
        let report = output::report(&earlier, analysis);
        let text = human::render(&[report], console.err);
        console.remark(&text.replace(&earlier.shown(), &format!("{name}:{}", input.name)));
        console.remark(&format!(
            "this is the file at {name}, and it cannot be compared with\n"
        ));
        return Err(Exit::Errors);
    }
    let Analysis {
        pipelines, objects, ..
    } = &analysis;
    let mut all = pipelines.iter().zip(objects);
    let Some((before, object)) = all.find(|(one, _)| one.name.value == pipeline) else {
        return Ok(Compiled::default());
    };
    let objects = install::all(before, object, None, &Facts::default());
    Ok(Compiled {
        objects: objects.map_err(|problem| refuse(vec![problem], console))?,
        template: Some(synthesise(before, &earlier.files, &Options::default()).template),
    })
}
