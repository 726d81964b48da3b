//! Locks of what has no row: a whole table, for what is rare and must not run twice at once; a name.

use diesel::sql_types::{BigInt, Bool};
use diesel::{IntoSql, QueryResult};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::fixed;

/// Keeps other writers out of a table until the transaction ends; readers go on.
pub async fn lock_table(table: &'static str, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let lock = format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE");
    diesel::sql_query(lock).execute(conn).await?;
    Ok(())
}

/// Holds a name until the transaction ends; false where another transaction holds it, on whichever node. Never waits. Names
/// are told apart by 64 bits of their hash, and so are schemas of one database, which share these locks.
pub async fn hold_name(hash: i64, conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    let hold = fixed::<Bool>("pg_try_advisory_xact_lock(hashtextextended(current_schema(), ?))");
    diesel::select(hold.with(hash.into_sql::<BigInt>())).get_result(conn).await
}
