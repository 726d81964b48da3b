//! The tests of the whole program, in one binary: over HTTP, against a real PostgreSQL. The modules mirror those of `src/`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod access;
mod auth;
mod db;
mod likes;
mod markup;
mod me;
mod members;
mod posts;
mod ranks;
mod sessions;
mod site;
mod support;
mod web;
