use std::fs::{File, FileTimes};
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::*;
use crate::diagnostics::codes::run_store::{FILE_CHANGED, NOT_PACKED};
use crate::stage::archive::pack::pack_with;

fn restored(room: &Room, texts: &[&str]) -> Room {
    let (manifest, archive) = packed(&room.root(), texts);
    let read = Manifest::from_json(&manifest.to_json()).unwrap();
    assert_eq!(read, manifest);
    let target = Room::new();
    unpack(&read, archive.as_slice(), &target.root()).unwrap();
    target.assert_nothing_escaped();
    target
}

#[test]
fn a_tree_is_restored_bit_for_bit() {
    let room = Room::new();
    room.file("dist/run.sh", "#!/bin/sh\n")
        .mode("dist/run.sh", 0o751);
    room.file("dist/größe/日本 👩‍🚀\n.txt", "text")
        .folder("dist/empty/deep")
        .mode("dist/empty/deep", 0o700);
    room.file("dist/nothing", "").mode("dist/nothing", 0o400);
    room.link("dist/run", "run.sh")
        .link("dist/dangling", "not/there")
        .link("dist/up", "../dist/empty");
    fs::hard_link(
        room.root().join("dist/run.sh"),
        room.root().join("dist/second"),
    )
    .unwrap();
    let long = "x".repeat(200);
    room.file(&format!("dist/{long}/{long}"), "far")
        .link("dist/far", &format!("{long}/{long}"));
    let raw = std::ffi::OsStr::from_bytes(b"dist/\xff\xfe\x80 no utf-8");
    fs::write(room.root().join(raw), "raw").unwrap();
    let longer = [b"dist/\xff".as_slice(), &[0x80; 150]].concat();
    fs::write(
        room.root().join(std::ffi::OsStr::from_bytes(&longer)),
        "raw",
    )
    .unwrap();
    let early = SystemTime::UNIX_EPOCH - Duration::new(86_400, 1);
    let file = File::open(room.root().join("dist/nothing")).unwrap();
    file.set_times(FileTimes::new().set_modified(early))
        .unwrap();
    room.mode("dist/empty", 0o555).mode("dist", 0o750);

    let target = restored(&room, &["dist/**"]);
    assert_eq!(tree(&target.root()), tree(&room.root()));
    for room in [&room, &target] {
        room.mode("dist/empty", 0o755);
    }
}

#[test]
fn sparse_and_large_files_are_restored() {
    let room = Room::new();
    room.folder("dist");
    let file = File::create(room.root().join("dist/sparse")).unwrap();
    file.set_len(10 << 20).unwrap();
    let noise: Vec<u8> = (0..3_000_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    fs::write(room.root().join("dist/noise"), noise).unwrap();
    let target = restored(&room, &["dist/**"]);
    assert_eq!(tree(&target.root()), tree(&room.root()));
}

#[test]
fn a_size_of_8_gib_and_more_fits_a_header() {
    for bytes in [(8 << 30) - 1, 8 << 30, 1 << 60] {
        let content = crate::stage::store::Content {
            bytes,
            sha256: crate::stage::store::Digest([0; 32]),
        };
        let entry = Entry {
            path: Name::new("large"),
            mode: 0o644,
            modified: jiff::Timestamp::UNIX_EPOCH,
            kind: Kind::File(content),
        };
        let blocks = header::blocks(&entry);
        let header = tar::Header::from_byte_slice(blocks.first_chunk::<512>().unwrap());
        assert_eq!(header.entry_size().unwrap(), bytes);
    }
}

/// GNU tar and zstd are what a person has at hand: the archive is an ordinary one.
#[test]
fn other_programs_read_the_archive() {
    let room = Room::new();
    let long = "y".repeat(150);
    room.file("dist/a", "text")
        .file(&format!("dist/{long}"), "far")
        .link("dist/l", &format!("./{long}"));
    let (_, archive) = packed(&room.root(), &["dist/**"]);
    let tar = zstd::decode_all(archive.as_slice()).unwrap();
    let mut archive = tar::Archive::new(tar.as_slice());
    let names: Vec<String> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect();
    assert_eq!(
        names,
        ["dist/", "dist/a", "dist/l", &format!("dist/{long}")]
    );
    let target = Room::new();
    tar::Archive::new(tar.as_slice())
        .unpack(target.root())
        .unwrap();
    assert_eq!(
        fs::read_to_string(target.root().join("dist/l")).unwrap(),
        "far"
    );
}

#[test]
fn the_same_tree_gives_the_same_bytes() {
    let room = Room::new();
    for number in 0..200 {
        room.file(
            &format!("dist/{}/{number}", number % 7),
            &format!("{number} ").repeat(20_000),
        );
    }
    let selection = select(&room.root(), &patterns(&["dist/**"])).unwrap();
    let bytes = |threads| {
        let mut archive = Vec::new();
        pack_with(&room.root(), &selection.found, &mut archive, threads).unwrap();
        archive
    };
    let first = bytes(1);
    assert_eq!(bytes(1), first);
    assert_eq!(bytes(3), first, "whatever the number of threads");
}

/// Readers of version 1 make each header anew: these bytes must never change.
#[test]
fn a_header_is_what_it_always_was() {
    let room = Room::new();
    room.file("a", "text").mode("a", 0o640);
    let time = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 5);
    let file = File::open(room.root().join("a")).unwrap();
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
    let (manifest, _) = packed(&room.root(), &["a"]);
    let block = header::blocks(&manifest.entries[0]);
    let text = String::from_utf8(block).unwrap().replace('\0', ".");
    assert_eq!(text.len(), 512);
    assert_eq!(
        text.trim_end_matches('.'),
        format!(
            "a{}0000640.0000000.0000000.00000000004.14524770400.0006100.0{}ustar  ",
            ".".repeat(99),
            ".".repeat(100)
        )
    );
    assert_eq!(
        manifest.entries[0].modified.to_string(),
        "2023-11-14T22:13:20.000000005Z"
    );
}

#[test]
fn what_stays_in_the_tree_is_joined() {
    let room = Room::new();
    room.file("dist/new", "new")
        .file("dist/both", "artifact")
        .link("dist/link", "new");
    let (manifest, archive) = packed(&room.root(), &["dist/**"]);
    let target = Room::new();
    target
        .file("dist/old", "old")
        .file("dist/both", "tree")
        .file("dist/link", "a file")
        .mode("dist", 0o500);
    unpack(&manifest, archive.as_slice(), &target.root()).unwrap();
    let read = |path| fs::read_to_string(target.root().join(path)).unwrap();
    assert_eq!(
        [read("dist/old"), read("dist/both"), read("dist/link")],
        ["old", "artifact", "new"]
    );
}

#[test]
fn what_cannot_be_packed_is_told() {
    let room = Room::new();
    room.file("a", "")
        .folder("b")
        .link("absolute", "/etc/passwd")
        .link("up", "../beside");
    room.link("b/top", "..").link("b/through", "top/..");
    for (pattern, note) in [
        (
            "absolute",
            "it is a link out of the working tree, to `/etc/passwd`",
        ),
        ("up", "it is a link out of the working tree, to `../beside`"),
        (
            "b/through",
            "it is a link out of the working tree, to `top/..`",
        ),
    ] {
        let error = refusal(&room.root(), &[pattern]);
        assert_eq!((error.code, error.notes[0].as_str()), (&NOT_PACKED, note));
    }
    room.mode("a", 0o4755);
    assert_eq!(refusal(&room.root(), &["a"]).code, &NOT_PACKED);
    rustix::fs::mkfifoat(rustix::fs::CWD, room.root().join("pipe"), 0o600.into()).unwrap();
    assert_eq!(refusal(&room.root(), &["pipe"]).code, &NOT_PACKED);
    // Folders in a volume of Kubernetes have set-gid: that is not carried on, and no reason to refuse.
    room.mode("b", 0o2755).file("b/c", "");
    let (manifest, _) = packed(&room.root(), &["b/c"]);
    assert_eq!(manifest.entries[0].mode, 0o755);
}

/// Changes a file as soon as something of the archive is written: with so much content before it, that is while it is
/// packed.
struct Meddler<'a>(Option<Box<dyn FnOnce() + 'a>>);

impl std::io::Write for Meddler<'_> {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        if let Some(meddle) = self.0.take() {
            meddle();
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_file_that_changes_while_it_is_packed_is_an_error() {
    let noise: Vec<u8> = (0..20_000_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    type Change = fn(&Path);
    let changes: [(&str, Change); 4] = [
        ("grows", |path| {
            use std::io::Write;
            File::options()
                .append(true)
                .open(path)
                .unwrap()
                .write_all(b"more")
                .unwrap();
        }),
        ("shrinks", |path| {
            File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(10)
                .unwrap()
        }),
        ("is written to", |path| {
            use std::os::unix::fs::FileExt;
            let file = File::options().write(true).open(path).unwrap();
            file.write_all_at(b"other", 0).unwrap();
        }),
        ("vanishes", |path| {
            fs::remove_file(path.with_file_name("z")).unwrap()
        }),
    ];
    for (how, change) in changes {
        let room = Room::new();
        room.folder("dist").file("dist/z", "");
        let path = room.root().join("dist/noise");
        fs::write(&path, &noise).unwrap();
        let selection = select(&room.root(), &patterns(&["dist/**"])).unwrap();
        let mut meddler = Meddler(Some(Box::new(|| change(&path))));
        let packed = pack_with(&room.root(), &selection.found, &mut meddler, 1);
        assert!(meddler.0.is_none(), "{how}");
        assert_eq!(packed.unwrap_err().code, &FILE_CHANGED, "{how}");
    }
}

#[derive(Clone, Debug)]
enum Node {
    File(Vec<u8>, u32),
    Folder(Vec<(Vec<u8>, Node)>, u32),
    Link(Vec<u8>),
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..40),
        "[a-z]{1,3}".prop_map(String::into_bytes),
        proptest::collection::vec(b'a'..b'e', 90..120),
    ]
    .prop_map(|mut name| {
        for byte in &mut name {
            if *byte == 0 || *byte == b'/' {
                *byte = b'_';
            }
        }
        if name.starts_with(b".") {
            name[0] = b'-';
        }
        name
    })
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        4 => (proptest::collection::vec(any::<u8>(), 0..2000), 0u32..0o1000).prop_map(|(bytes, mode)| Node::File(bytes, mode | 0o400)),
        1 => name().prop_map(Node::Link),
    ];
    leaf.prop_recursive(4, 40, 8, |inner| {
        (
            proptest::collection::vec((name(), inner), 0..8),
            0u32..0o1000,
        )
            .prop_map(|(entries, mode)| Node::Folder(entries, mode | 0o500))
    })
}

fn build(path: &Path, node: &Node) {
    if fs::symlink_metadata(path).is_ok() {
        return;
    }
    match node {
        Node::File(bytes, mode) => {
            fs::write(path, bytes).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(*mode)).unwrap();
        }
        Node::Link(to) => {
            std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(to), path).unwrap();
        }
        Node::Folder(entries, mode) => {
            fs::create_dir(path).unwrap();
            for (name, node) in entries {
                build(&path.join(std::ffi::OsStr::from_bytes(name)), node);
            }
            fs::set_permissions(path, fs::Permissions::from_mode(*mode)).unwrap();
        }
    }
}

/// Lets the folders of a room be removed by somebody who is not root.
fn open_up(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if fs::symlink_metadata(&path).unwrap().is_dir() {
            open_up(&path);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_tree_is_restored(entries in proptest::collection::vec((name(), node()), 1..6)) {
        let room = Room::new();
        build(&room.root().join("dist"), &Node::Folder(entries, 0o755));
        let target = restored(&room, &["dist/**"]);
        prop_assert_eq!(tree(&target.root()), tree(&room.root()));
        open_up(&room.root());
        open_up(&target.root());
    }
}
