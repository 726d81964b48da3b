//! A forum as a service: see the README for what it does and `docs/` for how it is built.

pub mod db;
