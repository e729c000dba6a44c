//! The last lines of a log.

use std::collections::VecDeque;

/// So many lines are kept.
const KEPT: usize = 100;

/// The last lines, as plain text; each is cut at [`LONGEST_PLAIN`](super::pending::LONGEST_PLAIN) bytes.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    lines: VecDeque<String>,
}

impl Tail {
    /// Adds a line; empty ones are not kept.
    pub fn push(&mut self, line: String) {
        if line.trim().is_empty() {
            return;
        }
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The last `count` lines, oldest first; at most 100 are kept.
    pub fn last(&self, count: usize) -> Vec<String> {
        let skipped = self.lines.len().saturating_sub(count);
        self.lines.iter().skip(skipped).cloned().collect()
    }
}
