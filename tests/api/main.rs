//! The tests of the whole program, in one binary: over HTTP, against a real PostgreSQL. The modules mirror those of `src/`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod archive;
mod db;
mod markup;
mod site;
mod support;
