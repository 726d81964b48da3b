//! The keys that sign access tokens.

use chrono::{DateTime, Utc};

use crate::error::{Code, Error};
use crate::ids::{MemberId, SessionId};
use crate::state::State;

/// What a verified access token says.
pub struct Claims {
    pub member_id: MemberId,
    pub session_id: SessionId,
}

/// The keys as this node knows them.
pub struct Keys;

impl Keys {
    /// Reads them; makes the first one where there is none.
    pub async fn load(_state: &State) -> Result<Self, Error> {
        Ok(Self)
    }

    /// An access token for this session.
    pub fn sign(&self, _member: MemberId, _session: SessionId, _now: DateTime<Utc>) -> Result<String, Error> {
        Err(Error::internal("no key"))
    }

    /// The claims of a token, if it is one of ours and its time has not passed.
    pub fn verify(&self, _token: &str, _now: DateTime<Utc>) -> Result<Claims, Error> {
        Err(Error::new(Code::InvalidToken, "the token is not valid"))
    }
}
