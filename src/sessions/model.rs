//! Rows of sessions and of their refresh tokens: opening, going on, ending.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bytea, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::access::{SCOPES, hash_opaque, is_suspended, session_ended};
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

/// Spends a refresh token. The outcome holds once the transaction that it makes is committed, the end of a session too.
pub async fn refresh(token: &str, state: &State, conn: &mut AsyncPgConnection) -> Result<Refreshed, Error> {
    let now = state.clock.now();
    let next = successor(token, state)?;
    transaction(conn, async |conn| {
        let Some((spent_at, session)) = lock(token, conn).await? else { return Ok(Refreshed::Unknown) };
        if !session.lives(now) || !may_sign_in(session.member_id, now, conn).await? {
            return Ok(Refreshed::Unknown);
        }
        match spent_at {
            None => spend(token, &next, &session, now, conn).await?,
            Some(at) if now - at <= AGAIN && is_unspent(&next, conn).await? => {}
            Some(_) => {
                end(&session, now, conn).await?;
                return Ok(Refreshed::Reused);
            }
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

/// Holds a member until the transaction ends, if this session of it still lives: else 401.
pub async fn hold(
    member: MemberId,
    id: SessionId,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> Result<(), Error> {
    let held = members::table.filter(members::id.eq(member).and(members::deleted_at.is_null()));
    let held = held.select(members::id).for_no_key_update().first::<MemberId>(conn).await.optional()?;
    let session = sessions::table.filter(sessions::id.eq(id).and(sessions::member_id.eq(member)));
    let session = session.select(Session::as_select()).first(conn).await.optional()?;
    if held.is_some() && session.is_some_and(|session| session.lives(now)) { Ok(()) } else { Err(session_ended()) }
}

/// Ends a session that is held.
async fn end(session: &Session, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let row = sessions::table.filter(sessions::id.eq(session.id).and(sessions::ended_at.is_null()));
    diesel::update(row).set(sessions::ended_at.eq(now)).execute(conn).await?;
    Event::of_member(What::SessionsEnded, session.member_id).record(conn).await
}

/// Ends the session of a refresh token, spent or not, if there is one. In one statement, so that nobody can tell a token that lives
/// from one that never was by how long it takes.
pub async fn end_by_token(token: &str, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<()> {
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
