//! Why an archive could not be taken in or written.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

use tokio_postgres::error::SqlState;

/// A line that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: u64,
    /// The field that is wrong, where it is one.
    pub field: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}

/// Why an import stopped. What was taken in before it stays.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A line is wrong.
    #[error(transparent)]
    Line(#[from] BadLine),
    /// The input can not be read: it breaks off, or is not what its first bytes say.
    #[error("the archive can not be read after line {line}: {error}")]
    Read {
        /// The last line that was read.
        line: u64,
        /// Why the next one was not.
        error: std::io::Error,
    },
    /// The database is away or refuses.
    #[error("the database: {0}")]
    Database(String),
}

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The output can not be written.
    #[error("the archive can not be written: {0}")]
    Write(#[from] std::io::Error),
    /// The database is away or refuses.
    #[error("the database: {0}")]
    Database(String),
}

impl Display for BadLine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "line {}: `{field}`: {}", self.line, self.reason),
            None => write!(f, "line {}: {}", self.line, self.reason),
        }
    }
}

impl Error for BadLine {}

/// The client's own text says only "db error"; what the server said is behind it.
fn told(error: &tokio_postgres::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

impl From<tokio_postgres::Error> for ImportError {
    fn from(error: tokio_postgres::Error) -> Self {
        let state = error.as_db_error().map(|error| error.code());
        Self::Database(match state {
            // Each batch looks what is taken before it writes: so it was taken since.
            Some(&SqlState::UNIQUE_VIOLATION) => of_a_race("somebody took what a line of this batch wants", &error),
            Some(&SqlState::T_R_DEADLOCK_DETECTED | &SqlState::T_R_SERIALIZATION_FAILURE) => {
                of_a_race("somebody wrote at the same time", &error)
            }
            _ => told(&error),
        })
    }
}

/// What to do where another writer was faster.
fn of_a_race(what: &str, error: &tokio_postgres::Error) -> String {
    format!("{what}: run it again, and it goes on or says at which line it can not ({})", told(error))
}

impl From<tokio_postgres::Error> for ExportError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(told(&error))
    }
}

/// What is wrong with a field, before it is known which line it stands in.
#[derive(Debug)]
pub(super) struct Flaw {
    pub field: Option<String>,
    pub reason: String,
}

impl Flaw {
    pub fn new(field: &str, reason: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), reason: reason.into() }
    }

    pub fn at(self, line: u64) -> BadLine {
        BadLine { line, field: self.field, reason: self.reason }
    }
}
