//! The tests of the whole program, in one binary: over HTTP, against a real PostgreSQL. The modules mirror those of `src/`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod db;
mod forums;
mod likes;
mod markup;
mod posts;
mod revisions;
mod site;
mod support;
mod threads;
mod web;
