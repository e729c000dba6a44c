//! The system's randomness.

use rustls::crypto::ring::default_provider;

/// Fills bytes that nobody can guess; in words why that cannot be.
pub fn fill(bytes: &mut [u8]) -> Result<(), &'static str> {
    let filled = default_provider().secure_random.fill(bytes);
    filled.map_err(|_| "the system gives no random numbers")
}
