//! Removing many rows, some at a time: after a long rest one statement for all of them would never end in its time.

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// So many rows at a time.
const BATCH: usize = 2_000;
/// So many times in a row; the rest is left for the next time.
const MOST: usize = 50;

/// Runs a statement that deletes at most `$2` of the rows from before `$1` until it finds no more. Gives how many it deleted.
pub async fn delete_in_batches(
    sql: &'static str,
    before: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<usize> {
    let mut deleted = 0;
    for _ in 0..MOST {
        let batch = diesel::sql_query(sql).bind::<Timestamptz, _>(before).bind::<BigInt, _>(BATCH as i64);
        let more = batch.execute(conn).await?;
        deleted += more;
        if more < BATCH {
            break;
        }
    }
    Ok(deleted)
}
