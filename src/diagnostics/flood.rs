//! What people are shown of very many problems. Programs (JSON, SARIF) are given all of them.

use crate::collections::HashMap;
use crate::diagnostics::{Code, Found};

/// So many of one code in one file are shown; nobody reads the hundredth, and a terminal has room for fewer.
const MOST: usize = 100;

/// What stands in an output.
#[derive(Debug)]
pub enum Shown<'a> {
    /// A problem.
    Problem(&'a Found<'a>),
    /// In place of the rest of one code in one file.
    More(More<'a>),
}

/// What is left out.
#[derive(Debug)]
pub struct More<'a> {
    /// The first that is left out.
    pub first: &'a Found<'a>,
    /// How many there are.
    pub count: usize,
}

impl More<'_> {
    /// "and 19899 more of A0407 in `pipeline.aphex`".
    pub fn in_words(&self) -> String {
        let code: &Code = self.first.diagnostic.code;
        let place = match self.first.diagnostic.span() {
            Some(span) => format!(" in `{}`", self.first.report.shown(span.source)),
            None => String::new(),
        };
        format!("and {} more of {}{place}", self.count, code.id)
    }
}

/// The problems in their order, at most a hundred of one code in one file.
pub fn shown<'a>(found: &'a [Found<'a>]) -> Vec<Shown<'a>> {
    let key = |found: &Found<'a>| {
        let span = found.diagnostic.span();
        let path = span.map_or("", |span| found.report.shown(span.source));
        (found.diagnostic.code.id, path)
    };
    let mut counts: HashMap<(&str, &str), usize> = HashMap::default();
    for found in found {
        *counts.entry(key(found)).or_default() += 1;
    }
    let mut seen: HashMap<(&str, &str), usize> = HashMap::default();
    let mut shown = Vec::new();
    for found in found {
        let key = key(found);
        let seen = seen.entry(key).or_default();
        *seen += 1;
        if *seen <= MOST {
            shown.push(Shown::Problem(found));
        } else if *seen == MOST + 1 {
            let all = counts.get(&key).copied().unwrap_or_default();
            let count = all.saturating_sub(MOST);
            shown.push(Shown::More(More {
                first: found,
                count,
            }));
        }
    }
    shown
}
