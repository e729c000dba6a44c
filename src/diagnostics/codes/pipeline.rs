//! A06: rules of a pipeline: ordering, data flow, duplicates.

codes! {}
