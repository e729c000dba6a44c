//! Writes files so that nobody ever sees half of one.

use std::fs;
use std::io::Write;
use std::path::Path;

/// Puts new bytes in place of a file's, all at once: they are written beside it, then take its
/// name. Its permissions stay. In words why that was not possible.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let found = fs::metadata(path).map_err(|error| error.to_string())?;
    if found.permissions().readonly() {
        return Err("the file is write-protected".to_owned());
    }
    let written = (|| {
        let mut file = beside(path)?;
        file.write_all(bytes)?;
        fs::set_permissions(file.path(), found.permissions())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    })();
    written.map(drop).map_err(|error| error.to_string())
}

/// Writes a file, which may be there, all at once where it is a file. In words why that was not possible.
pub fn put(path: &Path, bytes: &[u8]) -> Result<(), String> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {
            let real = fs::canonicalize(path).map_err(|error| error.to_string())?;
            replace(&real, bytes)
        }
        Ok(found) if found.is_dir() => Err("the path is a directory".to_owned()),
        // A pipe or a device is written to, not replaced.
        Ok(_) => fs::write(path, bytes).map_err(|error| error.to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(path, bytes),
        Err(error) => Err(error.to_string()),
    }
}

/// Writes a file that must not be there yet. In words why that was not possible.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let written = (|| {
        let mut file = fs::File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    })();
    written.map_err(|error| error.to_string())
}

/// A file that nobody knows, in the same directory.
fn beside(path: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let directory = path.parent().unwrap_or(Path::new("."));
    tempfile::Builder::new()
        .prefix(".aphex-")
        .tempfile_in(directory)
}
