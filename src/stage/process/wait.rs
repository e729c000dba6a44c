//! Waiting for several things at once.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Waits until something can be read from one of these, or it hangs up, or the time has come; says of each whether that is so.
pub fn poll_until(files: &[BorrowedFd<'_>], until: Option<Instant>) -> io::Result<Vec<bool>> {
    let mut polled: Vec<PollFd<'_>> = files
        .iter()
        .map(|file| PollFd::from_borrowed_fd(*file, PollFlags::IN))
        .collect();
    // A day at most: whoever waits longer looks again.
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    let left = left.map(|left| left.min(Duration::from_secs(86_400)));
    let timeout = left.and_then(|left| Timespec::try_from(left).ok());
    match poll(&mut polled, timeout.as_ref()) {
        // A signal came: nothing is ready, and who waits looks at the time.
        Err(Errno::INTR) => return Ok(vec![false; files.len()]),
        Err(error) => return Err(error.into()),
        Ok(_) => {}
    }
    Ok(polled
        .iter()
        .map(|file| !file.revents().is_empty())
        .collect())
}
