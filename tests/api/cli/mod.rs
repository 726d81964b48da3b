//! Tests of `src/cli/`.

mod file;
mod starts;
