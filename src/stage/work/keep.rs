//! What a stage leaves behind: artifacts for later stages, files for people.

use std::fs::File;
use std::io::Read;

use jiff::Timestamp;

use crate::diagnostics::{Diagnostic, plural};
use crate::model::{Step, Text};
use crate::stage::archive::{Artifact, FoundKind, Kind, Patterns, select};
use crate::stage::record::{ArtifactRecord, StageResult, keys};
use crate::stage::store::{self, About, Key};
use crate::stage::work::{Context, Did};

/// Packs what later stages and synths see (2.3, 2.4).
pub fn artifacts(context: &Context, path: &str, step: &Step, did: &mut Did) {
    match pack(context, path, step) {
        Ok(record) => {
            context.log.line(&format!(
                "artifacts: {}, {} bytes packed, as {}",
                plural(record.files as usize, "file"),
                record.bytes,
                record.key
            ));
            did.artifact = Some(record);
        }
        Err(problem) => did.problems.push(problem),
    }
}

fn pack(context: &Context, path: &str, step: &Step) -> Result<ArtifactRecord, Diagnostic> {
    let run = &context.run;
    let name = Key::new(keys::artifact(&run.commit, path, &run.run, context.attempt))?;
    let patterns = patterns(&step.artifacts)?;
    let manifest = Artifact::new(&name)?.save(
        context.store.as_ref(),
        &context.folders.source(),
        &patterns,
        &run.commit,
        Timestamp::now(),
    )?;
    Ok(ArtifactRecord {
        key: name.as_str().to_owned(),
        sha256: manifest.archive.sha256.to_string(),
        bytes: manifest.archive.bytes,
        files: manifest
            .entries
            .iter()
            .filter(|entry| entry.kind != Kind::Folder)
            .count() as u64,
    })
}

/// Restores what earlier stages left, oldest first.
pub fn restore(context: &Context, results: &[StageResult]) -> Result<(), Diagnostic> {
    for result in results {
        let Some(record) = &result.artifact else {
            continue;
        };
        let artifact = Artifact::new(&Key::new(record.key.as_str())?)?;
        let source = context.folders.source();
        artifact.restore(context.store.as_ref(), &source, &context.run.commit)?;
        context.log.line(&format!(
            "restored the artifacts of {}: {}",
            result.stage,
            plural(record.files as usize, "file")
        ));
    }
    Ok(())
}

/// Keeps files with the run, also when the commands have failed. What cannot be kept is said and fails nothing.
pub fn files(context: &Context, path: &str, step: &Step, did: &mut Did) {
    let kept = |texts: &[Text]| -> Result<Vec<String>, Diagnostic> {
        let source = context.folders.source();
        let folder =
            Key::new(keys::kept(&context.run.run, path, context.attempt).trim_end_matches('/'))?;
        let mut keys = Vec::new();
        for found in select(&source, &patterns(texts)?)?.found {
            let Some(name) = found
                .path
                .os()
                .to_str()
                .filter(|_| found.kind == FoundKind::File)
            else {
                continue;
            };
            let key = folder.join(name)?;
            let mut file = File::open(source.join(name)).map_err(|error| {
                Diagnostic::without_place(
                    &crate::diagnostics::codes::run_store::STORE_FAILED,
                    format!("`{name}` was not kept"),
                )
                .note(error.to_string())
            })?;
            store::put_from(context.store.as_ref(), &key, &About::default(), &mut file)?;
            keys.push(key.as_str().to_owned());
        }
        Ok(keys)
    };
    let texts: Vec<Text> = step.keep.iter().chain(&step.reports).cloned().collect();
    if texts.is_empty() {
        return;
    }
    match kept(&texts) {
        Ok(keys) => did.kept.extend(keys),
        Err(problem) => context.log.line(&format!("warning: {}", problem.message)),
    }
}

/// Keeps the log of a try, with a word where it could not be written to its end.
pub fn log(context: &Context, result: &StageResult) -> Result<(), Diagnostic> {
    let key = Key::new(keys::log(&context.run.run, &result.stage, result.attempt))?;
    let Ok(file) = File::open(context.folders.log()) else {
        return Ok(());
    };
    let lost = context.log.lost();
    let lost: String = lost
        .iter()
        .map(|why| format!("\nwarning: the log ends here: {why}\n"))
        .collect();
    let mut text = file.chain(lost.as_bytes());
    store::put_from(context.store.as_ref(), &key, &About::default(), &mut text)
}

fn patterns(texts: &[Text]) -> Result<Patterns, Diagnostic> {
    Patterns::new(
        texts
            .iter()
            .map(|text| (text.value.as_str(), Some(text.span))),
    )
}
