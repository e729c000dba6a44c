//! One at a time: runs of one repository that would be in each other's way.

use std::fs::File;
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::stage::process::Stop;

/// How often the others are looked at.
const AGAIN: Duration = Duration::from_millis(100);

/// Held by the one whose turn it is; the next one's comes when this goes, however its process ends.
#[derive(Debug)]
pub struct Turn(#[allow(dead_code)] File);

/// Waits for a turn at what a file stands for; where somebody else has it, tells that once. `None` where it is told to stop.
pub fn turn(file: &Path, stop: &Stop, mut tell: impl FnMut()) -> io::Result<Option<Turn>> {
    let lock = File::options().create(true).append(true).open(file)?;
    let mut told = false;
    while let Err(error) = flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        if error != Errno::WOULDBLOCK {
            return Err(error.into());
        }
        if !told {
            tell();
            told = true;
        }
        if stop.is_set() {
            return Ok(None);
        }
        sleep(AGAIN);
    }
    Ok(Some(Turn(lock)))
}
