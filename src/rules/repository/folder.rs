//! Which folder a command runs in.

use std::path::{Component, Path, PathBuf};

use crate::rules::commands::Unit;
use crate::rules::shell::{Call, Script};

/// The folder, relative to the repository: the unit's own, then each `cd` before the command.
/// `None` where it cannot be known.
pub fn of_call(unit: &Unit<'_>, script: &Script, call: &Call) -> Option<PathBuf> {
    let mut folder = join(Path::new(""), unit.dir.map_or("", |dir| dir.value.as_str()))?;
    for earlier in script
        .calls
        .iter()
        .filter(|other| other.at.start < call.at.start)
    {
        let changes = matches!(earlier.name(), "cd" | "pushd" | "popd");
        // What a subshell does stays in it.
        if !changes || !call.place.shells.starts_with(&earlier.place.shells) {
            continue;
        }
        if earlier.place.condition
            || earlier.place.rescue.is_some()
            || earlier.place.depth > call.place.depth
        {
            return None;
        }
        let target = earlier.operands().next()?.text.as_deref()?;
        folder = join(&folder, target)?;
    }
    Some(folder)
}

/// `folder` and a relative path from there, without `.` and `..`; `None` where it leads out.
pub fn join(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut result = folder.to_path_buf();
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => result.push(name),
            Component::ParentDir => {
                if !result.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(result)
}
