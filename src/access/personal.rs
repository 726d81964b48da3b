//! Personal tokens as credentials: opaque, 256 bits, looked up by their hash at each request, so that one that has ended
//! ends at once on every node.

use std::sync::Arc;

use actix_web::web::Data;
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{Role, Signed, hash_opaque, is_suspended, make_opaque};
use crate::db::schema::{members, tokens};
use crate::db::{Lookup, fixed, known};
use crate::error::{Code, Error};
use crate::ids::{MemberId, TokenId};
use crate::state::State;

/// What personal tokens begin with: they can be told from access tokens, and found where they should not be.
const PREFIX: &str = "fm_";
/// How often at most the last use is written.
const USE_KEPT_EVERY: Duration = Duration::minutes(1);

/// A new personal token, and the hash that is stored of it.
pub struct PersonalToken {
    pub text: String,
    pub hash: Vec<u8>,
}

impl PersonalToken {
    /// One that nobody can guess.
    pub fn make(state: &State) -> Result<Self, Error> {
        let text = format!("{PREFIX}{}", make_opaque(state)?);
        let hash = hash_opaque(&text);
        Ok(Self { text, hash })
    }
}

/// Whether it is a personal token by its looks.
pub(super) fn is_one(token: &str) -> bool {
    token.starts_with(PREFIX)
}

/// A token that is stored, with its member.
#[derive(Clone, Queryable)]
pub(super) struct Stored {
    id: TokenId,
    member_id: MemberId,
    #[diesel(deserialize_as = Vec<String>)]
    scopes: Arc<[String]>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    role: Role,
    suspended_at: Option<DateTime<Utc>>,
    suspended_until: Option<DateTime<Utc>>,
}

impl Stored {
    /// Whether its time is over.
    pub fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Returns the token's member, if the token holds.
    pub fn signed(self, state: &Data<State>) -> Result<Signed, Error> {
        let now = state.clock.now();
        self.must_be_good(now)?;
        if is_to_be_kept(self.last_used_at, now) {
            // The request does not wait for it.
            actix_web::rt::spawn(keep_use(self.id, now, state.clone()));
        }
        let (member_id, token_id, role) = (self.member_id, Some(self.id), self.role);
        Ok(Signed { member_id, session_id: None, token_id, role, scopes: self.scopes })
    }

    /// 401 if the token has expired or its member is suspended.
    fn must_be_good(&self, now: DateTime<Utc>) -> Result<(), Error> {
        if self.has_expired(now) {
            return Err(Error::new(Code::TokenExpired, "the personal token has expired"));
        }
        if is_suspended(self.suspended_at, self.suspended_until, now) {
            return Err(unknown());
        }
        Ok(())
    }
}

/// 401 for a token that is not stored, or is of a suspended member.
pub(super) fn unknown() -> Error {
    Error::new(Code::InvalidToken, "this personal token is unknown, or has ended")
}

/// The role of a token's member now. 401 if the token has ended or its member may not act.
pub(super) async fn role_of(id: TokenId, now: DateTime<Utc>, mut conn: &AsyncPgConnection) -> Result<Role, Error> {
    let token = tokens::table.inner_join(members::table).select(columns());
    let token = token.filter(tokens::id.eq(id).and(members::deleted_at.is_null()));
    let found: Option<Stored> = known!(token).get_result(&mut conn).await.optional()?;
    let found = found.ok_or_else(unknown)?;
    found.must_be_good(now)?;
    Ok(found.role)
}

/// The columns of `Stored`.
#[diesel::dsl::auto_type(no_type_alias)]
fn columns() -> _ {
    (
        tokens::id,
        tokens::member_id,
        tokens::scopes,
        tokens::expires_at,
        tokens::last_used_at,
        members::role,
        members::suspended_at,
        members::suspended_until,
    )
}

impl Lookup for Stored {
    /// A token's hash.
    type Key = Vec<u8>;
    type Found = Option<Self>;

    async fn find(keys: &[Vec<u8>], mut conn: &AsyncPgConnection) -> Result<Vec<Option<Self>>, Error> {
        let found = tokens::table.inner_join(members::table).select((tokens::token_hash, columns()));
        // As numbers are taken (`any_of`).
        let any = fixed::<Binary>("ANY ((SELECT ?)::bytea[])").with(keys.into_sql::<Array<Binary>>());
        let these = tokens::token_hash.eq(any).and(members::deleted_at.is_null());
        let rows: Vec<(Vec<u8>, Self)> = known!(found.filter(these)).load(&mut conn).await?;
        let of = |key: &Vec<u8>| rows.iter().find(|(hash, _)| hash == key);
        Ok(keys.iter().map(|key| of(key).map(|(_, stored)| stored.clone())).collect())
    }
}

fn is_to_be_kept(last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    last.is_none_or(|last| last <= now - USE_KEPT_EVERY)
}

async fn keep_use(id: TokenId, now: DateTime<Utc>, state: Data<State>) {
    let written = match state.db.get().await {
        Ok(mut conn) => write_use(id, now, &mut conn).await.map_err(|e| e.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = written {
        tracing::warn!(%error, "the last use of a personal token could not be written");
    }
}

/// Requests at the same time write it once.
async fn write_use(id: TokenId, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<usize> {
    let last = tokens::last_used_at;
    let unwritten = last.is_null().or(last.le(now - USE_KEPT_EVERY));
    diesel::update(tokens::table.filter(tokens::id.eq(id).and(unwritten))).set(last.eq(now)).execute(conn).await
}
