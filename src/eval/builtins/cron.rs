//! Cron lines of five fields, as Argo Workflows reads them (robfig/cron's standard parser).

/// A field: its name, its smallest and largest number, names for numbers.
struct Field {
    name: &'static str,
    first: u32,
    last: u32,
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field {
        name: "minute",
        first: 0,
        last: 59,
        names: &[],
    },
    Field {
        name: "hour",
        first: 0,
        last: 23,
        names: &[],
    },
    Field {
        name: "day of the month",
        first: 1,
        last: 31,
        names: &[],
    },
    Field {
        name: "month",
        first: 1,
        last: 12,
        names: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    Field {
        name: "day of the week",
        first: 0,
        last: 6,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

/// What is wrong with a cron line; `None` where nothing is.
pub fn error(line: &str) -> Option<String> {
    if line.trim_start().starts_with('@') {
        return Some("words such as `@daily` are not among the five fields".to_owned());
    }
    if line.contains("TZ=") {
        return Some("the time zone is given apart from it".to_owned());
    }
    let parts: Vec<&str> = line.split_whitespace().collect();
    if parts.len() != FIELDS.len() {
        let note = if parts.len() == 6 {
            " (seconds are not among them)"
        } else {
            ""
        };
        return Some(format!("it has {} fields and needs 5{note}", parts.len()));
    }
    let fields = FIELDS.iter().zip(&parts);
    fields
        .map(|(field, part)| field.read(part))
        .find_map(Result::err)
}

impl Field {
    /// Reads a field; what is wrong with it.
    fn read(&self, text: &str) -> Result<(), String> {
        text.split(',').try_for_each(|part| self.part(part))
    }

    fn part(&self, text: &str) -> Result<(), String> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (text, None),
        };
        if let Some(step) = step
            && digits(step).is_none_or(|step| step == 0)
        {
            return Err(format!("the {} cannot be taken every `{step}`", self.name));
        }
        if matches!(range, "*" | "?") {
            return Ok(());
        }
        let (start, end) = match range.split_once('-') {
            Some((start, end)) => (self.number(start)?, self.number(end)?),
            None => (self.number(range)?, self.last),
        };
        if start > end {
            return Err(format!("the {} goes backwards in `{range}`", self.name));
        }
        Ok(())
    }

    fn number(&self, text: &str) -> Result<u32, String> {
        let lower = text.to_ascii_lowercase();
        if let Some(index) = (0u32..).zip(self.names).find(|(_, name)| **name == lower) {
            return Ok(index.0 + self.first);
        }
        match digits(text) {
            Some(number) if (self.first..=self.last).contains(&number) => Ok(number),
            _ => Err(format!(
                "the {} is {} to {}, not `{text}`",
                self.name, self.first, self.last
            )),
        }
    }
}

fn digits(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::error;

    #[test]
    fn lines_that_are_fine() {
        for line in [
            "0 5 * * 1-5",
            "*/15 * * * *",
            "0 0 1,15 jan-mar *",
            "5/10 0 ? * MON",
            "0 0 31 2 1",
            "  0   0 29 2 *",
        ] {
            assert_eq!(error(line), None, "{line}");
        }
    }

    #[test]
    fn lines_that_are_not() {
        for (line, said) in [
            ("", "it has 0 fields"),
            ("* * * *", "it has 4 fields"),
            ("0 0 0 * * *", "seconds"),
            ("60 * * * *", "the minute is 0 to 59, not `60`"),
            ("* 25 * * *", "the hour is 0 to 23, not `25`"),
            ("* * 0 * *", "the day of the month is 1 to 31"),
            ("* * * 13 *", "the month is 1 to 12"),
            ("* * * * 7", "the day of the week is 0 to 6"),
            ("5-1 * * * *", "backwards"),
            ("*/0 * * * *", "every `0`"),
            ("@daily", "five fields"),
            ("CRON_TZ=UTC 0 0 * * *", "time zone"),
            ("*/99999999999 * * * *", "every"),
            ("L * * * *", "the minute"),
        ] {
            let found = error(line).unwrap_or_default();
            assert!(found.contains(said), "{line}: {found}");
        }
    }
}
