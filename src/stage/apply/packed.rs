//! Values that are kept in an annotation, for the next one who wants to know what has changed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// An object's annotations have 256 KiB together (apimachinery, `ValidateAnnotationsSize`); there are two of these.
const LARGEST: usize = 120 * 1024;
/// What is read of one that somebody may have changed.
#[cfg(feature = "cloud")]
const UNPACKED: u64 = 16 << 20;

/// As text; `None` where that is too long for an annotation.
pub fn pack(value: &impl Serialize) -> Option<String> {
    let json = serde_json::to_vec(value).ok()?;
    let packed = zstd::encode_all(json.as_slice(), 0).ok()?;
    let text = STANDARD.encode(packed);
    (text.len() <= LARGEST).then_some(text)
}

/// What [`pack`] wrote; `None` where it is none.
#[cfg(feature = "cloud")]
pub fn unpack<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    use std::io::Read;

    let packed = STANDARD.decode(text).ok()?;
    let reader = zstd::Decoder::new(packed.as_slice()).ok()?;
    let mut json = Vec::new();
    reader.take(UNPACKED).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(all(test, feature = "cloud"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_rubbish_is_nothing() {
        let one = vec!["build".to_owned(), "dev".to_owned()];
        let text = pack(&one).unwrap();
        assert_eq!(unpack(&text), Some(one));
        for rubbish in ["", "x", "AAAA", &STANDARD.encode("no zstd")] {
            assert_eq!(unpack::<Vec<String>>(rubbish), None, "{rubbish}");
        }
        assert_eq!(unpack::<u64>(&text), None);
    }

    #[test]
    fn what_is_too_long_is_not_kept() {
        // Nothing that could be made shorter.
        let mut seed = 1_u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            seed
        };
        let long: Vec<u64> = (0..40_000).map(|_| next()).collect();
        assert_eq!(pack(&long), None);
    }
}
