//! What the database refuses, and that it is away or busy, as problems.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::{Code, Error};

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match Trouble::of(&error) {
            Trouble::Away => Self::database_unavailable(&error),
            Trouble::Busy => {
                tracing::warn!(cause = %error, "a statement took too long");
                busy()
            }
            Trouble::Race => Self::lost_race(&error),
            Trouble::Fault => Self::internal(&error),
        }
    }
}

impl Error {
    /// The database is away; the cause goes to the log.
    pub fn database_unavailable(cause: impl std::fmt::Display) -> Self {
        tracing::warn!(%cause, "database unavailable");
        Self::new(Code::DatabaseUnavailable, "The database can not be reached at the moment.")
    }

    /// Others were first: `transaction` begins again what fails with this.
    pub fn lost_race(cause: impl std::fmt::Display) -> Self {
        tracing::info!(%cause, "a transaction lost against another");
        let mut error = busy();
        error.0.lost_a_race = true;
        error
    }
}

fn busy() -> Error {
    Error::new(Code::Overloaded, "The database has too much to do at the moment.")
}

/// What a failed statement tells of.
enum Trouble {
    /// The connection is gone, or the server is going or coming.
    Away,
    /// A lock or the statement itself took longer than it may.
    Busy,
    /// The transaction was ended for the sake of another.
    Race,
    /// The statement is wrong, or what it works on: ours to mend.
    Fault,
}

/// What the server says when it ends a connection (SQLSTATE 57P01 to 57P05, 25P03) or does not open one (57P03, 53300).
const AWAY: [&str; 4] =
    ["terminating connection", "terminating background worker", "the database system is ", "sorry, too many clients"];
/// What PgBouncer says where it has no server: it gives most of this the SQLSTATE of a breach of the protocol.
const POOLER: [&str; 5] = [
    "server login has been failing",
    "server conn crashed",
    "server connection closed",
    "query_wait_timeout",
    "pooler is shutting down",
];
/// SQLSTATE 57014 and 55P03.
const BUSY: [&str; 2] = ["canceling statement due to statement timeout", "canceling statement due to lock timeout"];
/// SQLSTATE 40P01.
const DEADLOCK: [&str; 1] = ["deadlock detected"];

impl Trouble {
    /// diesel keeps the server's words and not its code, so connections ask for them in English (`db::pool`).
    fn of(error: &DieselError) -> Self {
        use DatabaseErrorKind::{ClosedConnection, SerializationFailure, UnableToSendCommand, Unknown};
        let says = |message: &str, starts: &[&str]| starts.iter().any(|start| message.starts_with(start));
        match error {
            DieselError::DatabaseError(ClosedConnection | UnableToSendCommand, _)
            | DieselError::BrokenTransactionManager => Self::Away,
            DieselError::DatabaseError(SerializationFailure, _) => Self::Race,
            DieselError::DatabaseError(Unknown, told) if says(told.message(), &AWAY) => Self::Away,
            DieselError::DatabaseError(Unknown, told) if says(told.message(), &POOLER) => Self::Away,
            DieselError::DatabaseError(Unknown, told) if says(told.message(), &BUSY) => Self::Busy,
            DieselError::DatabaseError(Unknown, told) if says(told.message(), &DEADLOCK) => Self::Race,
            _ => Self::Fault,
        }
    }
}

/// Turns what the database refused into what the client did.
pub trait OnConstraint<T> {
    /// A violation of the constraint of this name is this error; all else stays as it is.
    fn on_constraint(self, name: &str, error: impl FnOnce() -> Error) -> Result<T, Error>;
}

impl<T, E: Into<Error> + ConstraintName> OnConstraint<T> for Result<T, E> {
    fn on_constraint(self, name: &str, error: impl FnOnce() -> Error) -> Result<T, Error> {
        self.map_err(|e| if e.constraint_name() == Some(name) { error() } else { e.into() })
    }
}

/// An error that may name a constraint.
pub trait ConstraintName {
    /// The name of the constraint that was violated, if that is what happened.
    fn constraint_name(&self) -> Option<&str>;
}

/// What has been turned into a problem already names none.
impl ConstraintName for Error {
    fn constraint_name(&self) -> Option<&str> {
        None
    }
}

impl ConstraintName for DieselError {
    fn constraint_name(&self) -> Option<&str> {
        match self {
            DieselError::DatabaseError(_, information) => information.constraint_name(),
            _ => None,
        }
    }
}
