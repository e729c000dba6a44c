mod hostile;
mod round_trip;
mod selecting;
mod storing;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::*;
use crate::diagnostics::{Code, Diagnostic};

/// A folder with a root to work in and something beside it that nobody may touch.
pub struct Room(tempfile::TempDir);

impl Room {
    pub fn new() -> Room {
        let room = tempfile::tempdir().unwrap();
        fs::create_dir(room.path().join("root")).unwrap();
        fs::write(room.path().join("beside"), "untouched").unwrap();
        Room(room)
    }

    pub fn root(&self) -> std::path::PathBuf {
        self.0.path().join("root")
    }

    pub fn file(&self, path: &str, content: &str) -> &Room {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub fn folder(&self, path: &str) -> &Room {
        fs::create_dir_all(self.root().join(path)).unwrap();
        self
    }

    pub fn link(&self, path: &str, to: &str) -> &Room {
        std::os::unix::fs::symlink(to, self.root().join(path)).unwrap();
        self
    }

    pub fn mode(&self, path: &str, mode: u32) -> &Room {
        fs::set_permissions(self.root().join(path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// Whether nothing but the root has changed.
    pub fn assert_nothing_escaped(&self) {
        let names: Vec<_> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names.len(), 2, "{names:?}");
        let beside = fs::read_to_string(self.0.path().join("beside")).unwrap();
        assert_eq!(beside, "untouched");
    }
}

/// Everything below a folder: kind, mode, time, content.
pub fn tree(root: &Path) -> BTreeMap<Vec<u8>, (u32, i64, i64, Vec<u8>)> {
    let mut tree = BTreeMap::new();
    let mut open = vec![(Vec::new(), root.to_owned())];
    while let Some((name, folder)) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let mut name: Vec<u8> = name.clone();
            name.push(b'/');
            name.extend(path.file_name().unwrap().as_encoded_bytes());
            let content = if metadata.is_dir() {
                open.push((name.clone(), path));
                Vec::new()
            } else if metadata.is_symlink() {
                fs::read_link(&path).unwrap().into_os_string().into_vec()
            } else {
                fs::read(&path).unwrap()
            };
            tree.insert(
                name,
                (
                    metadata.mode(),
                    metadata.mtime(),
                    metadata.mtime_nsec(),
                    content,
                ),
            );
        }
    }
    tree
}

pub fn patterns(texts: &[&str]) -> Patterns {
    Patterns::new(texts.iter().map(|text| (*text, None))).unwrap()
}

/// Packs what patterns mean.
pub fn packed(root: &Path, texts: &[&str]) -> (Manifest, Vec<u8>) {
    let mut archive = Vec::new();
    let selection = select(root, &patterns(texts)).unwrap();
    let packed = pack(root, &selection.found, &mut archive).unwrap();
    let manifest = Manifest::new("0".repeat(40), jiff::Timestamp::UNIX_EPOCH, packed);
    (manifest, archive)
}

pub fn refusal(root: &Path, texts: &[&str]) -> Diagnostic {
    let selection = select(root, &patterns(texts)).unwrap();
    pack(root, &selection.found, &mut std::io::sink()).unwrap_err()
}

pub fn unpack_error(manifest: &Manifest, archive: &[u8], room: &Room) -> &'static Code {
    let before = tree(&room.root());
    let diagnostic = unpack(manifest, archive, &room.root()).unwrap_err();
    assert_eq!(
        tree(&room.root()),
        before,
        "what is refused changes nothing"
    );
    room.assert_nothing_escaped();
    diagnostic.code
}
