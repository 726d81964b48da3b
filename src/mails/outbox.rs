//! Rows of mails that are to be sent, and of how many were.

use chrono::{DateTime, Duration, Utc};
use diesel::dsl::{count_star, min};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::caps::COUNTED;
use super::counts::Counts;
use super::letter::Letter;
use crate::access::Seal;
use crate::db::delete_in_batches;
use crate::db::schema::mails;
use crate::error::Error;
use crate::ids::MemberId;
use crate::state::State;

/// For so long a mail is kept and tried: servers may be away for days (RFC 5321, section 4.5.4.1).
pub(super) const KEPT: Duration = Duration::days(5);

/// A mail that is to be sent.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = mails, check_for_backend(Pg))]
pub(super) struct Row {
    pub id: Uuid,
    pub member_id: Option<MemberId>,
    pub sealed: Vec<u8>,
    pub created_at: DateTime<Utc>,
    pub attempts: i16,
}

/// Writes a mail that is sent once the transaction is committed. It goes with the account of `member`.
pub async fn write(
    letter: &Letter,
    member: Option<MemberId>,
    state: &State,
    conn: &mut AsyncPgConnection,
) -> Result<(), Error> {
    let id = uuid::Builder::from_random_bytes(state.random.bytes()?).into_uuid();
    let now = state.clock.now();
    let row = (
        mails::id.eq(id),
        mails::member_id.eq(member),
        mails::sealed.eq(seal(id, letter, state)?),
        mails::created_at.eq(now),
        mails::next_attempt_at.eq(now),
    );
    diesel::insert_into(mails::table).values(row).execute(conn).await?;
    Ok(())
}

fn key(state: &State) -> Result<Seal, Error> {
    Seal::new(&state.secret, "folkmoot mails v1")
}

pub(super) fn seal(id: Uuid, letter: &Letter, state: &State) -> Result<Vec<u8>, Error> {
    let plain = serde_json::to_vec(letter).map_err(Error::internal)?;
    key(state)?.close(&plain, id.as_bytes(), state.random)
}

/// What is in a row.
pub(super) enum Opened {
    Letter(Letter),
    /// A later version of the program wrote it.
    Unknown,
    /// The secret is another one.
    Shut,
}

/// The letter of a row.
pub(super) fn open(row: &Row, state: &State) -> Result<Opened, Error> {
    let Some(plain) = key(state)?.open(&row.sealed, row.id.as_bytes()) else { return Ok(Opened::Shut) };
    Ok(serde_json::from_slice(&plain).map_or(Opened::Unknown, Opened::Letter))
}

/// The mail that has been due for the longest time. It stays locked; those that others have locked are passed over.
pub(super) async fn lock_due(now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<Option<Row>> {
    mails::table
        .filter(mails::next_attempt_at.le(now))
        .order(mails::next_attempt_at)
        .select(Row::as_select())
        .for_update()
        .skip_locked()
        .first(conn)
        .await
        .optional()
}

/// Notes that it is about to be sent, and when again if that fails.
pub(super) async fn begin_attempt(
    row: &Row,
    again_at: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<usize> {
    let begun = (mails::attempts.eq(row.attempts + 1), mails::next_attempt_at.eq(again_at));
    diesel::update(mails::table.find(row.id)).set(begun).execute(conn).await
}

/// Notes that it is not sent before a time.
pub(super) async fn put_off(id: Uuid, until: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<usize> {
    diesel::update(mails::table.find(id)).set(mails::next_attempt_at.eq(until)).execute(conn).await
}

/// Puts another letter in the place of one that is locked.
pub(super) async fn replace(
    id: Uuid,
    letter: &Letter,
    member: MemberId,
    state: &State,
    conn: &mut AsyncPgConnection,
) -> Result<(), Error> {
    let new = (mails::sealed.eq(seal(id, letter, state)?), mails::member_id.eq(member));
    diesel::update(mails::table.find(id)).set(new).execute(conn).await?;
    Ok(())
}

pub(super) async fn remove(id: Uuid, conn: &mut AsyncPgConnection) -> QueryResult<usize> {
    diesel::delete(mails::table.find(id)).execute(conn).await
}

/// Removes all mails to a member that wait, and all tokens that were mailed to it.
pub async fn forget(member: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    diesel::delete(mails::table.filter(mails::member_id.eq(member))).execute(conn).await?;
    super::end_tokens(member, conn).await
}

/// Notes how many mails wait, and since when the oldest.
pub async fn look(counts: &Counts, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let (waiting, oldest): (i64, Option<DateTime<Utc>>) =
        mails::table.select((count_star(), min(mails::created_at))).first(conn).await?;
    let seconds = oldest.map_or(0, |oldest| (now - oldest).num_seconds());
    counts.found(waiting.unsigned_abs(), u64::try_from(seconds).unwrap_or(0));
    Ok(())
}

/// Removes tokens and times that are of no use any more. A token that has expired may belong to a mail that still waits, and is then
/// made anew.
pub async fn prune(now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let tokens = "DELETE FROM mail_tokens WHERE (member_id, purpose) IN \
                  (SELECT member_id, purpose FROM mail_tokens WHERE expires_at <= $1 LIMIT $2)";
    delete_in_batches(tokens, now - KEPT, conn).await?;
    let times = "DELETE FROM mail_times WHERE (counted_hash, mail_id) IN \
                 (SELECT counted_hash, mail_id FROM mail_times WHERE written_at <= $1 LIMIT $2)";
    delete_in_batches(times, now - COUNTED, conn).await?;
    Ok(())
}
