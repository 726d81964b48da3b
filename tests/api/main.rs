//! The tests of the whole program, in one binary: over HTTP, against a real PostgreSQL. The modules mirror those of `src/`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::disallowed_methods)]

mod db;
mod house_rules;
mod likes;
mod markup;
mod openapi;
mod posts;
mod site;
mod support;
mod web;
