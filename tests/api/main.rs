//! The tests of the whole program, in one binary: over HTTP, against a real PostgreSQL. The modules mirror those of `src/`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::disallowed_methods)]

mod access;
mod archive;
mod attacks;
mod auth;
mod cache;
mod cli;
mod db;
mod events;
mod forums;
mod house_rules;
mod likes;
mod mails;
mod markup;
mod me;
mod members;
mod openapi;
mod posts;
mod ranks;
mod revisions;
mod sessions;
mod site;
mod support;
mod threads;
mod tokens;
mod web;
