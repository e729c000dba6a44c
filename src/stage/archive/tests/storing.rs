use jiff::Timestamp;

use super::*;
use crate::diagnostics::codes::run_store::{
    ARTIFACT_DAMAGED, ARTIFACT_MISSING, FILE_CHANGED, NOT_PACKED, PATTERN, STORE_FAILED,
};
use crate::stage::store::{self, About, Key, LocalStore, Store, Upload};

const COMMIT: &str = "4f1c9a0b2d3e4f5061728394a5b6c7d8e9f00112";

fn artifact() -> Artifact {
    let name = format!("artifacts/{COMMIT}/build/shop-x7-0");
    Artifact::new(&Key::new(name).unwrap()).unwrap()
}

fn stored(room: &Room) -> (tempfile::TempDir, LocalStore, Manifest) {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path()).unwrap();
    let saved = artifact().save(
        &store,
        &room.root(),
        &patterns(&["dist/**"]),
        COMMIT,
        Timestamp::UNIX_EPOCH,
    );
    let manifest = saved.unwrap();
    (folder, store, manifest)
}

#[test]
fn what_is_saved_is_restored() {
    let room = Room::new();
    room.file("dist/a", "text").folder("dist/empty");
    let (_folder, store, manifest) = stored(&room);
    assert_eq!(manifest.bytes(), 4);
    let target = Room::new();
    let restored = artifact().restore(&store, &target.root(), COMMIT).unwrap();
    assert_eq!(restored, manifest);
    assert_eq!(tree(&target.root()), tree(&room.root()));
    let names: Vec<String> = store
        .list(&Key::new("artifacts").unwrap())
        .unwrap()
        .into_iter()
        .map(|entry| entry.key.to_string())
        .collect();
    let name = format!("artifacts/{COMMIT}/build/shop-x7-0");
    assert_eq!(names, [format!("{name}.json"), format!("{name}.tar.zst")]);
}

#[test]
fn a_manifest_fits_its_schema() {
    let room = Room::new();
    room.file("dist/a", "text")
        .link("dist/l", "a")
        .folder("dist/empty");
    fs::write(
        room.root()
            .join(std::ffi::OsString::from_vec(b"dist/\xff".to_vec())),
        "",
    )
    .unwrap();
    let (manifest, _) = packed(&room.root(), &["dist/**"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = fs::read_to_string(root.join("schemas/artifact.v1.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let json = serde_json::from_slice(&manifest.to_json()).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&json)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, [""; 0]);
    let mut wrong = json;
    wrong["entries"][0]["path"] = 3.into();
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn without_its_manifest_an_artifact_is_not_there() {
    let room = Room::new();
    room.file("dist/a", "text");
    let (folder, store, _) = stored(&room);
    for missing in [artifact().manifest, artifact().archive] {
        let path = folder.path().join(missing.as_str());
        let content = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let target = Room::new();
        let error = artifact()
            .restore(&store, &target.root(), COMMIT)
            .unwrap_err();
        assert_eq!(error.code, &ARTIFACT_MISSING);
        fs::write(&path, content).unwrap();
    }
}

#[test]
fn an_artifact_of_another_commit_is_refused() {
    let room = Room::new();
    room.file("dist/a", "text");
    let (_folder, store, _) = stored(&room);
    let error = artifact()
        .restore(&store, &Room::new().root(), &"1".repeat(40))
        .unwrap_err();
    assert_eq!(error.code, &ARTIFACT_DAMAGED);
}

#[test]
fn what_cannot_be_packed_leaves_nothing_in_the_store() {
    let room = Room::new();
    room.file("dist/a", "text").link("dist/out", "/etc");
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path()).unwrap();
    let save = |texts: &[&str]| {
        let saved = artifact().save(
            &store,
            &room.root(),
            &patterns(texts),
            COMMIT,
            Timestamp::UNIX_EPOCH,
        );
        saved.unwrap_err().code
    };
    assert_eq!(save(&["dist/**"]), &NOT_PACKED);
    assert_eq!(save(&["dist/a", "dits/**"]), &PATTERN);
    assert_ne!(save(&["dist/**"]), &FILE_CHANGED);
    assert_eq!(store.list(&Key::new("artifacts").unwrap()).unwrap(), []);
}

/// A store whose line breaks after so many bytes of an archive, in either direction.
struct Broken(LocalStore, usize);

struct BrokenUpload(Box<dyn Upload>, usize);

impl std::io::Write for BrokenUpload {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        if self.1 == 0 {
            return Err(std::io::Error::other("the line went dead"));
        }
        let taken = self.0.write(&piece[..piece.len().min(self.1)])?;
        self.1 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl Upload for BrokenUpload {
    fn finish(self: Box<Self>, content: &store::Content) -> Result<(), Diagnostic> {
        self.0.finish(content)
    }

    fn abort(self: Box<Self>) {
        self.0.abort();
    }
}

struct BrokenRead(Box<dyn std::io::Read + Send>, usize);

impl std::io::Read for BrokenRead {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.1 == 0 {
            return Err(std::io::Error::other("the line went dead"));
        }
        let most = buffer.len().min(self.1);
        let read = self.0.read(&mut buffer[..most])?;
        self.1 -= read;
        Ok(read)
    }
}

impl Store for Broken {
    fn put(&self, key: &Key, content: &[u8]) -> Result<(), Diagnostic> {
        self.0.put(key, content)
    }

    fn put_new(&self, key: &Key, content: &[u8]) -> Result<bool, Diagnostic> {
        self.0.put_new(key, content)
    }

    fn get(&self, key: &Key) -> Result<Option<Box<dyn std::io::Read + Send>>, Diagnostic> {
        let reader = self.0.get(key)?;
        if key.as_str().ends_with(".json") {
            return Ok(reader);
        }
        Ok(reader.map(|reader| Box::new(BrokenRead(reader, self.1)) as _))
    }

    fn list(&self, folder: &Key) -> Result<Vec<store::Entry>, Diagnostic> {
        self.0.list(folder)
    }

    fn names(&self, folder: &Key) -> Result<Vec<String>, Diagnostic> {
        self.0.names(folder)
    }

    fn upload(&self, key: &Key, about: &About) -> Result<Box<dyn Upload>, Diagnostic> {
        Ok(Box::new(BrokenUpload(self.0.upload(key, about)?, self.1)))
    }
}

#[test]
fn a_line_that_breaks_leaves_no_half_artifact() {
    let room = Room::new();
    let noise: Vec<u8> = (0..200_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    room.folder("dist");
    fs::write(room.root().join("dist/noise"), noise).unwrap();
    let (_folder, store, manifest) = stored(&room);
    let target = Room::new();
    for after in [0, 1, 1000, manifest.archive.bytes as usize - 1] {
        let fresh = tempfile::tempdir().unwrap();
        let broken = Broken(LocalStore::open(fresh.path()).unwrap(), after);
        let saved = artifact().save(
            &broken,
            &room.root(),
            &patterns(&["dist/**"]),
            COMMIT,
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(saved.unwrap_err().code, &STORE_FAILED);
        assert_eq!(broken.list(&Key::new("artifacts").unwrap()).unwrap(), []);

        let broken = Broken(store.clone(), after);
        let error = artifact()
            .restore(&broken, &target.root(), COMMIT)
            .unwrap_err();
        assert_eq!(error.code, &STORE_FAILED, "not the artifact's fault");
        assert_eq!(tree(&target.root()).len(), 0);
    }
}
