//! A01: syntax.

codes! {}
