//! Rows of mails that are to be sent, and of how many were.

use chrono::{DateTime, Duration, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::letter::Letter;
use crate::access::Seal;
use crate::db::schema::{mail_counts, mail_tokens, mails};
use crate::error::Error;
use crate::ids::MemberId;
use crate::state::State;

/// For so long mails to an address are counted together.
const COUNTED: Duration = Duration::hours(1);

/// A mail that is to be sent.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = mails, check_for_backend(Pg))]
pub(super) struct Row {
    pub id: Uuid,
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

/// The letter of a row; none where the secret is another one, or a later version of the program wrote it.
pub(super) fn open(row: &Row, state: &State) -> Result<Option<Letter>, Error> {
    let plain = key(state)?.open(&row.sealed, row.id.as_bytes());
    Ok(plain.and_then(|plain| serde_json::from_slice(&plain).ok()))
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

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Integer)]
    count: i32,
}

/// Counts one more mail of a kind to an address; gives how many there were within the hour.
pub(super) async fn count(
    kind: &str,
    email_key: &str,
    state: &State,
    conn: &mut AsyncPgConnection,
) -> Result<i32, Error> {
    let now = state.clock.now();
    let hash = state.secret.mac("folkmoot mail counts v1", &[kind.as_bytes(), b"\n", email_key.as_bytes()])?;
    let sql = "INSERT INTO mail_counts AS c (address_hash, since, count) VALUES ($1, $2, 1) \
               ON CONFLICT (address_hash) DO UPDATE SET \
               count = CASE WHEN c.since > $3 THEN c.count + 1 ELSE 1 END, \
               since = CASE WHEN c.since > $3 THEN c.since ELSE $2 END \
               RETURNING count";
    let counted = diesel::sql_query(sql)
        .bind::<Binary, _>(hash.as_slice())
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(now - COUNTED);
    let counted: Count = counted.get_result(conn).await?;
    Ok(counted.count)
}

/// Removes tokens and counts that have had their time.
pub async fn prune(now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    diesel::delete(mail_tokens::table.filter(mail_tokens::expires_at.le(now))).execute(conn).await?;
    diesel::delete(mail_counts::table.filter(mail_counts::since.le(now - COUNTED))).execute(conn).await?;
    Ok(())
}
