//! Where a store is, as `APHEX_STORE` says it.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run_store::STORE_NAME;

/// Characters of a path that a URL has no place for.
pub(in crate::stage) const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'%')
    .add(b'?')
    .add(b'#')
    .add(b'"')
    .add(b'<')
    .add(b'>');

/// The address of a store: `file:///var/lib/aphex` or `s3://bucket/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A directory, by its absolute path.
    Folder(PathBuf),
    /// A bucket, and what every key in it begins with (no `/` at its ends, empty for none).
    Bucket {
        /// The bucket.
        bucket: String,
        /// The prefix.
        prefix: String,
    },
}

impl Address {
    /// The address that a URL names; an `A0931` where it names none.
    pub fn parse(url: &str) -> Result<Address, Diagnostic> {
        let refuse = |why: &str| {
            Diagnostic::without_place(
                &STORE_NAME,
                format!(
                    "`{}` is no address of a store",
                    crate::diagnostics::safe::line(url)
                ),
            )
            .note(why)
            .help("write `file:///absolute/path` or `s3://bucket/prefix`")
        };
        if let Some(path) = url.strip_prefix("file://") {
            if !path.starts_with('/') {
                return Err(refuse("a path after `file://` must be absolute"));
            }
            let path = percent_decode_str(path)
                .decode_utf8()
                .map_err(|_| refuse("its path is no UTF-8"))?;
            if path.contains('\0') {
                return Err(refuse("its path has a NUL"));
            }
            return Ok(Address::Folder(PathBuf::from(path.as_ref())));
        }
        if let Some(rest) = url.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
            if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(fits) {
                return Err(refuse("that is no name of a bucket"));
            }
            let prefix = prefix.trim_matches('/');
            if !prefix.is_empty() {
                super::Key::new(prefix)?;
            }
            return Ok(Address::Bucket {
                bucket: bucket.to_owned(),
                prefix: prefix.to_owned(),
            });
        }
        Err(refuse("it begins with neither `file://` nor `s3://`"))
    }

    /// The address of a directory, which must be absolute and UTF-8.
    pub fn folder(path: &Path) -> Result<Address, Diagnostic> {
        match path.to_str().filter(|_| path.is_absolute()) {
            Some(_) => Ok(Address::Folder(path.to_owned())),
            None => {
                let message = format!("`{}` cannot be a store", path.display());
                Err(Diagnostic::without_place(&STORE_NAME, message)
                    .note("the path of a store is absolute, and UTF-8"))
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Folder(path) => {
                let path = path.to_string_lossy();
                write!(formatter, "file://{}", utf8_percent_encode(&path, PATH))
            }
            Address::Bucket { bucket, prefix } if prefix.is_empty() => {
                write!(formatter, "s3://{bucket}")
            }
            Address::Bucket { bucket, prefix } => write!(formatter, "s3://{bucket}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        for path in ["/var/lib/aphex", "/tmp/a b/50%/größe#1?"] {
            let address = Address::folder(Path::new(path)).unwrap();
            assert_eq!(Address::parse(&address.to_string()).unwrap(), address);
        }
        for url in ["s3://acme-artifacts", "s3://acme-artifacts/shop/x"] {
            assert_eq!(Address::parse(url).unwrap().to_string(), url);
        }
        let bucket = Address::parse("s3://acme-artifacts/shop/").unwrap();
        assert_eq!(bucket.to_string(), "s3://acme-artifacts/shop");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in [
            "",
            "/var/lib",
            "file://relative",
            "file:///a%00b",
            "file:///%ff",
            "s3://",
            "s3://A",
            "s3://ab/../c",
            "s3://abc/../c",
            "https://example.com",
        ] {
            assert_eq!(Address::parse(url).unwrap_err().code, &STORE_NAME, "{url}");
        }
        assert!(Address::folder(Path::new("relative")).is_err());
    }
}
