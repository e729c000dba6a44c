use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::diagnostics::codes::run_store::{ARTIFACT_DAMAGED, ARTIFACT_REFUSED, NOT_UNPACKED};
use crate::stage::archive::header::{blocks, filling};
use crate::stage::store::{Content, Counting, Digest};

fn digest(bytes: &[u8]) -> Content {
    let mut counting = Counting::new(std::io::sink());
    counting.write_all(bytes).unwrap();
    counting.content()
}

fn entry(path: impl Into<Vec<u8>>, mode: u32, kind: Kind) -> Entry {
    Entry {
        path: Name::new(path),
        mode,
        modified: jiff::Timestamp::UNIX_EPOCH,
        kind,
    }
}

fn file(path: &str) -> Entry {
    entry(path, 0o644, Kind::File(digest(b"evil")))
}

fn folder(path: &str) -> Entry {
    entry(path, 0o755, Kind::Folder)
}

fn link(path: &str, to: &str) -> Entry {
    entry(path, 0o777, Kind::Link { to: Name::new(to) })
}

/// The archive that goes with a list of entries, each file of which holds `evil`; both fit each other in every way.
fn forged(entries: Vec<Entry>) -> (Manifest, Vec<u8>) {
    let mut tar = Vec::new();
    for entry in &entries {
        tar.extend(blocks(entry));
        if let Kind::File(content) = &entry.kind {
            tar.extend(b"evil");
            tar.resize(tar.len() + filling(content.bytes), 0);
        }
    }
    tar.resize(tar.len() + 1024, 0);
    forged_of(entries, &tar)
}

fn forged_of(entries: Vec<Entry>, tar: &[u8]) -> (Manifest, Vec<u8>) {
    let archive = zstd::encode_all(tar, 1).unwrap();
    let packed = Packed {
        entries,
        archive: digest(&archive),
        tar_bytes: tar.len() as u64,
    };
    let manifest = Manifest::new("0".repeat(40), jiff::Timestamp::UNIX_EPOCH, packed);
    (manifest, archive)
}

fn verdict(entries: Vec<Entry>) -> Result<(), Diagnostic> {
    let (manifest, archive) = forged(entries);
    let room = Room::new();
    let result = Manifest::from_json(&manifest.to_json())
        .and_then(|manifest| unpack(&manifest, archive.as_slice(), &room.root()));
    room.assert_nothing_escaped();
    if result.is_err() {
        assert_eq!(tree(&room.root()).len(), 0);
    }
    result
}

#[test]
fn forged_archives_that_are_harmless_are_taken() {
    verdict(vec![folder("a"), file("a/b"), link("c", "a/b")]).unwrap();
}

#[test]
fn hostile_lists_are_refused() {
    let cases = [
        vec![file("/etc/evil")],
        vec![file("../beside")],
        vec![folder(".."), file("../beside")],
        vec![folder("a"), folder("a/.."), file("a/../../beside")],
        vec![folder("a"), file("a//b")],
        vec![file("./a")],
        vec![file("")],
        vec![file("a\0b")],
        vec![file("no-folder/a")],
        vec![file("a"), file("a/b")],
        vec![file("a"), file("a")],
        vec![folder("a"), file("a")],
        vec![folder(".git"), file(".git/config")],
        vec![folder(".GIT"), folder(".GIT/hooks")],
        vec![link("a", "/etc/passwd")],
        vec![link("a", "..")],
        vec![link("a", "")],
        vec![link("a", "b\0c")],
        vec![folder("d"), link("d/l", "../..")],
        // Out only when followed through another link, which comes before it or after it.
        vec![folder("d"), link("d/top", ".."), link("d/out", "top/..")],
        vec![folder("d"), link("d/out", "top/.."), link("d/top", "..")],
        // A file through a link.
        vec![link("l", "x"), file("l/a")],
        vec![folder("x"), link("l", "x"), file("l/a")],
        vec![entry("a", 0o4755, Kind::File(digest(b"evil")))],
        vec![entry("a", 0o2755, Kind::Folder)],
        vec![entry("a", 0o1777, Kind::Folder)],
    ];
    for entries in cases {
        let error = verdict(entries.clone()).unwrap_err();
        assert_eq!(error.code, &ARTIFACT_REFUSED, "{entries:?}: {error:?}");
    }
}

#[test]
fn links_of_the_working_tree_lead_nowhere_else() {
    let room = Room::new();
    room.link("here", "..").folder("real");
    // `here` stands in the tree as a link: nothing is written through it, whatever the artifact says it is.
    let (manifest, archive) = forged(vec![folder("here"), file("here/beside")]);
    assert_eq!(unpack_error(&manifest, &archive, &room), &NOT_UNPACKED);
    let (manifest, archive) = forged(vec![link("l", "here/beside")]);
    assert_eq!(unpack_error(&manifest, &archive, &room), &ARTIFACT_REFUSED);
    let (manifest, archive) = forged(vec![file("real")]);
    assert_eq!(unpack_error(&manifest, &archive, &room), &NOT_UNPACKED);
}

fn tar_of(kind: tar::EntryType, path: &str, mode: u32) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    let name = &mut header.as_old_mut().name;
    name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(0);
    header.set_cksum();
    [header.as_bytes().as_slice(), &[0; 1024]].concat()
}

#[test]
fn archives_that_hold_something_else_are_refused() {
    use tar::EntryType::{Block, Char, Fifo, Regular};
    let honest = || vec![entry("a", 0o644, Kind::File(digest(b"")))];
    for (tar, code) in [
        (tar_of(Char, "a", 0o644), &ARTIFACT_REFUSED),
        (tar_of(Block, "a", 0o644), &ARTIFACT_REFUSED),
        (tar_of(Fifo, "a", 0o644), &ARTIFACT_REFUSED),
        (tar_of(Regular, "/etc/a", 0o644), &ARTIFACT_REFUSED),
        (tar_of(Regular, "../a", 0o644), &ARTIFACT_REFUSED),
        (tar_of(Regular, "a", 0o4755), &ARTIFACT_REFUSED),
        (tar_of(Regular, "b", 0o644), &ARTIFACT_DAMAGED),
        (tar_of(tar::EntryType::Link, "a", 0o644), &ARTIFACT_DAMAGED),
        (
            tar_of(tar::EntryType::GNULongName, "a", 0o644),
            &ARTIFACT_DAMAGED,
        ),
        (vec![b'x'; 2048], &ARTIFACT_DAMAGED),
        (Vec::new(), &ARTIFACT_DAMAGED),
    ] {
        let (manifest, archive) = forged_of(honest(), &tar);
        assert_eq!(unpack_error(&manifest, &archive, &Room::new()), code);
    }
}

#[test]
fn bombs_are_cut_off() {
    // A hundred megabytes of zeros behind an honest file, in some 10 kB.
    let (manifest, _) = forged(vec![file("a")]);
    let mut tar = blocks(&manifest.entries[0]);
    tar.extend(b"evil");
    tar.resize(100 << 20, 0);
    let (manifest, archive) = forged_of(manifest.entries, &tar);
    assert!(archive.len() < 20_000);
    assert_eq!(
        unpack_error(&manifest, &archive, &Room::new()),
        &ARTIFACT_DAMAGED
    );
    // A file that is said to be larger than any disk.
    let content = Content {
        bytes: 1 << 60,
        sha256: Digest([0; 32]),
    };
    let (manifest, archive) = forged_of(vec![entry("a", 0o644, Kind::File(content))], &tar);
    assert_eq!(
        unpack_error(&manifest, &archive, &Room::new()),
        &NOT_UNPACKED
    );
}

#[test]
fn what_follows_an_archive_is_refused() {
    let (manifest, archive) = forged(vec![file("a")]);
    let more = [archive.as_slice(), b"more"].concat();
    assert_eq!(
        unpack_error(&manifest, &more, &Room::new()),
        &ARTIFACT_DAMAGED
    );
    let twice = [archive.as_slice(), &archive].concat();
    assert_eq!(
        unpack_error(&manifest, &twice, &Room::new()),
        &ARTIFACT_DAMAGED
    );
}

#[test]
fn manifests_that_cannot_be_read_are_told() {
    let (manifest, _) = forged(vec![file("a")]);
    let json = String::from_utf8(manifest.to_json()).unwrap();
    for (from, to) in [
        ("\"version\":1", "\"version\":2"),
        ("\"entries\":", "\"other\":1,\"entries\":"),
        ("\"type\":\"file\"", "\"type\":\"device\""),
        ("\"type\":\"file\"", "\"type\":\"folder\""),
        ("\"mode\":\"644\"", "\"mode\":\"rw\""),
        ("}", ""),
    ] {
        assert!(json.contains(from), "{json}");
        let error = Manifest::from_json(json.replace(from, to).as_bytes()).unwrap_err();
        assert_eq!(error.code, &ARTIFACT_DAMAGED, "{to}");
    }
}

/// A small tree, packed.
fn sample() -> (Room, Manifest, Vec<u8>) {
    let room = Room::new();
    room.file("dist/a/one", &"text ".repeat(400))
        .file("dist/two", "x")
        .link("dist/l", "a/one")
        .folder("dist/e");
    let (manifest, archive) = packed(&room.root(), &["dist/**"]);
    (room, manifest, archive)
}

#[test]
fn every_cut_and_every_flipped_bit_is_noticed() {
    let (_, manifest, archive) = sample();
    let room = Room::new();
    for length in 0..archive.len() {
        let code = unpack_error(&manifest, &archive[..length], &room);
        assert_eq!(code, &ARTIFACT_DAMAGED, "cut to {length}");
    }
    for bit in 0..archive.len() * 8 {
        let mut flipped = archive.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let code = unpack_error(&manifest, &flipped, &room);
        assert!(
            code == &ARTIFACT_DAMAGED || code == &ARTIFACT_REFUSED,
            "bit {bit}"
        );
    }
}

fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("..".to_owned()),
        Just(".".to_owned()),
        Just(String::new()),
        Just(".git".to_owned()),
        "[abc]",
    ]
}

fn path() -> impl Strategy<Value = String> {
    proptest::collection::vec(part(), 1..4).prop_map(|parts| parts.join("/"))
}

fn plain_path() -> impl Strategy<Value = String> {
    proptest::collection::vec("[abc]", 1..4).prop_map(|parts| parts.join("/"))
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let path = || prop_oneof![3 => plain_path(), 1 => path()];
    prop_oneof![
        path().prop_map(|path| file(&path)),
        path().prop_map(|path| folder(&path)),
        (
            path(),
            prop_oneof![path(), Just("../a".to_owned()), Just("/etc".to_owned())]
        )
            .prop_map(|(path, to)| link(&path, &to)),
    ]
}

/// Every link below a folder that leads somewhere leads into it.
fn assert_links_stay(root: &Path) {
    let root = fs::canonicalize(root).unwrap();
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                open.push(path);
            } else if let Ok(target) = fs::canonicalize(&path) {
                assert!(target.starts_with(&root), "{path:?} leads to {target:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever a forged artifact lists, in an archive that fits: it is refused, or stays in its place.
    #[test]
    fn no_forged_archive_escapes(mut entries in proptest::collection::vec(any_entry(), 1..8)) {
        // Parents first, so that more of them get past the first check.
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        let (manifest, archive) = forged(entries);
        let room = Room::new();
        if let Ok(manifest) = Manifest::from_json(&manifest.to_json()) {
            if unpack(&manifest, archive.as_slice(), &room.root()).is_ok() {
                assert_links_stay(&room.root());
            } else {
                prop_assert_eq!(tree(&room.root()).len(), 0);
            }
        }
        room.assert_nothing_escaped();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever happens to the bytes: the tree as it was packed, or nothing.
    #[test]
    fn no_mutated_archive_is_taken_for_whole(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0..4u8), 1..6),
        of_manifest in any::<bool>(),
    ) {
        let (source, manifest, archive) = sample();
        let json = manifest.to_json();
        let mut bytes = if of_manifest { json.clone() } else { archive.clone() };
        for (place, byte, kind) in changes {
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.remove(at)),
                _ => bytes.extend_from_within(at..),
            }
        }
        let (json, archive) = if of_manifest { (bytes, archive) } else { (json, bytes) };
        let room = Room::new();
        let result = Manifest::from_json(&json)
            .and_then(|manifest| unpack(&manifest, archive.as_slice(), &room.root()));
        room.assert_nothing_escaped();
        match result {
            // A manifest may say another time of the same second, or another commit; what it cannot say is another tree.
            Ok(()) => {
                let contents = |room: &Room| -> Vec<_> {
                    let tree = tree(&room.root()).into_iter();
                    tree.map(|(name, (mode, _, _, content))| (name, mode, content)).collect()
                };
                prop_assert_eq!(contents(&room), contents(&source));
            }
            Err(_) => prop_assert_eq!(tree(&room.root()).len(), 0),
        }
    }
}
