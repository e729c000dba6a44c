//! Where in a text a secret stands.

use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::stage::log::forms::forms;

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// The secrets that are hidden, all of them looked for in one pass.
#[derive(Debug, Default)]
pub struct Masks {
    forms: BTreeSet<String>,
    longest: usize,
    search: Option<AhoCorasick>,
}

impl Masks {
    /// Hides a secret from now on; `false` where it is too short to be hidden.
    pub fn hide(&mut self, secret: &str) -> bool {
        let mut new = forms(secret);
        let hidden = !new.is_empty();
        let before = self.forms.len();
        self.forms.append(&mut new);
        if self.forms.len() > before {
            self.longest = self.forms.iter().map(String::len).max().unwrap_or(0);
            // A table of all transitions would be large with long secrets, and is hardly faster.
            let kind = Some(AhoCorasickKind::ContiguousNFA);
            self.search = AhoCorasick::builder().kind(kind).build(&self.forms).ok();
        }
        hidden
    }

    /// The length of the longest form in bytes; 0 where nothing is hidden.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Where secrets stand: every occurrence of every form, those that overlap or touch as one, in order.
    pub fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = match &self.search {
            Some(search) => search
                .find_overlapping_iter(text)
                .map(|found| found.range())
                .collect(),
            // What could not be made into one search is looked for one by one.
            None => self
                .forms
                .iter()
                .flat_map(|form| {
                    text.match_indices(form.as_str())
                        .map(|(at, _)| at..at + form.len())
                })
                .collect(),
        };
        found.sort_unstable_by_key(|range| range.start);
        merge(found)
    }

    /// The text with every secret hidden.
    pub fn mask(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut at = 0;
        for range in self.find(text) {
            masked.push_str(text.get(at..range.start).unwrap_or(""));
            masked.push_str(MASK);
            at = range.end;
        }
        masked.push_str(text.get(at..).unwrap_or(""));
        masked
    }
}

/// Ranges in the order of their starts → ranges that neither overlap nor touch.
pub fn merge(ranges: impl IntoIterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(secrets: &[&str]) -> Masks {
        let mut masks = Masks::default();
        for secret in secrets {
            assert!(masks.hide(secret));
        }
        masks
    }

    #[test]
    fn secrets_that_overlap_are_hidden_together() {
        assert_eq!(masks(&["abcdef", "defghi"]).mask("<abcdefghi>"), "<***>");
        assert_eq!(
            masks(&["abcd", "abcdefgh"]).mask("abcdefgh abcd"),
            "*** ***"
        );
        assert_eq!(masks(&["aaaa"]).mask("aaaaaaaaa b"), "*** b");
        assert_eq!(masks(&["abcd"]).mask("abcdabcd"), "***");
    }

    #[test]
    fn one_by_one_is_the_same() {
        let mut slow = masks(&["abcdef", "defghi"]);
        slow.search = None;
        assert_eq!(slow.mask("<abcdefghi> abcdef"), "<***> ***");
    }

    #[test]
    fn nothing_hidden_changes_nothing() {
        let mut none = Masks::default();
        assert!(!none.hide("abc"));
        assert_eq!(none.mask("abc abc"), "abc abc");
        assert_eq!(none.longest(), 0);
    }
}
