//! What an object holds, in two numbers.

use std::fmt;
use std::io::{self, Read, Write};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// A SHA-256. As text and as JSON, 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom("a SHA-256 has 64 hexadecimal digits");
        let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
        let digits = digits.filter(|digits| digits.len() == 64);
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.ok_or_else(wrong)?.chunks(2)) {
            *byte = pair.iter().fold(0, |sum, digit| sum << 4 | *digit as u8);
        }
        Ok(Digest(bytes))
    }
}

/// How many bytes, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// How many.
    pub bytes: u64,
    /// Their hash.
    pub sha256: Digest,
}

/// Passes bytes on, in either direction, counted and hashed.
pub struct Counting<T> {
    inner: T,
    bytes: u64,
    hash: Sha256,
}

impl<T> Counting<T> {
    /// Counts what goes through it.
    pub fn new(inner: T) -> Counting<T> {
        Counting {
            inner,
            bytes: 0,
            hash: Sha256::new(),
        }
    }

    /// What went through so far.
    pub fn content(&self) -> Content {
        Content {
            bytes: self.bytes,
            sha256: Digest(self.hash.clone().finalize().into()),
        }
    }

    /// What the bytes go to or come from.
    pub fn into_inner(self) -> T {
        self.inner
    }

    fn count(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
    }
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let taken = self.inner.write(piece)?;
        self.count(piece.get(..taken).unwrap_or(piece));
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_through_is_counted() {
        let mut counting = Counting::new(Vec::new());
        counting.write_all(b"ab").unwrap();
        counting.write_all(b"c").unwrap();
        let mut back = Counting::new(&b"abc"[..]);
        io::copy(&mut back, &mut io::sink()).unwrap();
        assert_eq!(counting.content(), back.content());
        let json = serde_json::to_string(&back.content()).unwrap();
        // The first example of FIPS 180-2.
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(json, format!(r#"{{"bytes":3,"sha256":"{digest}"}}"#));
        let read: Content = serde_json::from_str(&json).unwrap();
        assert_eq!(read, back.content());
        for bad in [
            "",
            "ba",
            &digest.replace('b', "x"),
            &digest.replace('b', "é"),
        ] {
            assert!(serde_json::from_value::<Digest>(bad.into()).is_err());
        }
    }
}
