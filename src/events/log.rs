//! Numbering and reading the log.

use chrono::{DateTime, Duration, Utc};
use diesel::sql_types::Timestamptz;
use diesel::{IntoSql, QueryResult};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use tokio_postgres::{Client, Error, Row, Transaction};

use super::What;
use crate::db::delete_in_batches;

/// For so many milliseconds numbering may wait for a lock, and then run.
const LIMIT: u32 = 2_000;
/// The channel on which nodes hear that there are new positions.
pub(super) const CHANNEL: &str = "folkmoot_events";
/// So many entries at a time.
pub(super) const BATCH: usize = 5_000;
/// Entries are kept for so long. Whoever reads the log and has been away for longer starts anew.
const KEPT: Duration = Duration::hours(24);

/// An entry, as caches need it.
pub(super) struct Entry {
    pub id: i64,
    /// None while it has none: it is committed all the same.
    pub position: Option<i64>,
    pub kind: String,
    pub thread_id: Option<i64>,
    pub post_id: Option<i64>,
    pub member_id: Option<i64>,
}

impl Entry {
    /// Nothing where there is none.
    fn of(row: &Row) -> Option<Self> {
        Some(Self {
            id: row.get::<_, Option<i64>>(1)?,
            position: row.get(2),
            kind: row.get(3),
            thread_id: row.get(4),
            post_id: row.get(5),
            member_id: row.get(6),
        })
    }
}

/// The last position that was given.
pub(super) async fn last(client: &Client) -> Result<i64, Error> {
    Ok(client.query_one("SELECT last_position FROM event_log", &[]).await?.get(0))
}

/// The last position that was given, and what was committed after one, in one snapshot: first what is numbered, then what is not yet.
pub(super) async fn read(after: i64, client: &Client) -> Result<(i64, Vec<Entry>), Error> {
    let sql = "SELECT last_position, entry.* FROM event_log LEFT JOIN LATERAL (\
                 (SELECT id, position, kind, thread_id, post_id, member_id FROM events \
                  WHERE position > $1 ORDER BY position LIMIT $2) UNION ALL \
                 (SELECT id, position, kind, thread_id, post_id, member_id FROM events \
                  WHERE position IS NULL ORDER BY id LIMIT $2)) AS entry ON true";
    let rows = client.query(sql, &[&after, &(BATCH as i64)]).await?;
    let last = if let [first, ..] = &rows[..] { first.get(0) } else { after };
    Ok((last, rows.iter().filter_map(Entry::of).collect()))
}

/// Gives positions to what is committed and has none. One node does it at a time: the others find the row locked and leave it. What
/// is read is read after the lock was taken, so nothing is numbered twice. The server does all of it by itself once it is asked, so
/// that a node that stands still keeps the lock from nobody; and where it takes too long it gives up. It is one message, so one
/// transaction: the limits hold in it alone, as through a pooler others use the connection next.
pub(super) async fn number(client: &Client) -> Result<(), Error> {
    let sql = format!(
        "SET LOCAL statement_timeout = {LIMIT}; SET LOCAL lock_timeout = {LIMIT}; \
         DO $$ DECLARE last bigint; more bigint; BEGIN \
           SELECT last_position INTO last FROM event_log FOR UPDATE SKIP LOCKED; \
           IF NOT FOUND THEN RETURN; END IF; \
           UPDATE events SET position = last + next.n FROM \
             (SELECT id, row_number() OVER (ORDER BY id) AS n FROM \
              (SELECT id FROM events WHERE position IS NULL ORDER BY id LIMIT {BATCH}) AS waiting) AS next \
             WHERE events.id = next.id; \
           GET DIAGNOSTICS more = ROW_COUNT; \
           IF more = 0 THEN RETURN; END IF; \
           UPDATE event_log SET last_position = last + more; \
           PERFORM pg_notify('{CHANNEL}', ''); \
         END $$"
    );
    client.batch_execute(&sql).await
}

/// Notes that anything may be otherwise, in the transaction of what did it.
pub async fn record_that_all_changed(tx: &Transaction<'_>) -> Result<(), Error> {
    tx.execute("INSERT INTO events (kind) VALUES ($1)", &[&What::AllChanged.name()]).await?;
    Ok(())
}

/// Removes old entries. Those without a position stay: nobody has read them yet. The time is the database's, as that of the entries
/// is: a node whose clock is wrong removes nothing too early.
pub async fn prune(conn: &mut AsyncPgConnection) -> QueryResult<usize> {
    let now: DateTime<Utc> = diesel::select(diesel::dsl::now.into_sql::<Timestamptz>()).get_result(conn).await?;
    let sql = "DELETE FROM events WHERE id IN \
               (SELECT id FROM events WHERE at < $1 AND position IS NOT NULL ORDER BY at LIMIT $2)";
    delete_in_batches(sql, now - KEPT, conn).await
}
