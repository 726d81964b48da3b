//! Tests of `src/db/`.

mod local;
mod pool;
