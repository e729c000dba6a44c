//! The beginning of a stage: its folders, its working tree, what is known of the run.

use std::cell::OnceCell;
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run as codes;
use crate::stage::checkout::{
    Credentials, Git, Remote, Revision, Wanted, checkout as checkout_tree,
};
use crate::stage::log::Log;
use crate::stage::process::Stop;
use crate::stage::record::{Engine, StageResult};
use crate::stage::store::{self, Address};
use crate::stage::work::{Context, keep, sources};
use crate::stage::{Folders, RunInfo, Task, path_of};

/// Opens what the checkout has prepared.
pub fn open(
    root: PathBuf,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Context, Diagnostic> {
    let folders = Folders::new(root);
    let run = RunInfo::load(&folders)?;
    context(folders, run, variable)
}

/// Prepares what a stage needs: in a pod the binary, for its other containers; the commit, and the artifacts of the stages before it (1.5).
pub fn checkout(
    root: PathBuf,
    task: &Task,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), Diagnostic> {
    let run = RunInfo::from_environment(&variable)?;
    let folders = Folders::new(root);
    for folder in [
        folders.root().to_owned(),
        folders.home(),
        folders.tmp(),
        folders.out(),
    ] {
        fs::create_dir_all(&folder).map_err(|error| unprepared(&folder, &error))?;
    }
    if run.engine == Engine::Argo {
        bring(&folders.binary()).map_err(|error| unprepared(&folders.binary(), &error))?;
    }
    let context = context(folders, run, variable)?;
    match (task, tree(&context, task)) {
        // A run is remembered whatever has happened to its repository.
        (Task::Finish(_), Err(problem)) => {
            context.log.line(&format!(
                "warning: there is no working tree: {}",
                problem.message
            ));
        }
        (_, done) => done?,
    }
    // Without it no stage begins: a checkout that was ended in the middle is no working tree.
    let saved = context.run.save(&context.folders);
    saved.map_err(|error| unprepared(&context.folders.run_info(), &error))
}

/// Copies this program. What is there under its name is always whole.
fn bring(place: &Path) -> io::Result<()> {
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = place.with_extension("new");
    fs::copy(env::current_exe()?, &new)?;
    fs::rename(new, place)
}

/// The working tree of a stage.
fn tree(context: &Context, task: &Task) -> Result<(), Diagnostic> {
    let git = Git::find(&context.log, &context.stop)?;
    let wanted = Wanted {
        remote: &Remote::parse(&context.run.remote)?,
        revision: Revision::Commit {
            sha: &context.run.commit,
            reference: &context.run.reference,
        },
        depth: 1,
        submodules: false,
        lfs: false,
        partial: false,
    };
    let credentials = Credentials::read(&context.folders.credentials())?;
    checkout_tree(&git, &wanted, &credentials, &context.folders.source())?;
    sources::add(context, &git, wanted, credentials)?;
    let results = context.results();
    let before = before(context, task, &results);
    keep::restore(context, &before)
}

/// The results of the stages that have ended before this one begins, whatever else has.
fn before(context: &Context, task: &Task, results: &[StageResult]) -> Vec<StageResult> {
    // What is wrong with the pipeline is the stage's own to say.
    let Ok(commit) = context.commit(results) else {
        return Vec::new();
    };
    let chosen = commit.with_entry(&context.run, |entry| {
        let own = task.find(entry)?;
        let waited = |result: &&StageResult| {
            let mut stages = entry.stages.iter();
            let maker = stages.find(|stage| path_of(entry, stage.id) == result.stage);
            maker.is_some_and(|maker| entry.waits_for(own, maker.id))
        };
        Some(results.iter().filter(waited).cloned().collect())
    });
    chosen.flatten().unwrap_or_default()
}

fn context(
    folders: Folders,
    run: RunInfo,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Context, Diagnostic> {
    let store = store::open(&Address::parse(&run.store)?)?;
    let mut sinks: Vec<Box<dyn Write + Send>> = vec![Box::new(io::stdout())];
    let file = fs::File::options()
        .create(true)
        .append(true)
        .open(folders.log());
    sinks.push(Box::new(
        file.map_err(|error| unprepared(&folders.log(), &error))?,
    ));
    let attempt = variable("APHEX_TRY").and_then(|attempt| attempt.parse().ok());
    Ok(Context {
        folders,
        run,
        store,
        log: Log::new(sinks),
        stop: Stop::on_signals()?,
        attempt: attempt.unwrap_or(0),
        path: variable("APHEX_STAGE_PATH"),
        place: OnceCell::new(),
    })
}

fn unprepared(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::without_place(
        &codes::MALFORMED,
        format!("`{}` cannot be written", path.display()),
    )
    .note(error.to_string())
}
