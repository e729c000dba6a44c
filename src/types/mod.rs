//! Types, schemas, the checker.
