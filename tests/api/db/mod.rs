//! Tests of `src/db/`.

mod local;
