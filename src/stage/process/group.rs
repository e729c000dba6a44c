//! A process group: a command and whatever it starts.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process_group, test_kill_process_group, waitid,
};

/// How often it is looked whether a group is gone: nothing says so by itself.
pub const TICK: Duration = Duration::from_millis(10);
/// How long it takes at most until SIGKILL has done its work.
const KILLED: Duration = Duration::from_secs(2);

/// A process group of our own making.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    leader: Pid,
}

impl Group {
    /// The group whose leader is this child.
    pub fn of(leader: Pid) -> Self {
        Group { leader }
    }

    /// Whether a process is left in it, once its leader has been waited for. Its number cannot become another process's until then.
    pub fn is_alive(self) -> bool {
        // Those that have been adopted count as long as nobody has waited for them.
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        while let Ok(Some(_)) = waitid(WaitId::Pgid(Some(self.leader)), ended) {}
        test_kill_process_group(self.leader).is_ok()
    }

    /// Asks all of them to end. One that is halted is made to go on: it could not end.
    pub fn terminate(self) {
        // What is gone needs no signal.
        let _ = kill_process_group(self.leader, Signal::TERM);
        let _ = kill_process_group(self.leader, Signal::CONT);
    }

    /// Ends all of them.
    pub fn kill(self) {
        let _ = kill_process_group(self.leader, Signal::KILL);
    }

    /// Asks all of them to end, and ends those that have not after the grace.
    pub fn end(self, grace: Duration) {
        self.terminate();
        if !self.gone_within(grace) {
            self.kill();
            self.gone_within(KILLED);
        }
    }

    fn gone_within(self, time: Duration) -> bool {
        let from = Instant::now();
        while self.is_alive() {
            if from.elapsed() >= time {
                return false;
            }
            thread::sleep(TICK);
        }
        true
    }
}
