//! The blocks of a tar before a file's content.

use tar::{EntryType, Header};

use super::{Entry, Kind};

/// The size of a block: everything in a tar is filled up to a multiple of it.
pub const BLOCK: usize = 512;

/// How many zeros fill up that many bytes.
pub fn filling(bytes: u64) -> usize {
    let over = (bytes % BLOCK as u64) as usize;
    (BLOCK - over) % BLOCK
}

/// The blocks of an entry, as GNU tar writes them: long names and long targets in entries of their own, sizes of 8 GiB and
/// more in binary, no owner. Times are in seconds here; the manifest knows them to the nanosecond.
pub fn blocks(entry: &Entry) -> Vec<u8> {
    let mut path = entry.path.bytes().to_vec();
    let (kind, size, target) = match &entry.kind {
        Kind::Folder => {
            path.push(b'/');
            (EntryType::Directory, 0, &[][..])
        }
        Kind::File(content) => (EntryType::Regular, content.bytes, &[][..]),
        Kind::Link { to } => (EntryType::Symlink, 0, to.bytes()),
    };
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(entry.mode);
    header.set_mtime(u64::try_from(entry.modified.as_second()).unwrap_or(0));
    let mut blocks = Vec::with_capacity(BLOCK);
    let old = header.as_old_mut();
    if !fill(&mut old.linkname, target) {
        long(&mut blocks, EntryType::GNULongLink, target);
    }
    if !fill(&mut old.name, &path) {
        long(&mut blocks, EntryType::GNULongName, &path);
    }
    finish(&mut blocks, header);
    blocks
}

/// Writes text into a field, as much as fits; whether all of it does.
fn fill(field: &mut [u8], text: &[u8]) -> bool {
    for (to, from) in field.iter_mut().zip(text) {
        *to = *from;
    }
    text.len() <= field.len()
}

/// An entry whose content is the name or the target of the next one.
fn long(blocks: &mut Vec<u8>, kind: EntryType, text: &[u8]) {
    let mut header = Header::new_gnu();
    fill(&mut header.as_old_mut().name, b"././@LongLink");
    header.set_entry_type(kind);
    header.set_size(text.len() as u64 + 1);
    header.set_mode(0o644);
    header.set_mtime(0);
    finish(blocks, header);
    blocks.extend_from_slice(text);
    blocks.push(0);
    blocks.resize(blocks.len() + filling(text.len() as u64 + 1), 0);
}

fn finish(blocks: &mut Vec<u8>, mut header: Header) {
    header.set_uid(0);
    header.set_gid(0);
    header.set_cksum();
    blocks.extend_from_slice(header.as_bytes());
}

/// What a foreign header is, for people; `None` where it is no header. And whether it alone would be a reason to refuse
/// the archive.
pub fn describe(block: &[u8; BLOCK]) -> Option<(String, bool)> {
    let header = Header::from_byte_slice(block);
    let stored = header.cksum().ok()?;
    let mut fresh = header.clone();
    fresh.set_cksum();
    if fresh.cksum().ok()? != stored {
        return None;
    }
    let path = super::Name::new(header.path_bytes().into_owned());
    let leads_out = path.bytes().starts_with(b"/") || path.parts().any(|part| part == b"..");
    let what = match header.entry_type() {
        EntryType::Regular | EntryType::Continuous => "a file",
        EntryType::Directory => "a folder",
        EntryType::Symlink => "a link",
        EntryType::Link => "a second name of a file",
        EntryType::Char | EntryType::Block => return Some((format!("the device `{path}`"), true)),
        EntryType::Fifo => return Some((format!("the pipe `{path}`"), true)),
        EntryType::GNULongName | EntryType::GNULongLink => "a long name",
        _ => "an entry of another kind",
    };
    let set_uid = header.mode().is_ok_and(|mode| mode & 0o7000 != 0);
    Some((format!("{what}, `{path}`"), leads_out || set_uid))
}
