//! A server of this machine, for pods: the cluster knows no way here, so the connections go the other way. Some of this machine
//! wait at the pod that stands in for GitHub; it gives one to whoever connects to its service.

use std::io::{Read, copy};
use std::net::{Shutdown, TcpStream};
use std::thread;

use crate::place::{Forward, Place};

/// What pods call it.
pub const IN_PODS: &str = "http://github.aphex-world.svc:4567";
/// Where the pod waits for connections of this machine.
const BEHIND: u16 = 4568;
/// So many pods may be connected at once.
const WAITING: usize = 4;

/// Pods reach a port of this machine at [`IN_PODS`], until the value is dropped.
pub fn let_in(place: &Place, port: u16) -> Forward {
    let forward = place.forward("aphex-world", "pod/world", BEHIND);
    let behind = forward.port;
    for _ in 0..WAITING {
        thread::spawn(move || while hand_on(behind, port).is_ok() {});
    }
    forward
}

/// Waits for a caller, and carries what it and the server say.
fn hand_on(behind: u16, port: u16) -> std::io::Result<()> {
    let mut caller = TcpStream::connect(("127.0.0.1", behind))?;
    // It says that somebody is there; the end, that it has gone.
    if caller.read(&mut [0])? == 0 {
        return Ok(());
    }
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    let (mut from, mut to) = (caller.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = copy(&mut server, &mut caller);
    caller.shutdown(Shutdown::Both)
}
