//! Views are gathered in memory (`state`), and written from time to time.

use std::time::{Duration, Instant};

use diesel::sql_types::{Array, BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use crate::db::transaction;
use crate::error::Error;
use crate::ids::ThreadId;

/// They are written for so many threads at a time: whoever replies in one of them waits until it is done.
const AT_A_TIME: usize = 500;
/// For so long it is written at most: more than that waits for the next time.
const AT_MOST: Duration = Duration::from_secs(2);
/// Views wait for no thread for long: those who reply in the others would wait as well.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = 250";

/// Adds views to threads, and takes away those that are written. Where some can not be, others are all the same; the first error is
/// given.
pub async fn write_views(gathered: &mut Vec<(ThreadId, i64)>, conn: &mut AsyncPgConnection) -> Result<(), Error> {
    let (until, mut left, mut result) = (Instant::now() + AT_MOST, Vec::new(), Ok(()));
    while !gathered.is_empty() && Instant::now() < until {
        let some = gathered.split_off(gathered.len().saturating_sub(AT_A_TIME));
        if let Err(error) = add(&some, conn).await {
            left.extend(some);
            result = result.and(Err(error));
        }
    }
    gathered.append(&mut left);
    result
}

/// Rows are locked in the order of their ids, as another node may be doing the same.
async fn add(views: &[(ThreadId, i64)], conn: &mut AsyncPgConnection) -> Result<(), Error> {
    // By key, each row once: joined with each other, lists of so many would be gone through for each of their rows.
    let sql = "UPDATE threads SET view_count = view_count + views FROM \
               (SELECT id, views FROM unnest($1, $2) AS gathered (id, views) JOIN threads USING (id) \
               ORDER BY id FOR NO KEY UPDATE OF threads) AS locked WHERE threads.id = locked.id";
    transaction(conn, async |conn| {
        conn.batch_execute(LOCK_WAIT).await?;
        let (ids, counts): (Vec<i64>, Vec<i64>) = views.iter().map(|(thread, count)| (thread.0, *count)).unzip();
        diesel::sql_query(sql).bind::<Array<BigInt>, _>(ids).bind::<Array<BigInt>, _>(counts).execute(conn).await?;
        Ok(())
    })
    .await
}
