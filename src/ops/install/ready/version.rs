//! Versions, as far as they are compared.

use std::fmt;

/// A version, less what is after its second number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32);

impl Version {
    /// Of `v1.34.1-eks-0123abc`; `None` where it is none, such as `latest`.
    pub fn read(text: &str) -> Option<Version> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut parts = text.split('.');
        let mut number = || {
            let part = parts.next()?;
            let digits = part.trim_end_matches(|letter: char| !letter.is_ascii_digit());
            digits.parse().ok()
        };
        Some(Version(number()?, number()?))
    }

    /// Of the tag of an image: `quay.io/argoproj/workflow-controller:v3.7.18@sha256:…`.
    pub fn of_image(image: &str) -> Option<Version> {
        let name = image.split('@').next()?;
        let (_, last) = name.rsplit_once('/').unwrap_or(("", name));
        Version::read(last.split_once(':')?.1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_where_there_are_some() {
        for (text, version) in [
            ("v1.34.1", Some(Version(1, 34))),
            ("v1.29.4-eks-036c24b", Some(Version(1, 29))),
            ("3.7", Some(Version(3, 7))),
            ("v1.29+", Some(Version(1, 29))),
            ("latest", None),
            ("", None),
            ("v99999999999.1", None),
        ] {
            assert_eq!(Version::read(text), version, "{text}");
        }
        for (image, version) in [
            (
                "quay.io/argoproj/workflow-controller:v3.6.12",
                Some(Version(3, 6)),
            ),
            (
                "host:5000/argo-events:v1.9.11@sha256:ab",
                Some(Version(1, 9)),
            ),
            ("host:5000/argo-events", None),
            ("argo-events@sha256:ab", None),
        ] {
            assert_eq!(Version::of_image(image), version, "{image}");
        }
        assert!(Version(3, 10) > Version(3, 6));
    }
}
