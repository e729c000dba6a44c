//! Times and states as people read them.

use jiff::Timestamp;

use crate::stage::record::Outcome;
use crate::tools::picture::State;

/// A length of time: `0.4 s`, `12 s`, `3 min 12 s`, `1 h 5 min`, `2 d 3 h`.
pub fn took(seconds: f64) -> String {
    if !(seconds.is_finite() && seconds > 0.0) {
        return "0 s".to_owned();
    }
    if seconds < 0.05 {
        return format!("{:.0} ms", (seconds * 1000.0).max(1.0));
    }
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    // As far as a record can sensibly say: a thousand years.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounded, above 0 and cut off"
    )]
    let whole = seconds.round().min(3.2e10) as u64;
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let first = units.iter().position(|(size, _)| whole >= *size);
    let mut rest = whole;
    let mut parts = Vec::new();
    for (size, unit) in units.iter().skip(first.unwrap_or(0)).take(2) {
        if rest >= *size {
            parts.push(format!("{} {unit}", rest / size));
        }
        rest %= size;
    }
    parts.join(" ")
}

/// `succeeded in 12 s`, `failed after 3 min 12 s`
pub fn ended(outcome: Outcome, seconds: f64) -> String {
    match outcome {
        Outcome::Succeeded => format!("succeeded in {}", took(seconds)),
        _ => format!("{} after {}", outcome.word(), took(seconds)),
    }
}

/// A moment to the second, in UTC: `2030-01-31 05:00:00`.
pub fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

impl State {
    /// `succeeded`, `failed`, …, `not run`.
    pub fn word(&self) -> &'static str {
        self.outcome.map_or("not run", Outcome::word)
    }

    /// `succeeded in 12 s`, `timed out after 20 min, 2 tries`, `not run: the run was stopped`.
    pub fn sentence(&self) -> String {
        let mut text = match (self.outcome, self.seconds) {
            (Some(Outcome::Succeeded), Some(seconds)) => ended(Outcome::Succeeded, seconds),
            _ => self.brief(),
        };
        if self.tries > 1 {
            text.push_str(&format!(", {} tries", self.tries));
        }
        if let Some(reason) = &self.reason {
            text.push_str(&format!(": {reason}"));
        }
        text
    }

    /// The same beside a mark that says whether it succeeded: `12 s`, `timed out after 20 min`, `not run`.
    pub fn brief(&self) -> String {
        match (self.outcome, self.seconds) {
            (Some(Outcome::Succeeded), Some(seconds)) => took(seconds),
            (Some(Outcome::Skipped) | None, _) | (_, None) => self.word().to_owned(),
            (Some(outcome), Some(seconds)) => ended(outcome, seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_units_at_most() {
        let cases = [
            (0.04, "40 ms"),
            (0.44, "0.4 s"),
            (9.96, "10 s"),
            (12.4, "12 s"),
            (59.7, "1 min"),
            (192.0, "3 min 12 s"),
            (3_900.0, "1 h 5 min"),
            (3_659.0, "1 h"),
            (183_600.0, "2 d 3 h"),
            (-1.0, "0 s"),
            (f64::NAN, "0 s"),
            (f64::INFINITY, "0 s"),
        ];
        for (seconds, words) in cases {
            assert_eq!(took(seconds), words, "{seconds}");
        }
        assert!(took(1e300).ends_with(" d 8 h"));
    }
}
