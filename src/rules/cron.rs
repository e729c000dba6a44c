//! Cron lines of five fields, read far enough to know when they fire.

use std::collections::BTreeSet;

/// The minutes, hours, days and months at which a schedule fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: BTreeSet<u32>,
    hours: BTreeSet<u32>,
    days: BTreeSet<u32>,
    months: BTreeSet<u32>,
    weekdays: BTreeSet<u32>,
    any_weekday: bool,
}

const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Cron {
    /// Reads a line; `None` where it is none, which its type has refused.
    pub fn read(line: &str) -> Option<Cron> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return None;
        };
        Some(Cron {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, MONTHS)?,
            weekdays: field(weekdays, 0, 7, WEEKDAYS)?,
            any_weekday: weekdays.split(',').any(is_star),
        })
    }

    /// Whether no year has a day on which it fires.
    pub fn never_fires(&self) -> bool {
        let longest = |month: u32| match month {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        // Where both are restricted, either is enough.
        let by_weekday = !self.any_weekday && !self.weekdays.is_empty();
        let exists = self
            .months
            .iter()
            .any(|month| self.days.iter().any(|day| *day <= longest(*month)));
        !exists && !by_weekday
    }

    /// The shortest time between two firings on one day, in minutes.
    pub fn shortest_gap(&self) -> u32 {
        let times: Vec<u32> = self
            .hours
            .iter()
            .flat_map(|hour| self.minutes.iter().map(move |minute| hour * 60 + minute))
            .collect();
        let within = times
            .iter()
            .zip(times.iter().skip(1))
            .map(|(a, b)| b - a)
            .min();
        within.unwrap_or(24 * 60)
    }
}

/// Whether a part of a field restricts nothing: `*/2` does (robfig/cron, `getRange`).
fn is_star(part: &str) -> bool {
    let (range, step) = part.split_once('/').unwrap_or((part, "1"));
    range.starts_with(['*', '?']) && step == "1"
}

fn field(text: &str, low: u32, high: u32, names: &[&str]) -> Option<BTreeSet<u32>> {
    let mut values = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<u32>().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let value = |text: &str| -> Option<u32> {
            let named = names
                .iter()
                .position(|name| text.eq_ignore_ascii_case(name));
            match named {
                Some(index) => u32::try_from(index).ok().map(|index| index + low.min(1)),
                None => text.parse().ok(),
            }
        };
        let (start, end) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => (low, high),
            Some((start, end)) => (value(start)?, value(end)?),
            None if part.contains('/') => (value(range)?, high),
            None => (value(range)?, value(range)?),
        };
        if start < low || end > high || start > end {
            return None;
        }
        values.extend((start..=end).step_by(step as usize));
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::Cron;

    #[test]
    fn some_never_fire() {
        for line in ["0 0 31 2 *", "0 0 30 2 */1", "0 0 31 4,6,9,11 ?"] {
            assert!(Cron::read(line).unwrap().never_fires(), "{line}");
        }
        for line in [
            "0 0 29 2 *",
            "0 0 31 * *",
            "0 0 31 2 1",
            "0 5 * * 1-5",
            "0 0 31 2 */2",
            "0 0 31 1-4 *",
            "0 0 1 JAN mon",
        ] {
            assert!(!Cron::read(line).unwrap().never_fires(), "{line}");
        }
    }

    #[test]
    fn gaps_are_those_of_a_day() {
        let gap = |line: &str| Cron::read(line).unwrap().shortest_gap();
        assert_eq!(gap("* * * * *"), 1);
        assert_eq!(gap("*/5 * * * *"), 5);
        assert_eq!(gap("0,1 5 * * *"), 1);
        assert_eq!(gap("0 */2 * * *"), 120);
        assert_eq!(gap("0 5 * * *"), 1440);
    }

    #[test]
    fn what_is_no_cron_line_is_left_alone() {
        for line in [
            "",
            "@daily",
            "* * * *",
            "61 * * * *",
            "a b c d e",
            "*/0 * * * *",
            "5-1 * * * *",
        ] {
            assert_eq!(Cron::read(line), None, "{line}");
        }
    }
}
