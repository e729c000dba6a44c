//! Numbers with a unit, as they are written where a text or another type is wanted.

/// `500m`, with quotes or without: the number that Kubernetes writes so.
pub(super) fn thousandths(written: &str) -> Option<String> {
    let digits = written.trim_matches('"').strip_suffix('m')?;
    let is_number = digits.chars().all(|c| c.is_ascii_digit()) && digits.len() < 10;
    let count: f64 = digits.parse().ok().filter(|_| is_number)?;
    Some(format!("{:?}", count / 1000.0))
}

/// Whether a text is a number and one of these units, perhaps several times.
pub(super) fn is_measure(text: &str, units: &[&str]) -> bool {
    let mut rest = text;
    let mut parts = 0;
    while !rest.is_empty() {
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        if number.len() == rest.len() {
            return false;
        }
        let end = number
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(number.len());
        let (unit, next) = number.split_at_checked(end).unwrap_or((number, ""));
        if !units.contains(&unit) {
            return false;
        }
        rest = next;
        parts += 1;
    }
    parts > 0
}
#[cfg(test)]
mod tests {
    use super::{is_measure, thousandths};

    #[test]
    fn thousandths_are_written_with_an_m() {
        assert_eq!(thousandths("\"500m\"").as_deref(), Some("0.5"));
        assert_eq!(thousandths("2000m").as_deref(), Some("2.0"));
        assert_eq!(thousandths("500"), None);
        assert_eq!(thousandths("m"), None);
        assert_eq!(thousandths("1h30m"), None);
    }

    #[test]
    fn measures_are_numbers_with_units() {
        assert!(is_measure("1h30m", &["d", "h", "m", "s"]));
        assert!(is_measure("512Mi", &["Mi"]));
        assert!(!is_measure("20", &["m"]));
        assert!(!is_measure("m20", &["m"]));
        assert!(!is_measure("20 m", &["m"]));
    }
}
