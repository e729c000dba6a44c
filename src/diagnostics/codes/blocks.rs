//! A04: schemas and blocks.

codes! {}
