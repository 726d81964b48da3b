//! What the program needs of PostgreSQL.

pub mod local;
