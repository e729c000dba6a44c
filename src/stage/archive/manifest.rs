//! What is in an artifact, and what may be.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::pack::Packed;
use super::{Name, links};
use crate::collections::{HashMap, HashSet};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_store::{ARTIFACT_DAMAGED, ARTIFACT_REFUSED};
use crate::stage::store::Content;

/// The form of manifest that this program writes and reads.
const VERSION: u32 = 1;

/// What is in an artifact. As JSON, `schemas/artifact.v1.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    version: u32,
    /// The commit whose build it is.
    pub commit: String,
    /// When it was packed.
    pub created_at: Timestamp,
    /// The archive.
    pub archive: Content,
    /// The size of the tar that the archive holds compressed.
    pub tar_bytes: u64,
    /// What it holds, in the archive's order: a folder before what is in it.
    pub entries: Vec<Entry>,
}

/// A file, a folder or a link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Json", into = "Json")]
pub struct Entry {
    /// Its path below the root.
    pub path: Name,
    /// Its permissions, `rwxrwxrwx`; 0o777 for links, which have none of their own.
    pub mode: u32,
    /// When its content was changed.
    pub modified: Timestamp,
    /// What it is.
    pub kind: Kind,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A file. Two names of one file are two files.
    File(Content),
    /// A symbolic link.
    Link {
        /// What it points at, as it is.
        to: Name,
    },
}

/// An entry as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    path: Name,
    r#type: Type,
    mode: String,
    modified: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Name>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Type {
    Folder,
    File,
    Link,
}

impl From<Entry> for Json {
    fn from(entry: Entry) -> Json {
        let (r#type, content, to) = match entry.kind {
            Kind::Folder => (Type::Folder, None, None),
            Kind::File(content) => (Type::File, Some(content), None),
            Kind::Link { to } => (Type::Link, None, Some(to)),
        };
        Json {
            path: entry.path,
            r#type,
            mode: format!("{:o}", entry.mode),
            modified: entry.modified,
            content,
            to,
        }
    }
}

impl TryFrom<Json> for Entry {
    type Error = &'static str;

    fn try_from(json: Json) -> Result<Entry, Self::Error> {
        let kind = match (json.r#type, json.content, json.to) {
            (Type::Folder, None, None) => Kind::Folder,
            (Type::File, Some(content), None) => Kind::File(content),
            (Type::Link, None, Some(to)) => Kind::Link { to },
            _ => return Err("a file has a `content`, a link a `to`, a folder neither"),
        };
        let mode = u32::from_str_radix(&json.mode, 8).map_err(|_| "a mode is an octal number")?;
        Ok(Entry {
            path: json.path,
            mode,
            modified: json.modified,
            kind,
        })
    }
}

impl Manifest {
    /// Of what was packed.
    pub fn new(commit: impl Into<String>, created_at: Timestamp, packed: Packed) -> Manifest {
        Manifest {
            version: VERSION,
            commit: commit.into(),
            created_at,
            archive: packed.archive,
            tar_bytes: packed.tar_bytes,
            entries: packed.entries,
        }
    }

    /// As it is stored.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// Reads one and checks it: an `A0936` where it is none, an `A0937` where it lists what no artifact may hold.
    pub fn from_json(json: &[u8]) -> Result<Manifest, Diagnostic> {
        let damaged = |why: String| {
            Diagnostic::without_place(
                &ARTIFACT_DAMAGED,
                "the manifest of an artifact cannot be read",
            )
            .note(why)
            .help("run the stage that made it again")
        };
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let version: Version =
            serde_json::from_slice(json).map_err(|error| damaged(error.to_string()))?;
        if version.version != VERSION {
            return Err(damaged(format!(
                "it has version {}, and this program reads version {VERSION}",
                version.version
            )));
        }
        let manifest: Manifest =
            serde_json::from_slice(json).map_err(|error| damaged(error.to_string()))?;
        match manifest.fault() {
            None => Ok(manifest),
            Some(fault) => Err(Diagnostic::without_place(
                &ARTIFACT_REFUSED,
                "an artifact holds what none may hold",
            )
            .note(fault)
            .help("nothing was unpacked: see who else can write to the store")),
        }
    }

    /// How many bytes its files have.
    pub fn bytes(&self) -> u64 {
        let sizes = self.entries.iter().map(|entry| match &entry.kind {
            Kind::File(content) => content.bytes,
            Kind::Folder | Kind::Link { .. } => 0,
        });
        sizes.fold(0, u64::saturating_add)
    }

    /// Why it must not be unpacked.
    fn fault(&self) -> Option<String> {
        let mut seen = HashSet::default();
        let mut folders = HashSet::default();
        for entry in &self.entries {
            let path = &entry.path;
            if let Some(fault) = path_fault(path) {
                return Some(format!("`{path}` {fault}"));
            }
            if entry.mode & !0o777 != 0 {
                return Some(format!("`{path}` has the mode {:o}", entry.mode));
            }
            if !seen.insert(path) {
                return Some(format!("`{path}` is listed twice"));
            }
            if path
                .parent()
                .is_some_and(|parent| !folders.contains(&parent))
            {
                return Some(format!("`{path}` is in no folder that is listed before it"));
            }
            if entry.kind == Kind::Folder {
                folders.insert(path.clone());
            }
        }
        let links = self.links();
        let found = links.iter().find(|(link, to)| {
            let bad = to.bytes().is_empty() || to.bytes().contains(&0);
            bad || links::leads_out(link, to, &|path| links.get(path).map(|to| (*to).clone()))
        });
        found.map(|(link, to)| format!("the link `{link}` leads out: to `{to}`"))
    }

    /// Its links, by their paths.
    pub(super) fn links(&self) -> HashMap<&Name, &Name> {
        let links = self.entries.iter().filter_map(|entry| match &entry.kind {
            Kind::Link { to } => Some((&entry.path, to)),
            Kind::Folder | Kind::File(_) => None,
        });
        links.collect()
    }
}

/// Why nothing may be unpacked to a path.
fn path_fault(path: &Name) -> Option<&'static str> {
    if path.bytes().starts_with(b"/") {
        return Some("is an absolute path");
    }
    if path.bytes().contains(&0) {
        return Some("has a NUL");
    }
    for part in path.parts() {
        match part {
            b"" => return Some("has an empty part"),
            b"." => return Some("has the part `.`"),
            b".." => return Some("leads out"),
            _ => {}
        }
    }
    let first = path.parts().next().unwrap_or_default();
    // File systems that ignore case would find the repository under any spelling.
    first
        .eq_ignore_ascii_case(b".git")
        .then_some("is in the repository itself")
}
