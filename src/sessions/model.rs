//! Rows of sessions and of their refresh tokens: opening, going on, ending.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bytea, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::access::{SCOPES, hash_opaque, is_suspended};
use crate::cache::{Thing, note};
use crate::db::schema::{members, refresh_tokens, sessions};
use crate::db::transaction;
use crate::error::Error;
use crate::events::{Event, What};
use crate::ids::{MemberId, SessionId};
use crate::state::State;

/// A session ends when it was not refreshed for so long.
const IDLE: Duration = Duration::days(30);
/// A session ends after so long in any case.
const LONGEST: Duration = Duration::days(180);
/// For so long a spent token gives its successor once more: the answer may have been lost.
const AGAIN: Duration = Duration::seconds(10);

/// A session.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(Pg))]
pub struct Session {
    pub id: SessionId,
    pub member_id: MemberId,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub user_agent: Option<String>,
}

impl Session {
    fn lives(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && self.expires_at > now
    }
}

/// Opens a session for a member; its first refresh token is this one.
pub async fn open(
    member: MemberId,
    user_agent: Option<&str>,
    token: &str,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<SessionId> {
    let session = (
        sessions::member_id.eq(member),
        sessions::scopes.eq(SCOPES.as_slice()),
        sessions::user_agent.eq(user_agent),
        sessions::created_at.eq(now),
        sessions::last_used_at.eq(now),
        sessions::expires_at.eq(now + IDLE),
    );
    let id = diesel::insert_into(sessions::table).values(session).returning(sessions::id).get_result(conn).await?;
    give(id, token, now, conn).await?;
    Ok(id)
}

/// Stores the hash of a new refresh token.
async fn give(id: SessionId, token: &str, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let row = (
        refresh_tokens::token_hash.eq(hash_opaque(token)),
        refresh_tokens::session_id.eq(id),
        refresh_tokens::created_at.eq(now),
    );
    diesel::insert_into(refresh_tokens::table).values(row).execute(conn).await?;
    Ok(())
}

/// The token that follows this one. Derived, so that it can be given again though only hashes are stored.
fn successor(token: &str, state: &State) -> Result<String, Error> {
    let mac = state.secret.mac("folkmoot refresh tokens v1", &[token.as_bytes()])?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(mac))
}

/// What became of a refresh token.
pub enum Refreshed {
    /// The session goes on with this token.
    On { member: MemberId, session: SessionId, token: String },
    /// The token was spent; its session has ended.
    Reused,
    /// There is no such token, or its session has ended.
    Unknown,
}

/// Spends a refresh token and returns its successor. Commits its own transactions, also when reuse ends the session.
pub async fn refresh(token: &str, state: &State, conn: &mut AsyncPgConnection) -> Result<Refreshed, Error> {
    let now = state.clock.now();
    let refreshed = spend_or_refuse(token, now, state, conn).await?;
    if let Refreshed::Reused = refreshed {
        // By itself: a revocation locks the member's row before rows of sessions. A spent token stays spent meanwhile.
        end_by_token(token, now, conn).await?;
    }
    Ok(refreshed)
}

async fn spend_or_refuse(
    token: &str,
    now: DateTime<Utc>,
    state: &State,
    conn: &mut AsyncPgConnection,
) -> Result<Refreshed, Error> {
    let next = successor(token, state)?;
    transaction(conn, async |conn| {
        let Some((spent_at, session)) = lock(token, conn).await? else { return Ok(Refreshed::Unknown) };
        if !session.lives(now) || !may_sign_in(session.member_id, now, conn).await? {
            return Ok(Refreshed::Unknown);
        }
        match spent_at {
            None => spend(token, &next, &session, now, conn).await?,
            Some(at) if now - at <= AGAIN && is_unspent(&next, conn).await? => {}
            Some(_) => return Ok(Refreshed::Reused),
        }
        Ok(Refreshed::On { member: session.member_id, session: session.id, token: next.clone() })
    })
    .await
}

/// When the token was spent, and its session. Both stay locked: who comes with the same token waits, and then finds it spent.
async fn lock(token: &str, conn: &mut AsyncPgConnection) -> QueryResult<Option<(Option<DateTime<Utc>>, Session)>> {
    refresh_tokens::table
        .inner_join(sessions::table)
        .filter(refresh_tokens::token_hash.eq(hash_opaque(token)))
        .select((refresh_tokens::spent_at, Session::as_select()))
        .for_update()
        .first(conn)
        .await
        .optional()
}

async fn may_sign_in(member: MemberId, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    let state = (members::suspended_at, members::suspended_until);
    let member = members::table.filter(members::id.eq(member).and(members::deleted_at.is_null()));
    let found = member.select(state).first(conn).await.optional()?;
    Ok(found.is_some_and(|(at, until)| !is_suspended(at, until, now)))
}

async fn is_unspent(token: &str, conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    let spent = refresh_tokens::table.find(hash_opaque(token)).select(refresh_tokens::spent_at);
    let spent: Option<Option<DateTime<Utc>>> = spent.first(conn).await.optional()?;
    Ok(spent == Some(None))
}

async fn spend(
    token: &str,
    next: &str,
    session: &Session,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<()> {
    let row = refresh_tokens::table.find(hash_opaque(token));
    diesel::update(row).set(refresh_tokens::spent_at.eq(now)).execute(conn).await?;
    give(session.id, next, now, conn).await?;
    let expires_at = (now + IDLE).min(session.created_at + LONGEST);
    let used = (sessions::last_used_at.eq(now), sessions::expires_at.eq(expires_at));
    diesel::update(sessions::table.find(session.id)).set(used).execute(conn).await?;
    Ok(())
}

/// Ends the session of a refresh token, spent or not, if there is one. Waits for the member's writes in flight, 2 s at most.
/// A token that never was costs the same statements, so the time does not tell it from one that lives.
pub async fn end_by_token(token: &str, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> Result<(), Error> {
    transaction(conn, async |conn| {
        lock_owner(token, conn).await?;
        Ok(end_session_of(token, now, conn).await?)
    })
    .await
}

/// Locks the member of a refresh token, as `access::lock_out_writes` does.
async fn lock_owner(token: &str, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let owner = refresh_tokens::table
        .inner_join(sessions::table)
        .filter(refresh_tokens::token_hash.eq(hash_opaque(token)))
        .select(sessions::member_id)
        .single_value();
    let owner = members::table.filter(members::id.nullable().eq(owner));
    owner.select(members::id).for_update().execute(conn).await?;
    Ok(())
}

async fn end_session_of(token: &str, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let sql = "WITH ended AS (UPDATE sessions SET ended_at = $1 WHERE ended_at IS NULL AND id IN \
               (SELECT session_id FROM refresh_tokens WHERE token_hash = $2) RETURNING member_id), \
               told AS (INSERT INTO events (kind, member_id, actor_id) SELECT $3, member_id, member_id FROM ended) \
               SELECT member_id FROM ended";
    let ended: Option<Ended> = diesel::sql_query(sql)
        .bind::<Timestamptz, _>(now)
        .bind::<Bytea, _>(hash_opaque(token))
        .bind::<Text, _>(What::SessionsEnded.name())
        .get_result(conn)
        .await
        .optional()?;
    if let Some(ended) = ended {
        note(Thing::Member(ended.member_id));
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Ended {
    #[diesel(sql_type = BigInt)]
    member_id: MemberId,
}

/// Ends all sessions of a member.
pub async fn end_all(member: MemberId, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let theirs = sessions::table.filter(sessions::member_id.eq(member).and(sessions::ended_at.is_null()));
    diesel::update(theirs).set(sessions::ended_at.eq(now)).execute(conn).await?;
    Event::of_member(What::SessionsEnded, member).record(conn).await
}

/// Removes all that is kept of a member's sessions: what its programs called themselves too.
pub async fn forget_all(member: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    diesel::delete(sessions::table.filter(sessions::member_id.eq(member))).execute(conn).await?;
    Ok(())
}

/// Ends all sessions of a member but this one.
pub async fn end_others(
    member: MemberId,
    but: SessionId,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<()> {
    let theirs = sessions::member_id.eq(member).and(sessions::id.ne(but)).and(sessions::ended_at.is_null());
    diesel::update(sessions::table.filter(theirs)).set(sessions::ended_at.eq(now)).execute(conn).await?;
    Event::of_member(What::SessionsEnded, member).by(member).record(conn).await
}
