//! Tests of `src/db/`.

mod local;
mod plans;
mod pool;
mod statements;
mod together;
