//! Views are gathered in memory (`state`), and written from time to time.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use crate::db::schema::threads;
use crate::db::{fixed, transaction};
use crate::error::Error;
use crate::ids::ThreadId;

/// They are written for so many threads at a time: whoever replies in one of them waits until it is done.
const AT_A_TIME: usize = 500;
/// For so long they wait, in milliseconds, for a thread that others write to.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = 250";

/// The views of a thread.
type Viewed = (ThreadId, i64);

/// Adds views to threads for so long at most, and takes away those that are written. A thread that others hold keeps no other waiting;
/// where it can not be had, the others are written all the same, and the first error is given.
pub async fn write_views(
    gathered: &mut Vec<Viewed>,
    at_most: Duration,
    conn: &mut AsyncPgConnection,
) -> Result<(), Error> {
    let until = Instant::now() + at_most;
    let mut held = Vec::new();
    while !gathered.is_empty() && Instant::now() < until {
        let from = gathered.len().saturating_sub(AT_A_TIME);
        let written = add_to_free(&gathered[from..], conn).await;
        let written = written.inspect_err(|_| gathered.append(&mut held))?;
        held.extend(gathered.drain(from..).filter(|(thread, _)| !written.contains(&thread.0)));
    }
    let mut result = Ok(());
    for viewed in held {
        if Instant::now() >= until {
            gathered.push(viewed);
        } else if let Err(error) = add_to_one(viewed, conn).await {
            gathered.push(viewed);
            result = result.and(Err(error));
        }
    }
    result
}

/// Adds to those that nobody holds; gives their ids.
async fn add_to_free(views: &[Viewed], conn: &mut AsyncPgConnection) -> Result<HashSet<i64>, Error> {
    let (ids, counts): (Vec<i64>, Vec<i64>) = views.iter().map(|(thread, count)| (thread.0, *count)).unzip();
    // By key, each row once: joined with each other, lists of so many would be gone through for each of their rows.
    let add = fixed::<BigInt>(
        "UPDATE threads SET view_count = view_count + views FROM \
         (SELECT id, views FROM unnest(?, ?) AS gathered (id, views) JOIN threads USING (id) \
         FOR NO KEY UPDATE OF threads SKIP LOCKED) AS free WHERE threads.id = free.id RETURNING threads.id",
    );
    let add = add.with(ids.into_sql::<Array<BigInt>>()).with(counts.into_sql::<Array<BigInt>>());
    Ok(add.load::<i64>(conn).await?.into_iter().collect())
}

/// Adds to one, while nobody waits for another.
async fn add_to_one((thread, count): Viewed, conn: &mut AsyncPgConnection) -> Result<(), Error> {
    transaction(conn, async |conn| {
        conn.batch_execute(LOCK_WAIT).await?;
        let add = threads::view_count.eq(threads::view_count + count);
        diesel::update(threads::table.find(thread)).set(add).execute(conn).await?;
        Ok(())
    })
    .await
}
