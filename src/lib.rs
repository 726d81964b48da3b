//! folkmoot: a forum as a service with no face of its own.
//!
//! Where things are, and which way imports point (never upwards):
//!
//! `main > cli > app > routes, openapi > acts > views > models > access > web, markup > state, events > error, cache, db, config, clock,
//! ids, private_files`
//!
//! An act is one file: URL, documentation, handler and SQL. Its folder is the last plural noun of the URL, its file what
//! follows or else the method. An act never imports another act.

pub mod access;
pub mod app;
pub mod archive;
pub mod auth;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod events;
pub mod forums;
pub mod ids;
pub mod likes;
pub mod mails;
pub mod markup;
pub mod me;
pub mod members;
pub mod openapi;
pub mod posts;
pub mod private_files;
pub mod ranks;
pub mod revisions;
pub mod routes;
pub mod sessions;
pub mod site;
pub mod state;
pub mod threads;
pub mod tokens;
pub mod web;
