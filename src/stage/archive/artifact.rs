//! An artifact in a store.

use std::path::Path;

use jiff::Timestamp;

use super::{Manifest, Patterns, nothing_matched, pack, select, unpack};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_store::{ARTIFACT_DAMAGED, ARTIFACT_MISSING, NOT_PACKED};
use crate::stage::store::{self, About, Key, Store};

/// The longest manifest: more than a million files.
const LONGEST_MANIFEST: u64 = 256 * 1024 * 1024;

/// The two objects of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The files: `NAME.tar.zst`.
    pub archive: Key,
    /// The list of them, written last: `NAME.json`.
    pub manifest: Key,
}

impl Artifact {
    /// That of a name: `artifacts/COMMIT/STAGE/RUN-TRY`.
    pub fn new(name: &Key) -> Result<Artifact, Diagnostic> {
        Ok(Artifact {
            archive: name.with_ending(".tar.zst")?,
            manifest: name.with_ending(".json")?,
        })
    }

    /// Packs what `patterns` mean below `root`, and gives what was packed. A pattern that matches nothing is an error.
    pub fn save(
        &self,
        store: &dyn Store,
        root: &Path,
        patterns: &Patterns,
        commit: &str,
        now: Timestamp,
    ) -> Result<Manifest, Diagnostic> {
        let selection = select(root, patterns)?;
        let unmatched = selection.unmatched.first();
        if let Some(pattern) = unmatched.and_then(|number| patterns.iter().nth(*number)) {
            return Err(nothing_matched(root, pattern));
        }
        let about = About {
            content_type: Some("application/zstd"),
            tags: vec![
                ("commit", commit.to_owned()),
                ("created-at", now.to_string()),
            ],
        };
        let mut upload = store.upload(&self.archive, &about)?;
        let packed = match pack(root, &selection.found, &mut upload) {
            Ok(packed) => packed,
            Err(diagnostic) => {
                upload.abort();
                return Err(self.named(diagnostic));
            }
        };
        let manifest = Manifest::new(commit, now, packed);
        let json = manifest.to_json();
        if json.len() as u64 > LONGEST_MANIFEST {
            upload.abort();
            let message = format!(
                "{} files are more than an artifact takes",
                manifest.entries.len()
            );
            return Err(Diagnostic::without_place(&NOT_PACKED, message)
                .help("let the build put them into an archive of its own"));
        }
        upload.finish(&manifest.archive)?;
        let about = About {
            content_type: Some("application/json"),
            ..about
        };
        store::put_from(store, &self.manifest, &about, &mut json.as_slice())?;
        Ok(manifest)
    }

    /// Its manifest, which must be of that commit; an `A0932` where there is none.
    pub fn manifest(&self, store: &dyn Store, commit: &str) -> Result<Manifest, Diagnostic> {
        let Some(json) = store::read(store, &self.manifest, LONGEST_MANIFEST)? else {
            return Err(self.missing(&self.manifest));
        };
        let manifest = Manifest::from_json(&json)?;
        if manifest.commit != commit {
            let message = format!("`{}` is of another commit", self.manifest);
            return Err(
                Diagnostic::without_place(&ARTIFACT_DAMAGED, message).note(format!(
                    "it is of `{}`, and this run of `{commit}`",
                    manifest.commit
                )),
            );
        }
        Ok(manifest)
    }

    /// Restores it below `root`.
    pub fn restore(
        &self,
        store: &dyn Store,
        root: &Path,
        commit: &str,
    ) -> Result<Manifest, Diagnostic> {
        let manifest = self.manifest(store, commit)?;
        let Some(archive) = store.get(&self.archive)? else {
            return Err(self.missing(&self.archive));
        };
        unpack(&manifest, archive, root).map_err(|diagnostic| self.named(diagnostic))?;
        Ok(manifest)
    }

    fn named(&self, diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.note(format!("the artifact is `{}`", self.archive))
    }

    fn missing(&self, key: &Key) -> Diagnostic {
        Diagnostic::without_place(&ARTIFACT_MISSING, format!("there is no artifact `{key}`"))
            .note("an artifact is there once the stage that makes it has succeeded, until the store's `retention` is over")
            .help("run the stage that makes it again")
    }
}
