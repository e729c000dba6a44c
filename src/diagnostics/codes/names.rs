//! A02: names and modules.

codes! {}
