use std::path::PathBuf;

use super::*;

/// A folder that goes when the test ends.
struct Room(PathBuf);

impl Room {
    fn new(name: &str) -> Room {
        let path = std::env::temp_dir().join(format!("aphex-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Room(fs::canonicalize(path).unwrap())
    }

    fn out(&self) -> PathBuf {
        self.0.join("out")
    }

    fn names(&self) -> Vec<String> {
        names(&self.0)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn set(names: &[&str], text: &str) -> Vec<(String, String)> {
    names
        .iter()
        .map(|name| ((*name).to_owned(), text.to_owned()))
        .collect()
}

/// The set in a folder, without the list.
fn read(folder: &Path) -> Vec<(String, String)> {
    let names = names(folder).into_iter().filter(|name| name != LIST);
    names
        .map(|name| {
            let text = fs::read_to_string(folder.join(&name)).unwrap();
            (name, text)
        })
        .collect()
}

#[test]
fn a_set_replaces_the_one_before() {
    let room = Room::new("replaces");
    let (old, new) = (set(&["a", "b"], "old"), set(&["b", "c"], "new"));
    assert!(write(&room.out(), &old).unwrap());
    assert_eq!(read(&room.out()), old);
    assert!(write(&room.out(), &new).unwrap());
    assert_eq!(read(&room.out()), new);
    assert!(!write(&room.out(), &new).unwrap(), "nothing to do");
    assert_eq!(room.names(), ["out"]);
}

#[test]
fn files_of_others_are_never_touched() {
    let room = Room::new("foreign");
    fs::create_dir(room.out()).unwrap();
    fs::write(room.out().join("mine.txt"), "mine").unwrap();
    let error = write(&room.out(), &set(&["a"], "x")).unwrap_err();
    assert!(matches!(error, FolderError::Foreign(names) if names == ["mine.txt"]));
    fs::remove_file(room.out().join("mine.txt")).unwrap();
    write(&room.out(), &set(&["a"], "x")).unwrap();
    fs::write(room.out().join("README.md"), "mine").unwrap();
    assert!(write(&room.out(), &set(&["a"], "y")).is_err());
    assert_eq!(fs::read_to_string(room.out().join("a")).unwrap(), "x");
    assert_eq!(room.names(), ["out"]);
}

/// A set with a folder in it comes and goes as a whole, and what others put there is left alone.
#[test]
fn a_folder_of_the_set_is_part_of_it() {
    let room = Room::new("nested");
    let nested = set(&["a", "s.stack/manifest.json", "s.stack/t.json"], "x");
    let there = |name: &str| room.out().join(name);
    assert!(write(&room.out(), &nested).unwrap());
    assert_eq!(fs::read_to_string(there("s.stack/t.json")).unwrap(), "x");
    assert!(!write(&room.out(), &nested).unwrap(), "nothing to do");
    for foreign in ["s.stack/mine", "s.stack/deep/mine", "other/mine"] {
        fs::create_dir_all(there(foreign).parent().unwrap()).unwrap();
        fs::write(there(foreign), "mine").unwrap();
        let error = write(&room.out(), &set(&["a"], "y")).unwrap_err();
        assert!(matches!(error, FolderError::Foreign(_)), "{foreign}");
        assert_eq!(fs::read_to_string(there("a")).unwrap(), "x");
        fs::remove_file(there(foreign)).unwrap();
        if !foreign.starts_with("s.stack/mine") {
            fs::remove_dir(there(foreign).parent().unwrap()).unwrap();
        }
    }
    assert!(write(&room.out(), &set(&["a"], "y")).unwrap());
    assert!(!there("s.stack").exists());
    assert_eq!(room.names(), ["out"], "the old set is gone as a whole");
}

#[test]
fn a_file_or_the_working_directory_is_refused() {
    let room = Room::new("file");
    fs::write(room.out(), "a file").unwrap();
    assert!(matches!(
        write(&room.out(), &[]).unwrap_err(),
        FolderError::NotUsable(..)
    ));
    assert!(matches!(
        write(Path::new("."), &[]).unwrap_err(),
        FolderError::NotUsable(..)
    ));
    assert!(matches!(
        write(Path::new("/"), &[]).unwrap_err(),
        FolderError::NotUsable(..)
    ));
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let room = Room::new("link");
    fs::create_dir(room.0.join("real")).unwrap();
    std::os::unix::fs::symlink(room.0.join("real"), room.out()).unwrap();
    write(&room.out(), &set(&["a"], "x")).unwrap();
    assert!(fs::symlink_metadata(room.out()).unwrap().is_symlink());
    assert_eq!(read(&room.0.join("real")), set(&["a"], "x"));
}

/// Stops a write at every moment, with and without the exchange, and looks: the old set or the new, and the next
/// write puts everything in order.
#[test]
fn interrupted_at_any_moment_it_is_the_old_set_or_the_new() {
    let moments = [
        Moment::Created,
        Moment::OneWritten,
        Moment::AllWritten,
        Moment::MovedAside,
        Moment::InPlace,
        Moment::HalfRemoved,
    ];
    let (old, new) = (set(&["a", "b"], "old"), set(&["b", "c"], "new"));
    for exchange in [true, false] {
        for first in [true, false] {
            for stop in moments {
                let room = Room::new(&format!("stop-{exchange}-{first}-{stop:?}"));
                if !first {
                    write(&room.out(), &old).unwrap();
                }
                let interrupt = |moment| match moment == stop {
                    true => Err(FolderError::NotUsable(PathBuf::new(), "stopped")),
                    false => Ok(()),
                };
                let writer = Writer {
                    exchange,
                    interrupt: &interrupt,
                };
                let _ = writer.write(&room.out(), &new);
                let found = read(&room.out());
                let aside = stop == Moment::MovedAside && !exchange;
                if found.is_empty() {
                    assert!(first || aside, "{exchange} {first} {stop:?}");
                } else {
                    assert!(found == new || found == old, "{stop:?}: {found:?}");
                    assert!(!(first && found == old));
                }
                write(&room.out(), &new).unwrap();
                assert_eq!(read(&room.out()), new, "{exchange} {first} {stop:?}");
                assert_eq!(room.names(), ["out"], "{exchange} {first} {stop:?}");
            }
        }
    }
}

/// Writers that begin at once take turns: none fails, and what is there at last is one set as a whole.
#[test]
fn many_at_once_take_turns() {
    let room = Room::new("at-once");
    let sets: Vec<Vec<(String, String)>> = (0..8)
        .map(|number| {
            let names = [
                format!("only-{number}"),
                "shared".to_owned(),
                "third".to_owned(),
            ];
            names.map(|name| (name, format!("text {number}"))).to_vec()
        })
        .collect();
    for round in 0..10 {
        let out = room.0.join(format!("new-{round}")).join("out");
        let start = std::sync::Barrier::new(sets.len());
        std::thread::scope(|scope| {
            for set in &sets {
                let (out, start) = (&out, &start);
                scope.spawn(move || {
                    start.wait();
                    write(out, set).unwrap();
                });
            }
        });
        assert!(sets.contains(&read(&out)), "{:?}", read(&out));
        assert_eq!(names(out.parent().unwrap()), ["out"]);
    }
}
