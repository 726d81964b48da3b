//! Bringing the schema up to date, one node at a time.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::pool::IN_ENGLISH;

/// The migrations, as they are in the binary.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The advisory lock that makes nodes that start together migrate once: "folkmoot" in ASCII.
const LOCK: i64 = 0x666f_6c6b_6d6f_6f74;

/// How often it is tried to have tables that others use, and how long after: for two minutes.
const ATTEMPTS: u32 = 40;
const PAUSE: Duration = Duration::from_secs(1);

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database could not be reached.
    #[error("the database can not be reached: {0}")]
    Unreachable(String),
    /// A migration failed; it was rolled back.
    #[error("the schema could not be brought up to date: {0}")]
    Failed(String),
}

/// Runs what has not been run yet; gives the names of what was. Nodes that start together wait for one another.
pub async fn migrate(url: &str) -> Result<Vec<String>, MigrateError> {
    let unreachable = |e: diesel::ConnectionError| MigrateError::Unreachable(e.to_string());
    let failed = |e: tokio_postgres::Error| MigrateError::Failed(e.to_string());
    let mut keeper = super::connect(url).await.map_err(unreachable)?;
    let turn = keeper.transaction().await.map_err(failed)?;
    turn.batch_execute(&wait_for_turn()).await.map_err(failed)?;
    let connection = super::pool::connect_diesel(url.to_owned()).await.map_err(unreachable)?;
    // diesel's harness is synchronous, and would block this thread's own runtime.
    let run =
        tokio::task::spawn_blocking(move || run(connection)).await.map_err(|e| MigrateError::Failed(e.to_string()))?;
    turn.rollback().await.map_err(failed)?;
    run
}

/// diesel takes no lock of its own. This one ends with a transaction that is open meanwhile, whatever happens: that of a session
/// would outlive its client where a pooler hands sessions on.
fn wait_for_turn() -> String {
    format!(
        "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; \
         SELECT pg_advisory_xact_lock({LOCK})"
    )
}

fn run(connection: AsyncPgConnection) -> Result<Vec<String>, MigrateError> {
    let failed = |e: &dyn std::fmt::Display| MigrateError::Failed(e.to_string());
    let mut connection = AsyncConnectionWrapper::<AsyncPgConnection>::from(connection);
    // Whoever waits for a table holds up all who come after it, so it does not wait long, and tries again.
    connection.batch_execute(&format!("SET lock_timeout = '2s'; {IN_ENGLISH}")).map_err(|e| failed(&e))?;
    let mut done = Vec::new();
    let mut attempts = 0;
    while let Some(next) = connection.pending_migrations(MIGRATIONS).map_err(|e| failed(&e))?.into_iter().next() {
        match connection.run_migration(&next) {
            Ok(version) => done.push(version.to_string()),
            Err(error) if attempts < ATTEMPTS && is_in_use(&error.to_string()) => {
                tracing::warn!(migration = %next.name(), "a table that is to be changed is in use; trying again");
                attempts += 1;
                // Those who have waited behind this go first; this thread is for the migrations alone.
                std::thread::sleep(PAUSE);
            }
            Err(error) => return Err(failed(&error)),
        }
    }
    Ok(done)
}

fn is_in_use(error: &str) -> bool {
    error.contains("lock timeout") || error.contains("deadlock detected")
}

/// The oldest PostgreSQL that this works on, as it numbers itself.
const OLDEST: i32 = 150_000;

/// Refuses a server that is too old, or out of reach.
pub async fn check_version(url: &str) -> Result<(), String> {
    let client = super::connect(url).await.map_err(|e| format!("the database can not be reached: {e}"))?;
    let row = client.query_one("SELECT current_setting('server_version_num')::int", &[]).await;
    let version: i32 = row.map_err(|e| e.to_string())?.get(0);
    if version < OLDEST {
        return Err(format!("the database is PostgreSQL {}; 15 or later is needed", version / 10_000));
    }
    Ok(())
}
