//! Transactions that are begun again where they lost against others.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncPgConnection, TransactionManager};

use crate::error::Error;

/// How often a transaction is tried in all.
const ATTEMPTS: u32 = 4;
/// The longest wait before the second attempt; it doubles for each one after it.
const FIRST_WAIT: Duration = Duration::from_millis(20);

type Manager = <AsyncPgConnection as AsyncConnection>::TransactionManager;

/// Runs work in a transaction. Where PostgreSQL ends it because of others at the same time (a deadlock, a serialization
/// failure), it is begun again, three times at most, after a wait of a random length.
pub async fn transaction<T>(
    conn: &mut AsyncPgConnection,
    mut work: impl AsyncFnMut(&mut AsyncPgConnection) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut attempt = 1;
    loop {
        match once(conn, &mut work).await {
            Err(error) if error.lost_a_race() && attempt < ATTEMPTS => wait_after(attempt).await,
            done => return done,
        }
        attempt += 1;
    }
}

async fn once<T>(
    conn: &mut AsyncPgConnection,
    work: &mut impl AsyncFnMut(&mut AsyncPgConnection) -> Result<T, Error>,
) -> Result<T, Error> {
    Manager::begin_transaction(conn).await?;
    match work(conn).await {
        Ok(done) => {
            Manager::commit_transaction(conn).await?;
            Ok(done)
        }
        Err(error) => {
            // The first error says what happened; a connection that can not even roll back is not used again.
            if let Err(after) = Manager::rollback_transaction(conn).await {
                tracing::debug!(error = %after, "a transaction could not be rolled back");
            }
            Err(error)
        }
    }
}

/// A random part of the longest wait, so that those who met do not meet again. (The standard library's seed is chance enough
/// here, where `state` can not be reached, and no test depends on it.)
async fn wait_after(attempt: u32) {
    let random = RandomState::new().hash_one(attempt) % 256;
    let longest = FIRST_WAIT * 2_u32.pow(attempt - 1);
    tokio::time::sleep(longest.mul_f64((random + 1) as f64 / 256.0)).await;
}
