//! Tests of `src/cli/`.

mod file;
