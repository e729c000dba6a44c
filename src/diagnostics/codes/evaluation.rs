//! A05: evaluation and limits.

codes! {}
