//! What is to be removed where nobody could do it any more: the names of containers, written down before they are started.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::stage::container::Engine;

/// The file in the folder of a try.
const FILE: &str = "containers";

/// The list of a try.
#[derive(Clone, Debug)]
pub struct List {
    path: PathBuf,
}

impl List {
    /// In the folder of a try.
    pub fn new(folder: &Path) -> List {
        List {
            path: folder.join(FILE),
        }
    }

    /// Adds one. What cannot be written cannot be swept up later, and is removed by its owner all the same.
    pub fn add(&self, engine: &Engine, name: &str) {
        let file = fs::File::options()
            .create(true)
            .append(true)
            .open(&self.path);
        if let Ok(mut file) = file {
            let _ = writeln!(file, "{} {name}", engine.name());
        }
    }
}

/// Removes what a try that died has left in an engine. Does nothing where it has started none, or has removed them.
pub fn remove(folder: &Path) {
    let list = List::new(folder);
    let Ok(text) = fs::read_to_string(&list.path) else {
        return;
    };
    // The first one holds the network of the others.
    for line in text.lines().rev() {
        if let Some((program, name)) = line.rsplit_once(' ') {
            Engine::named(program).remove(name);
        }
    }
    forget(folder);
}

/// All of them are gone.
pub fn forget(folder: &Path) {
    let _ = fs::remove_file(List::new(folder).path);
}
