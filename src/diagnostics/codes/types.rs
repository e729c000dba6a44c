//! A03: types.

codes! {}
