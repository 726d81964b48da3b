//! Tests of `src/db/`.

mod local;
mod pipelined;
mod plans;
mod pool;
mod statements;
mod together;
