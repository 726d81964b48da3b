//! Tests of `src/cli/`.

mod file;
mod stop;
