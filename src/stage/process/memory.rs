//! Whether the kernel has ended somebody for lack of memory.

use std::fs;

/// Of the control group that a container sees as its own (cgroup v2, `memory.events`).
const EVENTS: &str = "/sys/fs/cgroup/memory.events";

/// How often the kernel has ended a process of this container so far; `None` where it does not tell.
pub fn kills() -> Option<u64> {
    count(&fs::read_to_string(EVENTS).ok()?)
}

fn count(events: &str) -> Option<u64> {
    let line = events
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill "));
    line?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_count_is_read() {
        let events = "low 0\nhigh 0\nmax 12\noom 1\noom_kill 3\noom_group_kill 0\n";
        assert_eq!(count(events), Some(3));
        assert_eq!(count("max 1\n"), None);
    }
}
